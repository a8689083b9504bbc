/*
 * buf: a growable run of octets with a ceiling.
 *
 * The ceiling is given at init and never passed: a peer does not choose our
 * memory.  Content lies at [p + off, p + off + n); buf_consume() drops octets
 * from the front without moving them at once.  Failing calls change nothing.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

struct buf {
	char *mem;	/* allocated, cap octets */
	size_t off;	/* where content begins */
	size_t n;	/* octets of content */
	size_t cap;
	size_t max;	/* ceiling of n */
};

/* Empty, with ceiling max; allocates nothing. */
void buf_init(struct buf *b, size_t max);
/* Free the memory; b is as after buf_init with the same ceiling. */
void buf_done(struct buf *b);
/* Content gone, memory kept. */
void buf_clear(struct buf *b);
/* Content gone; memory freed if larger than keep octets. */
void buf_release(struct buf *b, size_t keep);

static inline char *
buf_data(const struct buf *b)
{
	return b->mem ? b->mem + b->off : NULL;
}

static inline struct str
buf_str(const struct buf *b)
{
	return (struct str){ buf_data(b), b->n };
}

/* Make room for n more octets behind the content.
 * Returns 0, ERR_LIMIT past the ceiling, ERR_NOMEM. */
int buf_reserve(struct buf *b, size_t n) WARN_UNUSED;
/* The octets from here on may be written after buf_reserve(); then buf_grew. */
static inline char *
buf_tail(struct buf *b)
{
	return b->mem ? b->mem + b->off + b->n : NULL;
}
void buf_grew(struct buf *b, size_t n);

/* Append; 0, ERR_LIMIT or ERR_NOMEM.  What is added may not lie in b itself. */
int buf_add(struct buf *b, const void *p, size_t n) WARN_UNUSED;
int buf_add_str(struct buf *b, struct str s) WARN_UNUSED;
int buf_add_c(struct buf *b, char c) WARN_UNUSED;
int buf_add_cstr(struct buf *b, const char *s) WARN_UNUSED;
/* Also ERR_INTERNAL for a format that printf refuses. */
int buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));
int buf_add_u64(struct buf *b, uint64_t v) WARN_UNUSED;
/* Replace n octets at pos of the content; they must exist. */
void buf_put(struct buf *b, size_t pos, const void *p, size_t n);
/* Cut the content to its first n octets. */
void buf_truncate(struct buf *b, size_t n);
/* Drop n octets from the front. */
void buf_consume(struct buf *b, size_t n);
/* Hand over the memory: *ret is for mem_free(), NUL-terminated, content at 0.
 * b is empty afterwards.  ERR_NOMEM changes nothing. */
int buf_steal(struct buf *b, char **ret, size_t *ret_n) WARN_UNUSED;

static inline void
buf_cleanup(struct buf *b)
{
	buf_done(b);
}
/* Always with an initialiser, so that a return before buf_init() is harmless:
 * CLEANUP_BUF struct buf b = { 0 };  (tools/lint insists) */
#define CLEANUP_BUF __attribute__((cleanup(buf_cleanup)))

#endif
