/*
 * fuzz_mime: any octets are a message, whose parts lie in them, whose types
 * and names can be sent, and whose text becomes UTF-8.
 */
#include <string.h>

#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "mail/message.h"
#include "mime/mime.h"

/* No encoding makes more of its octets than this; identity is the most, but
 * uuencode gives 63 for a line of two. */
#define GROWTH 64

static void
check_text(struct str s)
{
	uint32_t cp;

	FUZZ_CHECK(utf8_valid(s));
	while (s.n > 0) {
		int n = utf8_decode(s, &cp);

		FUZZ_CHECK(cp == '\t' || !utf8_is_control(cp));
		s = str_from(s, (size_t)n);
	}
}

static void
check_in(struct str inner, struct str outer)
{
	FUZZ_CHECK(inner.n == 0 || (inner.p >= outer.p &&
				    inner.p + inner.n <= outer.p + outer.n));
}

/* Decode in pieces of a size; the length and a sum of the octets. */
static uint64_t
decode(const struct mime_part *p, size_t cap, uint64_t *ret_sum,
       struct buf *text)
{
	char piece[4096];
	struct mime_decode d;
	uint64_t length = 0;
	size_t n;

	*ret_sum = 0;
	mime_decode_init(&d, p);
	while ((n = mime_decode(&d, piece, cap)) > 0) {
		FUZZ_CHECK(n <= cap);
		for (size_t i = 0; i < n; i++)
			*ret_sum = *ret_sum * 31 + (unsigned char)piece[i];
		length += n;
		if (text)
			FUZZ_CHECK(buf_add(text, piece, n) == 0);
	}
	return length;
}

/* What seems to be the charset of a type. */
static struct str
charset_of(struct str type)
{
	ptrdiff_t at = str_find(type, STR("charset="));
	struct str charset, rest;

	if (at < 0)
		return STR("");
	(void)str_cut(str_from(type, (size_t)at + 8), ';', &charset, &rest);
	return charset;
}

static void
check_decoded(const struct mime_part *p)
{
	CLEANUP_BUF struct buf raw = { 0 }, text = { 0 };
	struct str charset = charset_of(p->type);
	uint64_t a, b, n;

	buf_init(&raw, GROWTH * (p->raw.n + 64));
	n = decode(p, 4096, &a, &raw);
	FUZZ_CHECK(n == mime_decoded_length(p));
	FUZZ_CHECK(n == decode(p, 64 + n % 100, &b, NULL) && a == b);
	buf_init(&text, 16 * raw.n + 64);
	FUZZ_CHECK(mime_utf8(charset, buf_str(&raw), &text) == 0);
	FUZZ_CHECK(utf8_valid(buf_str(&text)));
}

static void
check_part(const struct mime_mail *m, size_t i, struct str octets)
{
	const struct mime_part *p = &m->parts[i];
	char id[32];
	bool found = p->in.n == 0;

	snprintf(id, sizeof(id), "part%zu", i + 1);
	FUZZ_CHECK(str_eq(p->id, str_c(id)));
	for (size_t k = 0; k < i; k++)
		found |= m->parts[k].container &&
			 str_eq(m->parts[k].id, p->in);
	FUZZ_CHECK(found && (p->in.n == 0) == (i == 0));
	FUZZ_CHECK(message_type_check(p->type) == 0);
	FUZZ_CHECK(p->file.n == 0 || message_name_check(p->file) == 0);
	check_text(p->cid);
	check_in(p->raw, octets);
	FUZZ_CHECK(!p->container ||
		   (p->raw.n == 0 && !p->content &&
		    message_type_is(p->type, "multipart", NULL)));
	if (!p->container)
		check_decoded(p);
}

static void
check_people(const struct mime_addr *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check_text(list[i].name);
		check_text(list[i].addr);
		FUZZ_CHECK(list[i].addr.n <= 320);
	}
}

static void
check_mail(const struct mime_mail *m, const struct mime_limits *l,
	   struct str octets)
{
	size_t contents = 0;

	FUZZ_CHECK(m->nparts > 0 && m->nparts <= l->parts);
	FUZZ_CHECK(m->nto + m->ncc <= l->addresses);
	FUZZ_CHECK(m->nheaders <= l->headers);
	check_in(m->head, octets);
	check_text(m->subject);
	check_people(&m->from, 1);
	check_people(m->to, m->nto);
	check_people(m->cc, m->ncc);
	check_text(m->message_id);
	check_text(m->in_reply_to);
	check_text(m->last_reference);
	for (size_t i = 0; i < m->nheaders; i++) {
		check_text(m->headers[i].name);
		check_text(m->headers[i].value);
	}
	for (size_t i = 0; i < m->nparts; i++) {
		contents += m->parts[i].content;
		check_part(m, i, octets);
	}
	FUZZ_CHECK(contents == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct mime_limits limits[] = { MIME_LIMITS_INIT,
						     { 20, 3, 5, 2 } };
	static bool begun;
	struct arena a;
	struct mime_mail m;
	const char *why = "";

	if (!begun)
		mime_init();
	begun = true;
	arena_init(&a, 256 << 20, 4096);
	for (size_t i = 0; i < 2; i++) {
		int err = mime_read(&a, str_n(p, n), &limits[i], &m, &why);

		FUZZ_CHECK(err == 0 || (err == ERR_LIMIT && *why));
		if (err == 0)
			check_mail(&m, &limits[i], str_n(p, n));
	}
	arena_done(&a);
	return 0;
}
