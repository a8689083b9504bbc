#include "immpd/options.h"

#include <stdio.h>

#include "base/mem.h"

#define SAY 512

static const struct immpd_conf_checks checks = {
	.domain = server_check_domain,
	.imid = server_check_imid,
};

/* Print problems from the n-th on; returns how many there are. */
static size_t
print_problems(const struct conf *c, size_t from)
{
	const struct str *lines;
	size_t n;

	lines = conf_problems(c, &n);
	for (size_t i = from; i < n; i++)
		(void)fprintf(stderr, "%.*s\n", STR_ARG(lines[i]));
	return n;
}

static int
take_pairs(const struct immpd_conf *conf, struct options *o)
{
	o->pairs = mem_calloc(conf->npairs, sizeof(*o->pairs));
	if (o->pairs == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < conf->npairs; i++) {
		const struct immpd_pair *p = &conf->pairs[i];

		o->pairs[i].domain = p->domain.n > 0 ? p->domain.p : NULL;
		o->pairs[i].certificate = p->certificate;
		o->pairs[i].key = p->key;
	}
	o->server.pairs = o->pairs;
	o->server.npairs = conf->npairs;
	return 0;
}

static int
take_listen(const struct immpd_conf *conf, struct options *o)
{
	size_t n = conf->nlisten + conf->nlisten_tls;

	o->listen = mem_calloc(n, sizeof(*o->listen));
	if (o->listen == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		bool tls = i >= conf->nlisten;

		o->listen[i].addr = tls ? conf->listen_tls[i - conf->nlisten]
					: conf->listen[i];
		o->listen[i].tls = tls;
		o->listen[i].optional = !tls && !conf->listen_written;
	}
	o->server.listen = o->listen;
	o->server.nlisten = n;
	return 0;
}

int
options_load(const char *path, struct immpd_conf **ret_conf,
	     struct options *ret)
{
	struct immpd_conf *conf;
	int err = immpd_conf_load(path, &checks, &conf);

	if (err < 0) {
		(void)fprintf(stderr, "%s: %s\n", path, err_text(err));
		return err;
	}
	*ret_conf = conf;
	if (print_problems(conf->conf, 0) > 0)
		return ERR_VALUE;
	ret->server = (struct server_options){
		.limits = &conf->limits,
		.domain = conf->domain,
		.postmaster = conf->postmaster,
		.data = conf->data,
		.key = conf->key,
		.tls2 = conf->minimum == IMMPD_TLS2,
		.allow_1_0 = conf->allow_1_0,
		.workers = conf->workers,
	};
	err = take_pairs(conf, ret);
	return err < 0 ? err : take_listen(conf, ret);
}

void
options_done(struct options *o)
{
	mem_free(o->pairs);
	mem_free(o->listen);
}

int
options_check(struct immpd_conf *conf, const struct options *o)
{
	const struct conf_value *v;
	char why[SAY] = "", text[SAY + 32];
	size_t before;

	(void)conf_problems(conf->conf, &before);
	/* One after the other, so that each has its place in the file.  A pair
	 * of our own is made at the start. */
	for (size_t i = 0; i < o->server.npairs; i++) {
		struct server_pair one = o->server.pairs[i];

		v = conf_get(conf->conf, "tls", conf->pairs[i].domain,
			     "certificate");
		one.domain = NULL;
		if (one.certificate[0] == '\0' ||
		    server_check_pairs(&one, 1, why, sizeof(why)) == 0)
			continue;
		(void)snprintf(text, sizeof(text), "cannot be used: %s", why);
		conf_problem_at(conf->conf, v, text);
	}
	return print_problems(conf->conf, before) > before ? ERR_VALUE : 0;
}

enum log_level
options_log_level(const struct immpd_conf *conf)
{
	switch (conf->log) {
	case IMMPD_LOG_ERROR:
		return LOG_ERROR;
	case IMMPD_LOG_WARN:
		return LOG_WARN;
	case IMMPD_LOG_INFO:
		return LOG_INFO;
	case IMMPD_LOG_DEBUG:
		return LOG_DEBUG;
	}
	return LOG_INFO;
}
