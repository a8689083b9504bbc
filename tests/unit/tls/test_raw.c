/*
 * Our TLS against OpenSSL used bare: what our own other end would never do.
 */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#include "pump.h"

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))

static struct pump_files files;

/* An end without our code. */
struct raw {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out;
	int rc;	    /* of its handshake */
	int reason; /* why it failed */
};

static void
raw_init(struct raw *r, const SSL_METHOD *method)
{
	r->ctx = SSL_CTX_new(method);
	assert_non_null(r->ctx);
	/* Old suites are only to be offered, not to be safe. */
	SSL_CTX_set_security_level(r->ctx, 0);
	r->rc = 0;
	r->reason = 0;
}

static void
raw_begin(struct raw *r, bool client)
{
	r->ssl = SSL_new(r->ctx);
	r->in = BIO_new(BIO_s_mem());
	r->out = BIO_new(BIO_s_mem());
	assert_true(r->ssl && r->in && r->out);
	SSL_set_bio(r->ssl, r->in, r->out);
	if (client)
		SSL_set_connect_state(r->ssl);
	else
		SSL_set_accept_state(r->ssl);
}

static void
raw_done(struct raw *r)
{
	SSL_free(r->ssl);
	SSL_CTX_free(r->ctx);
}

static void
raw_step(struct raw *r)
{
	ERR_clear_error();
	r->rc = SSL_do_handshake(r->ssl);
	if (r->rc != 1 && SSL_get_error(r->ssl, r->rc) == SSL_ERROR_SSL &&
	    !r->reason)
		r->reason = ERR_GET_REASON(ERR_peek_error());
}

static void
to_ours(struct raw *r, struct pump_end *e)
{
	char *p;
	long n = BIO_get_mem_data(r->out, &p);

	pump_feed(e, str_n(p, (size_t)n), SIZE_MAX);
	BIO_reset(r->out);
}

static void
to_raw(struct pump_end *e, struct raw *r)
{
	if (e->out.n > 0)
		assert_int_equal(BIO_write(r->in, buf_data(&e->out),
					   (int)e->out.n),
				 (int)e->out.n);
	buf_clear(&e->out);
}

static void
shake(struct raw *r, struct pump_end *e)
{
	for (int i = 0; i < 6; i++) {
		raw_step(r);
		to_ours(r, e);
		to_raw(e, r);
	}
}

/* --- clients of many kinds --- */

static void
max_1_2(SSL_CTX *c)
{
	SSL_CTX_set_max_proto_version(c, TLS1_2_VERSION);
}

