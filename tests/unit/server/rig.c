#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/secret_auth.h"
#include "base/clock.h"
#include "lib/test.h"
#include "store/mem/mem_store.h"

static const struct server_listen listen_all[] = {
	{ { "127.0.0.1:0", 11 }, false, false },
	{ { "127.0.0.1:0", 11 }, true, false },
	{ { "192.0.2.1:0", 11 }, false, true },	/* nobody has it */
};
static const struct server_pair own_pair = { NULL, "", "" };

void
rig_init(struct rig *r)
{
	static char key[64];

	*r = (struct rig){ .dir = "/tmp/immp-server-XXXXXX" };
	assert_non_null(mkdtemp(r->dir));
	(void)snprintf(key, sizeof(key), "%s/server.key", r->dir);
	limits_init(&r->limits);
	r->o = (struct server_options){
		.limits = &r->limits,
		.domain = STR("a.test"),
		.data = r->dir,
		.key = key,
		.pairs = &own_pair,
		.npairs = 1,
		.tls2 = true,
		.allow_1_0 = true,
		.workers = 2,
		.listen = listen_all,
		.nlisten = 3,
		.drain = 3000,
	};
}

void
rig_start(struct rig *r)
{
	char why[512], skipped[80];

	if (r->store == NULL)
		assert_rc(mem_store_open(&r->limits, &r->store), 0);
	r->o.store = r->store;
	if (server_start(&r->o, &r->s, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	assert_true(server_bound(r->s, 0, r->addr));
	assert_true(server_bound(r->s, 1, r->addr_tls));
	assert_false(server_bound(r->s, 2, skipped));
}

void
rig_account(struct rig *r, const char *name, uint64_t *ret_id)
{
	struct store_account_add add = {
		.job = { .op = STORE_ACCOUNT_ADD },
		.name = str_c(name), .key = str_c(name),
		.domain = STR("a.test"), .at = clock_unix_ms(),
	};
	struct store_account_edit set = {
		.job = { .op = STORE_ACCOUNT_SET },
		.fields = STORE_SET_CRED, .at = clock_unix_ms(),
	};
	const struct kdf_params k = { { 1 }, KDF_T, KDF_M };
	struct key_text h;

	memcpy(h.hex, RIG_H, sizeof(h.hex));
	assert_rc(server_admin_write(r->s, &add.job), 0);
	set.account_id = add.account_id;
	assert_rc(secret_auth_cred(server_admin_key(r->s), &h, &k, false,
				   &set.cred), 0);
	assert_rc(server_admin_write(r->s, &set.job), 0);
	if (ret_id != NULL)
		*ret_id = add.account_id;
}

void
rig_device(struct rig *r, uint64_t account_id, const char *name)
{
	struct store_device_edit add = {
		.job = { .op = STORE_DEVICE_ADD }, .account_id = account_id,
		.name = str_c(name), .key = str_c(name), .scopes = 7,
		.at = clock_unix_ms(),
	};
	struct proof_keys keys;
	struct key_text h;

	memcpy(h.hex, RIG_H, sizeof(h.hex));
	proof_keys_of(&h, &keys);
	memcpy(add.stored, keys.stored, sizeof(add.stored));
	memcpy(add.server, keys.server, sizeof(add.server));
	assert_rc(server_admin_write(r->s, &add.job), 0);
}

void
rig_done(struct rig *r)
{
	static const char *const files[] = {
		"tls/certificate.pem", "tls/key.pem", "tls", "server.key", "",
	};
	char path[128];

	if (r->s != NULL) {
		server_stop(r->s);
		assert_rc(server_wait(r->s), 0);
	}
	store_close(r->store);
	for (size_t i = 0; i < TEST_COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", r->dir, files[i]);
		(void)remove(path);
	}
}
