/*
 * login: the challenge and its answer, over an engine (spec: Authentication).
 *
 * Pure like the engine: the nonce and the channel binding are given.  The
 * caller owns the struct, which must stay where it is until login_finished().
 *
 * A server that cannot prove itself, or asks for a weak derivation, ends the
 * connection: the engine fails with IMMP_E_PROOF or IMMP_E_WEAK.
 */
#ifndef CLIENT_LOGIN_H
#define CLIENT_LOGIN_H

#include "base/arena.h"
#include "client/engine.h"
#include "crypt/crypt.h"

#define LOGIN_NONCE 32	/* hex digits */
#define LOGIN_BINDING 80

struct login {
	/* to be filled by the caller */
	struct engine *e;
	struct str account;	/* as it is sent; stays alive */
	struct str password;	/* NFC; or */
	const struct key_text *key; /* the key of the device `device` */
	struct str device;	/* empty: none */
	bool may_1_0;		/* told to, and somebody vouches */
	char nonce[LOGIN_NONCE + 1];
	char binding[LOGIN_BINDING]; /* "exporter:<hex>" or "none" */

	/* the rest is login's own */
	bool asked_1_0;
	bool done, proved;
	int error;		/* once done: 0 or enum immp_error */
	int code;		/* status code of the refusal */
	char why[300];
	struct arena arena;
	uint8_t v[32];
};

/* Fill what the caller does not: everything behind binding. */
void login_init(struct login *l);
/* Begin; then feed the engine until login_finished().  0 or an error. */
int login_start(struct login *l) WARN_UNUSED;
bool login_finished(const struct login *l);
/* Wipe what is secret.  The caller's own secrets are the caller's. */
void login_done(struct login *l);

/*
 * What a server's 303 line asks for.  IMMP_E_WEAK for a derivation outside the
 * bounds of the protocol, IMMP_E_PROTOCOL for a line that makes no sense.
 */
struct login_challenge {
	struct str text;	/* from n1= to its end */
	struct str n1, n2;
	bool none;		/* kdf=none: the key of a device */
	bool proof;		/* ends in proof=1 */
	struct kdf_params kdf;
};
int login_parse(struct arena *a, struct str text, struct login_challenge *ret)
	WARN_UNUSED;

#endif
