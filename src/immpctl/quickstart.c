/*
 * quickstart: from nothing to a server that can be started.
 *
 * Everything is made before the configuration, which comes last and whole: a
 * run that fails leaves no server behind that looks ready.  Nothing that is
 * there already is written over.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "immpctl/immpctl.h"
#include "tls/tls.h"

#define PORT 1025
#define PORT_TLS 1026
#define SYSTEM_DATA "/var/lib/immp"
#define SYSTEM_USER "immp"

struct plan {
	struct str domain, imid;
	bool listen_tls;
	const char *conf, *folder;	/* of the configuration */
	const char *data;		/* its path from here */
	const char *data_key;		/* as the configuration has it */
	const char *index, *tls, *certificate, *key, *server_key;
	char spki[65];
};

static int
no_memory(struct ctl *c)
{
	return ctl_fail(c, ADMIN_LATER, "%s", err_text(ERR_NOMEM));
}

static int
path_fail(struct ctl *c, const char *path, int err)
{
	return ctl_fail(c, ADMIN_REFUSED, "%s: %s", path, err_text(err));
}

/* --- the plan --- */

static int
plan_names(struct ctl *c, struct plan *p)
{
	struct str domain = c->call.param[0];
	struct imid i;
	int err = imid_domain(&c->arena, domain, &p->domain);

	if (err == ERR_NOMEM)
		return no_memory(c);
	if (err < 0)
		return ctl_fail(c, ADMIN_USAGE, "'%.*s' is no domain",
				STR_ARG(domain));
	if (c->call.nparams > 1)
		p->imid = c->call.param[1];
	else
		p->imid = arena_fmt(&c->arena, "admin@%.*s",
				    STR_ARG(p->domain));
	if (!p->imid.p)
		return no_memory(c);
	err = imid_parse_address(&c->arena, p->imid, &i);
	if (err < 0 || i.folder.n > 0 || !str_eq(i.domain, p->domain))
		return ctl_fail(c, ADMIN_USAGE, "'%.*s' is no address of an "
				"account at %.*s", STR_ARG(p->imid),
				STR_ARG(p->domain));
	p->imid = imid_text(&c->arena, &i);
	return p->imid.p ? ADMIN_DONE : no_memory(c);
}

static int
plan_paths(struct ctl *c, struct plan *p)
{
	struct arena *a = &c->arena;
	struct str conf = str_c(c->conf_path);
	ptrdiff_t slash = str_rchr(conf, '/');

	p->conf = c->conf_path;
	p->folder = slash < 0 ? "." : arena_str(a, str_sub(conf, 0,
			slash > 0 ? (size_t)slash : 1)).p;
	if (!p->folder)
		return no_memory(c);
	p->data_key = "data";
	p->data = arena_fmt(a, "%s/data", p->folder).p;
	if (str_starts(conf, STR("/etc/"))) {
		p->data = p->data_key = SYSTEM_DATA;
	}
	p->index = arena_fmt(a, "%s/index.db", p->data).p;
	p->tls = arena_fmt(a, "%s/tls", p->data).p;
	p->certificate = arena_fmt(a, "%s/tls/certificate.pem", p->data).p;
	p->key = arena_fmt(a, "%s/tls/key.pem", p->data).p;
	p->server_key = arena_fmt(a, "%s/server.key", p->data).p;
	return p->data && p->index && p->tls && p->certificate && p->key &&
	       p->server_key ? ADMIN_DONE : no_memory(c);
}

/* --- making --- */

/* A folder and those above it. */
static int
make_folders(struct ctl *c, const char *path, mode_t mode)
{
	struct str s = str_c(path);

	for (size_t i = 1; i <= s.n; i++) {
		struct str part = arena_str(&c->arena, str_sub(s, 0, i));

		if (i < s.n && s.p[i] != '/')
			continue;
		if (!part.p)
			return no_memory(c);
		if (mkdir(part.p, i < s.n ? 0755 : mode) < 0 &&
		    errno != EEXIST)
			return path_fail(c, part.p, err_from_errno(errno));
	}
	return ADMIN_DONE;
}

