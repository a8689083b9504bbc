#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "lib/test.h"
#include "rig.h"

/* --- the connection --- */

static void
test_upgrade(void **state)
{
	struct rig r;
	struct wire w;

	rig_init(&r);
	rig_start(&r);
	assert_rc(wire_open(&w, r.addr), 0);
	wire_expect(&w, "100- IMMP/1.0 Server at a.test.");
	wire_expect(&w, "100  TLS2 TLS3");
	wire_expect(&w, "101 p=IMMP v=1.0 d=a.test");
	assert_rc(wire_say(&w, "NOOP"), 0);
	wire_expect(&w, "402 ");
	assert_rc(wire_say(&w, "UPGRADE TLS2"), 0);
	wire_expect(&w, "204 ");
	assert_rc(wire_tls(&w, TLS_1_2), 0);
	assert_rc(wire_say(&w, "NOOP"), 0);
	wire_expect(&w, "200 ");
	assert_rc(wire_say(&w, "QUIT"), 0);
	wire_expect(&w, "220 ");
	wire_must_close(&w);
	wire_close(&w);
	rig_done(&r);
}

static void
test_tls_first(void **state)
{
	struct rig r;
	struct wire w;

	rig_init(&r);
	rig_start(&r);
	assert_rc(wire_open(&w, r.addr_tls), 0);
	assert_rc(wire_tls(&w, TLS_1_3), 0);
	wire_expect(&w, "101 p=IMMP v=1.0 d=a.test");
	assert_rc(wire_say(&w, "HELLO"), 0);
	wire_expect(&w, "101 ");
	wire_close(&w);
	rig_done(&r);
}

/* UPGRADE TLS3 means it: an offer of TLS 1.2 at most is no handshake. */
static void
test_no_downgrade(void **state)
{
	struct rig r;
	struct wire w;

	rig_init(&r);
	r.o.tls2 = false;
	rig_start(&r);
	assert_rc(wire_open(&w, r.addr), 0);
	wire_expect(&w, "100  TLS3");
	assert_rc(wire_say(&w, "UPGRADE TLS2"), 0);
	wire_expect(&w, "701 ");
	assert_rc(wire_say(&w, "UPGRADE TLS3"), 0);
	wire_expect(&w, "204 ");
	assert_rc(wire_send(&w, STR("this is no ClientHello\r\n\r\n")), 0);
	wire_must_close(&w);
	wire_close(&w);
	rig_done(&r);
}

/* spec: Connection.  Octets behind the UPGRADE line: no 204, not one of them
 * is looked at. */
static void
test_injection(void **state)
{
	static const struct str attacks[] = {
		{ "UPGRADE TLS3\nNOOP\n", 18 },
		{ "UPGRADE TLS3\n\n", 14 },
		{ "UPGRADE TLS3\nx", 14 },
		{ "UPGRADE TLS3\r\n\x16\x03\x01", 17 },
	};
	struct rig r;
	struct wire w;

	rig_init(&r);
	rig_start(&r);
	TEST_EACH(a, attacks) {
		assert_rc(wire_open(&w, r.addr), 0);
		wire_expect(&w, "101 ");
		assert_rc(wire_send(&w, *a), 0);
		assert_rc(wire_line(&w), ERR_CLOSED);
		wire_close(&w);
	}
	rig_done(&r);
}

/* --- sessions --- */

static void
test_mail(void **state)
{
	struct server_counters n;
	struct rig r;
	struct wire w;
	char body[3];

	rig_init(&r);
	rig_start(&r);
	rig_account(&r, "alice@a.test", NULL);
	wire_must_open(&w, r.addr);
	assert_rc(wire_login(&w, "alice@a.test", NULL, RIG_H), 0);
	assert_rc(wire_say(&w, "DELIVER TO alice@a.test SUBJECT x"), 0);
	assert_rc(wire_send(&w, STR("DATA LENGTH 3 +CONTENT\nabcDONE\n")), 0);
	wire_expect(&w, "272 ");
	wire_expect(&w, "273 ");
	assert_rc(wire_say(&w, "MBOX CHECK /inbox"), 0);
	wire_expect(&w, "240 /inbox::* u=1 t=1");
	assert_rc(wire_say(&w, "MBOX FETCH /inbox PART part1"), 0);
	wire_expect(&w, "252- ");
	assert_rc(wire_octets(&w, body, 3), 0);
	assert_memory_equal(body, "abc", 3);
	server_admin_counters(r.s, &n);
	assert_int_equal(n.logged_in, 1);
	assert_int_equal(n.plain + n.secured, 0);
	assert_int_equal(n.accepted, 1);
	assert_int_equal(n.logins, 1);
	assert_int_equal(n.messages, 1);
	assert_int_equal(n.loops, 2);
	assert_true(n.write_batches > 0 && n.write_jobs >= 3);
	wire_close(&w);
	rig_done(&r);
}

