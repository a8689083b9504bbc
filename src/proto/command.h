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
 *
 * A switch is any unquoted word that begins with + or -.  Rows are compiled
 * once before main() runs; nothing here changes afterwards, any thread may
 * call everything.
 */
#ifndef PROTO_COMMAND_H
#define PROTO_COMMAND_H

#include "base/arena.h"
#include "base/buf.h"
#include "proto/block.h"
#include "proto/line.h"
#include "proto/status.h"

/* States in which a command may run (spec: States). */
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

enum bind_problem {
	BIND_OK,
	BIND_UNKNOWN_WORD,	/* no keyword of this command */
	BIND_DOUBLED,	/* keyword or switch twice, or +X with -X */
	BIND_MISSING,	/* a required word, or the value of a keyword */
	BIND_SWITCH	/* no switch of this command, or not with this sign */
};

struct bind_error {
	enum bind_problem problem;
	struct str word;	/* the offending word, if any */
	const char *key;	/* the keyword concerned, if known, else NULL */
};

/* The row of a command by its words (keywords of any case; AUTHENTICATE is
 * AUTH; MBOX may be left out); *ret_used words name it.  NULL: unknown. */
const struct command_def *command_find(const struct word *w, size_t n,
				       size_t *ret_used);
/* The row of an id, NULL for CMD_NONE and CMD_COUNT: walk between them. */
const struct command_def *command_by_id(enum command_id id);
/* Are these words, AS and id taken off, a DATA command? */
bool command_is_data(const struct word *w, size_t n);

/*
 * Bind the words w[0..n) behind the command's name to *ret (def is set by
 * this call); w must live as long as *ret.  def need not be a row of the
 * table.  Returns 0, ERR_NOMEM, ERR_VALUE with *reterr, or ERR_INTERNAL for
 * a def with a wrong grammar.
 * At ERR_VALUE *ret holds what could be bound, for command_data_block() only:
 * a missing value does not end the binding, and a word that is unknown or
 * doubled is told before one that is missing.
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

/*
 * What block follows a DATA line that command_bind() took or refused with *e
 * (NULL: took); max is the ceiling of LENGTH.  spec: DATA
 * Returns 0, or why nobody can tell where the block ends, so that the
 * connection must be closed: ERR_VALUE (406, an unknown or doubled word),
 * ERR_DATA (415, LENGTH bad, or missing without +BASE64), ERR_TOOLARGE (413).
 */
int command_data_block(const struct command *c, const struct bind_error *e,
		       uint64_t max, enum block_form *ret_form,
		       uint64_t *ret_n) WARN_UNUSED;

/* One line for HELP: the syntax as a user types it, made from the row. */
int command_syntax(const struct command_def *def, struct buf *out) WARN_UNUSED;

#endif
