#include "client/login.h"

#include <stdio.h>

#include "base/hex.h"
#include "client/play.h"
#include "proto/reply.h"

#define ACCOUNT "alice@a.test"
#define NONCE "00112233445566778899aabbccddeeff"
#define SALT "AAECAwQFBgcICQoLDA0ODw=="
#define KEY "000102030405060708090a0b0c0d0e0f" \
	    "101112131415161718191a1b1c1d1e1f"
#define BINDING "exporter:" \
		"202122232425262728292a2b2c2d2e2f" \
		"303132333435363738393a3b3c3d3e3f"
#define N "n1=24c17bb6-11ef-4cfa-8c5c-440ceadc8431 n2=1381978910"

struct fixture {
	struct play p;
	struct login l;
	struct key_text key;
};

static void
setup(struct fixture *f, bool bytes, bool device)
{
	play_ready(&f->p, bytes);
	login_init(&f->l);
	f->l.e = f->p.e;
	f->l.account = STR(ACCOUNT);
	snprintf(f->l.nonce, sizeof(f->l.nonce), "%s", NONCE);
	snprintf(f->l.binding, sizeof(f->l.binding), "%s", BINDING);
	if (device) {
		snprintf(f->key.hex, sizeof(f->key.hex), "%s", KEY);
		f->l.key = &f->key;
		f->l.device = STR("my \"PC\"");
	} else {
		f->l.password = STR("geheim");
	}
}

static void
teardown(struct fixture *f)
{
	login_done(&f->l);
	play_done(&f->p);
}

/* What both sides must come to for a challenge, in hex. */
static void
expected(struct fixture *f, const char *challenge, char response[static 65],
	 char v[static 65])
{
	struct kdf_params k = { .t = KDF_T, .m = KDF_M };
	struct proof_input in = { STR(ACCOUNT), str_c(challenge), STR(NONCE),
				  STR(BINDING) };
	struct key_text h = f->key;
	uint8_t r[32], w[32];
	size_t n;

	if (!f->l.key) {
		assert_rc(b64_decode(STR(SALT), k.salt, 16, &n), 0);
		assert_rc(kdf_argon2id(STR("geheim"), &k, &h), 0);
	}
	assert_rc(proof_answer(&h, &in, r, w), 0);
	hex_encode(r, 32, response);
	hex_encode(w, 32, v);
	response[64] = v[64] = '\0';
}

static void
run(struct fixture *f, const char *challenge, const char *v_wrong)
{
	char response[65], v[65], line[400];

	assert_rc(login_start(&f->l), 0);
	buf_clear(engine_out(f->p.e));
	snprintf(line, sizeof(line), "302 Initiated.\n303 %s\n", challenge);
	assert_rc(play_say(&f->p, line), 0);
	expected(f, challenge, response, v);
	snprintf(line, sizeof(line), "AUTH RESPONSE %s " NONCE "\n", response);
	play_wrote(&f->p, line);
	snprintf(line, sizeof(line),
		 "210 Authentication accepted for " ACCOUNT " v=%s\n",
		 v_wrong ? v_wrong : v);
	(void)play_say(&f->p, line);
}

static void
test_password(void **state)
{
	struct fixture f = { 0 };

	setup(&f, true, false);
	assert_rc(login_start(&f.l), 0);
	play_wrote(&f.p, "AUTH SECRET " ACCOUNT " +PROOF\n");
	teardown(&f);
	for (int bytes = 0; bytes < 2; bytes++) {
		setup(&f, bytes, false);
		run(&f, N " kdf=argon2id s=" SALT " t=2 m=19456 p=1 proof=1",
		    NULL);
		assert_true(login_finished(&f.l));
		assert_rc(f.l.error, 0);
		assert_true(f.l.proved);
		teardown(&f);
	}
}

static void
test_device(void **state)
{
	struct fixture f = { 0 };

	setup(&f, true, true);
	assert_rc(login_start(&f.l), 0);
	play_wrote(&f.p, "AUTH SECRET " ACCOUNT " \"my \\\"PC\\\"\" +DEVICE "
			 "+PROOF\n");
	teardown(&f);
	setup(&f, false, true);
	run(&f, N " kdf=none proof=1", NULL);
	assert_true(f.l.done && f.l.error == 0 && f.l.proved);
	teardown(&f);
}

