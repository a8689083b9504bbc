#include "base/uuid.h"

#include "lib/guard.h"
#include "lib/test.h"

static const struct uuid_case {
	const char *text;
	int rc;
} uuid_cases[] = {
	{ "00000000-0000-0000-0000-000000000000", 0 },
	{ "ffffffff-ffff-ffff-ffff-ffffffffffff", 0 },
	{ "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", 0 },
	{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 0 },
	{ "", ERR_VALUE },
	{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398", ERR_VALUE },
	{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", ERR_VALUE },
	{ "017f22e279b07cc398c4dc0c0c07398f", ERR_VALUE },
	{ "017f22e2079b007cc3098c40dc0c0c07398f", ERR_VALUE },
	{ "017f22e-279b0-7cc3-98c4-dc0c0c07398f", ERR_VALUE },
	{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", ERR_VALUE },
	{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398G", ERR_VALUE },
	{ "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}", ERR_VALUE },
	{ "017f22e2-79b0-7cc3-98c4--c0c0c07398f", ERR_VALUE },
	{ "017f22e2-79b0-7cc3-98c4- c0c0c07398f", ERR_VALUE },
};

static int
parse(struct str s, void *arg)
{
	return uuid_parse(s, arg);
}

static void
test_parse(void **state)
{
	TEST_EACH(c, uuid_cases) {
		char text[UUID_TEXT + 1];
		struct uuid u;

		CHECK_RC(c->text, guard_whole(str_c(c->text), parse, &u),
			 c->rc);
		if (c->rc < 0)
			continue;
		uuid_format(&u, text);
		CHECK(c->text, str_eqi(str_c(text), str_c(c->text)));
		for (int i = 0; i < UUID_TEXT; i++)
			CHECK(c->text, text[i] < 'A' || text[i] > 'F');
	}
}

static void
test_prefixes(void **state)
{
	struct str s = str_c(uuid_cases[3].text);
	int rc[UUID_TEXT];
	struct uuid u;

	assert_rc(guard_prefixes(s, parse, &u, rc), 0);
	for (int i = 0; i < UUID_TEXT; i++)
		assert_rc(rc[i], ERR_VALUE);
}

/* RFC 9562, A.6: the time of the example of version 7. */
static void
test_v7(void **state)
{
	static const uint8_t rnd[10] = { 0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c,
					 0x0c, 0x07, 0x39, 0x8f };
	uint8_t ones[10];
	char text[UUID_TEXT + 1];
	struct uuid u, v;

	u = uuid_v7(0x017f22e279b0, rnd);
	uuid_format(&u, text);
	assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
	memset(ones, 0xff, sizeof(ones));
	v = uuid_v7(0x017f22e279b0, ones);
	uuid_format(&v, text);
	assert_string_equal(text, "017f22e2-79b0-7fff-bfff-ffffffffffff");
	assert_false(uuid_eq(&u, &v));

	/* They sort by time. */
	v = uuid_v7(0x017f22e279b1, (const uint8_t[10]){ 0 });
	assert_true(memcmp(&u, &v, sizeof(u)) < 0);
}

static void
test_v4(void **state)
{
	uint8_t ones[16];
	char text[UUID_TEXT + 1];
	struct uuid u;

	memset(ones, 0xff, sizeof(ones));
	u = uuid_v4(ones);
	uuid_format(&u, text);
	assert_string_equal(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
	u = uuid_v4((const uint8_t[16]){ 0 });
	uuid_format(&u, text);
	assert_string_equal(text, "00000000-0000-4000-8000-000000000000");
	assert_true(uuid_eq(&u, &u));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_v7),
		cmocka_unit_test(test_v4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
