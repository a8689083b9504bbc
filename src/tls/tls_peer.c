#include "tls/tls_priv.h"

/* The system's certificates, read once for a context.  NULL without. */
static X509_STORE *
ca_store(struct tls_ctx *c)
{
	X509_STORE *s;

	pthread_mutex_lock(&c->ca_lock);
	if (!c->ca) {
		s = X509_STORE_new();
		if (s && X509_STORE_set_default_paths(s) != 1) {
			X509_STORE_free(s);
			s = NULL;
		}
		c->ca = s;
	}
	s = c->ca;
	pthread_mutex_unlock(&c->ca_lock);
	return s;
}

int
tls_peer_fingerprint(struct tls *t, char ret[static 65])
{
	X509 *x = SSL_get0_peer_certificate(t->ssl);

	if (!x)
		return ERR_CERT;
	ERR_clear_error();
	return tls_x509_fingerprint(x, ret);
}

/* The name is a domain or a literal address. */
static bool
expect_name(X509_STORE_CTX *v, const char *name)
{
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(v);

	X509_VERIFY_PARAM_set_hostflags(p,
					X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (X509_VERIFY_PARAM_set1_ip_asc(p, name) == 1)
		return true;
	ERR_clear_error();
	return X509_VERIFY_PARAM_set1_host(p, name, 0) == 1;
}

int
tls_peer_vouched(struct tls *t, const char *name)
{
	X509 *x = SSL_get0_peer_certificate(t->ssl);
	X509_STORE *store;
	X509_STORE_CTX *v;
	int err = ERR_NOMEM;

	/* No name at all would be any name. */
	if (!x || name[0] == '\0')
		return ERR_CERT;
	ERR_clear_error();
	store = ca_store(t->ctx);
	v = X509_STORE_CTX_new();
	if (store && v &&
	    X509_STORE_CTX_init(v, store, x, SSL_get_peer_cert_chain(t->ssl)) ==
		    1 &&
	    X509_STORE_CTX_set_default(v, "ssl_server") == 1 &&
	    expect_name(v, name)) {
		err = X509_verify_cert(v) == 1 ? 0 : ERR_CERT;
		if (err < 0)
			tls_error_set(X509_verify_cert_error_string(
				X509_STORE_CTX_get_error(v)));
	}
	X509_STORE_CTX_free(v);
	ERR_clear_error();
	return err;
}
