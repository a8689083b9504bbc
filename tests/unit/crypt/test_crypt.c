#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hex.h"
#include "base/mem.h"
#include "crypt/crypt.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))

static void
assert_hex(const uint8_t *p, size_t n, const char *want)
{
	char text[129];

	assert_true(n <= 64);
	hex_encode(p, n, text);
	text[2 * n] = '\0';
	assert_string_equal(text, want);
}

/* --- SHA-256 --- */

static const struct {
	const char *in;
	const char *want;
} sha256_cases[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void
test_sha256(void **state)
{
	struct sha256 *h = sha256_new();
	uint8_t got[32];

	assert_non_null(h);
	for (size_t i = 0; i < COUNT(sha256_cases); i++) {
		struct str in = str_c(sha256_cases[i].in);

		sha256_once(in.p, in.n, got);
		assert_hex(got, 32, sha256_cases[i].want);

		/* Octet by octet, with one context for all. */
		sha256_reset(h);
		for (size_t j = 0; j < in.n; j++)
			sha256_update(h, in.p + j, 1);
		sha256_final(h, got);
		assert_hex(got, 32, sha256_cases[i].want);
	}
	sha256_once(NULL, 0, got);
	assert_hex(got, 32, sha256_cases[0].want);
	sha256_free(h);
	sha256_free(NULL);
}

static void
test_sha256_nomem(void **state)
{
	mem_fail_at(1);
	assert_null(sha256_new());
	mem_fail_at(0);
}

/* --- passwords and proofs --- */

/* The vector of the specification. */
static const char vector_challenge[] =
	"n1=24c17bb6-11ef-4cfa-8c5c-440ceadc8431 n2=1381978910 kdf=argon2id "
	"s=AAECAwQFBgcICQoLDA0ODw== t=2 m=19456 p=1 proof=1";

struct vector {
	struct key_text h;
	struct proof_input in;
	char binding[9 + 64 + 1];
};

static void
vector_make(struct vector *v)
{
	uint8_t octets[32];

	for (size_t i = 0; i < 32; i++)
		octets[i] = (uint8_t)i;
	hex_encode(octets, 32, v->h.hex);
	v->h.hex[64] = '\0';
	for (size_t i = 0; i < 32; i++)
		octets[i] = (uint8_t)(0x20 + i);
	memcpy(v->binding, "exporter:", 9);
	hex_encode(octets, 32, v->binding + 9);
	v->binding[9 + 64] = '\0';
	v->in = (struct proof_input){
		.account = STR("alice@a.test"),
		.challenge = str_c(vector_challenge),
		.nonce = STR("00112233445566778899aabbccddeeff"),
		.binding = str_c(v->binding),
	};
}

static void
test_proof_vector(void **state)
{
	struct vector v;
	struct proof_keys keys;
	uint8_t response[32], client_v[32], server_v[32];

	vector_make(&v);
	assert_int_equal(proof_answer(&v.h, &v.in, response, client_v), 0);
	assert_hex(response, 32,
		"f9c5db03bd8b2d2ed0708600879eedad6c49089cc4599e479d14866e84fdebe8");
	assert_hex(client_v, 32,
		"89169be1d2f8ef10a5a9e518e0e4146154c5d8a0888e24c600d5984fef72246b");

	proof_keys_of(&v.h, &keys);
	assert_int_equal(proof_check(&keys, &v.in, response, server_v), 0);
	assert_memory_equal(client_v, server_v, 32);
}

static void
test_v1_0_vector(void **state)
{
	struct vector v;
	uint8_t key[20];

	vector_make(&v);
	proof_v1_0(&v.h, STR("24c17bb6-11ef-4cfa-8c5c-440ceadc8431"),
		STR("1381978910"), key);
	assert_hex(key, 20, "26ee9b265bff9d1c4242ac75c516d2b350b18895");
	/* The context is used again. */
	proof_v1_0(&v.h, STR("24c17bb6-11ef-4cfa-8c5c-440ceadc8431"),
		STR("1381978910"), key);
	assert_hex(key, 20, "26ee9b265bff9d1c4242ac75c516d2b350b18895");
}

/* Every octet of what is signed, and of the answer, counts. */
static void
test_proof_changed(void **state)
{
	struct vector v;
	struct proof_keys keys, other;
	uint8_t response[32], ret[32], before[32];

	vector_make(&v);
	proof_keys_of(&v.h, &keys);
	assert_int_equal(proof_answer(&v.h, &v.in, response, ret), 0);

	memset(ret, 0x5a, sizeof(ret));
	memset(before, 0x5a, sizeof(before));
	for (size_t i = 0; i < 32; i++) {
		response[i] ^= 1;
		assert_int_equal(
			proof_check(&keys, &v.in, response, ret), ERR_AUTH);
		response[i] ^= 1;
	}
	struct proof_input in = v.in;
	in.account = STR("bob@a.test");
	assert_int_equal(proof_check(&keys, &in, response, ret), ERR_AUTH);
	in = v.in;
	in.challenge.n--;
	assert_int_equal(proof_check(&keys, &in, response, ret), ERR_AUTH);
	in = v.in;
	in.nonce = STR("00112233445566778899aabbccddeef0");
	assert_int_equal(proof_check(&keys, &in, response, ret), ERR_AUTH);
	in = v.in;
	in.binding = STR("none");
	assert_int_equal(proof_check(&keys, &in, response, ret), ERR_AUTH);
	other = keys;
	other.stored[31] ^= 0x80;
	assert_int_equal(proof_check(&other, &v.in, response, ret), ERR_AUTH);
	/* An output is set on success only. */
	assert_memory_equal(ret, before, 32);
	assert_int_equal(proof_check(&keys, &v.in, response, ret), 0);
}

/* What could be read as two different inputs is not signed at all. */
static void
test_proof_bad_input(void **state)
{
	static const struct {
		struct str account, challenge, nonce, binding;
	} cases[] = {
		{ { "a\nb", 3 }, { "n1=x", 4 },
			{ "00112233445566778899aabbccddeeff", 32 },
			{ "none", 4 } },
		{ { "a\0b", 3 }, { "n1=x", 4 },
			{ "00112233445566778899aabbccddeeff", 32 },
			{ "none", 4 } },
		{ { "a", 1 }, { "n1=x\n", 5 },
			{ "00112233445566778899aabbccddeeff", 32 },
			{ "none", 4 } },
		{ { "a", 1 }, { "n1=x", 4 },
			{ "00112233445566778899AABBCCDDEEFF", 32 },
			{ "none", 4 } },
		{ { "a", 1 }, { "n1=x", 4 },
			{ "00112233445566778899aabbccddeef", 31 },
			{ "none", 4 } },
		{ { "a", 1 }, { "n1=x", 4 },
			{ "00112233445566778899aabbccddeeff", 32 },
			{ "no\ne", 5 } },
		{ { "a", 1 }, { "n1=x", 4 }, { NULL, 0 }, { "none", 4 } },
	};
	struct vector v;
	struct proof_keys keys;
	uint8_t response[32] = { 0 }, ret[32];

	vector_make(&v);
	proof_keys_of(&v.h, &keys);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct proof_input in = { cases[i].account, cases[i].challenge,
			cases[i].nonce, cases[i].binding };

		assert_int_equal(
			proof_answer(&v.h, &in, response, ret), ERR_VALUE);
		assert_int_equal(
			proof_check(&keys, &in, response, ret), ERR_AUTH);
	}
}

