/* account: making, removing and showing accounts. */
#include "admin/admin_priv.h"
#include "auth/secret_auth.h"

/* --- add --- */

/*
 * May a new account have this address?  The folded form is asked too: a name
 * that only looks different from a reserved one has the same key.
 */
static int
check_name(struct admin_run *r, const struct imid *i, struct str key)
{
	struct imid folded = *i;
	struct store_account twin;
	uint64_t domain_id;
	int err;

	folded.local = imid_local_key(&r->arena, i);
	if (!folded.local.p)
		return admin_no_err(r, ERR_NOMEM);
	if (!imid_may_be_account(i) || !imid_may_be_account(&folded))
		return admin_no(r, ADMIN_REFUSED, "%.*s is a reserved name",
				STR_ARG(key));
	err = store_domain_find(r->env->reader, i->domain, &domain_id);
	if (err == ERR_NOTFOUND)
		return admin_no(r, ADMIN_REFUSED, "%.*s is not hosted here; "
				"first: immpctl domain add %.*s",
				STR_ARG(i->domain), STR_ARG(i->domain));
	if (err < 0)
		return admin_no_err(r, err);
	err = store_account_find(r->env->reader, &r->arena, key, &twin);
	if (err == 0)
		return admin_no(r, ADMIN_REFUSED, "%.*s exists already",
				STR_ARG(twin.name));
	return err == ERR_NOTFOUND ? ADMIN_DONE : admin_no_err(r, err);
}

/* What the store answers to a name that was free a moment ago. */
static int
name_lost(struct admin_run *r, int err, struct str key)
{
	if (err == ERR_EXISTS)
		return admin_no(r, ADMIN_REFUSED, "%.*s exists already",
				STR_ARG(key));
	return admin_no_err(r, err);
}

static int
quota_of(struct admin_run *r, struct str s, uint64_t *ret)
{
	char min[ADMIN_SIZE_TEXT], max[ADMIN_SIZE_TEXT];
	const struct limit_row *row;
	size_t n;

	if (str_eq(s, STR("default"))) {
		*ret = 0;
		return ADMIN_DONE;
	}
	row = limits_rows(&n);
	while (row->offset != offsetof(struct limits, quota))
		row++;
	if (admin_size_parse(s, ret) == 0 && *ret >= row->min &&
	    *ret <= row->max)
		return ADMIN_DONE;
	admin_size_format(row->min, min);
	admin_size_format(row->max, max);
	return admin_no(r, ADMIN_USAGE, "'%.*s' is no quota: %s to %s, or "
			"default", STR_ARG(s), min, max);
}

static int
make_cred(struct admin_run *r, bool proof_only, struct store_cred *ret)
{
	return secret_auth_cred(r->env->key, &r->secret->key, &r->secret->kdf,
				proof_only, ret);
}

int
admin_cmd_ACCOUNT_ADD(struct admin_run *r)
{
	struct store_account_add job = { .job.op = STORE_ACCOUNT_ADD,
					 .has_cred = true,
					 .at = r->env->now };
	struct str quota;
	struct imid i;
	int err, rc = admin_imid_arg(r, 0, &i);

	if (rc != ADMIN_DONE)
		return rc;
	if (admin_option(r->call, "--quota", &quota)) {
		rc = quota_of(r, quota, &job.quota);
		if (rc != ADMIN_DONE)
			return rc;
	}
	job.name = imid_text(&r->arena, &i);
	job.key = imid_key(&r->arena, &i);
	job.domain = i.domain;
	if (!job.name.p || !job.key.p)
		return admin_no_err(r, ERR_NOMEM);
	rc = check_name(r, &i, job.key);
	if (rc != ADMIN_DONE)
		return rc;
	err = make_cred(r, false, &job.cred);
	if (err == 0)
		err = r->env->write(r->env->ctx, &job.job);
	secret_wipe(&job.cred, sizeof(job.cred));
	if (err < 0)
		return name_lost(r, err, job.key);
	return admin_done(r, "added", "account", job.name);
}

/* --- remove, password, rename --- */

static void
end_sessions(struct admin_run *r, const struct store_account *acc)
{
	if (r->env->kick)
		r->env->kick(r->env->ctx, acc->account_id, STR(""));
}

static int
edit_lost(struct admin_run *r, int err, const struct store_account *acc)
{
	if (err == ERR_NOTFOUND)
		return admin_no(r, ADMIN_REFUSED, "no account %.*s",
				STR_ARG(acc->key));
	return admin_no_err(r, err);
}

int
admin_cmd_ACCOUNT_REMOVE(struct admin_run *r)
{
	struct store_account_edit job = { .job.op = STORE_ACCOUNT_REMOVE,
					  .at = r->env->now };
	struct store_account acc;
	int err, rc = admin_account_arg(r, 0, &acc);

	if (rc != ADMIN_DONE)
		return rc;
	job.account_id = acc.account_id;
	err = r->env->write(r->env->ctx, &job.job);
	if (err < 0)
		return edit_lost(r, err, &acc);
	end_sessions(r, &acc);
	rc = admin_done(r, "removed", "account", acc.name);
	if (rc == ADMIN_DONE && str_eq(acc.key, r->env->postmaster))
		rc = admin_note(r, "%.*s was the postmaster (postmaster in "
				"[server]): name another", STR_ARG(acc.name));
	return rc;
}

