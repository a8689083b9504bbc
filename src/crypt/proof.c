/*
 * The proof: a challenge is answered without telling the key.
 *
 * ClientKey = HMAC(h, "Client Key"), StoredKey = SHA-256(ClientKey),
 * ServerKey = HMAC(h, "Server Key"), all HMAC-SHA-256 with the 64 hex digits of
 * h as the key.  Both ends sign five lines joined by LF.  The client sends
 * ClientKey XOR HMAC(StoredKey, lines); the server, which keeps StoredKey
 * alone, takes its HMAC off again and sees whether the rest hashes to
 * StoredKey.  Its own HMAC(ServerKey, lines) proves to the client that it
 * knows the account.
 */
#include "crypt/crypt.h"

#include "crypt/crypt_priv.h"
#include "crypt/openssl_priv.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

/* One context for all 1.0 keys: such a login is rare, and a context at hand
 * means that it cannot fail. */
static struct {
	pthread_mutex_t lock;
	EVP_MD_CTX *ctx;
} sha1 = { .lock = PTHREAD_MUTEX_INITIALIZER };

int
proof_setup(void)
{
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA1", NULL);
	int ok;

	sha1.ctx = EVP_MD_CTX_new();
	ok = md && sha1.ctx && EVP_DigestInit_ex2(sha1.ctx, md, NULL) == 1;
	/* The context holds its own reference. */
	EVP_MD_free(md);
	return ok ? 0 : ERR_INTERNAL;
}

static struct str
key_str(const struct key_text *h)
{
	return str_n(h->hex, 64);
}

static void
client_key(const struct key_text *h, struct secret32 *ret)
{
	struct str text = STR("Client Key");

	crypt_hmac(key_str(h), &text, 1, ret->b);
}

void
proof_keys_of(const struct key_text *h, struct proof_keys *ret)
{
	CLEANUP_SECRET struct secret32 client;
	struct str text = STR("Server Key");

	client_key(h, &client);
	sha256_once(client.b, sizeof(client.b), ret->stored);
	crypt_hmac(key_str(h), &text, 1, ret->server);
}

static bool
one_line(struct str s)
{
	return str_chr(s, '\n', 0) < 0 && str_chr(s, '\0', 0) < 0;
}

/* No field may hold an LF, or two different inputs would sign alike. */
static bool
input_ok(const struct proof_input *in)
{
	if (in->nonce.n != 32)
		return false;
	for (size_t i = 0; i < in->nonce.n; i++) {
		char c = in->nonce.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return one_line(in->account) && one_line(in->challenge) &&
	       one_line(in->binding);
}

/* HMAC over the five lines. */
static void
sign(const uint8_t key[static 32], const struct proof_input *in,
     uint8_t ret[static 32])
{
	struct str lf = STR("\n");
	struct str pieces[] = {
		STR("IMMP-PROOF-1"), lf, in->account, lf, in->challenge, lf,
		in->nonce,	     lf, in->binding,
	};

	crypt_hmac(str_n(key, 32), pieces, sizeof(pieces) / sizeof(pieces[0]),
		   ret);
}

/* spec: Authentication */
int
proof_answer(const struct key_text *h, const struct proof_input *in,
	     uint8_t ret_response[static 32], uint8_t ret_v[static 32])
{
	CLEANUP_SECRET struct secret32 client;
	struct proof_keys keys;

	if (!input_ok(in))
		return ERR_VALUE;
	client_key(h, &client);
	proof_keys_of(h, &keys);
	sign(keys.stored, in, ret_response);
	for (size_t i = 0; i < 32; i++)
		ret_response[i] ^= client.b[i];
	sign(keys.server, in, ret_v);
	secret_wipe(&keys, sizeof(keys));
	return 0;
}

int
proof_check(const struct proof_keys *keys, const struct proof_input *in,
	    const uint8_t response[static 32], uint8_t ret_v[static 32])
{
	CLEANUP_SECRET struct secret32 client;
	uint8_t stored[32], v[32];
	bool ok;

	crypt_count();
	sign(keys->stored, in, client.b);
	for (size_t i = 0; i < 32; i++)
		client.b[i] ^= response[i];
	sha256_once(client.b, sizeof(client.b), stored);
	sign(keys->server, in, v);

	/* All the work is done before the one place that tells. */
	ok = secret_eq(stored, keys->stored, sizeof(stored));
	ok &= input_ok(in);
	if (ok)
		memcpy(ret_v, v, sizeof(v));
	secret_wipe(stored, sizeof(stored));
	secret_wipe(v, sizeof(v));
	return ok ? 0 : ERR_AUTH;
}

void
proof_v1_0(const struct key_text *h, struct str n1, struct str n2,
	   uint8_t ret[static 20])
{
	struct str pieces[] = { key_str(h), n1, n2 };
	unsigned int n = 0;
	int ok;

	crypt_count();
	pthread_mutex_lock(&sha1.lock);
	ok = EVP_DigestInit_ex2(sha1.ctx, NULL, NULL);
	for (size_t i = 0; i < 3; i++)
		if (pieces[i].n > 0)
			ok &= EVP_DigestUpdate(sha1.ctx, pieces[i].p,
					       pieces[i].n);
	ok &= EVP_DigestFinal_ex(sha1.ctx, ret, &n);
	pthread_mutex_unlock(&sha1.lock);
	/* Fails only if crypt_init() was not called. */
	if (ok != 1 || n != 20)
		abort();
}
