#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "lib/test.h"
#include "rig.h"

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
