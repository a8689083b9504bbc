#include "base/secret.h"

#include "lib/test.h"

static void
test_wipe(void **state)
{
	char text[16] = "password";

	secret_wipe(text + 1, 8);
	assert_int_equal(text[0], 'p');
	for (int i = 1; i < 9; i++)
		assert_int_equal(text[i], 0);
	secret_wipe(NULL, 0);
}

static void
test_eq(void **state)
{
	uint8_t a[64], b[64];

	memset(a, 0x55, sizeof(a));
	memset(b, 0x55, sizeof(b));
	assert_true(secret_eq(a, b, sizeof(a)));
	assert_true(secret_eq(NULL, NULL, 0));
	/* Each bit counts. */
	for (size_t i = 0; i < sizeof(a) * 8; i++) {
		b[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(secret_eq(a, b, sizeof(a)));
		b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	b[63] ^= 1;
	assert_true(secret_eq(a, b, 63));
}

static void
test_random(void **state)
{
	static uint8_t large[100000];
	CLEANUP_SECRET struct secret32 a = { 0 };
	CLEANUP_SECRET struct secret32 b = { 0 };
	size_t zeros = 0;

	secret_random(&a, sizeof(a));
	secret_random(&b, sizeof(b));
	assert_false(secret_eq(&a, &b, sizeof(a)));
	secret_random(NULL, 0);

	/* More than the system gives at once; about 1 in 256 is zero. */
	secret_random(large, sizeof(large));
	for (size_t i = 0; i < sizeof(large); i++)
		zeros += !large[i];
	assert_in_range(zeros, 200, 700);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_eq),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
