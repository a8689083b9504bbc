/*
 * AUTH SECRET and AUTH RESPONSE (spec: Authentication).
 *
 * Whatever the account is (there, not there, disabled, proof-only), the same
 * store calls and the same cipher calls are made and the same words are said.
 * Guessing is slowed: the answer to a response, right or wrong, is delayed by
 * what its account and its peer's prefix have got wrong lately.  A device key
 * cannot be guessed, so it is slowed by the prefix only, and nobody can lock
 * an owner's devices out.
 */
#include "base/hex.h"
#include "base/mem.h"
#include "session/session_priv.h"

/* --- AUTH SECRET --- */

struct auth_secret {
	struct str account, key, device_key;
	bool proof, device, found, device_found;
	struct store_account acc;
	struct store_device dev;
};

static enum step
secret_check(struct session *s, struct cmd *c)
{
	struct auth_secret *a = cmd_data(s, c, sizeof(*a));
	struct imid imid;
	struct str dev;
	int err;

	if (a == NULL)
		return STEP_DONE;
	a->account = command_value(&c->args, "account", NULL);
	a->proof = command_switch(&c->args, "PROOF") > 0;
	a->device = command_switch(&c->args, "DEVICE") > 0;
	dev = command_value(&c->args, "device", NULL);
	if (a->device && (dev.n == 0 || !a->proof))
		return cmd_answer_text(s, c, ST_PARAM,
				       "+DEVICE wants a name and +PROOF.");
	err = imid_parse_address(&c->arena, a->account, &imid);
	if (err == ERR_NOMEM)
		return cmd_answer_err(s, c, err);
	if (err < 0 || imid.folder.n > 0 || a->account.n > LIMIT_IMID)
		return cmd_answer_text(s, c, ST_PARAM,
				       "This is no account's address.");
	a->key = imid_key(&c->arena, &imid);
	a->device_key = text_fold(&c->arena, dev);
	if (a->key.p == NULL || (dev.n > 0 && a->device_key.p == NULL))
		return cmd_answer(s, c, ST_INTERNAL);
	if (!a->proof && !s->env->auth.allow_1_0)
		return cmd_answer(s, c, ST_AUTH_REFUSED);
	return STEP_READ;
}

static void
secret_work(struct cmd *c, struct store_reader *r)
{
	struct auth_secret *a = c->data;
	int err;

	err = store_account_find(r, &c->arena, a->key, &a->acc);
	a->found = err == 0;
	if (err < 0 && err != ERR_NOTFOUND)
		c->err = err;
	if (!a->device)
		return;
	/* Also for an account that is not there: id 0 has no devices. */
	err = store_device_find(r, &c->arena, a->found ? a->acc.account_id : 0,
				a->device_key, &a->dev);
	a->device_found = err == 0;
	if (err < 0 && err != ERR_NOTFOUND)
		c->err = err;
}

static int
remember(struct session *s, struct auth_secret *a)
{
	if (s->challenge == NULL)
		s->challenge = mem_zalloc(sizeof(*s->challenge));
	mem_free((void *)s->challenge_account.p);
	s->challenge_account.p = mem_strndup(a->account.p, a->account.n);
	s->challenge_account.n = a->account.n;
	ident_unref(s->candidate);
	s->candidate = NULL;
	if (s->challenge == NULL || s->challenge_account.p == NULL)
		return ERR_NOMEM;
	if (!a->found)
		a->acc = (struct store_account){ .name = a->key,
						 .key = a->key };
	s->candidate = ident_new(&a->acc, a->device_found ? a->device_key :
				 STR(""), a->device_found ? a->dev.scopes :
				 SCOPE_ALL, 0);
	return s->candidate == NULL ? ERR_NOMEM : 0;
}

static enum step
secret_finish(struct session *s, struct cmd *c)
{
	struct auth_secret *a = c->data;
	struct reply r;

	if (c->err < 0)
		return cmd_answer_err(s, c, c->err);
	if (remember(s, a) < 0)
		return cmd_answer(s, c, ST_INTERNAL);
	challenge_make(&s->env->auth, a->key, a->found ? &a->acc : NULL,
		       a->device_found ? &a->dev : NULL, a->device, a->proof,
		       s->unix_ms, s->env->limits->login_time, s->challenge);
	cmd_begin(s, c, &r, ST_SECRET_STARTED, false);
	reply_lit(&r, status_text(ST_SECRET_STARTED));
	cmd_end(s, &r);
	cmd_begin(s, c, &r, ST_NONCES, false);
	reply_lit(&r, s->challenge->text);
	cmd_end(s, &r);
	return STEP_DONE;
}

const struct cmd_ops cmd_ops_AUTH_SECRET = {
	.check = secret_check, .work = secret_work, .finish = secret_finish,
};

/* --- AUTH RESPONSE --- */

struct auth_response {
	bool ok;
	bool delayed;		/* or nothing to wait for */
	struct str key, device;
	uint8_t stored[32];	/* of the challenge */
	struct store_account acc;
	struct store_device dev;
	char v[65];
};

static struct str
account_key(struct session *s, struct cmd *c)
{
	return arena_fmt(&c->arena, "account:%.*s",
			 STR_ARG(s->candidate->key));
}

