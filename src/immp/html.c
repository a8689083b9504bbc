/*
 * Not a parser of HTML: a walk over tags and text, which never fails on what
 * is no HTML.  Two things are remembered: blanks and line ends that are due
 * before the next text, and the link that is open.
 */
#include "immp/html.h"

#include "base/utf8.h"

struct html {
	struct buf *b;
	bool blank;		/* a blank is due */
	int breaks;		/* line ends are due: at most 2 */
	bool begun;		/* some text has been written */
	bool pre;		/* blanks count */
	bool no_more;		/* no '>' stands in the rest */
	struct str href;	/* of the open link */
	size_t link_at;		/* where its text began */
	int err;
};

static void
put(struct html *h, struct str s)
{
	int rc = 0;

	if (h->err < 0)
		return;
	for (; h->breaks && h->begun && rc == 0; h->breaks--) {
		rc = buf_add_c(h->b, '\n');
		h->blank = false;
	}
	h->breaks = 0;
	if (h->blank && h->begun && rc == 0)
		rc = buf_add_c(h->b, ' ');
	h->blank = false;
	if (rc == 0)
		rc = buf_add_str(h->b, s);
	h->begun = true;
	h->err = rc;
}

static void
need_breaks(struct html *h, int n)
{
	if (h->breaks < n)
		h->breaks = n;
}

/* --- entities --- */

static const struct {
	const char *name;
	uint32_t cp;
} entities[] = {
	{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' },
	{ "apos", '\'' }, { "nbsp", ' ' }, { "ndash", 0x2013 },
	{ "mdash", 0x2014 }, { "hellip", 0x2026 }, { "copy", 0xa9 },
	{ "reg", 0xae }, { "euro", 0x20ac }, { "laquo", 0xab },
	{ "raquo", 0xbb }, { "lsquo", 0x2018 }, { "rsquo", 0x2019 },
	{ "ldquo", 0x201c }, { "rdquo", 0x201d }, { "bull", 0x2022 },
	{ "middot", 0xb7 }, { "auml", 0xe4 }, { "ouml", 0xf6 },
	{ "uuml", 0xfc }, { "Auml", 0xc4 }, { "Ouml", 0xd6 },
	{ "Uuml", 0xdc }, { "szlig", 0xdf }, { "eacute", 0xe9 },
	{ "egrave", 0xe8 }, { "agrave", 0xe0 }, { "aring", 0xe5 },
	{ "oslash", 0xf8 }, { "aelig", 0xe6 }, { "zwnj", 0 }, { "shy", 0 },
};

static bool
number(struct str s, uint32_t *ret)
{
	uint32_t base = 10, n = 0;

	if (s.n && (*s.p == 'x' || *s.p == 'X')) {
		base = 16;
		s = str_from(s, 1);
	}
	if (s.n == 0 || s.n > 7)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint32_t c = (unsigned char)s.p[i] | 0x20u;
		uint32_t d = c >= '0' && c <= '9' ? c - '0' :
			     c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;

		if (d >= base)
			return false;
		n = n * base + d;
	}
	*ret = n;
	return true;
}

/* Resolve an entity at the start of s; octets of it, or 0 if it is none. */
static size_t
entity(struct str s, uint32_t *ret)
{
	ptrdiff_t end = str_chr(str_sub(s, 0, 12), ';', 0);
	struct str name;

	if (end < 2)
		return 0;
	name = str_sub(s, 1, (size_t)end - 1);
	if (name.p[0] == '#')
		return number(str_from(name, 1), ret) ? (size_t)end + 1 : 0;
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (str_eq(name, str_c(entities[i].name))) {
			*ret = entities[i].cp;
			return (size_t)end + 1;
		}
	return 0;
}

