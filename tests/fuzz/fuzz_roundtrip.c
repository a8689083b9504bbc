/*
 * fuzz_roundtrip: mail that is imported comes out again as what it was.
 *
 * Any octets are read as a message, filed as `immp import` and the server do
 * it, given back as MIME, and read once more.  What is read then is the same:
 * the envelope, and the parts with their types, names, places and octets, and
 * the fields of all.
 *
 * What may differ, because it must:
 *  - a header has no control characters; where the message had some, they are
 *    replaced, and what was read of them is not compared;
 *  - text, and what may not be encoded, has its line ends made CRLF if its
 *    lines are short and end in LF;
 *  - a multipart that comes whole and has no line end at its end gets one, for
 *    the delimiter behind it stands in a line of its own;
 *  - a type in which "=?" stands is not compared: readers decode encoded words
 *    in its parameters, where RFC 2047 has none, and so would they again;
 *  - a Content-Disposition that cannot be given again is ours, so whether the
 *    part is an attachment may differ; then neither that nor which part is the
 *    content is compared.
 */
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "crypt/crypt.h"
#include "fuzz/fuzz.h"
#include "mail/render.h"
#include "mime/mime.h"
#include "session/draft.h"

/* What the server looks at for a preview. */
#define PREVIEW_OF 1024
/* No encoding makes more of its octets than this. */
#define GROWTH 64

static struct limits limits;

/* --- in: as immp import and MBOX APPEND --- */

static void
octets_of(const struct mime_part *p, struct buf *out)
{
	char piece[4096];
	struct mime_decode d;
	size_t n;

	mime_decode_init(&d, p);
	while ((n = mime_decode(&d, piece, sizeof(piece))) > 0)
		FUZZ_CHECK(buf_add(out, piece, n) == 0);
}

/* The octets from p->offset to the end of the body are the part's. */
static void
part_end(struct message_part *p, const struct buf *body)
{
	struct str octets = str_from(buf_str(body), p->offset);
	struct part_scan scan;

	part_scan_init(&scan);
	part_scan_feed(&scan, octets);
	part_scan_finish(&scan, p);
	sha256_once(octets.p, octets.n, p->sha256);
	FUZZ_CHECK(message_name_check(p->id) == 0);
	FUZZ_CHECK(message_type_check(p->type) == 0);
	FUZZ_CHECK(p->file.n == 0 || message_name_check(p->file) == 0);
	FUZZ_CHECK(p->cid.n == 0 || message_name_check(p->cid) == 0);
}

static struct message_part *
part_begin(struct draft *d, const struct buf *body, struct str id,
	   struct str type)
{
	struct message_part *p = draft_part(d);

	FUZZ_CHECK(p);
	p->id = id;
	p->type = type;
	p->offset = body->n;
	return p;
}

static void
file_parts(struct draft *d, const struct mime_mail *mail, struct buf *body)
{
	struct message_part *p = part_begin(d, body, STR("header"),
					    STR("text/rfc822-headers"));
	struct str heads;

	FUZZ_CHECK(mime_heads(&d->arena, mail, MESSAGE_HEADER_MAX, &heads) ==
		   0);
	FUZZ_CHECK(buf_add_str(body, heads) == 0);
	part_end(p, body);
	for (size_t i = 0; i < mail->nparts; i++) {
		const struct mime_part *from = &mail->parts[i];

		p = part_begin(d, body, from->id, from->type);
		p->file = from->file;
		p->cid = from->cid;
		p->in = from->in;
		p->content = from->content;
		p->is_inline = from->is_inline;
		if (!from->container)
			octets_of(from, body);
		part_end(p, body);
	}
}

/* As import_send.c has it. */
static void
file_party(struct draft *d, enum party what, const struct mime_addr *who)
{
	CLEANUP_BUF struct buf text = { 0 };
	const struct message *m = &d->m;
	struct str shown;

	/* "undisclosed <>" is nobody. */
	if (who->addr.n == 0 && what != PARTY_FROM)
		return;
	buf_init(&text, 65536);
	FUZZ_CHECK(buf_addf(&text, "%.*s%s%.*s%s", STR_ARG(who->name),
			    who->name.n ? " <" : "", STR_ARG(who->addr),
			    who->name.n ? ">" : "") == 0);
	for (size_t i = 0; i < who->addr.n; i++)
		if (who->addr.p[i] == '<' || who->addr.p[i] == '>')
			buf_put(&text, text.n - who->addr.n - (who->name.n > 0)
				+ i, "?", 1);
	FUZZ_CHECK(draft_party(d, what, buf_str(&text)) == 0);
	shown = what == PARTY_FROM ? m->from :
		what == PARTY_TO   ? m->to[m->nto - 1] :
				     m->cc[m->ncc - 1];
	FUZZ_CHECK(shown.n == who->addr.n);
}

