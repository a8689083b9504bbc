#include "client/compose.h"

#include "client/play.h"
#include "proto/line.h"

static const char *const to_bob[] = { "bob@b.test", "Bo \"B\"@b", NULL };
static const char *const to_carol[] = { "carol@c.test", NULL };

static void
test_deliver(void **state)
{
	const struct immp_part parts[2] = { { 0 } };
	struct immp_mail m = IMMP_MAIL_INIT;
	struct buf b;

	buf_init(&b, 8192);
	m.to = to_bob;
	m.parts = parts;
	m.nparts = 1;
	assert_rc(compose_deliver(&b, &m, "u"), 0);
	assert_str(buf_str(&b), "DELIVER TO \"bob@b.test\" "
				"\"Bo \\\"B\\\"@b\" ID \"u\"");
	buf_clear(&b);
	m.cc = to_carol;
	m.bcc = to_carol;
	m.from = "alice@a.test";
	m.subject = "-READ a \\ b";
	m.reply = "r";
	m.importance = -1;
	m.flags = IMMP_SECURE | IMMP_ANONYMOUS;
	m.nparts = 2;
	assert_rc(compose_deliver(&b, &m, "u"), 0);
	assert_str(buf_str(&b),
		   "DELIVER TO \"bob@b.test\" \"Bo \\\"B\\\"@b\" "
		   "CC \"carol@c.test\" BCC \"carol@c.test\" "
		   "FROM \"alice@a.test\" SUBJECT \"-READ a \\\\ b\" ID \"u\" "
		   "REPLY \"r\" -IMPORTANT +MULTIPART +SECURE +ANONYMOUS");
	buf_clear(&b);
	m.subject = "a\nb";
	assert_rc(compose_deliver(&b, &m, "u"), IMMP_E_USAGE);
	m.subject = "x";
	m.to = NULL;
	assert_rc(compose_deliver(&b, &m, "u"), IMMP_E_USAGE);
	buf_done(&b);
}

static void
test_data(void **state)
{
	struct immp_part p = { .name = "a b", .type = "text/plain",
			       .file = "LENGTH", .length = 18446744073709551615u,
			       .content = 1 };
	struct immp_header h = { "X-A", "b c" };
	struct immp_fetch f = IMMP_FETCH_INIT;
	struct buf b;

	buf_init(&b, 8192);
	assert_rc(compose_data(&b, &p), 0);
	assert_str(buf_str(&b), "DATA NAME \"a b\" TYPE \"text/plain\" "
				"FILE \"LENGTH\" LENGTH 18446744073709551615 "
				"+CONTENT");
	buf_clear(&b);
	p = (struct immp_part){ .in = "m", .cid = "c", .is_inline = 1 };
	assert_rc(compose_data(&b, &p), 0);
	assert_str(buf_str(&b), "DATA CID \"c\" IN \"m\" LENGTH 0 +INLINE");
	buf_clear(&b);
	assert_rc(compose_header(&b, &h), 0);
	assert_str(buf_str(&b), "HEADER \"X-A\" \"b c\"");
	buf_clear(&b);
	f.target = "/inbox#u";
	f.form = IMMP_JSON;
	f.peek = f.no_data = 1;
	assert_rc(compose_fetch(&b, &f), 0);
	assert_str(buf_str(&b), "MBOX FETCH \"/inbox#u\" +JSON -READ -DATA");
	buf_clear(&b);
	f = (struct immp_fetch)IMMP_FETCH_INIT;
	f.target = "#u";
	f.part = "p";
	f.from = 5;
	f.count = 10;
	assert_rc(compose_fetch(&b, &f), 0);
	assert_str(buf_str(&b), "MBOX FETCH \"#u\" PART \"p\" RANGE 5-14");
	buf_clear(&b);
	f.count = 0;
	assert_rc(compose_fetch(&b, &f), 0);
	assert_str(buf_str(&b), "MBOX FETCH \"#u\" PART \"p\" RANGE 5-");
	buf_done(&b);
}

/* Whatever is quoted comes back as it was, as one word. */
static void
test_quote(void **state)
{
	static const char *const words[] = {
		"", "a", "+READ", "a \"b\" c", "\\", "\\\"", "TO", ";",
		"a=\"b\"", "\xc3\xa4",
	};
	struct line_limits lim = { 8192, 160, 16 };

	for (size_t i = 0; i < TEST_COUNT(words); i++) {
		struct line_error err;
		struct line line;
		struct arena a;
		char q[64];
		int n = immp_quote(words[i], q, sizeof(q));

		assert_true(n > 0 && (size_t)n == strlen(q));
		arena_init(&a, 65536, 0);
		assert_rc(line_parse(&a, str_c(q), &lim, &line, &err), 0);
		assert_int_equal(line.n, 1);
		assert_int_equal(line.cmds[0].n, 1);
		assert_true(line.cmds[0].words[0].quoted);
		assert_str(line.cmds[0].words[0].text, words[i]);
		arena_done(&a);
	}
}