/* Many at once, over both loops, all of them writing. */
#define CROWD 40
static void
test_crowd(void **state)
{
	static struct wire w[CROWD];
	struct server_counters n;
	struct rig r;

	rig_init(&r);
	rig_start(&r);
	rig_account(&r, "alice@a.test", NULL);
	for (size_t i = 0; i < CROWD; i++) {
		wire_must_open(&w[i], r.addr);
		assert_rc(wire_login(&w[i], "alice@a.test", NULL, RIG_H), 0);
	}
	for (size_t i = 0; i < CROWD; i++)
		for (int k = 0; k < 5; k++)
			assert_rc(wire_send(&w[i], STR(
				"DELIVER TO alice@a.test\n"
				"DATA LENGTH 1 +CONTENT\n.DONE\n")), 0);
	for (size_t i = 0; i < CROWD; i++)
		for (int k = 0; k < 5; k++)
			wire_expect(&w[i], "273 ");
	assert_rc(wire_say(&w[0], "MBOX CHECK /inbox"), 0);
	wire_expect(&w[0], "240 /inbox::* u=200 t=200");
	server_admin_counters(r.s, &n);
	assert_int_equal(n.messages, 5 * CROWD);
	for (size_t i = 0; i < CROWD; i++)
		wire_close(&w[i]);
	rig_done(&r);
}

/* A connection that goes while its jobs are under way takes nothing along. */
static void
test_leaving(void **state)
{
	struct rig r;
	struct wire w;

	rig_init(&r);
	rig_start(&r);
	rig_account(&r, "alice@a.test", NULL);
	for (int i = 0; i < 30; i++) {
		wire_must_open(&w, r.addr);
		assert_rc(wire_login(&w, "alice@a.test", NULL, RIG_H), 0);
		for (int k = 0; k < 20; k++)
			(void)wire_send(&w, STR(
				"MBOX LIST\nDELIVER TO alice@a.test\n"
				"DATA LENGTH 1 +CONTENT\n.DONE\n"));
		wire_close(&w);
	}
	rig_done(&r);
}

static void
test_kick(void **state)
{
	struct wire password, device, other;
	struct rig r;
	uint64_t id;

	rig_init(&r);
	rig_start(&r);
	rig_account(&r, "alice@a.test", &id);
	rig_account(&r, "bob@a.test", NULL);
	rig_device(&r, id, "phone");
	wire_must_open(&password, r.addr);
	assert_rc(wire_login(&password, "alice@a.test", NULL, RIG_H), 0);
	wire_must_open(&device, r.addr);
	assert_rc(wire_login(&device, "alice@a.test", "phone", RIG_H), 0);
	wire_must_open(&other, r.addr);
	assert_rc(wire_login(&other, "bob@a.test", NULL, RIG_H), 0);

	server_admin_kick(r.s, id, STR("phone"));
	wire_must_close(&device);
	assert_rc(wire_say(&password, "NOOP"), 0);
	wire_expect(&password, "200 ");
	server_admin_kick(r.s, id, STR(""));
	wire_must_close(&password);
	assert_rc(wire_say(&other, "NOOP"), 0);
	wire_expect(&other, "200 ");
	wire_close(&password);
	wire_close(&device);
	wire_close(&other);
	rig_done(&r);
}

static void
test_auth_fail(void **state)
{
	static const char wrong[] =
		"ff0102030405060708090a0b0c0d0e0f"
		"101112131415161718191a1b1c1d1e1f";
	struct server_counters n;
	struct rig r;
	struct wire w;

	rig_init(&r);
	r.limits.auth_tries = 2;
	rig_start(&r);
	rig_account(&r, "alice@a.test", NULL);
	wire_must_open(&w, r.addr);
	assert_rc(wire_login(&w, "alice@a.test", NULL, wrong), ERR_AUTH);
	assert_rc(wire_login(&w, "nobody@a.test", NULL, RIG_H), ERR_AUTH);
	wire_must_close(&w);
	server_admin_counters(r.s, &n);
	assert_int_equal(n.auth_failures, 2);
	assert_int_equal(n.logins, 0);
	wire_close(&w);
	rig_done(&r);
}

/* --- limits --- */

