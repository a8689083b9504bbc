/*
 * The manifest: what is written is read back the same; damage is told.
 */
#include "lib/fault.h"
#include "lib/guard.h"
#include "lib/test.h"
#include "sample.h"

static struct arena arena;
static struct guard page;

static void
test_round_trip(void **state)
{
	const struct message *const samples[] = { sample_full(),
						  sample_small() };

	TEST_EACH(m, samples) {
		CLEANUP_BUF struct buf out = { 0 };
		struct message back;

		buf_init(&out, 65536);
		assert_rc(message_manifest(*m, &out), 0);
		assert_rc(message_parse(&arena, guard_put(&page, buf_str(&out)),
					&back),
			  0);
		sample_check_equal(*m, &back);
	}
}

static void
test_small(void **state)
{
	CLEANUP_BUF struct buf out = { 0 };

	buf_init(&out, 65536);
	assert_rc(message_manifest(sample_small(), &out), 0);
	assert_str(buf_str(&out),
		   "{\"v\":1,\"id\":\"00000000-0000-0000-0000-000000000000\","
		   "\"from\":\"alice@a.test\",\"date\":0,\"received\":0,"
		   "\"parts\":[{\"id\":\"part1\",\"type\":\"text/plain\","
		   "\"content\":true,\"offset\":0,\"length\":5,\"sha256\":"
		   "\"00000000000000000000000000000000000000000000000000000000"
		   "00000000\",\"shape\":1}]}");
}

static void
test_trailer(void **state)
{
	CLEANUP_BUF struct buf out = { 0 };
	const uint8_t *le;
	struct message back;
	size_t n;

	buf_init(&out, 65536);
	assert_rc(buf_add_cstr(&out, "octets of parts"), 0);
	assert_rc(message_trailer(sample_full(), &out), 0);
	le = (const uint8_t *)buf_data(&out) + out.n - MESSAGE_TRAILER;
	n = le[0] | (size_t)le[1] << 8 | (size_t)le[2] << 16 |
	    (size_t)le[3] << 24;
	assert_int_equal(n, out.n - 15 - MESSAGE_TRAILER);
	assert_rc(message_parse(&arena, str_sub(buf_str(&out), 15, n), &back),
		  0);
	sample_check_equal(sample_full(), &back);
}

/* A failing writer leaves what was there. */
static void
test_ceiling(void **state)
{
	CLEANUP_BUF struct buf out = { 0 };

	buf_init(&out, 100);
	assert_rc(buf_add_cstr(&out, "x"), 0);
	assert_rc(message_manifest(sample_full(), &out), ERR_LIMIT);
	assert_str(buf_str(&out), "x");
	assert_rc(message_trailer(sample_full(), &out), ERR_LIMIT);
	assert_str(buf_str(&out), "x");
	assert_rc(message_identity(sample_full(), &out), ERR_LIMIT);
	assert_str(buf_str(&out), "x");
	assert_rc(message_row(sample_full(), &out), ERR_LIMIT);
	assert_str(buf_str(&out), "x");
}

#define ID "\"id\":\"00000000-0000-0000-0000-000000000000\""
#define HASH \
	"\"sha256\":\"0000000000000000000000000000000000000000000000000000" \
	"000000000000\""
#define REST "\"offset\":0,\"length\":5,\"shape\":1"
#define PART "{\"id\":\"a\",\"type\":\"b\"," HASH "," REST "}"
#define HEAD "{\"v\":1," ID ","
#define TAIL "\"parts\":[" PART "]}"

