/*
 * immpd_conf: the configuration of a server, immpd.conf(5), as values.
 *
 * The schema of that file, for the programs that read it: the daemon, and the
 * tool of its administrator.
 */
#ifndef CONF_IMMPD_CONF_H
#define CONF_IMMPD_CONF_H

#include "conf/conf.h"

/* What a program that knows more of mail can judge; NULL: takes all. */
struct immpd_conf_checks {
	conf_check_fn domain;
	conf_check_fn imid;
};

/* A certificate chain and its key, for the SNI `domain` (empty: default). */
struct immpd_pair {
	struct str domain;
	const char *certificate, *key;	/* "": none given */
};

enum immpd_minimum { IMMPD_TLS2, IMMPD_TLS3 };
enum immpd_log { IMMPD_LOG_ERROR, IMMPD_LOG_WARN, IMMPD_LOG_INFO,
		 IMMPD_LOG_DEBUG };

#define IMMPD_ROWS 16
#define IMMPD_SCHEMAS 2

/* All texts have a NUL behind their end. */
struct immpd_conf {
	struct conf *conf;
	struct str domain, postmaster;	/* postmaster: empty, none */
	const char *data, *control, *key;	/* paths, never empty */
	const struct str *listen, *listen_tls;
	size_t nlisten, nlisten_tls;
	bool listen_written;		/* no default */
	uint64_t workers;		/* 0: one a core */
	enum immpd_log log;
	struct immpd_pair *pairs;	/* the first is the default one */
	size_t npairs;
	enum immpd_minimum minimum;
	bool allow_1_0;
	struct limits limits;

	struct conf_row rows[IMMPD_ROWS];	/* with the checks */
	struct conf_schema schemas[IMMPD_SCHEMAS];
};

/*
 * Read the file.  Returns 0 and *ret, also when there are problems
 * (conf_problems(ret->conf)): its other members are then not to be used.
 * Or ERR_NOMEM.
 */
int immpd_conf_load(const char *path, const struct immpd_conf_checks *checks,
		    struct immpd_conf **ret) WARN_UNUSED;
/* Takes NULL. */
void immpd_conf_free(struct immpd_conf *c);

/* All keys there are, for those who document them. */
void immpd_conf_schemas(struct conf_schema ret[static IMMPD_SCHEMAS]);

#endif
