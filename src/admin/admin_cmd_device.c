/* device: keys with which the devices of an account log in. */
#include "admin/admin_priv.h"
#include "base/utf8.h"

/* Octets of a device's name, as in DEVICE ADD. */
#define DEVICE_NAME 100

/* As the bits of store_device.scopes: those of proto's enum command_scope. */
static const char *const scope_names[] = { "read", "send", "push" };
#define SCOPES (sizeof(scope_names) / sizeof(scope_names[0]))
#define SCOPES_ALL ((1u << SCOPES) - 1)

static int
scopes_of(struct admin_run *r, struct str list, unsigned *ret)
{
	struct str rest = list, one;
	unsigned set = 0, bit;

	while (str_next(&rest, ',', &one)) {
		for (bit = 0; bit < SCOPES; bit++) {
			if (str_eqi(one, str_c(scope_names[bit])))
				break;
		}
		if (bit == SCOPES)
			return admin_no(r, ADMIN_USAGE, "'%.*s' is no list of "
					"read,send,push", STR_ARG(list));
		set |= 1u << bit;
	}
	*ret = set;
	return ADMIN_DONE;
}

/* The second parameter as a device's name. */
static int
device_arg(struct admin_run *r, struct str *ret_name, struct str *ret_key)
{
	struct str s = r->call->param[1];

	if (s.n > DEVICE_NAME || utf8_has_unsafe(s))
		return admin_no(r, ADMIN_USAGE, "'%.*s' is no name of a device "
				"(1 to %d octets of UTF-8)", STR_ARG(s),
				DEVICE_NAME);
	*ret_name = s;
	*ret_key = text_fold(&r->arena, s);
	return ret_key->p ? ADMIN_DONE : admin_no_err(r, ERR_NOMEM);
}

static int
done(struct admin_run *r, const char *how, const struct store_account *acc,
     struct str device)
{
	struct json *j = admin_begin(r);

	json_key(j, "done");
	json_cstr(j, how);
	json_kv_str(j, "device", device);
	json_kv_str(j, "account", acc->name);
	return admin_end(r, ADMIN_OBJECT);
}

int
admin_cmd_DEVICE_ADD(struct admin_run *r)
{
	struct store_device_edit job = { .job.op = STORE_DEVICE_ADD,
					 .scopes = SCOPES_ALL,
					 .at = r->env->now };
	struct store_account acc;
	unsigned long long max = r->env->limits->devices;
	struct proof_keys keys;
	struct str scope;
	int err, rc = device_arg(r, &job.name, &job.key);

	if (rc == ADMIN_DONE && admin_option(r->call, "--scope", &scope))
		rc = scopes_of(r, scope, &job.scopes);
	if (rc == ADMIN_DONE)
		rc = admin_account_arg(r, 0, &acc);
	if (rc != ADMIN_DONE)
		return rc;
	job.account_id = acc.account_id;
	proof_keys_of(&r->secret->key, &keys);
	memcpy(job.stored, keys.stored, sizeof(job.stored));
	memcpy(job.server, keys.server, sizeof(job.server));
	secret_wipe(&keys, sizeof(keys));
	err = r->env->write(r->env->ctx, &job.job);
	secret_wipe(job.stored, sizeof(job.stored));
	secret_wipe(job.server, sizeof(job.server));
	if (err == ERR_EXISTS)
		return admin_no(r, ADMIN_REFUSED, "%.*s has a device %.*s "
				"already", STR_ARG(acc.name),
				STR_ARG(job.name));
	if (err == ERR_LIMIT)
		return admin_no(r, ADMIN_REFUSED, "%.*s has %llu devices: no "
				"more (devices in [limits])",
				STR_ARG(acc.name), max);
	if (err < 0)
		return admin_no_err(r, err);
	return done(r, "added", &acc, job.name);
}

int
admin_cmd_DEVICE_LIST(struct admin_run *r)
{
	struct store_account acc;
	struct store_device *v;
	size_t n;
	int err, rc = admin_account_arg(r, 0, &acc);

	if (rc != ADMIN_DONE)
		return rc;
	err = store_device_list(r->env->reader, &r->arena, acc.account_id, &v,
				&n);
	if (err < 0)
		return admin_no_err(r, err);
	for (size_t i = 0; rc == ADMIN_DONE && i < n; i++) {
		struct json *j = admin_begin(r);

		json_kv_str(j, "device", v[i].name);
		json_key(j, "scope");
		json_array_begin(j);
		for (unsigned bit = 0; bit < SCOPES; bit++) {
			if (v[i].scopes & 1u << bit)
				json_cstr(j, scope_names[bit]);
		}
		json_array_end(j);
		admin_kv_time(j, "created", v[i].created);
		rc = admin_end(r, ADMIN_ITEM);
	}
	return rc;
}

int
admin_cmd_DEVICE_REVOKE(struct admin_run *r)
{
	struct store_device_edit job = { .job.op = STORE_DEVICE_REVOKE,
					 .at = r->env->now };
	struct store_account acc;
	int err, rc = device_arg(r, &job.name, &job.key);

	if (rc == ADMIN_DONE)
		rc = admin_account_arg(r, 0, &acc);
	if (rc != ADMIN_DONE)
		return rc;
	job.account_id = acc.account_id;
	err = r->env->write(r->env->ctx, &job.job);
	if (err == ERR_NOTFOUND)
		return admin_no(r, ADMIN_REFUSED, "%.*s has no device %.*s",
				STR_ARG(acc.name), STR_ARG(job.name));
	if (err < 0)
		return admin_no_err(r, err);
	if (r->env->kick)
		r->env->kick(r->env->ctx, acc.account_id, job.key);
	return done(r, "revoked", &acc, job.name);
}
