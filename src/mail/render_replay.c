/*
 * render_replay: the header blocks that an imported message came with, once
 * more.
 *
 * Fields are given as they were, in their order, folds included, but for
 * those that tell of the MIME structure, which is ours (render_choose.c), and
 * for blanks before a colon.  What is no field has no place in a header and
 * goes, and so do the lines that continue it.  A line has no control
 * characters; what is no UTF-8 stays, for whoever reads it may know what it is.
 */
#include <assert.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "mail/message_priv.h"
#include "mail/render_priv.h"

/* RFC 5322, 2.1.1; without the line end. */
#define LINE_MAX_OCTETS 998
#define READ_STEP 65536u

/* --- characters --- */

/* The character at the front of a line: its octets, and what it is.  Of a line
 * that is no UTF-8 each octet is one. */
static size_t
next_char(struct str s, bool utf8, uint32_t *ret_cp)
{
	int n = utf8 ? utf8_decode(s, ret_cp) : 0;

	if (n > 0)
		return (size_t)n;
	*ret_cp = (unsigned char)s.p[0] < 0x80 ? (uint32_t)s.p[0] : 0xfffd;
	return 1;
}

bool
header_is_clean(struct str line)
{
	bool utf8 = utf8_valid(line);

	for (size_t i = 0; i < line.n;) {
		uint32_t cp;

		i += next_char(str_from(line, i), utf8, &cp);
		if (cp != '\t' && utf8_is_control(cp))
			return false;
	}
	return true;
}

/* A line as it may stand in a header, appended to out. */
static int
add_clean(struct buf *out, struct str line)
{
	bool utf8 = utf8_valid(line);
	int err = 0;

	for (size_t i = 0, n; i < line.n && err == 0; i += n) {
		uint32_t cp;

		n = next_char(str_from(line, i), utf8, &cp);
		if (cp != '\t' && utf8_is_control(cp))
			err = buf_add_c(out, '?');
		else
			err = buf_add(out, line.p + i, n);
	}
	return err;
}

/* --- lines --- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Where to fold s: at the last blank within a line's length, else at the first
 * behind it; text stands before it and behind it, and a field's name with its
 * colon is not cut off.  0: nowhere. */
static size_t
fold_place(struct str s)
{
	size_t first = 0, last = s.n - 1, at;

	assert(s.p);
	while (first < s.n && is_blank(s.p[first]))
		first++;
	if (first == 0)
		first = (size_t)str_chr(s, ':', 0);	/* of a field */
	while (last > first && is_blank(s.p[last]))
		last--;
	for (at = LINE_MAX_OCTETS; at > first; at--)
		if (at < last && is_blank(s.p[at]))
			return at;
	for (at = LINE_MAX_OCTETS; at < last; at++)
		if (at > first && is_blank(s.p[at]))
			return at;
	return 0;
}

static void
put_line(struct head *h, struct str line)
{
	while (line.n > LINE_MAX_OCTETS) {
		size_t at = fold_place(line);

		if (at == 0)
			break;
		head_put(h, str_sub(line, 0, at));
		head_end(h);
		line = str_from(line, at);
	}
	head_put(h, line);
	head_end(h);
}

/* Take the next line off *rest, without the CRLF, LF or CR that ends it. */
static struct str
next_line(struct str *rest)
{
	struct str s = *rest;
	size_t n = 0;

	assert(s.p);
	while (n < s.n && s.p[n] != '\r' && s.p[n] != '\n')
		n++;
	*rest = str_from(s, n + 1);
	if (n < s.n && s.p[n] == '\r' && str_starts(*rest, STR("\n")))
		*rest = str_from(*rest, 1);
	return str_sub(s, 0, n);
}

/* Is a line the first one of a field?  Then *ret_name and, of its colon and
 * all behind it, *ret_value. */
