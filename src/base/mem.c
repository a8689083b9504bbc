#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * Counters are spread over cells, one cache line each, so that threads do not
 * fight for a line with every allocation.  A thread keeps the cell it got at
 * its first allocation; a block freed by another thread counts in that
 * thread's cell, and only the sums mean something.
 */
#define MEM_CELLS 64

struct mem_cell {
	_Alignas(64) _Atomic uint64_t allocs;
	_Atomic uint64_t frees;
};

static struct mem_cell mem_cells[MEM_CELLS];
static _Atomic unsigned mem_threads;
static _Thread_local struct mem_cell *mem_mine;

/* The allocation to fail, counted down; 0 is off. */
static _Atomic uint64_t mem_left;
static _Atomic int mem_hit;

static struct mem_cell *
cell(void)
{
	if (!mem_mine)
		mem_mine = &mem_cells[atomic_fetch_add_explicit(&mem_threads,
			1, memory_order_relaxed) % MEM_CELLS];
	return mem_mine;
}

static void
count_alloc(void)
{
	atomic_fetch_add_explicit(&cell()->allocs, 1, memory_order_relaxed);
}

static void
count_free(void)
{
	atomic_fetch_add_explicit(&cell()->frees, 1, memory_order_relaxed);
}

/* Count down; true for the one allocation that is to fail. */
static bool
fail_step(uint64_t left)
{
	while (left && !atomic_compare_exchange_weak(&mem_left, &left,
						     left - 1))
		;
	if (left != 1)
		return false;
	atomic_store(&mem_hit, 1);
	return true;
}

/* Whether this allocation of n octets has to fail. */
static inline bool
refuse(size_t n)
{
	uint64_t left = atomic_load_explicit(&mem_left, memory_order_relaxed);

	if (__builtin_expect(left != 0, 0) && fail_step(left))
		return true;
	return n > PTRDIFF_MAX;
}

void *
mem_alloc(size_t n)
{
	void *p;

	if (refuse(n))
		return NULL;
	p = malloc(n ? n : 1);
	if (p)
		count_alloc();
	return p;
}

void *
mem_zalloc(size_t n)
{
	void *p;

	if (refuse(n))
		return NULL;
	p = calloc(1, n ? n : 1);
	if (p)
		count_alloc();
	return p;
}

void *
mem_calloc(size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	return mem_zalloc(n);
}

void *
mem_realloc(void *p, size_t n)
{
	void *q;

	if (refuse(n))
		return NULL;
	q = realloc(p, n ? n : 1);
	if (!q)
		return NULL;
	count_alloc();
	if (p)
		count_free();
	return q;
}

void
mem_free(void *p)
{
	if (!p)
		return;
	count_free();
	free(p);
}

char *
mem_strndup(const char *p, size_t n)
{
	char *q;

	if (n == SIZE_MAX)
		return NULL;
	q = mem_alloc(n + 1);
	if (!q)
		return NULL;
	if (n)
		memcpy(q, p, n);
	q[n] = '\0';
	return q;
}

void
mem_fail_at(uint64_t n)
{
	atomic_store(&mem_hit, 0);
	atomic_store(&mem_left, n);
}

int
mem_fail_hit(void)
{
	return atomic_load(&mem_hit);
}

int64_t
mem_held(void)
{
	uint64_t held = 0;

	for (size_t i = 0; i < MEM_CELLS; i++)
		held += atomic_load_explicit(&mem_cells[i].allocs,
					     memory_order_relaxed) -
			atomic_load_explicit(&mem_cells[i].frees,
					     memory_order_relaxed);
	return (int64_t)held;
}

uint64_t
mem_count(void)
{
	uint64_t n = 0;

	for (size_t i = 0; i < MEM_CELLS; i++)
		n += atomic_load_explicit(&mem_cells[i].allocs,
					  memory_order_relaxed);
	return n;
}
