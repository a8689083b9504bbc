/*
 * immpctl: what the files of the administrator's tool share.
 *
 * main.c takes the words apart; ask.c gets passwords; online.c runs a command
 * in the server, offline.c on the store; render.c shows the answer.
 * One thread.  Every function that may fail returns an admin_exit and says why
 * in ctl->fail.
 */
#ifndef IMMPCTL_IMMPCTL_H
#define IMMPCTL_IMMPCTL_H

#include "admin/admin.h"
#include "admin/admin_wire.h"
#include "conf/immpd_conf.h"

#define CTL_CONF "/etc/immp/immpd.conf"

struct render;

struct ctl {
	const char *conf_path;
	bool json;
	struct str words[ADMIN_WORDS];	/* of the command */
	size_t nwords;
	struct admin_call call;
	struct admin_secret secret;
	/* Told once: the password or the device's key that we made. */
	char made[68];
	struct immpd_conf *conf;
	struct arena arena;		/* dies with the process */
	struct render *render;
	struct admin_fail fail;
};

#define ctl_fail(c, code, ...) admin_fail(&(c)->fail, (code), __VA_ARGS__)

/* --- help.c --- */
void help_all(void);
/* The commands that begin with these words; false if there are none. */
bool help_for(const struct str *words, size_t n);

/* --- ask.c --- */
/* Put the secrets that the command wants to c->secret, and c->made. */
int ask_secret(struct ctl *c) WARN_UNUSED;
/* h of a password: from standard input, a prompt, or one that is made. */
enum ask_from { ASK_STDIN, ASK_PROMPT, ASK_MAKE };
int ask_password(struct ctl *c, enum ask_from from) WARN_UNUSED;
/* Want `name` typed, unless --yes was said; then say it. */
int ask_confirm(struct ctl *c, struct str name) WARN_UNUSED;

/* --- online.c --- */
/* Run it in the server.  *ret_ran false: no server is there. */
int online_run(struct ctl *c, bool *ret_ran) WARN_UNUSED;

/* --- offline.c --- */
/* *ret_locked: somebody else has the store, nothing was done. */
int offline_run(struct ctl *c, bool *ret_locked) WARN_UNUSED;
int offline_rebuild(struct ctl *c) WARN_UNUSED;
/* Run a command on a store in folder data that is made if it is missing. */
struct offline_place {
	const char *data, *key;
	struct str domain, postmaster;
	const struct limits *limits;
};
int offline_run_at(struct ctl *c, const struct offline_place *p,
		   const struct admin_out *out, bool *ret_locked) WARN_UNUSED;
/* Work as who owns the folder, so that the server can read what we make. */
int offline_become_owner(struct ctl *c, const char *folder) WARN_UNUSED;

/* --- quickstart.c --- */
int quickstart(struct ctl *c) WARN_UNUSED;

/* --- render.c --- */
/* Shows the answer on standard output; notes go to standard error. */
struct render *render_new(const struct admin_row *row, bool json);
void render_free(struct render *r);
/* A member to add to the document: NUL-terminated, must live on. */
void render_extra(struct render *r, const char *key, const char *value);
struct admin_out render_out(struct render *r);
/* The answer has ended.  0, or an error of writing. */
int render_end(struct render *r, int code) WARN_UNUSED;

#endif
