/*
 * str: a slice of octets that somebody else owns.
 *
 * Text and bytes travel as struct str; nothing is NUL-terminated except at the
 * operating system's edge.  A slice is a plain value: copy it freely, and keep
 * its owner alive while you do.  {NULL, 0} is the empty slice.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/* A slice over a string literal. */
#define STR(lit) ((struct str){ "" lit, sizeof(lit) - 1 })
/* For printf-like calls: ("%.*s", STR_ARG(s)). */
#define STR_ARG(s) ((int)(s).n), ((s).p ? (s).p : "")

static inline struct str
str_n(const void *p, size_t n)
{
	return (struct str){ p, n };
}

/* A slice over a NUL-terminated string; NULL gives the empty slice. */
struct str str_c(const char *s);

bool str_eq(struct str a, struct str b);
/* Equal without regard to the case of ASCII letters. */
bool str_eqi(struct str a, struct str b);
/* Octet order: negative, 0, positive, as memcmp; a prefix comes first. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Index of the first c at or after from, or -1. */
ptrdiff_t str_chr(struct str s, char c, size_t from);
ptrdiff_t str_rchr(struct str s, char c);
/* Index of the first occurrence of needle, or -1; an empty one is at 0. */
ptrdiff_t str_find(struct str s, struct str needle);
/* The part of s from octet `from`, at most n octets; clipped to s. */
struct str str_sub(struct str s, size_t from, size_t n);
struct str str_from(struct str s, size_t from);
/* s without blanks (space, tab, CR, LF) at both ends. */
struct str str_trim(struct str s);
/*
 * Split s at the first c: *ret_head before it, *ret_tail behind it.
 * Returns false, and sets *ret_head to s and *ret_tail to empty, without c.
 */
bool str_cut(struct str s, char c, struct str *ret_head, struct str *ret_tail);
/* Take the next field up to c from *rest; false when *rest is exhausted
 * (its p is then NULL).  "a,,b" gives "a", "", "b". */
bool str_next(struct str *rest, char c, struct str *ret_field);

/*
 * Decimal digits only, no sign, no blanks, no leading zero but "0" itself.
 * Returns 0, ERR_VALUE for anything else, ERR_LIMIT past max.
 */
int str_u64(struct str s, uint64_t max, uint64_t *ret);
/* As str_u64, but leading zeros are taken. */
int str_u64_any(struct str s, uint64_t max, uint64_t *ret);
/* As str_u64 over the range of int64_t, with one '-' in front of a negative;
 * "-0" is ERR_VALUE. */
int str_i64(struct str s, int64_t *ret);

/* Copy s, NUL-terminated, to dst of cap octets (cap > 0).
 * Returns 0, or ERR_LIMIT (nothing copied, dst is "") if it does not fit or
 * holds a NUL. */
int str_copy(struct str s, char *dst, size_t cap);

/* A hash for tables in memory (seeded per process; never stored). */
uint64_t str_hash(struct str s);

#endif
