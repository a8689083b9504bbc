/*
 * The words of a line, in one pass after one that only counts.
 *
 * Counting blanks and semicolons bounds the words and commands, so that both
 * arrays are allocated once.  A word without escapes is a slice of the line;
 * the others are put together in one scratch run, which never grows past the
 * line because unescaping only shortens.  Octets are checked as they are met,
 * from left to right: when something is wrong, all before it is known to be
 * right, and so is the pipeline of the first AS there.
 */
#include "proto/line.h"

#include "base/limits.h"
#include "base/utf8.h"

struct parser {
	struct arena *arena;
	struct str text;
	size_t at;
	const struct line_limits *lim;
	struct word *words;
	struct line_cmd *cmds;
	size_t nwords, ncmds;
	size_t max_words, max_cmds;
	char *scratch;
	size_t nscratch;
	bool seen_as;
	struct line_error *err;
};

ptrdiff_t
line_find(struct str in, size_t max, size_t *from, struct str *ret_line)
{
	size_t reach = in.n;
	const char *lf = NULL;
	size_t n;

	/* The longest line is max octets, CR, LF. */
	if (in.n > max && in.n - max > 2)
		reach = max + 2;
	if (*from < reach)
		lf = memchr(in.p + *from, '\n', reach - *from);
	if (!lf) {
		if (reach > max + 1 || (reach > max && in.p[max] != '\r'))
			return ERR_TOOLONG;
		*from = reach;
		return ERR_MORE;
	}
	n = (size_t)(lf - in.p);
	*ret_line = str_n(in.p, n > 0 && lf[-1] == '\r' ? n - 1 : n);
	if (ret_line->n > max)
		return ERR_TOOLONG;
	return (ptrdiff_t)n + 1;
}

static int
fail(struct parser *p, size_t at, const char *why)
{
	p->err->at = at;
	p->err->why = why;
	return ERR_SYNTAX;
}

static inline bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

static inline bool
is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void
skip_blanks(struct parser *p)
{
	while (p->at < p->text.n && is_blank((unsigned char)p->text.p[p->at]))
		p->at++;
}

/* Step over one octet or character that stands for itself; blanks are taken. */
static inline int
take_char(struct parser *p)
{
	unsigned char c = (unsigned char)p->text.p[p->at];
	uint32_t cp;
	int n;

	if (c >= 0x80) {
		n = utf8_decode(str_from(p->text, p->at), &cp);
		if (n < 0)
			return fail(p, p->at, "not UTF-8");
		p->at += (size_t)n;
		return 0;
	}
	if (c == '\r')
		return fail(p, p->at, "CR without LF");
	if ((c < 0x20 && c != '\t') || c == 0x7f)
		return fail(p, p->at, "control character");
	p->at++;
	return 0;
}

/* Append prefix and body, its escapes resolved, to the scratch run. */
static int
unescape(struct parser *p, struct str prefix, struct str body, struct str *ret)
{
	char *start, *d;

	if (!p->scratch) {
		p->scratch = arena_alloc(p->arena, p->text.n);
		if (!p->scratch)
			return ERR_NOMEM;
	}
	start = d = p->scratch + p->nscratch;
	if (prefix.n)
		memcpy(d, prefix.p, prefix.n);
	d += prefix.n;
	for (size_t i = 0; i < body.n; i++) {
		if (body.p[i] == '\\')
			i++;
		*d++ = body.p[i];
	}
	*ret = str_n(start, (size_t)(d - start));
	p->nscratch += ret->n;
	return 0;
}

/*
 * From an opening quote to behind the closing one.  prefix is what stands
 * before the quote, name= or nothing.
 */
static int
parse_quoted(struct parser *p, struct str prefix, struct str *ret)
{
	size_t open = p->at++;
	bool escapes = false;
	struct str body;
	int r;

	for (;;) {
		if (p->at == p->text.n)
			return fail(p, open, "quote not closed");
		char c = p->text.p[p->at];
		if (c == '"')
			break;
		if (c == '\\') {
			/* Only \" and \\ are known; step over the first. */
			escapes = true;
			if (p->at + 1 == p->text.n)
				return fail(p, open, "quote not closed");
			char next = p->text.p[p->at + 1];
			if (next != '"' && next != '\\')
				return fail(p, p->at, "unknown escape");
			p->at += 2;
			continue;
		}
		r = take_char(p);
		if (r < 0)
			return r;
	}
	body = str_sub(p->text, open + 1, p->at - open - 1);
	p->at++;
	if (p->at < p->text.n && p->text.p[p->at] != ';' &&
	    !is_blank((unsigned char)p->text.p[p->at]))
		return fail(p, p->at, "no blank behind a closing quote");
	if (escapes || prefix.n)
		return unescape(p, prefix, body, ret);
	*ret = body;
	return 0;
}

