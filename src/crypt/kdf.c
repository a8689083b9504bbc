#include "crypt/crypt.h"

#include "base/hex.h"

#include <sodium.h>

/* spec: Authentication */
int
kdf_argon2id(struct str password, const struct kdf_params *k,
	     struct key_text *ret)
{
	CLEANUP_SECRET struct secret32 h;

	if (k->t < KDF_T_MIN || k->t > KDF_T_MAX)
		return ERR_VALUE;
	if (k->m < KDF_M_MIN || k->m > KDF_M_MAX)
		return ERR_VALUE;

	/* The bounds above lie within the library's, so what remains to fail
	 * is memory. */
	if (crypto_pwhash(h.b, sizeof(h.b), password.p ? password.p : "",
			  password.n, k->salt, k->t, (size_t)k->m * 1024,
			  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return ERR_NOMEM;

	hex_encode(h.b, sizeof(h.b), ret->hex);
	ret->hex[64] = '\0';
	return 0;
}
