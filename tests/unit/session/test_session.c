/* What transcripts cannot show: peers that do not read, connections that break
 * at every step, answers that come late, calls that are counted. */
#include "lib/test.h"

#include <stdio.h>

#include "base/hex.h"
#include "base/mem.h"
#include "crypt/crypt.h"
#include "lib/engine/engine.h"
#include "store/mem/mem_store.h"

static struct engine *
two_accounts(void)
{
	struct engine *e = engine_new();

	assert_non_null(e);
	assert_rc(engine_account_h(e, "alice@a.test", ENGINE_H), 0);
	assert_rc(engine_account_h(e, "bob@b.test", ENGINE_H), 0);
	return e;
}

static struct peer *
logged_in(struct engine *e, const char *imid)
{
	struct peer *p;

	assert_rc(peer_new(e, true, &p), 0);
	assert_rc(peer_login_h(p, imid, ENGINE_H), 0);
	return p;
}

static void
say(struct peer *p, const char *text)
{
	peer_send(p, str_c(text), 0);
}

static bool
said(struct peer *p, const char *text)
{
	return str_find(buf_str(peer_output(p)), str_c(text)) >= 0;
}

static uint64_t
messages_of(struct engine *e, const char *imid)
{
	struct store_account acc;
	struct arena a;

	arena_init(&a, 1u << 20, 0);
	assert_rc(store_account_find(engine_reader(e), &a, str_c(imid), &acc),
		  0);
	arena_done(&a);
	return acc.total;
}

/* --- a peer that writes and never reads --- */

static void
test_never_reads(void **state)
{
	struct engine *e = two_accounts();
	struct peer *p = logged_in(e, "alice@a.test");
	const struct limits *l = engine_limits(e);
	size_t most = 0, out;

	(void)state;
	peer_block(p, true);
	for (int i = 0; i < 10000; i++) {
		say(p, "HELP\n");
		out = session_output(peer_session(p)).n;
		most = out > most ? out : most;
	}
	/* It has stopped reading, and holds a bounded output. */
	assert_true(most < l->output + 2 * LIMIT_REPLY);
	assert_true(peer_unsent(p) > 9000 * 5);
	assert_int_equal(session_wish(peer_session(p)) & WISH_READ, 0);
	/* All is answered once it reads. */
	peer_block(p, false);
	assert_int_equal(peer_unsent(p), 0);
	/* And one that never does is dropped. */
	peer_block(p, true);
	say(p, "HELP\n");
	engine_pass(e, l->stall_time + 1);
	assert_true(peer_closed(p));
	peer_free(p);
	engine_free(e);
}

/* --- a connection that breaks --- */

static const char delivery[] =
	"DELIVER TO bob@b.test SUBJECT x\n"
	"HEADER X-A b\n"
	"DATA x LENGTH 5\nhello"
	"DONE\n";

static void
test_lost_at_every_octet(void **state)
{
	struct engine *e = two_accounts();
	size_t n = sizeof(delivery) - 1;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct peer *p = logged_in(e, "alice@a.test");

		peer_send(p, str_n(delivery, i), 0);
		session_lost(peer_session(p));
		peer_free(p);
		assert_int_equal(messages_of(e, "bob@b.test"), 0);
	}
	/* Nothing of it is still reserved or in memory. */
	assert_int_equal(*engine_env(e)->inline_octets, 0);
	assert_int_equal(reserve_get(engine_env(e)->reserve, 1), 0);
	assert_int_equal(reserve_get(engine_env(e)->reserve, 2), 0);
	engine_free(e);
}

/* The connection breaks while job number k is under way: a delivery that was
 * in the writer's hands happens, once, and one that was not does not. */
static void
test_lost_in_jobs(void **state)
{
	(void)state;
	for (int k = 0; k < 3; k++) {
		struct engine *e = two_accounts();
		struct peer *p = logged_in(e, "alice@a.test");

		engine_hold_jobs(e, true);
		say(p, delivery);
		for (int i = 0; i < k; i++)
			(void)engine_step(e), say(p, "");
		peer_free(p);
		while (engine_step(e))
			;
		engine_hold_jobs(e, false);
		assert_int_equal(messages_of(e, "bob@b.test"), k >= 1);
		assert_int_equal(*engine_env(e)->inline_octets, 0);
		engine_free(e);
	}
}

