/*
 * block: each form whole, cut at every place, into room for one octet, with
 * the input at a page's end, and dropped.
 */
#include "base/limits.h"
#include "lib/guard.h"
#include "lib/test.h"
#include "proto/block.h"

/* Where inputs lie, each at the end of a page. */
static struct guard page;

struct sample {
	const char *name;
	enum block_form form;
	const char *in;		/* the block, then perhaps more */
	size_t n;		/* octets of the block */
	int result;
	const char *out;	/* NULL: not looked at */
};

#define COUNTED(name, in, result, out) \
	{ name, BLOCK_BASE64, in, sizeof(in) - 1, result, out }
#define LINES(name, in, rest, result, out) \
	{ name, BLOCK_BASE64_LINES, in rest, sizeof(in) - 1, result, out }

static const struct sample samples[] = {
	{ "raw", BLOCK_RAW, "hello\r\nNOOP\n", 7, 0, "hello\r\n" },
	{ "raw, empty", BLOCK_RAW, "NOOP\n", 0, 0, "" },
	COUNTED("empty", "", 0, ""),
	COUNTED("one group", "aGVs", 0, "hel"),
	COUNTED("one octet", "aA==", 0, "h"),
	COUNTED("two octets", "aGU=", 0, "he"),
	COUNTED("breaks", "aG\nVs\r\nbG8=\n", 0, "hello"),
	COUNTED("break in padding", "aA=\n=", 0, "h"),
	COUNTED("empty lines", "aGVs\n\n\nbG8=\n\n", 0, "hello"),
	COUNTED("slash and plus", "+/+/", 0, "\xfb\xff\xbf"),
	COUNTED("group not whole", "aGVsb", ERR_DATA, NULL),
	COUNTED("group without padding", "aGVsbG8", ERR_DATA, NULL),
	COUNTED("padding first", "=aGV", ERR_DATA, NULL),
	COUNTED("padding second", "a===", ERR_DATA, NULL),
	COUNTED("padding alone", "====", ERR_DATA, NULL),
	COUNTED("padding too much", "aGU==", ERR_DATA, NULL),
	COUNTED("padding half", "aA=", ERR_DATA, NULL),
	COUNTED("padding inside", "aA=A", ERR_DATA, NULL),
	COUNTED("data behind padding", "aA==aA==", ERR_DATA, NULL),
	COUNTED("blank", "aG Vs", ERR_DATA, NULL),
	COUNTED("tab", "aG\tVs", ERR_DATA, NULL),
	COUNTED("nul", "aG\0Vs", ERR_DATA, NULL),
	COUNTED("high octet", "aG\xc3Vs", ERR_DATA, NULL),
	COUNTED("url alphabet", "-_-_", ERR_DATA, NULL),
	COUNTED("bare cr", "aG\rVs", ERR_DATA, NULL),
	COUNTED("cr last", "aGVs\r", ERR_DATA, NULL),
	COUNTED("cr twice", "aGVs\r\r\n", ERR_DATA, NULL),
	LINES("empty", "\n\n", "NOOP", 0, ""),
	LINES("empty, crlf", "\r\n\r\n", "NOOP", 0, ""),
	LINES("a line", "aGVsbG8=\n\n\n", "NOOP\n", 0, "hello"),
	LINES("a line, crlf", "aGVsbG8=\r\n\r\n\r\n", "\n", 0, "hello"),
	LINES("mixed ends", "aGVs\r\nbG8=\n\r\n\n", "\n", 0, "hello"),
	LINES("group over lines", "aG\nVs\n\n\n", "", 0, "hel"),
	LINES("a single empty line", "aGVs\n\nbG8=\n\n\n", "", ERR_DATA, NULL),
	LINES("a single empty first line", "\naGVs\n\n\n", "", ERR_DATA, NULL),
	LINES("group not whole", "aGVsb\n\n\n", "", ERR_DATA, NULL),
	LINES("blank in an empty line", "aGVs\n \n\n\n", "", ERR_DATA, NULL),
	LINES("outside the alphabet", "aG*s\n\n\n", "NOOP\n", ERR_DATA, NULL),
	LINES("cr cr lf is not empty", "aGVs\n\r\r\n\n\n", "", ERR_DATA, NULL),
	LINES("bare cr between", "aGVs\n\n\raGVs\n\n\n", "", ERR_DATA, NULL),
	LINES("a command inside", "DONE\n\nQUIT\n\n\n", "", ERR_DATA, NULL),
};