/* A word that does not begin with a quote: plain, or name="value". */
static int
parse_plain(struct parser *p, struct word *w)
{
	size_t start = p->at;
	bool name = true;	/* all so far may be a name */
	int r;

	w->eq = -1;
	while (p->at < p->text.n) {
		unsigned char c = (unsigned char)p->text.p[p->at];

		if (is_alnum(c) || c == '_' || c == '.') {
			p->at++;
			continue;
		}
		if (is_blank(c) || c == ';')
			break;
		if (c == '"') {
			if (w->eq < 0 || p->at != start + (size_t)w->eq + 1)
				return fail(p, p->at, "quote inside a word");
			return parse_quoted(p, str_sub(p->text, start,
						       p->at - start),
					    &w->text);
		}
		if (c == '=' && name && p->at > start)
			w->eq = (int)(p->at - start);
		name = false;
		r = take_char(p);
		if (r < 0)
			return r;
	}
	w->text = str_sub(p->text, start, p->at - start);
	return 0;
}

static int
parse_word(struct parser *p)
{
	struct word *w = &p->words[p->nwords];
	int r;

	if (p->nwords == p->max_words)
		return fail(p, p->at, "too many words");
	if (p->text.p[p->at] == '"') {
		w->quoted = true;
		w->eq = -1;
		r = parse_quoted(p, (struct str){ NULL, 0 }, &w->text);
	} else {
		r = parse_plain(p, w);
	}
	if (r < 0)
		return r;
	p->nwords++;
	return 0;
}

static bool
is_pipeline(struct str s)
{
	if (s.n == 0 || s.n > LIMIT_PIPELINE)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum((unsigned char)s.p[i]) && s.p[i] != '_' &&
		    s.p[i] != '-')
			return false;
	return true;
}

/* AS and the word behind it have been read: take the pipeline's name. */
static int
take_pipeline(struct parser *p, size_t at, struct line_cmd *cmd)
{
	struct str id = p->words[p->nwords - 1].text;
	bool first = !p->seen_as;

	p->seen_as = true;
	if (!is_pipeline(id))
		return fail(p, at, "bad pipeline name");
	if (first)
		p->err->pipeline = id;
	cmd->pipeline = id;
	return 0;
}

/* One command up to its semicolon or the line's end.  spec: Pipelines */
static int
parse_cmd(struct parser *p)
{
	size_t first = p->nwords;
	struct line_cmd *cmd = &p->cmds[p->ncmds];
	bool as = false;
	int r;

	if (p->ncmds == p->max_cmds)
		return fail(p, p->at, "too many commands");
	for (;;) {
		skip_blanks(p);
		if (p->at == p->text.n || p->text.p[p->at] == ';')
			break;
		size_t at = p->at;
		r = parse_word(p);
		if (r < 0)
			return r;
		if (p->nwords == first + 1)
			as = !p->words[first].quoted &&
			     str_eqi(p->words[first].text, STR("AS"));
		else if (p->nwords == first + 2 && as) {
			r = take_pipeline(p, at, cmd);
			if (r < 0)
				return r;
		}
	}
	if (as && p->nwords == first + 1)
		return fail(p, p->at, "AS without a pipeline name");
	if (as)
		first += 2;
	if (p->nwords == first)
		return fail(p, p->at, "empty command");
	cmd->words = p->words + first;
	cmd->n = p->nwords - first;
	p->ncmds++;
	return 0;
}

/* Bound the words and commands of the line, and allocate for them. */
static int
make_room(struct parser *p)
{
	size_t words = 1, cmds = 1;

	for (size_t i = 0; i < p->text.n; i++) {
		bool semicolon = p->text.p[i] == ';';

		cmds += semicolon;
		words += semicolon || is_blank((unsigned char)p->text.p[i]);
	}
	p->max_words = words < p->lim->words ? words : p->lim->words;
	p->max_cmds = cmds < p->lim->commands ? cmds : p->lim->commands;
	p->words = ARENA_ARRAY(p->arena, struct word, p->max_words);
	p->cmds = ARENA_ARRAY(p->arena, struct line_cmd, p->max_cmds);
	return p->words && p->cmds ? 0 : ERR_NOMEM;
}

/* spec: Line */
int
line_parse(struct arena *a, struct str text, const struct line_limits *lim,
	   struct line *ret, struct line_error *reterr)
{
	struct parser p = { .arena = a, .text = text, .lim = lim,
			    .err = reterr };
	int r;

	*reterr = (struct line_error){ 0 };
	if (text.n > lim->octets)
		return fail(&p, lim->octets, "line too long");
	skip_blanks(&p);
	if (p.at == text.n) {
		*ret = (struct line){ 0 };
		return 0;
	}
	r = make_room(&p);
	if (r < 0)
		return r;
	for (;;) {
		r = parse_cmd(&p);
		if (r < 0)
			return r;
		if (p.at == text.n)
			break;
		p.at++;
	}
	*ret = (struct line){ p.cmds, p.ncmds };
	return 0;
}

bool
line_mentions_data(struct str text)
{
	for (size_t i = 0; i + 4 <= text.n; i++)
		if ((text.p[i] | 0x20) == 'd' &&
		    str_eqi(str_sub(text, i, 4), STR("DATA")))
			return true;
	return false;
}