static void
file_headers(struct draft *d, const struct mime_mail *mail)
{
	for (size_t i = 0; i < mail->nheaders; i++) {
		struct str name = mail->headers[i].name;
		struct str value = arena_str(&d->arena, mail->headers[i].value);

		for (size_t k = 0; k < value.n; k++)
			if (value.p[k] == '\t')
				((char *)value.p)[k] = ' ';
		FUZZ_CHECK(message_header_check(name, value) == 0);
		FUZZ_CHECK(message_header_imported(name));
		FUZZ_CHECK(draft_header(d, name, value) == 0);
	}
}

/* The message as it is read out of a store, in a. */
static void
file_mail(struct arena *a, struct draft *d, const struct mime_mail *mail,
	  struct buf *body, struct message *ret)
{
	CLEANUP_BUF struct buf manifest = { 0 };
	const struct message_part *content;
	const char *why;
	struct str head;

	d->filing = ARENA_NEW(&d->arena, struct draft_filing);
	FUZZ_CHECK(d->filing);
	d->m.imported = d->m.multipart = true;
	d->m.date = d->m.received = mail->has_date ? mail->date : 0;
	d->m.subject = mail->subject;
	d->m.important = mail->importance;
	file_party(d, PARTY_FROM, &mail->from);
	for (size_t i = 0; i < mail->nto; i++)
		file_party(d, PARTY_TO, &mail->to[i]);
	for (size_t i = 0; i < mail->ncc; i++)
		file_party(d, PARTY_CC, &mail->cc[i]);
	file_headers(d, mail);
	file_parts(d, mail, body);
	FUZZ_CHECK(message_check(&d->m, &why) == 0);
	content = message_content(&d->m);
	head = str_sub(buf_str(body), content->offset,
		       content->length < PREVIEW_OF ? content->length :
						      PREVIEW_OF);
	d->m.preview = message_preview(&d->arena, content->type, head);
	buf_init(&manifest, 64 << 20);
	FUZZ_CHECK(message_manifest(&d->m, &manifest) == 0);
	FUZZ_CHECK(message_parse(a, buf_str(&manifest), ret) == 0);
}

/* --- out: as MBOX FETCH --- */

static int
read_body(void *ctx, uint64_t off, void *dst, size_t n)
{
	const struct buf *body = ctx;

	FUZZ_CHECK(n > 0 && n <= 65536);
	FUZZ_CHECK(off <= body->n && n <= body->n - off);
	memcpy(dst, buf_data(body) + off, n);
	return 0;
}

static void
pull(struct render *r, struct buf *body, struct buf *out)
{
	uint64_t total = render_total(r);
	size_t cap = 1;

	for (;;) {
		ptrdiff_t got;

		FUZZ_CHECK(buf_reserve(out, cap) == 0);
		got = render_pull(r, read_body, body, buf_tail(out), cap);
		FUZZ_CHECK(got >= 0);
		if (got == 0)
			break;
		buf_grew(out, (size_t)got);
		FUZZ_CHECK((size_t)got == cap || out->n == total);
		cap = cap * 3 % 5000 + 1;
	}
	FUZZ_CHECK(out->n == total);
}

/* --- the same? --- */

/* A header block of which no octet is replaced. */
static bool
is_clean(struct str head)
{
	while (head.n > 0) {
		uint32_t cp;
		int n = utf8_decode(head, &cp);

		if (n > 0 && utf8_is_control(cp) && cp != '\t' &&
		    cp != '\r' && cp != '\n')
			return false;
		head = str_from(head, n > 0 ? (size_t)n : 1);
	}
	return true;
}

static void
check_list(const struct mime_addr *a, size_t na, const struct mime_addr *b,
	   size_t nb)
{
	FUZZ_CHECK(na == nb);
	for (size_t i = 0; i < na; i++) {
		FUZZ_CHECK(str_eq(a[i].addr, b[i].addr));
		FUZZ_CHECK(str_eq(a[i].name, b[i].name));
	}
}

