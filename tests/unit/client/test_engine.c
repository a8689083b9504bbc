#include "client/engine.h"

#include <stdio.h>

#include "client/play.h"
#include "lib/fault.h"

/* Run a test with a server that is heard whole and octet by octet. */
#define BOTH(p) for (int both_ = 0; both_ < 2; both_++, play_done(p))

/* --- how it begins --- */

static void
test_greeting(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_ready(&p, both_);
		assert_string_equal(engine_info(p.e)->domain, "a.test");
		assert_int_equal(engine_info(p.e)->max, 1000);
		assert_true(engine_has(p.e, STR("search")));
		assert_false(engine_has(p.e, STR("sea")));
	}
}

static const struct bad_start {
	const char *name, *text;
	int rc;
} bad_starts[] = {
	{ "another protocol", "220 mail.example.org ESMTP\n", IMMP_E_PROTOCOL },
	{ "HTTP", "HTTP/1.1 400 Bad Request\r\n", IMMP_E_PROTOCOL },
	{ "no methods", "101 p=IMMP v=1.0 d=a.test\n", IMMP_E_TLS },
	{ "only old ones", "100 TLS SSLv3\n101 p=IMMP v=1.0\n", IMMP_E_TLS },
	{ "busy", "421 Too many at once.\n", IMMP_E_LATER },
	{ "stopping", "710 Shutting down.\n", IMMP_E_LATER },
	{ "refused", "440 Not you.\n", IMMP_E_REFUSED },
	{ "a pipeline", "x: 999 what\n", IMMP_E_PROTOCOL },
	{ "empty line", "\n", IMMP_E_PROTOCOL },
	{ "bare CR", "100 TLS3\r101 p=IMMP\n", IMMP_E_PROTOCOL },
	{ "not UTF-8", "100 \xff\n", IMMP_E_PROTOCOL },
	{ "a code of two", "10 TLS3\n", IMMP_E_PROTOCOL },
	{ "UPGRADE refused", "100 TLS3\n101 p=IMMP\n701 Upgrade not offered.\n",
	  IMMP_E_TLS },
	{ "UPGRADE answered wrongly", "100 TLS3\n101 p=IMMP\n200 Done.\n",
	  IMMP_E_PROTOCOL },
};

static void
test_bad_start(void **state)
{
	TEST_EACH(c, bad_starts) {
		struct play p;

		BOTH(&p)
		{
			play_init(&p, both_);
			CHECK_RC(c->name, play_say(&p, c->text), c->rc);
			CHECK_RC(c->name, engine_error(p.e), c->rc);
			CHECK(c->name, engine_phase(p.e) == ENGINE_FAILED);
			CHECK(c->name, engine_why(p.e)[0] != '\0');
			/* And it stays so. */
			CHECK_RC(c->name, play_say(&p, "101 p=IMMP\n"), c->rc);
		}
	}
}

static void
test_endless_greeting(void **state)
{
	struct play p;
	int rc = 0, n = 0;

	play_init(&p, false);
	for (; rc == 0 && n < 1000; n++)
		rc = play_say(&p, "100- and on\n");
	assert_rc(rc, IMMP_E_PROTOCOL);
	assert_true(n < 100);
	play_done(&p);
}

/* What stands between may say anything before TLS: none of it is heard. */
static void
test_injected(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_init(&p, both_);
		assert_rc(play_say(&p, "100 TLS2 TLS3\n"
				       "101 p=IMMP v=1.0 d=evil.test\n"
				       "204 Upgrading.\n"
				       "101 p=IMMP v=1.0 d=evil.test f=all "
				       "methods=TLS2,TLS3\n101 p=IM"), 0);
		assert_int_equal(engine_phase(p.e), ENGINE_HANDSHAKE);
		play_wrote(&p, "UPGRADE TLS3\n");
		assert_rc(engine_secured(p.e), 0);
		play_wrote(&p, "HELLO\n");
		assert_int_equal(engine_phase(p.e), ENGINE_HELLO);
		assert_string_equal(engine_info(p.e)->domain, "");
		assert_rc(play_say(&p, "101 p=IMMP v=1.0 d=a.test "
				       "methods=TLS2,TLS3\n"), 0);
		assert_string_equal(engine_info(p.e)->domain, "a.test");
	}
}

