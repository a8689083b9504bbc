#include "crypt/crypt.h"

#include "crypt/crypt_priv.h"

#include <pthread.h>
#include <sodium.h>

static pthread_once_t crypt_once = PTHREAD_ONCE_INIT;
static int crypt_result = ERR_INTERNAL;

static uint64_t calls;

void
crypt_count(void)
{
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
}

uint64_t
crypt_calls(void)
{
	return __atomic_load_n(&calls, __ATOMIC_RELAXED);
}

static void
setup(void)
{
	/* 1 only says that it was done before. */
	if (sodium_init() < 0)
		return;
	if (sha256_setup() < 0 || proof_setup() < 0)
		return;
	crypt_result = 0;
}

int
crypt_init(void)
{
	if (pthread_once(&crypt_once, setup) != 0)
		return ERR_INTERNAL;
	return crypt_result;
}

void
crypt_hmac(struct str key, const struct str *pieces, size_t n,
	   uint8_t ret[static CRYPT_HASH])
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, (const unsigned char *)key.p, key.n);
	for (size_t i = 0; i < n; i++)
		crypto_auth_hmacsha256_update(
			&st, (const unsigned char *)pieces[i].p, pieces[i].n);
	crypto_auth_hmacsha256_final(&st, ret);
	sodium_memzero(&st, sizeof(st));
}
