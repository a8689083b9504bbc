#include "base/hex.h"

#include "lib/guard.h"
#include "lib/test.h"

static void
test_hex(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	uint8_t octets[256], back[256];

	for (int i = 0; i < 256; i++)
		octets[i] = (uint8_t)i;
	buf_init(&b, 515);
	assert_rc(hex_add(&b, "\x00\x9f\xff", 3), 0);
	assert_str(buf_str(&b), "009fff");
	assert_rc(hex_add(&b, octets, 255), ERR_LIMIT);
	assert_rc(hex_add(&b, octets, SIZE_MAX), ERR_LIMIT);
	assert_str(buf_str(&b), "009fff");
	assert_rc(hex_add(&b, NULL, 0), 0);
	buf_clear(&b);
	assert_rc(hex_add(&b, octets, 256), 0);
	assert_rc(hex_decode(buf_str(&b), back, 256), 0);
	assert_memory_equal(octets, back, 256);
}

static void
test_hex_value(void **state)
{
	static const char lower[] = "0123456789abcdef", upper[] = "ABCDEF";

	for (int c = 0; c < 256; c++) {
		const char *l = c ? strchr(lower, c) : NULL;
		const char *u = c ? strchr(upper, c) : NULL;

		assert_int_equal(hex_value((char)c), l ? l - lower :
						     u ? u - upper + 10 : -1);
	}
}

static const struct hex_case {
	const char *text;
	size_t n;
} hex_bad[] = {
	{ "0", 0 }, { "0", 1 }, { "00", 0 }, { "", 1 }, { "00", 2 },
	{ "000", 1 }, { "0g", 1 }, { "g0", 1 }, { "0A", 1 }, { " 0", 1 },
	{ "0x", 1 }, { "/0", 1 }, { ":0", 1 }, { "`0", 1 }, { "\xff" "0", 1 },
	{ "00", SIZE_MAX }, { "00", SIZE_MAX / 2 + 2 },
};

static void
test_hex_bad(void **state)
{
	TEST_EACH(c, hex_bad) {
		uint8_t out[4] = { 7, 7, 7, 7 };

		CHECK_RC(c->text, hex_decode(str_c(c->text), out, c->n),
			 ERR_VALUE);
		CHECK(c->text, out[0] == 7 && out[1] == 7);
	}
	assert_rc(hex_decode((struct str){ NULL, 0 }, NULL, 0), 0);
}

/* RFC 4648, section 10, and the two odd octets of the alphabet. */
static const struct b64_case {
	const char *plain;
	const char *text;
} b64_cases[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" }, { "\xfb\xff\xbf", "+/+/" },
};

static void
test_b64(void **state)
{
	TEST_EACH(c, b64_cases) {
		CLEANUP_BUF struct buf b = { 0 };
		struct str plain = str_c(c->plain);
		char out[16];
		size_t n = 99;

		buf_init(&b, 100);
		CHECK_RC(c->text, b64_add(&b, plain.p, plain.n), 0);
		CHECK_STR(c->text, buf_str(&b), c->text);
		CHECK(c->text, B64_LEN(plain.n) == b.n);
		CHECK_RC(c->text, b64_decode(str_c(c->text), out, plain.n, &n),
			 0);
		CHECK_STR(c->text, str_n(out, n), c->plain);
		if (!plain.n)
			continue;
		n = 99;
		CHECK_RC(c->text, b64_decode(str_c(c->text), out, plain.n - 1,
					     &n), ERR_LIMIT);
		CHECK(c->text, n == 99);
	}
}

static const char *const b64_bad[] = {
	"Z", "Zg", "Zg=", "Zg===", "=", "==", "===", "====", "Z===", "Zh==",
	"Zm9=", "Zg==Zg==", "Zg=v", "Z=9v", "=m9v", "Zm9v====", "Zm 9",
	"Zm9v\n", "Zm-_", "Zm9v\xff\xff\xff\xff", "Zm9*", "*m9v",
	"Zm9vZ*==", "Zm9vZm*=",
};

static int
decode(struct str s, void *arg)
{
	size_t *n = arg;
	char out[64];

	return b64_decode(s, out, sizeof(out), n);
}

static void
test_b64_bad(void **state)
{
	TEST_EACH(text, b64_bad) {
		size_t n = 99;

		CHECK_RC(*text, guard_whole(str_c(*text), decode, &n),
			 ERR_VALUE);
		CHECK(*text, n == 99);
	}
}

static void
test_b64_prefixes(void **state)
{
	struct str s = STR("MDEyMzQ1Njc4OWFiY2RlZg==");
	int rc[32];
	size_t n;

	assert_rc(guard_prefixes(s, decode, &n, rc), 0);
	assert_int_equal(n, 16);
	for (size_t i = 0; i < s.n; i++)
		assert_rc(rc[i], i % 4 ? ERR_VALUE : 0);
}

/* All lengths, each output at a page end. */
static void
test_b64_round(void **state)
{
	struct guard in, out;
	char data[200], text[B64_LEN(200)];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 131 + 7);
	guard_init(&in, sizeof(text));
	guard_init(&out, sizeof(data));
	for (size_t n = 0; n <= sizeof(data); n++) {
		struct str dst = guard_put(&out, str_n(data, n));
		struct str src;
		size_t got;

		b64_encode(dst.p, n, text);
		src = guard_put(&in, str_n(text, B64_LEN(n)));
		memset((char *)dst.p, 0, n);
		assert_rc(b64_decode(src, (char *)dst.p, n, &got), 0);
		assert_int_equal(got, n);
		assert_memory_equal(dst.p, data, n);
	}
	guard_done(&in);
	guard_done(&out);
}

static void
test_b64_value(void **state)
{
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (int c = 0; c < 256; c++) {
		const char *at = c ? strchr(all, c) : NULL;
		int want = at ? (int)(at - all) : c == '=' ? -1 : -2;

		assert_int_equal(b64_value((unsigned char)c), want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_hex_value),
		cmocka_unit_test(test_hex_bad),
		cmocka_unit_test(test_b64),
		cmocka_unit_test(test_b64_bad),
		cmocka_unit_test(test_b64_prefixes),
		cmocka_unit_test(test_b64_round),
		cmocka_unit_test(test_b64_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
