#include "base/str.h"

#include "base/err.h"
#include "base/secret.h"
#include "base/word_priv.h"

struct str
str_c(const char *s)
{
	return (struct str){ s, s ? strlen(s) : 0 };
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0);
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool
str_eqi(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int rc = n ? memcmp(a.p, b.p, n) : 0;

	return rc ? rc : (a.n > b.n) - (a.n < b.n);
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       str_eq(str_from(s, s.n - suffix.n), suffix);
}

ptrdiff_t
str_chr(struct str s, char c, size_t from)
{
	const char *at;

	if (from >= s.n)
		return -1;
	at = memchr(s.p + from, c, s.n - from);
	return at ? at - s.p : -1;
}

ptrdiff_t
str_rchr(struct str s, char c)
{
	const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

ptrdiff_t
str_find(struct str s, struct str needle)
{
	const char *at;

	if (!needle.n)
		return 0;
	if (needle.n > s.n)
		return -1;
	at = memmem(s.p, s.n, needle.p, needle.n);
	return at ? at - s.p : -1;
}

struct str
str_sub(struct str s, size_t from, size_t n)
{
	/* No arithmetic on NULL. */
	if (!s.p)
		return s;
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct str){ s.p + from, n };
}

struct str
str_from(struct str s, size_t from)
{
	return str_sub(s, from, SIZE_MAX);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
str_trim(struct str s)
{
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	while (s.n && is_blank(*s.p)) {
		s.p++;
		s.n--;
	}
	return s;
}

bool
str_cut(struct str s, char c, struct str *ret_head, struct str *ret_tail)
{
	ptrdiff_t at = str_chr(s, c, 0);

	if (at < 0) {
		*ret_head = s;
		*ret_tail = (struct str){ NULL, 0 };
		return false;
	}
	*ret_head = str_sub(s, 0, (size_t)at);
	*ret_tail = str_from(s, (size_t)at + 1);
	return true;
}

bool
str_next(struct str *rest, char c, struct str *ret_field)
{
	if (!rest->p)
		return false;
	/* Without c the tail is {NULL, 0}: the next call ends it. */
	(void)str_cut(*rest, c, ret_field, rest);
	return true;
}

int
str_u64_any(struct str s, uint64_t max, uint64_t *ret)
{
	bool past = false;
	uint64_t v = 0;

	if (!s.n)
		return ERR_VALUE;
	/* Look at every octet: a non-digit is worse than a large number. */
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';

		if (digit > 9)
			return ERR_VALUE;
		past |= __builtin_mul_overflow(v, (uint64_t)10, &v);
		past |= __builtin_add_overflow(v, (uint64_t)digit, &v);
	}
	if (past || v > max)
		return ERR_LIMIT;
	*ret = v;
	return 0;
}

int
str_u64(struct str s, uint64_t max, uint64_t *ret)
{
	if (s.n > 1 && *s.p == '0')
		return ERR_VALUE;
	return str_u64_any(s, max, ret);
}

int
str_i64(struct str s, int64_t *ret)
{
	bool minus = s.n && *s.p == '-';
	uint64_t v;
	int rc;

	if (minus)
		s = str_from(s, 1);
	rc = str_u64(s, (uint64_t)INT64_MAX + minus, &v);
	if (rc < 0)
		return rc;
	if (minus && !v)
		return ERR_VALUE;
	/* Unsigned negation, so that INT64_MIN needs no case of its own. */
	*ret = minus ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int
str_copy(struct str s, char *dst, size_t cap)
{
	if (s.n >= cap || str_chr(s, '\0', 0) >= 0) {
		*dst = '\0';
		return ERR_LIMIT;
	}
	if (s.n)
		memcpy(dst, s.p, s.n);
	dst[s.n] = '\0';
	return 0;
}

/*
 * The hash.  Sixteen octets a step go through a 64 by 64 bit multiplication
 * whose halves are folded together.  Each factor is masked by a secret key or
 * by the state, so nobody outside can aim at equal hashes, nor at a factor of
 * zero, which would forget the state.  The keys are drawn before main().
 */
static uint64_t hash_keys[4];

static __attribute__((constructor)) void
hash_seed(void)
{
	secret_random(hash_keys, sizeof(hash_keys));
}

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 r = (unsigned __int128)a * b;

	return (uint64_t)r ^ (uint64_t)(r >> 64);
}

/* The last 0-16 octets as two words, which may overlap. */
static inline void
load_tail(const char *p, size_t n, uint64_t *ret_a, uint64_t *ret_b)
{
	const unsigned char *u = (const unsigned char *)p;

	*ret_b = 0;
	if (n >= 8) {
		*ret_a = word_load(p);
		*ret_b = word_load(p + n - 8);
	} else if (n >= 4) {
		*ret_a = word_load32(p);
		*ret_b = word_load32(p + n - 4);
	} else if (n) {
		*ret_a = (uint64_t)u[0] << 16 | (uint64_t)u[n / 2] << 8 |
			 u[n - 1];
	} else {
		*ret_a = 0;
	}
}

uint64_t
str_hash(struct str s)
{
	uint64_t h = hash_keys[0], a, b;
	const char *p = s.p;
	size_t n = s.n;

	for (; n > 16; p += 16, n -= 16)
		h = fold(word_load(p) ^ hash_keys[1], word_load(p + 8) ^ h);
	load_tail(p, n, &a, &b);
	h = fold(a ^ hash_keys[2], b ^ h);
	return fold(h ^ hash_keys[3], s.n ^ hash_keys[1]);
}
