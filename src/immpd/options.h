/* options: from the configuration to the options of a server. */
#ifndef IMMPD_OPTIONS_H
#define IMMPD_OPTIONS_H

#include "base/log.h"
#include "conf/immpd_conf.h"
#include "server/server.h"

struct options {
	struct server_options server;	/* all but the store */
	struct server_pair *pairs;
	struct server_listen *listen;
};

/* Read the file and print all its problems.  Returns 0, ERR_VALUE for
 * problems, ERR_NOMEM.  *ret_conf and *ret are to be freed in any case; *ret
 * lives on *ret_conf. */
int options_load(const char *path, struct immpd_conf **ret_conf,
		 struct options *ret) WARN_UNUSED;
void options_done(struct options *o);
/* Look at what the file names, and print what is wrong.  0 or ERR_VALUE. */
int options_check(struct immpd_conf *conf, const struct options *o) WARN_UNUSED;
enum log_level options_log_level(const struct immpd_conf *conf);

#endif
