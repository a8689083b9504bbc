#include "immp/html_priv.h"

#include "base/utf8.h"

static void
add(struct html_out *o, struct str s)
{
	if (o->err == 0)
		o->err = buf_add_str(o->b, s);
}

static void
begin_line(struct html_out *o)
{
	for (unsigned i = 0; i < o->quotes; i++)
		add(o, STR("> "));
	for (unsigned i = 0; i < o->indent; i++)
		add(o, STR("  "));
	o->quoted = o->quotes;
	o->blank = o->cell = false;
}

void
html_put(struct html_out *o, struct str s)
{
	if (!o->begun) {
		begin_line(o);
	} else if (o->breaks) {
		for (; o->breaks > 1; o->breaks--) {
			add(o, STR("\n"));
			/* An empty line inside a quotation is part of it. */
			for (unsigned i = 0; i < o->quotes && i < o->quoted;
			     i++)
				add(o, STR(">"));
		}
		add(o, STR("\n"));
		begin_line(o);
	} else if (o->cell && !o->marked) {
		add(o, STR(" | "));
	} else if (o->blank && !o->marked) {
		add(o, STR(" "));
	}
	o->breaks = 0;
	o->blank = o->cell = o->marked = false;
	add(o, s);
	o->begun = true;
}

void
html_breaks(struct html_out *o, int n)
{
	/* The mark of a list's item stands before its text. */
	if (o->marked)
		return;
	if (o->breaks < n)
		o->breaks = n;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Characters that only pad a preview, or hint where to break a word. */
static size_t
nothing_at(struct str s, bool *ret_blank)
{
	static const char *const list[] = {
		"\xc2\xad", "\xcd\x8f", "\xe2\x80\x8b", "\xef\xbb\xbf",
	};
	struct str zwnj = STR("\xe2\x80\x8c"), behind;

	*ret_blank = str_starts(s, STR("\xc2\xa0"));
	if (*ret_blank)
		return 2;
	/* Letters are kept apart by it, blanks are not. */
	behind = str_from(s, zwnj.n);
	if (str_starts(s, zwnj) &&
	    (behind.n == 0 || is_blank(*behind.p) ||
	     str_starts(behind, STR("\xc2\xa0")) ||
	     str_starts(behind, STR("\xcd\x8f")) ||
	     str_starts(behind, zwnj)))
		return zwnj.n;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (str_starts(s, str_c(list[i])))
			return strlen(list[i]);
	return 0;
}

void
html_flow(struct html_out *o, struct str s)
{
	while (s.n && o->err == 0) {
		bool blank = is_blank(*s.p);
		size_t n = blank ? 1 : nothing_at(s, &blank);

		if (n) {
			o->blank |= blank;
			s = str_from(s, n);
			continue;
		}
		for (n = 1; n < s.n && !is_blank(s.p[n]); n++)
			if ((unsigned char)s.p[n] >= 0xc0 &&
			    nothing_at(str_from(s, n), &blank))
				break;
		html_put(o, str_sub(s, 0, n));
		s = str_from(s, n);
	}
}

/* --- without a tree --- */

static const struct {
	const char *name, *text;
} entities[] = {
	{ "amp", "&" }, { "lt", "<" }, { "gt", ">" }, { "quot", "\"" },
	{ "apos", "'" }, { "nbsp", " " },
};

/* Octets of an entity at the start of s, or 0. */
static size_t
entity(struct html_out *o, struct str s)
{
	ptrdiff_t end = str_chr(str_sub(s, 0, 12), ';', 0);
	struct str name;
	uint64_t n;
	char text[4];
	int len;

	if (end < 2)
		return 0;
	name = str_sub(s, 1, (size_t)end - 1);
	if (*name.p == '#' &&
	    str_u64_any(str_from(name, 1), 0x10ffff, &n) == 0) {
		len = utf8_encode((uint32_t)n, text);
		if (len > 0)
			html_flow(o, str_n(text, (size_t)len));
		return (size_t)end + 1;
	}
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (str_eq(name, str_c(entities[i].name))) {
			html_flow(o, str_c(entities[i].text));
			return (size_t)end + 1;
		}
	return 0;
}

static struct str
tag_name(struct str tag)
{
	size_t n = 0;

	while (n < tag.n && ((tag.p[n] >= 'a' && tag.p[n] <= 'z') ||
			     (tag.p[n] >= 'A' && tag.p[n] <= 'Z') ||
			     (tag.p[n] >= '0' && tag.p[n] <= '9')))
		n++;
	return str_sub(tag, 0, n);
}

/* Octets up to behind what ends an element that is not shown. */
static size_t
skip_to(struct str s, struct str name)
{
	for (size_t i = 0; i + 2 + name.n <= s.n; i++)
		if (s.p[i] == '<' && s.p[i + 1] == '/' &&
		    str_eqi(str_sub(s, i + 2, name.n), name))
			return i;
	return s.n;
}

/* A tag that begins at s; octets of it and of what it hides. */
static size_t
strip_tag(struct html_out *o, struct str s, bool *ends_left)
{
	static const char *const inside[] = { "a", "b", "i", "u", "em", "font",
					      "span", "strong", "img", "sup",
					      "sub", "small", "big" };
	bool closing = s.n > 1 && s.p[1] == '/';
	struct str name = tag_name(str_from(s, closing ? 2 : 1));
	ptrdiff_t gt = *ends_left ? str_chr(s, '>', 0) : -1;
	bool flows = false;

	if (gt < 0) {
		*ends_left = false;
		html_put(o, STR("<"));
		return 1;
	}
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		flows |= str_eqi(name, str_c(inside[i]));
	if (!flows && name.n)
		html_breaks(o, 1);
	if (!closing && (str_eqi(name, STR("script")) ||
			 str_eqi(name, STR("style"))))
		return (size_t)gt + 1 +
		       skip_to(str_from(s, (size_t)gt + 1), name);
	return (size_t)gt + 1;
}

void
html_strip(struct html_out *o, struct str s)
{
	bool ends_left = true;	/* there is a '>' in the rest */

	while (s.n && o->err == 0) {
		size_t n = 0;

		if (*s.p == '<')
			n = strip_tag(o, s, &ends_left);
		else if (*s.p == '&')
			n = entity(o, s);
		if (n == 0) {
			for (n = 1; n < s.n && s.p[n] != '<' && s.p[n] != '&';)
				n++;
			html_flow(o, str_sub(s, 0, n));
		}
		s = str_from(s, n);
	}
}
