#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

/*
 * The memory is always one octet larger than cap: printf and buf_steal() put
 * their NUL there, so that neither needs room the ceiling does not have.
 */
#define BUF_FIRST 63	/* the first cap: 64 octets of memory */

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_done(struct buf *b)
{
	mem_free(b->mem);
	buf_init(b, b->max);
}

void
buf_clear(struct buf *b)
{
	b->off = 0;
	b->n = 0;
}

void
buf_release(struct buf *b, size_t keep)
{
	if (b->mem && b->cap >= keep)
		buf_done(b);
	else
		buf_clear(b);
}

/* Move the content to larger memory with room for need octets. */
static int
buf_grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST;
	char *mem;

	if (need >= PTRDIFF_MAX)
		return ERR_NOMEM;
	while (cap < need)
		cap = cap * 2 + 1;
	if (cap > b->max)
		cap = b->max;

	if (b->off) {
		assert(b->mem);
		mem = mem_alloc(cap + 1);
		if (!mem)
			return ERR_NOMEM;
		memcpy(mem, b->mem + b->off, b->n);
		mem_free(b->mem);
	} else {
		mem = mem_realloc(b->mem, cap + 1);
		if (!mem)
			return ERR_NOMEM;
	}
	b->mem = mem;
	b->off = 0;
	b->cap = cap;
	return 0;
}

int
buf_reserve(struct buf *b, size_t n)
{
	size_t need;

	if (n > b->max - b->n)
		return ERR_LIMIT;
	if (b->mem && n <= b->cap - b->off - b->n)
		return 0;
	need = b->n + n;

	/*
	 * Move the content down if it fits then, but only when that frees at
	 * least as much as is moved, or when growing is no longer possible.
	 */
	if (b->mem && need <= b->cap &&
	    (b->off >= b->n || b->cap >= b->max)) {
		memmove(b->mem, b->mem + b->off, b->n);
		b->off = 0;
		return 0;
	}
	if (b->mem && need <= b->cap)
		need = b->cap + 1;
	return buf_grow(b, need);
}

void
buf_grew(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->off - b->n);
	b->n += n;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	int rc = buf_reserve(b, n);

	if (rc < 0)
		return rc;
	if (n)
		memcpy(buf_tail(b), p, n);
	b->n += n;
	return 0;
}

int
buf_add_str(struct buf *b, struct str s)
{
	return buf_add(b, s.p, s.n);
}

int
buf_add_c(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int
buf_add_cstr(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	size_t room = 0;
	va_list ap;
	int n, rc;

	/* Often it fits in what is there. */
	if (b->mem)
		room = b->cap - b->off - b->n + 1;
	va_start(ap, fmt);
	n = vsnprintf(room ? buf_tail(b) : NULL, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return ERR_INTERNAL;
	if ((size_t)n >= room) {
		rc = buf_reserve(b, (size_t)n);
		if (rc < 0)
			return rc;
		va_start(ap, fmt);
		n = vsnprintf(buf_tail(b), (size_t)n + 1, fmt, ap);
		va_end(ap);
		if (n < 0)
			return ERR_INTERNAL;
	}
	b->n += (size_t)n;
	return 0;
}

int
buf_add_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return buf_add(b, digits + i, sizeof(digits) - i);
}

void
buf_put(struct buf *b, size_t pos, const void *p, size_t n)
{
	assert(pos <= b->n && n <= b->n - pos);
	if (n)
		memcpy(b->mem + b->off + pos, p, n);
}

void
buf_truncate(struct buf *b, size_t n)
{
	assert(n <= b->n);
	b->n = n;
	if (!n)
		b->off = 0;
}

void
buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->n);
	b->n -= n;
	b->off = b->n ? b->off + n : 0;
}

int
buf_steal(struct buf *b, char **ret, size_t *ret_n)
{
	char *mem = b->mem;

	/* Even nothing is a string to the new owner. */
	if (!mem) {
		mem = mem_alloc(1);
		if (!mem)
			return ERR_NOMEM;
	} else if (b->off) {
		memmove(mem, mem + b->off, b->n);
	}
	mem[b->n] = '\0';
	*ret = mem;
	*ret_n = b->n;
	buf_init(b, b->max);
	return 0;
}
