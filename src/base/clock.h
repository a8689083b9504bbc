/*
 * clock: the time, for the outermost layers only (engines are given it).
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Monotonic milliseconds; Unix milliseconds. */
uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);
uint64_t clock_unix_ms(void);

/* "2013-10-17T09:08:07.006Z"; RFC 3339 UTC with milliseconds, 24 octets.
 * A time past the year 9999 is written as the last of that year. */
#define CLOCK_TEXT 24
void clock_format(uint64_t unix_ms, char dst[static CLOCK_TEXT + 1]);
/* RFC 3339 with any offset and 0-9 digits of fraction, cut to milliseconds
 * (years 1970-9999).  A leap second is taken where one can be and gives the
 * second behind it.
 * Returns 0 or ERR_VALUE. */
int clock_parse(struct str s, uint64_t *ret_unix_ms) WARN_UNUSED;

#endif
