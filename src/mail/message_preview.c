/*
 * message_preview: the first characters of a content part as one line.
 *
 * Text is decoded (UTF-8, or the Western single-octet sets that old mail has),
 * its blanks folded to one, what cannot be shown dropped.  HTML loses tags,
 * comments, styles and scripts; the common entities are decoded.  Nothing here
 * has to be right about bad HTML, only short, safe and linear in its input,
 * which may end anywhere.
 */
#include "mail/message.h"

#include "base/utf8.h"
#include "mail/message_priv.h"

#define PREVIEW_MAX 160
/* Octets of a part that are looked at. */
#define PREVIEW_LOOK 65536

enum charset { CHARSET_UTF8, CHARSET_WESTERN, CHARSET_OTHER };

struct preview {
	char text[PREVIEW_MAX];
	size_t n;
	bool blank; /* one is due before the next character */
	bool full;
};

/* --- characters --- */

static bool
is_space(uint32_t cp)
{
	return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0x85 ||
	       cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) ||
	       cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
	       cp == 0x3000;
}

/* What fills the hidden first line of a newsletter, and other unseen ones. */
static bool
is_unseen(uint32_t cp)
{
	return utf8_is_control(cp) || utf8_is_bidi(cp) || cp == 0xad ||
	       cp == 0x34f || cp == 0x200b || cp == 0x200c || cp == 0x2060 ||
	       cp == 0xfeff || cp == 0xfffd;
}

static void
put(struct preview *pv, uint32_t cp)
{
	char one[4];
	int n;

	if (is_space(cp)) {
		pv->blank = pv->n > 0;
		return;
	}
	n = is_unseen(cp) ? 0 : utf8_encode(cp, one);
	if (n <= 0)
		return;
	if (pv->n + pv->blank + (size_t)n > PREVIEW_MAX) {
		pv->full = true;
		return;
	}
	if (pv->blank)
		pv->text[pv->n++] = ' ';
	pv->blank = false;
	memcpy(pv->text + pv->n, one, (size_t)n);
	pv->n += (size_t)n;
}

/* Octets 0x80 to 0x9f of windows-1252; iso-8859-1 has nothing there. */
static const uint16_t western[32] = {
	0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
	0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

/* Put the character at the front of s; returns its octets. */
static size_t
put_text(struct preview *pv, struct str s, enum charset set)
{
	uint32_t cp = (unsigned char)s.p[0];
	int n = 1;

	if (cp >= 0x80 && set == CHARSET_WESTERN) {
		if (cp < 0xa0)
			cp = western[cp - 0x80];
	} else if (cp >= 0x80) {
		n = utf8_decode(s, &cp);
		if (n <= 0)
			return 1;
	}
	put(pv, cp);
	return (size_t)n;
}

static enum charset
charset_of(struct str type)
{
	static const struct {
		const char *name;
		enum charset set;
	} known[] = {
		{ "utf-8", CHARSET_UTF8 },
		{ "utf8", CHARSET_UTF8 },
		{ "us-ascii", CHARSET_UTF8 },
		{ "iso-8859-1", CHARSET_WESTERN },
		{ "iso-8859-15", CHARSET_WESTERN },
		{ "latin1", CHARSET_WESTERN },
		{ "windows-1252", CHARSET_WESTERN },
	};
	struct str name = message_type_param(type, STR("charset"));

	if (!name.p)
		return CHARSET_UTF8;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (str_eqi(name, str_c(known[i].name)))
			return known[i].set;
	}
	return CHARSET_OTHER;
}

/* --- HTML --- */

