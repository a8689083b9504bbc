#include "immp/format/mbox.h"

#include "lib/guard.h"
#include "lib/test.h"

#define F "From a@b Thu Oct 17 09:08:07 2013\n"
#define MOST 4

static const struct mbox_case {
	const char *name;
	enum mbox_kind kind;
	const char *in;
	const char *out[MOST];
} mbox_cases[] = {
	{ "nothing", MBOX_AUTO, "", { NULL } },
	{ "blank lines alone", MBOX_AUTO, "\n\n\r\n", { NULL } },
	{ "one", MBOX_AUTO, F "A: 1\n\ntext\n", { "A: 1\n\ntext\n" } },
	{ "the empty line behind it is not its own", MBOX_AUTO,
	  F "A: 1\n\ntext\n\n", { "A: 1\n\ntext\n" } },
	{ "two", MBOX_AUTO, F "A: 1\n\nx\n\n" F "A: 2\n\ny\n\n",
	  { "A: 1\n\nx\n", "A: 2\n\ny\n" } },
	{ "two without an empty line between", MBOX_AUTO,
	  F "A: 1\n\nx\n" F "A: 2\n\ny\n", { "A: 1\n\nx\n", "A: 2\n\ny\n" } },
	{ "CRLF", MBOX_AUTO,
	  "From a@b Thu Oct 17 09:08:07 2013\r\nA: 1\r\n\r\nx\r\n\r\n"
	  "From a@b Thu Oct 17 09:08:07 2013\r\nA: 2\r\n\r\ny\r\n",
	  { "A: 1\r\n\r\nx\r\n", "A: 2\r\n\r\ny\r\n" } },
	{ "an empty message", MBOX_AUTO, F "\n" F "A: 2\n\ny\n",
	  { "", "A: 2\n\ny\n" } },
	{ "no LF at the end", MBOX_AUTO, F "A: 1\n\nx", { "A: 1\n\nx" } },
	{ "empty lines at the end of the text", MBOX_AUTO,
	  F "A: 1\n\nx\n\n\n" F "A: 2\n\ny\n",
	  { "A: 1\n\nx\n\n", "A: 2\n\ny\n" } },
	{ "a text that begins with From", MBOX_AUTO,
	  F "A: 1\n\nFrom here on it is easy.\n\nFrom 9:30 on\n",
	  { "A: 1\n\nFrom here on it is easy.\n\nFrom 9:30 on\n" } },
	{ "what precedes the first From_ line", MBOX_AUTO, "A: 1\n\nx\n",
	  { "A: 1\n\nx\n" } },
	{ "rd", MBOX_RD, F "A: 1\n\n>From a\n>>From b\n> From c\nx >From d\n",
	  { "A: 1\n\nFrom a\n>From b\n> From c\nx >From d\n" } },
	{ "o", MBOX_O, F "A: 1\n\n>From a\n>>From b\n",
	  { "A: 1\n\nFrom a\n>>From b\n" } },
	{ "found to be rd", MBOX_AUTO, F "A: 1\n\n>From a\n>>From b\n",
	  { "A: 1\n\nFrom a\n>From b\n" } },
	{ "cl2", MBOX_CL2,
	  F "Content-Length: 42\n\n" F ">From b\n" F "A: 2\n\ny\n",
	  { "Content-Length: 42\n\n" F ">From b\n", "A: 2\n\ny\n" } },
	{ "found to be cl2", MBOX_AUTO,
	  F "Content-Length: 36\n\nx\n" F "\n" F "A: 2\n\ny\n",
	  { "Content-Length: 36\n\nx\n" F, "A: 2\n\ny\n" } },
	{ "found to be cl", MBOX_AUTO,
	  F "Content-Length: 8\n\n>From a\n\n" F "A: 2\n\ny\n",
	  { "Content-Length: 8\n\nFrom a\n", "A: 2\n\ny\n" } },
	{ "a length that is wrong", MBOX_AUTO,
	  F "Content-Length: 3\n\nx and more\n\n" F "A: 2\n\ny\n",
	  { "Content-Length: 3\n\nx and more\n", "A: 2\n\ny\n" } },
	{ "a length past the end", MBOX_AUTO,
	  F "Content-Length: 999\n\nx\n\n" F "A: 2\n\ny\n",
	  { "Content-Length: 999\n\nx\n", "A: 2\n\ny\n" } },
};

static void
test_cut(void **state)
{
	struct guard g;

	guard_init(&g, 4096);
	TEST_EACH(c, mbox_cases) {
		struct str from, octets, plain;
		struct buf b;
		struct mbox m;
		size_t n = 0;

		buf_init(&b, 65536);
		mbox_init(&m, guard_put(&g, str_c(c->in)), c->kind);
		while (mbox_next(&m, &from, &octets)) {
			assert_int_equal(mbox_unquote(&m, octets, &b, &plain),
					 0);
			assert_true(n < MOST && c->out[n]);
			CHECK_STR(c->name, plain, c->out[n]);
			n++;
		}
		assert_true(n == MOST || !c->out[n]);
		buf_done(&b);
	}
	guard_done(&g);
}

