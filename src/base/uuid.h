/*
 * uuid: RFC 9562.  Text is the 36-octet lower-case form; input of either case.
 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/err.h"
#include "base/str.h"

#define UUID_TEXT 36

struct uuid {
	uint8_t b[16];
};

/* Exactly 36 octets.  Any version.  Returns 0 or ERR_VALUE. */
int uuid_parse(struct str s, struct uuid *ret) WARN_UNUSED;
/* Writes 36 octets and a NUL. */
void uuid_format(const struct uuid *u, char dst[static UUID_TEXT + 1]);
bool uuid_eq(const struct uuid *a, const struct uuid *b);
/* Version 7 for a Unix time in ms; 74 random bits from rnd[10]. */
struct uuid uuid_v7(uint64_t unix_ms, const uint8_t rnd[static 10]);
/* Version 4 from 16 random octets. */
struct uuid uuid_v4(const uint8_t rnd[static 16]);

#endif