static const struct hello {
	const char *name;
	enum immp_tls minimum;
	const char *offered, *upgrade, *hello;
	int rc;
} hellos[] = {
	{ "all the same", IMMP_TLS3, "TLS2 TLS3", "UPGRADE TLS3\n",
	  "101 p=IMMP v=1.0 d=a methods=TLS2,TLS3\n", 0 },
	{ "only 3", IMMP_TLS3, "TLS3", "UPGRADE TLS3\n",
	  "101 p=IMMP v=1.0 d=a methods=TLS3\n", 0 },
	{ "only 2, and taken", IMMP_TLS2, "TLS2", "UPGRADE TLS2\n",
	  "101 p=IMMP v=1.0 d=a methods=TLS2\n", 0 },
	{ "3 was hidden", IMMP_TLS2, "TLS2", "UPGRADE TLS2\n",
	  "101 p=IMMP v=1.0 d=a methods=TLS2,TLS3\n", IMMP_E_DOWNGRADE },
	{ "2 was hidden", IMMP_TLS3, "TLS3", "UPGRADE TLS3\n",
	  "101 p=IMMP v=1.0 d=a methods=TLS2,TLS3\n", IMMP_E_DOWNGRADE },
	{ "more offered than told", IMMP_TLS3, "TLS2 TLS3 TLS9",
	  "UPGRADE TLS3\n", "101 p=IMMP v=1.0 d=a methods=TLS3\n", 0 },
	{ "a server of the draft", IMMP_TLS3, "TLS3", "UPGRADE TLS3\n",
	  "405 Unknown command.\n", 0 },
	{ "another version", IMMP_TLS3, "TLS3", "UPGRADE TLS3\n",
	  "101 p=IMMP v=2.0 d=a methods=TLS3\n", IMMP_E_PROTOCOL },
	{ "an answer to what was not asked", IMMP_TLS3, "TLS3",
	  "UPGRADE TLS3\n", "x: 101 p=IMMP v=1.0\n", IMMP_E_PROTOCOL },
	{ "full", IMMP_TLS3, "TLS3", "UPGRADE TLS3\n",
	  "421 Too many at once.\n", IMMP_E_LATER },
	{ "a last word", IMMP_TLS3, "TLS3", "UPGRADE TLS3\n",
	  "710 Shutting down.\n", IMMP_E_CLOSED },
};

static void
test_hello(void **state)
{
	TEST_EACH(c, hellos) {
		char greeting[200];
		struct play p;

		snprintf(greeting, sizeof(greeting),
			 "100 %s\n101 p=IMMP v=1.0 d=a\n204 .\n", c->offered);
		BOTH(&p)
		{
			play_init(&p, both_);
			engine_free(p.e);
			p.e = engine_new(false, c->minimum);
			CHECK_RC(c->name, play_say(&p, greeting), 0);
			play_wrote(&p, c->upgrade);
			CHECK_RC(c->name, engine_secured(p.e), 0);
			CHECK_RC(c->name, play_say(&p, c->hello), c->rc);
			CHECK(c->name, engine_phase(p.e) ==
				       (c->rc ? ENGINE_FAILED : ENGINE_READY));
		}
	}
}

static void
test_tls_first(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_init(&p, both_);
		engine_free(p.e);
		p.e = engine_new(true, IMMP_TLS3);
		assert_int_equal(engine_phase(p.e), ENGINE_HANDSHAKE);
		assert_rc(engine_secured(p.e), 0);
		play_wrote(&p, "HELLO\n");
		/* The greeting, then the answer. */
		assert_rc(play_say(&p, "101 p=IMMP v=1.0 d=first\n"
				       "101 p=IMMP v=1.0 d=second "
				       "methods=TLS2,TLS3\n"), 0);
		assert_int_equal(engine_phase(p.e), ENGINE_READY);
		assert_string_equal(engine_info(p.e)->domain, "second");
	}
}

/* --- replies --- */