static const struct {
	const char *name, *in;
	int rc;
} damaged[] = {
	{ "least", HEAD TAIL, 0 },
	{ "blanks", " \n" HEAD " " TAIL "\n", 0 },
	{ "unknown member", HEAD "\"x\":[{}]," TAIL, 0 },
	{ "empty", "", ERR_CORRUPT },
	{ "no object", "[]", ERR_CORRUPT },
	{ "a string", "\"a\"", ERR_CORRUPT },
	{ "empty object", "{}", ERR_CORRUPT },
	{ "cut", HEAD "\"parts\":[" PART "]", ERR_CORRUPT },
	{ "octets behind", HEAD TAIL "x", ERR_CORRUPT },
	{ "bad utf-8", HEAD "\"from\":\"\xff\"," TAIL, ERR_CORRUPT },
	{ "NUL", HEAD "\"from\":\"\\u0000\"," TAIL, ERR_CORRUPT },
	{ "no version", "{" ID "," TAIL, ERR_CORRUPT },
	{ "newer version", "{\"v\":2," ID "," TAIL, ERR_CORRUPT },
	{ "no id", "{\"v\":1," TAIL, ERR_CORRUPT },
	{ "bad id", "{\"v\":1,\"id\":\"x\"," TAIL, ERR_CORRUPT },
	{ "no parts", HEAD "\"from\":\"a\"}", ERR_CORRUPT },
	{ "empty parts", HEAD "\"parts\":[]}", ERR_CORRUPT },
	{ "parts no array", HEAD "\"parts\":{}}", ERR_CORRUPT },
	{ "part no object", HEAD "\"parts\":[1]}", ERR_CORRUPT },
	{ "from no string", HEAD "\"from\":1," TAIL, ERR_CORRUPT },
	{ "to no array", HEAD "\"to\":\"a\"," TAIL, ERR_CORRUPT },
	{ "to no strings", HEAD "\"to\":[1]," TAIL, ERR_CORRUPT },
	{ "pair of one", HEAD "\"names\":[[\"a\"]]," TAIL, ERR_CORRUPT },
	{ "pair of three", HEAD "\"names\":[[\"a\",\"b\",\"c\"]]," TAIL,
	  ERR_CORRUPT },
	{ "pair no array", HEAD "\"headers\":[\"ab\"]," TAIL, ERR_CORRUPT },
	{ "secure no bool", HEAD "\"secure\":1," TAIL, ERR_CORRUPT },
	{ "imported no bool", HEAD "\"imported\":1," TAIL, ERR_CORRUPT },
	{ "important 2", HEAD "\"important\":2," TAIL, ERR_CORRUPT },
	{ "date negative", HEAD "\"date\":-1," TAIL, ERR_CORRUPT },
	{ "date real", HEAD "\"date\":1.5," TAIL, ERR_CORRUPT },
	{ "date past 63 bits", HEAD "\"date\":18446744073709551615," TAIL,
	  ERR_CORRUPT },
	{ "reply null", HEAD "\"reply\":null," TAIL, ERR_CORRUPT },
	{ "no hash", HEAD "\"parts\":[{\"id\":\"a\",\"type\":\"b\"," REST "}]}",
	  ERR_CORRUPT },
	{ "no part id", HEAD "\"parts\":[{\"type\":\"b\"," HASH "," REST "}]}",
	  ERR_CORRUPT },
	{ "no type", HEAD "\"parts\":[{\"id\":\"b\"," HASH "," REST "}]}",
	  ERR_CORRUPT },
	{ "no shape",
	  HEAD "\"parts\":[{\"id\":\"a\",\"type\":\"b\"," HASH "}]}",
	  ERR_CORRUPT },
	{ "length past all",
	  HEAD "\"parts\":[{\"id\":\"a\",\"type\":\"b\"," HASH
	       ",\"shape\":1,\"length\":140737488355329}]}",
	  ERR_CORRUPT },
	{ "sum past all",
	  HEAD "\"parts\":["
	       "{\"id\":\"a\",\"type\":\"b\"," HASH
	       ",\"shape\":1,\"length\":140737488355328},"
	       "{\"id\":\"a\",\"type\":\"b\"," HASH
	       ",\"shape\":1,\"length\":1}]}",
	  ERR_CORRUPT },
	{ "more LFs than octets",
	  HEAD "\"parts\":[{\"id\":\"a\",\"type\":"
	       "\"b\"," HASH "," REST ",\"bare_lf\":6}]}",
	  ERR_CORRUPT },
	{ "deep", HEAD "\"x\":[[[[[]]]]]," TAIL, ERR_CORRUPT },
	{ "brackets in a string", HEAD "\"x\":\"[[[[[[{{{{\"," TAIL, 0 },
	{ "escaped quote", HEAD "\"x\":\"\\\"[[[[[[{{{{\"," TAIL, 0 },
};

static void
test_damaged(void **state)
{
	TEST_EACH(c, damaged) {
		struct message m;

		CHECK_RC(c->name,
			 message_parse(&arena, guard_put(&page, str_c(c->in)),
				       &m),
			 c->rc);
	}
}

/* Any prefix, and any octet changed, is read or refused, never worse. */
static void
test_every_octet(void **state)
{
	CLEANUP_BUF struct buf out = { 0 };
	struct str whole;

	buf_init(&out, 65536);
	assert_rc(message_manifest(sample_full(), &out), 0);
	whole = buf_str(&out);
	for (size_t n = 0; n < whole.n; n++) {
		struct str in = guard_put(&page, str_sub(whole, 0, n));
		struct message m;
		int err;

		assert_rc(message_parse(&arena, in, &m), ERR_CORRUPT);
		in = guard_put(&page, whole);
		((char *)in.p)[n] ^= 4;
		err = message_parse(&arena, in, &m);
		assert_true(err == 0 || err == ERR_CORRUPT);
		arena_clear(&arena);
	}
}

static void
test_deep(void **state)
{
	static char text[1 << 20];
	struct message m;

	memset(text, '[', sizeof(text));
	assert_rc(message_parse(&arena, str_n(text, sizeof(text)), &m),
		  ERR_CORRUPT);
}

static int
use_manifest(void *arg)
{
	struct arena a;
	struct buf out;
	struct message m;
	int err;

	arena_init(&a, 1 << 20, 64);
	buf_init(&out, 65536);
	err = message_trailer(sample_full(), &out);
	if (err == 0)
		err = message_parse(&a,
				    str_sub(buf_str(&out), 0,
					    out.n - MESSAGE_TRAILER),
				    &m);
	buf_clear(&out);
	if (err == 0)
		err = message_row(sample_full(), &out);
	arena_done(&a);
	buf_done(&out);
	return err;
}

static void
test_fault(void **state)
{
	assert_true(fault_each(use_manifest, NULL) >= 5);
}

static int
setup(void **state)
{
	arena_init(&arena, 8 << 20, 0);
	guard_init(&page, 65536);
	return 0;
}

static int
teardown(void **state)
{
	arena_done(&arena);
	guard_done(&page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_trailer),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_every_octet),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
