#include "tls/tls_priv.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* Forward secrecy and authenticated ciphers, nothing else. */
#define SUITES_1_2 \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define SUITES_1_3 \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:" \
	"TLS_CHACHA20_POLY1305_SHA256"
/* 112 bits: RSA of 2048, no SHA-1. */
#define SECURITY_LEVEL 2
#define GROUPS "X25519:P-256:P-384"

#define CERT_LIST_MAX 65536 /* octets of a server's chain */

static const unsigned char alpn_offer[] = "\x06" TLS_ALPN;
#define ALPN_OFFER (sizeof(alpn_offer) - 1)

struct tls_ctx *
tls_ctx_ref(struct tls_ctx *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

static void
ctx_free(struct tls_ctx *c)
{
	size_t pos = 0;
	struct str key;
	void *value;

	while (map_next(&c->by_domain, &pos, &key, &value))
		SSL_CTX_free(value);
	map_done(&c->by_domain);
	SSL_CTX_free(c->main);
	X509_STORE_free(c->ca);
	pthread_mutex_destroy(&c->ca_lock);
	c->magic = 0;
	mem_free(c);
}

void
tls_ctx_unref(struct tls_ctx *c)
{
	if (c &&
	    atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
		ctx_free(c);
}

static struct tls_ctx *
ctx_new(bool server, enum tls_version minimum)
{
	struct tls_ctx *c = mem_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	c->magic = TLS_CTX_MAGIC;
	atomic_init(&c->refs, 1);
	c->server = server;
	c->minimum = minimum;
	map_init(&c->by_domain);
	pthread_mutex_init(&c->ca_lock, NULL);
	return c;
}

/* What both ends have in common. */
static SSL_CTX *
ssl_ctx_new(const SSL_METHOD *method, enum tls_version minimum)
{
	SSL_CTX *s = SSL_CTX_new(method);
	int ok;

	if (!s)
		return NULL;
	ok = SSL_CTX_set_min_proto_version(s, minimum == TLS_1_3 ?
						      TLS1_3_VERSION :
						      TLS1_2_VERSION);
	ok &= SSL_CTX_set_max_proto_version(s, TLS1_3_VERSION);
	ok &= SSL_CTX_set_cipher_list(s, SUITES_1_2);
	ok &= SSL_CTX_set_ciphersuites(s, SUITES_1_3);
	ok &= SSL_CTX_set1_groups_list(s, GROUPS) == 1;
	if (ok != 1) {
		SSL_CTX_free(s);
		return NULL;
	}
	SSL_CTX_set_options(s, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				       SSL_OP_NO_TICKET |
				       SSL_OP_CIPHER_SERVER_PREFERENCE |
				       SSL_OP_PRIORITIZE_CHACHA);
	/* Whatever the system's configuration says. */
	SSL_CTX_set_security_level(s, SECURITY_LEVEL);
	/* Nothing is resumed, so nothing need be kept for it. */
	SSL_CTX_set_session_cache_mode(s, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(s, 0);
	SSL_CTX_set_max_early_data(s, 0);
	/* Record buffers live only as long as a record. */
	SSL_CTX_set_mode(s, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(s, 0);
	return s;
}

/* --- the server's side --- */

static const struct tls_ctx *
ctx_of(const void *arg)
{
	const struct tls_ctx *c = arg;

	if (c->magic != TLS_CTX_MAGIC)
		abort();
	return c;
}

/* Choose the pair for the name that is asked for. */
static int
on_server_name(SSL *ssl, int *alert, void *arg)
{
	const struct tls_ctx *c = ctx_of(arg);
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	char lower[256];
	SSL_CTX *pair;
	size_t n;

	if (!name)
		return SSL_TLSEXT_ERR_NOACK;
	for (n = 0; name[n] != '\0' && n < sizeof(lower); n++)
		lower[n] = (char)tolower((unsigned char)name[n]);
	pair = map_get(&c->by_domain, str_n(lower, n));
	if (!pair)
		return SSL_TLSEXT_ERR_NOACK;
	if (!SSL_set_SSL_CTX(ssl, pair)) {
		*alert = SSL_AD_INTERNAL_ERROR;
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	return SSL_TLSEXT_ERR_OK;
}

/* Called only if the client offers any. */
static int
on_alpn(SSL *ssl, const unsigned char **ret, unsigned char *ret_n,
	const unsigned char *offer, unsigned int n, void *arg)
{
	unsigned char *chosen;

	if (SSL_select_next_proto(&chosen, ret_n, alpn_offer, ALPN_OFFER, offer,
				  n) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*ret = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void
report(char *reterr, size_t cap, const char *file, const char *why)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	snprintf(reterr, cap, "%s: %s%s%s", file, why, reason ? ": " : "",
		 reason ? reason : "");
	ERR_clear_error();
}

static int
load_pair(struct tls_ctx *c, const struct tls_pair *p, SSL_CTX **ret,
	  char *reterr, size_t cap)
{
	SSL_CTX *s;

	ERR_clear_error();
	s = ssl_ctx_new(TLS_server_method(), c->minimum);
	if (!s) {
		report(reterr, cap, p->certificate, "cannot set up TLS");
		return ERR_TLS;
	}
	SSL_CTX_set_tlsext_servername_callback(s, on_server_name);
	SSL_CTX_set_tlsext_servername_arg(s, c);
	SSL_CTX_set_alpn_select_cb(s, on_alpn, NULL);
	if (SSL_CTX_use_certificate_chain_file(s, p->certificate) != 1) {
		report(reterr, cap, p->certificate, "cannot use certificate");
		goto fail;
	}
	if (SSL_CTX_use_PrivateKey_file(s, p->key, SSL_FILETYPE_PEM) != 1) {
		report(reterr, cap, p->key, "cannot use key");
		goto fail;
	}
	if (SSL_CTX_check_private_key(s) != 1) {
		report(reterr, cap, p->key, "is not the certificate's key");
		goto fail;
	}
	*ret = s;
	return 0;
fail:
	SSL_CTX_free(s);
	return ERR_CERT;
}

static int
add_pair(struct tls_ctx *c, const struct tls_pair *p, char *reterr, size_t cap)
{
	char lower[256];
	SSL_CTX *s;
	size_t n;
	int err;

	err = load_pair(c, p, &s, reterr, cap);
	if (err < 0)
		return err;
	/* The first is also the default until there is one. */
	if (!p->domain || !c->main) {
		SSL_CTX_free(c->main);
		c->main = s;
		if (!p->domain)
			return 0;
		(void)SSL_CTX_up_ref(s); /* a count */
	}
	for (n = 0; p->domain[n] != '\0' && n < sizeof(lower); n++)
		lower[n] = (char)tolower((unsigned char)p->domain[n]);
	if (map_get(&c->by_domain, str_n(lower, n)))
		err = ERR_EXISTS;
	else
		err = map_put(&c->by_domain, str_n(lower, n), s, NULL);
	if (err < 0) {
		SSL_CTX_free(s);
		report(reterr, cap, p->domain, err_text(err));
	}
	return err;
}

int
tls_ctx_server(const struct tls_pair *pairs, size_t n, enum tls_version minimum,
	       struct tls_ctx **ret, char *reterr, size_t cap)
{
	struct tls_ctx *c;

	if (n == 0) {
		snprintf(reterr, cap, "no certificate");
		return ERR_VALUE;
	}
	c = ctx_new(true, minimum);
	if (!c) {
		snprintf(reterr, cap, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		int err = add_pair(c, &pairs[i], reterr, cap);

		if (err < 0) {
			tls_ctx_unref(c);
			return err;
		}
	}
	*ret = c;
	return 0;
}

/* --- the client's side --- */

int
tls_ctx_client(enum tls_version minimum, struct tls_ctx **ret)
{
	struct tls_ctx *c = ctx_new(false, minimum);

	if (!c)
		return ERR_NOMEM;
	ERR_clear_error();
	c->main = ssl_ctx_new(TLS_client_method(), minimum);
	/* 0 is success here, unlike everywhere else. */
	if (!c->main ||
	    SSL_CTX_set_alpn_protos(c->main, alpn_offer, ALPN_OFFER) != 0) {
		int err = tls_error_take("client context");

		tls_ctx_unref(c);
		return err;
	}
	SSL_CTX_set_verify(c->main, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_max_cert_list(c->main, CERT_LIST_MAX);
	*ret = c;
	return 0;
}