static void
test_replies(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_ready(&p, both_);
		play_send(&p, "MBOX CHECK /inbox +RECURSIVE");
		play_send(&p, "NOOP");
		play_send(&p, "SUBSCRIBE LIST");
		play_wrote(&p, "MBOX CHECK /inbox +RECURSIVE\nNOOP\n"
			       "SUBSCRIBE LIST\n");
		assert_int_equal(engine_pending(p.e), 3);
		assert_rc(play_say(&p, "240- /inbox::* u=24 t=1194\r\n"
				       "240 /inbox/lists::* u=9 t=502\n"
				       "200\n"
				       "199 unknown and unfinished\n"
				       "281 33af50bc node\n"
				       "399 the same\n"
				       "282 1 subscriptions.\n"), 0);
		play_heard(&p, "240 /inbox::* u=24 t=1194\n"
			       "240* /inbox/lists::* u=9 t=502\n"
			       "200* \n"
			       "199 unknown and unfinished\n"
			       "281 33af50bc node\n"
			       "399 the same\n"
			       "282* 1 subscriptions.\n");
		assert_int_equal(engine_pending(p.e), 0);
	}
}

static void
test_pipelines(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_ready(&p, both_);
		play_send(&p, "AS a MBOX INDEX /inbox +JSON");
		play_send(&p, "AS b NOOP; AS c HELLO; NOOP");
		play_send(&p, "CANCEL a");
		assert_int_equal(engine_pending(p.e), 5);
		assert_rc(play_say(&p, "c: 101 p=IMMP\n200 Done.\n"
				       "a: 250- {\"_id\":1}\n"
				       "b: 200 Done.\n"
				       "a: 407 Cancelled.\na: 200\n"), 0);
		play_heard(&p, "c: 101* p=IMMP\n200* Done.\n"
			       "a: 250 {\"_id\":1}\n"
			       "b: 200* Done.\n"
			       "a: 407* Cancelled.\na: 200* \n");
		assert_int_equal(engine_pending(p.e), 0);
	}
}

/* A line that a server cannot read owes one reply, in whatever pipeline. */
static void
test_unread_line(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_ready(&p, both_);
		play_send(&p, "NOOP; AS x NOOP; NOOP");
		play_send(&p, "HELLO");
		assert_rc(play_say(&p, "x: 400 Cannot parse this.\n"
				       "101 p=IMMP\n"), 0);
		play_heard(&p, "x: 400* Cannot parse this.\n"
			       "x: 400* Cannot parse this.\n"
			       "x: 400* Cannot parse this.\n"
			       "101* p=IMMP\n");
	}
}

static void
test_blocks(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_ready(&p, both_);
		play_send(&p, "AS f MBOX FETCH /inbox");
		play_send(&p, "NOOP");
		assert_rc(play_feed(&p, STR(
			"f: 251- u offset=0 length=5 total=8\nab\n\0d"
			"200 Done.\n"
			"f: 251- u offset=5 length=3 total=8\n200"
			"f: 251- w offset=0 length=0 total=0\n"
			"f: 251 n=2\n")), 0);
		assert_int_equal(p.heard.n, strlen(
			"f: 251 u offset=0 length=5 total=8\n"
			"@0/8 ab\n.d\n200* Done.\n"
			"f: 251 u offset=5 length=3 total=8\n@5/8 200\n"
			"f: 251 w offset=0 length=0 total=0\n@0/0 \n"
			"f: 251* n=2\n"));
		assert_true(str_find(buf_str(&p.heard),
				     STR("@0/8 ab\n\0d\n200* Done.\n")) > 0);
		assert_true(str_ends(buf_str(&p.heard), STR(
			"f: 251 u offset=5 length=3 total=8\n@5/8 200\n"
			"f: 251 w offset=0 length=0 total=0\n@0/0 \n"
			"f: 251* n=2\n")));
	}
}