static void
test_quote_bounds(void **state)
{
	char q[8];

	assert_int_equal(immp_quote("abc", q, 5), IMMP_E_USAGE);
	assert_int_equal(immp_quote("abc", q, 6), 5);
	assert_string_equal(q, "\"abc\"");
	assert_int_equal(immp_quote("\"\"\"", q, 8), IMMP_E_USAGE);
	assert_int_equal(immp_quote("", q, 2), IMMP_E_USAGE);
	assert_int_equal(immp_quote("a\nb", q, 8), IMMP_E_USAGE);
	assert_int_equal(immp_quote("a\x7f", q, 8), IMMP_E_USAGE);
}

static void
test_field(void **state)
{
	const char *text = "Done. n=3 who=\"a \\\"b\" more=x";
	char v[8];

	assert_int_equal(immp_field(text, "n", v, sizeof(v)), 1);
	assert_string_equal(v, "3");
	assert_int_equal(immp_field(text, "who", v, sizeof(v)), 4);
	assert_string_equal(v, "a \"b");
	assert_int_equal(immp_field(text, "mor", v, sizeof(v)),
			 IMMP_E_NOT_FOUND);
	assert_int_equal(immp_field(text, "who", v, 4), IMMP_E_USAGE);
}

/* Recipients go as far as they fit; the rest is for HEADER. */
static void
test_append(void **state)
{
	const char *to[201] = { NULL }, *cc[] = { "c <c@d>", NULL };
	const char *const flags[] = { "read", "$work", NULL };
	const char *const bad[] = { "read; QUIT", NULL };
	const struct immp_part part = { .name = "x" };
	struct immp_mail m = IMMP_MAIL_INIT;
	struct immp_append a = IMMP_APPEND_INIT;
	char longest[1000];
	size_t nto, ncc;
	struct buf b;

	buf_init(&b, 65536);
	m.parts = &part;
	m.nparts = 2;
	m.from = "";
	m.subject = "a \"b\"";
	m.cc = cc;
	m.importance = 1;
	a.mail = &m;
	a.folder = "/inbox";
	a.flags = flags;
	a.date = "2013-10-17T09:08:07Z";
	assert_int_equal(compose_append(&b, &a, "u", &nto, &ncc), 0);
	CHECK_STR("all", buf_str(&b),
		  "MBOX APPEND \"/inbox\" CC \"c <c@d>\" FROM \"\" SUBJECT "
		  "\"a \\\"b\\\"\" DATE \"2013-10-17T09:08:07Z\" ID \"u\" +read "
		  "+$work +IMPORTANT +MULTIPART");
	assert_int_equal(nto, 0);
	assert_int_equal(ncc, 1);

	/* By their number, and by their length. */
	for (size_t i = 0; i < 200; i++)
		to[i] = "a@b";
	m.to = to;
	buf_clear(&b);
	assert_int_equal(compose_append(&b, &a, "u", &nto, &ncc), 0);
	assert_int_equal(nto, 100);
	assert_int_equal(ncc, 0);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < 200; i++)
		to[i] = longest;
	buf_clear(&b);
	assert_int_equal(compose_append(&b, &a, "u", &nto, &ncc), 0);
	assert_int_equal(nto, 4);
	assert_true(b.n < 8192);

	a.flags = bad;
	assert_int_equal(compose_append(&b, &a, "u", &nto, &ncc), IMMP_E_USAGE);
	buf_done(&b);
}

static void
test_errors(void **state)
{
	assert_int_equal(engine_error_of(200), 0);
	assert_int_equal(engine_error_of(303), 0);
	assert_int_equal(engine_error_of(404), IMMP_E_NOT_FOUND);
	assert_int_equal(engine_error_of(410), IMMP_E_AUTH);
	assert_int_equal(engine_error_of(413), IMMP_E_TOO_LARGE);
	assert_int_equal(engine_error_of(403), IMMP_E_REFUSED);
	assert_int_equal(engine_error_of(421), IMMP_E_LATER);
	assert_int_equal(engine_error_of(720), IMMP_E_LATER);
	assert_int_equal(engine_error_of(700), IMMP_E_REFUSED);
	assert_int_equal(engine_error_of(IMMP_E_TLS), IMMP_E_TLS);
	/* Every error has a phrase of its own. */
	for (int e = 0; e >= IMMP_E_UNKNOWN; e--)
		for (int f = 0; f > e; f--)
			assert_string_not_equal(immp_strerror(e),
						immp_strerror(f));
	assert_string_not_equal(immp_strerror(IMMP_E_UNKNOWN),
				immp_strerror(IMMP_E_UNKNOWN - 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deliver),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_quote_bounds),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
