/*
 * fuzz_reply: what a client reads from a server, and what a server writes of
 * a peer's text.
 */
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "proto/line.h"
#include "proto/reply.h"

static void
run_parse(struct str line)
{
	static const char *const names[] = { "length", "offset", "v", "d",
					     "subject" };
	struct reply_line l;
	struct arena a;

	if (reply_parse(line, &l) < 0)
		return;
	FUZZ_CHECK(l.code >= 100 && l.code <= 999);
	FUZZ_CHECK(l.pipeline.n <= LIMIT_PIPELINE && l.text.n < line.n);
	FUZZ_CHECK(!l.has_block || (l.dash && l.block <= LIMIT_BLOCK &&
				    l.offset + l.block <= l.total));
	arena_init(&a, 1 << 20, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct str v = reply_get(&a, l.text, names[i]);

		FUZZ_CHECK(v.n <= l.text.n);
		FUZZ_CHECK(!l.has_block || i > 1 || v.n > 0);
	}
	arena_done(&a);
}

/* Whatever the text, the line is one line, is safe to show, and can be read. */
static void
run_write(struct str text)
{
	struct reply r;
	struct reply_line l;
	struct arena a;
	struct buf out;
	struct str line, word;

	buf_init(&out, 4 * LIMIT_REPLY);
	arena_init(&a, 1 << 20, 0);
	reply_begin(&r, &out, STR("p"), ST_INDEX_LINE, true);
	reply_field(&r, "f", text);
	reply_field_u64(&r, "n", text.n);
	reply_word(&r, text);
	reply_name(&r, text);
	reply_text(&r, text);
	if (reply_end(&r) < 0) {
		FUZZ_CHECK(out.n == 0 && text.n > 1000);
	} else {
		line = str_sub(buf_str(&out), 0, out.n - 1);
		FUZZ_CHECK(utf8_valid(line) && !utf8_has_unsafe(line));
		FUZZ_CHECK(reply_parse(line, &l) == 0 && !l.has_block);
		word = reply_get(&a, l.text, "f");
		FUZZ_CHECK(word.p && word.n <= LIMIT_TEXT);
		FUZZ_CHECK(reply_get(&a, l.text, "n").n > 0);
	}
	arena_done(&a);
	buf_done(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = str_n(p, n), line;
	size_t from = 0;
	ptrdiff_t r;

	run_write(in);
	run_parse(in);
	while ((r = line_find(in, LIMIT_REPLY, &from, &line)) > 0) {
		run_parse(line);
		in = str_from(in, (size_t)r);
		from = 0;
	}
	return 0;
}
