#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "rig.h"
#include "store/mem/mem_store.h"
#include "store/store_ops.h"

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

/* A store whose writes wait; all else goes on. */
static struct store_ops held_ops;
static const struct store_ops *real_ops;
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t held_change = PTHREAD_COND_INITIALIZER;
static bool on_hold;

static int
held_write(struct store *s, struct store_job **jobs, size_t n)
{
	pthread_mutex_lock(&held_lock);
	while (on_hold)
		pthread_cond_wait(&held_change, &held_lock);
	pthread_mutex_unlock(&held_lock);
	return real_ops->write(s, jobs, n);
}

static void
hold(bool on)
{
	pthread_mutex_lock(&held_lock);
	on_hold = on;
	pthread_cond_broadcast(&held_change);
	pthread_mutex_unlock(&held_lock);
}

static void
await_queue(struct server *s, uint64_t n)
{
	struct server_counters c = { 0 };

	for (int i = 0; i < 2000 && c.write_queue < n; i++) {
		server_admin_counters(s, &c);
		(void)usleep(5000);
	}
	assert_true(c.write_queue >= n);
}

static bool
hears_nothing(struct wire *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };

	return poll(&p, 1, 300) == 0;
}

/* Past limits.write_queue nobody is read from, until there is room; what was
 * taken is answered. */
static void
test_write_queue(void **state)
{
	struct wire writer, other;
	char line[256];
	struct rig r;

	rig_init(&r);
	r.limits.write_queue = 16;
	r.limits.batch_jobs = 1;
	assert_rc(mem_store_open(&r.limits, &r.store), 0);
	real_ops = r.store->ops;
	held_ops = *real_ops;
	held_ops.write = held_write;
	r.store->ops = &held_ops;
	rig_start(&r);
	rig_account(&r, "alice@a.test", NULL);
	wire_must_open(&writer, r.addr);
	assert_rc(wire_login(&writer, "alice@a.test", NULL, RIG_H), 0);
	wire_must_open(&other, r.addr);
	hold(true);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(line, sizeof(line),
			       "AS p%d DELIVER TO alice@a.test\nAS p%d DATA "
			       "LENGTH 1 +CONTENT\n.AS p%d DONE", i, i, i);
		assert_rc(wire_say(&writer, line), 0);
	}
	await_queue(r.s, 16);
	assert_rc(wire_say(&other, "NOOP"), 0);
	assert_true(hears_nothing(&other));
	hold(false);
	wire_expect(&other, "200 ");
	for (int i = 0; i < 20; i++) {
		wire_expect(&writer, "p");
		while (strstr(writer.line, ": 273 ") == NULL)
			wire_expect(&writer, "p");
	}
	wire_close(&writer);
	wire_close(&other);
	rig_done(&r);
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
		cmocka_unit_test(test_write_queue),
	};

	if (crypt_init() < 0)
		return 1;
	log_setup(LOG_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