static void
test_kdf(void **state)
{
	struct kdf_params k = { .t = KDF_T, .m = KDF_M };
	struct key_text a, b;

	for (size_t i = 0; i < 16; i++)
		k.salt[i] = (uint8_t)i;
	assert_int_equal(kdf_argon2id(STR("secret"), &k, &a), 0);
	/* As another implementation (Rust) computes it. */
	assert_string_equal(a.hex,
		"c1fdbf73fbe516d7ba848376532a209a"
		"7d71fd5fe93d5e3449f31bb855ff0c60");
	assert_int_equal(kdf_argon2id(STR("secrets"), &k, &b), 0);
	assert_string_not_equal(a.hex, b.hex);
	k.salt[0] = 1;
	assert_int_equal(kdf_argon2id(STR("secret"), &k, &b), 0);
	assert_string_not_equal(a.hex, b.hex);
	assert_int_equal(kdf_argon2id(STR(""), &k, &b), 0);
}

static void
test_kdf_bad(void **state)
{
	static const struct {
		uint32_t t, m;
	} cases[] = {
		{ 0, KDF_M },
		{ KDF_T_MIN - 1, KDF_M },
		{ KDF_T_MAX + 1, KDF_M },
		{ UINT32_MAX, KDF_M },
		{ KDF_T, 0 },
		{ KDF_T, KDF_M_MIN - 1 },
		{ KDF_T, KDF_M_MAX + 1 },
		{ KDF_T, UINT32_MAX },
	};
	struct key_text h;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kdf_params k = { .t = cases[i].t, .m = cases[i].m };

		assert_int_equal(kdf_argon2id(STR("x"), &k, &h), ERR_VALUE);
	}
}

