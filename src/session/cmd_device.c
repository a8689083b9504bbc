/* DEVICE and PASSWD: the keys of an account (spec: Devices). */
#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/utf8.h"
#include "session/session_priv.h"

/* --- DEVICE ADD --- */

struct device_add {
	struct store_device_edit w;
	struct key_text key;
};

static int
scope_of(struct str list, unsigned *ret)
{
	struct str f;
	unsigned set = 0;

	while (str_next(&list, ',', &f)) {
		if (str_eqi(f, STR("read")))
			set |= SCOPE_READ;
		else if (str_eqi(f, STR("send")))
			set |= SCOPE_SEND;
		else if (str_eqi(f, STR("push")))
			set |= SCOPE_PUSH;
		else
			return ERR_VALUE;
	}
	*ret = set;
	return set == 0 ? ERR_VALUE : 0;
}

#define DEVICE_NAME_MAX 100

static enum step
device_add_check(struct session *s, struct cmd *c)
{
	struct device_add *d = cmd_data(s, c, sizeof(*d));
	struct proof_keys keys;
	struct str scope;
	uint8_t raw[32];
	bool scoped;

	if (d == NULL)
		return STEP_DONE;
	d->w.name = command_value(&c->args, "name", NULL);
	if (d->w.name.n == 0 || d->w.name.n > DEVICE_NAME_MAX ||
	    utf8_has_unsafe(d->w.name))
		return cmd_answer_text(s, c, ST_PARAM, "A bad device name.");
	scope = command_value(&c->args, "SCOPE", &scoped);
	d->w.scopes = SCOPE_ALL;
	if (scoped && scope_of(scope, &d->w.scopes) < 0)
		return cmd_answer_text(s, c, ST_PARAM,
				       "SCOPE is of read,send,push.");
	d->w.key = text_fold(&c->arena, d->w.name);
	if (d->w.key.p == NULL)
		return cmd_answer(s, c, ST_INTERNAL);
	secret_random(raw, sizeof(raw));
	hex_encode(raw, sizeof(raw), d->key.hex);
	secret_wipe(raw, sizeof(raw));
	proof_keys_of(&d->key, &keys);
	memcpy(d->w.stored, keys.stored, sizeof(keys.stored));
	memcpy(d->w.server, keys.server, sizeof(keys.server));
	secret_wipe(&keys, sizeof(keys));
	d->w.job.op = STORE_DEVICE_ADD;
	d->w.account_id = c->who->account_id;
	d->w.at = s->unix_ms;
	c->job.write = &d->w.job;
	return STEP_WRITE;
}

static enum step
device_add_finish(struct session *s, struct cmd *c)
{
	struct device_add *d = c->data;
	struct reply r;

	if (d->w.job.err < 0)
		return cmd_answer_err(s, c, d->w.job.err);
	cmd_begin(s, c, &r, ST_DEVICE_KEY, false);
	reply_field(&r, "key", str_n(d->key.hex, 64));
	cmd_end(s, &r);
	return STEP_DONE;
}

static void
device_add_release(struct cmd *c)
{
	struct device_add *d = c->data;

	if (d != NULL)
		secret_wipe(d, sizeof(*d));
}

const struct cmd_ops cmd_ops_DEVICE_ADD = {
	.check = device_add_check, .finish = device_add_finish,
	.release = device_add_release,
};

/* --- DEVICE LIST --- */

struct device_list {
	struct store_device *v;
	size_t n;
};

static enum step
device_list_check(struct session *s, struct cmd *c)
{
	return cmd_data(s, c, sizeof(struct device_list)) == NULL ? STEP_DONE :
								     STEP_READ;
}

static void
device_list_work(struct cmd *c, struct store_reader *r)
{
	struct device_list *d = c->data;

	c->err = store_device_list(r, &c->arena, c->who->account_id, &d->v,
				   &d->n);
}

static int
device_row(struct buf *b, const struct store_device *d)
{
	static const char *const names[3] = { "read", "send", "push" };
	char at[CLOCK_TEXT + 1];
	struct json j;

	json_init(&j, b);
	json_object_begin(&j);
	json_kv_str(&j, "name", d->name);
	json_key(&j, "scope");
	json_array_begin(&j);
	for (unsigned i = 0; i < 3; i++)
		if (d->scopes & 1u << i)
			json_cstr(&j, names[i]);
	json_array_end(&j);
	clock_format(d->created, at);
	json_kv_str(&j, "created", str_c(at));
	json_object_end(&j);
	return json_err(&j);
}

static enum step
device_list_finish(struct session *s, struct cmd *c)
{
	struct device_list *d = c->data;
	struct reply r;

	if (c->err < 0)
		return cmd_answer_err(s, c, c->err);
	for (size_t i = 0; i < d->n; i++) {
		CLEANUP_BUF struct buf b = { 0 };

		buf_init(&b, LIMIT_REPLY);
		if (device_row(&b, &d->v[i]) < 0)
			sess_no_memory(s);
		cmd_begin(s, c, &r, ST_ITEM, true);
		reply_json(&r, buf_str(&b));
		cmd_end(s, &r);
	}
	cmd_begin(s, c, &r, ST_LIST_END, false);
	reply_fmt(&r, "%zu devices.", d->n);
	cmd_end(s, &r);
	return STEP_DONE;
}

const struct cmd_ops cmd_ops_DEVICE_LIST = {
	.check = device_list_check, .work = device_list_work,
	.finish = device_list_finish,
};