static void
test_sessions(void **state)
{
	struct server_counters n;
	struct wire w[3];
	struct rig r;

	rig_init(&r);
	r.limits.sessions_peer = 2;
	rig_start(&r);
	for (int i = 0; i < 2; i++) {
		assert_rc(wire_open(&w[i], r.addr), 0);
		wire_expect(&w[i], "101 ");
	}
	assert_rc(wire_open(&w[2], r.addr), 0);
	assert_rc(wire_line(&w[2]), ERR_CLOSED);
	wire_close(&w[2]);
	server_admin_counters(r.s, &n);
	assert_int_equal(n.refused, 1);
	assert_int_equal(n.plain, 2);
	/* One that leaves makes room. */
	wire_close(&w[0]);
	for (int i = 0; i < 100; i++) {
		assert_rc(wire_open(&w[2], r.addr), 0);
		if (wire_line(&w[2]) == 0)
			break;
		wire_close(&w[2]);
		(void)usleep(20000);
	}
	wire_expect(&w[2], "101 ");
	wire_close(&w[1]);
	wire_close(&w[2]);
	rig_done(&r);
}

static void
test_too_slow(void **state)
{
	struct wire silent, half;
	struct rig r;
	uint64_t before;

	rig_init(&r);
	r.limits.handshake_time = 1000;
	rig_start(&r);
	before = clock_mono_ms();
	assert_rc(wire_open(&silent, r.addr), 0);
	assert_rc(wire_open(&half, r.addr_tls), 0);
	assert_rc(wire_send(&half, STR("\x16\x03\x01")), 0);
	wire_expect(&silent, "408 ");
	wire_must_close(&silent);
	wire_must_close(&half);
	assert_true(clock_mono_ms() - before >= 900);
	assert_true(clock_mono_ms() - before < 5000);
	wire_close(&silent);
	wire_close(&half);
	rig_done(&r);
}

/* A peer that reads nothing stops its own work, and is cut off in the end;
 * others do not notice. */
static void
test_stalled(void **state)
{
	struct server_counters n;
	struct wire greedy, other;
	struct rig r;
	int small = 4096;
	bool full = false;

	rig_init(&r);
	r.limits.stall_time = 1000;
	rig_start(&r);
	rig_account(&r, "alice@a.test", NULL);
	wire_must_open(&greedy, r.addr);
	wire_must_open(&other, r.addr);
	(void)setsockopt(greedy.fd, SOL_SOCKET, SO_RCVBUF, &small,
			 sizeof(small));
	/* Ask until the server takes no more. */
	for (int i = 0; i < 1000000 && !full; i++) {
		struct pollfd p = { .fd = greedy.fd, .events = POLLOUT };

		full = poll(&p, 1, 500) == 0;
		if (!full && wire_say(&greedy, "HELP") < 0)
			break;
	}
	assert_rc(wire_say(&other, "NOOP"), 0);
	wire_expect(&other, "200 ");
	for (int i = 0; i < 100; i++) {
		server_admin_counters(r.s, &n);
		if (n.secured == 1)
			break;
		(void)usleep(100000);
	}
	assert_int_equal(n.secured, 1);
	wire_close(&greedy);
	wire_close(&other);
	rig_done(&r);
}

/* --- the life of a server --- */

/* Idle sessions are told, and end. */
static void
test_stop(void **state)
{
	struct wire plain, secured;
	struct rig r;
	uint64_t before;

	rig_init(&r);
	rig_start(&r);
	assert_rc(wire_open(&plain, r.addr), 0);
	wire_expect(&plain, "101 ");
	wire_must_open(&secured, r.addr);
	before = clock_mono_ms();
	server_stop(r.s);
	server_stop(r.s);
	wire_expect(&plain, "710 ");
	wire_expect(&secured, "710 ");
	wire_must_close(&secured);
	assert_rc(server_wait(r.s), 0);
	r.s = NULL;
	assert_true(clock_mono_ms() - before < 2000);
	wire_close(&plain);
	wire_close(&secured);
	rig_done(&r);
}

/* One in the middle of something does not hold up the end for ever. */
static void
test_cut(void **state)
{
	struct rig r;
	struct wire w;
	uint64_t before;

	rig_init(&r);
	r.o.drain = 500;
	rig_start(&r);
	rig_account(&r, "alice@a.test", NULL);
	wire_must_open(&w, r.addr);
	assert_rc(wire_login(&w, "alice@a.test", NULL, RIG_H), 0);
	assert_rc(wire_say(&w, "DELIVER TO alice@a.test"), 0);
	wire_expect(&w, "270 ");
	assert_rc(wire_say(&w, "DATA LENGTH 1000 +CONTENT"), 0);
	wire_expect(&w, "271 ");
	before = clock_mono_ms();
	server_stop(r.s);
	assert_rc(server_wait(r.s), 0);
	r.s = NULL;
	assert_true(clock_mono_ms() - before < 3000);
	wire_close(&w);
	rig_done(&r);
}

