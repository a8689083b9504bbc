#include "base/utf8.h"

#include "base/word_priv.h"

/*
 * What may follow a first octet (RFC 3629): its length, and the range of the
 * second octet, which rules out overlong forms (E0, F0), surrogates (ED) and
 * what lies past U+10FFFF (F4).  All others are 80-BF.
 */
static int
lead_len(uint8_t c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc2)
		return 0;
	if (c < 0xe0)
		return 2;
	if (c < 0xf0)
		return 3;
	return c < 0xf5 ? 4 : 0;
}

static bool
second_ok(uint8_t lead, uint8_t c)
{
	switch (lead) {
	case 0xe0:
		return c >= 0xa0 && c <= 0xbf;
	case 0xed:
		return c >= 0x80 && c <= 0x9f;
	case 0xf0:
		return c >= 0x90 && c <= 0xbf;
	case 0xf4:
		return c >= 0x80 && c <= 0x8f;
	default:
		return (c & 0xc0) == 0x80;
	}
}

int
utf8_decode(struct str s, uint32_t *ret_cp)
{
	const uint8_t *p = (const uint8_t *)s.p;
	uint32_t cp;
	int len;

	if (!s.n)
		return ERR_MORE;
	len = lead_len(*p);
	if (!len)
		return ERR_UTF8;
	if (len == 1) {
		*ret_cp = *p;
		return 1;
	}
	if (s.n < 2)
		return ERR_MORE;
	if (!second_ok(p[0], p[1]))
		return ERR_UTF8;
	cp = (uint32_t)(p[0] & (0x7f >> len)) << 6 | (p[1] & 0x3f);
	for (int i = 2; i < len; i++) {
		if ((size_t)i >= s.n)
			return ERR_MORE;
		if ((p[i] & 0xc0) != 0x80)
			return ERR_UTF8;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	*ret_cp = cp;
	return len;
}

size_t
utf8_bad_length(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t len = (size_t)lead_len(*p), n = 1;

	if (len < 2 || s.n < 2 || !second_ok(p[0], p[1]))
		return 1;
	do {
		n++;
	} while (n < len && n < s.n && (p[n] & 0xc0) == 0x80);
	return n;
}

int
utf8_encode(uint32_t cp, char dst[static 4])
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return ERR_VALUE;
	if (cp < 0x80) {
		dst[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		dst[0] = (char)(0xc0 | cp >> 6);
		dst[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		dst[0] = (char)(0xe0 | cp >> 12);
		dst[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | cp >> 18);
	dst[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* Octets from i on that are ASCII, in steps of eight (so it may stop early). */
static inline size_t
skip_ascii(struct str s, size_t i)
{
	/* Four words a turn while they last. */
	while (s.n - i >= 32) {
		const char *p = s.p + i;

		if (word_any_high(word_load(p) | word_load(p + 8) |
				  word_load(p + 16) | word_load(p + 24)))
			break;
		i += 32;
	}
	while (s.n - i >= 8 && !word_any_high(word_load(s.p + i)))
		i += 8;
	return i;
}

bool
utf8_valid(struct str s)
{
	uint32_t cp;
	size_t i = 0;

	while (i < s.n) {
		int len;

		if (!((uint8_t)s.p[i] & 0x80)) {
			size_t next = skip_ascii(s, i);

			i = next > i ? next : i + 1;
			continue;
		}
		len = utf8_decode((struct str){ s.p + i, s.n - i }, &cp);
		if (len < 0)
			return false;
		i += (size_t)len;
	}
	return true;
}

bool
utf8_is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0x2028 ||
	       cp == 0x2029;
}

bool
utf8_is_bidi(uint32_t cp)
{
	return cp == 0x061c || cp == 0x200e || cp == 0x200f ||
	       (cp >= 0x202a && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

bool
utf8_has_unsafe(struct str s)
{
	uint32_t cp;
	size_t i = 0;

	while (i < s.n) {
		int len;

		if (s.n - i >= 8) {
			uint64_t w = word_load(s.p + i);

			if (!(word_any_high(w) | word_any_below(w, 0x20) |
			      word_any_eq(w, 0x7f))) {
				i += 8;
				continue;
			}
		}
		len = utf8_decode((struct str){ s.p + i, s.n - i }, &cp);
		if (len < 0 || utf8_is_control(cp) || utf8_is_bidi(cp))
			return true;
		i += (size_t)len;
	}
	return false;
}

size_t
utf8_clip(struct str s, size_t max)
{
	size_t n = s.n < max ? s.n : max;

	/* Look back for the first octet of the last character. */
	for (size_t back = 1; back <= 3 && back <= n; back++) {
		uint8_t c = (uint8_t)s.p[n - back];

		if ((c & 0xc0) == 0x80)
			continue;
		return (size_t)lead_len(c) > back ? n - back : n;
	}
	return n;
}
