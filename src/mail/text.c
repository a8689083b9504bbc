/*
 * text: Unicode normal form and case folding (spec: IMID).
 *
 * ASCII, which nearly all of it is, takes a short way.  Everything else goes
 * through utf8proc.  The fold is NFC(casefold(NFC(s))): both steps are needed,
 * for folding can take a composed character apart and leave a sequence that
 * composes again.
 */
#include "mail/imid.h"

#include <utf8proc.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "mail/imid_priv.h"

/* Code points that are mapped without asking for memory. */
#define TEXT_SMALL 192

bool
text_is_ascii(struct str s)
{
	unsigned char or = 0;

	for (size_t i = 0; i < s.n; i++)
		or |= (unsigned char)s.p[i];
	return or < 0x80;
}

/* s, valid UTF-8, mapped with utf8proc options into the arena. */
static struct str
text_map(struct arena *a, struct str s, utf8proc_option_t options)
{
	utf8proc_int32_t small[TEXT_SMALL + 1];
	CLEANUP_MEM utf8proc_int32_t *large = NULL;
	utf8proc_int32_t *cp = small;
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s.p;
	utf8proc_ssize_t n;

	n = utf8proc_decompose(p, (utf8proc_ssize_t)s.n, cp, TEXT_SMALL,
			       options);
	if (n > TEXT_SMALL) {
		/* One more for the NUL that reencode writes. */
		large = mem_calloc((size_t)n + 1, sizeof(*large));
		if (!large)
			return (struct str){ NULL, 0 };
		cp = large;
		n = utf8proc_decompose(p, (utf8proc_ssize_t)s.n, cp, n,
				       options);
	}
	if (n < 0)
		return (struct str){ NULL, 0 };
	n = utf8proc_reencode(cp, n, options);
	if (n < 0)
		return (struct str){ NULL, 0 };
	return arena_str(a, str_n(cp, (size_t)n));
}

struct str
text_nfc(struct arena *a, struct str s)
{
	if (text_is_ascii(s))
		return arena_str(a, s);
	if (!utf8_valid(s))
		return (struct str){ NULL, 0 };
	return text_map(a, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

struct str
text_fold(struct arena *a, struct str s)
{
	char *p;

	if (!text_is_ascii(s)) {
		s = text_nfc(a, s);
		if (!s.p)
			return s;
		return text_map(a, s,
				UTF8PROC_STABLE | UTF8PROC_COMPOSE |
					UTF8PROC_CASEFOLD);
	}
	p = arena_alloc(a, s.n + 1);
	if (!p)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) :
							s.p[i];
	return str_n(p, s.n);
}
