/*
 * arena: memory that dies together.
 *
 * What dies with a command comes from that command's arena.  Blocks of a fixed
 * size are chained; one allocation above a quarter of a block gets a block of
 * its own.  Not thread-safe: one owner at a time (it may be handed over).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used;	/* octets handed out since init, done or clear, each
			 * allocation rounded up to 16 */
	size_t max;	/* ceiling of used */
	size_t block;	/* size of an ordinary block */
};

/* Allocates nothing.  block: octets per block (0: 1,024). */
void arena_init(struct arena *a, size_t max, size_t block);
/* Free everything; a may be used again. */
void arena_done(struct arena *a);
/* As arena_done(), but keep one ordinary block for what comes next. */
void arena_clear(struct arena *a);
/* 16-aligned, zeroed; NULL without memory or past the ceiling. */
void *arena_alloc(struct arena *a, size_t n)
	__attribute__((warn_unused_result));
void *arena_calloc(struct arena *a, size_t count, size_t size)
	__attribute__((warn_unused_result));
/* A copy of s, NUL-terminated behind its end; p is NULL without memory. */
struct str arena_str(struct arena *a, struct str s);
/* A formatted string, NUL-terminated; p is NULL without memory. */
struct str arena_fmt(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_calloc((a), (n), sizeof(type)))

#endif
