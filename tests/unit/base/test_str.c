#include "base/str.h"

#include "lib/guard.h"
#include "lib/test.h"

static const struct str none = { NULL, 0 };

static void
test_compare(void **state)
{
	assert_int_equal(str_c(NULL).n, 0);
	assert_int_equal(str_c("abc").n, 3);
	assert_true(str_eq(STR("ab"), str_c("ab")));
	assert_false(str_eq(STR("ab"), STR("aB")));
	assert_false(str_eq(STR("ab"), STR("abc")));
	assert_true(str_eq(none, STR("")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));

	assert_true(str_eqi(STR("aZ09[`"), STR("Az09[`")));
	/* Only letters: '@' and '`', '[' and '{' differ by the same bit. */
	assert_false(str_eqi(STR("@"), STR("`")));
	assert_false(str_eqi(STR("["), STR("{")));
	assert_false(str_eqi(STR("\xc4"), STR("\xe4")));
	assert_true(str_eqi(none, STR("")));

	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("b"), STR("a")) > 0);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("ab"), STR("a")) > 0);
	assert_true(str_cmp(STR("\x7f"), STR("\x80")) < 0);
	assert_int_equal(str_cmp(none, STR("")), 0);
	assert_true(str_cmp(none, STR("a")) < 0);
}

static void
test_search(void **state)
{
	struct str s = STR("a,b,c");

	assert_true(str_starts(s, STR("a,")));
	assert_true(str_starts(s, none));
	assert_true(str_starts(none, none));
	assert_false(str_starts(STR("a"), STR("ab")));
	assert_true(str_ends(s, STR(",c")));
	assert_true(str_ends(none, none));
	assert_false(str_ends(STR("b"), STR("ab")));

	assert_int_equal(str_chr(s, ',', 0), 1);
	assert_int_equal(str_chr(s, ',', 1), 1);
	assert_int_equal(str_chr(s, ',', 2), 3);
	assert_int_equal(str_chr(s, ',', 4), -1);
	assert_int_equal(str_chr(s, ',', 5), -1);
	assert_int_equal(str_chr(s, ',', SIZE_MAX), -1);
	assert_int_equal(str_chr(none, ',', 0), -1);
	assert_int_equal(str_chr(STR("a\0b"), 'b', 0), 2);
	assert_int_equal(str_rchr(s, ','), 3);
	assert_int_equal(str_rchr(s, 'x'), -1);
	assert_int_equal(str_rchr(none, 'x'), -1);

	assert_int_equal(str_find(s, STR("b,")), 2);
	assert_int_equal(str_find(s, s), 0);
	assert_int_equal(str_find(s, STR("a,b,c,")), -1);
	assert_int_equal(str_find(s, STR("cc")), -1);
	assert_int_equal(str_find(s, none), 0);
	assert_int_equal(str_find(none, none), 0);
	assert_int_equal(str_find(none, s), -1);
}

static void
test_parts(void **state)
{
	struct str s = STR("hello");

	assert_str(str_sub(s, 1, 3), "ell");
	assert_str(str_sub(s, 3, SIZE_MAX), "lo");
	assert_str(str_sub(s, 5, 1), "");
	assert_str(str_sub(s, SIZE_MAX, SIZE_MAX), "");
	assert_str(str_sub(none, 1, 1), "");
	assert_str(str_from(s, 4), "o");
	assert_str(str_from(s, 6), "");

	assert_str(str_trim(STR(" \t\r\na b\n\r\t ")), "a b");
	assert_str(str_trim(STR(" \n ")), "");
	assert_str(str_trim(none), "");
	assert_str(str_trim(STR("\va\v")), "\va\v");
}

static void
test_cut(void **state)
{
	struct str head, tail, s = STR("k=v=w");

	assert_true(str_cut(s, '=', &head, &tail));
	assert_str(head, "k");
	assert_str(tail, "v=w");
	assert_true(str_cut(STR("="), '=', &head, &tail));
	assert_str(head, "");
	assert_str(tail, "");
	assert_non_null(tail.p);
	assert_false(str_cut(s, '!', &head, &tail));
	assert_str(head, "k=v=w");
	assert_null(tail.p);
	assert_false(str_cut(none, '=', &head, &tail));
	/* Outputs may be the input. */
	assert_true(str_cut(s, '=', &head, &s));
	assert_str(s, "v=w");
}

static const struct next_case {
	const char *text;
	const char *fields[4];
} next_cases[] = {
	{ "a,,b", { "a", "", "b" } },
	{ "a", { "a" } },
	{ "a,", { "a", "" } },
	{ ",", { "", "" } },
	{ "", { "" } },
	{ NULL, { NULL } },
};

static void
test_next(void **state)
{
	TEST_EACH(c, next_cases) {
		struct str rest = str_c(c->text), field;

		for (size_t i = 0; c->fields[i]; i++) {
			CHECK(c->text, str_next(&rest, ',', &field));
			CHECK_STR(c->text, field, c->fields[i]);
		}
		CHECK(c->text, !str_next(&rest, ',', &field));
		CHECK(c->text, rest.p == NULL);
	}
}