/* Where the system service has an account the data is that account's, and what
 * lies in it is made as that account. */
static int
give_to_service(struct ctl *c, const struct plan *p)
{
	const struct passwd *pw;

	if (geteuid() != 0 || strcmp(p->data, SYSTEM_DATA) != 0)
		return ADMIN_DONE;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	pw = getpwnam(SYSTEM_USER);
	if (pw && chown(p->data, pw->pw_uid, pw->pw_gid) < 0)
		return path_fail(c, p->data, err_from_errno(errno));
	return ADMIN_DONE;
}

static int
make_places(struct ctl *c, const struct plan *p)
{
	struct stat st;
	int rc;

	if (lstat(p->conf, &st) == 0)
		return path_fail(c, p->conf, ERR_EXISTS);
	if (lstat(p->index, &st) == 0)
		return path_fail(c, p->index, ERR_EXISTS);
	rc = make_folders(c, p->folder, 0755);
	if (rc != ADMIN_DONE)
		return rc;
	if (access(p->folder, W_OK) < 0)
		return path_fail(c, p->folder, err_from_errno(errno));
	rc = make_folders(c, p->data, 0700);
	if (rc == ADMIN_DONE)
		rc = give_to_service(c, p);
	return rc;
}

static int
make_pair(struct ctl *c, struct plan *p)
{
	struct str domain = arena_str(&c->arena, p->domain);
	int err;

	if (!domain.p)
		return no_memory(c);
	if (mkdir(p->tls, 0700) < 0 && errno != EEXIST)
		return path_fail(c, p->tls, err_from_errno(errno));
	err = tls_make_pair(domain.p, p->certificate, p->key);
	if (err == 0)
		err = tls_file_fingerprint(p->certificate, p->spki);
	return err < 0 ? path_fail(c, p->certificate, err) : ADMIN_DONE;
}

static int
drop(void *ctx, enum admin_kind kind, struct str text)
{
	return 0;
}

/* The account, through the command that would make it later. */
static int
make_account(struct ctl *c, const struct plan *p)
{
	const struct admin_out out = { drop, NULL };
	struct admin_call call = c->call;
	struct limits limits;
	struct offline_place place = {
		.data = p->data,
		.key = p->server_key,
		.domain = p->domain,
		.limits = &limits,
	};
	const struct str words[] = { STR("account"), STR("add"), p->imid };
	bool locked;
	int rc = admin_match(words, 3, &c->call, &c->fail);

	limits_init(&limits);
	if (rc == ADMIN_DONE)
		rc = offline_run_at(c, &place, &out, &locked);
	c->call = call;
	return rc;
}

/* All that lies in the data folder, made as its owner. */
static int
make_data(struct ctl *c, struct plan *p)
{
	struct stat st;
	bool switched = false;
	int rc;

	if (geteuid() == 0 && stat(p->data, &st) == 0 && st.st_uid != 0) {
		if (setegid(st.st_gid) < 0 || seteuid(st.st_uid) < 0)
			return path_fail(c, p->data, err_from_errno(errno));
		switched = true;
	}
	rc = make_pair(c, p);
	if (rc == ADMIN_DONE)
		rc = make_account(c, p);
	if (switched && (seteuid(0) < 0 || setegid(0) < 0))
		return path_fail(c, p->data, err_from_errno(errno));
	return rc;
}

static int
make_conf(struct ctl *c, const struct plan *p)
{
	CLEANUP_BUF struct buf b = { 0 };
	int err;

	buf_init(&b, 8192);
	err = buf_addf(&b, "; Configuration of immpd(8); the keys are "
		       "explained in immpd.conf(5).\n\n"
		       "[server]\ndomain = %.*s\n"
		       "data = %s\n"
		       "listen = 0.0.0.0:%d, [::]:%d\n",
		       STR_ARG(p->domain), p->data_key, PORT, PORT);
	if (err == 0 && p->listen_tls)
		err = buf_addf(&b, "listen_tls = 0.0.0.0:%d, [::]:%d\n",
			       PORT_TLS, PORT_TLS);
	if (err == 0)
		err = buf_addf(&b, "postmaster = %.*s\n", STR_ARG(p->imid));
	if (err == 0)
		err = file_create(p->conf, 0644, buf_str(&b));
	return err < 0 ? path_fail(c, p->conf, err) : ADMIN_DONE;
}

