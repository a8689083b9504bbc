#include "immp/conn.h"

#include <stdio.h>
#include <string.h>

#include "immp/term.h"

#define PORT 1025

const char *
conn_domain(const char *account)
{
	const char *at = strrchr(account, '@');

	return at ? at + 1 : account;
}

int
conn_parse(const char *server, char *host, size_t cap, uint16_t *ret_port)
{
	struct str s = str_c(server), name = s, port = { NULL, 0 };
	ptrdiff_t colon = str_rchr(s, ':'), close = str_rchr(s, ']');
	uint64_t n = PORT;

	if (colon >= 0 && colon > close && (close >= 0 ||
	    str_chr(s, ':', 0) == colon)) {
		name = str_sub(s, 0, (size_t)colon);
		port = str_from(s, (size_t)colon + 1);
		if (str_u64(port, UINT16_MAX, &n) < 0 || n == 0)
			return ERR_VALUE;
	}
	if (name.n >= 2 && name.p[0] == '[') {
		if (name.p[name.n - 1] != ']')
			return ERR_VALUE;
		name = str_sub(name, 1, name.n - 2);
	}
	if (name.n == 0 || str_copy(name, host, cap) < 0)
		return ERR_VALUE;
	*ret_port = (uint16_t)n;
	return 0;
}

/* --- the server's key --- */

static bool
ask(struct conn_trust *t, const struct immp_certificate *cert)
{
	char question[600];

	if (!t->may_ask || !term_can_ask()) {
		snprintf(t->why, sizeof(t->why),
			 "no authority vouches for the key of %s; if its "
			 "fingerprint is right, say --accept %s",
			 cert->host, cert->fingerprint);
		return false;
	}
	snprintf(question, sizeof(question),
		 "No authority vouches for the key of %s.\n"
		 "Its fingerprint is %s.\n"
		 "Ask whoever runs the server whether that is right.\n"
		 "Go on with this key?", cert->host, cert->fingerprint);
	if (term_confirm(question))
		return true;
	snprintf(t->why, sizeof(t->why), "the key of %s was not accepted",
		 cert->host);
	return false;
}

/* A server that is known: the same key, or both vouched for by a CA. */
static bool
is_known(const struct account *k, const struct immp_certificate *cert)
{
	return strcmp(k->fingerprint, cert->fingerprint) == 0 ||
	       (k->vouched && cert->vouched);
}

static int
judge(void *ctx, const struct immp_certificate *cert)
{
	struct conn_trust *t = ctx;

	snprintf(t->fingerprint, sizeof(t->fingerprint), "%s",
		 cert->fingerprint);
	t->vouched = cert->vouched;
	if (t->accept) {
		if (strcmp(t->accept, cert->fingerprint) == 0)
			return 1;
		snprintf(t->why, sizeof(t->why),
			 "the fingerprint of %s is %s, not the one accepted",
			 cert->host, cert->fingerprint);
		return 0;
	}
	if (t->known) {
		if (is_known(t->known, cert))
			return 1;
		snprintf(t->why, sizeof(t->why),
			 "the key of %s has changed: its fingerprint is %s, it "
			 "was %s; if that is right: immp login %s --accept %s",
			 cert->host, cert->fingerprint, t->known->fingerprint,
			 t->known->name, cert->fingerprint);
		return 0;
	}
	return cert->vouched || t->accept_new || ask(t, cert);
}

int
conn_open(const char *server, const char *domain, struct conn_trust *t,
	  struct immp **ret)
{
	struct immp_options o = IMMP_OPTIONS_INIT;
	char host[300];
	struct immp *c;
	int rc;

	if (conn_parse(server, host, sizeof(host), &o.port) < 0)
		return app_error(APP_USAGE, "%s is no HOST:PORT", server);
	o.host = host;
	o.domain = domain;
	o.minimum = IMMP_TLS2;
	o.trust = judge;
	o.trust_ctx = t;
	c = immp_new();
	rc = c ? immp_connect(c, &o) : IMMP_E_MEMORY;
	if (rc == IMMP_E_CERTIFICATE && t->why[0])
		rc = app_error(APP_REFUSED, "%s", t->why);
	else if (rc < 0)
		rc = app_fail(c, rc);
	if (rc) {
		immp_free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

/* --- the account --- */

int
conn_account(const struct app *a, struct account *ret)
{
	char name[321];
	const char *wanted = a->account;
	int rc;

	if (!wanted) {
		rc = account_only(name, sizeof(name));
		if (rc == ERR_NOTFOUND)
			return app_error(APP_REFUSED,
					 "no account is set up here; begin "
					 "with: immp login IMID");
		if (rc == ERR_EXISTS)
			return app_error(APP_USAGE,
					 "there are several accounts; say "
					 "which one with -a");
		if (rc == ERR_DENIED)
			return app_error(APP_REFUSED,
					 "the settings can be read by others");
		if (rc < 0)
			return app_error(APP_REFUSED,
					 "the settings cannot be read: %s",
					 err_text(rc));
		wanted = name;
	}
	rc = account_load(wanted, ret);
	if (rc == ERR_NOTFOUND)
		return app_error(APP_REFUSED,
				 "%s is not set up here; begin with: immp "
				 "login %s", wanted, wanted);
	if (rc == ERR_DENIED)
		return app_error(APP_REFUSED,
				 "the settings of %s can be read by others",
				 wanted);
	if (rc < 0)
		return app_error(APP_REFUSED, "the settings of %s: %s", wanted,
				 err_text(rc));
	return 0;
}

int
conn_login_as(struct account *acc, struct immp **ret)
{
	struct conn_trust t = { .known = acc };
	struct immp_login l = IMMP_LOGIN_INIT;
	struct immp *c = NULL;
	int rc = conn_open(acc->server, conn_domain(acc->name), &t, &c);

	if (rc)
		return rc;
	l.account = acc->name;
	l.device = acc->device;
	l.key = acc->key;
	rc = immp_login(c, &l);
	if (rc == IMMP_E_AUTH)
		rc = app_error(APP_REFUSED,
			       "%s does not take the key of this device any "
			       "more; log in again: immp login %s",
			       conn_domain(acc->name), acc->name);
	else if (rc < 0)
		rc = app_fail(c, rc);
	if (rc) {
		immp_free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

int
conn_login(const struct app *a, struct immp **ret)
{
	struct account acc;
	int rc = conn_account(a, &acc);

	if (rc)
		return rc;
	rc = conn_login_as(&acc, ret);
	account_wipe(&acc);
	return rc;
}
