/*
 * The CRC is the remainder of the message as a polynomial over GF(2), so it is
 * linear: the state after A and then B is the state after A and as many zero
 * octets as B has, xor the state after B begun with 0.
 *
 * By table ("slicing"): eight octets are looked up in eight tables, each of
 * which says what its octet leaves when so many zero octets follow.
 *
 * By instruction: crc32 takes eight octets, but its result comes three cycles
 * later.  Three lanes side by side keep it busy; their states are joined by
 * linearity, and "so many zero octets later" is four look-ups in a table made
 * for the length of a lane.
 */
#include "base/crc32c.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/crc32c_priv.h"
#include "base/word_priv.h"

#define CRC_POLY 0x82f63b78u	/* bits reversed */

typedef uint32_t crc_fn(uint32_t state, const uint8_t *p, size_t n);

static uint32_t crc_table[8][256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;
static crc_fn *_Atomic crc_best;

static uint32_t
step_octet(uint32_t state, uint8_t octet)
{
	return crc_table[0][(state ^ octet) & 0xff] ^ (state >> 8);
}

static uint32_t
load_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint32_t
state_soft(uint32_t state, const uint8_t *p, size_t n)
{
	for (; n >= 8; p += 8, n -= 8) {
		uint32_t lo = load_le32(p) ^ state;
		uint32_t hi = load_le32(p + 4);

		state = crc_table[7][lo & 0xff] ^
			crc_table[6][lo >> 8 & 0xff] ^
			crc_table[5][lo >> 16 & 0xff] ^
			crc_table[4][lo >> 24] ^
			crc_table[3][hi & 0xff] ^
			crc_table[2][hi >> 8 & 0xff] ^
			crc_table[1][hi >> 16 & 0xff] ^
			crc_table[0][hi >> 24];
	}
	for (; n; p++, n--)
		state = step_octet(state, *p);
	return state;
}

static void
table_fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t v = i;

		for (int bit = 0; bit < 8; bit++)
			v = v >> 1 ^ (v & 1 ? CRC_POLY : 0);
		crc_table[0][i] = v;
	}
	for (int t = 1; t < 8; t++)
		for (int i = 0; i < 256; i++)
			crc_table[t][i] = step_octet(crc_table[t - 1][i], 0);
}

#if defined(__x86_64__)

#define LANE_LONG 4096
#define LANE_SHORT 256
#define HARD __attribute__((target("sse4.2")))

static uint32_t skip_long[4][256];
static uint32_t skip_short[4][256];

/* Fill skip so that it tells a state n zero octets later (8 divides n). */
static HARD void
skip_fill(uint32_t skip[4][256], size_t n)
{
	uint32_t bits[32];

	for (int i = 0; i < 32; i++) {
		uint64_t v = 1u << i;

		for (size_t done = 0; done < n; done += 8)
			v = __builtin_ia32_crc32di(v, 0);
		bits[i] = (uint32_t)v;
	}
	for (int t = 0; t < 4; t++) {
		for (int i = 0; i < 256; i++) {
			skip[t][i] = 0;
			for (int bit = 0; bit < 8; bit++)
				if (i >> bit & 1)
					skip[t][i] ^= bits[t * 8 + bit];
		}
	}
}

static inline uint64_t
skip_state(uint32_t skip[4][256], uint64_t state)
{
	return skip[0][state & 0xff] ^ skip[1][state >> 8 & 0xff] ^
	       skip[2][state >> 16 & 0xff] ^ skip[3][state >> 24 & 0xff];
}

/* Three lanes of n octets each. */
static inline HARD uint64_t
state_lanes(uint64_t a, const uint8_t *p, size_t n,
	    uint32_t skip[4][256])
{
	uint64_t b = 0, c = 0;

	for (size_t i = 0; i < n; i += 8) {
		a = __builtin_ia32_crc32di(a, word_load(p + i));
		b = __builtin_ia32_crc32di(b, word_load(p + n + i));
		c = __builtin_ia32_crc32di(c, word_load(p + 2 * n + i));
	}
	b ^= skip_state(skip, a);
	return c ^ skip_state(skip, b);
}

static HARD uint32_t
state_hard(uint32_t state, const uint8_t *p, size_t n)
{
	uint64_t v = state;

	for (; n >= 3 * LANE_LONG; p += 3 * LANE_LONG, n -= 3 * LANE_LONG)
		v = state_lanes(v, p, LANE_LONG, skip_long);
	for (; n >= 3 * LANE_SHORT; p += 3 * LANE_SHORT, n -= 3 * LANE_SHORT)
		v = state_lanes(v, p, LANE_SHORT, skip_short);
	for (; n >= 8; p += 8, n -= 8)
		v = __builtin_ia32_crc32di(v, word_load(p));
	for (; n; p++, n--)
		v = __builtin_ia32_crc32qi((uint32_t)v, *p);
	return (uint32_t)v;
}

static crc_fn *
hard_setup(void)
{
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("sse4.2"))
		return NULL;
	skip_fill(skip_long, LANE_LONG);
	skip_fill(skip_short, LANE_SHORT);
	return state_hard;
}

#else

static crc_fn *
hard_setup(void)
{
	return NULL;
}

#endif

static void
setup(void)
{
	crc_fn *hard = hard_setup();

	table_fill();
	atomic_store_explicit(&crc_best, hard ? hard : state_soft,
			      memory_order_release);
}

uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	crc_fn *fn = atomic_load_explicit(&crc_best, memory_order_acquire);

	if (!fn) {
		(void)pthread_once(&crc_once, setup);	/* cannot fail */
		fn = atomic_load_explicit(&crc_best, memory_order_acquire);
	}
	return ~fn(~crc, p, n);
}

uint32_t
crc32c_soft(uint32_t crc, const void *p, size_t n)
{
	(void)pthread_once(&crc_once, setup);	/* cannot fail */
	return ~state_soft(~crc, p, n);
}