/* A server that does not know the password says something else. */
static void
test_impostor(void **state)
{
	static const char *const wrong[] = {
		"", "00", "x",
		"0000000000000000000000000000000000000000000000000000000000000000",
	};

	for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
		struct fixture f = { 0 };

		setup(&f, i & 1, true);
		run(&f, N " kdf=none proof=1", wrong[i]);
		assert_true(f.l.done);
		assert_rc(f.l.error, IMMP_E_PROOF);
		assert_false(f.l.proved);
		assert_rc(engine_error(f.p.e), IMMP_E_PROOF);
		teardown(&f);
	}
}

static const struct weak {
	const char *name, *challenge;
	bool device;
	int error;
} weaks[] = {
	{ "no proof", N " kdf=argon2id s=" SALT " t=2 m=19456 p=1", false,
	  IMMP_E_WEAK },
	{ "proof not at the end",
	  N " proof=1 kdf=argon2id s=" SALT " t=2 m=19456 p=1", false,
	  IMMP_E_WEAK },
	{ "proof denied",
	  N " kdf=argon2id s=" SALT " t=2 m=19456 p=1 proof=0", false,
	  IMMP_E_WEAK },
	{ "m too small",
	  N " kdf=argon2id s=" SALT " t=2 m=19455 p=1 proof=1", false,
	  IMMP_E_WEAK },
	{ "m too large",
	  N " kdf=argon2id s=" SALT " t=2 m=1048577 p=1 proof=1", false,
	  IMMP_E_WEAK },
	{ "t too small",
	  N " kdf=argon2id s=" SALT " t=1 m=19456 p=1 proof=1", false,
	  IMMP_E_WEAK },
	{ "t too large",
	  N " kdf=argon2id s=" SALT " t=17 m=19456 p=1 proof=1", false,
	  IMMP_E_WEAK },
	{ "p of 2", N " kdf=argon2id s=" SALT " t=2 m=19456 p=2 proof=1",
	  false, IMMP_E_WEAK },
	{ "a salt of 15",
	  N " kdf=argon2id s=AAECAwQFBgcICQoLDA0O t=2 m=19456 p=1 proof=1",
	  false, IMMP_E_WEAK },
	{ "a salt of 18",
	  N " kdf=argon2id s=AAECAwQFBgcICQoLDA0ODxAR t=2 m=19456 p=1 proof=1",
	  false, IMMP_E_WEAK },
	{ "another derivation", N " kdf=md5 s=" SALT " proof=1", false,
	  IMMP_E_WEAK },
	{ "none for a password", N " kdf=none proof=1", false, IMMP_E_WEAK },
	{ "argon2id for a device",
	  N " kdf=argon2id s=" SALT " t=2 m=19456 p=1 proof=1", true,
	  IMMP_E_WEAK },
	{ "numbers with a sign",
	  N " kdf=argon2id s=" SALT " t=+2 m=19456 p=1 proof=1", false,
	  IMMP_E_PROTOCOL },
	{ "a number left out", N " kdf=argon2id s=" SALT " t=2 p=1 proof=1",
	  false, IMMP_E_PROTOCOL },
	{ "no n1", "kdf=none proof=1", true, IMMP_E_PROTOCOL },
	{ "no n2", "n1=1 kdf=none proof=1", true, IMMP_E_PROTOCOL },
};

static void
test_weak(void **state)
{
	TEST_EACH(c, weaks) {
		struct fixture f = { 0 };
		char line[400];

		setup(&f, c_i & 1, c->device);
		assert_rc(login_start(&f.l), 0);
		buf_clear(engine_out(f.p.e));
		snprintf(line, sizeof(line), "303 %s\n", c->challenge);
		CHECK_RC(c->name, play_say(&f.p, line), c->error);
		CHECK_RC(c->name, f.l.error, c->error);
		/* Nothing that depends on the password has left us. */
		play_wrote(&f.p, "");
		teardown(&f);
	}
}

