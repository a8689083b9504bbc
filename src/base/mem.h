/*
 * mem: the only door to malloc.
 *
 * All heap memory of the program comes from here, so that a test can fail the
 * n-th allocation (mem_fail_at) and count what is still held (mem_held).
 * Allocation can fail: NULL is returned and the caller reports ERR_NOMEM.
 * Thread-safe.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t n) __attribute__((malloc, warn_unused_result));
/* Zeroed. */
void *mem_zalloc(size_t n) __attribute__((malloc, warn_unused_result));
/* count * size, zeroed; NULL on overflow. */
void *mem_calloc(size_t count, size_t size)
	__attribute__((malloc, warn_unused_result));
void *mem_realloc(void *p, size_t n) __attribute__((warn_unused_result));
/* Takes NULL. */
void mem_free(void *p);

/* A NUL-terminated copy of n octets. */
char *mem_strndup(const char *p, size_t n)
	__attribute__((malloc, warn_unused_result));

/*
 * Fault injection, for tests: let the n-th allocation from now (1 = the next)
 * of this process fail once; 0 turns it off.  mem_fail_hit() tells whether it
 * has failed since.
 */
void mem_fail_at(uint64_t n);
int mem_fail_hit(void);
/* Blocks allocated and not freed; allocations done so far. */
int64_t mem_held(void);
uint64_t mem_count(void);

/* Scope cleanup for a char pointer from this module. */
static inline void
mem_cleanup(void *pp)
{
	mem_free(*(void **)pp);
}
#define CLEANUP_MEM __attribute__((cleanup(mem_cleanup)))

#endif