static void
check_envelope(const struct mime_mail *a, const struct mime_mail *b)
{
	FUZZ_CHECK(str_eq(a->subject, b->subject));
	check_list(&a->from, 1, &b->from, 1);
	check_list(a->to, a->nto, b->to, b->nto);
	check_list(a->cc, a->ncc, b->cc, b->ncc);
	FUZZ_CHECK(a->more_addresses == b->more_addresses);
	FUZZ_CHECK(a->has_date == b->has_date && a->date == b->date);
	FUZZ_CHECK(a->importance == b->importance);
	FUZZ_CHECK(str_eq(a->message_id, b->message_id));
	FUZZ_CHECK(str_eq(a->in_reply_to, b->in_reply_to));
	FUZZ_CHECK(str_eq(a->last_reference, b->last_reference));
	FUZZ_CHECK(a->nheaders == b->nheaders);
	for (size_t i = 0; i < a->nheaders; i++) {
		FUZZ_CHECK(str_eq(a->headers[i].name, b->headers[i].name));
		FUZZ_CHECK(str_eq(a->headers[i].value, b->headers[i].value));
	}
}

/* Octets as they go into MIME: line ends are CRLF where they were LF. */
static void
to_crlf(struct str octets, struct buf *out)
{
	for (size_t i = 0; i < octets.n; i++) {
		if (octets.p[i] == '\n')
			FUZZ_CHECK(buf_add_c(out, '\r') == 0);
		FUZZ_CHECK(buf_add_c(out, octets.p[i]) == 0);
	}
}

static void
check_octets(const struct message_part *was, const struct buf *body,
	     const struct mime_part *is)
{
	CLEANUP_BUF struct buf want = { 0 }, got = { 0 };
	struct str octets = str_sub(buf_str(body), was->offset, was->length);
	bool multipart = message_type_is(was->type, "multipart", NULL);
	bool plain = multipart || message_type_is(was->type, "text", NULL) ||
		     message_type_is(was->type, "message", NULL);

	buf_init(&want, 2 * octets.n + 2);
	buf_init(&got, GROWTH * (is->raw.n + 64));
	if (plain && was->bare_lf > 0)
		to_crlf(octets, &want);
	else
		FUZZ_CHECK(buf_add_str(&want, octets) == 0);
	if (multipart && !message_type_is_sealed(was->type) && was->in.n > 0 &&
	    !was->ends_lf)
		FUZZ_CHECK(buf_add_cstr(&want, "\r\n") == 0);
	octets_of(is, &got);
	FUZZ_CHECK(str_eq(buf_str(&want), buf_str(&got)));
}

/* Octets up to the next CR or LF, which are passed over. */
static struct str
next_line(struct str *rest)
{
	struct str line = *rest;
	size_t n = 0, end;

	while (n < rest->n && rest->p[n] != '\r' && rest->p[n] != '\n')
		n++;
	line.n = n;
	end = n;
	while (end < rest->n && (rest->p[end] == '\r' || rest->p[end] == '\n'))
		end++;
	*rest = str_from(*rest, end);
	return line;
}

static bool
is_continued(struct str rest)
{
	return rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t');
}

/* The next field of a head, which has no empty lines; its value unfolded. */
static bool
next_field(struct arena *a, struct str *rest, struct str *ret_name,
	   struct str *ret_value)
{
	while (rest->n > 0) {
		bool continued = is_continued(*rest);
		struct str line = next_line(rest), name, value;
		size_t n = 0;
		char *copy;

		while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f &&
		       line.p[n] != ':')
			n++;
		name = str_sub(line, 0, n);
		value = str_from(line, n);
		while (is_continued(value))
			value = str_from(value, 1);
		if (continued || n == 0 || !str_starts(value, STR(":")))
			continue;
		copy = arena_alloc(a, value.n + rest->n);
		FUZZ_CHECK(copy);
		memcpy(copy, value.p, value.n);
		n = value.n;
		while (is_continued(*rest)) {
			line = next_line(rest);
			memcpy(copy + n, line.p, line.n);
			n += line.n;
		}
		*ret_name = name;
		*ret_value = str_n(copy, n);
		return true;
	}
	return false;
}

/* Its value unfolded, the first of its name; p is NULL if there is none. */
static struct str
field_of(struct arena *a, struct str head, struct str wanted)
{
	struct str name, value;

	while (next_field(a, &head, &name, &value))
		if (str_eqi(name, wanted))
			return value;
	return (struct str){ NULL, 0 };
}

/* The next field that is not one of MIME's that may be ours. */
static bool
next_kept(struct arena *a, struct str *rest, struct str *name,
	  struct str *value)
{
	static const char *const ours[] = {
		"Content-Type", "Content-Disposition", "Content-ID",
		"Content-Transfer-Encoding", "Content-Length", "MIME-Version",
	};
	bool is_ours = true;

