/*
 * The two rounds of a login:
 *
 *	C: AUTH SECRET account [device] [+DEVICE] +PROOF
 *	S: 302 ..., 303 n1=.. n2=.. kdf=.. s=.. t=.. m=.. p=1 proof=1
 *	C: AUTH RESPONSE <response> <nonce>
 *	S: 210 ... v=<the server's proof>
 *
 * The bounds on the derivation are checked before any work is done: too little
 * would make the response a cheap oracle for the password, too much would let
 * a server stop us.  Where the draft's own key is allowed, a proof is asked for
 * first, and only a server that does not know the word (406) is asked again
 * without it.
 */
#include "client/login.h"

#include <stdio.h>

#include "base/hex.h"
#include "proto/reply.h"
#include "proto/status.h"

#define LOGIN_ARENA 65536

void
login_init(struct login *l)
{
	*l = (struct login){ 0 };
	arena_init(&l->arena, LOGIN_ARENA, 0);
}

void
login_done(struct login *l)
{
	arena_done(&l->arena);
	secret_wipe(l->v, sizeof(l->v));
}

bool
login_finished(const struct login *l)
{
	return l->done;
}

static void
finish(struct login *l, int error, const char *why)
{
	if (l->done)
		return;
	l->done = true;
	l->error = error;
	snprintf(l->why, sizeof(l->why), "%s", why);
}

/* The server refused with a line of its own. */
static void
finish_reply(struct login *l, const struct immp_reply *r)
{
	if (r->code < 0) {
		finish(l, r->code, r->text);
		return;
	}
	l->code = r->code;
	finish(l, engine_error_of(r->code), "");
	snprintf(l->why, sizeof(l->why), "%d %s", r->code, r->text);
}

/* This server is not to be talked to any longer. */
static void
finish_fatal(struct login *l, enum immp_error error, const char *why)
{
	finish(l, error, why);
	engine_fail(l->e, error, why);
}

/* --- the challenge --- */

static int
parse_kdf(struct arena *a, struct str text, struct login_challenge *c)
{
	struct str name = reply_get(a, text, "kdf");
	uint64_t t, m, p;
	size_t n;

	if (str_eq(name, STR("none"))) {
		c->none = true;
		return 0;
	}
	if (!str_eq(name, STR("argon2id")))
		return IMMP_E_WEAK;
	if (str_u64(reply_get(a, text, "t"), UINT32_MAX, &t) < 0 ||
	    str_u64(reply_get(a, text, "m"), UINT32_MAX, &m) < 0 ||
	    str_u64(reply_get(a, text, "p"), UINT32_MAX, &p) < 0)
		return IMMP_E_PROTOCOL;
	if (b64_decode(reply_get(a, text, "s"), c->kdf.salt,
		       sizeof(c->kdf.salt), &n) < 0 ||
	    n != sizeof(c->kdf.salt))
		return IMMP_E_WEAK;
	if (t < KDF_T_MIN || t > KDF_T_MAX || m < KDF_M_MIN || m > KDF_M_MAX ||
	    p != 1)
		return IMMP_E_WEAK;
	c->kdf.t = (uint32_t)t;
	c->kdf.m = (uint32_t)m;
	return 0;
}

int
login_parse(struct arena *a, struct str text, struct login_challenge *ret)
{
	struct login_challenge c = { 0 };
	ptrdiff_t at = str_find(text, STR("n1="));
	int rc;

	if (at < 0)
		return IMMP_E_PROTOCOL;
	c.text = str_from(text, (size_t)at);
	c.n1 = reply_get(a, c.text, "n1");
	c.n2 = reply_get(a, c.text, "n2");
	if (c.n1.n == 0 || c.n2.n == 0)
		return IMMP_E_PROTOCOL;
	c.proof = str_ends(c.text, STR(" proof=1"));
	rc = parse_kdf(a, c.text, &c);
	if (rc < 0)
		return rc;
	*ret = c;
	return 0;
}

/* --- the answer --- */

static int hear_response(void *ctx, const struct immp_reply *r);

/* h: derived from the password, or the device's key. */
static int
derive(struct login *l, const struct login_challenge *c, struct key_text *ret)
{
	int rc;

	if (l->key) {
		*ret = *l->key;
		return c->none ? 0 : IMMP_E_WEAK;
	}
	if (c->none)
		return IMMP_E_WEAK;
	rc = kdf_argon2id(l->password, &c->kdf, ret);
	return rc < 0 ? IMMP_E_MEMORY : 0;
}

static int
send_response(struct login *l, const uint8_t *octets, size_t n, bool proof)
{
	char hex[2 * 32 + 1], line[160];
	int len;

	hex_encode(octets, n, hex);
	hex[2 * n] = '\0';
	len = snprintf(line, sizeof(line), "AUTH RESPONSE %s%s%s", hex,
		       proof ? " " : "", proof ? l->nonce : "");
	return engine_command(l->e, str_n(line, (size_t)len), hear_response, l,
			      NULL);
}