/* --- large messages --- */

static void
test_large(void **state)
{
	struct engine *e = two_accounts();
	struct peer *p;
	static char octets[100000];
	struct str all = str_n(octets, sizeof(octets));
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(i * 7 + i / 251);
	engine_limits(e)->inline_part = 4096;
	p = logged_in(e, "alice@a.test");
	say(p, "DELIVER TO bob@b.test alice@a.test +MULTIPART\n");
	say(p, "DATA a LENGTH 4 +CONTENT\nhiho");
	say(p, "DATA b LENGTH 100000\n");
	/* In pieces, with jobs that come back late. */
	engine_hold_jobs(e, true);
	for (i = 0; i < all.n; i += 1000) {
		peer_send(p, str_sub(all, i, 1000), 0);
		if (i % 20000 == 0) {
			(void)engine_step(e);
			peer_send(p, STR(""), 0);
		}
	}
	/* It stops the peer while it cannot write. */
	assert_true(peer_unsent(p) > 0);
	engine_hold_jobs(e, false);
	peer_send(p, STR("DONE\n"), 0);
	assert_true(said(p, "272 b Part saved sha256="));
	assert_true(said(p, "273- bob@b.test\n273- alice@a.test\n273 "));
	buf_clear(peer_output(p));
	say(p, "FETCH /inbox PART b RANGE 65000-65999\n");
	assert_true(said(p, "offset=65000 length=1000 total=66000\n"));
	assert_true(str_find(buf_str(peer_output(p)),
			     str_sub(all, 65000, 1000)) > 0);
	buf_clear(peer_output(p));
	say(p, "FETCH /inbox PART b\n");
	assert_true(said(p, "offset=65536 length=34464 total=100000\n"));
	assert_int_equal(*engine_env(e)->inline_octets, 0);
	peer_free(p);
	engine_free(e);
}

/* Two parts of one message in pipelines of their own, the first one's file
 * still being written: the second waits, and both are whole. */
static void
test_two_parts_at_once(void **state)
{
	struct engine *e = two_accounts();
	static char octets[9000];
	uint8_t sum[32];
	char hex[65] = "";
	struct peer *p;

	(void)state;
	memset(octets, 'x', sizeof(octets));
	sha256_once(octets, sizeof(octets), sum);
	hex_encode(sum, sizeof(sum), hex);
	engine_limits(e)->inline_part = 4096;
	p = logged_in(e, "alice@a.test");
	say(p, "DELIVER TO bob@b.test +MULTIPART\n");
	engine_hold_jobs(e, true);
	say(p, "AS a DATA x LENGTH 9000 +CONTENT\n");
	peer_send(p, str_n(octets, sizeof(octets)), 0);
	say(p, "AS b DATA y LENGTH 9000\n");
	peer_send(p, str_n(octets, sizeof(octets)), 0);
	say(p, "DONE\n");
	assert_false(said(p, "b: 271"));
	engine_hold_jobs(e, false);
	say(p, "");
	assert_true(said(p, "273 Delivered"));
	{
		struct str out = buf_str(peer_output(p));
		ptrdiff_t at = str_find(out, str_c(hex));

		assert_true(at > 0);
		assert_true(str_find(str_from(out, (size_t)at + 1),
				     str_c(hex)) > 0);
	}
	peer_free(p);
	engine_free(e);
}

/* A part that was cancelled while it was taken spoils its message. */
static void
test_cancelled_part(void **state)
{
	struct engine *e = two_accounts();
	static char octets[9000];
	struct peer *p;

	(void)state;
	engine_limits(e)->inline_part = 4096;
	p = logged_in(e, "alice@a.test");
	say(p, "DELIVER TO bob@b.test +MULTIPART\n"
	       "DATA t LENGTH 1 +CONTENT\nx");
	engine_hold_jobs(e, true);
	say(p, "AS a DATA x LENGTH 9000\n");
	peer_send(p, str_n(octets, sizeof(octets)), 0);
	say(p, "CANCEL a\nDONE\n");
	assert_true(said(p, "a: 407 Not run.\na: 200 Done.\n407 "));
	engine_hold_jobs(e, false);
	say(p, "");
	assert_int_equal(messages_of(e, "bob@b.test"), 0);
	peer_free(p);
	engine_free(e);
}

