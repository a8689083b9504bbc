/* What goes through the control socket, both ways. */
#include "admin/admin_wire.h"

#include "lib/test.h"

#define HEX "000102030405060708090a0b0c0d0e0f" \
	    "101112131415161718191a1b1c1d1e1f"
#define SALT "00112233445566778899aabbccddeeff"

static void
test_request(void **state)
{
	const struct str words[] = { STR("account"), STR("add"),
				     STR("\xc3\xa9@a.test \"x\"") };
	struct admin_secret secret = { .has_kdf = true, .has_key = true,
				       .kdf = { .t = 3, .m = 20000 },
				       .key.hex = HEX };
	CLEANUP_BUF struct buf b = { 0 };
	struct admin_request req;
	struct arena a;

	memset(secret.kdf.salt, 0xab, 16);
	buf_init(&b, ADMIN_REQUEST_MAX);
	arena_init(&a, 65536, 0);
	assert_rc(admin_wire_request(&b, words, 3, &secret), 0);
	assert_int_equal(buf_data(&b)[b.n - 1], '\n');
	buf_truncate(&b, b.n - 1);
	assert_rc(admin_wire_request_parse(&a, buf_str(&b), &req), 0);
	assert_int_equal(req.nwords, 3);
	for (int i = 0; i < 3; i++)
		assert_true(str_eq(req.words[i], words[i]));
	assert_true(req.secret.has_kdf && req.secret.has_key);
	assert_memory_equal(&req.secret.kdf, &secret.kdf, sizeof(secret.kdf));
	assert_string_equal(req.secret.key.hex, HEX);
	/* The line is gone. */
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(buf_data(&b)[i], 0);

	/* Without secrets, and with a key alone. */
	buf_clear(&b);
	assert_rc(admin_wire_request(&b, words, 1, NULL), 0);
	assert_str(buf_str(&b), "{\"v\":1,\"words\":[\"account\"]}\n");
	secret.has_kdf = false;
	buf_clear(&b);
	assert_rc(admin_wire_request(&b, words, 1, &secret), 0);
	assert_rc(admin_wire_request_parse(&a, buf_str(&b), &req), 0);
	assert_true(req.secret.has_key && !req.secret.has_kdf);

	b.max = 20;
	buf_clear(&b);
	assert_rc(admin_wire_request(&b, words, 3, NULL), ERR_LIMIT);
	arena_done(&a);
}

#define SECRET(s) "{\"v\":1,\"words\":[\"x\"],\"secret\":{" s "}}"

static const struct bad_case {
	const char *line;
	int rc;
} bad_cases[] = {
	{ "", ERR_VALUE }, { "{", ERR_VALUE }, { "[]", ERR_VALUE },
	{ "{}", ERR_VALUE }, { "1", ERR_VALUE }, { "{}{}", ERR_VALUE },
	{ "{\"v\":1}", ERR_VALUE },
	{ "{\"v\":2,\"words\":[\"x\"]}", ERR_VERSION },
	{ "{\"v\":0,\"words\":[\"x\"]}", ERR_VALUE },
	{ "{\"v\":\"1\",\"words\":[\"x\"]}", ERR_VALUE },
	{ "{\"v\":1,\"v\":1,\"words\":[\"x\"]}", ERR_VALUE },
	{ "{\"v\":1,\"words\":[]}", ERR_VALUE },
	{ "{\"v\":1,\"words\":\"x\"}", ERR_VALUE },
	{ "{\"v\":1,\"words\":[1]}", ERR_VALUE },
	{ "{\"v\":1,\"words\":[\"x\\u0000\"]}", ERR_VALUE },
	{ "{\"v\":1,\"words\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\","
	  "\"9\",\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"]}",
	  ERR_VALUE },
	{ SECRET(""), ERR_VALUE },
	{ SECRET("\"key\":\"00\""), ERR_VALUE },
	{ SECRET("\"key\":1"), ERR_VALUE },
	{ SECRET("\"key\":\"" HEX "\",\"salt\":\"00\",\"t\":2,\"m\":19456"),
	  ERR_VALUE },
	{ SECRET("\"key\":\"" HEX "\",\"salt\":\"" SALT "\""), ERR_VALUE },
	{ SECRET("\"key\":\"" HEX "\",\"salt\":\"" SALT
		 "\",\"t\":1,\"m\":19456"), ERR_VALUE },
	{ SECRET("\"key\":\"" HEX "\",\"salt\":\"" SALT
		 "\",\"t\":17,\"m\":19456"), ERR_VALUE },
	{ SECRET("\"key\":\"" HEX "\",\"salt\":\"" SALT
		 "\",\"t\":2,\"m\":19455"), ERR_VALUE },
	{ SECRET("\"key\":\"" HEX "\",\"salt\":\"" SALT
		 "\",\"t\":2,\"m\":1048577"), ERR_VALUE },
	{ SECRET("\"key\":\"" HEX "\",\"salt\":\"" SALT
		 "\",\"t\":2,\"m\":19456"), 0 },
};