static const struct refusal {
	const char *name, *text;
	int error, code;
	bool dead;
} refusals[] = {
	{ "at once", "410 Authentication refused.\n", IMMP_E_AUTH, 410, false },
	{ "later", "420 Slow down. retry=9\n", IMMP_E_LATER, 420, false },
	{ "no such switch", "406 Unknown parameter.\n", IMMP_E_REFUSED, 406,
	  false },
	{ "let in unasked", "210 Welcome!\n", IMMP_E_PROTOCOL, 0, true },
	{ "lost", "710 Bye.\n", IMMP_E_CLOSED, 0, true },
};

static void
test_refused(void **state)
{
	TEST_EACH(c, refusals) {
		struct fixture f = { 0 };

		setup(&f, c_i & 1, true);
		assert_rc(login_start(&f.l), 0);
		CHECK_RC(c->name, play_say(&f.p, c->text),
			 c->dead ? c->error : 0);
		CHECK(c->name, f.l.done);
		CHECK_RC(c->name, f.l.error, c->error);
		CHECK(c->name, f.l.code == c->code);
		CHECK(c->name, f.l.why[0] != '\0');
		teardown(&f);
	}
}

static void
test_wrong_password(void **state)
{
	struct fixture f = { 0 };

	setup(&f, true, true);
	assert_rc(login_start(&f.l), 0);
	assert_rc(play_say(&f.p, "302 .\n303 " N " kdf=none proof=1\n"
				 "410 Authentication refused.\n"), 0);
	assert_rc(f.l.error, IMMP_E_AUTH);
	/* The session lives on: another try is possible. */
	assert_int_equal(engine_phase(f.p.e), ENGINE_READY);
	teardown(&f);
}

/* The draft's key: only if told to, and only where +PROOF is not known. */
static void
test_1_0(void **state)
{
	struct fixture f = { 0 };
	struct kdf_params k = { .t = KDF_T, .m = KDF_M };
	struct key_text h;
	uint8_t octets[20];
	char hex[41], line[200];
	size_t n;

	setup(&f, true, false);
	f.l.may_1_0 = true;
	assert_rc(login_start(&f.l), 0);
	assert_rc(play_say(&f.p, "406 Unknown parameter.\n"), 0);
	play_wrote(&f.p, "AUTH SECRET " ACCOUNT " +PROOF\n"
			 "AUTH SECRET " ACCOUNT "\n");
	assert_rc(play_say(&f.p, "302 .\n303 " N " kdf=argon2id s=" SALT
				 " t=2 m=19456 p=1\n"), 0);
	assert_rc(b64_decode(STR(SALT), k.salt, 16, &n), 0);
	assert_rc(kdf_argon2id(STR("geheim"), &k, &h), 0);
	proof_v1_0(&h, STR("24c17bb6-11ef-4cfa-8c5c-440ceadc8431"),
		   STR("1381978910"), octets);
	hex_encode(octets, 20, hex);
	hex[40] = '\0';
	snprintf(line, sizeof(line), "AUTH RESPONSE %s\n", hex);
	play_wrote(&f.p, line);
	assert_rc(play_say(&f.p, "210 Authentication accepted for alice\n"),
		  0);
	assert_true(f.l.done && f.l.error == 0 && !f.l.proved);
	teardown(&f);

	/* A device never does. */
	setup(&f, true, true);
	f.l.may_1_0 = true;
	assert_rc(login_start(&f.l), 0);
	assert_rc(play_say(&f.p, "406 Unknown parameter.\n"), 0);
	assert_rc(f.l.error, IMMP_E_REFUSED);
	teardown(&f);
}

static void
test_usage(void **state)
{
	static const char *const bad[] = { "", "a b@c", "a\"@b", "-a@b", "a;b",
					   "a\n@b" };

	for (size_t i = 0; i < TEST_COUNT(bad); i++) {
		struct fixture f = { 0 };

		setup(&f, false, true);
		f.l.account = str_c(bad[i]);
		assert_rc(login_start(&f.l), IMMP_E_USAGE);
		teardown(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_impostor),
		cmocka_unit_test(test_weak),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_1_0),
		cmocka_unit_test(test_usage),
	};

	if (crypt_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
