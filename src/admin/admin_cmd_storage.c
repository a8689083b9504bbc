/* account storage: how long a mailbox keeps its mail. */
#include <stdio.h>

#include "admin/admin_priv.h"

#define HOUR 3600000ull
#define DAY (24 * HOUR)
#define RETENTION_DEFAULT (30 * DAY)
#define RETENTION_MIN HOUR
#define RETENTION_MAX (3650 * DAY)

/* "30d", "12h". */
static int
parse_retention(struct str s, uint64_t *ret)
{
	uint64_t unit, n;

	if (str_ends(s, STR("d")))
		unit = DAY;
	else if (str_ends(s, STR("h")))
		unit = HOUR;
	else
		return ERR_VALUE;
	if (str_u64(str_sub(s, 0, s.n - 1), RETENTION_MAX / unit, &n) < 0)
		return ERR_VALUE;
	*ret = n * unit;
	return *ret < RETENTION_MIN ? ERR_VALUE : 0;
}

void
admin_kv_storage(struct json *j, const struct store_account *acc)
{
	uint64_t ms = acc->retention;
	char text[32];

	json_kv_str(j, "storage", str_c(ms ? "temporary" : "central"));
	if (!ms)
		return;
	(void)snprintf(text, sizeof(text), "%llu%c",
		       (unsigned long long)(ms % DAY ? ms / HOUR : ms / DAY),
		       ms % DAY ? 'h' : 'd');
	json_kv_str(j, "retention", str_c(text));
}

static int
retention_of(struct admin_run *r, uint64_t *ret)
{
	const struct admin_call *call = r->call;
	bool given = call->nparams > 2;

	if (str_eq(call->param[1], STR("central"))) {
		*ret = 0;
		return !given ? ADMIN_DONE :
		       admin_no(r, ADMIN_USAGE,
				"central storage has no retention");
	}
	if (!str_eq(call->param[1], STR("temporary")))
		return admin_no(r, ADMIN_USAGE, "'%.*s' is neither central nor "
				"temporary", STR_ARG(call->param[1]));
	*ret = RETENTION_DEFAULT;
	if (given && parse_retention(call->param[2], ret) < 0)
		return admin_no(r, ADMIN_USAGE, "'%.*s' is no retention: 1h to "
				"3650d", STR_ARG(call->param[2]));
	return ADMIN_DONE;
}

int
admin_cmd_ACCOUNT_STORAGE(struct admin_run *r)
{
	struct store_account_edit job = { .job.op = STORE_ACCOUNT_SET,
					  .fields = STORE_SET_RETENTION,
					  .at = r->env->now };
	struct store_account acc;
	int err, rc = retention_of(r, &job.retention);

	if (rc == ADMIN_DONE)
		rc = admin_account_arg(r, 0, &acc);
	if (rc != ADMIN_DONE)
		return rc;
	job.account_id = acc.account_id;
	err = r->env->write(r->env->ctx, &job.job);
	if (err == ERR_NOTFOUND)
		return admin_no(r, ADMIN_REFUSED, "%.*s is gone",
				STR_ARG(acc.name));
	if (err < 0)
		return admin_no_err(r, err);
	return admin_done(r, "storage changed", "account", acc.name);
}