int
admin_cmd_ACCOUNT_PASSWORD(struct admin_run *r)
{
	struct store_account_edit job = { .job.op = STORE_ACCOUNT_SET,
					  .fields = STORE_SET_CRED,
					  .at = r->env->now };
	struct store_account acc;
	int err, rc = admin_account_arg(r, 0, &acc);

	if (rc != ADMIN_DONE)
		return rc;
	job.account_id = acc.account_id;
	err = make_cred(r, acc.proof_only, &job.cred);
	if (err == 0)
		err = r->env->write(r->env->ctx, &job.job);
	secret_wipe(&job.cred, sizeof(job.cred));
	if (err < 0)
		return edit_lost(r, err, &acc);
	end_sessions(r, &acc);
	return admin_done(r, "password changed", "account", acc.name);
}

int
admin_cmd_ACCOUNT_RENAME(struct admin_run *r)
{
	struct store_account_edit job = { .job.op = STORE_ACCOUNT_SET,
					  .fields = STORE_SET_NAME,
					  .at = r->env->now };
	struct store_account acc;
	struct imid to;
	int err, rc = admin_account_arg(r, 0, &acc);

	if (rc == ADMIN_DONE)
		rc = admin_imid_arg(r, 1, &to);
	if (rc != ADMIN_DONE)
		return rc;
	job.account_id = acc.account_id;
	job.name = imid_text(&r->arena, &to);
	job.key = imid_key(&r->arena, &to);
	job.domain = to.domain;
	if (!job.name.p || !job.key.p)
		return admin_no_err(r, ERR_NOMEM);
	/* Its own name may be written in another way. */
	if (!str_eq(job.key, acc.key)) {
		rc = check_name(r, &to, job.key);
		if (rc != ADMIN_DONE)
			return rc;
	}
	err = r->env->write(r->env->ctx, &job.job);
	if (err == ERR_EXISTS)
		return name_lost(r, err, job.key);
	if (err < 0)
		return edit_lost(r, err, &acc);
	end_sessions(r, &acc);
	rc = admin_done(r, "renamed", "account", job.name);
	if (rc == ADMIN_DONE && !str_eq(job.key, acc.key) &&
	    str_eq(acc.key, r->env->postmaster))
		rc = admin_note(r, "%.*s was the postmaster: change postmaster "
				"in [server]", STR_ARG(acc.name));
	return rc;
}

/* --- disable, enable, quota, proof-only --- */

static int
set_disabled(struct admin_run *r, bool disabled)
{
	struct store_account_edit job = {
		.job.op = STORE_ACCOUNT_SET,
		.fields = STORE_SET_DISABLED,
		.disabled = disabled,
		.at = r->env->now,
	};
	struct store_account acc;
	int err, rc = admin_account_arg(r, 0, &acc);

	if (rc != ADMIN_DONE)
		return rc;
	job.account_id = acc.account_id;
	err = r->env->write(r->env->ctx, &job.job);
	if (err < 0)
		return edit_lost(r, err, &acc);
	if (disabled)
		end_sessions(r, &acc);
	return admin_done(r, disabled ? "disabled" : "enabled", "account",
			  acc.name);
}

int
admin_cmd_ACCOUNT_DISABLE(struct admin_run *r)
{
	return set_disabled(r, true);
}

int
admin_cmd_ACCOUNT_ENABLE(struct admin_run *r)
{
	return set_disabled(r, false);
}

int
admin_cmd_ACCOUNT_QUOTA(struct admin_run *r)
{
	struct store_account_edit job = { .job.op = STORE_ACCOUNT_SET,
					  .fields = STORE_SET_QUOTA,
					  .at = r->env->now };
	struct store_account acc;
	uint64_t counts;
	int err, rc = quota_of(r, r->call->param[1], &job.quota);

	if (rc == ADMIN_DONE)
		rc = admin_account_arg(r, 0, &acc);
	if (rc != ADMIN_DONE)
		return rc;
	job.account_id = acc.account_id;
	err = r->env->write(r->env->ctx, &job.job);
	if (err < 0)
		return edit_lost(r, err, &acc);
	rc = admin_done(r, "quota changed", "account", acc.name);
	counts = job.quota ? job.quota : r->env->limits->quota;
	if (rc == ADMIN_DONE && acc.used >= counts) {
		char used[ADMIN_SIZE_TEXT];

		admin_size_format(acc.used, used);
		rc = admin_note(r, "%.*s already keeps %s: it gets no mail "
				"until it has deleted some", STR_ARG(acc.name),
				used);
	}
	return rc;
}

int
admin_cmd_ACCOUNT_PROOF_ONLY(struct admin_run *r)
{
	struct store_account_edit job = { .job.op = STORE_ACCOUNT_SET,
					  .fields = STORE_SET_PROOF_ONLY,
					  .at = r->env->now };
	struct store_account acc;
	int err, rc = admin_account_arg(r, 0, &acc);

	if (rc != ADMIN_DONE)
		return rc;
	job.account_id = acc.account_id;
	job.proof_only = r->call->nparams < 2 ||
			 str_eq(r->call->param[1], STR("yes"));
	err = r->env->write(r->env->ctx, &job.job);
	if (err < 0)
		return edit_lost(r, err, &acc);
	rc = admin_done(r, job.proof_only ? "proof only" : "not proof only",
			"account", acc.name);
	if (rc == ADMIN_DONE && !job.proof_only && !acc.has_sealed &&
	    acc.kdf_m > 0)
		rc = admin_note(r, "1.0 logins work again after the next "
				"change of its password");
	return rc;
}
