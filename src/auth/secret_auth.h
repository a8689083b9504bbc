/*
 * secret_auth: AUTH SECRET, the server's side (spec: Authentication).
 *
 * A challenge is made for any account, whether it exists or not, and checked
 * with the same calls and the same words: an unknown one gets a stable fake
 * salt and keys nobody knows.  Pure but for the cipher library; what the store
 * said is passed in.
 */
#ifndef AUTH_SECRET_AUTH_H
#define AUTH_SECRET_AUTH_H

#include "base/buf.h"
#include "crypt/crypt.h"
#include "store/store.h"

/* Long-lived, read-only, shared by all threads. */
struct secret_auth {
	const struct server_key *key;
	bool allow_1_0;
	uint8_t fake_sealed[72];	/* of an h nobody knows */
};
int secret_auth_init(struct secret_auth *a, const struct server_key *key,
		     bool allow_1_0) WARN_UNUSED;

/* One open challenge: lives 60 s, is used once. */
struct challenge {
	bool proof, device;
	bool real;		/* account (and device) exist, may log in */
	bool has_keys;		/* the 1.0 form has a sealed h to check with */
	uint64_t account_id, expires;
	char n1[UUID_TEXT + 1], n2[24];
	uint8_t stored[32], server[32], sealed[72];
	char label[34];		/* what sealed is bound to */
	char text[256];		/* of the 303 line, from n1= on */
};

/* acc: NULL if there is none; dev: the device asked for with +DEVICE, NULL if
 * there is none.  now: Unix ms. */
void challenge_make(const struct secret_auth *a, struct str account_key,
		    const struct store_account *acc,
		    const struct store_device *dev, bool device, bool proof,
		    uint64_t now, uint64_t life, struct challenge *ret);

/*
 * Check a response.  account: as sent in AUTH SECRET; binding: "exporter:.."
 * or "none".  Returns 0 and, for a proof, *ret_v as 64 hex digits; or ERR_AUTH.
 */
int challenge_check(const struct secret_auth *a, const struct challenge *c,
		    struct str account, struct str response, struct str nonce,
		    struct str binding, uint64_t now, char ret_v[static 65])
	WARN_UNUSED;

/* What the store keeps of an h: keys, and h sealed unless proof_only. */
int secret_auth_cred(const struct server_key *key, const struct key_text *h,
		     const struct kdf_params *k, bool proof_only,
		     struct store_cred *ret) WARN_UNUSED;

#endif
