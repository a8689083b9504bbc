/*
 * A peer must not choose our memory by the length it claims for its first
 * message.
 */
#include "pump.h"

#include "lib/guard.h"

#define HELLO "\x01"
/* A handshake record of n octets. */
#define RECORD(n) "\x16\x03\x01" n

static struct pump_files files;
static struct tls_ctx *ctx;

/* Each piece at the end of a page. */
static int
feed(struct str in, size_t piece)
{
	struct pump_end e;
	struct guard g;
	int err;

	guard_init(&g, piece);
	pump_end_init(&e, tls_new_server(ctx, TLS_1_2), 65536);
	for (; in.n > 0; in = str_from(in, piece < in.n ? piece : in.n))
		pump_feed(&e, guard_put(&g, str_sub(in, 0, piece)), piece);
	err = e.err;
	pump_end_done(&e);
	guard_done(&g);
	return err;
}

static const struct {
	const char *name;
	struct str in;
	int want;
} cases[] = {
	/* 16,384 octets are waited for, one more is too many. */
	{ "largest", { RECORD("\x00\x04") HELLO "\x00\x40\x00", 9 }, 0 },
	{ "too long", { RECORD("\x00\x04") HELLO "\x00\x40\x01", 9 }, ERR_TLS },
	{ "much too long",
	  { RECORD("\x00\x04") HELLO "\x02\x00\x00", 9 },
	  ERR_TLS },
	/* Its header cut by records. */
	{ "cut",
	  { RECORD("\x00\x01") HELLO RECORD("\x00\x01") "\x02" RECORD(
		    "\x00\x02") "\x00\x00",
	    19 },
	  ERR_TLS },
};

static void
test_claims(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t piece = 1; piece <= cases[i].in.n; piece++)
			if (feed(cases[i].in, piece) != cases[i].want)
				fail_msg("%s, pieces of %zu", cases[i].name,
					 piece);
}

static int
setup(void **state)
{
	pump_files_make(&files);
	ctx = pump_server_ctx(&files, TLS_1_2);
	return 0;
}

static int
teardown(void **state)
{
	tls_ctx_unref(ctx);
	pump_files_remove(&files);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
	};

	return cmocka_run_group_tests_name("tls_hello", tests, setup, teardown);
}
