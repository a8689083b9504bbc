#include "unit/mime/shape.h"

#include "lib/test.h"

static void
add(struct buf *b, const char *text, struct str value)
{
	assert_rc(buf_add_cstr(b, text), 0);
	assert_rc(buf_add_str(b, value), 0);
}

static void
add_octets(struct buf *b, const struct mime_part *p)
{
	struct mime_decode d;
	char piece[64];
	size_t n;

	add(b, " [", STR(""));
	mime_decode_init(&d, p);
	while ((n = mime_decode(&d, piece, sizeof(piece))) > 0) {
		for (size_t i = 0; i < n; i++) {
			if (piece[i] == '\n')
				add(b, "\\n", STR(""));
			else if (piece[i] == '\r')
				add(b, "\\r", STR(""));
			else
				assert_rc(buf_add_c(b, piece[i]), 0);
		}
	}
	add(b, "]", STR(""));
}

static struct str
take(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, buf_str(b));

	assert_non_null(s.p);
	buf_done(b);
	return s;
}

struct str
shape_parts(struct arena *a, const struct mime_mail *m)
{
	struct buf b;

	buf_init(&b, 8 << 20);
	for (size_t i = 0; i < m->nparts; i++) {
		const struct mime_part *p = &m->parts[i];

		add(&b, i ? "\n" : "", p->id);
		if (p->in.n)
			add(&b, "<", p->in);
		add(&b, " ", p->type);
		add(&b, p->content ? "*" : "", STR(""));
		add(&b, p->is_inline ? "+" : "", STR(""));
		if (p->file.n)
			add(&b, " file=", p->file);
		if (p->cid.n)
			add(&b, " cid=", p->cid);
		if (!p->container)
			add_octets(&b, p);
	}
	return take(a, &b);
}

static void
add_people(struct buf *b, const char *name, const struct mime_addr *list,
	   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		add(b, name, list[i].name);
		add(b, "|", list[i].addr);
		add(b, "\n", STR(""));
	}
}

static void
add_line(struct buf *b, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	add(b, name, value);
	add(b, "\n", STR(""));
}

struct str
shape_envelope(struct arena *a, const struct mime_mail *m)
{
	struct buf b;

	buf_init(&b, 8 << 20);
	add_line(&b, "subject ", m->subject);
	if (m->from.name.n || m->from.addr.n)
		add_people(&b, "from ", &m->from, 1);
	add_people(&b, "to ", m->to, m->nto);
	add_people(&b, "cc ", m->cc, m->ncc);
	if (m->more_addresses)
		add_line(&b, "more", STR("!"));
	if (m->has_date)
		add_line(&b, "date ",
			 arena_fmt(a, "%llu", (unsigned long long)m->date));
	if (m->importance)
		add_line(&b, "importance ",
			 m->importance > 0 ? STR("1") : STR("-1"));
	add_line(&b, "id ", m->message_id);
	add_line(&b, "reply ", m->in_reply_to);
	add_line(&b, "last ", m->last_reference);
	for (size_t i = 0; i < m->nheaders; i++) {
		add(&b, "header ", m->headers[i].name);
		add(&b, "=", m->headers[i].value);
		add(&b, "\n", STR(""));
	}
	return take(a, &b);
}

void
shape_case(struct arena *a, const char *name, const char *in, guard_fn *read,
	   shape_fn *shape, const char *want)
{
	struct mime_mail m;

	CHECK_RC(name, guard_prefixes(str_c(in), read, &m, NULL), 0);
	CHECK_RC(name, read(str_c(in), &m), 0);
	CHECK_STR(name, shape(a, &m), want);
	arena_clear(a);
}
