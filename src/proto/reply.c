#include "proto/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/utf8.h"

/* Take the first error of the line. */
static void
keep(struct reply *r, int err)
{
	if (err < 0 && r->err == 0)
		r->err = err;
}

static void
put(struct reply *r, const void *p, size_t n)
{
	if (r->err == 0)
		keep(r, buf_add(r->out, p, n));
}

/* The blank between two items. */
static void
next_item(struct reply *r)
{
	if (r->blank)
		put(r, " ", 1);
	r->blank = true;
}

void
reply_begin(struct reply *r, struct buf *out, struct str pipeline,
	    enum status st, bool dash)
{
	*r = (struct reply){ .out = out, .start = out->n };
	if (pipeline.n) {
		put(r, pipeline.p, pipeline.n);
		put(r, ": ", 2);
	}
	if (r->err == 0)
		keep(r, buf_add_u64(out, (uint64_t)st));
	put(r, "- ", 2 * (size_t)dash);
	put(r, " ", !dash);
}

void
reply_lit(struct reply *r, const char *text)
{
	if (!*text)
		return;
	next_item(r);
	put(r, text, strlen(text));
}

void
reply_fmt(struct reply *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	next_item(r);
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		keep(r, ERR_INTERNAL);
	if (r->err == 0)
		keep(r, buf_reserve(r->out, (size_t)n + 1));
	if (r->err < 0)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(buf_tail(r->out), (size_t)n + 1, fmt, ap); /* fits */
	va_end(ap);
	buf_grew(r->out, (size_t)n);
}

/*
 * The next character of peer text that may be shown: what is not UTF-8 is
 * U+FFFD, control and bidi characters are left out.  False at the end.
 */
static bool
next_clean(struct str *rest, struct str *ret)
{
	while (rest->n) {
		uint32_t cp;
		int n = utf8_decode(*rest, &cp);

		if (n < 0) {
			*ret = STR("\xef\xbf\xbd");
			*rest = str_from(*rest, 1);
			return true;
		}
		*ret = str_sub(*rest, 0, (size_t)n);
		*rest = str_from(*rest, (size_t)n);
		if (!utf8_is_control(cp) && !utf8_is_bidi(cp))
			return true;
	}
	return false;
}

/* How much of a text is shown, and whether it must be quoted as a word. */
struct shape {
	size_t n;	/* octets when cleaned and cut */
	bool plain;	/* nothing is to be changed but its length */
	bool quote;
};

static struct shape
measure(struct str s, size_t max)
{
	struct shape sh = { .plain = true };
	struct str rest = s, c;

	while (next_clean(&rest, &c)) {
		if (c.n > max - sh.n)
			break;
		/* Plain as long as the characters stand where they stood. */
		sh.plain = sh.plain && c.p == s.p + sh.n;
		sh.n += c.n;
		if (*c.p == ' ' || *c.p == '"' || *c.p == ';')
			sh.quote = true;
	}
	sh.quote = sh.quote || sh.n == 0;
	return sh;
}

/* Cleaned, at most max octets; with escapes if it is to be quoted. */
static void
put_clean(struct reply *r, struct str s, struct shape sh, bool escape)
{
	struct str c;

	if (sh.plain && !escape) {
		put(r, s.p, sh.n);
		return;
	}
	while (sh.n && r->err == 0 && next_clean(&s, &c)) {
		if (escape && (*c.p == '"' || *c.p == '\\'))
			put(r, "\\", 1);
		put(r, c.p, c.n);
		sh.n -= c.n;
	}
}

static void
put_word(struct reply *r, struct str s, size_t max)
{
	struct shape sh = measure(s, max);

	put(r, "\"", sh.quote);
	put_clean(r, s, sh, sh.quote);
	put(r, "\"", sh.quote);
}

void
reply_word(struct reply *r, struct str w)
{
	next_item(r);
	put_word(r, w, LIMIT_TEXT);
}

void
reply_name(struct reply *r, struct str w)
{
	next_item(r);
	put_word(r, w, LIMIT_REPLY);
}

void
reply_field(struct reply *r, const char *name, struct str value)
{
	next_item(r);
	put(r, name, strlen(name));
	put(r, "=", 1);
	put_word(r, value, LIMIT_TEXT);
}

void
reply_field_name(struct reply *r, const char *name, struct str value)
{
	next_item(r);
	put(r, name, strlen(name));
	put(r, "=", 1);
	put_word(r, value, LIMIT_REPLY);
}

void
reply_field_u64(struct reply *r, const char *name, uint64_t v)
{
	next_item(r);
	put(r, name, strlen(name));
	put(r, "=", 1);
	if (r->err == 0)
		keep(r, buf_add_u64(r->out, v));
}

void
reply_text(struct reply *r, struct str text)
{
	struct shape sh = measure(text, LIMIT_TEXT);

	if (sh.n == 0)
		return;
	next_item(r);
	put_clean(r, text, sh, false);
}

void
reply_json(struct reply *r, struct str json)
{
	next_item(r);
	put(r, json.p, json.n);
}

void
reply_uuid(struct reply *r, const struct uuid *u)
{
	char text[UUID_TEXT + 1];

	uuid_format(u, text);
	next_item(r);
	put(r, text, UUID_TEXT);
}

int
reply_end(struct reply *r)
{
	struct str line = str_from(buf_str(r->out), r->start);

	/* A break inside would be a second, forged line. */
	if (str_chr(line, '\n', 0) >= 0 || str_chr(line, '\r', 0) >= 0)
		keep(r, ERR_INTERNAL);
	if (line.n >= LIMIT_REPLY)
		keep(r, ERR_LIMIT);
	put(r, "\n", 1);
	if (r->err < 0)
		buf_truncate(r->out, r->start);
	return r->err;
}

int
reply_status(struct buf *out, struct str pipeline, enum status st)
{
	struct reply r;

	reply_begin(&r, out, pipeline, st, false);
	reply_lit(&r, status_text(st));
	return reply_end(&r);
}
