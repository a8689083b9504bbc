/* when: times and sizes as a reader likes them.  Pure: now is given. */
#ifndef IMMP_WHEN_H
#define IMMP_WHEN_H

#include <stdint.h>

#include "base/str.h"

/*
 * How long ago, short: "now", "12 min", "5 h", "3 d", then "24 Nov" within a
 * year, else "2023-11-24", in local time.  What lies ahead is a date.  Times
 * are Unix ms.  dst: 16 octets.
 */
void when_relative(uint64_t t, uint64_t now, char dst[static 16]);
/* "Tue, 24 Nov 2026 04:05:06 +0100", local time.  dst: 48 octets. */
void when_full(uint64_t t, char dst[static 48]);
/* 512, 4.2K, 12M, 1.5G; at most 5 columns.  dst: 16 octets. */
void when_size(uint64_t octets, char dst[static 16]);

#endif
