/*
 * The server key: 32 random octets outside the database.
 *
 * The file holds 64 lower-case hex digits and an LF.  It is made so that of two
 * processes that start at once one wins and the other reads the winner's key.
 *
 * The key itself is never used: sealing and fakes have keys of their own made
 * from it, so that what one shows tells nothing about the other.
 */
#include "crypt/crypt.h"

#include "base/file.h"
#include "base/hex.h"
#include "crypt/crypt_priv.h"

#include <sodium.h>

#define KEY_FILE 65 /* digits and LF */

struct server_key {
	uint8_t seal[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
	uint8_t fake[CRYPT_HASH];
};

static struct server_key *
key_of(const struct secret32 *root)
{
	/* Locked, fenced, and left out of core dumps. */
	struct server_key *k = sodium_malloc(sizeof(*k));
	struct str seal_text = STR("IMMP server key: seal");
	struct str fake_text = STR("IMMP server key: fake");

	if (!k)
		return NULL;
	crypt_hmac(str_n(root->b, 32), &seal_text, 1, k->seal);
	crypt_hmac(str_n(root->b, 32), &fake_text, 1, k->fake);
	return k;
}

struct server_key *
server_key_random(void)
{
	CLEANUP_SECRET struct secret32 root;

	secret_random(root.b, sizeof(root.b));
	return key_of(&root);
}

void
server_key_free(struct server_key *k)
{
	/* Wipes; takes NULL. */
	sodium_free(k);
}

static int
key_read(const char *path, struct secret32 *ret)
{
	/* One octet more than a key, so that a longer file is seen. */
	struct buf b;
	int err;

	buf_init(&b, KEY_FILE + 1);
	err = file_read(path, true, &b);
	if (err == 0 && (b.n != KEY_FILE || buf_data(&b)[64] != '\n'))
		err = ERR_CORRUPT;
	if (err == 0 && hex_decode(str_n(buf_data(&b), 64), ret->b, 32) < 0)
		err = ERR_CORRUPT;
	if (b.n > 0)
		secret_wipe(buf_data(&b), b.n);
	buf_done(&b);
	return err == ERR_LIMIT ? ERR_CORRUPT : err;
}

static int
key_create(const char *path)
{
	CLEANUP_SECRET struct secret32 root;
	char text[KEY_FILE];
	int err;

	secret_random(root.b, sizeof(root.b));
	hex_encode(root.b, sizeof(root.b), text);
	text[64] = '\n';
	err = file_create(path, 0600, str_n(text, sizeof(text)));
	secret_wipe(text, sizeof(text));
	/* Another process was faster: then its key counts. */
	return err == ERR_EXISTS ? 0 : err;
}

int
server_key_load(const char *path, bool create, struct server_key **ret)
{
	CLEANUP_SECRET struct secret32 root;
	struct server_key *k;
	int err = key_read(path, &root);

	if (err == ERR_NOTFOUND && create) {
		err = key_create(path);
		if (err == 0)
			err = key_read(path, &root);
	}
	if (err < 0)
		return err;
	k = key_of(&root);
	if (!k)
		return ERR_NOMEM;
	*ret = k;
	return 0;
}

/* --- what it is for --- */

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_Static_assert(SEAL_EXTRA == NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
	       "SEAL_EXTRA");

int
seal(const struct server_key *k, struct str label, struct str plain,
     uint8_t *ret)
{
	/* With 24 octets a random nonce never meets itself. */
	secret_random(ret, NONCE);
	if (crypto_aead_xchacha20poly1305_ietf_encrypt(
		    ret + NONCE, NULL, (const uint8_t *)plain.p, plain.n,
		    (const uint8_t *)label.p, label.n, NULL, ret, k->seal) != 0)
		return ERR_INTERNAL;
	return 0;
}

int
unseal(const struct server_key *k, struct str label, struct str sealed,
       uint8_t *ret)
{
	const uint8_t *p = (const uint8_t *)sealed.p;

	crypt_count();
	if (sealed.n < SEAL_EXTRA)
		return ERR_AUTH;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    ret, NULL, NULL, p + NONCE, sealed.n - NONCE,
		    (const uint8_t *)label.p, label.n, p, k->seal) != 0)
		return ERR_AUTH;
	return 0;
}

void
fake_octets(const struct server_key *k, const char *purpose, struct str account,
	    uint8_t *ret, size_t n)
{
	uint8_t block[CRYPT_HASH];
	uint8_t counter[4];
	struct str pieces[] = {
		str_n(counter, sizeof(counter)),
		/* With its NUL, so that no purpose runs into an account. */
		str_n(purpose, strlen(purpose) + 1),
		account,
	};

	crypt_count();
	for (uint32_t i = 0; n > 0; i++) {
		size_t part = n < sizeof(block) ? n : sizeof(block);

		for (int j = 0; j < 4; j++)
			counter[j] = (uint8_t)(i >> (24 - 8 * j));
		crypt_hmac(str_n(k->fake, sizeof(k->fake)), pieces, 3, block);
		memcpy(ret, block, part);
		ret += part;
		n -= part;
	}
	secret_wipe(block, sizeof(block));
}