static const struct time_case {
	const char *line;
	uint64_t ms;
} time_cases[] = {
	{ "From a@b Thu Oct 17 09:08:07 2013", 1382000887000 },
	{ "From a@b Thu Oct  7 9:08 2013", 1381136880000 },
	{ "From a@b Thu Oct 17 09:08:07 +0200 2013", 1382000887000 },
	{ "From - Sat Jan 01 00:00:00 2000", 946684800000 },
	{ "From a@b", 0 }, { "", 0 }, { "From nobody today", 0 },
	{ "From a@b Thu Oct 17 29:08:07 2013", 0 },
};

static void
test_time(void **state)
{
	TEST_EACH(c, time_cases)
		assert_int_equal(mbox_from_time(str_c(c->line)), c->ms);
}

static void
test_kind(void **state)
{
	enum mbox_kind k;

	assert_int_equal(mbox_kind_parse("cl2", &k), 0);
	assert_int_equal(k, MBOX_CL2);
	assert_int_equal(mbox_kind_parse("auto", &k), 0);
	assert_int_equal(k, MBOX_AUTO);
	assert_int_equal(mbox_kind_parse("mmdf", &k), ERR_VALUE);
}

static const struct mark_case {
	const char *in, *out;
} mark_cases[] = {
	{ "", "" },
	{ "A: b\n\nLines: 1\n", "A: b\n\nLines: 1\n" },
	{ "Status: RO\nA: b\nlines : 3\n\nx\n", "A: b\n\nx\n" },
	{ "A: b\r\nX-UID: 1\r\n\r\nStatus: x", "A: b\r\n\r\nStatus: x" },
	{ "X-Keywords: a\n b\n\tc\nA: b\n c\n\n", "A: b\n c\n\n" },
	{ "Status: O\nX-Status: F\n", "" },
	{ "X-Statuses: O\nX-IMAPbase: 1 2\nContent-Length: 1\n\nx",
	  "X-Statuses: O\n\nx" },
	{ "A: b\nStatus: O", "A: b\n" },
};

static void
take_run(void *ctx, struct str run)
{
	assert_true(run.n > 0);
	assert_int_equal(buf_add_str(ctx, run), 0);
}

static void
test_unmarked(void **state)
{
	struct guard g;

	guard_init(&g, 4096);
	TEST_EACH(c, mark_cases) {
		struct buf b;

		buf_init(&b, 4096);
		mbox_unmarked(guard_put(&g, str_c(c->in)), take_run, &b);
		CHECK_STR(c->in, buf_str(&b), c->out);
		buf_done(&b);
	}
	guard_done(&g);
}

static const struct flag_case {
	const char *in, *out;
} flag_cases[] = {
	{ "", "" },
	{ "Subject: x\n\nStatus: RO\n", "" },
	{ "Status: O\n\n", "" },
	{ "Status: RO\nX-Status: FA\n\n", "read answered flagged" },
	{ "x-status: TD\r\nStatus : R\r\n\r\n", "$deleted draft read" },
	{ "X-Keywords: $work NonJunk  work\n\t$a.b\nA: b\n c\n",
	  "$work $nonjunk $a.b" },
	{ "X-Keywords:\n x\n y\n\n", "$x $y" },
	{ "Status: R\nStatus: R\nX-Keywords: $ $read\n\n", "read $read" },
};

static void
test_flags(void **state)
{
	char words[MBOX_FLAGS][MAILDIR_WORD];
	const char *flags[MBOX_FLAGS + 1];
	struct guard g;

	guard_init(&g, 4096);
	TEST_EACH(c, flag_cases) {
		struct buf b;

		buf_init(&b, 4096);
		mbox_flags(guard_put(&g, str_c(c->in)), words, flags);
		for (size_t i = 0; flags[i]; i++) {
			if (i)
				assert_int_equal(buf_add_c(&b, ' '), 0);
			assert_int_equal(buf_add_cstr(&b, flags[i]), 0);
		}
		CHECK_STR(c->in, buf_str(&b), c->out);
		buf_done(&b);
	}
	guard_done(&g);
}

/* More words than there is room for. */
static void
test_many_flags(void **state)
{
	char words[MBOX_FLAGS][MAILDIR_WORD];
	const char *flags[MBOX_FLAGS + 1];
	size_t n = 0;
	struct buf b;

	buf_init(&b, 65536);
	assert_int_equal(buf_add_cstr(&b, "X-Keywords:"), 0);
	for (int i = 0; i < 2 * MBOX_FLAGS; i++)
		assert_int_equal(buf_addf(&b, " word-%d-%0100d", i, 0), 0);
	assert_int_equal(buf_add_cstr(&b, "\nStatus: R\n"), 0);
	mbox_flags(buf_str(&b), words, flags);
	while (flags[n])
		n++;
	assert_int_equal(n, MBOX_FLAGS);
	assert_string_equal(flags[0], "$word-0-0000000000000000000000000");
	buf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_unmarked),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_many_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
