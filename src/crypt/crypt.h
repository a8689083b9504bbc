/*
 * crypt: hashes, key derivation, challenge answers, sealing (spec:
 * Authentication).
 *
 * The only user of cipher and hash libraries.  Thread-safe after crypt_init().
 * h is everywhere its 64 lower-case hex digits as text, also as an HMAC key.
 */
#ifndef CRYPT_CRYPT_H
#define CRYPT_CRYPT_H

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/uuid.h"

/* Once per process, before anything else.  0 or ERR_INTERNAL. */
int crypt_init(void) WARN_UNUSED;

/* Calls done so far of what a login may cost: unseal(), proof_check(),
 * proof_v1_0(), fake_octets().  For tests: who is unknown costs the same. */
uint64_t crypt_calls(void);

/* --- SHA-256, streaming --- */

struct sha256;
/* NULL without memory. */
struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *h);
void sha256_reset(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *p, size_t n);
/* Ends the hash; reset before the next. */
void sha256_final(struct sha256 *h, uint8_t ret[static 32]);
void sha256_once(const void *p, size_t n, uint8_t ret[static 32]);

/* --- passwords --- */

/* h as text: 64 lower-case hex digits and a NUL; wiped by its owner. */
struct key_text {
	char hex[65];
};

static inline void
key_text_cleanup(struct key_text *k)
{
	secret_wipe(k, sizeof(*k));
}
#define CLEANUP_KEY __attribute__((cleanup(key_text_cleanup)))

struct kdf_params {
	uint8_t salt[16];
	uint32_t t;	/* passes */
	uint32_t m;	/* KiB */
};
/* Our own choice for new passwords: t=2, m=19456. */
#define KDF_T 2
#define KDF_M 19456
#define KDF_M_MIN 19456
#define KDF_T_MIN 2
#define KDF_M_MAX 1048576
#define KDF_T_MAX 16

/* password: NFC by the caller.  0, ERR_NOMEM or ERR_VALUE (bad parameters). */
int kdf_argon2id(struct str password, const struct kdf_params *k,
		 struct key_text *ret) WARN_UNUSED;

/* What a server keeps of an account: enough to check a proof. */
struct proof_keys {
	uint8_t stored[32], server[32];
};
void proof_keys_of(const struct key_text *h, struct proof_keys *ret);

/* The five lines that both ends sign; binding is "exporter:<hex>" or "none".
 * None may hold an LF or NUL, and the nonce is 32 lower-case hex digits: what
 * is otherwise cannot be answered (ERR_VALUE) and is never right (ERR_AUTH). */
struct proof_input {
	struct str account;	/* as sent in AUTH SECRET */
	struct str challenge;	/* text of the 303 line from n1= to its end */
	struct str nonce;	/* the client's, 32 hex digits */
	struct str binding;
};

/* The client's response, and the v it must see. */
int proof_answer(const struct key_text *h, const struct proof_input *in,
		 uint8_t ret_response[static 32], uint8_t ret_v[static 32])
	WARN_UNUSED;
/* The server's check: 0 and *ret_v, or ERR_AUTH.  Same work either way. */
int proof_check(const struct proof_keys *keys, const struct proof_input *in,
		const uint8_t response[static 32], uint8_t ret_v[static 32])
	WARN_UNUSED;
/* The draft's own key: SHA-1 over h, n1, n2 as texts. */
void proof_v1_0(const struct key_text *h, struct str n1, struct str n2,
		uint8_t ret[static 20]);

/* --- the server key --- */

struct server_key;
/* Read the key of `path`; if there is none and create is set, make one (file
 * mode 0600, synced).  0; ERR_NOTFOUND; ERR_DENIED for a file that others can
 * read; ERR_CORRUPT for one that holds anything but a key; ERR_NOMEM; what
 * err_from_errno() says. */
int server_key_load(const char *path, bool create, struct server_key **ret)
	WARN_UNUSED;
struct server_key *server_key_random(void);	/* for tests */
void server_key_free(struct server_key *k);

/* XChaCha20-Poly1305 with a random nonce; label binds it to its place. */
#define SEAL_EXTRA 40
int seal(const struct server_key *k, struct str label, struct str plain,
	 uint8_t *ret /* plain.n + SEAL_EXTRA */) WARN_UNUSED;
/* 0, or ERR_AUTH if it was not sealed so. */
int unseal(const struct server_key *k, struct str label, struct str sealed,
	   uint8_t *ret /* sealed.n - SEAL_EXTRA */) WARN_UNUSED;
/* Stable octets for an account that does not exist: fake salt and keys.  (A
 * pseudo-random function: each purpose is independent of every other.) */
void fake_octets(const struct server_key *k, const char *purpose,
		 struct str account, uint8_t *ret, size_t n);

#endif
