/*
 * SHA-256 by OpenSSL, which uses the processor's own instructions.
 *
 * The algorithm is fetched once: a lookup by name for every hash would cost
 * more than hashing a short text.  A context is set up when it is made, so
 * that resetting it allocates nothing and cannot fail.
 */
#include "crypt/crypt.h"

#include "base/mem.h"
#include "crypt/crypt_priv.h"
#include "crypt/openssl_priv.h"

#include <sodium.h>
#include <stdlib.h>

struct sha256 {
	EVP_MD_CTX *ctx;
};

static EVP_MD *sha256_md;

int
sha256_setup(void)
{
	sha256_md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	return sha256_md ? 0 : ERR_INTERNAL;
}

struct sha256 *
sha256_new(void)
{
	struct sha256 *h = mem_zalloc(sizeof(*h));

	if (!h)
		return NULL;
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex2(h->ctx, sha256_md, NULL) != 1) {
		sha256_free(h);
		return NULL;
	}
	return h;
}

void
sha256_free(struct sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	mem_free(h);
}

void
sha256_reset(struct sha256 *h)
{
	/* Fails only for a context that was never set up. */
	if (EVP_DigestInit_ex2(h->ctx, NULL, NULL) != 1)
		abort();
}

void
sha256_update(struct sha256 *h, const void *p, size_t n)
{
	/* Fails only behind a final without a reset. */
	if (n > 0 && EVP_DigestUpdate(h->ctx, p, n) != 1)
		abort();
}

void
sha256_final(struct sha256 *h, uint8_t ret[static 32])
{
	unsigned int n = 0;

	if (EVP_DigestFinal_ex(h->ctx, ret, &n) != 1 || n != 32)
		abort();
}

void
sha256_once(const void *p, size_t n, uint8_t ret[static 32])
{
	unsigned int got = 0;

	if (EVP_Digest(p ? p : "", n, ret, &got, sha256_md, NULL) == 1)
		return;
	/* No memory for a context; the slower one needs none. */
	crypto_hash_sha256(ret, p, n);
}