static bool
is_field(struct str line, struct str *ret_name, struct str *ret_value)
{
	struct str name;
	size_t n = 0, colon;

	while (n < line.n && line.p[n] > ' ' && line.p[n] <= '~' &&
	       line.p[n] != ':')
		n++;
	name = str_sub(line, 0, n);
	/* Blanks before the colon are of the old syntax, and are left out: a
	 * reader takes "From :" in a first line for that of an mbox. */
	for (colon = n; colon < line.n && is_blank(line.p[colon]);)
		colon++;
	if (n == 0 || colon == line.n || line.p[colon] != ':')
		return false;
	*ret_name = name;
	*ret_value = str_from(line, colon);
	return true;
}

bool
header_next(struct header_lines *l, struct str *ret_name, struct str *ret_line)
{
	while (l->block.n > 0) {
		struct str line = next_line(&l->block);

		*ret_name = (struct str){ NULL, 0 };
		if (line.n == 0 || !is_blank(line.p[0]))
			l->given = is_field(line, ret_name, &line);
		*ret_line = line;
		if (l->given)
			return true;
	}
	return false;
}

/* --- replaying --- */

/* Is a field replayed?  What is so once only is then no more in *left. */
static bool
is_wanted(struct str name, struct header_choice *left)
{
	enum header_once which;
	bool was;

	if (!message_header_is_mime(name))
		return true;
	which = header_once(name);
	if (which != HEADER_ONCE) {
		was = left->given[which];
		left->given[which] = false;
		return was;
	}
	/* The lengths that some mailboxes note are not of what we write. */
	return left->mime && !str_eqi(name, STR("MIME-Version")) &&
	       !str_eqi(name, STR("Content-Transfer-Encoding")) &&
	       !str_eqi(name, STR("Content-Length"));
}

void
head_replay(struct head *h, struct str block,
	    const struct header_choice *choice)
{
	CLEANUP_BUF struct buf clean = { 0 };
	struct header_lines lines = { .block = block };
	struct header_choice left = *choice;
	struct str name, line;
	bool wanted = false;
	int err = 0;

	buf_init(&clean, MESSAGE_HEADER_MAX);
	while (err == 0 && header_next(&lines, &name, &line)) {
		if (name.p)
			wanted = is_wanted(name, &left);
		if (!wanted)
			continue;
		buf_clear(&clean);
		err = buf_add_str(&clean, name);
		if (err == 0)
			err = add_clean(&clean, line);
		put_line(h, buf_str(&clean));
	}
	if (h->err == 0)
		h->err = err;
}

/* --- the part that holds the blocks --- */

const struct message_part *
render_header_part(const struct message *m)
{
	const struct message_part *p = message_part_by_id(m, STR("header"));

	return m->imported && p && p->length <= MESSAGE_HEADER_MAX &&
	       message_is_header(p) ? p : NULL;
}

const struct message_part *
render_original_part(const struct message *m)
{
	const struct message_part *p = message_part_by_id(m, STR("original"));

	return p && message_is_original(p, m->imported) ? p : NULL;
}

int
header_read(const struct message_part *p, render_read_fn read, void *ctx,
	    struct buf *out)
{
	int err = 0;

	while (err == 0 && out->n < p->length) {
		uint64_t left = p->length - out->n;
		size_t n = left < READ_STEP ? (size_t)left : READ_STEP;

		err = buf_reserve(out, n);
		if (err == 0)
			err = read(ctx, p->offset + out->n, buf_tail(out), n);
		if (err == 0)
			buf_grew(out, n);
	}
	return err;
}

bool
header_block(struct str *rest, struct str *ret)
{
	struct str left = *rest;

	if (!left.p)
		return false;
	while (left.n > 0) {
		size_t n = rest->n - left.n;

		if (next_line(&left).n > 0)
			continue;
		*ret = str_sub(*rest, 0, n);
		*rest = left;
		return true;
	}
	*ret = *rest;
	*rest = (struct str){ NULL, 0 };
	return true;
}
