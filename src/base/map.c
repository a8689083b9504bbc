#include "base/map.h"

#include "base/mem.h"

/*
 * Chains of slots, at most as many slots as chains on average; the number of
 * chains is a power of two.
 */
#define MAP_FIRST 16

struct map_slot {
	struct map_slot *next;
	uint64_t hash;
	void *value;
	size_t n;
	char key[];
};

/* What *pos of map_next() is at the end; no slot has an odd address. */
#define MAP_END ((size_t)1)

void
map_init(struct map *m)
{
	*m = (struct map){ 0 };
}

void
map_done(struct map *m)
{
	for (size_t i = 0; i < m->nslots; i++) {
		struct map_slot *slot = m->slots[i];

		while (slot) {
			struct map_slot *next = slot->next;

			mem_free(slot);
			slot = next;
		}
	}
	mem_free(m->slots);
	map_init(m);
}

/* The link that points to the slot of key, or to the NULL at its chain's end;
 * m has chains. */
static struct map_slot **
find(const struct map *m, struct str key, uint64_t hash)
{
	struct map_slot **link = &m->slots[hash & (m->nslots - 1)];

	while (*link) {
		struct map_slot *slot = *link;

		if (slot->hash == hash &&
		    str_eq(str_n(slot->key, slot->n), key))
			break;
		link = &slot->next;
	}
	return link;
}

void *
map_get(const struct map *m, struct str key)
{
	struct map_slot *slot;

	if (!m->n)
		return NULL;
	slot = *find(m, key, str_hash(key));
	return slot ? slot->value : NULL;
}

/* Double the chains. */
static int
grow(struct map *m)
{
	size_t nslots = m->nslots ? m->nslots * 2 : MAP_FIRST;
	struct map_slot **slots;

	slots = mem_calloc(nslots, sizeof(struct map_slot *));
	if (!slots)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->nslots; i++) {
		struct map_slot *slot = m->slots[i];

		while (slot) {
			struct map_slot *next = slot->next;
			struct map_slot **head =
				&slots[slot->hash & (nslots - 1)];

			slot->next = *head;
			*head = slot;
			slot = next;
		}
	}
	mem_free(m->slots);
	m->slots = slots;
	m->nslots = nslots;
	return 0;
}

static struct map_slot *
slot_new(struct str key, uint64_t hash, void *value)
{
	struct map_slot *slot;

	if (key.n > PTRDIFF_MAX - sizeof(*slot))
		return NULL;
	slot = mem_alloc(sizeof(*slot) + key.n);
	if (!slot)
		return NULL;
	slot->hash = hash;
	slot->value = value;
	slot->n = key.n;
	if (key.n)
		memcpy(slot->key, key.p, key.n);
	return slot;
}

int
map_put(struct map *m, struct str key, void *value, void **ret_old)
{
	uint64_t hash = str_hash(key);
	struct map_slot *slot, **head;

	slot = m->n ? *find(m, key, hash) : NULL;
	if (slot) {
		if (ret_old)
			*ret_old = slot->value;
		slot->value = value;
		return 0;
	}

	/* Without memory for more chains the old ones just get longer. */
	if (m->n >= m->nslots && grow(m) < 0 && !m->nslots)
		return ERR_NOMEM;
	slot = slot_new(key, hash, value);
	if (!slot)
		return ERR_NOMEM;
	head = &m->slots[hash & (m->nslots - 1)];
	slot->next = *head;
	*head = slot;
	m->n++;
	if (ret_old)
		*ret_old = NULL;
	return 0;
}

void *
map_del(struct map *m, struct str key)
{
	struct map_slot *slot, **link;
	void *value;

	if (!m->n)
		return NULL;
	link = find(m, key, str_hash(key));
	slot = *link;
	if (!slot)
		return NULL;
	*link = slot->next;
	value = slot->value;
	mem_free(slot);
	m->n--;
	return value;
}

/* The first slot of chain i or a later one. */
static struct map_slot *
first_from(const struct map *m, size_t i)
{
	for (; i < m->nslots; i++)
		if (m->slots[i])
			return m->slots[i];
	return NULL;
}

bool
map_next(const struct map *m, size_t *pos, struct str *ret_key,
	 void **ret_value)
{
	struct map_slot *slot, *next;

	/* *pos is the address of the slot to come, so that the caller may
	 * delete the one he has. */
	if (*pos == MAP_END)
		return false;
	slot = *pos ? (struct map_slot *)*pos : first_from(m, 0);
	if (!slot) {
		*pos = MAP_END;
		return false;
	}
	next = slot->next;
	if (!next)
		next = first_from(m, (slot->hash & (m->nslots - 1)) + 1);
	*pos = next ? (size_t)next : MAP_END;
	if (ret_key)
		*ret_key = str_n(slot->key, slot->n);
	if (ret_value)
		*ret_value = slot->value;
	return true;
}
