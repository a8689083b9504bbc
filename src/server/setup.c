/* What all sessions of a server share, made from its options. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server/server_priv.h"

/* Keys that a throttle remembers, and how fast it forgets. */
#define THROTTLE_KEYS 65536
#define FAILURES_HALF (10 * 60 * 1000)
#define UNKNOWN_HALF (60 * 60 * 1000)

static int
fail(int err, const char *what, char *reterr, size_t cap)
{
	(void)snprintf(reterr, cap, "%s: %s", what, err_text(err));
	return err;
}

/* --- names --- */

const char *
server_check_domain(struct str v)
{
	struct arena a;
	struct str d;
	int err;

	arena_init(&a, 1 << 16, 0);
	err = imid_domain(&a, v, &d);
	arena_done(&a);
	return err == 0 ? NULL : "is no domain name";
}

const char *
server_check_imid(struct str v)
{
	struct arena a;
	struct imid i;
	int err;

	arena_init(&a, 1 << 16, 0);
	err = imid_parse_address(&a, v, &i);
	arena_done(&a);
	return err == 0 && i.folder.n == 0 ? NULL : "is no account's address";
}

static int
take_names(struct server *s, const struct server_options *o)
{
	struct imid i;
	int err = imid_domain(&s->arena, o->domain, &s->env.domain);

	if (err < 0 || o->postmaster.n == 0)
		return err;
	err = imid_parse_address(&s->arena, o->postmaster, &i);
	if (err < 0)
		return err;
	s->env.postmaster = imid_key(&s->arena, &i);
	return s->env.postmaster.p != NULL ? 0 : ERR_NOMEM;
}

/* --- certificates --- */

/* Path of name in the folder for pairs of our own. */
static int
own_path(const char *data, const char *name, char *dst, size_t cap)
{
	int n = snprintf(dst, cap, "%s/tls/%s", data, name);

	return n > 0 && (size_t)n < cap ? 0 : ERR_LIMIT;
}

/* A self-signed pair in place of none. */
static int
make_own(const char *data, struct str domain, char *certificate, char *key,
	 size_t cap)
{
	char name[256];
	int err;

	if (own_path(data, "", certificate, cap) < 0 ||
	    str_copy(domain, name, sizeof(name)) < 0)
		return ERR_LIMIT;
	if (mkdir(certificate, 0700) < 0 && errno != EEXIST)
		return err_from_errno(errno);
	err = own_path(data, "certificate.pem", certificate, cap);
	if (err == 0)
		err = own_path(data, "key.pem", key, cap);
	return err == 0 ? tls_make_pair(name, certificate, key) : err;
}

int
setup_tls(const char *data, struct str domain, const struct server_pair *pairs,
	  size_t n, bool tls2, struct tls_ctx **ret, char *reterr, size_t cap)
{
	struct tls_pair *p = mem_calloc(n, sizeof(*p));
	char certificate[4096], key[4096];
	int err = 0;

	if (p == NULL)
		return fail(ERR_NOMEM, "certificates", reterr, cap);
	for (size_t i = 0; i < n; i++) {
		p[i].domain = pairs[i].domain;
		p[i].certificate = pairs[i].certificate;
		p[i].key = pairs[i].key;
		if (p[i].certificate[0] != '\0' || data == NULL)
			continue;
		err = make_own(data, domain, certificate, key,
			       sizeof(certificate));
		if (err < 0) {
			(void)fail(err, "self-signed certificate", reterr, cap);
			break;
		}
		p[i].certificate = certificate;
		p[i].key = key;
	}
	if (err == 0)
		err = tls_ctx_server(p, n, tls2 ? TLS_1_2 : TLS_1_3, ret,
				     reterr, cap);
	mem_free(p);
	return err;
}

int
server_check_pairs(const struct server_pair *pairs, size_t n, char *reterr,
		   size_t cap)
{
	struct tls_ctx *c;
	int err = setup_tls(NULL, STR(""), pairs, n, true, &c, reterr, cap);

	if (err == 0)
		tls_ctx_unref(c);
	return err;
}

/* --- the store --- */

/* The server's own domain is hosted. */
static int
host_domain(struct server *s)
{
	struct store_domain_edit add = {
		.job = { .op = STORE_DOMAIN_ADD },
		.domain = s->env.domain,
		.at = clock_unix_ms(),
	};
	struct store_job *job = &add.job;
	struct store_reader *r;
	uint64_t id;
	int err = store_reader_new(s->store, &r);

	if (err < 0)
		return err;
	err = store_domain_find(r, s->env.domain, &id);
	store_reader_free(r);
	if (err != ERR_NOTFOUND)
		return err;
	err = store_write(s->store, &job, 1);
	return err < 0 ? err : job->err;
}

/* --- all of it --- */

static int
make_shared(struct server *s)
{
	int err = throttle_new(THROTTLE_KEYS, FAILURES_HALF, &s->env.failures);

	if (err == 0)
		err = throttle_new(THROTTLE_KEYS, UNKNOWN_HALF,
				   &s->env.unknown);
	if (err == 0)
		err = reserve_new(&s->env.reserve);
	return err;
}

int
setup_env(struct server *s, const struct server_options *o, char *reterr,
	  size_t cap)
{
	struct session_env *e = &s->env;
	int err = crypt_init();

	if (err < 0)
		return fail(err, "cryptography", reterr, cap);
	e->limits = o->limits;
	e->store = o->store;
	e->tls2 = o->tls2;
	e->methods = o->tls2 ? STR("TLS2 TLS3") : STR("TLS3");
	e->inline_octets = &s->inline_octets;
	err = take_names(s, o);
	if (err < 0)
		return fail(err, "domain or postmaster", reterr, cap);
	err = server_key_load(o->key, true, &s->key);
	if (err < 0)
		return fail(err, o->key, reterr, cap);
	e->key = s->key;
	err = secret_auth_init(&e->auth, s->key, o->allow_1_0);
	if (err == 0)
		err = make_shared(s);
	if (err < 0)
		return fail(err, "start", reterr, cap);
	err = host_domain(s);
	if (err < 0)
		return fail(err, "adding the domain", reterr, cap);
	return setup_tls(o->data, e->domain, o->pairs, o->npairs, o->tls2,
			 &s->tls, reterr, cap);
}

void
setup_done(struct server *s)
{
	tls_ctx_unref(s->tls);
	reserve_free(s->env.reserve);
	throttle_free(s->env.unknown);
	throttle_free(s->env.failures);
	server_key_free(s->key);
	secret_wipe(&s->env.auth, sizeof(s->env.auth));
	arena_done(&s->arena);
}
