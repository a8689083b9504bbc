/*
 * fuzz_manifest: a manifest of any octets is refused or read, and what is read
 * is written the same again and renders to the octets it promised.
 */
#include <string.h>

#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "mail/render.h"

/* A message whose parts say more than this is not rendered whole. */
#define RENDER_MAX (4u << 20)

/* A body that never ends: it has a line feed every 16 octets, so what a
 * manifest says of line feeds may be right. */
static int
read_body(void *ctx, uint64_t off, void *dst, size_t n)
{
	uint64_t *reads = ctx;
	char *p = dst;

	FUZZ_CHECK(n > 0 && n <= 65536);
	(*reads)++;
	for (size_t i = 0; i < n; i++)
		p[i] = (off + i) % 16 == 15 ? '\n' : 'x';
	return 0;
}

static void
pull(struct render *r)
{
	static char out[5000];
	uint64_t total = render_total(r), n = 0, reads = 0;
	size_t cap = 1;

	if (total > RENDER_MAX)
		return;
	for (;;) {
		ptrdiff_t got = render_pull(r, read_body, &reads, out, cap);

		/* Only line feeds can be other than the manifest says. */
		FUZZ_CHECK(got >= 0 || got == ERR_CORRUPT);
		if (got <= 0)
			break;
		n += (size_t)got;
		FUZZ_CHECK((size_t)got <= cap && n <= total);
		FUZZ_CHECK(render_offset(r) == n);
		FUZZ_CHECK((size_t)got == cap || n == total);
		cap = cap * 3 % sizeof(out) + 1;
	}
}

/* No octet of a value may end its header field or the header block. */
static void
check_head(struct arena *a, const struct message *m)
{
	CLEANUP_BUF struct buf out = { 0 };
	struct render *r;
	struct str s, line;
	uint64_t reads = 0;
	bool blank = false;

	if (render_mime(a, m, true, read_body, &reads, &r) < 0)
		return;
	buf_init(&out, 64 << 20);
	if (buf_reserve(&out, render_total(r) + 1) < 0)
		return;
	buf_grew(&out, (size_t)render_pull(r, read_body, &reads, buf_tail(&out),
					   render_total(r)));
	/* Only an imported header is read. */
	FUZZ_CHECK(out.n == render_total(r) && (m->imported || reads == 0));
	s = buf_str(&out);
	FUZZ_CHECK(str_ends(s, STR("\r\n\r\n")));
	s.n -= 2;
	while (s.n > 0) {
		ptrdiff_t lf = str_chr(s, '\n', 0);

		FUZZ_CHECK(lf > 0 && s.p[lf - 1] == '\r' && !blank);
		line = str_sub(s, 0, (size_t)lf - 1);
		FUZZ_CHECK(str_chr(line, '\r', 0) < 0);
		FUZZ_CHECK(str_chr(line, '\0', 0) < 0);
		blank = str_trim(line).n == 0;
		s = str_from(s, (size_t)lf + 1);
	}
	FUZZ_CHECK(!blank);
}

static void
check_written(struct arena *a, const struct message *m)
{
	CLEANUP_BUF struct buf first = { 0 }, second = { 0 };
	struct message again;
	struct message_row_text t;

	buf_init(&first, 64 << 20);
	buf_init(&second, 64 << 20);
	FUZZ_CHECK(message_manifest(m, &first) == 0);
	FUZZ_CHECK(message_parse(a, buf_str(&first), &again) == 0);
	FUZZ_CHECK(message_manifest(&again, &second) == 0);
	FUZZ_CHECK(str_eq(buf_str(&first), buf_str(&second)));

	buf_clear(&first);
	FUZZ_CHECK(message_row(m, &first) == 0);
	FUZZ_CHECK(first.n <= 60000 && utf8_valid(buf_str(&first)));
	FUZZ_CHECK(!utf8_has_unsafe(buf_str(&first)));
	FUZZ_CHECK(message_row_read(a, buf_str(&first), &t) == 0);
	buf_clear(&first);
	FUZZ_CHECK(message_identity(m, &first) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a;
	struct message m;
	struct render *r;
	const char *why = "";
	uint64_t reads = 0;

	arena_init(&a, 256 << 20, 4096);
	if (message_parse(&a, str_n(p, n), &m) == 0) {
		check_written(&a, &m);
		check_head(&a, &m);
		FUZZ_CHECK(message_check(&m, &why) == 0 || *why);
		if (render_mime(&a, &m, false, read_body, &reads, &r) == 0)
			pull(r);
		if (render_json(&a, &m, NULL, true, n % 2, &r) == 0)
			pull(r);
	}
	arena_clear(&a);
	FUZZ_CHECK(message_preview(&a, STR("text/html"), str_n(p, n)).n <= 160);
	FUZZ_CHECK(message_preview(&a, STR("text/plain"), str_n(p, n)).n <=
		   160);
	arena_done(&a);
	return 0;
}