struct html {
	struct str s;
	size_t at;
	bool trust_quotes; /* no tag had an unclosed one yet */
};

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_alnum(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

/* The place behind the '>' that ends the tag at `at`, or the end of s. */
static size_t
tag_end(struct html *h)
{
	char quote = 0;
	ptrdiff_t first;

	for (size_t i = h->at; h->trust_quotes && i < h->s.n; i++) {
		char c = h->s.p[i];

		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if ((c == '"' || c == '\'') && h->s.p[i - 1] == '=') {
			quote = c;
		} else if (c == '>') {
			return i + 1;
		}
	}
	/* A quote that is never closed would hide the rest: from here on the
	 * first '>' ends a tag. */
	h->trust_quotes = false;
	first = str_chr(h->s, '>', h->at);
	return first < 0 ? h->s.n : (size_t)first + 1;
}

/* Go behind the next "</name" and its '>'; to the end if there is none. */
static void
skip_element(struct html *h, struct str name)
{
	ptrdiff_t at = (ptrdiff_t)h->at;

	while ((at = str_chr(h->s, '<', (size_t)at)) >= 0) {
		struct str tag = str_from(h->s, (size_t)at + 1);

		if (tag.n > name.n && tag.p[0] == '/' &&
		    str_eqi(str_sub(tag, 1, name.n), name)) {
			at = str_chr(h->s, '>', (size_t)at);
			break;
		}
		at++;
	}
	h->at = at < 0 ? h->s.n : (size_t)at + 1;
}

static bool
name_in(struct str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eqi(name, str_c(list[i])))
			return true;
	}
	return false;
}

/* Skip what begins with the '<' at h->at. */
static void
skip_tag(struct preview *pv, struct html *h)
{
	static const char *const hidden[] = { "style", "script", "title",
					      "template" };
	static const char *const flowing[] = {
		"a",	  "abbr", "b",	  "big", "code",  "em",
		"font",	  "i",	  "mark", "s",	 "small", "span",
		"strong", "sub",  "sup",  "u",	 "wbr",
	};
	size_t start = h->at + 1, end;
	bool closing = start < h->s.n && h->s.p[start] == '/';
	struct str name;

	if (str_starts(str_from(h->s, h->at), STR("<!--"))) {
		ptrdiff_t gone = str_find(str_from(h->s, h->at), STR("-->"));

		h->at = gone < 0 ? h->s.n : h->at + (size_t)gone + 3;
		return;
	}
	start += closing;
	for (end = start; end < h->s.n && is_alnum(h->s.p[end]);)
		end++;
	name = str_sub(h->s, start, end - start);
	h->at = tag_end(h);
	if (!closing &&
	    name_in(name, hidden, sizeof(hidden) / sizeof(hidden[0])))
		skip_element(h, name);
	if (!name_in(name, flowing, sizeof(flowing) / sizeof(flowing[0])))
		put(pv, ' ');
}

static const struct {
	const char *name;
	uint32_t cp;
} entities[] = {
	{ "amp", '&' },	      { "lt", '<' },	   { "gt", '>' },
	{ "quot", '"' },      { "apos", '\'' },	   { "nbsp", 0xa0 },
	{ "copy", 0xa9 },     { "reg", 0xae },	   { "trade", 0x2122 },
	{ "hellip", 0x2026 }, { "mdash", 0x2014 }, { "ndash", 0x2013 },
	{ "lsquo", 0x2018 },  { "rsquo", 0x2019 }, { "ldquo", 0x201c },
	{ "rdquo", 0x201d },  { "laquo", 0xab },   { "raquo", 0xbb },
	{ "bull", 0x2022 },   { "middot", 0xb7 },  { "euro", 0x20ac },
	{ "pound", 0xa3 },    { "shy", 0xad },	   { "zwnj", 0x200c },
	{ "auml", 0xe4 },     { "ouml", 0xf6 },	   { "uuml", 0xfc },
	{ "Auml", 0xc4 },     { "Ouml", 0xd6 },	   { "Uuml", 0xdc },
	{ "szlig", 0xdf },    { "eacute", 0xe9 },  { "egrave", 0xe8 },
	{ "agrave", 0xe0 },   { "ccedil", 0xe7 },  { "ntilde", 0xf1 },
};

/* 16 and more for what is no digit. */
static uint32_t
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0');
	if (is_letter(c))
		return (uint32_t)((c | 32) - 'a' + 10);
	return 99;
}

