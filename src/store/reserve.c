#include "store/reserve.h"

#include <assert.h>
#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"

/* Locks; mailbox ids are counted up, so their low bits spread well. */
#define RESERVE_SHARDS 64

struct reserve_entry {
	uint64_t octets;	/* never 0; an entry at 0 is removed */
};

struct reserve_shard {
	pthread_mutex_t lock;
	struct map entries;	/* mailbox_id -> struct reserve_entry */
};

struct reserve {
	struct reserve_shard shards[RESERVE_SHARDS];
};

static struct str
id_key(const uint64_t *id)
{
	return str_n(id, sizeof(*id));
}

static struct reserve_shard *
lock_shard(struct reserve *r, uint64_t mailbox_id)
{
	struct reserve_shard *shard = &r->shards[mailbox_id % RESERVE_SHARDS];

	pthread_mutex_lock(&shard->lock);
	return shard;
}

int
reserve_new(struct reserve **ret)
{
	struct reserve *r = mem_zalloc(sizeof(*r));

	if (!r)
		return ERR_NOMEM;
	for (size_t i = 0; i < RESERVE_SHARDS; i++) {
		/* A default mutex cannot fail here. */
		(void)pthread_mutex_init(&r->shards[i].lock, NULL);
		map_init(&r->shards[i].entries);
	}
	*ret = r;
	return 0;
}

void
reserve_free(struct reserve *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < RESERVE_SHARDS; i++) {
		struct reserve_shard *shard = &r->shards[i];
		size_t pos = 0;
		void *entry;

		while (map_next(&shard->entries, &pos, NULL, &entry))
			mem_free(entry);
		map_done(&shard->entries);
		(void)pthread_mutex_destroy(&shard->lock);	/* unlocked */
	}
	mem_free(r);
}

/* Whether a + b + c stays within max; none of them is trusted to be small. */
static bool
fits(uint64_t a, uint64_t b, uint64_t c, uint64_t max)
{
	uint64_t sum;

	return !__builtin_add_overflow(a, b, &sum) &&
	       !__builtin_add_overflow(sum, c, &sum) && sum <= max;
}

/* Add to the entry of a mailbox, which is made where there is none. */
static int
entry_add(struct map *entries, uint64_t mailbox_id,
	  struct reserve_entry *entry, uint64_t octets)
{
	if (entry) {
		entry->octets += octets;
		return 0;
	}
	entry = mem_zalloc(sizeof(*entry));
	if (!entry)
		return ERR_NOMEM;
	entry->octets = octets;
	if (map_put(entries, id_key(&mailbox_id), entry, NULL) < 0) {
		mem_free(entry);
		return ERR_NOMEM;
	}
	return 0;
}

int
reserve_add(struct reserve *r, uint64_t mailbox_id, uint64_t used,
	    uint64_t quota, uint64_t octets)
{
	struct reserve_shard *shard = lock_shard(r, mailbox_id);
	struct reserve_entry *entry;
	int err = 0;

	entry = map_get(&shard->entries, id_key(&mailbox_id));
	if (!fits(used, entry ? entry->octets : 0, octets, quota))
		err = ERR_QUOTA;
	else if (octets)
		err = entry_add(&shard->entries, mailbox_id, entry, octets);
	pthread_mutex_unlock(&shard->lock);
	return err;
}

void
reserve_sub(struct reserve *r, uint64_t mailbox_id, uint64_t octets)
{
	struct reserve_shard *shard;
	struct reserve_entry *entry;

	if (!octets)
		return;
	shard = lock_shard(r, mailbox_id);
	entry = map_get(&shard->entries, id_key(&mailbox_id));
	assert(entry && entry->octets >= octets);
	entry->octets -= octets;
	if (!entry->octets) {
		(void)map_del(&shard->entries, id_key(&mailbox_id));
		mem_free(entry);
	}
	pthread_mutex_unlock(&shard->lock);
}

uint64_t
reserve_get(struct reserve *r, uint64_t mailbox_id)
{
	struct reserve_shard *shard = lock_shard(r, mailbox_id);
	struct reserve_entry *entry;
	uint64_t octets;

	entry = map_get(&shard->entries, id_key(&mailbox_id));
	octets = entry ? entry->octets : 0;
	pthread_mutex_unlock(&shard->lock);
	return octets;
}
