#include "base/utf8.h"

#include "lib/guard.h"
#include "lib/test.h"

static bool
is_scalar(uint32_t cp)
{
	return cp < 0x110000 && (cp < 0xd800 || cp > 0xdfff);
}

static void
test_round(void **state)
{
	for (uint32_t cp = 0; cp < 0x110400; cp++) {
		uint32_t back;
		char text[4];
		int len = utf8_encode(cp, text);

		if (!is_scalar(cp)) {
			assert_rc(len, ERR_VALUE);
			continue;
		}
		for (int n = 0; n < len; n++)
			assert_rc(utf8_decode(str_n(text, (size_t)n), &back),
				  ERR_MORE);
		assert_rc(utf8_decode(str_n(text, (size_t)len), &back), len);
		assert_int_equal(back, cp);
		assert_true(utf8_valid(str_n(text, (size_t)len)));
	}
	assert_rc(utf8_encode(UINT32_MAX, (char[4]){ 0 }), ERR_VALUE);
}

/* Of all octets, there are as many good forms as there are characters. */
static void
test_all_short(void **state)
{
	size_t found[5] = { 0 };

	for (uint32_t v = 0; v < 1 << 24; v++) {
		char p[3] = { (char)(v >> 16), (char)(v >> 8), (char)v };
		uint32_t cp;
		int len = utf8_decode(str_n(p, 3), &cp);

		found[len < 0 ? 0 : len]++;
	}
	assert_int_equal(found[1], 0x80 << 16);
	assert_int_equal(found[2], (0x800 - 0x80) << 8);
	assert_int_equal(found[3], 0x10000 - 0x800 - 0x800);
	assert_int_equal(found[4], 0);
}

static const struct decode_case {
	const char *name;
	struct str s;
	int rc;
} decode_cases[] = {
	{ "empty", { "", 0 }, ERR_MORE },
	{ "NUL", { "", 1 }, 1 },
	{ "a", { "ab", 2 }, 1 },
	{ "lone continuation", { "\x80", 1 }, ERR_UTF8 },
	{ "overlong 2", { "\xc0\x80", 2 }, ERR_UTF8 },
	{ "overlong 2, cut", { "\xc1", 1 }, ERR_UTF8 },
	{ "overlong 3", { "\xe0\x9f\xbf", 3 }, ERR_UTF8 },
	{ "overlong 3, cut", { "\xe0\x9f", 2 }, ERR_UTF8 },
	{ "overlong 4, cut", { "\xf0\x8f", 2 }, ERR_UTF8 },
	{ "surrogate", { "\xed\xa0\x80", 3 }, ERR_UTF8 },
	{ "surrogate, cut", { "\xed\xa0", 2 }, ERR_UTF8 },
	{ "last before surrogates", { "\xed\x9f\xbf", 3 }, 3 },
	{ "last of all", { "\xf4\x8f\xbf\xbf", 4 }, 4 },
	{ "past the last", { "\xf4\x90\x80\x80", 4 }, ERR_UTF8 },
	{ "past the last, cut", { "\xf4\x90", 2 }, ERR_UTF8 },
	{ "F5", { "\xf5", 1 }, ERR_UTF8 },
	{ "FF", { "\xff\xff\xff\xff", 4 }, ERR_UTF8 },
	{ "cut 2", { "\xc3", 1 }, ERR_MORE },
	{ "cut 4", { "\xf0\x9f\x98", 3 }, ERR_MORE },
	{ "bad second", { "\xc3\x41", 2 }, ERR_UTF8 },
	{ "bad third", { "\xe2\x82\x41", 3 }, ERR_UTF8 },
	{ "bad third, cut", { "\xf0\x9f\x41", 3 }, ERR_UTF8 },
	{ "bad fourth", { "\xf0\x9f\x98\xc0", 4 }, ERR_UTF8 },
};

static int
decode(struct str s, void *arg)
{
	return utf8_decode(s, arg);
}

static void
test_decode(void **state)
{
	TEST_EACH(c, decode_cases) {
		uint32_t cp = 77;

		CHECK_RC(c->name, guard_whole(c->s, decode, &cp), c->rc);
		CHECK(c->name, c->rc > 0 || cp == 77);
		CHECK(c->name, c->rc > 0 || !c->s.n || !utf8_valid(c->s));
	}
	assert_true(utf8_valid((struct str){ NULL, 0 }));
}

