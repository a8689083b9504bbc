#include "base/json.h"

#include "lib/fault.h"
#include "lib/guard.h"
#include "lib/test.h"

static void
write_sample(struct json *j)
{
	json_object_begin(j);
	json_kv_str(j, "s", STR("a\"b"));
	json_kv_u64(j, "u", UINT64_MAX);
	json_kv_bool(j, "t", true);
	json_kv_bool(j, "f", false);
	json_key(j, "i");
	json_i64(j, INT64_MIN);
	json_key_str(j, STR("k\n"));
	json_put_null(j);
	json_key(j, "a");
	json_array_begin(j);
	json_i64(j, -1);
	json_i64(j, 2);
	json_cstr(j, "x");
	json_object_begin(j);
	json_object_end(j);
	json_array_begin(j);
	json_array_end(j);
	json_array_end(j);
	json_key(j, "r");
	json_raw(j, STR("{\"z\":0}"));
	json_members(j, STR("\"m\":1,\"n\":2"));
	json_members(j, STR(""));
	json_kv_u64(j, "e", 0);
	json_object_end(j);
}

static void
test_compact(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct json j;

	buf_init(&b, 1000);
	json_init(&j, &b);
	write_sample(&j);
	assert_rc(json_err(&j), 0);
	assert_str(buf_str(&b),
		   "{\"s\":\"a\\\"b\",\"u\":18446744073709551615,"
		   "\"t\":true,\"f\":false,\"i\":-9223372036854775808,"
		   "\"k\\u000a\":null,\"a\":[-1,2,\"x\",{},[]],"
		   "\"r\":{\"z\":0},\"m\":1,\"n\":2,\"e\":0}");
}

static void
test_pretty(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct json j;

	buf_init(&b, 1000);
	json_init(&j, &b);
	j.pretty = true;
	json_object_begin(&j);
	json_kv_u64(&j, "a", 1);
	json_key(&j, "b");
	json_array_begin(&j);
	json_u64(&j, 2);
	json_object_begin(&j);
	json_object_end(&j);
	json_array_end(&j);
	json_object_end(&j);
	assert_rc(json_err(&j), 0);
	assert_str(buf_str(&b), "{\n  \"a\": 1,\n  \"b\": [\n    2,\n    {}\n"
				"  ]\n}");
}

static const struct escape_case {
	struct str in;
	const char *out;
} escape_cases[] = {
	{ { NULL, 0 }, "" },
	{ { "plain text / of more than 16", 28 },
	  "plain text / of more than 16" },
	{ { "a\0b", 3 }, "a\\u0000b" },
	{ { "\r\n\t\b\x1f\x7f", 6 },
	  "\\u000d\\u000a\\u0009\\u0008\\u001f\\u007f" },
	{ { "\\\"", 2 }, "\\\\\\\"" },
	{ { "01234567\"89abcdef\\01234567", 26 },
	  "01234567\\\"89abcdef\\\\01234567" },
	{ { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9 },
	  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ { "\xc2\x85", 2 }, "\\u0085" },
	{ { "\xe2\x80\xa8\xe2\x80\xa9", 6 }, "\\u2028\\u2029" },
	{ { "a\xe2\x80\xae" "b", 5 }, "a\\u202eb" },
	{ { "\xd8\x9c\xe2\x81\xa6", 5 }, "\\u061c\\u2066" },
	{ { "a\x80z\xff", 4 }, "a\xef\xbf\xbdz\xef\xbf\xbd" },
	/* Cut inside a character: one mark per octet. */
	{ { "a\xe2\x82", 3 }, "a\xef\xbf\xbd\xef\xbf\xbd" },
	{ { "\xed\xa0\x80", 3 }, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
};

static void
test_escape(void **state)
{
	struct guard g;

	guard_init(&g, 100);
	TEST_EACH(c, escape_cases) {
		CLEANUP_BUF struct buf b = { 0 };
		size_t full = strlen(c->out);

		/* Just enough room; and for all less, nothing is changed. */
		for (size_t max = 0; max <= full; max++) {
			buf_init(&b, max + 1);
			CHECK_RC(c->out, buf_add_c(&b, '>'), 0);
			CHECK_RC(c->out,
				 json_escape(&b, guard_put(&g, c->in)),
				 max < full ? ERR_LIMIT : 0);
			if (max < full) {
				CHECK_STR(c->out, buf_str(&b), ">");
				buf_done(&b);
			}
		}
		CHECK_STR(c->out, str_from(buf_str(&b), 1), c->out);
	}
	guard_done(&g);
}

static void
test_depth(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct json j;

	buf_init(&b, 1000);
	json_init(&j, &b);
	for (int i = 0; i < JSON_DEPTH; i++)
		json_array_begin(&j);
	assert_rc(json_err(&j), 0);
	for (int i = 0; i < JSON_DEPTH; i++)
		json_array_end(&j);
	assert_rc(json_err(&j), 0);
	for (int i = 0; i <= JSON_DEPTH; i++)
		json_array_begin(&j);
	assert_rc(json_err(&j), ERR_LIMIT);
	/* It sticks, and nothing more is written. */
	buf_clear(&b);
	json_array_end(&j);
	json_u64(&j, 1);
	json_members(&j, STR("x"));
	assert_rc(json_err(&j), ERR_LIMIT);
	assert_int_equal(b.n, 0);
}

static void
wrong_key_at_top(struct json *j)
{
	json_key(j, "k");
}

static void
wrong_key_in_array(struct json *j)
{
	json_array_begin(j);
	json_kv_u64(j, "k", 1);
}

static void
wrong_value_in_object(struct json *j)
{
	json_object_begin(j);
	json_u64(j, 1);
}

static void
wrong_two_keys(struct json *j)
{
	json_object_begin(j);
	json_key(j, "a");
	json_key(j, "b");
}

static void
wrong_end_after_key(struct json *j)
{
	json_object_begin(j);
	json_key(j, "a");
	json_object_end(j);
}

static void
wrong_end(struct json *j)
{
	json_object_begin(j);
	json_array_end(j);
}

static void
wrong_end_at_top(struct json *j)
{
	json_object_end(j);
}

static void
wrong_members(struct json *j)
{
	json_array_begin(j);
	json_members(j, STR("\"a\":1"));
}

static void
test_wrong(void **state)
{
	static void (*const wrong[])(struct json *) = {
		wrong_key_at_top, wrong_key_in_array, wrong_value_in_object,
		wrong_two_keys, wrong_end_after_key, wrong_end,
		wrong_end_at_top, wrong_members,
	};

	TEST_EACH(fn, wrong) {
		CLEANUP_BUF struct buf b = { 0 };
		struct json j;

		buf_init(&b, 1000);
		json_init(&j, &b);
		(*fn)(&j);
		assert_rc(json_err(&j), ERR_INTERNAL);
	}
}

static void
test_ceiling(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct json j;

	for (size_t max = 0;; max++) {
		buf_init(&b, max);
		json_init(&j, &b);
		write_sample(&j);
		assert_true(b.n <= max);
		if (json_err(&j) == 0)
			break;
		assert_rc(json_err(&j), ERR_LIMIT);
		buf_done(&b);
	}
	assert_int_equal(b.n, b.max);
}

static int
use_json(void *arg)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct json j;

	buf_init(&b, 1000);
	json_init(&j, &b);
	write_sample(&j);
	return json_err(&j);
}

static void
test_no_memory(void **state)
{
	assert_true(fault_each(use_json, NULL) >= 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compact),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