static const struct num_case {
	const char *text;
	uint64_t max;
	int rc;		/* of str_u64 */
	int any;	/* of str_u64_any */
	uint64_t v;
} num_cases[] = {
	{ "0", 0, 0, 0, 0 },
	{ "1", 0, ERR_LIMIT, ERR_LIMIT, 0 },
	{ "42", 42, 0, 0, 42 },
	{ "43", 42, ERR_LIMIT, ERR_LIMIT, 0 },
	{ "18446744073709551615", UINT64_MAX, 0, 0, UINT64_MAX },
	{ "18446744073709551616", UINT64_MAX, ERR_LIMIT, ERR_LIMIT, 0 },
	{ "18446744073709551625", UINT64_MAX, ERR_LIMIT, ERR_LIMIT, 0 },
	{ "99999999999999999999999", UINT64_MAX, ERR_LIMIT, ERR_LIMIT, 0 },
	{ "99999999999999999999999x", UINT64_MAX, ERR_VALUE, ERR_VALUE, 0 },
	{ "00", 9, ERR_VALUE, 0, 0 },
	{ "007", 9, ERR_VALUE, 0, 7 },
	{ "000000000000000000000000000000000042", 99, ERR_VALUE, 0, 42 },
	{ "", 9, ERR_VALUE, ERR_VALUE, 0 },
	{ "+1", 9, ERR_VALUE, ERR_VALUE, 0 },
	{ "-1", 9, ERR_VALUE, ERR_VALUE, 0 },
	{ " 1", 9, ERR_VALUE, ERR_VALUE, 0 },
	{ "1 ", 9, ERR_VALUE, ERR_VALUE, 0 },
	{ "/", 9, ERR_VALUE, ERR_VALUE, 0 },
	{ ":", 9, ERR_VALUE, ERR_VALUE, 0 },
	{ "0x1", 99, ERR_VALUE, ERR_VALUE, 0 },
	{ "\xb2", 99, ERR_VALUE, ERR_VALUE, 0 },
};

static void
test_u64(void **state)
{
	struct guard g;

	guard_init(&g, 100);
	TEST_EACH(c, num_cases) {
		struct str s = guard_put(&g, str_c(c->text));
		uint64_t v = 77;

		CHECK_RC(c->text, str_u64(s, c->max, &v), c->rc);
		CHECK(c->text, v == (c->rc == 0 ? c->v : 77));
		v = 77;
		CHECK_RC(c->text, str_u64_any(s, c->max, &v), c->any);
		CHECK(c->text, v == (c->any == 0 ? c->v : 77));
	}
	guard_done(&g);
}

static const struct int_case {
	const char *text;
	int rc;
	int64_t v;
} int_cases[] = {
	{ "0", 0, 0 },
	{ "-1", 0, -1 },
	{ "9223372036854775807", 0, INT64_MAX },
	{ "-9223372036854775808", 0, INT64_MIN },
	{ "9223372036854775808", ERR_LIMIT, 0 },
	{ "-9223372036854775809", ERR_LIMIT, 0 },
	{ "-0", ERR_VALUE, 0 },
	{ "-", ERR_VALUE, 0 },
	{ "", ERR_VALUE, 0 },
	{ "--1", ERR_VALUE, 0 },
	{ "-01", ERR_VALUE, 0 },
	{ "+1", ERR_VALUE, 0 },
};

static void
test_i64(void **state)
{
	TEST_EACH(c, int_cases) {
		int64_t v = 77;

		CHECK_RC(c->text, str_i64(str_c(c->text), &v), c->rc);
		CHECK(c->text, v == (c->rc == 0 ? c->v : 77));
	}
}

static void
test_copy(void **state)
{
	char dst[4] = "xxx";

	assert_rc(str_copy(STR("abc"), dst, sizeof(dst)), 0);
	assert_string_equal(dst, "abc");
	assert_rc(str_copy(STR("abcd"), dst, sizeof(dst)), ERR_LIMIT);
	assert_string_equal(dst, "");
	assert_rc(str_copy(STR("a\0b"), dst, sizeof(dst)), ERR_LIMIT);
	assert_string_equal(dst, "");
	assert_rc(str_copy(none, dst, 1), 0);
	assert_rc(str_copy(STR("a"), dst, 1), ERR_LIMIT);
}

/* Every bit of every octet changes about half the bits of the hash. */
static void
test_hash(void **state)
{
	char data[64];
	struct guard g;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 37);
	guard_init(&g, sizeof(data));
	for (size_t n = 0; n <= sizeof(data); n++) {
		struct str s = guard_put(&g, str_n(data, n));
		uint64_t h = str_hash(s);
		unsigned changed = 0;

		assert_true(str_hash(str_n(data, n)) == h);
		for (size_t bit = 0; bit < 8 * n; bit++) {
			char *p = (char *)s.p + bit / 8;
			uint64_t other;

			*p = (char)(*p ^ 1 << bit % 8);
			other = str_hash(s);
			assert_true(other != h);
			changed += (unsigned)__builtin_popcountll(other ^ h);
			*p = (char)(*p ^ 1 << bit % 8);
		}
		if (n)
			assert_in_range(changed / (8 * n), 24, 40);
	}
	guard_done(&g);
	/* Length counts even if all else is zero. */
	memset(data, 0, sizeof(data));
	for (size_t n = 1; n <= sizeof(data); n++)
		assert_true(str_hash(str_n(data, n)) !=
			    str_hash(str_n(data, n - 1)));
	assert_true(str_hash(none) == str_hash(STR("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_i64),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
