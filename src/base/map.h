/*
 * map: a hash table from octets to a pointer.
 *
 * Keys are copied into the table; values belong to the caller.  Grows by
 * doubling; iteration order is unspecified.  Not thread-safe.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/err.h"
#include "base/str.h"

struct map_slot;

struct map {
	struct map_slot **slots;
	size_t nslots, n;
};

void map_init(struct map *m);
/* Frees the table and its keys, never the values. */
void map_done(struct map *m);
void *map_get(const struct map *m, struct str key);
/* Set or replace; *ret_old (may be NULL) gets what was there before. */
int map_put(struct map *m, struct str key, void *value, void **ret_old)
	WARN_UNUSED;
/* Remove; returns the value or NULL. */
void *map_del(struct map *m, struct str key);
/* Iterate: start with *pos = 0; false at the end.  No change inside but
 * map_del of the current key. */
bool map_next(const struct map *m, size_t *pos, struct str *ret_key,
	      void **ret_value);

#endif