/* So does one that was refused for the sake of others. */
static void
test_refused_part(void **state)
{
	static const char *const refused[] = {
		"FOO; DATA y LENGTH 1\ny", "HEADER x\n",
		"FOO; HEADER X-A b\n",
	};
	struct engine *e = two_accounts();
	struct peer *p = logged_in(e, "alice@a.test");

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(refused); i++) {
		say(p, "DELIVER TO bob@b.test +MULTIPART\n"
		       "DATA t LENGTH 1 +CONTENT\nx");
		say(p, refused[i]);
		say(p, "DONE\n");
		CHECK(refused[i], messages_of(e, "bob@b.test") == 0);
		assert_false(said(p, "273 "));
	}
	peer_free(p);
	engine_free(e);
}

/* A challenge of the old password is worth nothing once it is changed. */
static void
test_stale_challenge(void **state)
{
	static const char passwd[] =
		"PASSWD kdf=argon2id s=AAECAwQFBgcICQoLDA0ODw== t=2 m=19456 "
		"h=" ENGINE_H "\n";
	struct engine *e = two_accounts();
	struct peer *p = logged_in(e, "alice@a.test"), *q;

	(void)state;
	assert_rc(peer_new(e, true, &q), 0);
	say(q, "AUTH SECRET alice@a.test +PROOF\n");
	assert_true(said(q, "303 "));
	say(p, passwd);
	assert_true(said(p, "200 Done."));
	say(q, "");
	assert_true(peer_closed(q));
	peer_free(p);
	peer_free(q);
	engine_free(e);
}

/* --- cancelling what is under way --- */

static void
test_cancel_in_job(void **state)
{
	int64_t held = mem_held();
	struct engine *e = two_accounts();
	struct peer *p = logged_in(e, "alice@a.test");

	(void)state;
	engine_hold_jobs(e, true);
	say(p, "AS x MBOX LIST\nAS x NOOP\nCANCEL x\n");
	assert_str(buf_str(peer_output(p)),
		   "x: 407 Not run.\nx: 407 Not run.\nx: 200 Done.\n");
	buf_clear(peer_output(p));
	/* The late answer meets nobody. */
	assert_true(engine_step(e));
	say(p, "");
	assert_int_equal(peer_output(p)->n, 0);
	/* A write under way finishes first. */
	say(p, "AS x MBOX CREATE /new\nAS x NOOP\nCANCEL x\n");
	assert_int_equal(peer_output(p)->n, 0);
	assert_true(engine_step(e));
	say(p, "");
	assert_str(buf_str(peer_output(p)),
		   "x: 200 Done.\nx: 407 Not run.\nx: 200 Done.\n");
	engine_hold_jobs(e, false);
	peer_free(p);
	engine_free(e);
	assert_int_equal(mem_held(), held);
}

/* A barrier waits for all before it, and all behind it waits for it; CANCEL
 * goes ahead of both. */
static void
test_barrier(void **state)
{
	struct engine *e = two_accounts();
	struct peer *p = logged_in(e, "alice@a.test");

	(void)state;
	engine_hold_jobs(e, true);
	say(p, "AS x MBOX LIST\nSET json=yes\nNOOP\n");
	assert_int_equal(peer_output(p)->n, 0);
	say(p, "CANCEL x\n");
	assert_str(buf_str(peer_output(p)),
		   "x: 407 Not run.\nx: 200 Done.\n"
		   "260- json=yes\n260 \n200 Done.\n");
	engine_hold_jobs(e, false);
	peer_free(p);
	engine_free(e);
}

/* --- wrong passwords --- */

struct counts {
	uint64_t store, crypt;
};

static struct counts
failed_login(struct engine *e, const char *secret, const char *response)
{
	struct counts c;
	struct peer *p;

	assert_rc(peer_new(e, true, &p), 0);
	buf_clear(peer_output(p));
	c.store = mem_store_calls(engine_store(e));
	c.crypt = crypt_calls();
	say(p, secret);
	say(p, response);
	c.store = mem_store_calls(engine_store(e)) - c.store;
	c.crypt = crypt_calls() - c.crypt;
	assert_true(said(p, "410 Authentication refused.\n"));
	peer_free(p);
	engine_pass(e, 3600000);
	return c;
}

