/*
 * reply: what is written, and that what was written is read back.
 */
#include "base/limits.h"
#include "lib/test.h"
#include "proto/reply.h"

#define FFFD "\xef\xbf\xbd"

static const struct str none = { NULL, 0 };

/* Compare the buffer's content and empty it. */
static void
expect(struct buf *b, const char *want)
{
	if (!str_eq(buf_str(b), str_c(want)))
		fail_msg("wanted %s, got %.*s", want, STR_ARG(buf_str(b)));
	buf_clear(b);
}

static void
test_lines(void **state)
{
	struct reply r;
	struct buf b;
	struct uuid u;

	buf_init(&b, 1 << 20);
	reply_begin(&r, &b, none, ST_DONE, false);
	assert_int_equal(reply_end(&r), 0);
	expect(&b, "200 \n");

	reply_begin(&r, &b, STR("f9ca"), ST_JSON, true);
	reply_json(&r, STR("{\"_id\":\"x\"}"));
	assert_int_equal(reply_end(&r), 0);
	expect(&b, "f9ca: 250- {\"_id\":\"x\"}\n");

	reply_begin(&r, &b, none, ST_GREETING, false);
	reply_lit(&r, " TLS2 TLS3");
	assert_int_equal(reply_end(&r), 0);
	expect(&b, "100  TLS2 TLS3\n");

	assert_int_equal(uuid_parse(STR("74d273d2-15c6-4420-81c1-1ae7edbcf3fe"),
				    &u), 0);
	reply_begin(&r, &b, STR("a"), ST_MIME, true);
	reply_uuid(&r, &u);
	reply_field_u64(&r, "offset", 0);
	reply_field_u64(&r, "length", UINT64_MAX);
	assert_int_equal(reply_end(&r), 0);
	expect(&b, "a: 251- 74d273d2-15c6-4420-81c1-1ae7edbcf3fe offset=0 "
	       "length=18446744073709551615\n");

	reply_begin(&r, &b, none, ST_PART_SAVED, false);
	reply_word(&r, STR("my logo"));
	reply_lit(&r, "");
	reply_lit(&r, "Part saved");
	reply_fmt(&r, "n=%d %s", 3, "x");
	reply_field(&r, "subject", STR("Re: a;b"));
	reply_text(&r, STR("free \"text\"; here"));
	assert_int_equal(reply_end(&r), 0);
	expect(&b, "272 \"my logo\" Part saved n=3 x subject=\"Re: a;b\" "
	       "free \"text\"; here\n");

	assert_int_equal(reply_status(&b, STR("x"), ST_NOT_RUN), 0);
	assert_int_equal(reply_status(&b, none, ST_JSON), 0);
	expect(&b, "x: 407 Not run.\n250 \n");
	buf_done(&b);
}

struct cleaned {
	const char *name, *in, *word, *text;
};

static const struct cleaned cleans[] = {
	{ "plain", "abc", "abc", "abc" },
	{ "empty", "", "\"\"", "" },
	{ "blank", "a b", "\"a b\"", "a b" },
	{ "quote", "a\"b", "\"a\\\"b\"", "a\"b" },
	{ "semicolon", "a;b", "\"a;b\"", "a;b" },
	{ "backslash", "a\\b", "a\\b", "a\\b" },
	{ "backslash and blank", "a\\ b", "\"a\\\\ b\"", "a\\ b" },
	{ "utf-8", "J\xc3\xb6rg", "J\xc3\xb6rg", "J\xc3\xb6rg" },
	{ "controls", "a\x01\r\n\tb\x7f\xc2\x85", "ab", "ab" },
	{ "separators", "a\xe2\x80\xa8\xe2\x80\xa9" "b", "ab", "ab" },
	{ "bidi", "\xe2\x80\xae" "a\xe2\x81\xa6\xd8\x9c" "b", "ab", "ab" },
	{ "only controls", "\x01\x02", "\"\"", "" },
	{ "not utf-8", "a\xff" "b\xc3", "a" FFFD "b" FFFD, "a" FFFD "b" FFFD },
	{ "overlong", "\xc0\x80", FFFD FFFD, FFFD FFFD },
	{ "control, then as long", "\x01" "a b", "\"a b\"", "a b" },
};

static void
test_clean(void **state)
{
	for (size_t i = 0; i < sizeof(cleans) / sizeof(*cleans); i++) {
		const struct cleaned *c = &cleans[i];
		struct reply r;
		struct buf got, want;

		buf_init(&got, 10000);
		buf_init(&want, 10000);
		reply_begin(&r, &got, none, ST_DONE, false);
		reply_word(&r, str_c(c->in));
		reply_name(&r, str_c(c->in));
		reply_field(&r, "f", str_c(c->in));
		reply_text(&r, str_c(c->in));
		assert_int_equal(reply_end(&r), 0);
		assert_int_equal(buf_addf(&want, "200 %s %s f=%s%s%s\n",
					  c->word, c->word, c->word,
					  c->text[0] ? " " : "", c->text), 0);
		if (!str_eq(buf_str(&got), buf_str(&want)))
			fail_msg("%s: %.*s", c->name, STR_ARG(buf_str(&got)));
		buf_done(&got);
		buf_done(&want);
	}
}

