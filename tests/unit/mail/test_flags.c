/*
 * flags: names of flags, and sets of keywords as text.
 */
#include <stdio.h>

#include "lib/guard.h"
#include "lib/test.h"
#include "mail/flags.h"

static struct arena arena;
static struct guard page;

static void
test_names(void **state)
{
	assert_int_equal(flag_by_name(STR("read")), FLAG_READ);
	assert_int_equal(flag_by_name(STR("FLAGGED")), FLAG_FLAGGED);
	assert_int_equal(flag_by_name(STR("Important")), FLAG_IMPORTANT);
	assert_int_equal(flag_by_name(STR("answered")), FLAG_ANSWERED);
	assert_int_equal(flag_by_name(STR("draft")), FLAG_DRAFT);
	assert_int_equal(flag_by_name(STR("rea")), 0);
	assert_int_equal(flag_by_name(STR("")), 0);
	assert_int_equal(flag_by_name(STR("$read")), 0);
}

#define N32 "abcdefghijklmnopqrstuvwxyz012345"

static void
test_keyword(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "$a", "$a" },
		{ "$Work", "$work" },
		{ "$a.b_c-9", "$a.b_c-9" },
		{ "$" N32, "$" N32 },
		{ "$" N32 "6", NULL },
		{ "$", NULL },
		{ "", NULL },
		{ "work", NULL },
		{ "$a b", NULL },
		{ "$$", NULL },
		{ "$\xc3\xa4", NULL },
		{ "$a,", NULL },
	};

	TEST_EACH(c, cases) {
		struct str in = guard_put(&page, str_c(c->in));
		char dst[34];
		int n = keyword_parse(in, dst);

		if (!c->want) {
			CHECK_RC(c->in, n, ERR_VALUE);
			continue;
		}
		CHECK(c->in, n == (int)in.n && dst[n] == '\0');
		CHECK_STR(c->in, str_c(dst), c->want);
	}
}

static void
test_add(void **state)
{
	static const struct {
		const char *set, *kw, *want;
	} cases[] = {
		{ "", "$b", "$b" },	    { "$b", "$a", "$a $b" },
		{ "$b", "$c", "$b $c" },    { "$a $c", "$b", "$a $b $c" },
		{ "$a $b", "$a", "$a $b" }, { "$a $b", "$b", "$a $b" },
		{ "$ab", "$a", "$a $ab" },  { "$a", "$ab", "$a $ab" },
	};

	TEST_EACH(c, cases) {
		struct str set = guard_put(&page, str_c(c->set)), out;

		CHECK_RC(c->set, keywords_add(&arena, set, str_c(c->kw), &out),
			 0);
		CHECK_STR(c->set, out, c->want);
		CHECK(c->set, keywords_has(out, str_c(c->kw)));
	}
}

static void
test_del(void **state)
{
	static const struct {
		const char *set, *kw, *want;
	} cases[] = {
		{ "", "$b", "" },	 { "$b", "$b", "" },
		{ "$a $b", "$a", "$b" }, { "$a $b $c", "$b", "$a $c" },
		{ "$a $b", "$b", "$a" }, { "$ab", "$a", "$ab" },
	};

	TEST_EACH(c, cases) {
		struct str set = guard_put(&page, str_c(c->set)), out;

		CHECK_RC(c->set, keywords_del(&arena, set, str_c(c->kw), &out),
			 0);
		CHECK_STR(c->set, out, c->want);
		CHECK(c->set, !keywords_has(out, str_c(c->kw)));
	}
	assert_false(keywords_has(STR("$ab $c"), STR("$a")));
	assert_false(keywords_has((struct str){ NULL, 0 }, STR("$a")));
}

static void
test_limit(void **state)
{
	struct str set = STR(""), out;
	char kw[8];

	for (int i = 0; i < 64; i++) {
		snprintf(kw, sizeof(kw), "$%d", i);
		assert_rc(keywords_add(&arena, set, str_c(kw), &set), 0);
	}
	assert_rc(keywords_add(&arena, set, STR("$x"), &out), ERR_LIMIT);
	assert_rc(keywords_add(&arena, set, STR("$63"), &out), 0);
	assert_true(str_eq(set, out));
}

static void
test_write(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct json j;

	buf_init(&b, 1000);
	assert_rc(flags_text(&b, 0, STR("")), 0);
	assert_int_equal(b.n, 0);
	assert_rc(buf_add_cstr(&b, "x="), 0);
	assert_rc(flags_text(&b, FLAG_READ | FLAG_DRAFT, STR("$a $b")), 0);
	assert_str(buf_str(&b), "x=read,draft,$a,$b");
	buf_clear(&b);
	assert_rc(flags_text(&b, 0, STR("$a")), 0);
	assert_str(buf_str(&b), "$a");

	buf_clear(&b);
	json_init(&j, &b);
	flags_json(&j, FLAG_READ | FLAG_FLAGGED, STR("$work"));
	assert_rc(json_err(&j), 0);
	assert_str(buf_str(&b), "[\"read\",\"flagged\",\"$work\"]");
	buf_clear(&b);
	json_init(&j, &b);
	flags_json(&j, 0, STR(""));
	assert_str(buf_str(&b), "[]");

	buf_done(&b);
	buf_init(&b, 10);
	assert_rc(buf_add_cstr(&b, "x"), 0);
	assert_rc(flags_text(&b, FLAG_ALL, STR("")), ERR_LIMIT);
	assert_str(buf_str(&b), "x");
}

static int
setup(void **state)
{
	arena_init(&arena, 1 << 20, 0);
	guard_init(&page, 4096);
	return 0;
}

static int
teardown(void **state)
{
	arena_done(&arena);
	guard_done(&page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_keyword),
		cmocka_unit_test(test_add),   cmocka_unit_test(test_del),
		cmocka_unit_test(test_limit), cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
