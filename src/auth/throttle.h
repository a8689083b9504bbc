/*
 * throttle: counts of what went wrong, by who did it.
 *
 * Keys are octets such as "account:alice@a.test" or "peer:192.0.2.1"; a count
 * fades: it halves with every `half` milliseconds since it began.
 * At most `max` keys are kept, the stalest is dropped first.  Time is an
 * argument.  Thread-safe.
 */
#ifndef AUTH_THROTTLE_H
#define AUTH_THROTTLE_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct throttle;

int throttle_new(size_t max, uint64_t half, struct throttle **ret) WARN_UNUSED;
void throttle_free(struct throttle *t);
/* Raise the count of key by n; returns what it is now. */
uint64_t throttle_hit(struct throttle *t, struct str key, uint64_t n,
		      uint64_t now);
/* What it is now. */
uint64_t throttle_count(struct throttle *t, struct str key, uint64_t now);
/* Forget a key (a login that worked). */
void throttle_clear(struct throttle *t, struct str key);

/* The delay of an answer in ms after `count` failures: none up to `allowed`,
 * then doubling from one second, at most max. */
uint64_t throttle_delay(uint64_t count, uint64_t allowed, uint64_t max);

#endif
