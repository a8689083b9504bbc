#include "immp/text.h"

#include "lib/test.h"

static const struct line_case {
	const char *name, *in, *line, *lines;
} line_cases[] = {
	{ "plain", "abc", "abc", "abc" },
	{ "controls", "a\x01\x1b[31mb\x7f", "a[31mb", "a[31mb" },
	{ "C1", "a\xc2\x9b" "31mb", "a31mb", "a31mb" },
	{ "bidi", "a\xe2\x80\xae" "b\xe2\x81\xa6", "ab", "ab" },
	{ "line ends", "a\r\nb\nc\td", "a b c d", "a\nb\nc       d" },
	{ "line separator", "a\xe2\x80\xa8" "b", "ab", "ab" },
	{ "soft hyphen", "a\xc2\xad" "b", "ab", "ab" },
	{ "not UTF-8", "a\xff" "b\xc3", "a\xef\xbf\xbd" "b\xef\xbf\xbd",
	  "a\xef\xbf\xbd" "b\xef\xbf\xbd" },
	{ "overlong slash", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd",
	  "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "stops", "\tx\n12345678\ty", " x 12345678 y",
	  "        x\n12345678        y" },
	{ "wide before a stop", "\xe6\x97\xa5\tx", "\xe6\x97\xa5 x",
	  "\xe6\x97\xa5      x" },
};

static void
test_clean(void **state)
{
	TEST_EACH(c, line_cases) {
		struct buf b;

		buf_init(&b, 1000);
		CHECK_RC(c->name, text_line(&b, str_c(c->in)), 0);
		CHECK_STR(c->name, buf_str(&b), c->line);
		buf_clear(&b);
		CHECK_RC(c->name, text_lines(&b, str_c(c->in)), 0);
		CHECK_STR(c->name, buf_str(&b), c->lines);
		buf_done(&b);
	}
}

/* Cut anywhere, the sum is the same. */
static void
test_stream(void **state)
{
	struct str in = STR("a\xc3\xa4\x1b[0m\xe6\x97\xa5\xf0\x9f\x98\x80\xffz"
			    "\tq\n\xe2\x80");

	for (size_t cut = 0; cut <= in.n; cut++) {
		struct buf b, rest;
		size_t used;

		buf_init(&b, 1000);
		buf_init(&rest, 1000);
		assert_rc(buf_add_str(&rest, str_sub(in, 0, cut)), 0);
		used = text_stream(&b, buf_str(&rest), false);
		buf_consume(&rest, used);
		assert_true(rest.n < 4);
		assert_rc(buf_add_str(&rest, str_from(in, cut)), 0);
		used = text_stream(&b, buf_str(&rest), true);
		assert_int_equal(used, rest.n);
		assert_str(buf_str(&b),
			   "a\xc3\xa4[0m\xe6\x97\xa5\xf0\x9f\x98\x80"
			   "\xef\xbf\xbdz\tq\n\xef\xbf\xbd\xef\xbf\xbd");
		buf_done(&b);
		buf_done(&rest);
	}
}

static void
test_width(void **state)
{
	assert_int_equal(text_width(STR("")), 0);
	assert_int_equal(text_width(STR("abc")), 3);
	assert_int_equal(text_width(STR("\xc3\xa4")), 1);
	assert_int_equal(text_width(STR("\xe6\x97\xa5\xe6\x9c\xac")), 4);
	assert_int_equal(text_width(STR("e\xcc\x81")), 1);	/* combining */
	assert_int_equal(text_width(STR("\xf0\x9f\x98\x80")), 2);
}