static struct str
peer_key(struct session *s, struct cmd *c)
{
	return arena_fmt(&c->arena, "peer:%.*s", STR_ARG(s->peer_prefix));
}

static uint64_t
guess_delay(struct session *s, struct cmd *c)
{
	const struct limits *l = s->env->limits;
	struct throttle *t = s->env->failures;
	uint64_t n, m = 0;

	n = throttle_count(t, peer_key(s, c), s->now);
	if (!s->challenge->device)
		m = throttle_count(t, account_key(s, c), s->now);
	if (m > n)
		n = m;
	return throttle_delay(n, l->auth_failures, l->auth_delay_max);
}

static int
check_response(struct session *s, struct cmd *c, struct auth_response *a)
{
	struct challenge *ch = s->challenge;
	char binding[9 + 64] = "exporter:";
	uint8_t ekm[32];
	int err;

	if (s->ports->exporter(s->ctx, "EXPORTER-IMMP-Auth", ekm) < 0)
		return ERR_AUTH;
	hex_encode(ekm, sizeof(ekm), binding + 9);
	err = challenge_check(&s->env->auth, ch, s->challenge_account,
			      command_value(&c->args, "key", NULL),
			      command_value(&c->args, "nonce", NULL),
			      str_n(binding, sizeof(binding)), s->unix_ms,
			      a->v);
	secret_wipe(ekm, sizeof(ekm));
	return err;
}

/* A right answer counts only while the account is still what the challenge
 * was made of: not disabled, the password not changed, the device not revoked
 * since.  An account that is not there is looked for all the same. */
static void
response_work(struct cmd *c, struct store_reader *r)
{
	struct auth_response *a = c->data;
	const uint8_t *stored = a->acc.stored;
	int err = store_account_find(r, &c->arena, a->key, &a->acc);

	if (err == 0 && a->acc.disabled)
		err = ERR_NOTFOUND;
	if (a->device.p != NULL) {
		int e = store_device_find(r, &c->arena, a->acc.account_id,
					  a->device, &a->dev);

		stored = a->dev.stored;
		err = err == 0 ? e : err;
	}
	if (err < 0 && err != ERR_NOTFOUND)
		c->err = err;
	a->ok &= err == 0 && secret_eq(stored, a->stored, sizeof(a->stored));
}

/* Counted before the delay, so that guesses side by side slow each other. */
static void
count_failure(struct session *s, struct cmd *c)
{
	(void)throttle_hit(s->env->failures, peer_key(s, c), 1, s->now);
	(void)throttle_hit(s->env->failures, account_key(s, c), 1, s->now);
	s->ports->event(s->ctx, "auth-fail", s->candidate->key, NULL);
}

static enum step
response_finish(struct session *s, struct cmd *c)
{
	struct auth_response *a = c->data;
	struct ident *who = s->candidate;
	uint64_t delay;
	struct reply r;

	if (c->err < 0)
		return cmd_answer_err(s, c, c->err);
	if (!a->delayed) {
		a->delayed = true;
		delay = guess_delay(s, c);
		if (!a->ok)
			count_failure(s, c);
		if (delay > 0) {
			c->until = s->now + delay;
			return STEP_DELAY;
		}
	}
	if (!a->ok) {
		(void)cmd_answer(s, c, ST_AUTH_REFUSED);
		if (++s->nauth_failed >= s->env->limits->auth_tries)
			sess_set_state(s, SS_CLOSING);
	} else {
		if (!s->challenge->device) {
			throttle_clear(s->env->failures, account_key(s, c));
			who->password_at = s->unix_ms;
		}
		cmd_begin(s, c, &r, ST_AUTHENTICATED, false);
		reply_fmt(&r, "Authentication accepted for %.*s",
			  STR_ARG(who->name));
		if (s->challenge->proof)
			reply_field(&r, "v", str_n(a->v, 64));
		cmd_end(s, &r);
		s->candidate = NULL;
		sess_login(s, who);
		s->ports->event(s->ctx, "login", who->key, NULL);
	}
	secret_wipe(s->challenge, sizeof(*s->challenge));
	mem_free(s->challenge);
	s->challenge = NULL;
	ident_unref(s->candidate);
	s->candidate = NULL;
	return STEP_DONE;
}

static enum step
response_check(struct session *s, struct cmd *c)
{
	struct auth_response *a;

	if (s->challenge == NULL)
		return cmd_answer_text(s, c, ST_STATE,
				       "There is no challenge to answer.");
	a = cmd_data(s, c, sizeof(*a));
	if (a == NULL)
		return STEP_DONE;
	a->ok = check_response(s, c, a) == 0;
	memcpy(a->stored, s->challenge->stored, sizeof(a->stored));
	a->key = arena_str(&c->arena, s->candidate->key);
	if (s->challenge->device)
		a->device = arena_str(&c->arena, s->candidate->device);
	if (a->key.p == NULL || (s->challenge->device && a->device.p == NULL))
		return cmd_answer(s, c, ST_INTERNAL);
	return STEP_READ;
}

const struct cmd_ops cmd_ops_AUTH_RESPONSE = {
	.check = response_check, .work = response_work,
	.finish = response_finish,
};
