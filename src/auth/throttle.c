#include "auth/throttle.h"

#include <pthread.h>

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

struct entry {
	struct list lru;	/* head: the stalest */
	uint64_t count, at;
	size_t n;
	char key[];
};

struct throttle {
	pthread_mutex_t lock;
	struct map map;
	struct list lru;
	size_t max;
	uint64_t half;
};

int
throttle_new(size_t max, uint64_t half, struct throttle **ret)
{
	struct throttle *t = mem_zalloc(sizeof(*t));

	if (t == NULL)
		return ERR_NOMEM;
	(void)pthread_mutex_init(&t->lock, NULL); /* cannot fail on Linux */
	map_init(&t->map);
	list_init(&t->lru);
	t->max = max;
	t->half = half;
	*ret = t;
	return 0;
}

static void
forget(struct throttle *t, struct entry *e)
{
	(void)map_del(&t->map, str_n(e->key, e->n));
	list_del(&e->lru);
	mem_free(e);
}

void
throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	LIST_EACH(it, &t->lru)
		forget(t, LIST_ENTRY(it, struct entry, lru));
	map_done(&t->map);
	(void)pthread_mutex_destroy(&t->lock);
	mem_free(t);
}

/* Let the count fade by the time that has passed. */
static void
fade(const struct throttle *t, struct entry *e, uint64_t now)
{
	uint64_t n = now > e->at ? (now - e->at) / t->half : 0;

	if (n == 0)
		return;
	e->count = n >= 64 ? 0 : e->count >> n;
	e->at += n * t->half;
}

/* The entry of a key, made if need be; NULL without memory. */
static struct entry *
touch(struct throttle *t, struct str key, uint64_t now)
{
	struct entry *e = map_get(&t->map, key);

	if (e == NULL) {
		if (t->map.n >= t->max)
			forget(t, LIST_ENTRY(t->lru.next, struct entry, lru));
		e = mem_zalloc(sizeof(*e) + key.n);
		if (e == NULL)
			return NULL;
		list_init(&e->lru);
		memcpy(e->key, key.p, key.n);
		e->n = key.n;
		e->at = now;
		if (map_put(&t->map, key, e, NULL) < 0) {
			mem_free(e);
			return NULL;
		}
	}
	list_del(&e->lru);
	list_add_tail(&t->lru, &e->lru);
	fade(t, e, now);
	return e;
}

uint64_t
throttle_hit(struct throttle *t, struct str key, uint64_t n, uint64_t now)
{
	struct entry *e;
	uint64_t count = n;

	(void)pthread_mutex_lock(&t->lock);
	e = touch(t, key, now);
	if (e != NULL) {
		/* It fades from its first hit on, however many follow. */
		if (e->count == 0)
			e->at = now;
		e->count += n;
		count = e->count;
	}
	(void)pthread_mutex_unlock(&t->lock);
	return count;
}

uint64_t
throttle_count(struct throttle *t, struct str key, uint64_t now)
{
	struct entry *e;
	uint64_t count = 0;

	(void)pthread_mutex_lock(&t->lock);
	e = map_get(&t->map, key);
	if (e != NULL) {
		fade(t, e, now);
		count = e->count;
	}
	(void)pthread_mutex_unlock(&t->lock);
	return count;
}

void
throttle_clear(struct throttle *t, struct str key)
{
	struct entry *e;

	(void)pthread_mutex_lock(&t->lock);
	e = map_get(&t->map, key);
	if (e != NULL)
		forget(t, e);
	(void)pthread_mutex_unlock(&t->lock);
}

uint64_t
throttle_delay(uint64_t count, uint64_t allowed, uint64_t max)
{
	uint64_t over, ms;

	if (count < allowed)
		return 0;
	over = count - allowed;
	ms = over >= 20 ? max : 1000ull << over;
	return ms < max ? ms : max;
}
