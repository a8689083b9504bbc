/*
 * conn: a connection to an account's server, with its key looked at.
 */
#ifndef IMMP_CONN_H
#define IMMP_CONN_H

#include "immp/app.h"
#include "immp/settings.h"

/* How a server's key is judged, and what it was. */
struct conn_trust {
	const struct account *known;	/* NULL: the first connection */
	const char *accept;	/* --accept FINGERPRINT, or NULL */
	bool accept_new;	/* --accept-new */
	bool may_ask;		/* this command may ask on the terminal */
	const char *account;	/* for hints; may be NULL */
	/* found */
	char fingerprint[65];
	bool vouched;
	char why[512];		/* why it was refused */
};

/* "HOST:PORT", "[V6]:PORT", "HOST" to host and port (1025).
 * 0 or ERR_VALUE. */
int conn_parse(const char *server, char *host, size_t cap, uint16_t *ret_port)
	WARN_UNUSED;

/*
 * Connect to server (HOST:PORT), asking for the domain.  Fills what t found.
 * 0 and *ret, else an exit code; the reason has been said.
 */
int conn_open(const char *server, const char *domain, struct conn_trust *t,
	      struct immp **ret);

/* The account to use: a->account or the only one.  0 or an exit code. */
int conn_account(const struct app *a, struct account *ret);
/* Connect and log in with the device key of the account to use. */
int conn_login(const struct app *a, struct immp **ret);
/* The same where the caller keeps the account. */
int conn_login_as(struct account *acc, struct immp **ret);

/* The domain of an account's name. */
const char *conn_domain(const char *account);

#endif