/* --- text --- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void
text(struct html *h, struct str s)
{
	while (s.n && h->err == 0) {
		uint32_t cp = 0;
		char octets[4];
		size_t used;
		int n;

		if (h->pre && *s.p == '\n') {
			h->breaks++;
			s = str_from(s, 1);
			continue;
		}
		if (is_blank(*s.p) && (!h->pre || *s.p == '\r')) {
			h->blank = !h->pre;
			s = str_from(s, 1);
			continue;
		}
		used = *s.p == '&' ? entity(s, &cp) : 0;
		if (used) {
			n = utf8_encode(cp, octets);
			if (cp == ' ')
				h->blank = true;
			else if (cp && n > 0)
				put(h, str_n(octets, (size_t)n));
		} else {
			for (used = 1; used < s.n && s.p[used] != '&' &&
				       !is_blank(s.p[used]);)
				used++;
			put(h, str_sub(s, 0, used));
		}
		s = str_from(s, used);
	}
}

/* --- tags --- */

enum tag_effect { TAG_NONE, TAG_BREAK, TAG_BLOCK, TAG_PARAGRAPH, TAG_ITEM,
		  TAG_CELL, TAG_RULE, TAG_SKIP, TAG_PRE, TAG_LINK, TAG_IMAGE };

static const struct {
	const char *name;
	enum tag_effect effect;
} tags[] = {
	{ "br", TAG_BREAK }, { "p", TAG_PARAGRAPH }, { "div", TAG_BLOCK },
	{ "h1", TAG_PARAGRAPH }, { "h2", TAG_PARAGRAPH },
	{ "h3", TAG_PARAGRAPH }, { "h4", TAG_PARAGRAPH },
	{ "ul", TAG_PARAGRAPH }, { "ol", TAG_PARAGRAPH }, { "li", TAG_ITEM },
	{ "table", TAG_PARAGRAPH }, { "tr", TAG_BLOCK }, { "td", TAG_CELL },
	{ "th", TAG_CELL }, { "blockquote", TAG_PARAGRAPH },
	{ "hr", TAG_RULE }, { "script", TAG_SKIP }, { "style", TAG_SKIP },
	{ "head", TAG_SKIP }, { "title", TAG_SKIP }, { "pre", TAG_PRE },
	{ "a", TAG_LINK }, { "img", TAG_IMAGE }, { "section", TAG_BLOCK },
	{ "article", TAG_BLOCK }, { "header", TAG_BLOCK },
	{ "footer", TAG_BLOCK }, { "body", TAG_BLOCK }, { "html", TAG_NONE },
};

static enum tag_effect
effect_of(struct str name)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (str_eqi(name, str_c(tags[i].name)))
			return tags[i].effect;
	return TAG_NONE;
}

/* The value of an attribute inside a tag; empty where it is missing. */
static struct str
attribute(struct str tag, const char *name)
{
	struct str want = str_c(name);

	for (size_t i = 0; i + want.n + 1 < tag.n; i++) {
		struct str v;
		char quote;

		if (!is_blank(tag.p[i]) ||
		    !str_eqi(str_sub(tag, i + 1, want.n), want) ||
		    tag.p[i + 1 + want.n] != '=')
			continue;
		v = str_from(tag, i + want.n + 2);
		quote = v.n ? *v.p : '\0';
		if (quote == '"' || quote == '\'') {
			ptrdiff_t end = str_chr(v, quote, 1);

			return end < 0 ? STR("") : str_sub(v, 1,
							   (size_t)end - 1);
		}
		for (size_t n = 0; n < v.n; n++)
			if (is_blank(v.p[n]) || v.p[n] == '>')
				return str_sub(v, 0, n);
		return v;
	}
	return STR("");
}

static void
end_link(struct html *h)
{
	struct str href = h->href, shown;

	h->href = STR("");
	if (href.n == 0 || h->err < 0 || h->link_at > h->b->n)
		return;
	shown = str_from(buf_str(h->b), h->link_at);
	/* A link that shows where it leads needs no telling. */
	if (str_find(shown, href) >= 0 || str_starts(href, STR("#")) ||
	    href.n > 500)
		return;
	put(h, STR(" <"));
	text(h, href);
	put(h, STR(">"));
}

