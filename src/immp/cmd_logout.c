/* logout: end the key of this device, and forget the account here. */
#include <stdio.h>

#include "immp/cmds.h"
#include "immp/conn.h"

const struct opt cmd_logout_opts[] = {
	{ 0, "force", NULL, "forget the account here even if the server cannot "
			    "be reached; the key then stays valid there" },
	{ 0, NULL, NULL, NULL },
};

/* 0 if the server no longer knows the key. */
static int
revoke(struct account *acc)
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
	if (rc == 0)
		rc = immp_device_revoke(c, acc->device);
	/* Gone already; or it ends this very session before it answers. */
	if (rc == IMMP_E_AUTH || rc == IMMP_E_NOT_FOUND ||
	    (rc == IMMP_E_CLOSED && immp_proved(c)))
		rc = 0;
	if (rc < 0)
		rc = app_fail(c, rc);
	immp_free(c);
	return rc;
}

int
cmd_logout(struct app *a)
{
	struct account acc;
	int rc = conn_account(a, &acc), err;

	if (rc)
		return rc;
	rc = revoke(&acc);
	if (rc == 0 || app_has(a, "force")) {
		rc = APP_DONE;
		err = account_remove(acc.name);
		if (err < 0)
			rc = app_error(APP_REFUSED,
				       "the settings of %s cannot be removed: "
				       "%s", acc.name, err_text(err));
	}
	account_wipe(&acc);
	return rc;
}
