/*
 * immp-bench-people: a store with many accounts, made at once.
 *
 * usage: immp-bench-people FOLDER DOMAIN N
 *
 * Accounts u0@DOMAIN to u<N-1>@DOMAIN, all with the password of
 * $IMMP_BENCH_PASSWORD (and one salt: this is no store to be used).  No server
 * may be running on FOLDER.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "auth/secret_auth.h"
#include "base/clock.h"
#include "base/limits.h"
#include "store/sqlite/sqlite_store.h"

#define BATCH 200

static void
must(const char *what, int err)
{
	if (err < 0) {
		fprintf(stderr, "immp-bench-people: %s: %s\n", what,
			err_text(err));
		exit(1);
	}
}

static void
credentials(const char *folder, struct store_cred *ret)
{
	const struct kdf_params k = { { 1 }, KDF_T, KDF_M };
	const char *password = getenv("IMMP_BENCH_PASSWORD");
	struct server_key *key;
	struct key_text h;
	char path[4096];

	snprintf(path, sizeof(path), "%s/server.key", folder);
	must("key", server_key_load(path, true, &key));
	must("password", kdf_argon2id(str_c(password ? password : ""), &k, &h));
	must("credentials", secret_auth_cred(key, &h, &k, false, ret));
	server_key_free(key);
}

static void
make_batch(struct store *s, const struct store_cred *cred, struct str domain,
	   uint64_t from, size_t n)
{
	static struct store_account_add add[BATCH];
	static char names[BATCH][300];
	struct store_job *jobs[BATCH];

	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "u%llu@%.*s",
			 (unsigned long long)(from + i), STR_ARG(domain));
		add[i] = (struct store_account_add){
			.job = { .op = STORE_ACCOUNT_ADD }, .domain = domain,
			.name = str_c(names[i]), .key = str_c(names[i]),
			.has_cred = true, .cred = *cred,
			.at = clock_unix_ms(),
		};
		jobs[i] = &add[i].job;
	}
	must("accounts", store_write(s, jobs, n));
	for (size_t i = 0; i < n; i++)
		must(names[i], jobs[i]->err);
}

int
main(int argc, char **argv)
{
	struct sqlite_store_options o = { .create = true };
	struct store_domain_edit domain = {
		.job = { .op = STORE_DOMAIN_ADD }, .at = clock_unix_ms(),
	};
	struct store_job *job = &domain.job;
	struct store_cred cred;
	struct limits limits;
	char why[256];
	struct store *s;
	uint64_t n;

	if (argc != 4 || str_u64(str_c(argv[3]), 10000000, &n) < 0) {
		fprintf(stderr, "usage: immp-bench-people FOLDER DOMAIN N\n");
		return 2;
	}
	must("start", crypt_init());
	limits_init(&limits);
	o.limits = &limits;
	(void)mkdir(argv[1], 0700);	/* it may be there */
	must(argv[1], sqlite_store_open(argv[1], &o, &s, why, sizeof(why)));
	credentials(argv[1], &cred);
	domain.domain = str_c(argv[2]);
	must("domain", store_write(s, &job, 1));
	must("domain", job->err);
	for (uint64_t at = 0; at < n; at += BATCH)
		make_batch(s, &cred, domain.domain, at,
			   n - at < BATCH ? (size_t)(n - at) : BATCH);
	store_close(s);
	return 0;
}