/* n times a piece. */
static struct str
repeat(char *dst, size_t cap, const char *piece, size_t n)
{
	size_t len = strlen(piece);

	assert_true(n * len <= cap);
	for (size_t i = 0; i < n; i++)
		memcpy(dst + i * len, piece, len);
	return str_n(dst, n * len);
}

static void
test_cut(void **state)
{
	static const struct {
		const char *piece;
		size_t n, text, name;
	} rows[] = {
		{ "a", 255, 255, 255 },
		{ "a", 256, 255, 256 },
		{ "\xc3\xb6", 127, 254, 254 },
		{ "\xc3\xb6", 128, 254, 256 },
		{ "\xe2\x82\xac", 85, 255, 255 },
		{ "\xe2\x82\xac", 86, 255, 258 },
		{ "\xf0\x9f\x98\x80", 64, 252, 256 },
		{ "\xff", 86, 255, 258 },
		{ "\x01" "a", 255, 255, 255 },
		{ "\x01" "a", 256, 255, 256 },
	};
	char text[1000];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct str s = repeat(text, sizeof(text), rows[i].piece,
				      rows[i].n);
		struct reply r;
		struct buf b;

		buf_init(&b, 10000);
		reply_begin(&r, &b, none, ST_DONE, false);
		reply_text(&r, s);
		assert_int_equal(b.n - 4, rows[i].text);
		reply_word(&r, s);
		assert_int_equal(b.n - 5, 2 * rows[i].text);
		reply_name(&r, s);
		assert_int_equal(b.n - 6, 2 * rows[i].text + rows[i].name);
		assert_int_equal(reply_end(&r), 0);
		buf_done(&b);
	}
}

static void
test_errors(void **state)
{
	static char big[LIMIT_REPLY];
	struct reply r;
	struct buf b;

	memset(big, 'x', sizeof(big));
	buf_init(&b, 1 << 20);
	assert_int_equal(buf_add_cstr(&b, "before"), 0);
	/* The longest line, with its end; and one octet more. */
	reply_begin(&r, &b, none, ST_JSON, true);
	reply_json(&r, str_n(big, LIMIT_REPLY - 6));
	assert_int_equal(reply_end(&r), 0);
	assert_int_equal(b.n, LIMIT_REPLY + 6);
	buf_truncate(&b, 6);
	reply_begin(&r, &b, none, ST_JSON, true);
	reply_json(&r, str_n(big, LIMIT_REPLY - 5));
	assert_int_equal(reply_end(&r), ERR_LIMIT);
	assert_int_equal(b.n, 6);
	/* A line break inside is refused. */
	reply_begin(&r, &b, none, ST_JSON, true);
	reply_json(&r, STR("{}\n200 Done."));
	assert_int_equal(reply_end(&r), ERR_INTERNAL);
	reply_begin(&r, &b, none, ST_DONE, false);
	reply_fmt(&r, "%s", "a\rb");
	assert_int_equal(reply_end(&r), ERR_INTERNAL);
	expect(&b, "before");
	buf_done(&b);

	/* The buffer's ceiling, met at every octet of a line. */
	for (size_t max = 0; max < 40; max++) {
		buf_init(&b, max);
		reply_begin(&r, &b, STR("pipe"), ST_DONE, true);
		reply_word(&r, STR("a\x01\"b c"));
		reply_fmt(&r, "%d", 12345);
		reply_field_u64(&r, "n", 7);
		int err = reply_end(&r);
		assert_true(max >= 30 || err == ERR_LIMIT);
		assert_int_equal(b.n, err == 0 ? 30 : 0);
		buf_done(&b);
	}
}

/* What a field says is what reply_get reads. */
static void
test_roundtrip(void **state)
{
	static const char *const values[] = {
		"", "a", "a b", "\"", "\\", "a\\ b", "\"a\" b=\"c\"", "; x",
		"a=b", "J\xc3\xb6rg \\\"",
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct reply r;
		struct reply_line l;
		struct arena a;
		struct buf b;

		buf_init(&b, 10000);
		arena_init(&a, 10000, 0);
		reply_begin(&r, &b, STR("p-1"), ST_INDEX_LINE, true);
		reply_word(&r, str_c(values[i]));
		reply_field(&r, "x", str_c(values[i]));
		reply_field(&r, "y", str_c("z"));
		assert_int_equal(reply_end(&r), 0);
		assert_int_equal(reply_parse(str_sub(buf_str(&b), 0, b.n - 1),
					     &l), 0);
		assert_int_equal(l.code, ST_INDEX_LINE);
		assert_true(l.dash && str_eq(l.pipeline, STR("p-1")));
		struct str got = reply_get(&a, l.text, "x");
		assert_non_null(got.p);
		assert_true(str_eq(got, str_c(values[i])));
		assert_true(str_eq(reply_get(&a, l.text, "y"), STR("z")));
		buf_done(&b);
		arena_done(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_roundtrip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