static void
max_1_1(SSL_CTX *c)
{
	SSL_CTX_set_min_proto_version(c, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(c, TLS1_1_VERSION);
}

static void
no_ems(SSL_CTX *c)
{
	max_1_2(c);
	SSL_CTX_set_options(c, SSL_OP_NO_EXTENDED_MASTER_SECRET);
}

static void
cbc(SSL_CTX *c)
{
	max_1_2(c);
	SSL_CTX_set_cipher_list(c, "ECDHE-ECDSA-AES128-SHA256:"
				   "ECDHE-ECDSA-AES256-SHA");
}

static void
no_forward_secrecy(SSL_CTX *c)
{
	max_1_2(c);
	SSL_CTX_set_cipher_list(c, "AES128-GCM-SHA256:AES256-GCM-SHA384");
}

static void
alpn_ours(SSL_CTX *c)
{
	SSL_CTX_set_alpn_protos(c, (const unsigned char *)"\x06immp/1", 7);
}

static void
alpn_ours_last(SSL_CTX *c)
{
	SSL_CTX_set_alpn_protos(c, (const unsigned char *)"\x02h2\x06immp/1",
				10);
}

static void
alpn_other(SSL_CTX *c)
{
	SSL_CTX_set_alpn_protos(c, (const unsigned char *)"\x02h2", 3);
}

static void
alpn_near(SSL_CTX *c)
{
	SSL_CTX_set_alpn_protos(
		c, (const unsigned char *)"\x05immp/\x07immp/10\x06IMMP/1", 21);
}

static void
other_group(SSL_CTX *c)
{
	SSL_CTX_set1_groups_list(c, "P-521:P-256");
}

static void
nothing(SSL_CTX *c)
{
}

#define ALERT(n) (SSL_AD_REASON_OFFSET + (n))

static const struct {
	void (*set)(SSL_CTX *c);
	enum tls_version minimum;
	int want;  /* of our server */
	int alert; /* that the client sees */
	const char *alpn;
} clients[] = {
	{ nothing, TLS_1_2, 0, 0, NULL },
	{ nothing, TLS_1_3, 0, 0, NULL },
	{ max_1_2, TLS_1_2, 0, 0, NULL },
	{ max_1_2, TLS_1_3, ERR_TLS, ALERT(SSL_AD_PROTOCOL_VERSION), NULL },
	{ max_1_1, TLS_1_2, ERR_TLS, ALERT(SSL_AD_PROTOCOL_VERSION), NULL },
	{ no_ems, TLS_1_2, ERR_TLS, 0, NULL },
	{ cbc, TLS_1_2, ERR_TLS, ALERT(SSL_AD_HANDSHAKE_FAILURE), NULL },
	{ no_forward_secrecy, TLS_1_2, ERR_TLS, ALERT(SSL_AD_HANDSHAKE_FAILURE),
	  NULL },
	{ alpn_ours, TLS_1_2, 0, 0, "immp/1" },
	{ alpn_ours_last, TLS_1_2, 0, 0, "immp/1" },
	{ alpn_other, TLS_1_2, ERR_TLS, ALERT(SSL_AD_NO_APPLICATION_PROTOCOL),
	  NULL },
	{ alpn_near, TLS_1_2, ERR_TLS, ALERT(SSL_AD_NO_APPLICATION_PROTOCOL),
	  NULL },
	{ other_group, TLS_1_2, 0, 0, NULL },
};

static void
check_client(size_t i, struct raw *r, struct pump_end *e)
{
	const unsigned char *alpn;
	unsigned int n;

	if (e->err != clients[i].want || r->reason != clients[i].alert)
		fail_msg("client %zu: %s (%s), alert %d", i, err_name(e->err),
			 tls_error(), r->reason);
	assert_int_equal(tls_ready(e->tls), clients[i].want == 0);
	if (clients[i].want < 0)
		return;
	SSL_get0_alpn_selected(r->ssl, &alpn, &n);
	assert_true(str_eq(str_n(alpn, n), str_c(clients[i].alpn)));
	/* Nothing to resume, nothing unasked. */
	assert_false(SSL_SESSION_is_resumable(SSL_get_session(r->ssl)));
	assert_null(tls_server_name(e->tls));
}

static void
test_clients(void **state)
{
	for (size_t i = 0; i < COUNT(clients); i++)
		for (int strict = 0; strict < 2; strict++) {
			/* The minimum of the context, or of the connection. */
			struct tls_ctx *c = pump_server_ctx(
				&files, strict ? clients[i].minimum : TLS_1_2);
			struct pump_end e;
			struct raw r;

			pump_end_init(&e, tls_new_server(c, clients[i].minimum),
				      65536);
			raw_init(&r, TLS_client_method());
			clients[i].set(r.ctx);
			raw_begin(&r, true);
			shake(&r, &e);
			check_client(i, &r, &e);
			pump_end_done(&e);
			raw_done(&r);
			tls_ctx_unref(c);
		}
}

struct pair {
	struct tls_ctx *ctx;
	struct pump_end e;
	struct raw r;
};

static void
pair_init(struct pair *p, void (*set)(SSL_CTX *c))
{
	p->ctx = pump_server_ctx(&files, TLS_1_2);
	pump_end_init(&p->e, tls_new_server(p->ctx, TLS_1_2), 65536);
	raw_init(&p->r, TLS_client_method());
	set(p->r.ctx);
	raw_begin(&p->r, true);
	shake(&p->r, &p->e);
	assert_true(tls_ready(p->e.tls));
}

static void
pair_done(struct pair *p)
{
	pump_end_done(&p->e);
	raw_done(&p->r);
	tls_ctx_unref(p->ctx);
}

static void
say_both_ways(struct pair *p)
{
	char text[16];

	assert_int_equal(SSL_write(p->r.ssl, "NOOP\n", 5), 5);
	to_ours(&p->r, &p->e);
	assert_int_equal(p->e.err, 0);
	assert_true(str_eq(buf_str(&p->e.plain), STR("NOOP\n")));
	buf_clear(&p->e.plain);
	assert_int_equal(tls_write(p->e.tls, STR("200 Ok.\n"), &p->e.out), 0);
	to_raw(&p->e, &p->r);
	assert_int_equal(SSL_read(p->r.ssl, text, sizeof(text)), 8);
}

static void
test_key_update(void **state)
{
	struct pair p;

	pair_init(&p, nothing);
	say_both_ways(&p);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(
			SSL_key_update(p.r.ssl,
				       i % 2 ? SSL_KEY_UPDATE_REQUESTED :
					       SSL_KEY_UPDATE_NOT_REQUESTED),
			1);
		say_both_ways(&p);
	}
	pair_done(&p);
}

