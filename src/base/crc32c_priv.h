/* crc32c: the table-driven way alone, for comparison in tests. */
#ifndef BASE_CRC32C_PRIV_H
#define BASE_CRC32C_PRIV_H

#include <stddef.h>
#include <stdint.h>

/* As crc32c(), never by instruction. */
uint32_t crc32c_soft(uint32_t crc, const void *p, size_t n);

#endif