/* --- telling --- */

static int
add_record(struct json *j, struct ctl *c, const struct plan *p,
	   const char *label, const char *type, struct str value)
{
	struct str name = arena_fmt(&c->arena, "%s%.*s.", label,
				    STR_ARG(p->domain));

	if (!name.p || !value.p)
		return no_memory(c);
	json_object_begin(j);
	json_kv_str(j, "name", name);
	json_key(j, "type");
	json_cstr(j, type);
	json_kv_str(j, "value", value);
	json_object_end(j);
	return ADMIN_DONE;
}

/* SRV and TLSA of one port. */
static int
add_port(struct json *j, struct ctl *c, const struct plan *p, const char *srv,
	 int port)
{
	struct arena *a = &c->arena;
	struct str tlsa = arena_fmt(a, "_%d._tcp.", port);
	int rc;

	if (!tlsa.p)
		return no_memory(c);
	rc = add_record(j, c, p, srv, "SRV",
			arena_fmt(a, "0 0 %d %.*s.", port,
				  STR_ARG(p->domain)));
	if (rc == ADMIN_DONE)
		rc = add_record(j, c, p, tlsa.p, "TLSA",
				arena_fmt(a, "3 1 1 %s", p->spki));
	return rc;
}

static int
tell(struct ctl *c, const struct plan *p)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct str start = arena_fmt(&c->arena, "immpd -c %s", p->conf);
	struct admin_out out = render_out(c->render);
	struct json j;
	int err, rc;

	buf_init(&b, 65536);
	if (!start.p)
		return no_memory(c);
	json_init(&j, &b);
	json_object_begin(&j);
	json_kv_str(&j, "configuration", str_c(p->conf));
	json_kv_str(&j, "data", str_c(p->data));
	json_kv_str(&j, "domain", p->domain);
	json_kv_str(&j, "account", p->imid);
	json_kv_str(&j, "fingerprint", str_c(p->spki));
	json_kv_str(&j, "start", start);
	json_key(&j, "records");
	json_array_begin(&j);
	rc = add_port(&j, c, p, "_immp._tcp.", PORT);
	if (rc == ADMIN_DONE && p->listen_tls)
		rc = add_port(&j, c, p, "_immps._tcp.", PORT_TLS);
	if (rc == ADMIN_DONE)
		rc = add_record(&j, c, p, "", "A",
				STR("the IPv4 address of this machine"));
	if (rc == ADMIN_DONE)
		rc = add_record(&j, c, p, "", "AAAA",
				STR("its IPv6 address, if it has one"));
	json_array_end(&j);
	json_object_end(&j);
	if (rc != ADMIN_DONE)
		return rc;
	err = json_err(&j);
	if (err == 0)
		err = out.put(out.ctx, ADMIN_OBJECT, buf_str(&b));
	return err < 0 ? ctl_fail(c, admin_exit_of(err), "%s", err_text(err)) :
			 ADMIN_DONE;
}

int
quickstart(struct ctl *c)
{
	struct plan p = {
		.listen_tls = admin_option(&c->call, "--listen-tls", NULL),
	};
	bool given = admin_option(&c->call, "--password-stdin", NULL);
	int rc = plan_names(c, &p);

	if (rc == ADMIN_DONE)
		rc = plan_paths(c, &p);
	if (rc == ADMIN_DONE)
		rc = ask_password(c, given ? ASK_STDIN : ASK_MAKE);
	if (rc == ADMIN_DONE)
		rc = make_places(c, &p);
	if (rc == ADMIN_DONE)
		rc = make_data(c, &p);
	if (rc == ADMIN_DONE)
		rc = make_conf(c, &p);
	if (rc == ADMIN_DONE)
		rc = tell(c, &p);
	return rc;
}
