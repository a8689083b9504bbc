#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

#define ARENA_ALIGN 16
#define ARENA_BLOCK 1024

/*
 * Under AddressSanitizer every allocation is a block of its own, so that an
 * access one octet past it is found.
 */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ALONE true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ALONE true
#endif
#endif
#ifndef ARENA_ALONE
#define ARENA_ALONE false
#endif

/*
 * The head of the chain is the block being filled, if its size is not zero;
 * blocks of one allocation stand behind it and count as full.
 */
struct arena_block {
	struct arena_block *next;
	size_t size;	/* octets of data; 0 in a block of one allocation */
	size_t used;
	_Alignas(ARENA_ALIGN) char data[];
};

void
arena_init(struct arena *a, size_t max, size_t block)
{
	*a = (struct arena){
		.max = max,
		.block = block ? block : ARENA_BLOCK,
	};
}

static void
free_chain(struct arena_block *b)
{
	while (b) {
		struct arena_block *next = b->next;

		mem_free(b);
		b = next;
	}
}

void
arena_done(struct arena *a)
{
	free_chain(a->head);
	a->head = NULL;
	a->used = 0;
}

void
arena_clear(struct arena *a)
{
	struct arena_block *b = a->head;

	if (!b || !b->size) {
		arena_done(a);
		return;
	}
	free_chain(b->next);
	b->next = NULL;
	b->used = 0;
	a->used = 0;
}

/* A new block with room for n octets in it. */
static struct arena_block *
block_new(size_t n)
{
	struct arena_block *b;

	if (n > PTRDIFF_MAX - sizeof(*b))
		return NULL;
	b = mem_alloc(sizeof(*b) + n);
	if (!b)
		return NULL;
	b->next = NULL;
	b->size = 0;
	b->used = 0;
	return b;
}

/* A block for one allocation, linked behind the one being filled. */
static void *
alloc_alone(struct arena *a, size_t n)
{
	struct arena_block *b = block_new(n);

	if (!b)
		return NULL;
	if (a->head && a->head->size) {
		b->next = a->head->next;
		a->head->next = b;
	} else {
		b->next = a->head;
		a->head = b;
	}
	return b->data;
}

static void *
alloc_shared(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;
	void *p;

	if (!b || b->size - b->used < n) {
		b = block_new(a->block);
		if (!b)
			return NULL;
		b->size = a->block;
		b->next = a->head;
		a->head = b;
	}
	p = b->data + b->used;
	b->used += n;
	return p;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	size_t full;
	void *p;

	if (n > PTRDIFF_MAX)
		return NULL;
	full = n ? (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1) :
	       ARENA_ALIGN;
	if (full > a->max - a->used)
		return NULL;
	if (ARENA_ALONE || full > a->block / 4)
		p = alloc_alone(a, n);
	else
		p = alloc_shared(a, full);
	if (!p)
		return NULL;
	a->used += full;
	return memset(p, 0, n);
}

void *
arena_calloc(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	return arena_alloc(a, n);
}

struct str
arena_str(struct arena *a, struct str s)
{
	char *p;

	if (s.n == SIZE_MAX)
		return (struct str){ NULL, 0 };
	p = arena_alloc(a, s.n + 1);
	if (!p)
		return (struct str){ NULL, 0 };
	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

struct str
arena_fmt(struct arena *a, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return (struct str){ NULL, 0 };
	if ((size_t)n < sizeof(small))
		return arena_str(a, str_n(small, (size_t)n));
	p = arena_alloc(a, (size_t)n + 1);
	if (!p)
		return (struct str){ NULL, 0 };
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);	/* n is known */
	va_end(ap);
	return (struct str){ p, (size_t)n };
}
