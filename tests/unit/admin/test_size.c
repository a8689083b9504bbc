#include "admin/admin.h"
#include "lib/test.h"

static const struct parse_case {
	const char *text;
	int rc;
	uint64_t n;
} parse_cases[] = {
	{ "0", 0, 0 }, { "1", 0, 1 }, { "10K", 0, 10240 },
	{ "3M", 0, 3145728 }, { "1G", 0, 1073741824 },
	{ "2T", 0, 2199023255552 }, { "18446744073709551615", 0, UINT64_MAX },
	{ "16777215T", 0, 16777215ull << 40 },
	{ "16777216T", ERR_VALUE, 0 }, { "18446744073709551616", ERR_VALUE, 0 },
	{ "", ERR_VALUE, 0 }, { "K", ERR_VALUE, 0 }, { "1k", ERR_VALUE, 0 },
	{ "-1", ERR_VALUE, 0 }, { "+1", ERR_VALUE, 0 }, { " 1", ERR_VALUE, 0 },
	{ "1.5G", ERR_VALUE, 0 }, { "1KB", ERR_VALUE, 0 },
	{ "01", ERR_VALUE, 0 }, { "1P", ERR_VALUE, 0 },
};

static void
test_parse(void **state)
{
	TEST_EACH(c, parse_cases) {
		uint64_t n = 0;

		CHECK_RC(c->text, admin_size_parse(str_c(c->text), &n), c->rc);
		CHECK(c->text, c->rc < 0 || n == c->n);
	}
	assert_rc(admin_size_parse((struct str){ "1\0", 2 },
				   &(uint64_t){ 0 }), ERR_VALUE);
}

static const struct format_case {
	const char *text;
	uint64_t n;
} format_cases[] = {
	{ "0", 0 }, { "1", 1 }, { "1023", 1023 }, { "1K", 1024 },
	{ "1025", 1025 }, { "9999", 9999 }, { "9.7K", 10000 },
	{ "8K", 8192 }, { "50M", 50ull << 20 }, { "1G", 1ull << 30 },
	{ "1536M", 3ull << 29 }, { "976K", 1000000 },
	{ "1024T", 1ull << 50 }, { "16777215T", UINT64_MAX },
};

static void
test_format(void **state)
{
	TEST_EACH(c, format_cases) {
		char text[ADMIN_SIZE_TEXT];

		admin_size_format(c->n, text);
		CHECK_STR(c->text, str_c(text), c->text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
