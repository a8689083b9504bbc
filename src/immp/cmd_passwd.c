/* passwd: a new password, made with a fresh salt on this side. */
#include <stdio.h>
#include <string.h>

#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/password.h"

const struct opt cmd_passwd_opts[] = {
	{ 0, "password-stdin", NULL, "read the old and the new password, a "
				     "line each, from standard input" },
	{ 0, NULL, NULL, NULL },
};

static int
ask_new(bool from_stdin, struct password *ret)
{
	CLEANUP_PASSWORD struct password again;
	int rc = password_get("New password: ", from_stdin, ret);

	if (rc || from_stdin)
		return rc;
	rc = password_get("New password again: ", false, &again);
	if (rc == 0 && strcmp(again.text, ret->text) != 0)
		rc = app_error(APP_REFUSED, "the two are not the same");
	return rc;
}

static int
change(struct account *acc, const struct password *before,
       const struct password *after)
{
	struct conn_trust t = { .known = acc };
	struct immp_login l = IMMP_LOGIN_INIT;
	struct immp *c = NULL;
	int rc = conn_open(acc->server, conn_domain(acc->name), &t, &c);

	if (rc)
		return rc;
	l.account = acc->name;
	l.password = before->text;
	l.allow_1_0 = 0;
	rc = immp_login(c, &l);
	if (rc == 0)
		rc = immp_passwd(c, after->text);
	if (rc < 0)
		rc = app_fail(c, rc);
	immp_free(c);
	return rc;
}

int
cmd_passwd(struct app *a)
{
	CLEANUP_PASSWORD struct password before, after;
	bool from_stdin = app_has(a, "password-stdin");
	struct account acc;
	int rc = conn_account(a, &acc);

	if (rc)
		return rc;
	rc = password_get("Old password: ", from_stdin, &before);
	if (rc == 0)
		rc = ask_new(from_stdin, &after);
	if (rc == 0 && !after.text[0])
		rc = app_error(APP_REFUSED, "the new password is empty");
	if (rc == 0)
		rc = change(&acc, &before, &after);
	account_wipe(&acc);
	return rc;
}
