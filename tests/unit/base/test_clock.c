#include "base/clock.h"

#include <time.h>

#include "lib/guard.h"
#include "lib/test.h"

static const struct parse_case {
	const char *text;
	int rc;
	uint64_t ms;
} parse_cases[] = {
	{ "1970-01-01T00:00:00Z", 0, 0 },
	{ "1970-01-01T00:00:00.000Z", 0, 0 },
	{ "2013-10-17T09:08:07.006Z", 0, 1382000887006 },
	{ "2013-10-17t09:08:07.006z", 0, 1382000887006 },
	{ "2013-10-17T11:08:07.006+02:00", 0, 1382000887006 },
	{ "2013-10-17T03:38:07.006-05:30", 0, 1382000887006 },
	{ "2013-10-17T09:08:07.0069Z", 0, 1382000887006 },
	{ "2013-10-17T09:08:07.006999999Z", 0, 1382000887006 },
	{ "2013-10-17T09:08:07.5Z", 0, 1382000887500 },
	{ "2013-10-17T09:08:07.05Z", 0, 1382000887050 },
	{ "2000-02-29T00:00:00Z", 0, 951782400000 },
	{ "2024-02-29T00:00:00-00:00", 0, 1709164800000 },
	{ "9999-12-31T23:59:59.999Z", 0, 253402300799999 },
	/* Offsets across the ends of the range. */
	{ "1969-12-31T23:00:00-01:00", 0, 0 },
	{ "1969-12-31T23:00:00Z", ERR_VALUE, 0 },
	{ "1970-01-01T00:00:00+00:01", ERR_VALUE, 0 },
	{ "9999-12-31T23:59:59-00:01", ERR_VALUE, 0 },
	{ "9999-12-31T23:59:59.999+23:59", 0, 253402300799999 - 86340000 },
	/* Leap seconds: only where a UTC day ends. */
	{ "2016-12-31T23:59:60Z", 0, 1483228800000 },
	{ "2017-01-01T08:59:60.5+09:00", 0, 1483228800500 },
	{ "2016-12-31T22:59:60Z", ERR_VALUE, 0 },
	{ "2016-12-31T23:59:61Z", ERR_VALUE, 0 },
	{ "9999-12-31T23:59:60Z", ERR_VALUE, 0 },
	/* Not dates. */
	{ "2100-02-29T00:00:00Z", ERR_VALUE, 0 },
	{ "2023-02-29T00:00:00Z", ERR_VALUE, 0 },
	{ "2023-04-31T00:00:00Z", ERR_VALUE, 0 },
	{ "2023-00-01T00:00:00Z", ERR_VALUE, 0 },
	{ "2023-13-01T00:00:00Z", ERR_VALUE, 0 },
	{ "2023-01-00T00:00:00Z", ERR_VALUE, 0 },
	{ "2023-01-01T24:00:00Z", ERR_VALUE, 0 },
	{ "2023-01-01T00:60:00Z", ERR_VALUE, 0 },
	/* Not this form. */
	{ "", ERR_VALUE, 0 },
	{ "2023-01-01", ERR_VALUE, 0 },
	{ "2023-01-01 00:00:00Z", ERR_VALUE, 0 },
	{ "2023-01-01T00:00:00", ERR_VALUE, 0 },
	{ "2023-01-01T00:00:00.Z", ERR_VALUE, 0 },
	{ "2023-01-01T00:00:00.0000000000Z", ERR_VALUE, 0 },
	{ "2023-01-01T00:00:00,5Z", ERR_VALUE, 0 },
	{ "2023-01-01T00:00:00ZZ", ERR_VALUE, 0 },
	{ "2023-01-01T00:00:00+24:00", ERR_VALUE, 0 },
	{ "2023-01-01T00:00:00+0100", ERR_VALUE, 0 },
	{ "2023-1-01T00:00:00Z", ERR_VALUE, 0 },
	{ "+023-01-01T00:00:00Z", ERR_VALUE, 0 },
	{ " 2023-01-01T00:00:00Z", ERR_VALUE, 0 },
};

static int
parse(struct str s, void *arg)
{
	return clock_parse(s, arg);
}

static void
test_parse(void **state)
{
	TEST_EACH(c, parse_cases) {
		uint64_t ms = 42;
		int rc = guard_whole(str_c(c->text), parse, &ms);

		CHECK_RC(c->text, rc, c->rc);
		CHECK(c->text, ms == (rc == 0 ? c->ms : 42));
	}
}

static void
test_prefixes(void **state)
{
	struct str s = STR("2013-10-17T11:08:07.006+02:00");
	int rc[64];
	uint64_t ms;

	assert_rc(guard_prefixes(s, parse, &ms, rc), 0);
	for (size_t i = 0; i < s.n; i++)
		assert_rc(rc[i], ERR_VALUE);
	/* A NUL is no end. */
	assert_rc(clock_parse(STR("2013-10-17T11:08:07\0Z"), &ms), ERR_VALUE);
	assert_rc(clock_parse((struct str){ NULL, 0 }, &ms), ERR_VALUE);
}

/* Every day of all years against the C library, and back. */
static void
test_format(void **state)
{
	for (uint64_t day = 0; day < 2932897; day += 13) {
		uint64_t ms = day * 86400000 + day * 7919 % 86400000, back;
		time_t t = (time_t)(ms / 1000);
		char want[64], text[CLOCK_TEXT + 1];
		struct tm tm;
		size_t n;

		assert_non_null(gmtime_r(&t, &tm));
		n = strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S", &tm);
		clock_format(ms, text);
		assert_int_equal(strlen(text), CLOCK_TEXT);
		assert_memory_equal(text, want, n);
		assert_rc(clock_parse(str_c(text), &back), 0);
		assert_true(back == ms);
	}
}

static void
test_format_end(void **state)
{
	char text[CLOCK_TEXT + 1];

	clock_format(UINT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	clock_format(253402300800000, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

static void
test_now(void **state)
{
	uint64_t us = clock_mono_us(), ms = clock_mono_ms();

	assert_true(ms >= us / 1000);
	assert_true(clock_mono_us() >= us);
	/* After this was written. */
	assert_true(clock_unix_ms() > 1700000000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_end),
		cmocka_unit_test(test_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
