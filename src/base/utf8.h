/* utf8: checking and walking UTF-8 (RFC 3629: no surrogates, no overlongs). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/err.h"
#include "base/str.h"

/* Decode one character.  Returns its length 1-4, ERR_UTF8, or ERR_MORE when
 * s ends inside it (or is empty). */
int utf8_decode(struct str s, uint32_t *ret_cp) WARN_UNUSED;
/* Encode; returns 1-4, or ERR_VALUE for what is no scalar value. */
int utf8_encode(uint32_t cp, char dst[static 4])
	WARN_UNUSED;
/* At the front of s stands no character: how many octets count as one mistake
 * (Unicode 3.9, maximal subparts: the longest beginning of a character, else
 * one).  s is not empty. */
size_t utf8_bad_length(struct str s);
bool utf8_valid(struct str s);
/* C0, DEL, C1, U+2028, U+2029. */
bool utf8_is_control(uint32_t cp);
/* The bidi controls: U+061C, U+200E-F, U+202A-E, U+2066-9. */
bool utf8_is_bidi(uint32_t cp);
/* True if s holds a character of one of the two classes above, or is not
 * UTF-8 (a reader that guesses might see such a character in it). */
bool utf8_has_unsafe(struct str s);
/* Length of the longest prefix of s that is at most max octets and does not
 * end inside a character. */
size_t utf8_clip(struct str s, size_t max);

#endif