static const struct hostile {
	const char *name, *text;
	int rc;
} hostiles[] = {
	{ "garbage", "\x16\x03\x01\n", IMMP_E_PROTOCOL },
	{ "no code", "Done.\n", IMMP_E_PROTOCOL },
	{ "a code of four", "2000 Done.\n", IMMP_E_PROTOCOL },
	{ "escape sequence", "200 \x1b[2J\n", IMMP_E_PROTOCOL },
	{ "unknown pipeline", "zz: 200 Done.\n", IMMP_E_PROTOCOL },
	{ "one reply too many", "200\n200\n", IMMP_E_PROTOCOL },
	{ "block too long", "251- u offset=0 length=65537 total=65537\n",
	  IMMP_E_PROTOCOL },
	{ "negative length", "251- u offset=0 length=-1 total=5\n",
	  IMMP_E_PROTOCOL },
	{ "length past 64 bits",
	  "251- u offset=0 length=18446744073709551621 total=5\n",
	  IMMP_E_PROTOCOL },
	{ "block past its total", "251- u offset=4 length=2 total=5\n",
	  IMMP_E_PROTOCOL },
	{ "sum that overflows",
	  "251- u offset=18446744073709551615 length=2 total=1\n",
	  IMMP_E_PROTOCOL },
	{ "block without total", "251- u offset=0 length=2\n",
	  IMMP_E_PROTOCOL },
	{ "too slow", "408 Too slow.\n", IMMP_E_CLOSED },
	{ "violation", "702 Protocol violation.\n", IMMP_E_CLOSED },
	{ "stopping", "710 Shutting down.\n", IMMP_E_CLOSED },
};

static void
test_hostile(void **state)
{
	TEST_EACH(c, hostiles) {
		struct play p;

		BOTH(&p)
		{
			play_ready(&p, both_);
			play_send(&p, "NOOP");
			CHECK_RC(c->name, play_say(&p, c->text), c->rc);
			CHECK(c->name, engine_phase(p.e) == ENGINE_FAILED);
			CHECK(c->name, engine_pending(p.e) == 0);
			CHECK_RC(c->name, engine_command(p.e, STR("NOOP"), NULL,
							 NULL, NULL),
				 IMMP_E_CLOSED);
		}
	}
}

/* A NUL, and lines around the limit of 65,536 octets. */
static void
test_long_lines(void **state)
{
	static char line[65540];
	static const struct {
		size_t n;
		int rc;
	} cases[] = { { 65536, 0 }, { 65537, IMMP_E_PROTOCOL } };

	for (size_t i = 0; i < 2; i++) {
		struct play p;

		memset(line, 'a', sizeof(line));
		memcpy(line, "200 ", 4);
		line[cases[i].n] = '\n';
		BOTH(&p)
		{
			play_ready(&p, both_);
			assert_rc(engine_command(p.e, STR("NOOP"), NULL, NULL,
						 NULL), 0);
			assert_rc(play_feed(&p, str_n(line, cases[i].n + 1)),
				  cases[i].rc);
		}
	}
	/* Without an end it is no longer than it may be, either. */
	memset(line, 'a', sizeof(line));
	for (int bytes = 0; bytes < 2; bytes++) {
		struct play p;

		play_ready(&p, bytes);
		play_send(&p, "NOOP");
		assert_rc(play_feed(&p, str_n(line, sizeof(line))),
			  IMMP_E_PROTOCOL);
		play_done(&p);
	}
	for (int bytes = 0; bytes < 2; bytes++) {
		struct play p;

		play_ready(&p, bytes);
		play_send(&p, "NOOP");
		assert_rc(play_feed(&p, STR("200 a\0b\n")), IMMP_E_PROTOCOL);
		play_done(&p);
	}
}

/* The end is told to every command, once, also inside a block. */
static void
test_lost(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_ready(&p, both_);
		play_send(&p, "MBOX FETCH /inbox");
		play_send(&p, "NOOP; NOOP");
		assert_rc(play_say(&p, "251- u offset=0 length=9 total=9\nabc"),
			  0);
		engine_fail(p.e, IMMP_E_CLOSED, "lost");
		engine_fail(p.e, IMMP_E_TLS, "a later reason");
		play_heard(&p, "251 u offset=0 length=9 total=9\n@0/9 abc\n"
			       "-5* lost\n-5* lost\n-5* lost\n");
		assert_rc(engine_error(p.e), IMMP_E_CLOSED);
	}
}