/* --- the server key --- */

static void
test_seal(void **state)
{
	struct server_key *k = server_key_random();
	struct server_key *other = server_key_random();
	struct str label = STR("h of alice@a.test");
	struct str plain = STR("a secret of some length");
	uint8_t sealed[64 + SEAL_EXTRA], again[64 + SEAL_EXTRA], open[64];
	struct str whole = { (char *)sealed, plain.n + SEAL_EXTRA };

	assert_non_null(k);
	assert_int_equal(seal(k, label, plain, sealed), 0);
	assert_int_equal(seal(k, label, plain, again), 0);
	assert_memory_not_equal(sealed, again, whole.n);
	assert_int_equal(unseal(k, label, whole, open), 0);
	assert_memory_equal(open, plain.p, plain.n);

	/* Another key, another place, any other octet, any other length. */
	assert_int_equal(unseal(other, label, whole, open), ERR_AUTH);
	assert_int_equal(
		unseal(k, STR("h of bob@a.test"), whole, open), ERR_AUTH);
	for (size_t i = 0; i < whole.n; i++) {
		sealed[i] ^= 1;
		assert_int_equal(unseal(k, label, whole, open), ERR_AUTH);
		sealed[i] ^= 1;
	}
	for (size_t n = 0; n < whole.n; n++)
		assert_int_equal(
			unseal(k, label, str_n(sealed, n), open), ERR_AUTH);

	assert_int_equal(seal(k, label, STR(""), sealed), 0);
	assert_int_equal(unseal(k, label, str_n(sealed, SEAL_EXTRA), open), 0);
	server_key_free(k);
	server_key_free(other);
	server_key_free(NULL);
}

