#include "base/err.h"

#include <errno.h>
#include <limits.h>

#include "lib/test.h"

static void
test_codes(void **state)
{
	assert_int_equal(ERR_NOMEM, -999);
	assert_int_equal(ERR_MORE, -998);
	assert_true(ERR_LAST_ < 0);
}

static void
test_names(void **state)
{
#define IMMP_ERR(name, text, status) \
	assert_string_equal(err_name(ERR_##name), #name); \
	assert_string_equal(err_text(ERR_##name), text);
#include "base/err.def"
#undef IMMP_ERR
}

static void
test_others(void **state)
{
	static const int unknown[] = { -1, ERR_FIRST_, ERR_LAST_, INT_MIN };

	assert_string_equal(err_name(0), "OK");
	assert_string_equal(err_name(INT_MAX), "OK");
	assert_string_equal(err_text(5), "no error");
	TEST_EACH(code, unknown) {
		assert_string_equal(err_name(*code), "UNKNOWN");
		assert_string_equal(err_text(*code), "unknown error");
	}
}

static void
test_errno(void **state)
{
	assert_rc(err_from_errno(ENOMEM), ERR_NOMEM);
	assert_rc(err_from_errno(ENOSPC), ERR_FULL);
	assert_rc(err_from_errno(EDQUOT), ERR_FULL);
	assert_rc(err_from_errno(ENOENT), ERR_NOTFOUND);
	assert_rc(err_from_errno(ECONNREFUSED), ERR_CONNECT);
	assert_rc(err_from_errno(EIO), ERR_IO);
	/* Never success, whatever it is given. */
	for (int e = -5; e < 300; e++)
		assert_true(err_from_errno(e) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
