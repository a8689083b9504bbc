/*
 * guard: octets at the very end of a page, with nothing behind it.
 *
 * A function that reads one octet too far crashes, with or without a
 * sanitizer.  The octets in front of the slice are 0xA5.
 */
#ifndef LIB_GUARD_H
#define LIB_GUARD_H

#include "base/str.h"

struct guard {
	char *map;	/* pages to use, then one without access */
	size_t room;	/* octets of the pages to use */
	size_t size;	/* octets of all pages */
};

/* Map pages for slices of up to max octets; a failure ends the test. */
void guard_init(struct guard *g, size_t max);
void guard_done(struct guard *g);
/* Copy s (at most max octets) to the end; what was there before is gone.  The
 * result is writable, and its p is never NULL. */
struct str guard_put(struct guard *g, struct str s);

/* A parser under test: its result for s. */
typedef int guard_fn(struct str s, void *arg);

/* The result of fn for s whole, at the end of a page. */
int guard_whole(struct str s, guard_fn *fn, void *arg);
/*
 * Call fn for each prefix of s, from the empty one on, each at the end of a
 * page, and for s whole at last.  ret_rc (may be NULL, else s.n ints) gets the
 * results for the proper prefixes.  Returns the result for s whole.
 */
int guard_prefixes(struct str s, guard_fn *fn, void *arg, int *ret_rc);
/* As guard_prefixes(), and a proper prefix that does not give ERR_MORE ends
 * the test. */
int guard_more(struct str s, guard_fn *fn, void *arg);

#endif