/* One bad octet at each place of each length, behind and before ASCII. */
static void
test_valid_places(void **state)
{
	struct guard g;
	char text[80];

	guard_init(&g, sizeof(text));
	for (size_t n = 0; n <= sizeof(text); n++) {
		struct str s;
		char *p;

		memset(text, 'a', sizeof(text));
		s = guard_put(&g, str_n(text, n));
		p = (char *)s.p;
		assert_true(utf8_valid(s));
		assert_false(utf8_has_unsafe(s));
		for (size_t i = 0; i < n; i++) {
			p[i] = (char)0x80;
			assert_false(utf8_valid(s));
			assert_true(utf8_has_unsafe(s));
			p[i] = 0x1f;
			assert_true(utf8_valid(s));
			assert_true(utf8_has_unsafe(s));
			p[i] = 0x7f;
			assert_true(utf8_has_unsafe(s));
			p[i] = ' ';
			assert_false(utf8_has_unsafe(s));
			if (i + 1 < n) {
				memcpy(p + i, "\xc3\xa4", 2);
				assert_true(utf8_valid(s));
				assert_false(utf8_has_unsafe(s));
				memcpy(p + i, "aa", 2);
			}
			p[i] = 'a';
		}
	}
	guard_done(&g);
}

static void
test_classes(void **state)
{
	static const struct {
		uint32_t first, last;
		bool control;
	} ranges[] = {
		{ 0, 0x1f, true }, { 0x7f, 0x9f, true },
		{ 0x2028, 0x2029, true }, { 0x61c, 0x61c, false },
		{ 0x200e, 0x200f, false }, { 0x202a, 0x202e, false },
		{ 0x2066, 0x2069, false },
	};

	for (uint32_t cp = 0; cp < 0x110000; cp++) {
		bool control = false, bidi = false;
		char text[4];
		int len;

		TEST_EACH(r, ranges) {
			if (cp < r->first || cp > r->last)
				continue;
			control |= r->control;
			bidi |= !r->control;
		}
		assert_int_equal(utf8_is_control(cp), control);
		assert_int_equal(utf8_is_bidi(cp), bidi);
		len = utf8_encode(cp, text);
		if (len > 0)
			assert_int_equal(
				utf8_has_unsafe(str_n(text, (size_t)len)),
				control || bidi);
	}
}

static const struct clip_case {
	struct str s;
	size_t max;
	size_t n;
} clip_cases[] = {
	{ { NULL, 0 }, 0, 0 },
	{ { NULL, 0 }, 9, 0 },
	{ { "abc", 3 }, 0, 0 },
	{ { "abc", 3 }, 2, 2 },
	{ { "abc", 3 }, 3, 3 },
	{ { "abc", 3 }, SIZE_MAX, 3 },
	{ { "a\xc3\xa4", 3 }, 2, 1 },
	{ { "a\xc3\xa4", 3 }, 3, 3 },
	{ { "\xe2\x82\xac", 3 }, 1, 0 },
	{ { "\xe2\x82\xac", 3 }, 2, 0 },
	{ { "\xe2\x82\xac", 3 }, 3, 3 },
	{ { "x\xf0\x9f\x98\x80y", 6 }, 4, 1 },
	{ { "x\xf0\x9f\x98\x80y", 6 }, 5, 5 },
	/* s itself ends inside a character. */
	{ { "x\xf0\x9f\x98", 4 }, 9, 1 },
	/* Not UTF-8: nothing to keep together. */
	{ { "\x80\x80\x80\x80\x80", 5 }, 4, 4 },
	{ { "a\xff", 2 }, 2, 2 },
	{ { "\x80", 1 }, 1, 1 },
};

static void
test_clip(void **state)
{
	TEST_EACH(c, clip_cases)
		CHECK(c->s.p, utf8_clip(c->s, c->max) == c->n);
}

static const struct bad_case {
	const char *name;
	struct str s;
	size_t n;
} bad_cases[] = {
	{ "a continuation", { "\x80\x80", 2 }, 1 },
	{ "no lead", { "\xc0\x80", 2 }, 1 },
	{ "past all", { "\xf5\x80\x80\x80", 4 }, 1 },
	{ "cut at its end", { "\xe2\x82", 2 }, 2 },
	{ "one octet", { "\xf0", 1 }, 1 },
	{ "cut by ASCII", { "\xf0\x9f\x98" "a", 4 }, 3 },
	{ "cut by a lead", { "\xe2\xe2\x82\xac", 4 }, 1 },
	{ "overlong", { "\xe0\x80\x80", 3 }, 1 },
	{ "a surrogate", { "\xed\xa0\x80", 3 }, 1 },
	{ "past U+10FFFF", { "\xf4\x90\x80\x80", 4 }, 1 },
};

static void
test_bad_length(void **state)
{
	struct guard g;

	guard_init(&g, 64);
	TEST_EACH(c, bad_cases)
		CHECK(c->name, utf8_bad_length(guard_put(&g, c->s)) == c->n);
	guard_done(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_all_short),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_valid_places),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_clip),
		cmocka_unit_test(test_bad_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
