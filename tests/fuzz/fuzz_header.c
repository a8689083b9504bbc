/*
 * fuzz_header: whatever header block an imported message brings, what is made
 * of it is a header: lines that end in CRLF, none empty, without control
 * characters, and the fields of MIME that count once.
 *
 * The octets are the header block of a message of one part; and then, with the
 * blocks of its parts behind it, that of a message of three.
 */
#include <string.h>

#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "mail/render.h"

static int
read_body(void *ctx, uint64_t off, void *dst, size_t n)
{
	const struct str *body = ctx;

	FUZZ_CHECK(n > 0 && n <= 65536);
	FUZZ_CHECK(off <= body->n && n <= body->n - off);
	memcpy(dst, body->p + off, n);
	return 0;
}

/* Fields that are there once, if at all. */
enum once { TYPE, ENCODING, VERSION, DISPOSITION, ID, LENGTH, ONCE };

static const char *const once_names[ONCE] = {
	"Content-Type", "Content-Transfer-Encoding", "MIME-Version",
	"Content-Disposition", "Content-ID", "Content-Length",
};

/* Is the input UTF-8?  Else a line may be a piece of one that was not. */
static bool utf8;

static void
check_line(struct str line, size_t seen[static ONCE])
{
	FUZZ_CHECK(line.n > 0);
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];
		uint32_t cp = c;

		if (utf8 && c > 0x7f)
			i += (size_t)utf8_decode(str_from(line, i), &cp) - 1;
		FUZZ_CHECK(c == '\t' || (c > 0x7f && !utf8) ||
			   !utf8_is_control(cp));
	}
	if (line.p[0] == ' ' || line.p[0] == '\t')
		return;
	FUZZ_CHECK(str_chr(line, ':', 0) > 0);
	for (size_t i = 0; i < ONCE; i++)
		seen[i] += str_eqi(str_sub(line, 0,
					   (size_t)str_chr(line, ':', 0)),
				   str_c(once_names[i]));
}

/* The fields of the message, or of a part of it, with an empty line. */
static void
check_head(struct str s, bool top)
{
	size_t seen[ONCE] = { 0 };

	FUZZ_CHECK(str_ends(s, STR("\r\n\r\n")));
	FUZZ_CHECK(s.p[0] != ' ' && s.p[0] != '\t');
	s.n -= 2;
	while (s.n > 0) {
		ptrdiff_t lf = str_chr(s, '\n', 0);
		struct str line;

		FUZZ_CHECK(lf > 0 && s.p[lf - 1] == '\r');
		line = str_sub(s, 0, (size_t)lf - 1);
		check_line(line, seen);
		s = str_from(s, (size_t)lf + 1);
	}
	FUZZ_CHECK(seen[TYPE] == 1 && seen[ENCODING] == 1);
	FUZZ_CHECK(seen[VERSION] == (size_t)top);
	FUZZ_CHECK(seen[DISPOSITION] <= 1 && seen[ID] <= 1);
	FUZZ_CHECK(seen[LENGTH] == 0);
}

static void
pull(const struct message *m, bool headers_only, struct str body,
     struct buf *out)
{
	struct render *r;
	struct arena a;

	arena_init(&a, 64 << 20, 4096);
	buf_init(out, 64 << 20);
	FUZZ_CHECK(render_mime(&a, m, headers_only, read_body, &body, &r) == 0);
	FUZZ_CHECK(buf_reserve(out, render_total(r)) == 0);
	while (out->n < render_total(r)) {
		size_t left = (size_t)render_total(r) - out->n;
		ptrdiff_t got = render_pull(r, read_body, &body, buf_tail(out),
					    left);

		FUZZ_CHECK(got > 0 && (size_t)got <= left);
		buf_grew(out, (size_t)got);
	}
	arena_done(&a);
}

static void
one_part(struct str body)
{
	CLEANUP_BUF struct buf out = { 0 };
	struct message_part parts[2] = {
		{ .id = STR("header"), .type = STR("text/rfc822-headers"),
		  .length = body.n, .shape = SHAPE_BINARY },
		{ .id = STR("a"), .type = STR("text/plain"), .content = true,
		  .shape = SHAPE_7BIT },
	};
	struct message m = { .imported = true, .multipart = true,
			     .parts = parts, .nparts = 2 };

	pull(&m, true, body, &out);
	check_head(buf_str(&out), true);
}

/* Take the octets up to the end of an empty line off *rest. */
static struct str
take_head(struct str *rest)
{
	ptrdiff_t n = str_find(*rest, STR("\r\n\r\n"));
	struct str head;

	FUZZ_CHECK(n > 0);
	head = str_sub(*rest, 0, (size_t)n + 4);
	*rest = str_from(*rest, head.n);
	return head;
}

/* A container that is no root, its two parts, and what is behind it. */
static void
three_parts(struct str body)
{
	CLEANUP_BUF struct buf out = { 0 };
	struct message_part parts[5] = {
		{ .id = STR("header"), .type = STR("text/rfc822-headers"),
		  .length = body.n, .shape = SHAPE_BINARY },
		{ .id = STR("m"), .type = STR("multipart/mixed") },
		{ .id = STR("n"), .type = STR("multipart/mixed"),
		  .in = STR("m"), .cid = STR("c") },
		{ .id = STR("a"), .type = STR("text/plain; charset=x"),
		  .in = STR("n"), .content = true, .shape = SHAPE_7BIT },
		{ .id = STR("b"), .type = STR("a/b"), .file = STR("f"),
		  .in = STR("m"), .cid = STR("d"), .shape = SHAPE_7BIT },
	};
	struct message m = { .imported = true, .multipart = true,
			     .parts = parts, .nparts = 5 };
	const size_t lines_behind[] = { 1, 1, 4, 2 };
	struct str rest, line;

	for (size_t i = 1; i < 5; i++)
		parts[i].shape = SHAPE_7BIT;
	pull(&m, false, body, &out);
	rest = buf_str(&out);
	for (size_t i = 0; i < 4; i++) {
		struct str head = take_head(&rest);

		/* Containers of 7bit parts name no encoding: say it. */
		if (i < 2) {
			CLEANUP_BUF struct buf full = { 0 };

			buf_init(&full, head.n + 64);
			head.n -= 2;
			FUZZ_CHECK(buf_add_str(&full, head) == 0);
			FUZZ_CHECK(buf_add_cstr(&full,
						"Content-Transfer-Encoding: "
						"7bit\r\n\r\n") == 0);
			check_head(buf_str(&full), i == 0);
		} else {
			check_head(head, false);
		}
		/* The parts have no octets: a delimiter follows, and behind
		 * that of the inner multipart's end the outer one's. */
		for (size_t k = lines_behind[i]; k > 0; k--) {
			ptrdiff_t lf = str_chr(rest, '\n', 0);

			FUZZ_CHECK(lf > 0);
			line = str_sub(rest, 0, (size_t)lf + 1);
			FUZZ_CHECK(line.n == 2 ||
				   str_starts(line, STR("--=_")));
			rest = str_from(rest, line.n);
		}
	}
	FUZZ_CHECK(rest.n == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	utf8 = utf8_valid(str_n(p, n));
	one_part(str_n(p, n));
	three_parts(str_n(p, n));
	return 0;
}
