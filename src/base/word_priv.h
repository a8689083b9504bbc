/*
 * word: eight octets at a time, for the inner loops of this folder.
 *
 * The word_any_* tests tell only whether some octet matches, not which.
 */
#ifndef BASE_WORD_PRIV_H
#define BASE_WORD_PRIV_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WORD_ONES 0x0101010101010101ull
#define WORD_HIGH 0x8080808080808080ull

/* Eight octets in the order of the machine, from any address. */
static inline uint64_t
word_load(const void *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline uint32_t
word_load32(const void *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Nonzero if an octet of w is 128 or above. */
static inline uint64_t
word_any_high(uint64_t w)
{
	return w & WORD_HIGH;
}

/* Nonzero if an octet of w is below c (c at most 128). */
static inline uint64_t
word_any_below(uint64_t w, uint8_t c)
{
	return (w - WORD_ONES * c) & ~w & WORD_HIGH;
}

/* Nonzero if an octet of w is c. */
static inline uint64_t
word_any_eq(uint64_t w, uint8_t c)
{
	return word_any_below(w ^ (WORD_ONES * c), 1);
}

#endif