/* Feed in pieces of `step` into room for `room`; out NULL drops. */
static void
run(const struct sample *s, struct str in, size_t step, size_t room, bool drop)
{
	struct block b;
	char out[256];
	size_t at = 0, nout = 0, got;

	assert_true(room <= sizeof(out));
	block_init(&b, s->form, s->n);
	while (!b.done) {
		char piece[256];
		struct str chunk = str_sub(in, at, step);
		size_t n;

		if (chunk.n == 0)
			fail_msg("%s: wants more than its octets", s->name);
		assert_int_equal(s->form != BLOCK_BASE64_LINES &&
				 b.left != s->n - at, 0);
		n = block_feed(&b, chunk, drop ? NULL : piece, room, &got);
		assert_true(n > 0 && n <= chunk.n);
		assert_true(drop || got <= room);
		assert_true(nout + got <= sizeof(out));
		if (!drop)
			memcpy(out + nout, piece, got);
		nout += got;
		at += n;
		assert_int_equal(b.decoded, nout);
	}
	if (at != s->n)
		fail_msg("%s: ends at %zu", s->name, at);
	if (block_result(&b) != s->result)
		fail_msg("%s: result %d", s->name, block_result(&b));
	assert_int_equal(block_feed(&b, STR("aGVs"), out, 1, &got), 0);
	assert_int_equal(got, 0);
	if (s->out) {
		assert_int_equal(nout, strlen(s->out));
		assert_true(drop || memcmp(out, s->out, nout) == 0);
	}
}

static void
test_samples(void **state)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *s = &samples[i];
		struct str in = str_n(s->in, s->form == BLOCK_BASE64 ? s->n :
					     strlen(s->in));
		struct str in_page = guard_put(&page, in);

		for (size_t step = 1; step <= in.n + 1; step++) {
			run(s, in_page, step, 256, false);
			run(s, in_page, step, 1, false);
			run(s, in_page, step, 2, false);
			run(s, in_page, step, 0, true);
		}
	}
}

static void
test_no_room(void **state)
{
	struct block b;
	char out[1];
	size_t got;

	block_init(&b, BLOCK_RAW, 4);
	assert_int_equal(block_feed(&b, STR("abcd"), out, 0, &got), 0);
	assert_int_equal(block_result(&b), ERR_MORE);
	block_init(&b, BLOCK_BASE64, 4);
	assert_int_equal(block_feed(&b, STR("aGVs"), out, 0, &got), 0);
	assert_false(b.done);
	/* No input is no progress and no harm. */
	assert_int_equal(block_feed(&b, (struct str){ NULL, 0 }, out, 1, &got),
			 0);
}

/* A bad block is counted to its end and puts out nothing more. */
static void
test_bad_is_counted(void **state)
{
	struct block b;
	char out[64];
	size_t got;

	block_init(&b, BLOCK_BASE64, 12);
	assert_int_equal(block_feed(&b, STR("aGVs*GVs"), out, 64, &got), 8);
	assert_int_equal(got, 3);
	assert_int_equal(block_result(&b), ERR_DATA);
	assert_false(b.done);
	assert_int_equal(block_feed(&b, STR("aGVsNOOP"), out, 64, &got), 4);
	assert_int_equal(got, 0);
	assert_true(b.done);
}

static int
open_page(void **state)
{
	guard_init(&page, LIMIT_REPLY + 1);
	return 0;
}

static int
close_page(void **state)
{
	guard_done(&page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_bad_is_counted),
	};

	return cmocka_run_group_tests(tests, open_page, close_page);
}
