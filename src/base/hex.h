/* hex, base64: text forms of octets (RFC 4648), lower-case hex only. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/buf.h"

/* Write 2 * n lower-case digits to dst, not terminated. */
void hex_encode(const void *p, size_t n, char *dst);
/* Exactly 2 * n lower-case digits for n octets at ret.
 * Returns 0 or ERR_VALUE. */
int hex_decode(struct str s, void *ret, size_t n) WARN_UNUSED;
/* 0 to 15 of a digit of either case, else -1. */
int hex_value(char c);
int hex_add(struct buf *b, const void *p, size_t n) WARN_UNUSED;

#define B64_LEN(n) (((n) + 2) / 3 * 4)
/* Write B64_LEN(n) octets (standard alphabet, padded) to dst. */
void b64_encode(const void *p, size_t n, char *dst);
int b64_add(struct buf *b, const void *p, size_t n) WARN_UNUSED;
/* Decode padded base64 without any white space to dst of cap octets; bits of
 * no meaning must be zero, so that a value has one text.
 * Returns 0, ERR_VALUE (dst may hold a part), or ERR_LIMIT when it does not
 * fit. */
int b64_decode(struct str s, void *dst, size_t cap, size_t *ret_n) WARN_UNUSED;
/* Value 0-63 of a base64 octet, -1 for '=', -2 for anything else. */
int b64_value(unsigned char c);

#endif