static void
test_same_work(void **state)
{
	static const char *const forms[][2] = {
		{ "", "AUTH RESPONSE "
		  "8843d7f92416211de9ebb963ff4ce28125932878\n" },
		{ " +PROOF", "AUTH RESPONSE " ENGINE_H
		  " 00112233445566778899aabbccddeeff\n" },
		{ " phone +DEVICE +PROOF",
		  "AUTH RESPONSE " ENGINE_H
		  " 00112233445566778899aabbccddeeff\n" },
	};
	struct engine *e = two_accounts();
	struct counts a, b;
	char line[100];

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(forms); i++) {
		(void)snprintf(line, sizeof(line),
			       "AUTH SECRET alice@a.test%s\n", forms[i][0]);
		a = failed_login(e, line, forms[i][1]);
		(void)snprintf(line, sizeof(line),
			       "AUTH SECRET nobody@a.test%s\n", forms[i][0]);
		b = failed_login(e, line, forms[i][1]);
		CHECK(forms[i][0], a.store == b.store && a.store > 0);
		CHECK(forms[i][0], a.crypt == b.crypt && a.crypt > 0);
	}
	engine_free(e);
}

/* Failures are slowed, per account and per prefix; a right answer waits as
 * long as a wrong one. */
static void
test_throttle(void **state)
{
	struct engine *e = two_accounts();
	struct peer *p;

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_rc(peer_new(e, true, &p), 0);
		say(p, "AUTH SECRET alice@a.test\nAUTH RESPONSE 00\n");
		assert_true(said(p, "\n410 "));
		peer_free(p);
	}
	assert_rc(peer_new(e, true, &p), 0);
	buf_clear(peer_output(p));
	say(p, "AUTH SECRET alice@a.test\nAUTH RESPONSE 00\n");
	assert_false(said(p, "\n410 "));
	engine_pass(e, 999);
	assert_false(said(p, "\n410 "));
	engine_pass(e, 1);
	assert_true(said(p, "\n410 "));
	peer_free(p);
	assert_rc(peer_new(e, true, &p), 0);
	/* not yet: the answer comes late */
	assert_rc(peer_login_h(p, "alice@a.test", ENGINE_H), ERR_AUTH);
	engine_pass(e, 2000);
	assert_true(said(p, "210 Authentication "));
	peer_free(p);
	engine_free(e);
}

/* --- revoking --- */

static void
test_kick(void **state)
{
	struct engine *e = two_accounts();
	struct peer *p = logged_in(e, "alice@a.test");
	struct peer *q = logged_in(e, "alice@a.test");
	struct peer *r = logged_in(e, "bob@b.test");

	(void)state;
	say(p, "PASSWD kdf=argon2id s=AAECAwQFBgcICQoLDA0ODw== t=2 m=19456 "
	       "h=" ENGINE_H "\n");
	assert_str(buf_str(peer_output(p)), "200 Done.\n");
	say(q, "");
	assert_true(peer_closed(q));
	assert_true(said(q, "710 "));
	assert_false(peer_closed(p));
	assert_false(peer_closed(r));
	/* The fresh login is needed. */
	engine_pass(e, 5 * 60 * 1000);
	buf_clear(peer_output(p));
	say(p, "DEVICE ADD phone\n");
	assert_str(buf_str(peer_output(p)), "403 Not permitted.\n");
	peer_free(p);
	peer_free(q);
	peer_free(r);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_reads),
		cmocka_unit_test(test_lost_at_every_octet),
		cmocka_unit_test(test_lost_in_jobs),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_two_parts_at_once),
		cmocka_unit_test(test_cancelled_part),
		cmocka_unit_test(test_refused_part),
		cmocka_unit_test(test_stale_challenge),
		cmocka_unit_test(test_cancel_in_job),
		cmocka_unit_test(test_barrier),
		cmocka_unit_test(test_same_work),
		cmocka_unit_test(test_throttle),
		cmocka_unit_test(test_kick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
