/*
 * reply_parse, reply_get: lines as servers should send them and as they
 * should not; every prefix, at a page's end.
 */
#include "base/limits.h"
#include "lib/guard.h"
#include "lib/test.h"
#include "proto/reply.h"

/* Where inputs lie, each at the end of a page. */
static struct guard page;

struct sample {
	const char *line;
	int want;
	const char *pipeline;
	int code;
	bool dash;
	const char *text;
	bool has_block;
	uint64_t block, offset, total;
};

static const struct sample samples[] = {
	{ "200 Done.", 0, "", 200, false, "Done.", false, 0, 0, 0 },
	{ "250 ", 0, "", 250, false, "", false, 0, 0, 0 },
	{ "250", 0, "", 250, false, "", false, 0, 0, 0 },
	{ "250-", 0, "", 250, true, "", false, 0, 0, 0 },
	{ "100- a", 0, "", 100, true, "a", false, 0, 0, 0 },
	{ "999 x", 0, "", 999, false, "x", false, 0, 0, 0 },
	{ "100  TLS2 TLS3", 0, "", 100, false, " TLS2 TLS3", false, 0, 0, 0 },
	{ "f9ca: 250 ", 0, "f9ca", 250, false, "", false, 0, 0, 0 },
	{ "250: 200 x", 0, "250", 200, false, "x", false, 0, 0, 0 },
	{ "250-: 200 x", 0, "250-", 200, false, "x", false, 0, 0, 0 },
	{ "_-A: 407- x: y", 0, "_-A", 407, true, "x: y", false, 0, 0, 0 },
	{ "01234567890123456789012345678901: 200", 0,
	  "01234567890123456789012345678901", 200, false, "", false, 0, 0, 0 },
	{ "200 J\xc3\xb6rg\ttab", 0, "", 200, false, "J\xc3\xb6rg\ttab",
	  false, 0, 0, 0 },
	/* blocks */
	{ "251- u offset=0 length=5 total=5", 0, "", 251, true,
	  "u offset=0 length=5 total=5", true, 5, 0, 5 },
	{ "a: 250- u offset=2 length=3 total=9", 0, "a", 250, true,
	  "u offset=2 length=3 total=9", true, 3, 2, 9 },
	{ "252- u part=\"a length=7\" offset=0 length=0 total=0", 0, "", 252,
	  true, "u part=\"a length=7\" offset=0 length=0 total=0", true, 0, 0,
	  0 },
	{ "251- u offset=0 length=65536 total=65536", 0, "", 251, true,
	  "u offset=0 length=65536 total=65536", true, 65536, 0, 65536 },
	{ "250- {\"a\":\" length=5 \"}", 0, "", 250, true,
	  "{\"a\":\" length=5 \"}", false, 0, 0, 0 },
	{ "251- u size=5", 0, "", 251, true, "u size=5", false, 0, 0, 0 },
	{ "251 n=1 length=5", 0, "", 251, false, "n=1 length=5", false, 0, 0,
	  0 },
	{ "241- u length=5", 0, "", 241, true, "u length=5", false, 0, 0, 0 },
	/* refused */
	{ "", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "20", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "099 x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "2000 x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "20x x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ " 200 x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "200x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "200-x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "200--", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "200\tx", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "-200 x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "a:200 x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "a 200 x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "a.b: 200 x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ ": 200 x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "a: b: 200 x", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "012345678901234567890123456789012: 200", ERR_SYNTAX, NULL, 0, false,
	  NULL, false, 0, 0, 0 },
	{ "200 a\x01", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "200 a\r", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "200 \x7f", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "200 \xc3", ERR_SYNTAX, NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "251- u offset=0 length=65537 total=65537", ERR_LIMIT, NULL, 0,
	  false, NULL, false, 0, 0, 0 },
	{ "251- u length=5 total=5", ERR_SYNTAX, NULL, 0, false, NULL, false,
	  0, 0, 0 },
	{ "251- u offset=0 length=5", ERR_SYNTAX, NULL, 0, false, NULL, false,
	  0, 0, 0 },
	{ "251- u offset=0 length=5x total=5", ERR_SYNTAX, NULL, 0, false,
	  NULL, false, 0, 0, 0 },
	{ "251- u offset=0 length= total=5", ERR_SYNTAX, NULL, 0, false, NULL,
	  false, 0, 0, 0 },
	{ "251- u offset=0 length=-5 total=5", ERR_SYNTAX, NULL, 0, false,
	  NULL, false, 0, 0, 0 },
	{ "251- u offset=1 length=5 total=5", ERR_SYNTAX, NULL, 0, false, NULL,
	  false, 0, 0, 0 },
	{ "251- u offset=18446744073709551615 length=5 total=5", ERR_SYNTAX,
	  NULL, 0, false, NULL, false, 0, 0, 0 },
	{ "251- u offset=18446744073709551616 length=5 total=5", ERR_SYNTAX,
	  NULL, 0, false, NULL, false, 0, 0, 0 },
};

