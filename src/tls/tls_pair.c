/*
 * Self-made pairs of key and certificate.
 *
 * P-256: every TLS library takes it, and its handshake is the cheapest.  The
 * key is written first, so that a crash between the two leaves a key for
 * which the next start makes a certificate.
 */
#include "tls/tls_priv.h"

#include "base/file.h"
#include "base/hex.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VALID_DAYS 3650
#define PEM_MAX 65536
/* X.520: a common name has no more. */
#define COMMON_NAME_MAX 64

static void
bio_cleanup(BIO **b)
{
	BIO_free(*b);
}

static void
pkey_cleanup(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

static void
x509_cleanup(X509 **x)
{
	X509_free(*x);
}

#define CLEANUP_BIO __attribute__((cleanup(bio_cleanup)))
#define CLEANUP_PKEY __attribute__((cleanup(pkey_cleanup)))
#define CLEANUP_X509 __attribute__((cleanup(x509_cleanup)))

/* The name goes into a text that OpenSSL parses: only what a domain has. */
static bool
domain_ok(const char *domain)
{
	size_t n = strlen(domain);

	return n > 0 && n <= 253 &&
	       strspn(domain, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789-._") == n;
}

static int
create_from(BIO *pem, const char *path)
{
	char *p;
	long n = BIO_get_mem_data(pem, &p);

	return file_create(path, 0600, str_n(p, (size_t)n));
}

static int
key_load(const char *path, EVP_PKEY **ret)
{
	CLEANUP_BUF struct buf text = { 0 };
	CLEANUP_BIO BIO *b = NULL;
	int err;

	buf_init(&text, PEM_MAX);
	err = file_read(path, false, &text);
	if (err == 0) {
		b = BIO_new_mem_buf(buf_data(&text), (int)text.n);
		*ret = b ? PEM_read_bio_PrivateKey(b, NULL, NULL, NULL) : NULL;
		if (!*ret) {
			(void)tls_error_take(path); /* the text of it */
			err = ERR_CERT;
		}
	}
	if (text.n > 0)
		OPENSSL_cleanse(buf_data(&text), text.n);
	return err;
}

static int
key_create(const char *path, EVP_PKEY **ret)
{
	CLEANUP_BIO BIO *b = BIO_new(BIO_s_secmem());
	CLEANUP_PKEY EVP_PKEY *k = EVP_EC_gen("P-256");
	int err;

	if (!b || !k ||
	    PEM_write_bio_PrivateKey(b, k, NULL, NULL, 0, NULL, NULL) != 1)
		return tls_error_take("new key");
	err = create_from(b, path);
	if (err < 0)
		return err;
	*ret = k;
	k = NULL;
	return 0;
}

static bool
add_extension(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	bool ok = e && X509_add_ext(x, e, -1) == 1;

	X509_EXTENSION_free(e);
	return ok;
}

static bool
name_it(X509 *x, const char *domain)
{
	X509_NAME *name = X509_get_subject_name(x);
	const char *cn = strlen(domain) <= COMMON_NAME_MAX ? domain : "IMMP";
	char san[4 + 253 + 1];
	X509V3_CTX ctx;

	if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				       (const unsigned char *)cn, -1, -1,
				       0) != 1 ||
	    X509_set_issuer_name(x, name) != 1)
		return false;
	snprintf(san, sizeof(san), "DNS:%s", domain);
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	return add_extension(x, &ctx, NID_subject_alt_name, san) &&
	       add_extension(x, &ctx, NID_basic_constraints,
			     "critical,CA:FALSE") &&
	       add_extension(x, &ctx, NID_key_usage,
			     "critical,digitalSignature") &&
	       add_extension(x, &ctx, NID_ext_key_usage,
			     "serverAuth,clientAuth") &&
	       add_extension(x, &ctx, NID_subject_key_identifier, "hash");
}

static bool
fill(X509 *x, const char *domain, EVP_PKEY *k)
{
	uint64_t serial;

	if (RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
		return false;
	serial >>= 1; /* positive */
	if (X509_set_version(x, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial) != 1)
		return false;
	/* A day back, for clocks that are late. */
	if (!X509_time_adj_ex(X509_getm_notBefore(x), -1, 0, NULL) ||
	    !X509_time_adj_ex(X509_getm_notAfter(x), VALID_DAYS, 0, NULL))
		return false;
	return X509_set_pubkey(x, k) == 1 && name_it(x, domain) &&
	       X509_sign(x, k, EVP_sha256()) > 0;
}

static int
certificate_create(const char *domain, const char *path, EVP_PKEY *k)
{
	CLEANUP_X509 X509 *x = X509_new();
	CLEANUP_BIO BIO *b = BIO_new(BIO_s_mem());

	if (!x || !b || !fill(x, domain, k) || PEM_write_bio_X509(b, x) != 1)
		return tls_error_take("new certificate");
	return create_from(b, path);
}

int
tls_make_pair(const char *domain, const char *certificate, const char *key)
{
	CLEANUP_PKEY EVP_PKEY *k = NULL;
	bool have_certificate = access(certificate, F_OK) == 0;
	bool have_key = access(key, F_OK) == 0;
	int err;

	if (!domain_ok(domain))
		return ERR_VALUE;
	if (have_certificate)
		return have_key ? 0 : ERR_CONFLICT;

	ERR_clear_error();
	err = have_key ? key_load(key, &k) : key_create(key, &k);
	/* Another process was faster; it goes on with that key too. */
	if (err == ERR_EXISTS)
		err = key_load(key, &k);
	if (err == 0)
		err = certificate_create(domain, certificate, k);
	return err == ERR_EXISTS ? 0 : err;
}

int
tls_x509_fingerprint(X509 *x, char ret[static 65])
{
	unsigned char *der = NULL, hash[32];
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	int ok = n > 0 && EVP_Digest(der, (size_t)n, hash, NULL, EVP_sha256(),
				     NULL) == 1;

	OPENSSL_free(der);
	if (!ok) {
		(void)tls_error_take("fingerprint"); /* the text of it */
		return ERR_NOMEM;
	}
	hex_encode(hash, sizeof(hash), ret);
	ret[64] = '\0';
	return 0;
}

int
tls_file_fingerprint(const char *certificate, char ret[static 65])
{
	CLEANUP_BUF struct buf text = { 0 };
	CLEANUP_BIO BIO *b = NULL;
	CLEANUP_X509 X509 *x = NULL;
	int err;

	buf_init(&text, PEM_MAX);
	err = file_read(certificate, false, &text);
	if (err < 0)
		return err;
	ERR_clear_error();
	b = BIO_new_mem_buf(text.n ? buf_data(&text) : "", (int)text.n);
	x = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
	if (!x)
		return tls_error_take(certificate) == ERR_NOMEM ? ERR_NOMEM :
								  ERR_CERT;
	return tls_x509_fingerprint(x, ret);
}