	while (is_ours) {
		if (!next_field(a, rest, name, value))
			return false;
		is_ours = false;
		for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
			is_ours = is_ours || str_eqi(*name, str_c(ours[i]));
	}
	return true;
}

/* All other fields are there again, in their order. */
static void
check_fields(struct arena *arena, struct str a, struct str b)
{
	struct str name[2], value[2];

	if (!is_clean(a))
		return;
	while (next_kept(arena, &a, &name[0], &value[0])) {
		FUZZ_CHECK(next_kept(arena, &b, &name[1], &value[1]));
		FUZZ_CHECK(str_eq(name[0], name[1]));
		FUZZ_CHECK(str_eq(value[0], value[1]));
	}
	FUZZ_CHECK(!next_kept(arena, &b, &name[1], &value[1]));
}

static bool
same_disposition(struct arena *arena, const struct mime_part *a,
		 const struct mime_part *b)
{
	struct str name = STR("Content-Disposition");
	struct str was = field_of(arena, a->head, name);
	struct str is = field_of(arena, b->head, name);

	return was.p ? is.p && str_eq(was, is) : !is.p;
}

static void
check_part(const struct mime_part *a, const struct message_part *was,
	   const struct buf *body, const struct mime_part *b)
{
	FUZZ_CHECK(str_eq(a->id, b->id) && str_eq(a->in, b->in));
	FUZZ_CHECK(a->container == b->container);
	FUZZ_CHECK(str_find(a->type, STR("=?")) >= 0 ||
		   str_eq(a->type, b->type));
	FUZZ_CHECK(a->container || str_eq(a->file, b->file));
	FUZZ_CHECK(str_eq(a->cid, b->cid));
	if (!a->container)
		check_octets(was, body, b);
}

static void
check_same(struct arena *arena, const struct mime_mail *a,
	   const struct message *m, const struct buf *body,
	   const struct mime_mail *b)
{
	bool same = true;

	FUZZ_CHECK(a->nparts == b->nparts && m->nparts == a->nparts + 1);
	for (size_t i = 0; i < a->nparts; i++) {
		const struct mime_part *p = &a->parts[i], *q = &b->parts[i];
		bool kept = same_disposition(arena, p, q);

		check_part(p, &m->parts[i + 1], body, q);
		check_fields(arena, p->head, q->head);
		FUZZ_CHECK(!kept || p->is_inline == q->is_inline);
		same = same && kept;
	}
	for (size_t i = 0; i < a->nparts && same; i++)
		FUZZ_CHECK(a->parts[i].content == b->parts[i].content);
	if (is_clean(a->head))
		check_envelope(a, b);
}

static void
round_trip(struct arena *a, struct str octets, const struct mime_limits *l)
{
	static uint64_t inline_octets;
	static struct ident who = { .refs = 1 };
	const struct session_env env = { .limits = &limits,
					 .inline_octets = &inline_octets };
	CLEANUP_BUF struct buf body = { 0 }, mime = { 0 }, json = { 0 };
	struct mime_mail mail, again;
	const char *why = "";
	struct draft *d;
	struct message m;
	struct render *r;

	if (mime_read(a, octets, l, &mail, &why) < 0 ||
	    mail.head.n > MESSAGE_HEADER_MAX)
		return;
	d = draft_new(&env, &who, 0);
	FUZZ_CHECK(d);
	buf_init(&body, GROWTH * (octets.n + 64));
	buf_init(&mime, 64 << 20);
	buf_init(&json, 128 << 20);
	file_mail(a, d, &mail, &body, &m);
	FUZZ_CHECK(render_json(a, &m, NULL, true, octets.n % 2, &r) == 0);
	pull(r, &body, &json);
	FUZZ_CHECK(render_mime(a, &m, false, read_body, &body, &r) == 0);
	pull(r, &body, &mime);
	FUZZ_CHECK(mime_read(a, buf_str(&mime), l, &again, &why) == 0);
	check_same(a, &mail, &m, &body, &again);
	draft_unref(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	/* What immp import takes, and less, so that it is passed. */
	static const struct mime_limits reading[] = { { 998, 30, 400, 64 },
						      { 20, 3, 5, 2 } };
	static bool begun;
	struct arena a;

	if (!begun) {
		mime_init();
		limits_init(&limits);
	}
	begun = true;
	arena_init(&a, 256 << 20, 4096);
	for (size_t i = 0; i < 2; i++) {
		round_trip(&a, str_n(p, n), &reading[i]);
		arena_clear(&a);
	}
	arena_done(&a);
	return 0;
}
