#include "base/crc32c.h"

#include "base/crc32c_priv.h"
#include "lib/guard.h"
#include "lib/test.h"

/* The examples of RFC 3720, B.4, and the usual check value. */
static void
test_known(void **state)
{
	uint8_t octets[32];

	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, NULL, 0), 0);
	memset(octets, 0, 32);
	assert_int_equal(crc32c(0, octets, 32), 0x8a9136aa);
	memset(octets, 0xff, 32);
	assert_int_equal(crc32c(0, octets, 32), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		octets[i] = (uint8_t)i;
	assert_int_equal(crc32c(0, octets, 32), 0x46dd794e);
	for (int i = 0; i < 32; i++)
		octets[i] = (uint8_t)(31 - i);
	assert_int_equal(crc32c(0, octets, 32), 0x113fdb5c);
}

/* One bit at a time, straight from the definition. */
static uint32_t
crc_slow(uint32_t crc, const uint8_t *p, size_t n)
{
	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static void
check_length(struct guard *g, size_t n, const char *data)
{
	struct str s = guard_put(g, str_n(data, n));
	uint32_t want = crc_slow((uint32_t)n, (const uint8_t *)s.p, n);

	assert_int_equal(crc32c((uint32_t)n, s.p, n), want);
	assert_int_equal(crc32c_soft((uint32_t)n, s.p, n), want);
}

static void
test_lengths(void **state)
{
	/* Around the lengths of one and three lanes. */
	static const size_t edges[] = { 255, 256, 767, 768, 769, 1535, 1536,
		4096, 12287, 12288, 12289, 13056, 24576, 30000 };
	static char data[32768];
	struct guard g;
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(data); i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (char)(x >> 24);
	}
	guard_init(&g, sizeof(data));
	for (size_t n = 0; n < 100; n++)
		check_length(&g, n, data);
	TEST_EACH(n, edges)
		check_length(&g, *n, data);
	guard_done(&g);
}

static void
test_pieces(void **state)
{
	static char data[20000];
	uint32_t whole;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * i >> 3);
	whole = crc32c(0, data, sizeof(data));
	for (size_t cut = 0; cut <= sizeof(data); cut += 501) {
		uint32_t crc = crc32c(0, data, cut);

		crc = crc32c(crc, data + cut, sizeof(data) - cut);
		assert_int_equal(crc, whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
