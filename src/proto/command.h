/*
 * command: words to a command with its parameters, by one table.
 *
 * commands.def has a row per command: what it is called, in which states it
 * may run, its parameters as a small grammar, which scope a device needs, its
 * flags and one line of help.  This module binds words to that row; it is
 * pure.  The session adds the handlers.
 *
 * The grammar of a row, items separated by blanks:
 *   name      a required positional word       [name]   an optional one
 *   name*     zero or more positional words    name+    one or more
 *   KEY=      an optional keyword with one value (any word)
 *   KEY=!     a required keyword with one value
 *   KEY=2*    a keyword with two values that may repeat
 *   KEY=+     an optional keyword with a list; KEY=+! a required one
 *   [KEY]:name   an optional positional that may also be given as KEY value
 *   +SW  -SW  +/-SW   a switch that may be given so
 *   +*        any +WORD or -WORD is a switch (MARK); they are in ->free
 * Positional words come first, then keywords and switches in any order.
 */
#ifndef PROTO_COMMAND_H
#define PROTO_COMMAND_H

#include "base/buf.h"
#include "proto/line.h"
#include "proto/status.h"

/* States in which a command may run (spec: Connection, states, grammar). */
enum command_state {
	CS_PLAIN = 1,	/* unencrypted */
	CS_OPEN = 2,	/* TLS, unauthenticated */
	CS_LOCAL = 4,	/* an account */
	CS_REMOTE = 8	/* a proved domain */
};

enum command_scope { SCOPE_NONE = 0, SCOPE_READ = 1, SCOPE_SEND = 2,
		     SCOPE_PUSH = 4, SCOPE_ALL = 7 };

enum command_flag {
	CF_NO_AS = 1,	/* takes no AS */
	CF_BARRIER = 2,	/* waits for all before it; all after waits for it */
	CF_ALONE = 4,	/* the only command of its line */
	CF_BLOCK = 8,	/* a block follows the line (DATA) */
	CF_LATER = 16,	/* known, brought by a later version: 405 */
	CF_NOW = 32,	/* taken at once, ahead of any queue (CANCEL) */
	CF_FRESH = 64	/* wants a password login in the last 5 minutes */
};

enum command_id {
	CMD_NONE = 0,
#define IMMP_COMMAND(id, verb, sub, states, scope, flags, grammar, help) \
	CMD_##id,
#include "proto/commands.def"
#undef IMMP_COMMAND
	CMD_COUNT
};

struct command_def {
	enum command_id id;
	const char *verb, *sub;	/* sub is "" for one-word commands */
	unsigned states;
	unsigned scope;
	unsigned flags;
	const char *grammar, *help;
};

#define COMMAND_PARAMS 24

struct command_param {
	const char *name;	/* as in the grammar, upper or lower case */
	const struct word *v;	/* n values; NULL if not given */
	size_t n;
};

struct command {
	const struct command_def *def;
	struct command_param param[COMMAND_PARAMS];
	size_t nparam;
	const char *on[COMMAND_PARAMS];	/* switches given as +X */
	const char *off[COMMAND_PARAMS];	/* and as -X */
	size_t non, noff;
	const struct word *free;	/* +* switches, sign included */
	size_t nfree;
};

enum bind_problem { BIND_OK, BIND_UNKNOWN_WORD, BIND_DOUBLED, BIND_MISSING,
		    BIND_SWITCH };

struct bind_error {
	enum bind_problem problem;
	struct str word;	/* the offending word, if any */
	const char *key;	/* the keyword concerned, if known, else NULL */
};

/* The row of a command by its words (keywords of any case; AUTHENTICATE is
 * AUTH; MBOX may be left out); *ret_used words name it.  NULL: unknown. */
const struct command_def *command_find(const struct word *w, size_t n,
				       size_t *ret_used);
const struct command_def *command_by_id(enum command_id id);

/*
 * Bind the words w[0..n) behind the command's name to *ret (def is set by
 * this call).  Returns 0, ERR_NOMEM, or ERR_VALUE with *reterr.
 */
int command_bind(struct arena *a, const struct command_def *def,
		 const struct word *w, size_t n, struct command *ret,
		 struct bind_error *reterr) WARN_UNUSED;

/* Values of a parameter; {NULL,0,..} result where it was not given. */
const struct command_param *command_param(const struct command *c,
					  const char *name);
/* First value, or an empty slice; *ret_given (may be NULL) tells. */
struct str command_value(const struct command *c, const char *name,
			 bool *ret_given);
/* +1 for +SW, -1 for -SW, 0 for neither. */
int command_switch(const struct command *c, const char *sw);

/* One line for HELP: the syntax as a user types it, made from the row. */
int command_syntax(const struct command_def *def, struct buf *out) WARN_UNUSED;

#endif
