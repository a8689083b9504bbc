/*
 * crc32c: the Castagnoli CRC (RFC 3720, B.4), by instruction where there is
 * one.  Thread-safe.
 */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continue a CRC: start with 0, feed pieces in order. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

#endif