static void
test_stop(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_ready(&p, both_);
		p.stop_at = 2;
		play_send(&p, "MBOX LIST");
		assert_rc(play_say(&p, "242- {1}\n242- {2}\n242- {3}\n242\n"),
			  0);
		play_heard(&p, "242 {1}\n242 {2}\n");
		assert_int_equal(engine_pending(p.e), 0);
		/* Forgotten by its owner: the rest is read and dropped. */
		play_send(&p, "MBOX FETCH /inbox");
		assert_rc(play_say(&p, "251- u offset=0 length=3 total=3\na"),
			  0);
		buf_clear(&p.heard);
		engine_mute(p.e, &p);
		assert_rc(play_say(&p, "bc251 n=1\n"), 0);
		play_heard(&p, "");
	}
}

/* A reply function that gives the connection up in the middle of a reply. */
static int
fail_now(void *ctx, const struct immp_reply *r)
{
	struct engine *e = ctx;

	engine_fail(e, IMMP_E_PROTOCOL, "enough");
	return 1;
}

static void
test_fail_inside(void **state)
{
	static const char *const texts[] = {
		"242- {1}\n242\n", "251- u offset=0 length=3 total=3\nabc",
		"251- u offset=0 length=0 total=0\n", "200 Done.\n",
		"400 What?\n",
	};

	for (size_t i = 0; i < TEST_COUNT(texts); i++) {
		struct play p;

		BOTH(&p)
		{
			play_ready(&p, both_);
			assert_rc(engine_command(p.e, STR("NOOP; NOOP"),
						 fail_now, p.e, NULL), 0);
			assert_rc(play_say(&p, texts[i]), IMMP_E_PROTOCOL);
		}
	}
}

/* A reply function may submit more, at every kind of call. */
static int
submit_more(void *ctx, const struct immp_reply *r)
{
	struct play *p = ctx;

	if (engine_pending(p->e) < 4 && r->code > 0)
		play_send(p, "AS z NOOP");
	return 0;
}

static void
test_submit_inside(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_ready(&p, both_);
		assert_rc(engine_command(p.e, STR("NOOP; NOOP"), submit_more,
					 &p, NULL), 0);
		assert_rc(play_say(&p, "251- u offset=0 length=2 total=2\nab"
				       "400 What?\n"), 0);
		assert_true(engine_pending(p.e) > 0);
		while (engine_pending(p.e))
			assert_rc(play_say(&p, "z: 200\n"), 0);
	}
}

/* --- what is sent --- */

static const struct bad_line {
	const char *name, *line;
} bad_lines[] = {
	{ "empty", "" }, { "blank", "  " }, { "open quote", "NOOP \"" },
	{ "a line end", "NOOP\nQUIT" }, { "a NUL follows", "NOOP \x01" },
	{ "empty command", "NOOP;;NOOP" }, { "ends in ;", "NOOP;" },
	{ "AS alone", "AS x" }, { "bad id", "AS x! NOOP" },
	{ "DATA", "DATA x LENGTH 5" }, { "data behind", "NOOP; data LENGTH 5" },
	{ "QUIT", "quit" }, { "UPGRADE", "UPGRADE TLS3" },
};

static void
test_bad_lines(void **state)
{
	struct play p;

	play_ready(&p, false);
	TEST_EACH(c, bad_lines) {
		const char *why = NULL;

		CHECK_RC(c->name, engine_command(p.e, str_c(c->line), NULL,
						 NULL, &why), IMMP_E_USAGE);
		CHECK(c->name, why && *why);
		CHECK(c->name, engine_pending(p.e) == 0);
	}
	play_wrote(&p, "");
	/* Words that only look like those. */
	play_send(&p, "HELP \"DATA\"; HELP QUIT");
	play_wrote(&p, "HELP \"DATA\"; HELP QUIT\n");
	play_done(&p);
}

