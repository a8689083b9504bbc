#include "sample.h"

#include "lib/test.h"

#define U(s) \
	{ \
		s, sizeof(s) - 1 \
	}

static const struct str to[] = { U("bob@b.test"),
				 U("j\xc3\xb6rg+x@xn--bcher-kva.example") };
static const struct str cc[] = { U("helpdesk/carol@c.test") };

static const struct message_header headers[] = {
	{ U("Reply-To"), U("alice@a.test") },
	{ U("X-Note"), U("quotes \" and \\ and \xe2\x80\x8f rtl") },
	{ U("Via"), U("a.test") },
	{ U("Via"), U("c.test") },
	{ U("X-Empty"), U("") },
};

static const struct message_header names[] = {
	{ U("alice@a.test"), U("Alice \"Al\" A.") },
	{ U("bob@b.test"), U("B\xc3\xb6"
			     "b") },
};

static const struct message_part parts[] = {
	{ .id = U("mix"),
	  .type = U("multipart/mixed"),
	  .sha256 = { 1 },
	  .shape = SHAPE_7BIT,
	  .ends_lf = true },
	{ .id = U("body"),
	  .type = U("text/plain; charset=utf-8"),
	  .in = U("mix"),
	  .content = true,
	  .length = 12,
	  .sha256 = { 2 },
	  .shape = SHAPE_8BIT,
	  .bare_lf = 2,
	  .ends_lf = true },
	{ .id = U("pic \xe2\x82\xac"),
	  .type = U("image/png"),
	  .file = U("\xc3\xbc.png"),
	  .cid = U("pic@a.test"),
	  .in = U("mix"),
	  .is_inline = true,
	  .offset = 12,
	  .length = 70000,
	  .sha256 = { [31] = 255 },
	  .shape = SHAPE_BINARY },
};

static const struct message full = {
	.id = { { 0x61, 0x9b, 0x98, 0x2c, 15 } },
	.from = U("alice@a.test"),
	.by = U("secretary@a.test"),
	.to = to,
	.nto = TEST_COUNT(to),
	.cc = cc,
	.ncc = TEST_COUNT(cc),
	.subject = U("\xc3\x9c"
		     "ber \"uns\"\x7f\t:\xe2\x80\xae)"),
	.date = 1381978910006,
	.received = 1381978910007,
	.important = -1,
	.secure = true,
	.imported = true,
	.has_reply = true,
	.reply = { { 0x71, 0x6e, 0x9a, 0x9e } },
	.multipart = true,
	.headers = headers,
	.nheaders = TEST_COUNT(headers),
	.parts = parts,
	.nparts = TEST_COUNT(parts),
	.preview = U("H\xc3\xa4 'lo"),
	.names = names,
	.nnames = TEST_COUNT(names),
};

static const struct message_part one[] = {
	{ .id = U("part1"),
	  .type = U("text/plain"),
	  .content = true,
	  .length = 5,
	  .shape = SHAPE_7BIT },
};

static const struct message small = {
	.from = U("alice@a.test"),
	.parts = one,
	.nparts = 1,
};

const struct message *
sample_full(void)
{
	return &full;
}

const struct message *
sample_small(void)
{
	return &small;
}

static void
check_lists(const char *name, const struct str *a, size_t na,
	    const struct str *b, size_t nb)
{
	CHECK(name, na == nb);
	for (size_t i = 0; i < na; i++)
		CHECK(name, str_eq(a[i], b[i]));
}

static void
check_pairs(const char *name, const struct message_header *a, size_t na,
	    const struct message_header *b, size_t nb)
{
	CHECK(name, na == nb);
	for (size_t i = 0; i < na; i++) {
		CHECK(name, str_eq(a[i].name, b[i].name));
		CHECK(name, str_eq(a[i].value, b[i].value));
	}
}

static void
check_parts(const struct message_part *a, const struct message_part *b)
{
	CHECK("part id", str_eq(a->id, b->id));
	CHECK("type", str_eq(a->type, b->type));
	CHECK("file", str_eq(a->file, b->file));
	CHECK("cid", str_eq(a->cid, b->cid));
	CHECK("in", str_eq(a->in, b->in));
	CHECK("content", a->content == b->content);
	CHECK("inline", a->is_inline == b->is_inline);
	CHECK("offset", a->offset == b->offset);
	CHECK("length", a->length == b->length);
	CHECK("hash", memcmp(a->sha256, b->sha256, 32) == 0);
	CHECK("shape", a->shape == b->shape);
	CHECK("bare_lf", a->bare_lf == b->bare_lf);
	CHECK("ends_lf", a->ends_lf == b->ends_lf);
}

void
sample_check_equal(const struct message *a, const struct message *b)
{
	CHECK("id", uuid_eq(&a->id, &b->id));
	CHECK("from", str_eq(a->from, b->from));
	CHECK("by", str_eq(a->by, b->by));
	check_lists("to", a->to, a->nto, b->to, b->nto);
	check_lists("cc", a->cc, a->ncc, b->cc, b->ncc);
	CHECK("subject", str_eq(a->subject, b->subject));
	CHECK("date", a->date == b->date && a->received == b->received);
	CHECK("important", a->important == b->important);
	CHECK("secure", a->secure == b->secure);
	CHECK("imported", a->imported == b->imported);
	CHECK("reply",
	      a->has_reply == b->has_reply && uuid_eq(&a->reply, &b->reply));
	CHECK("multipart", a->multipart == b->multipart);
	check_pairs("headers", a->headers, a->nheaders, b->headers,
		    b->nheaders);
	check_pairs("names", a->names, a->nnames, b->names, b->nnames);
	CHECK("preview", str_eq(a->preview, b->preview));
	CHECK("parts", a->nparts == b->nparts);
	for (size_t i = 0; i < a->nparts; i++)
		check_parts(&a->parts[i], &b->parts[i]);
}
