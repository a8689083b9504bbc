/*
 * fuzz_header: whatever header block an imported message brings, what is made
 * of it is a header: lines that end in CRLF, none empty, without control
 * characters, and our own fields of MIME once.
 */
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

/* Is the input UTF-8?  Else a line may be a piece of one that was not. */
static bool utf8;

static size_t
check_line(struct str line)
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
	if (line.p[0] != ' ' && line.p[0] != '\t')
		FUZZ_CHECK(str_chr(line, ':', 0) > 0);
	return str_eqi(str_sub(line, 0, 8), STR("Content-"));
}

static void
check_head(struct str s)
{
	size_t content = 0, version = 0;

	FUZZ_CHECK(str_ends(s, STR("\r\n\r\n")));
	FUZZ_CHECK(s.p[0] != ' ' && s.p[0] != '\t');
	s.n -= 2;
	while (s.n > 0) {
		ptrdiff_t lf = str_chr(s, '\n', 0);
		struct str line;

		FUZZ_CHECK(lf > 0 && s.p[lf - 1] == '\r');
		line = str_sub(s, 0, (size_t)lf - 1);
		content += check_line(line);
		version += str_eqi(line, STR("MIME-Version: 1.0"));
		s = str_from(s, (size_t)lf + 1);
	}
	FUZZ_CHECK(content == 2 && version == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	CLEANUP_BUF struct buf out = { 0 };
	struct str body = str_n(p, n);
	struct message_part parts[2] = {
		{ .id = STR("header"), .type = STR("text/rfc822-headers"),
		  .length = n, .shape = SHAPE_BINARY },
		{ .id = STR("a"), .type = STR("text/plain"), .content = true,
		  .shape = SHAPE_7BIT },
	};
	struct message m = { .imported = true, .multipart = true,
			     .parts = parts, .nparts = 2 };
	struct render *r;
	struct arena a;

	utf8 = utf8_valid(body);
	arena_init(&a, 64 << 20, 4096);
	buf_init(&out, 64 << 20);
	FUZZ_CHECK(render_mime(&a, &m, true, read_body, &body, &r) == 0);
	FUZZ_CHECK(buf_reserve(&out, render_total(r)) == 0);
	FUZZ_CHECK(render_pull(r, read_body, &body, buf_tail(&out),
			       render_total(r)) == (ptrdiff_t)render_total(r));
	buf_grew(&out, render_total(r));
	check_head(buf_str(&out));
	arena_done(&a);
	return 0;
}
