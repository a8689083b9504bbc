/* status: texts, what closes a reply, what is temporary. */
#include "lib/test.h"
#include "proto/status.h"

/* spec: Reply */
static void
test_closes(void **state)
{
	for (int code = 100; code < 1000; code++) {
		bool want = code / 100 != 1 && code / 100 != 3;

		if (code == 101 || code == 303)
			want = true;
		if (code == 271 || code == 281)
			want = false;
		if (status_closes(code) != want)
			fail_msg("%d", code);
	}
}

static void
test_temporary(void **state)
{
	for (int code = 100; code < 1000; code++) {
		bool want = (code >= 420 && code < 430) ||
			    (code >= 450 && code < 460) ||
			    (code >= 710 && code < 730);

		if (status_temporary(code) != want)
			fail_msg("%d", code);
	}
	assert_false(status_failed(ST_SUBSCRIBING));
	assert_true(status_failed(ST_SYNTAX));
	assert_true(status_failed(ST_STOPPING));
}

static void
test_text(void **state)
{
	assert_string_equal(status_text(ST_DONE), "Done.");
	assert_string_equal(status_text(ST_JSON), "");
	assert_string_equal(status_text(ST_NONE), "");
	assert_string_equal(status_text((enum status)599), "");
}

static void
test_of_err(void **state)
{
	assert_int_equal(status_of_err(0), ST_DONE);
	assert_int_equal(status_of_err(7), ST_DONE);
	assert_int_equal(status_of_err(ERR_SYNTAX), ST_SYNTAX);
	assert_int_equal(status_of_err(ERR_QUOTA), ST_QUOTA);
	assert_int_equal(status_of_err(-1), ST_INTERNAL);
	/* Whatever goes wrong, the answer says so. */
	for (int err = ERR_FIRST_ + 1; err < ERR_LAST_; err++)
		assert_true(status_failed((int)status_of_err(err)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closes),
		cmocka_unit_test(test_temporary),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_of_err),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