static const struct fit_case {
	const char *in;
	size_t cols;
	bool pad;
	const char *out;
} fit_cases[] = {
	{ "abc", 5, true, "abc  " },
	{ "abc", 5, false, "abc" },
	{ "abc", 3, true, "abc" },
	{ "abcd", 3, true, "ab\xe2\x80\xa6" },
	{ "abcd", 1, true, "\xe2\x80\xa6" },
	{ "abcd", 0, true, "" },
	{ "\xe6\x97\xa5\xe6\x9c\xac", 4, true, "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "\xe6\x97\xa5\xe6\x9c\xac", 3, true, "\xe6\x97\xa5\xe2\x80\xa6" },
	/* Half of a wide character is not shown. */
	{ "\xe6\x97\xa5\xe6\x9c\xac", 2, true, "\xe2\x80\xa6 " },
	{ "e\xcc\x81x", 2, true, "e\xcc\x81x" },
	/* A mark stays with its letter; Hebrew; a family of emoji. */
	{ "ae\xcc\x81xyz", 3, true, "ae\xcc\x81\xe2\x80\xa6" },
	{ "\xd7\xa9\xd7\x9c\xd7\x95", 4, true, "\xd7\xa9\xd7\x9c\xd7\x95 " },
	{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7x", 5, true,
	  "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7x" },
	{ "a\nb\x1b", 4, true, "a b " },
};

static void
test_fit(void **state)
{
	TEST_EACH(c, fit_cases) {
		struct buf b;

		buf_init(&b, 1000);
		CHECK_RC(c->in, text_fit(&b, str_c(c->in), c->cols, c->pad), 0);
		CHECK_STR(c->in, buf_str(&b), c->out);
		CHECK(c->in, !c->pad || text_width(buf_str(&b)) == c->cols);
		buf_done(&b);
	}
}

static const struct wrap_case {
	const char *name, *in, *out;
} wrap_cases[] = {
	{ "short", "a b", "a b\n" },
	{ "line end at the end", "a b\n", "a b\n" },
	{ "empty lines", "a\n\nb\n", "a\n\nb\n" },
	{ "wrapped", "aaaa bbbb cccc dddd eeee ffff",
	  "aaaa bbbb cccc dddd\neeee ffff\n" },
	{ "exactly 20", "aaaa bbbb cccc ddddd e", "aaaa bbbb cccc ddddd\ne\n" },
	{ "an URL stays whole", "see https://example.org/aaaaaaaaaaaa now",
	  "see\nhttps://example.org/aaaaaaaaaaaa\nnow\n" },
	{ "quoted", "> aaaa bbbb cccc dddd eeee",
	  "> aaaa bbbb cccc\n> dddd eeee\n" },
	{ "quoted twice", "> > aaaa bbbb cccc dddd",
	  "> > aaaa bbbb cccc\n> > dddd\n" },
	{ "indented", "  aaaa bbbb cccc dddd eeee",
	  "  aaaa bbbb cccc\n  dddd eeee\n" },
	{ "items", "* aaaa bbbb cccc dddd eeee\n> 12. aaaa bbbb cccc dddd",
	  "* aaaa bbbb cccc\n  dddd eeee\n"
	  "> 12. aaaa bbbb cccc\n>     dddd\n" },
	{ "no items", "*aaaa bbbb cccc dddd eeee\n1.5 aaaa bbbb cccc dddd",
	  "*aaaa bbbb cccc dddd\neeee\n1.5 aaaa bbbb cccc\ndddd\n" },
	{ "blanks at the end", "a  \nb", "a\nb\n" },
	{ "nothing", "", "" },
	{ "nothing to see", "\n \n\xc2\xa0\xe2\x80\x8b\n\n", "" },
	{ "empty lines at both ends", "\n\na\n\n\nb\n\n\n",
	  "a\n\n\nb\n" },
	{ "a run of them", "a\n\n\n\n\n\nb", "a\n\n\nb\n" },
	{ "blanks inside", "a  b", "a  b\n" },
	{ "wide", "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5 "
		  "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5 "
		  "\xe6\x97\xa5\xe6\x97\xa5",
	  "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5 "
	  "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5 "
	  "\xe6\x97\xa5\n\xe6\x97\xa5\n" },
	{ "wide without blanks", "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
	  "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
	  "\xe6\x97\xa5\xe6\x97\xa5\xe6\x9c\xac",
	  "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
	  "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
	  "\xe6\x97\xa5\xe6\x97\xa5\n\xe6\x9c\xac\n" },
	{ "controls", "a\x1b]0;x\x07" "b", "a]0;xb\n" },
	{ "only marks", ">\n> \n", ">\n>\n" },
	{ "CR LF", "a\r\nb\r\n", "a\nb\n" },
};

static void
test_wrap(void **state)
{
	TEST_EACH(c, wrap_cases) {
		struct buf b;

		buf_init(&b, 1000);
		CHECK_RC(c->name, text_wrap(&b, str_c(c->in), 20), 0);
		CHECK_STR(c->name, buf_str(&b), c->out);
		buf_done(&b);
	}
}

static const struct hang_case {
	const char *in, *out;
} hang_cases[] = {
	{ "", "\n" },
	{ " a\tb \x1b", "a b\n" },
	{ "aaaa bbbb cccc dddd eeeee fff",
	  "aaaa bbbb cccc dddd\n     eeeee fff\n" },
	{ "> aaaa bbbb cccc ddddd", "> aaaa bbbb cccc\n     ddddd\n" },
	{ "https://example.org/aaaaaaaaaaaaaaa b",
	  "https://example.org/aaaaaaaaaaaaaaa\n     b\n" },
};

static void
test_hang(void **state)
{
	TEST_EACH(c, hang_cases) {
		struct buf b;

		buf_init(&b, 1000);
		CHECK_RC(c->in, text_hang(&b, str_c(c->in), 25, 5), 0);
		CHECK_STR(c->in, buf_str(&b), c->out);
		buf_done(&b);
	}
}

static const struct flowed_case {
	const char *name, *in, *out;
	bool delsp;
} flowed_cases[] = {
	{ "nothing", "", "\n", false },
	{ "fixed", "a\r\nb\r\n", "a\nb\n", false },
	{ "one paragraph", "a \r\nb \r\nc\r\nd\r\n", "a b c\nd\n", false },
	{ "delsp", "ab \ncd\n", "abcd\n", true },
	{ "stuffed", " From\n  x\n >y\n", "From\n x\n>y\n", false },
	{ "quotations", "> a \n> b\n>> c \n> d\ne\n",
	  "> a b\n>> c \n> d\ne\n", false },
	{ "signature", "bye \n-- \nalice\n", "bye \n-- \nalice\n", false },
	{ "empty lines", "a\n\nb \n\nc\n", "a\n\nb \nc\n", false },
};

static void
test_flowed(void **state)
{
	TEST_EACH(c, flowed_cases) {
		struct buf b;

		buf_init(&b, 1000);
		CHECK_RC(c->name, text_flowed(&b, str_c(c->in), c->delsp), 0);
		CHECK_STR(c->name, buf_str(&b), c->out);
		buf_done(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean), cmocka_unit_test(test_stream),
		cmocka_unit_test(test_width), cmocka_unit_test(test_fit),
		cmocka_unit_test(test_wrap), cmocka_unit_test(test_hang),
		cmocka_unit_test(test_flowed),
	};

	text_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
