#include "store/rcpt_cache.h"

#include <pthread.h>

#include "base/mem.h"

/* An address; its texts lie behind it. */
struct known {
	struct str key, folder_key;
	struct store_rcpt box;
	char texts[];
};

/* Octets used of a mailbox, which all its addresses share. */
struct gauge {
	uint64_t mailbox_id;	/* 0: not known */
	uint64_t used;
};

struct rcpt_cache {
	pthread_mutex_t lock;
	uint64_t age;		/* grows with each change */
	bool any;		/* a slot is taken */
	struct known *slots[RCPT_CACHE_SLOTS];
	struct gauge gauges[RCPT_CACHE_SLOTS];
};

int
rcpt_cache_new(struct rcpt_cache **ret)
{
	struct rcpt_cache *c = mem_zalloc(sizeof(*c));

	if (!c)
		return ERR_NOMEM;
	(void)pthread_mutex_init(&c->lock, NULL); /* cannot fail on Linux */
	*ret = c;
	return 0;
}

static void
forget_all(struct rcpt_cache *c)
{
	/* Many accounts are made without anybody asking in between. */
	for (size_t i = 0; c->any && i < RCPT_CACHE_SLOTS; i++) {
		mem_free(c->slots[i]);
		c->slots[i] = NULL;
	}
	c->any = false;
}

void
rcpt_cache_free(struct rcpt_cache *c)
{
	if (!c)
		return;
	forget_all(c);
	(void)pthread_mutex_destroy(&c->lock);	/* nobody holds it */
	mem_free(c);
}

/* Mailbox ids are counted up, so their low bits spread well. */
static struct gauge *
gauge_of(struct rcpt_cache *c, uint64_t mailbox_id)
{
	return &c->gauges[mailbox_id % RCPT_CACHE_SLOTS];
}

static struct known **
slot_of(struct rcpt_cache *c, struct str key, struct str folder_key)
{
	uint64_t h = str_hash(key) + 31 * str_hash(folder_key);

	return &c->slots[h % RCPT_CACHE_SLOTS];
}

uint64_t
rcpt_cache_age(struct rcpt_cache *c)
{
	uint64_t age;

	pthread_mutex_lock(&c->lock);
	age = c->age;
	pthread_mutex_unlock(&c->lock);
	return age;
}

static struct str
copy_to(char **at, struct str s)
{
	struct str copy = str_n(*at, s.n);

	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

static struct known *
known_new(struct str key, struct str folder_key, const struct store_rcpt *box)
{
	struct known *k = mem_alloc(sizeof(*k) + key.n + folder_key.n +
				    box->name.n + box->folder_key.n);
	char *at;

	if (!k)
		return NULL;
	at = k->texts;
	k->box = *box;
	k->key = copy_to(&at, key);
	k->folder_key = copy_to(&at, folder_key);
	k->box.name = copy_to(&at, box->name);
	k->box.folder_key = copy_to(&at, box->folder_key);
	return k;
}

void
rcpt_cache_put(struct rcpt_cache *c, uint64_t age, struct str key,
	       struct str folder_key, const struct store_rcpt *box)
{
	struct known *k = known_new(key, folder_key, box), **slot;
	struct known *old = k;

	if (!k)
		return;
	pthread_mutex_lock(&c->lock);
	if (age == c->age) {
		slot = slot_of(c, key, folder_key);
		old = *slot;
		*slot = k;
		c->any = true;
		*gauge_of(c, box->mailbox_id) = (struct gauge){
			box->mailbox_id, box->used,
		};
	}
	pthread_mutex_unlock(&c->lock);
	mem_free(old);
}

bool
rcpt_cache_get(struct rcpt_cache *c, struct arena *a, struct str key,
	       struct str folder_key, struct store_rcpt *ret)
{
	const struct known *k;
	const struct gauge *g;
	bool found = false;

	pthread_mutex_lock(&c->lock);
	k = *slot_of(c, key, folder_key);
	if (k && str_eq(k->key, key) && str_eq(k->folder_key, folder_key)) {
		g = gauge_of(c, k->box.mailbox_id);
		*ret = k->box;
		ret->used = g->used;
		ret->name = arena_str(a, k->box.name);
		ret->folder_key = arena_str(a, k->box.folder_key);
		found = g->mailbox_id == k->box.mailbox_id && ret->name.p &&
			ret->folder_key.p;
	}
	pthread_mutex_unlock(&c->lock);
	return found;
}

/* --- what changes --- */

static void
changed(struct rcpt_cache *c, uint64_t mailbox_id)
{
	struct gauge *g = gauge_of(c, mailbox_id);

	c->age++;
	if (g->mailbox_id == mailbox_id)
		g->mailbox_id = 0;
}

static void
delivered(struct rcpt_cache *c, const struct store_deliver *d)
{
	for (size_t i = 0; i < d->nto; i++) {
		struct gauge *g = gauge_of(c, d->to[i].mailbox_id);

		if (g->mailbox_id == d->to[i].mailbox_id)
			g->used = d->to[i].used;
	}
}

static void
wrote_one(struct rcpt_cache *c, struct store_job *job)
{
	switch (job->op) {
	case STORE_DELIVER:
		delivered(c, (struct store_deliver *)job);
		break;
	case STORE_APPEND:
		changed(c, ((struct store_append *)job)->mailbox_id);
		break;
	case STORE_DELETE:
	case STORE_RESTORE:
		changed(c, ((struct store_remove *)job)->mailbox_id);
		break;
	case STORE_MARK:
	case STORE_DEVICE_ADD:
	case STORE_DEVICE_REVOKE:
		break;
	default:
		c->age++;
		forget_all(c);
	}
}

void
rcpt_cache_wrote(struct rcpt_cache *c, struct store_job *const *jobs, size_t n)
{
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < n; i++)
		if (jobs[i]->err == 0)
			wrote_one(c, jobs[i]);
	pthread_mutex_unlock(&c->lock);
}