static void
test_parse(void **state)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *s = &samples[i];
		struct reply_line l;
		int r;
		struct str in_page = guard_put(&page, str_c(s->line));

		r = reply_parse(in_page, &l);
		if (r != s->want)
			fail_msg("%s: %d", s->line, r);
		if (r == 0 && (!str_eq(l.pipeline, str_c(s->pipeline)) ||
			       l.code != s->code || l.dash != s->dash ||
			       !str_eq(l.text, str_c(s->text)) ||
			       l.has_block != s->has_block ||
			       l.block != s->block || l.offset != s->offset ||
			       l.total != s->total))
			fail_msg("%s: parts differ", s->line);
	}
}

static void
test_prefixes(void **state)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct str s = str_c(samples[i].line);

		for (size_t n = 0; n <= s.n; n++) {
			struct reply_line l;
			struct arena a;
			int r;

			arena_init(&a, 10000, 0);
			struct str in_page = guard_put(&page, str_sub(s, 0, n));
			r = reply_parse(in_page, &l);
			assert_true(r == 0 || r == ERR_SYNTAX ||
				    r == ERR_LIMIT);
			if (r == 0)
				(void)reply_get(&a, l.text, "n"); /* reads */
			arena_done(&a);
		}
	}
}

static void
test_length(void **state)
{
	static char big[LIMIT_REPLY + 1];
	struct reply_line l;

	memset(big, 'x', sizeof(big));
	memcpy(big, "200 ", 4);
	assert_int_equal(reply_parse(str_n(big, LIMIT_REPLY), &l), 0);
	assert_int_equal(l.text.n, LIMIT_REPLY - 4);
	assert_int_equal(reply_parse(str_n(big, LIMIT_REPLY + 1), &l),
			 ERR_SYNTAX);
	assert_int_equal(reply_parse(STR("200 a\0b"), &l), ERR_SYNTAX);
}

static void
test_get(void **state)
{
	static const struct {
		const char *text, *name, *want;
	} rows[] = {
		{ "p=IMMP v=1.0 d=b.test", "v", "1.0" },
		{ "p=IMMP v=1.0 d=b.test", "p", "IMMP" },
		{ "p=IMMP v=1.0 d=b.test", "d", "b.test" },
		{ "p=IMMP v=1.0 d=b.test", "x", NULL },
		{ "p=IMMP", "P", NULL },
		{ "a=1 a=2", "a", "1" },
		{ "a= b=2", "a", "" },
		{ "a=\"\" b=2", "a", "" },
		{ "a=\"b=3\" b=2", "b", "2" },
		{ "\"x b=3\" b=2", "b", "2" },
		{ "a=\"x \\\"b=3\" b=2", "b", "2" },
		{ "a=\"x \\\"y\\\\ \"", "a", "x \"y\\ " },
		{ "s=AAEC== t=2", "s", "AAEC==" },
		{ "s=x=y", "s", "x=y" },
		{ "aa=1 a=2", "a", "2" },
		{ "x.a_1=1", "x.a_1", "1" },
		{ "Accepted for \"me v=1", "v", NULL },
		{ "a\"b v=1", "v", "1" },
		{ "=1 v=2", "", NULL },
		{ "", "a", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena a;
		struct str got;

		arena_init(&a, 1000, 0);
		struct str in_page = guard_put(&page, str_c(rows[i].text));
		got = reply_get(&a, in_page, rows[i].name);
		if (!got.p != !rows[i].want ||
		    !str_eq(got, str_c(rows[i].want)))
			fail_msg("%s: %s: %.*s", rows[i].text, rows[i].name,
				 STR_ARG(got));
		arena_done(&a);
	}
}

static void
test_get_nomem(void **state)
{
	struct arena a;

	arena_init(&a, 0, 0);
	assert_null(reply_get(&a, STR("a=\"\\\"\""), "a").p);
	assert_true(str_eq(reply_get(&a, STR("a=\"b\""), "a"), STR("b")));
	arena_done(&a);
}

static int
open_page(void **state)
{
	guard_init(&page, LIMIT_REPLY + 1);
	return 0;
}

static int
close_page(void **state)
{
	guard_done(&page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_get_nomem),
	};

	return cmocka_run_group_tests(tests, open_page, close_page);
}