static void
begin(struct html *h, enum tag_effect effect, struct str tag)
{
	struct str alt;

	switch (effect) {
	case TAG_BREAK:
		h->breaks++;
		break;
	case TAG_ITEM:
		need_breaks(h, 1);
		put(h, STR("* "));
		break;
	case TAG_CELL:
		h->blank = true;
		break;
	case TAG_RULE:
		need_breaks(h, 1);
		put(h, STR("----"));
		need_breaks(h, 1);
		break;
	case TAG_PRE:
		h->pre = true;
		need_breaks(h, 2);
		break;
	case TAG_LINK:
		end_link(h);
		h->href = attribute(tag, "href");
		h->link_at = h->b->n;
		break;
	case TAG_IMAGE:
		alt = attribute(tag, "alt");
		if (alt.n) {
			put(h, STR("["));
			text(h, alt);
			put(h, STR("]"));
		}
		break;
	case TAG_BLOCK:
		need_breaks(h, 1);
		break;
	case TAG_PARAGRAPH:
		need_breaks(h, 2);
		break;
	case TAG_NONE:
	case TAG_SKIP:
		break;
	}
}

static void
end(struct html *h, enum tag_effect effect)
{
	switch (effect) {
	case TAG_LINK:
		end_link(h);
		break;
	case TAG_PRE:
		h->pre = false;
		need_breaks(h, 2);
		break;
	case TAG_PARAGRAPH:
		need_breaks(h, 2);
		break;
	case TAG_BLOCK:
	case TAG_ITEM:
		need_breaks(h, 1);
		break;
	default:
		break;
	}
}

/* Octets up to behind `</name ...>`, all where that never comes. */
static size_t
skip_element(struct str s, struct str name)
{
	for (size_t i = 0; i + 2 + name.n <= s.n; i++)
		if (s.p[i] == '<' && s.p[i + 1] == '/' &&
		    str_eqi(str_sub(s, i + 2, name.n), name)) {
			ptrdiff_t gt = str_chr(s, '>', i);

			return gt < 0 ? s.n : (size_t)gt + 1;
		}
	return s.n;
}

/* A tag (or comment) at the start of s; octets of it. */
static size_t
tag(struct html *h, struct str s)
{
	bool closing = s.n > 1 && s.p[1] == '/';
	struct str name = str_from(s, closing ? 2 : 1);
	enum tag_effect effect;
	ptrdiff_t gt;
	size_t n = 0;

	if (str_starts(s, STR("<!--"))) {
		gt = str_find(s, STR("-->"));
		return gt < 0 ? s.n : (size_t)gt + 3;
	}
	while (n < name.n && ((name.p[n] | 0x20) >= 'a') &&
	       ((name.p[n] | 0x20) <= 'z' || (n && name.p[n] >= '0' &&
					      name.p[n] <= '9')))
		n++;
	/* h1 and the like end in a digit. */
	while (n && n < name.n && name.p[n] >= '0' && name.p[n] <= '9')
		n++;
	name = str_sub(name, 0, n);
	/* Looked for only where it is needed and may be found, so that many
	 * signs that begin no tag cost no more than their number. */
	gt = -1;
	if (!h->no_more && (n || (s.n > 1 && (s.p[1] == '!' || s.p[1] == '?'))))
		gt = str_chr(s, '>', 0);
	if (gt < 0) {
		h->no_more |= n > 0;
		put(h, STR("<"));
		return 1;
	}
	effect = effect_of(name);
	if (closing) {
		end(h, effect);
		return (size_t)gt + 1;
	}
	begin(h, effect, str_sub(s, 0, (size_t)gt + 1));
	if (effect == TAG_SKIP && s.p[gt - 1] != '/')
		return (size_t)gt + 1 +
		       skip_element(str_from(s, (size_t)gt + 1), name);
	return (size_t)gt + 1;
}

int
html_text(struct buf *b, struct str s)
{
	struct html h = { .b = b };

	while (s.n && h.err == 0) {
		ptrdiff_t lt = str_chr(s, '<', 0);

		if (lt != 0) {
			size_t n = lt < 0 ? s.n : (size_t)lt;

			text(&h, str_sub(s, 0, n));
			s = str_from(s, n);
		} else {
			s = str_from(s, tag(&h, s));
		}
	}
	end_link(&h);
	if (h.err == 0 && h.begun)
		h.err = buf_add_c(b, '\n');
	return h.err;
}
