/*
 * login: by password, once; then by a key that only this device has.
 *
 * The key is made (DEVICE ADD) and written to the account's file.  If that
 * file cannot be written the key is revoked again, so that no key is left that
 * nobody holds.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/password.h"
#include "mail/imid.h"

#define CODE_CONFLICT 409	/* lint-ok code: not of our own replies */

const struct opt cmd_login_opts[] = {
	{ 0, "server", "HOST:PORT", "the server (default: the domain, 1025)" },
	{ 0, "password-stdin", NULL, "read the password from standard input" },
	{ 0, "device", "NAME", "what to call this device (its host name)" },
	{ 0, "accept", "FINGERPRINT", "go on with a server of this key" },
	{ 0, "accept-new", NULL, "go on with the key of a server not known "
				 "yet" },
	{ 0, "old-key", NULL, "allow the login of IMMP 1.0, which does not "
			      "prove the server" },
	{ 0, NULL, NULL, NULL },
};

struct login_job {
	struct app *a;
	struct account old, acc;	/* before, and to be saved */
	bool known;			/* old is set */
	struct conn_trust trust;
	struct immp *c;
};

/* The name as the server will know it: parsed, and without a folder. */
static int
take_name(struct login_job *j, const char *name)
{
	struct arena ar;
	struct imid i;
	int rc;

	arena_init(&ar, 65536, 0);
	rc = imid_parse_address(&ar, str_c(name), &i);
	if (rc == 0 && i.folder.n)
		rc = ERR_VALUE;
	if (rc == 0)
		rc = str_copy(imid_text(&ar, &i), j->acc.name,
			      sizeof(j->acc.name));
	arena_done(&ar);
	if (rc < 0)
		return app_error(APP_USAGE, "%s is no account", name);
	return 0;
}

static int
prepare(struct login_job *j)
{
	const struct app *a = j->a;
	const char *server = app_value(a, "server");
	int rc = take_name(j, a->word[0]);

	if (rc)
		return rc;
	j->known = account_load(j->acc.name, &j->old) == 0;
	if (!server && j->known)
		server = j->old.server;
	if (!server)
		server = conn_domain(j->acc.name);
	snprintf(j->acc.server, sizeof(j->acc.server), "%s", server);
	/* A server elsewhere is another server. */
	j->trust = (struct conn_trust){
		.known = j->known && strcmp(server, j->old.server) == 0
				 ? &j->old : NULL,
		.accept = app_value(a, "accept"),
		.accept_new = app_has(a, "accept-new"),
		.may_ask = true,
	};
	if (app_has(a, "old-key") && j->known && j->old.proof)
		return app_error(APP_REFUSED,
				 "%s has proved itself before; a server that "
				 "cannot is not it", conn_domain(j->acc.name));
	return 0;
}

static int
log_in(struct login_job *j)
{
	CLEANUP_PASSWORD struct password p;
	struct immp_login l = IMMP_LOGIN_INIT;
	char prompt[400];
	int rc;

	snprintf(prompt, sizeof(prompt), "Password of %s: ", j->acc.name);
	rc = password_get(prompt, app_has(j->a, "password-stdin"), &p);
	if (rc)
		return rc;
	l.account = j->acc.name;
	l.password = p.text;
	l.allow_1_0 = app_has(j->a, "old-key");
	rc = immp_login(j->c, &l);
	if (rc < 0)
		return app_fail(j->c, rc);
	j->acc.proof = immp_proved(j->c) || (j->known && j->old.proof);
	return 0;
}

/* A name for this machine. */
static void
default_device(char *dst, size_t cap)
{
	char host[80] = "";

	if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
		snprintf(host, sizeof(host), "immp");
	snprintf(dst, cap, "%s", host);
}

/* Give up the key that this machine had; it may be gone already. */
static int
revoke_old(struct login_job *j)
{
	int rc = immp_device_revoke(j->c, j->old.device);

	return rc < 0 && rc != IMMP_E_NOT_FOUND ? app_fail(j->c, rc) : 0;
}

/*
 * Make the key.  A name that was given must be free; the host's own name gets
 * a number if another device has it.  The key this machine had is given up:
 * first if its name is wanted again, else once there is a new one.
 */
static int
add_device(struct login_job *j)
{
	const char *given = app_value(j->a, "device");
	char base[100];
	bool same;
	int rc = 0;

	default_device(base, sizeof(base));
	if (given)
		snprintf(base, sizeof(base), "%s", given);
	else if (j->known)
		snprintf(base, sizeof(base), "%.99s", j->old.device);
	same = j->known && strcmp(base, j->old.device) == 0;
	if (same)
		rc = revoke_old(j);
	if (rc)
		return rc;
	snprintf(j->acc.device, sizeof(j->acc.device), "%s", base);
	for (int n = 2;; n++) {
		rc = immp_device_add(j->c, j->acc.device, NULL, j->acc.key);
		if (rc == 0)
			return j->known && !same ? revoke_old(j) : 0;
		if (given || n > 50 || rc != IMMP_E_REFUSED ||
		    immp_code(j->c) != CODE_CONFLICT)
			break;
		snprintf(j->acc.device, sizeof(j->acc.device), "%s-%d", base,
			 n);
	}
	if (rc == IMMP_E_REFUSED && immp_code(j->c) == CODE_CONFLICT)
		return app_error(APP_REFUSED,
				 "there is a device %s already; choose another "
				 "name with --device", j->acc.device);
	return app_fail(j->c, rc);
}

static int
save(struct login_job *j)
{
	int rc;

	memcpy(j->acc.fingerprint, j->trust.fingerprint,
	       sizeof(j->acc.fingerprint));
	j->acc.vouched = j->trust.vouched;
	rc = account_save(&j->acc);
	if (rc == 0)
		return 0;
	(void)immp_device_revoke(j->c, j->acc.device); /* nobody has its key */
	return app_error(APP_REFUSED, "the settings cannot be written: %s",
			 err_text(rc));
}

static int
report(const struct login_job *j)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct json w;

	buf_init(&b, 8192);
	if (!j->a->json) {
		printf("Logged in as %s; this device is called %s.\n",
		       j->acc.name, j->acc.device);
		return APP_DONE;
	}
	json_init(&w, &b);
	json_object_begin(&w);
	json_kv_str(&w, "account", str_c(j->acc.name));
	json_kv_str(&w, "server", str_c(j->acc.server));
	json_kv_str(&w, "device", str_c(j->acc.device));
	json_kv_str(&w, "fingerprint", str_c(j->acc.fingerprint));
	json_kv_bool(&w, "vouched", j->acc.vouched);
	json_kv_bool(&w, "proof", j->acc.proof);
	json_object_end(&w);
	if (json_err(&w) == 0)
		printf("%.*s\n", STR_ARG(buf_str(&b)));
	return APP_DONE;
}

int
cmd_login(struct app *a)
{
	struct login_job j = { .a = a };
	int rc = prepare(&j);

	if (rc == 0)
		rc = conn_open(j.acc.server, conn_domain(j.acc.name), &j.trust,
			       &j.c);
	if (rc == 0)
		rc = log_in(&j);
	if (rc == 0)
		rc = add_device(&j);
	if (rc == 0)
		rc = save(&j);
	if (rc == 0)
		rc = report(&j);
	immp_free(j.c);
	account_wipe(&j.old);
	account_wipe(&j.acc);
	return rc;
}