/* A second handshake is refused; keys and identity stay what they were. */
static void
test_renegotiation(void **state)
{
	uint8_t before[32], after[32];
	struct pair p;

	pair_init(&p, max_1_2);
	say_both_ways(&p);
	assert_int_equal(tls_exporter(p.e.tls, "EXPORTER-x", before), 0);
	SSL_renegotiate(p.r.ssl);
	for (int i = 0; i < 4; i++) {
		raw_step(&p.r);
		to_ours(&p.r, &p.e);
		to_raw(&p.e, &p.r);
	}
	assert_int_equal(p.r.reason, SSL_R_NO_RENEGOTIATION);
	if (p.e.err == 0) {
		assert_int_equal(tls_exporter(p.e.tls, "EXPORTER-x", after), 0);
		assert_memory_equal(before, after, 32);
	}
	pair_done(&p);
}

/* --- servers of many kinds --- */

static int
select_other(SSL *ssl, const unsigned char **ret, unsigned char *ret_n,
	     const unsigned char *offer, unsigned int n, void *arg)
{
	*ret = (const unsigned char *)"h2";
	*ret_n = 2;
	return SSL_TLSEXT_ERR_OK;
}

static void
forced_alpn(SSL_CTX *c)
{
	SSL_CTX_set_alpn_select_cb(c, select_other, NULL);
}

static const struct {
	void (*set)(SSL_CTX *c);
	int want; /* of our client */
} servers[] = {
	{ nothing, 0 },	  { max_1_2, 0 },	{ no_ems, ERR_TLS },
	{ cbc, ERR_TLS }, { max_1_1, ERR_TLS }, { forced_alpn, ERR_TLS },
};

static void
test_servers(void **state)
{
	struct tls_ctx *c = pump_client_ctx(TLS_1_2);

	for (size_t i = 0; i < COUNT(servers); i++) {
		struct pump_end e;
		struct raw r;
		size_t used;

		raw_init(&r, TLS_server_method());
		assert_int_equal(SSL_CTX_use_certificate_chain_file(
					 r.ctx, files.certificate[0]),
				 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(r.ctx,
							     files.key[0],
							     SSL_FILETYPE_PEM),
				 1);
		servers[i].set(r.ctx);
		raw_begin(&r, false);
		pump_end_init(&e, tls_new_client(c, TLS_1_2, "a.test"), 65536);
		assert_int_equal(tls_feed(e.tls, STR(""), &used, &e.plain,
					  &e.out),
				 0);
		to_raw(&e, &r);
		shake(&r, &e);
		if (e.err != servers[i].want)
			fail_msg("server %zu: %s (%s)", i, err_name(e.err),
				 tls_error());
		assert_int_equal(tls_ready(e.tls), servers[i].want == 0);
		pump_end_done(&e);
		raw_done(&r);
	}
	tls_ctx_unref(c);
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
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_renegotiation),
		cmocka_unit_test(test_servers),
	};

	return cmocka_run_group_tests_name("tls_raw", tests, setup, teardown);
}
