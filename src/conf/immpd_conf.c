#include "conf/immpd_conf.h"

#include "base/mem.h"

static const char *const store_words[] = { "sqlite", NULL };
/* In the order of enum immpd_minimum and enum immpd_log. */
static const char *const minimum_words[] = { "TLS2", "TLS3", NULL };
static const char *const log_words[] = { "error", "warn", "info", "debug",
					 NULL };

static const struct conf_row server_rows[] = {
	{ .section = "server", .key = "domain", .type = CONF_STRING,
	  .flags = CONF_REQUIRED,
	  .doc = "the server's own name, told in the greeting" },
	{ .section = "server", .key = "data", .type = CONF_PATH,
	  .def = "/var/lib/immp",
	  .doc = "folder of index, body log, large bodies, keys and control "
		 "socket" },
	{ .section = "server", .key = "listen", .type = CONF_ADDRS,
	  .def = "127.0.0.1:1025, [::1]:1025",
	  .doc = "where sessions begin in the clear and upgrade" },
	{ .section = "server", .key = "listen_tls", .type = CONF_ADDRS,
	  .doc = "where TLS is spoken from the first octet; empty is off" },
	{ .section = "server", .key = "control", .type = CONF_PATH,
	  .doc = "the control socket; default control.sock in data" },
	{ .section = "server", .key = "postmaster", .type = CONF_STRING,
	  .doc = "IMID that gets the mail of postmaster@ of all hosted "
		 "domains" },
	{ .section = "server", .key = "key", .type = CONF_PATH,
	  .doc = "the server key, mode 0600; default server.key in data" },
	{ .section = "server", .key = "workers", .type = CONF_COUNT,
	  .max = 256,
	  .doc = "loop threads; 0 is one for each core" },
	{ .section = "server", .key = "store", .type = CONF_ENUM,
	  .def = "sqlite", .words = store_words,
	  .doc = "where mail is kept" },
	{ .section = "server", .key = "log", .type = CONF_ENUM,
	  .flags = CONF_RELOAD, .def = "info", .words = log_words,
	  .doc = "the least important events that are logged" },
	{ .section = "tls", .key = "certificate", .type = CONF_PATH,
	  .flags = CONF_RELOAD | CONF_ARG,
	  .doc = "certificate chain in PEM; with an empty key: self-signed, "
		 "made in the folder tls of data" },
	{ .section = "tls", .key = "key", .type = CONF_PATH,
	  .flags = CONF_RELOAD | CONF_ARG,
	  .doc = "private key in PEM" },
	{ .section = "tls", .key = "minimum", .type = CONF_ENUM,
	  .def = "TLS2", .words = minimum_words,
	  .doc = "the oldest offered version: TLS2 (TLS 1.2) or TLS3 (TLS "
		 "1.3)" },
	{ .section = "auth", .key = "allow_1_0", .type = CONF_BOOL,
	  .def = "yes",
	  .doc = "whether the login key of IMMP/1.0 (SHA-1) is taken beside "
		 "the proof" },
};

#define NROWS (sizeof(server_rows) / sizeof(server_rows[0]))
_Static_assert(NROWS <= IMMPD_ROWS, "raise IMMPD_ROWS");

void
immpd_conf_schemas(struct conf_schema ret[static IMMPD_SCHEMAS])
{
	ret[0] = (struct conf_schema){ server_rows, NROWS };
	ret[1] = conf_limits_schema();
}

/* The schema with the checks of this program. */
static void
make_schema(struct immpd_conf *c, const struct immpd_conf_checks *checks)
{
	memcpy(c->rows, server_rows, sizeof(server_rows));
	for (size_t i = 0; i < NROWS; i++) {
		if (strcmp(c->rows[i].key, "domain") == 0)
			c->rows[i].check = checks->domain;
		else if (strcmp(c->rows[i].key, "postmaster") == 0)
			c->rows[i].check = checks->imid;
	}
	immpd_conf_schemas(c->schemas);
	c->schemas[0].rows = c->rows;
}