static void
test_request_bad(void **state)
{
	TEST_EACH(c, bad_cases) {
		struct admin_request req;
		struct arena a;
		char line[512];

		arena_init(&a, 65536, 0);
		assert_rc(str_copy(str_c(c->line), line, sizeof(line)), 0);
		CHECK_RC(c->line, admin_wire_request_parse(&a, str_c(line),
							   &req), c->rc);
		arena_done(&a);
	}
}

/* Kind and text go there and back. */
static void
check_answer(enum admin_kind kind, const char *text, const char *line)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct admin_answer ans;
	struct arena a;

	buf_init(&b, ADMIN_ANSWER_MAX);
	arena_init(&a, 65536, 0);
	assert_rc(admin_wire_answer(&b, kind, str_c(text)), 0);
	CHECK_STR(text, buf_str(&b), line);
	buf_truncate(&b, b.n - 1);
	CHECK_RC(text, admin_wire_answer_parse(&a, buf_str(&b), &ans), 0);
	CHECK(text, !ans.end && ans.kind == kind);
	CHECK_STR(text, ans.text, text);
	arena_done(&a);
}

static void
test_answer(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct admin_answer ans;
	struct arena a;

	check_answer(ADMIN_OBJECT, "{\"a\":{\"b\":[1,2]}}",
		     "{\"object\":{\"a\":{\"b\":[1,2]}}}\n");
	check_answer(ADMIN_OBJECT, "{}", "{\"object\":{}}\n");
	check_answer(ADMIN_ITEM, "{\"x\":\"y\"}", "{\"item\":{\"x\":\"y\"}}\n");
	check_answer(ADMIN_NOTE, "a \"b\"", "{\"note\":\"a \\\"b\\\"\"}\n");
	check_answer(ADMIN_PROGRESS, "", "{\"progress\":\"\"}\n");

	buf_init(&b, 1024);
	arena_init(&a, 65536, 0);
	assert_rc(admin_wire_end(&b, 0, NULL), 0);
	assert_str(buf_str(&b), "{\"end\":0}\n");
	assert_rc(admin_wire_answer_parse(&a, str_sub(buf_str(&b), 0, b.n - 1),
					  &ans), 0);
	assert_true(ans.end && ans.code == 0);
	buf_clear(&b);
	assert_rc(admin_wire_end(&b, 75, "not now"), 0);
	assert_rc(admin_wire_answer_parse(&a, buf_str(&b), &ans), 0);
	assert_true(ans.end && ans.code == 75);
	assert_string_equal(ans.fail.why, "not now");
	arena_done(&a);
}

static const char *const bad_answers[] = {
	"", "{}", "[]", "{\"end\":-1}", "{\"end\":256}", "{\"thing\":{}}",
	"{\"object\":1}", "{\"object\":{},\"item\":{}}", "{\"note\":{}}",
	"{\"item\":{}", "{\"item\":[]}",
};

static void
test_answer_bad(void **state)
{
	for (size_t i = 0; i < TEST_COUNT(bad_answers); i++) {
		struct admin_answer ans;
		struct arena a;

		arena_init(&a, 65536, 0);
		CHECK_RC(bad_answers[i],
			 admin_wire_answer_parse(&a, str_c(bad_answers[i]),
						 &ans), ERR_VALUE);
		arena_done(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_request_bad),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_answer_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