static void
test_fake(void **state)
{
	struct server_key *k = server_key_random();
	uint8_t a[100], b[100];

	fake_octets(k, "salt", STR("x@a.test"), a, sizeof(a));
	fake_octets(k, "salt", STR("x@a.test"), b, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
	/* A longer answer begins with the shorter. */
	fake_octets(k, "salt", STR("x@a.test"), b, 16);
	assert_memory_equal(a, b, 16);
	assert_memory_not_equal(a, a + 32, 32);
	fake_octets(k, "salt", STR("y@a.test"), b, sizeof(b));
	assert_memory_not_equal(a, b, 32);
	fake_octets(k, "key", STR("x@a.test"), b, sizeof(b));
	assert_memory_not_equal(a, b, 32);
	/* Purpose and account do not run together. */
	fake_octets(k, "saltx", STR("@a.test"), b, sizeof(b));
	assert_memory_not_equal(a, b, 32);
	server_key_free(k);
}

struct place {
	char folder[64];
	char path[96];
};

static void
place_make(struct place *p)
{
	snprintf(p->folder, sizeof(p->folder), "/tmp/immp-crypt-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof(p->path), "%s/key", p->folder);
}

static void
place_remove(struct place *p)
{
	(void)unlink(p->path); /* may not be there */
	/* Fails if a temporary file was left. */
	assert_int_equal(rmdir(p->folder), 0);
}

static void
place_write(const struct place *p, struct str text, mode_t mode)
{
	int fd = open(p->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.p, text.n), (ssize_t)text.n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
test_key_file(void **state)
{
	struct place p;
	struct server_key *k, *again;
	struct stat st;
	uint8_t sealed[4 + SEAL_EXTRA], open_[4];

	place_make(&p);
	assert_int_equal(server_key_load(p.path, false, &k), ERR_NOTFOUND);
	assert_int_equal(server_key_load(p.path, true, &k), 0);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 65);
	assert_int_equal(server_key_load(p.path, true, &again), 0);
	assert_int_equal(seal(k, STR("l"), STR("text"), sealed), 0);
	assert_int_equal(
		unseal(again, STR("l"), str_n(sealed, sizeof(sealed)), open_),
		0);
	server_key_free(k);
	server_key_free(again);
	place_remove(&p);
}

#define DIGITS \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"

static void
test_key_file_bad(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		int want;
	} cases[] = {
		{ DIGITS "\n", 0600, 0 },
		{ DIGITS "\n", 0400, 0 },
		{ DIGITS "\n", 0640, ERR_DENIED },
		{ DIGITS "\n", 0604, ERR_DENIED },
		{ DIGITS, 0600, ERR_CORRUPT },
		{ DIGITS "\n\n", 0600, ERR_CORRUPT },
		{ DIGITS "0", 0600, ERR_CORRUPT },
		{ "", 0600, ERR_CORRUPT },
		{ "g" DIGITS, 0600, ERR_CORRUPT },
	};
	struct place p;

	place_make(&p);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct server_key *k = NULL;

		place_write(&p, str_c(cases[i].text), cases[i].mode);
		assert_int_equal(
			server_key_load(p.path, true, &k), cases[i].want);
		server_key_free(k);
	}
	(void)unlink(p.path); /* replaced by a link now */
	assert_int_equal(symlink("/dev/null", p.path), 0);
	struct server_key *k = NULL;
	assert_true(server_key_load(p.path, true, &k) < 0);
	place_remove(&p);
	assert_int_equal(
		server_key_load("/nowhere/at/all", true, &k), ERR_NOTFOUND);
}

static void *
load_key(void *arg)
{
	struct server_key *k = NULL;

	return server_key_load(arg, true, &k) == 0 ? k : NULL;
}

/* Many that start at once agree on one key. */
static void
test_key_file_race(void **state)
{
	struct place p;
	pthread_t threads[8];
	struct server_key *k[8];
	uint8_t first[32], other[32];

	place_make(&p);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, load_key, p.path), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *got;

		assert_int_equal(pthread_join(threads[i], &got), 0);
		assert_non_null(got);
		k[i] = got;
	}
	fake_octets(k[0], "x", STR("y"), first, sizeof(first));
	for (size_t i = 0; i < COUNT(threads); i++) {
		fake_octets(k[i], "x", STR("y"), other, sizeof(other));
		assert_memory_equal(first, other, sizeof(first));
		server_key_free(k[i]);
	}
	place_remove(&p);
}

static int
setup(void **state)
{
	/* Twice does no harm. */
	return crypt_init() == 0 && crypt_init() == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_sha256_nomem),
		cmocka_unit_test(test_proof_vector),
		cmocka_unit_test(test_v1_0_vector),
		cmocka_unit_test(test_proof_changed),
		cmocka_unit_test(test_proof_bad_input),
		cmocka_unit_test(test_kdf),
		cmocka_unit_test(test_kdf_bad),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_fake),
		cmocka_unit_test(test_key_file),
		cmocka_unit_test(test_key_file_bad),
		cmocka_unit_test(test_key_file_race),
	};

	return cmocka_run_group_tests_name("crypt", tests, setup, NULL);
}