/* What no key alone can have wrong. */
static void
cross_check(struct immpd_conf *c, const struct immpd_conf_checks *checks)
{
	const struct conf_value *cert, *key, *soft;
	const char *why;
	struct str arg = STR("");

	for (size_t i = 0; arg.p != NULL; arg = conf_arg(c->conf, "tls", i++)) {
		cert = conf_get(c->conf, "tls", arg, "certificate");
		key = conf_get(c->conf, "tls", arg, "key");
		if (cert->text.n == 0 && (key->text.n > 0 || arg.n > 0))
			conf_problem_at(c->conf, cert, "is missing");
		if (key->text.n == 0 && (cert->text.n > 0 || arg.n > 0))
			conf_problem_at(c->conf, key, "is missing");
		why = arg.n > 0 && checks->domain != NULL ?
			checks->domain(arg) : NULL;
		if (why != NULL)
			conf_problem_at(c->conf, cert, why);
	}
	if (c->data[0] == '\0')
		conf_problem(c->conf, "[server] data: may not be empty");
	if (c->nlisten + c->nlisten_tls == 0)
		conf_problem(c->conf, "[server]: listen and listen_tls are "
				      "both empty");
	soft = conf_get(c->conf, "limits", STR(""), "wal_soft");
	if (c->limits.wal_soft > c->limits.wal_hard)
		conf_problem_at(c->conf, soft, "is more than wal_hard");
}

static void
take_addrs(const struct conf *c, const char *key, const struct str **ret,
	   size_t *ret_n)
{
	const struct conf_value *v = conf_get(c, "server", STR(""), key);

	*ret = v->list;
	*ret_n = v->nlist;
}

/* A path of [server], or name in the data folder. */
static int
take_path(struct immpd_conf *c, const char *key, const char *name,
	  const char **ret)
{
	struct str path = conf_text(c->conf, "server", key);

	if (path.n == 0)
		path = conf_join(c->conf, c->data, name);
	*ret = path.p;
	return path.p != NULL ? 0 : ERR_NOMEM;
}

static int
take_pairs(struct immpd_conf *c)
{
	struct str arg = STR("");
	size_t n = 1;

	while (conf_arg(c->conf, "tls", n - 1).p != NULL)
		n++;
	c->pairs = mem_calloc(n, sizeof(*c->pairs));
	if (c->pairs == NULL)
		return ERR_NOMEM;
	c->npairs = n;
	for (size_t i = 0; i < n; arg = conf_arg(c->conf, "tls", i++))
		c->pairs[i] = (struct immpd_pair){
			arg,
			conf_get(c->conf, "tls", arg, "certificate")->text.p,
			conf_get(c->conf, "tls", arg, "key")->text.p,
		};
	return 0;
}

static int
take_values(struct immpd_conf *c)
{
	const struct conf *f = c->conf;

	c->domain = conf_text(f, "server", "domain");
	c->postmaster = conf_text(f, "server", "postmaster");
	c->data = conf_text(f, "server", "data").p;
	take_addrs(f, "listen", &c->listen, &c->nlisten);
	take_addrs(f, "listen_tls", &c->listen_tls, &c->nlisten_tls);
	c->listen_written = conf_get(f, "server", STR(""), "listen")->line > 0;
	c->workers = conf_num(f, "server", "workers");
	c->log = (enum immpd_log)conf_num(f, "server", "log");
	c->minimum = (enum immpd_minimum)conf_num(f, "tls", "minimum");
	c->allow_1_0 = conf_num(f, "auth", "allow_1_0") != 0;
	conf_limits_get(f, &c->limits);
	if (take_path(c, "control", "control.sock", &c->control) < 0 ||
	    take_path(c, "key", "server.key", &c->key) < 0)
		return ERR_NOMEM;
	return take_pairs(c);
}

int
immpd_conf_load(const char *path, const struct immpd_conf_checks *checks,
		struct immpd_conf **ret)
{
	static const struct immpd_conf_checks none;
	struct immpd_conf *c = mem_zalloc(sizeof(*c));
	size_t problems;

	if (c == NULL)
		return ERR_NOMEM;
	if (checks == NULL)
		checks = &none;
	make_schema(c, checks);
	if (conf_load(path, c->schemas, IMMPD_SCHEMAS, &c->conf) < 0)
		goto fail;
	(void)conf_problems(c->conf, &problems);
	if (problems == 0) {
		if (take_values(c) < 0)
			goto fail;
		cross_check(c, checks);
	}
	*ret = c;
	return 0;
fail:
	immpd_conf_free(c);
	return ERR_NOMEM;
}

void
immpd_conf_free(struct immpd_conf *c)
{
	if (c == NULL)
		return;
	conf_free(c->conf);
	mem_free(c->pairs);
	mem_free(c);
}
