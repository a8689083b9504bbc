#include "auth/secret_auth.h"

#include <stdio.h>

#include "base/hex.h"

#define LABEL 34

int
secret_auth_init(struct secret_auth *a, const struct server_key *key,
		 bool allow_1_0)
{
	uint8_t h[32];
	int err;

	a->key = key;
	a->allow_1_0 = allow_1_0;
	secret_random(h, sizeof(h));
	err = seal(key, STR("nobody"), str_n(h, sizeof(h)), a->fake_sealed);
	secret_wipe(h, sizeof(h));
	return err;
}

/* What a sealed h is bound to: the salt it was made with, which is known before
 * the account has an id and stays when it is renamed. */
static struct str
label_of(const uint8_t salt[static 16], char dst[static LABEL])
{
	dst[0] = 'h';
	hex_encode(salt, 16, dst + 1);
	dst[LABEL - 1] = '\0';
	return str_n(dst, LABEL - 1);
}

static void
fill_text(struct challenge *c, const uint8_t salt[16], uint32_t t, uint32_t m)
{
	char s64[B64_LEN(16) + 1] = "";

	if (c->device) {
		(void)snprintf(c->text, sizeof(c->text),
			       "n1=%s n2=%s kdf=none%s", c->n1, c->n2,
			       c->proof ? " proof=1" : "");
		return;
	}
	b64_encode(salt, 16, s64);
	(void)snprintf(c->text, sizeof(c->text),
		       "n1=%s n2=%s kdf=argon2id s=%s t=%u m=%u p=1%s", c->n1,
		       c->n2, s64, t, m, c->proof ? " proof=1" : "");
}

/* Stand-ins that nobody can answer, the same for an account every time. */
static void
fill_fake(const struct secret_auth *a, struct str key, struct challenge *c)
{
	fake_octets(a->key, "stored", key, c->stored, sizeof(c->stored));
	fake_octets(a->key, "server", key, c->server, sizeof(c->server));
	memcpy(c->sealed, a->fake_sealed, sizeof(c->sealed));
	memcpy(c->label, "nobody", 7);
}

void
challenge_make(const struct secret_auth *a, struct str account_key,
	       const struct store_account *acc, const struct store_device *dev,
	       bool device, bool proof, uint64_t now, uint64_t life,
	       struct challenge *ret)
{
	uint8_t rnd[16], salt[16];
	uint32_t t = KDF_T, m = KDF_M;
	struct uuid n1;

	memset(ret, 0, sizeof(*ret));
	ret->proof = proof;
	ret->device = device;
	ret->expires = now + life;
	secret_random(rnd, sizeof(rnd));
	n1 = uuid_v4(rnd);
	uuid_format(&n1, ret->n1);
	(void)snprintf(ret->n2, sizeof(ret->n2), "%llu",
		       (unsigned long long)(now / 1000));
	/* Both are made every time: same work, known or not. */
	fill_fake(a, account_key, ret);
	fake_octets(a->key, "salt", account_key, salt, sizeof(salt));
	if (acc != NULL && acc->kdf_m != 0) {
		memcpy(salt, acc->salt, sizeof(salt));
		t = acc->kdf_t;
		m = acc->kdf_m;
	}
	ret->real = acc != NULL && !acc->disabled &&
		    (device ? dev != NULL : acc->kdf_m != 0);
	if (ret->real) {
		ret->account_id = acc->account_id;
		memcpy(ret->stored, device ? dev->stored : acc->stored, 32);
		memcpy(ret->server, device ? dev->server : acc->server, 32);
	}
	if (ret->real && !device && acc->has_sealed && !acc->proof_only) {
		ret->has_keys = true;
		memcpy(ret->sealed, acc->sealed, sizeof(ret->sealed));
		(void)label_of(acc->salt, ret->label);
	}
	fill_text(ret, salt, t, m);
}

/* The draft's own key. */
static int
check_v1_0(const struct secret_auth *a, const struct challenge *c,
	   struct str response)
{
	CLEANUP_KEY struct key_text h = { { 0 } };
	uint8_t got[20] = { 0 }, want[20], raw[32];
	bool ok;

	ok = hex_decode(response, got, sizeof(got)) == 0;
	ok &= unseal(a->key, str_c(c->label),
		     str_n(c->sealed, sizeof(c->sealed)), raw) == 0;
	hex_encode(raw, sizeof(raw), h.hex);
	secret_wipe(raw, sizeof(raw));
	proof_v1_0(&h, str_c(c->n1), str_c(c->n2), want);
	ok &= secret_eq(got, want, sizeof(want));
	return ok && c->real && c->has_keys && a->allow_1_0 ? 0 : ERR_AUTH;
}

static int
check_proof(const struct challenge *c, struct str account, struct str response,
	    struct str nonce, struct str binding, char ret_v[static 65])
{
	const struct proof_input in = {
		.account = account, .challenge = str_c(c->text),
		.nonce = nonce, .binding = binding,
	};
	struct proof_keys keys;
	uint8_t got[32] = { 0 }, v[32] = { 0 };
	bool ok;

	memcpy(keys.stored, c->stored, sizeof(keys.stored));
	memcpy(keys.server, c->server, sizeof(keys.server));
	ok = hex_decode(response, got, sizeof(got)) == 0;
	ok &= proof_check(&keys, &in, got, v) == 0;
	secret_wipe(&keys, sizeof(keys));
	if (!ok || !c->real)
		return ERR_AUTH;
	hex_encode(v, sizeof(v), ret_v);
	ret_v[64] = '\0';
	return 0;
}

int
challenge_check(const struct secret_auth *a, const struct challenge *c,
		struct str account, struct str response, struct str nonce,
		struct str binding, uint64_t now, char ret_v[static 65])
{
	int err;

	ret_v[0] = '\0';
	if (c->proof)
		err = check_proof(c, account, response, nonce, binding, ret_v);
	else
		err = check_v1_0(a, c, response);
	return now > c->expires ? ERR_AUTH : err;
}

int
secret_auth_cred(const struct server_key *key, const struct key_text *h,
		 const struct kdf_params *k, bool proof_only,
		 struct store_cred *ret)
{
	struct proof_keys keys;
	char label[LABEL];
	uint8_t raw[32];
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	memcpy(ret->salt, k->salt, sizeof(ret->salt));
	ret->kdf_t = k->t;
	ret->kdf_m = k->m;
	proof_keys_of(h, &keys);
	memcpy(ret->stored, keys.stored, sizeof(ret->stored));
	memcpy(ret->server, keys.server, sizeof(ret->server));
	secret_wipe(&keys, sizeof(keys));
	if (proof_only)
		return 0;
	if (hex_decode(str_n(h->hex, 64), raw, sizeof(raw)) < 0)
		return ERR_VALUE;
	err = seal(key, label_of(k->salt, label), str_n(raw, sizeof(raw)),
		   ret->sealed);
	secret_wipe(raw, sizeof(raw));
	ret->has_sealed = err == 0;
	return err;
}
