/*
 * heap: a binary heap of timers, earliest first.
 *
 * Entries are embedded in the caller's structs; `at` is a monotonic time in
 * milliseconds.  Not thread-safe.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct heap_node {
	uint64_t at;
	size_t pos;	/* 1 + index in the heap; 0 = not in it */
};

struct heap {
	struct heap_node **v;
	size_t n, cap;
};

void heap_init(struct heap *h);
/* Free the array; nodes still in it are taken out, so they must exist. */
void heap_done(struct heap *h);
/* Insert, or move if it is in already.  Returns 0 or ERR_NOMEM. */
int heap_set(struct heap *h, struct heap_node *node, uint64_t at) WARN_UNUSED;
/* Takes a node that is not in the heap. */
void heap_del(struct heap *h, struct heap_node *node);
/* The earliest, or NULL. */
struct heap_node *heap_min(const struct heap *h);

#endif