/* --- DEVICE REVOKE --- */

static enum step
device_revoke_check(struct session *s, struct cmd *c)
{
	struct store_device_edit *w = cmd_data(s, c, sizeof(*w));

	if (w == NULL)
		return STEP_DONE;
	w->name = command_value(&c->args, "name", NULL);
	w->key = text_fold(&c->arena, w->name);
	if (w->key.p == NULL)
		return cmd_answer(s, c, ST_NOT_FOUND);
	/* A scoped device may revoke only itself. */
	if (c->who->scopes != SCOPE_ALL && !str_eq(w->key, c->who->device))
		return cmd_answer(s, c, ST_DENIED);
	w->job.op = STORE_DEVICE_REVOKE;
	w->account_id = c->who->account_id;
	w->at = s->unix_ms;
	c->job.write = &w->job;
	return STEP_WRITE;
}

static enum step
device_revoke_finish(struct session *s, struct cmd *c)
{
	struct store_device_edit *w = c->data;

	if (w->job.err < 0)
		return cmd_answer_err(s, c, w->job.err);
	s->ports->kick(s->ctx, KICK_DEVICE, w->account_id, w->key, s->id);
	/* Its own session has this answer yet, and then ends too. */
	if (s->who != NULL && str_eq(s->who->device, w->key))
		s->stopping = s->no_more = true;
	return cmd_answer(s, c, ST_DONE);
}

const struct cmd_ops cmd_ops_DEVICE_REVOKE = {
	.check = device_revoke_check, .finish = device_revoke_finish,
};

/* --- PASSWD --- */

struct passwd {
	struct kdf_params kdf;
	struct key_text h;
	struct store_account_edit w;
};

static const struct word *
field(const struct command_param *p, const char *name, struct str *ret)
{
	for (size_t i = 0; p != NULL && i < p->n; i++) {
		const struct word *w = &p->v[i];

		if (w->eq > 0 && str_eqi(str_sub(w->text, 0, (size_t)w->eq),
					 str_c(name))) {
			*ret = str_from(w->text, (size_t)w->eq + 1);
			return w;
		}
	}
	return NULL;
}

static int
passwd_parse(const struct command_param *p, struct passwd *d)
{
	struct str kdf, salt, t, m, h;
	uint64_t tv, mv;
	size_t n;
	uint8_t raw[32];

	if (p == NULL || p->n != 5 || field(p, "kdf", &kdf) == NULL ||
	    field(p, "s", &salt) == NULL || field(p, "t", &t) == NULL ||
	    field(p, "m", &m) == NULL || field(p, "h", &h) == NULL)
		return ERR_VALUE;
	if (!str_eqi(kdf, STR("argon2id")) ||
	    b64_decode(salt, d->kdf.salt, 16, &n) < 0 || n != 16)
		return ERR_VALUE;
	if (str_u64(t, KDF_T_MAX, &tv) < 0 || tv < KDF_T_MIN ||
	    str_u64(m, KDF_M_MAX, &mv) < 0 || mv < KDF_M_MIN)
		return ERR_VALUE;
	if (hex_decode(h, raw, sizeof(raw)) < 0)
		return ERR_VALUE;
	memcpy(d->h.hex, h.p, 64);
	secret_wipe(raw, sizeof(raw));
	d->kdf.t = (uint32_t)tv;
	d->kdf.m = (uint32_t)mv;
	return 0;
}

static enum step
passwd_check(struct session *s, struct cmd *c)
{
	struct passwd *d = cmd_data(s, c, sizeof(*d));

	if (d == NULL)
		return STEP_DONE;
	if (passwd_parse(command_param(&c->args, "setting"), d) < 0)
		return cmd_answer_text(s, c, ST_PARAM, "It wants "
			"kdf=argon2id s=SALT t=PASSES m=KIB h=HEX.");
	return STEP_READ;
}

/* Does the account keep h at all? */
static void
passwd_work(struct cmd *c, struct store_reader *r)
{
	struct passwd *d = c->data;
	struct store_account acc;

	c->err = store_account_find(r, &c->arena, c->who->key, &acc);
	if (c->err == 0)
		c->err = secret_auth_cred(c->env->key, &d->h, &d->kdf,
					  acc.proof_only, &d->w.cred);
}

static enum step
passwd_finish(struct session *s, struct cmd *c)
{
	struct passwd *d = c->data;

	if (c->err < 0)
		return cmd_answer_err(s, c, c->err);
	if (c->job.write == NULL) {
		d->w.job.op = STORE_ACCOUNT_SET;
		d->w.account_id = c->who->account_id;
		d->w.fields = STORE_SET_CRED;
		d->w.at = s->unix_ms;
		c->job.write = &d->w.job;
		return STEP_WRITE;
	}
	if (d->w.job.err < 0)
		return cmd_answer_err(s, c, d->w.job.err);
	s->ports->kick(s->ctx, KICK_ACCOUNT, c->who->account_id, STR(""),
		       s->id);
	s->ports->event(s->ctx, "passwd", c->who->key, NULL);
	return cmd_answer(s, c, ST_DONE);
}

static void
passwd_release(struct cmd *c)
{
	struct passwd *d = c->data;

	if (d != NULL)
		secret_wipe(d, sizeof(*d));
}

const struct cmd_ops cmd_ops_PASSWD = {
	.check = passwd_check, .work = passwd_work, .finish = passwd_finish,
	.release = passwd_release,
};
