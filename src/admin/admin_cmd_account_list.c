/* account list, account show: what is known of accounts, never a secret. */
#include "admin/admin_priv.h"

static void
members(struct admin_run *r, struct json *j, const struct store_account *acc)
{
	json_kv_str(j, "account", acc->name);
	json_kv_bool(j, "disabled", acc->disabled);
	json_kv_bool(j, "password", acc->kdf_m > 0);
	json_kv_bool(j, "proof_only", acc->proof_only);
	json_kv_u64(j, "messages", acc->total);
	json_kv_u64(j, "used", acc->used);
	json_kv_u64(j, "quota", acc->quota ? acc->quota :
					     r->env->limits->quota);
	json_kv_bool(j, "own_quota", acc->quota > 0);
	admin_kv_time(j, "created", acc->created);
}

/* One page behind `after`; *ret_last is its last key in last (LIMIT_IMID). */
static int
page(struct admin_run *r, struct str domain, char *last, size_t *last_n,
     size_t *ret_n)
{
	struct store_account *v;
	struct arena a;
	int err, rc = ADMIN_DONE;

	arena_init(&a, ADMIN_MEMORY, 16384);
	err = store_account_list(r->env->reader, &a, domain,
				 str_n(last, *last_n), ADMIN_PAGE, &v, ret_n);
	if (err < 0)
		rc = admin_no_err(r, err);
	for (size_t i = 0; rc == ADMIN_DONE && i < *ret_n; i++) {
		members(r, admin_begin(r), &v[i]);
		rc = admin_end(r, ADMIN_ITEM);
	}
	if (rc == ADMIN_DONE && *ret_n > 0) {
		struct str key = v[*ret_n - 1].key;

		*last_n = key.n < LIMIT_IMID ? key.n : LIMIT_IMID;
		memcpy(last, key.p, *last_n);
	}
	arena_done(&a);
	return rc;
}

int
admin_cmd_ACCOUNT_LIST(struct admin_run *r)
{
	struct str domain = { NULL, 0 };
	char last[LIMIT_IMID];
	size_t last_n = 0, n = ADMIN_PAGE;
	uint64_t id;
	int err, rc = ADMIN_DONE;

	if (r->call->nparams > 0) {
		rc = admin_domain_arg(r, 0, &domain);
		if (rc != ADMIN_DONE)
			return rc;
		err = store_domain_find(r->env->reader, domain, &id);
		if (err == ERR_NOTFOUND)
			return admin_no(r, ADMIN_REFUSED,
					"%.*s is not hosted here",
					STR_ARG(domain));
		if (err < 0)
			return admin_no_err(r, err);
	}
	while (rc == ADMIN_DONE && n == ADMIN_PAGE)
		rc = page(r, domain, last, &last_n, &n);
	return rc;
}

int
admin_cmd_ACCOUNT_SHOW(struct admin_run *r)
{
	struct store_account acc;
	struct store_mailbox box;
	struct store_device *dev;
	struct json *j;
	size_t ndev = 0;
	int err, rc = admin_account_arg(r, 0, &acc);

	if (rc != ADMIN_DONE)
		return rc;
	err = store_mailbox_get(r->env->reader, &r->arena, acc.mailbox_id,
				&box);
	if (err == 0)
		err = store_device_list(r->env->reader, &r->arena,
					acc.account_id, &dev, &ndev);
	if (err < 0)
		return admin_no_err(r, err);
	j = admin_begin(r);
	members(r, j, &acc);
	admin_kv_storage(j, &acc);
	json_kv_str(j, "name", acc.display);
	json_kv_bool(j, "postmaster", str_eq(acc.key, r->env->postmaster));
	json_kv_bool(j, "login_1_0", acc.has_sealed);
	json_kv_u64(j, "unread", box.unread);
	json_kv_u64(j, "devices", ndev);
	json_kv_u64(j, "account_id", acc.account_id);
	json_kv_u64(j, "mailbox_id", acc.mailbox_id);
	return admin_end(r, ADMIN_OBJECT);
}