static int
answer(struct login *l, const struct login_challenge *c)
{
	CLEANUP_KEY struct key_text h;
	struct proof_input in = {
		.account = l->account, .challenge = c->text,
		.nonce = str_c(l->nonce), .binding = str_c(l->binding),
	};
	uint8_t response[32];
	int rc;

	rc = derive(l, c, &h);
	if (rc < 0)
		return rc;
	if (l->asked_1_0) {
		proof_v1_0(&h, c->n1, c->n2, response);
		return send_response(l, response, 20, false);
	}
	if (proof_answer(&h, &in, response, l->v) < 0)
		return IMMP_E_MEMORY;
	return send_response(l, response, sizeof(response), true);
}

static const char *
why_weak(const struct login *l, const struct login_challenge *c, int rc)
{
	if (rc == IMMP_E_PROTOCOL)
		return "the server's challenge makes no sense";
	if (rc == IMMP_E_MEMORY)
		return "out of memory";
	if (c && l->key && !c->none)
		return "the server asks a device for a password";
	return "the server asks for an unsafe derivation of the password";
}

static void
take_challenge(struct login *l, struct str text)
{
	struct login_challenge c = { 0 };
	int rc = login_parse(&l->arena, text, &c);

	if (rc == 0 && !l->asked_1_0 && !c.proof) {
		finish_fatal(l, IMMP_E_WEAK,
			     "the server offers no proof of itself");
		return;
	}
	if (rc == 0)
		rc = answer(l, &c);
	if (rc < 0)
		finish_fatal(l, rc, why_weak(l, &c, rc));
}

static int
hear_challenge(void *ctx, const struct immp_reply *r)
{
	struct login *l = ctx;
	int rc;

	if (!r->last)
		return 0;
	if (r->code == ST_NONCES) {
		take_challenge(l, str_n(r->text, r->length));
	} else if (r->code == ST_PARAM && l->may_1_0 && !l->key &&
		   !l->asked_1_0) {
		/* It knows no +PROOF. */
		l->asked_1_0 = true;
		rc = login_start(l);
		if (rc < 0)
			finish(l, rc, immp_strerror(rc));
	} else if (r->code >= 0 && !status_failed(r->code)) {
		finish_fatal(l, IMMP_E_PROTOCOL,
			     "the server let us in without a challenge");
	} else {
		finish_reply(l, r);
	}
	return 0;
}

static int
hear_response(void *ctx, const struct immp_reply *r)
{
	struct login *l = ctx;
	struct str hex;
	uint8_t v[32];

	if (!r->last)
		return 0;
	if (r->code != ST_AUTHENTICATED) {
		if (r->code >= 0 && !status_failed(r->code))
			finish_fatal(l, IMMP_E_PROTOCOL,
				     "the server did not answer the login");
		else
			finish_reply(l, r);
		return 0;
	}
	if (!l->asked_1_0) {
		hex = reply_get(&l->arena, str_n(r->text, r->length), "v");
		if (hex_decode(hex, v, sizeof(v)) < 0 ||
		    !secret_eq(v, l->v, sizeof(v))) {
			finish_fatal(l, IMMP_E_PROOF,
				     "the server does not know the account's "
				     "password: it may be an impostor");
			return 0;
		}
		l->proved = true;
	}
	finish(l, 0, "");
	return 0;
}

/* Words that go into AUTH SECRET unquoted, so that what is signed is what is
 * sent. */
static bool
is_plain(struct str s)
{
	if (s.n == 0 || *s.p == '+' || *s.p == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f || c == '"' || c == ';' || c == '\\')
			return false;
	}
	return true;
}

/* The device's name, quoted; leaves out what no name holds. */
static int
add_device(struct buf *b, struct str name)
{
	int rc = buf_add_cstr(b, " \"");

	for (size_t i = 0; i < name.n && rc == 0; i++) {
		char c = name.p[i];

		if (c == '"' || c == '\\')
			rc = buf_add_c(b, '\\');
		if (rc == 0)
			rc = buf_add_c(b, c);
	}
	return rc < 0 ? rc : buf_add_c(b, '"');
}

int
login_start(struct login *l)
{
	CLEANUP_BUF struct buf b = { 0 };
	int rc;

	buf_init(&b, 4096);
	if (!is_plain(l->account) || (l->key && l->device.n == 0))
		return IMMP_E_USAGE;
	rc = buf_addf(&b, "AUTH SECRET %.*s", STR_ARG(l->account));
	if (rc == 0 && l->device.n)
		rc = add_device(&b, l->device);
	if (rc == 0)
		rc = buf_addf(&b, "%s%s", l->key ? " +DEVICE" : "",
			      l->asked_1_0 ? "" : " +PROOF");
	if (rc < 0)
		return IMMP_E_MEMORY;
	return engine_command(l->e, buf_str(&b), hear_challenge, l, NULL);
}
