/*
 * charset: text in any character set as UTF-8, and text made clean.
 */
#include <errno.h>
#include <gmime/gmime.h>

#include "base/utf8.h"
#include "mime/mime_priv.h"

#define CHARSET_MAX 63

/*
 * Names under which mail means a larger set than it says, as browsers read
 * them too, and names that iconv does not know.
 */
static const struct {
	const char *name, *use;
} aliases[] = {
	{ "iso-8859-1", "windows-1252" },
	{ "iso8859-1", "windows-1252" },
	{ "iso_8859-1", "windows-1252" },
	{ "latin1", "windows-1252" },
	{ "gb2312", "gb18030" },
	{ "gbk", "gb18030" },
	{ "x-gbk", "gb18030" },
	{ "ks_c_5601-1987", "cp949" },
	{ "euc-kr", "cp949" },
	{ "shift_jis", "cp932" },
	{ "shift-jis", "cp932" },
	{ "x-sjis", "cp932" },
	{ "big5", "big5-hkscs" },
	{ "unicode-1-1-utf-7", "utf-7" },
	{ "x-mac-cyrillic", "mac-cyrillic" },
};

/* UTF-8 with U+FFFD for what is none. */
static int
add_utf8(struct str text, struct buf *out)
{
	size_t from = 0, at = 0;
	uint32_t cp;
	int err;

	while (at < text.n) {
		int n = (unsigned char)text.p[at] < 0x80 ?
				1 :
				utf8_decode(str_from(text, at), &cp);

		if (n > 0) {
			at += (size_t)n;
			continue;
		}
		err = buf_add(out, text.p + from, at - from);
		if (err == 0)
			err = buf_add_str(out, MIME_REPLACEMENT);
		if (err < 0)
			return err;
		at += utf8_bad_length(str_from(text, at));
		from = at;
	}
	return text.n > from ? buf_add(out, text.p + from, text.n - from) : 0;
}

/* A name for iconv in dst; false if it can be none. */
static bool
charset_name(struct str charset, char dst[static CHARSET_MAX + 1])
{
	charset = str_trim(charset);
	if (charset.n == 0 || charset.n > CHARSET_MAX)
		return false;
	for (size_t i = 0; i < charset.n; i++) {
		char c = charset.p[i];

		/* No slash: iconv reads options behind it. */
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && !memchr("-_.:+()", c, 7))
			return false;
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (str_eqi(charset, str_c(aliases[i].name)))
			charset = str_c(aliases[i].use);
	return str_copy(charset, dst, CHARSET_MAX + 1) == 0;
}

/* Convert all of text; what iconv refuses is U+FFFD, an octet each. */
static int
convert(iconv_t cd, struct str text, struct buf *out)
{
	char *in = (char *)text.p;
	size_t left = text.n;
	bool flushed = false;

	while (!flushed) {
		char piece[4096], *dst = piece;
		size_t room = sizeof(piece), rc;
		int err, why;

		flushed = left == 0;
		rc = flushed ? iconv(cd, NULL, NULL, &dst, &room) :
			       iconv(cd, &in, &left, &dst, &room);
		why = rc == (size_t)-1 ? errno : 0;
		err = buf_add(out, piece, (size_t)(dst - piece));
		if (err == 0 && why != 0 && why != E2BIG)
			err = buf_add_str(out, MIME_REPLACEMENT);
		if (err < 0)
			return err;
		if (why == E2BIG)
			flushed = false;
		else if (why == EINVAL)
			left = 0;
		else if (why != 0 && left > 0)
			in++, left--;
	}
	return 0;
}

static bool
is_utf8(struct str charset)
{
	return str_eqi(charset, STR("utf-8")) || str_eqi(charset, STR("utf8"));
}

static bool
is_unknown(struct str charset)
{
	/* GMime would take x-unknown for that of the locale. */
	return charset.n == 0 || str_eqi(charset, STR("us-ascii")) ||
	       str_eqi(charset, STR("ascii")) ||
	       str_eqi(charset, STR("x-unknown"));
}

int
mime_utf8(struct str charset, struct str text, struct buf *out)
{
	char name[CHARSET_MAX + 1];
	iconv_t cd = (iconv_t)-1;
	int err;

	charset = str_trim(charset);
	if (is_utf8(charset))
		return add_utf8(text, out);
	if (!is_unknown(charset) && charset_name(charset, name))
		cd = g_mime_iconv_open("UTF-8", name);
	if (cd == (iconv_t)-1) {
		if (utf8_valid(text))
			return buf_add_str(out, text);
		cd = g_mime_iconv_open("UTF-8", "windows-1252");
		if (cd == (iconv_t)-1)
			return add_utf8(text, out);
	}
	err = convert(cd, text, out);
	(void)g_mime_iconv_close(cd);	/* goes back to GMime's cache */
	return err;
}

static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

int
mime_clean(struct arena *a, struct str s, struct str *ret)
{
	char *p;
	size_t n = 0;
	uint32_t cp;

	if (is_plain(s)) {
		*ret = s;
		return 0;
	}
	/* At worst each octet becomes three. */
	p = arena_alloc(a, s.n * 3);
	if (!p)
		return ERR_NOMEM;
	while (s.n > 0) {
		int len = utf8_decode(s, &cp);

		if (len > 0 && (cp == '\t' || !utf8_is_control(cp))) {
			memcpy(p + n, s.p, (size_t)len);
			n += (size_t)len;
		} else {
			memcpy(p + n, MIME_REPLACEMENT.p, 3);
			n += 3;
			len = len > 0 ? len : (int)utf8_bad_length(s);
		}
		s = str_from(s, (size_t)len);
	}
	*ret = str_n(p, n);
	return 0;
}
