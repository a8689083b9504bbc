#include "pump.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct pump_files files;

static void
content(const char *path, struct buf *b)
{
	buf_init(b, 65536);
	assert_int_equal(file_read(path, true, b), 0);
	assert_true(b->n > 0);
}

static void
test_left_alone(void **state)
{
	CLEANUP_BUF struct buf cert = { 0 }, key = { 0 }, cert2 = { 0 }, key2 = { 0 };

	content(files.certificate[0], &cert);
	content(files.key[0], &key);
	assert_int_equal(tls_make_pair("other.test", files.certificate[0],
				       files.key[0]),
			 0);
	content(files.certificate[0], &cert2);
	content(files.key[0], &key2);
	assert_true(str_eq(buf_str(&cert), buf_str(&cert2)));
	assert_true(str_eq(buf_str(&key), buf_str(&key2)));
}

static void
test_half(void **state)
{
	char before[65], after[65];
	char gone[96];

	/* A key without certificate: it gets one, the same key in it. */
	assert_int_equal(tls_file_fingerprint(files.certificate[0], before), 0);
	assert_int_equal(unlink(files.certificate[0]), 0);
	assert_int_equal(tls_make_pair("a.test", files.certificate[0],
				       files.key[0]),
			 0);
	assert_int_equal(tls_file_fingerprint(files.certificate[0], after), 0);
	assert_string_equal(before, after);

	/* A certificate without key is somebody's mistake. */
	snprintf(gone, sizeof(gone), "%s.gone", files.key[0]);
	assert_int_equal(tls_make_pair("a.test", files.certificate[0], gone),
			 ERR_CONFLICT);
	assert_int_equal(access(gone, F_OK), -1);
}

static void
test_domains(void **state)
{
	static const struct {
		const char *domain;
		int want;
	} cases[] = {
		{ "", ERR_VALUE },
		{ "a,DNS:b", ERR_VALUE },
		{ "a b", ERR_VALUE },
		{ "a\nb", ERR_VALUE },
		{ "xn--bcher-kva.test", 0 },
		{ "a-domain-whose-name-is-longer-than-a-common-name-may-be."
		  "but-not-longer-than-a-domain-may-be.test",
		  0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char cert[64], key[64];

		snprintf(cert, sizeof(cert), "%s/c", files.folder);
		snprintf(key, sizeof(key), "%s/k", files.folder);
		assert_int_equal(tls_make_pair(cases[i].domain, cert, key),
				 cases[i].want);
		assert_int_equal(access(cert, F_OK),
				 cases[i].want == 0 ? 0 : -1);
		unlink(cert);
		unlink(key);
	}
}

static void
test_fingerprint_bad(void **state)
{
	char ret[65];

	assert_int_equal(tls_file_fingerprint("/nowhere", ret), ERR_NOTFOUND);
	assert_int_equal(tls_file_fingerprint(files.key[0], ret), ERR_CERT);
	assert_int_equal(tls_file_fingerprint("/dev/null", ret), ERR_DENIED);
}

static void
test_ctx_bad(void **state)
{
	const struct {
		struct tls_pair pair;
		const char *says;
	} cases[] = {
		{ { NULL, "/nowhere", files.key[0] }, "/nowhere: " },
		{ { NULL, files.certificate[0], "/no/key" }, "/no/key: " },
		{ { NULL, files.certificate[0], files.key[1] }, files.key[1] },
		{ { NULL, files.key[0], files.key[0] }, files.key[0] },
	};
	struct tls_ctx *c = NULL;
	char why[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why[0] = '\0';
		assert_int_equal(tls_ctx_server(&cases[i].pair, 1, TLS_1_2, &c,
						why, sizeof(why)),
				 ERR_CERT);
		assert_non_null(strstr(why, cases[i].says));
		assert_null(strchr(why, '\n'));
	}
	assert_int_equal(tls_ctx_server(NULL, 0, TLS_1_2, &c, why, sizeof(why)),
			 ERR_VALUE);
}

static void
test_ctx_twice(void **state)
{
	const struct tls_pair pairs[] = {
		{ "a.test", files.certificate[0], files.key[0] },
		{ "A.TEST", files.certificate[1], files.key[1] },
	};
	struct tls_ctx *c = NULL;
	char why[256];

	assert_int_equal(tls_ctx_server(pairs, 2, TLS_1_2, &c, why,
					sizeof(why)),
			 ERR_EXISTS);
	/* Without a default the first serves everybody. */
	assert_int_equal(tls_ctx_server(pairs, 1, TLS_1_2, &c, why,
					sizeof(why)),
			 0);
	tls_ctx_unref(c);
	tls_ctx_unref(NULL);
}

/* A connection of its own to judge the server of a.test. */
static int
vouched(const char *name)
{
	struct tls_ctx *sc = pump_server_ctx(&files, TLS_1_2);
	struct tls_ctx *cc = pump_client_ctx(TLS_1_2);
	struct pump_end s, c;
	int err;

	pump_end_init(&s, tls_new_server(sc, TLS_1_2), 65536);
	pump_end_init(&c, tls_new_client(cc, TLS_1_2, "a.test"), 65536);
	pump_all(&c, &s, SIZE_MAX);
	assert_true(tls_ready(c.tls));
	err = tls_peer_vouched(c.tls, name);
	/* The store is there already the second time. */
	assert_int_equal(tls_peer_vouched(c.tls, name), err);
	pump_end_done(&s);
	pump_end_done(&c);
	tls_ctx_unref(sc);
	tls_ctx_unref(cc);
	return err;
}

static void
test_vouched(void **state)
{
	assert_int_equal(vouched("a.test"), ERR_CERT);
	/* Let the system trust this one. */
	setenv("SSL_CERT_FILE", files.certificate[0], 1);
	assert_int_equal(vouched("a.test"), 0);
	assert_int_equal(vouched("A.test"), 0);
	assert_int_equal(vouched("b.test"), ERR_CERT);
	assert_int_equal(vouched("x.a.test"), ERR_CERT);
	assert_int_equal(vouched("127.0.0.1"), ERR_CERT);
	assert_int_equal(vouched(""), ERR_CERT);
	setenv("SSL_CERT_FILE", files.certificate[1], 1);
	assert_int_equal(vouched("a.test"), ERR_CERT);
	unsetenv("SSL_CERT_FILE");
}

static int
setup(void **state)
{
	pump_files_make(&files);
	return 0;
}

static int
teardown(void **state)
{
	pump_files_remove(&files);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_half),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_fingerprint_bad),
		cmocka_unit_test(test_ctx_bad),
		cmocka_unit_test(test_ctx_twice),
		cmocka_unit_test(test_vouched),
	};

	return cmocka_run_group_tests_name("tls_pair", tests, setup, teardown);
}
