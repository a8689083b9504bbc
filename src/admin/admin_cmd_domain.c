/* domain: which domains are hosted. */
#include "admin/admin_priv.h"

int
admin_cmd_DOMAIN_ADD(struct admin_run *r)
{
	struct store_domain_edit job = { .job.op = STORE_DOMAIN_ADD,
					 .at = r->env->now };
	int err, rc = admin_domain_arg(r, 0, &job.domain);

	if (rc != ADMIN_DONE)
		return rc;
	err = r->env->write(r->env->ctx, &job.job);
	if (err == ERR_EXISTS)
		return admin_no(r, ADMIN_REFUSED, "%.*s is hosted already",
				STR_ARG(job.domain));
	if (err < 0)
		return admin_no_err(r, err);
	return admin_done(r, "added", "domain", job.domain);
}

int
admin_cmd_DOMAIN_REMOVE(struct admin_run *r)
{
	struct store_domain_edit job = { .job.op = STORE_DOMAIN_REMOVE,
					 .at = r->env->now };
	int err, rc = admin_domain_arg(r, 0, &job.domain);

	if (rc != ADMIN_DONE)
		return rc;
	/* The next start would host it again. */
	if (str_eq(job.domain, r->env->domain))
		return admin_no(r, ADMIN_REFUSED, "%.*s is the server's own "
				"name (domain in [server])",
				STR_ARG(job.domain));
	err = r->env->write(r->env->ctx, &job.job);
	if (err == ERR_NOTFOUND)
		return admin_no(r, ADMIN_REFUSED, "%.*s is not hosted here",
				STR_ARG(job.domain));
	if (err == ERR_CONFLICT)
		return admin_no(r, ADMIN_REFUSED, "%.*s still has accounts "
				"(immpctl account list %.*s)",
				STR_ARG(job.domain), STR_ARG(job.domain));
	if (err < 0)
		return admin_no_err(r, err);
	return admin_done(r, "removed", "domain", job.domain);
}

int
admin_cmd_DOMAIN_LIST(struct admin_run *r)
{
	struct str *v;
	size_t n;
	int err, rc = ADMIN_DONE;

	err = store_domain_list(r->env->reader, &r->arena, &v, &n);
	if (err < 0)
		return admin_no_err(r, err);
	for (size_t i = 0; rc == ADMIN_DONE && i < n; i++) {
		struct json *j = admin_begin(r);

		json_kv_str(j, "domain", v[i]);
		json_kv_bool(j, "own", str_eq(v[i], r->env->domain));
		rc = admin_end(r, ADMIN_ITEM);
	}
	return rc;
}