static void
test_data(void **state)
{
	struct play p;

	play_ready(&p, false);
	assert_rc(engine_data(p.e, STR("DATA x LENGTH 5"), 5, play_hear, &p),
		  0);
	assert_int_equal(engine_owed(p.e), 5);
	assert_rc(engine_command(p.e, STR("NOOP"), NULL, NULL, NULL),
		  IMMP_E_USAGE);
	assert_rc(engine_block(p.e, STR("abc")), 0);
	assert_rc(engine_block(p.e, STR("def")), IMMP_E_USAGE);
	assert_rc(engine_block(p.e, STR("de")), 0);
	play_send(&p, "DONE");
	play_wrote(&p, "DATA x LENGTH 5\nabcdeDONE\n");
	assert_rc(play_say(&p, "271 x Saving part\n272 x Part saved\n"
			       "273- bob@b\n273 Delivered u\n"), 0);
	play_heard(&p, "271 x Saving part\n272* x Part saved\n273 bob@b\n"
		       "273* Delivered u\n");
	assert_rc(engine_quit(p.e), 0);
	play_wrote(&p, "QUIT\n");
	assert_rc(engine_command(p.e, STR("NOOP"), NULL, NULL, NULL),
		  IMMP_E_CLOSED);
	play_done(&p);
}

static void
raw_note(void *ctx, struct str octets)
{
	struct play *p = ctx;

	assert_rc(buf_add_str(&p->heard, octets), 0);
}

static void
test_raw(void **state)
{
	struct play p;

	BOTH(&p)
	{
		play_ready(&p, both_);
		assert_rc(engine_raw_write(p.e, STR("x")), IMMP_E_USAGE);
		play_send(&p, "NOOP");
		assert_rc(engine_raw(p.e, raw_note, &p), IMMP_E_USAGE);
		assert_rc(play_say(&p, "200\n"), 0);
		buf_clear(&p.heard);
		play_wrote(&p, "NOOP\n");
		assert_rc(engine_raw(p.e, raw_note, &p), 0);
		assert_rc(engine_raw_write(p.e, STR("any\nthing")), 0);
		play_wrote(&p, "any\nthing");
		assert_rc(play_say(&p, "whatever \x01 comes"), 0);
		play_heard(&p, "whatever \x01 comes");
		assert_rc(engine_command(p.e, STR("NOOP"), NULL, NULL, NULL),
			  IMMP_E_USAGE);
	}
}

/* --- many, and without memory --- */

static int
count(void *ctx, const struct immp_reply *r)
{
	size_t *n = ctx;

	*n += (size_t)r->last;
	return 0;
}

static void
test_many(void **state)
{
	struct play p;
	size_t n = 0;

	play_ready(&p, false);
	for (int i = 0; i < 20000; i++) {
		assert_rc(engine_command(p.e, STR("NOOP"), count, &n, NULL), 0);
		buf_clear(engine_out(p.e));
	}
	for (int i = 0; i < 20000; i++)
		assert_rc(play_say(&p, "200 Done.\n"), 0);
	assert_int_equal(n, 20000);
	play_done(&p);
}

/* Every allocation may fail: an error, nothing lost. */
static int
whole_session(void *arg)
{
	struct engine *e = engine_new(false, IMMP_TLS3);
	size_t n = 0;
	int rc;

	if (!e)
		return ERR_NOMEM;
	rc = engine_feed(e, STR("100 TLS2 TLS3\n101 p=IMMP\n204 .\n"));
	if (rc == 0)
		rc = engine_secured(e);
	if (rc == 0)
		rc = engine_feed(e, STR("101 p=IMMP v=1.0 d=a f=x "
					"methods=\"TLS2,TLS3\"\n"));
	if (rc == 0)
		rc = engine_command(e, STR("AS a NOOP \"q\\\"\"; NOOP"), count,
				    &n, NULL);
	if (rc == 0)
		rc = engine_feed(e, STR("200\na: 251- u offset=0 length=1 "
					"total=1\nxa: 200\n"));
	if (rc == 0)
		assert_int_equal(n, 2);
	engine_free(e);
	/* A field that is not said for want of memory looks as if the server
	 * had not said it. */
	return rc == IMMP_E_MEMORY || rc == IMMP_E_PROTOCOL ? ERR_NOMEM : rc;
}

static void
test_memory(void **state)
{
	assert_true(fault_each(whole_session, NULL) > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_bad_start),
		cmocka_unit_test(test_endless_greeting),
		cmocka_unit_test(test_injected),
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_tls_first),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_pipelines),
		cmocka_unit_test(test_unread_line),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_fail_inside),
		cmocka_unit_test(test_submit_inside),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