static void
fingerprint(const char *addr, char ret[static 65])
{
	struct wire w;

	wire_must_open(&w, addr);
	assert_rc(tls_peer_fingerprint(w.tls, ret), 0);
	wire_close(&w);
}

static void
test_reload(void **state)
{
	char cert[64], key[64], before[65], after[65], why[256] = "";
	struct server_pair pair = { NULL, cert, key };
	struct rig r;

	rig_init(&r);
	rig_start(&r);
	fingerprint(r.addr, before);
	(void)snprintf(cert, sizeof(cert), "%s/c.pem", r.dir);
	(void)snprintf(key, sizeof(key), "%s/k.pem", r.dir);
	/* Not there: the old one stays. */
	assert_true(server_reload(r.s, &pair, 1, why, sizeof(why)) < 0);
	assert_true(why[0] != '\0');
	fingerprint(r.addr, after);
	assert_string_equal(before, after);
	assert_rc(tls_make_pair("a.test", cert, key), 0);
	assert_rc(server_reload(r.s, &pair, 1, why, sizeof(why)), 0);
	for (int i = 0; i < 4; i++) {	/* both loops */
		fingerprint(r.addr, after);
		assert_string_not_equal(before, after);
	}
	(void)unlink(cert);
	(void)unlink(key);
	rig_done(&r);
}

static void
start_must_fail(struct rig *r, int want)
{
	char why[256] = "";
	struct server *s;

	assert_rc(server_start(&r->o, &s, why, sizeof(why)), want);
	assert_true(why[0] != '\0');
}

/* What cannot start leaves nothing behind. */
static void
test_start_fails(void **state)
{
	struct server_listen l[2] = { { STR("127.0.0.1:0"), false, false } };
	struct server_pair none = { NULL, "/nowhere/c", "/nowhere/k" };
	struct rig r, ok;

	rig_init(&ok);
	rig_start(&ok);
	rig_init(&r);
	rig_start(&r);
	server_stop(r.s);
	assert_rc(server_wait(r.s), 0);
	r.s = NULL;
	/* taken already; and written, but not of this machine */
	l[1].addr = str_c(ok.addr);
	r.o.listen = l;
	r.o.nlisten = 2;
	start_must_fail(&r, ERR_IO);
	l[1].addr = STR("192.0.2.1:0");
	start_must_fail(&r, ERR_IO);
	r.o.nlisten = 1;
	r.o.pairs = &none;
	start_must_fail(&r, ERR_CERT);
	rig_done(&r);
	rig_done(&ok);
}

/* Without memory it does not start, or goes without what failed; either way
 * all of it goes again. */
static void
test_start_memory(void **state)
{
	struct rig r;
	char why[256];
	unsigned failed = 0;
	int64_t held;
	bool hit = true;
	int err;

	rig_init(&r);
	rig_start(&r);
	server_stop(r.s);
	assert_rc(server_wait(r.s), 0);
	held = mem_held();
	for (uint64_t n = 1; hit; n++) {
		mem_fail_at(n);
		err = server_start(&r.o, &r.s, why, sizeof(why));
		failed += err < 0;
		if (err == 0) {
			server_stop(r.s);
			err = server_wait(r.s);
		}
		hit = mem_fail_hit();
		mem_fail_at(0);
		assert_true(err == 0 || hit);
		assert_int_equal(mem_held(), held);
	}
	assert_true(failed > 10);
	r.s = NULL;
	rig_done(&r);
}

static void
test_checks(void **state)
{
	assert_null(server_check_domain(STR("mail.example.org")));
	assert_non_null(server_check_domain(STR("")));
	assert_non_null(server_check_domain(STR("a b")));
	assert_null(server_check_imid(STR("alice@example.org")));
	assert_non_null(server_check_imid(STR("alice")));
	assert_non_null(server_check_imid(STR("alice+x@example.org")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_tls_first),
		cmocka_unit_test(test_no_downgrade),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_kick),
		cmocka_unit_test(test_auth_fail),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_too_slow),
		cmocka_unit_test(test_stalled),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_start_fails),
		cmocka_unit_test(test_start_memory),
		cmocka_unit_test(test_checks),
	};

	if (crypt_init() < 0)
		return 1;
	log_setup(LOG_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