/* The character of "&#...;" without its ends; 0 for none. */
static uint32_t
numeric(struct str digits)
{
	bool hex = digits.n > 0 && (digits.p[0] | 32) == 'x';
	uint32_t cp = 0;

	if (digits.n == (size_t)hex)
		return 0;
	for (size_t i = hex; i < digits.n; i++) {
		uint32_t v = digit_value(digits.p[i]);

		if (v >= (hex ? 16u : 10u))
			return 0;
		cp = cp * (hex ? 16 : 10) + v;
		if (cp > 0x10ffff)
			return 0;
	}
	return cp;
}

/* Put the entity at h->at; what is none is an ordinary '&'. */
static void
put_entity(struct preview *pv, struct html *h)
{
	struct str rest = str_sub(h->s, h->at + 1, 10), name;
	ptrdiff_t end = str_chr(rest, ';', 0);
	uint32_t cp = 0;

	name = str_sub(rest, 0, end < 0 ? 0 : (size_t)end);
	if (name.n > 1 && name.p[0] == '#')
		cp = numeric(str_from(name, 1));
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (name.n > 0 && str_eq(name, str_c(entities[i].name)))
			cp = entities[i].cp;
	}
	put(pv, cp ? cp : '&');
	h->at += cp ? name.n + 2 : 1;
}

static void
walk_html(struct preview *pv, struct str s, enum charset set)
{
	struct html h = { .s = s, .trust_quotes = true };

	while (h.at < s.n && !pv->full) {
		char c = s.p[h.at];
		char next = h.at + 1 < s.n ? s.p[h.at + 1] : '\0';

		if (c == '<' && (is_letter(next) || strchr("/!?", next)))
			skip_tag(pv, &h);
		else if (c == '&')
			put_entity(pv, &h);
		else
			h.at += put_text(pv, str_from(s, h.at), set);
	}
}

/* --- a multipart that came whole --- */

/* Multiparts in multiparts that are looked into. */
#define PREVIEW_DEPTH 4

/* Of *s what stands in the first part: behind the first delimiter and the
 * part's fields.  Its type goes to *type; base64 is no text to us. */
static void
enter_part(struct str *s, struct str *type)
{
	struct str line, key, value;

	*type = STR("text/plain");
	while (s->n > 0 && !str_starts(message_line(s), STR("--")))
		;
	while (s->n > 0 && (line = message_line(s)).n > 0) {
		if (!str_cut(line, ':', &key, &value))
			continue;
		value = str_trim(value);
		if (str_eqi(key, STR("Content-Type")))
			*type = value;
		if (str_eqi(key, STR("Content-Transfer-Encoding")) &&
		    str_eqi(value, STR("base64")))
			*s = STR("");
	}
}

/* The text up to the next delimiter. */
static struct str
part_text(struct str s)
{
	struct str rest = s;

	while (rest.n > 0) {
		size_t left = rest.n;

		if (str_starts(message_line(&rest), STR("--")))
			return str_sub(s, 0, s.n - left);
	}
	return s;
}

struct str
message_preview(struct arena *a, struct str type, struct str octets)
{
	struct preview pv = { .n = 0 };
	struct str s = str_sub(octets, 0, PREVIEW_LOOK);
	enum charset set;
	int depth = 0;

	while (depth < PREVIEW_DEPTH &&
	       message_type_is(type, "multipart", NULL)) {
		enter_part(&s, &type);
		depth++;
	}
	if (depth > 0)
		s = part_text(s);
	set = charset_of(type);
	if (!message_type_is(type, "text", NULL) || set == CHARSET_OTHER)
		return arena_str(a, STR(""));
	if (message_type_is(type, "text", "html"))
		walk_html(&pv, s, set);
	else
		for (size_t i = 0; i < s.n && !pv.full;)
			i += put_text(&pv, str_from(s, i), set);
	return arena_str(a, str_n(pv.text, pv.n));
}
