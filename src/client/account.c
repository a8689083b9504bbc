/*
 * Login, devices and password over the blocking front.  What is secret is
 * wiped where it was made.
 */
#include "client/front_priv.h"

#include <stdio.h>

#include "base/hex.h"
#include "client/login.h"
#include "crypt/crypt.h"
#include "mail/imid.h"
#include "proto/reply.h"
#include "proto/status.h"

#define BINDING_LABEL "EXPORTER-IMMP-Auth"

/* spec: Proof */
static int
bind_channel(struct immp *c, struct login *l)
{
	uint8_t octets[32], nonce[LOGIN_NONCE / 2];
	char hex[65] = "";

	if (tls_exporter(c->tls, BINDING_LABEL, octets) < 0)
		return IMMP_E_TLS;
	hex_encode(octets, sizeof(octets), hex);
	snprintf(l->binding, sizeof(l->binding), "exporter:%s", hex);
	secret_random(nonce, sizeof(nonce));
	hex_encode(nonce, sizeof(nonce), l->nonce);
	l->nonce[LOGIN_NONCE] = '\0';
	return 0;
}

static bool
is_finished(void *ctx)
{
	return login_finished(ctx);
}

static int
run_login(struct immp *c, struct login *l)
{
	int rc = bind_channel(c, l);

	if (rc == 0)
		rc = login_start(l);
	if (rc < 0)
		return front_error_plain(c, rc);
	rc = front_run(c, is_finished, l);
	if (rc < 0)
		return rc;
	c->proved = l->proved;
	if (l->error == 0)
		return 0;
	front_error(c, l->error, "%s", l->why);
	c->code = l->code;
	if (engine_phase(c->e) == ENGINE_FAILED)
		front_close(c);
	return l->error;
}

/* The password in NFC, in the arena; to be wiped there. */
static int
normal_password(struct arena *a, const char *password, struct str *ret)
{
	*ret = text_nfc(a, str_c(password));
	return ret->p ? 0 : IMMP_E_USAGE;
}

static int
login_with(struct immp *c, const struct immp_login *o, struct login *l)
{
	CLEANUP_KEY struct key_text key;
	struct arena a;
	int rc = 0;

	l->e = c->e;
	l->account = str_c(o->account);
	l->device = str_c(o->device);
	l->may_1_0 = o->allow_1_0 && (c->vouched || c->accepted);
	if (o->key) {
		if (str_copy(str_c(o->key), key.hex, sizeof(key.hex)) < 0 ||
		    strlen(key.hex) != sizeof(key.hex) - 1)
			return front_error(c, IMMP_E_USAGE,
					   "a device key has 64 digits");
		l->key = &key;
		rc = run_login(c, l);
		l->key = NULL;
		return rc;
	}
	arena_init(&a, 65536, 0);
	rc = normal_password(&a, o->password, &l->password);
	if (rc == 0)
		rc = run_login(c, l);
	else
		front_error(c, rc, "the password is not UTF-8");
	if (l->password.p)
		secret_wipe((void *)(uintptr_t)l->password.p, l->password.n);
	arena_done(&a);
	return rc;
}

int
immp_login(struct immp *c, const struct immp_login *o)
{
	struct login l;
	int rc = front_open(c);

	if (rc < 0)
		return rc;
	if (o->size != sizeof(*o) || !o->account || !!o->password == !!o->key ||
	    (o->key && !o->device))
		return front_error(c, IMMP_E_USAGE,
				   "a login needs an account, and a password or "
				   "a device and its key");
	login_init(&l);
	rc = login_with(c, o, &l);
	login_done(&l);
	return rc;
}

/* --- devices --- */

struct key_answer {
	char *key;
	bool found;
};

static int
hear_key(void *ctx, const struct immp_reply *r)
{
	struct key_answer *k = ctx;

	if (r->code == ST_DEVICE_KEY &&
	    immp_field(r->text, "key", k->key, IMMP_KEY_SIZE) ==
		    IMMP_KEY_SIZE - 1)
		k->found = true;
	return 0;
}

int
immp_device_add(struct immp *c, const char *name, const char *scope,
		char ret_key[IMMP_KEY_SIZE])
{
	struct key_answer k = { .key = ret_key };
	char quoted[1024], line[1200];
	int rc;

	if (immp_quote(name, quoted, sizeof(quoted)) < 0)
		return front_error(c, IMMP_E_USAGE, "no name for a device");
	snprintf(line, sizeof(line), "DEVICE ADD %s%s%.100s", quoted,
		 scope ? " SCOPE " : "", scope ? scope : "");
	rc = immp_command(c, line, hear_key, &k);
	if (rc == 0 && !k.found)
		rc = front_error(c, IMMP_E_PROTOCOL,
				 "the server told no key for the device");
	return rc;
}

int
immp_device_revoke(struct immp *c, const char *name)
{
	char quoted[1024], line[1200];

	if (immp_quote(name, quoted, sizeof(quoted)) < 0)
		return front_error(c, IMMP_E_USAGE, "no name of a device");
	snprintf(line, sizeof(line), "DEVICE REVOKE %s", quoted);
	return immp_command(c, line, NULL, NULL);
}

/* --- password --- */

/* spec: Devices */
int
immp_passwd(struct immp *c, const char *password)
{
	CLEANUP_KEY struct key_text h;
	struct kdf_params k = { .t = KDF_T, .m = KDF_M };
	char salt[B64_LEN(16) + 1] = "", line[256];
	struct arena a;
	struct str normal;
	int rc = front_open(c);

	if (rc < 0)
		return rc;
	arena_init(&a, 65536, 0);
	rc = normal_password(&a, password, &normal);
	if (rc == 0 && normal.n == 0)
		rc = IMMP_E_USAGE;
	if (rc == 0) {
		secret_random(k.salt, sizeof(k.salt));
		if (kdf_argon2id(normal, &k, &h) < 0)
			rc = IMMP_E_MEMORY;
		secret_wipe((void *)(uintptr_t)normal.p, normal.n);
	}
	arena_done(&a);
	if (rc < 0)
		return front_error(c, rc, rc == IMMP_E_USAGE
					   ? "the password is empty or not UTF-8"
					   : "out of memory");
	b64_encode(k.salt, sizeof(k.salt), salt);
	snprintf(line, sizeof(line),
		 "PASSWD kdf=argon2id s=%s t=%d m=%d h=%s", salt, KDF_T, KDF_M,
		 h.hex);
	rc = immp_command(c, line, NULL, NULL);
	secret_wipe(line, sizeof(line));
	return rc;
}
