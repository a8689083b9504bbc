/*
 * crypt_priv: what the files of this folder share.
 */
#ifndef CRYPT_CRYPT_PRIV_H
#define CRYPT_CRYPT_PRIV_H

#include "base/str.h"

#include <stdint.h>

#define CRYPT_HASH 32

/* HMAC-SHA-256 of the n pieces as one message. */
void crypt_hmac(struct str key, const struct str *pieces, size_t n,
	uint8_t ret[static CRYPT_HASH]);

/* Count one call for crypt_calls(). */
void crypt_count(void);

/* Fetch what sha256.c and proof.c keep for the life of the process.
 * 0 or ERR_INTERNAL. */
int sha256_setup(void);
int proof_setup(void);

#endif
