/*
 * admin: the administrator's commands, wherever they run.
 *
 * The running server (behind its control socket) and immpctl (on a store that
 * no server has open) execute the code of this library, so that a command does
 * and says the same in both cases.  admin_commands.def is the only list of
 * commands: matching, --help, the manual page and the completion words are
 * made from it or checked against it.
 *
 * A command's words are matched by admin_match() and run by admin_run(), which
 * reaches the store through a struct admin_env.  No password comes this far:
 * whoever asks has made h of it (struct admin_secret).
 *
 * The answer is a JSON document: one object, or (ADMIN_LIST) an array whose
 * elements are given one by one, so that no list is ever whole in memory.
 * Notes and progress are lines for people and no part of it.
 *
 * One call uses its store_reader and its memory alone: threads with readers of
 * their own may run commands side by side.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "base/json.h"
#include "base/limits.h"
#include "crypt/crypt.h"
#include "store/store.h"

/* --- the commands --- */

enum admin_id {
	ADMIN_NONE,
#define IMMP_ADMIN(id, words, params, options, flags, help) ADMIN_CMD_##id,
#define IMMP_ADMIN_LOCAL IMMP_ADMIN
#include "admin/admin_commands.def"
#undef IMMP_ADMIN
#undef IMMP_ADMIN_LOCAL
};

enum admin_flag {
	ADMIN_LIST = 1,		/* its document is an array */
	ADMIN_PASSWORD = 2,	/* wants h of a password */
	ADMIN_DEVICE_KEY = 4,	/* wants a device's key */
	ADMIN_CONFIRM = 8,	/* is not undone: wants --yes */
	ADMIN_LOCAL = 16,	/* immpctl's own, not for admin_run() */
	ADMIN_LONG = 32,	/* may take minutes */
	ADMIN_MAKES = 64,	/* may be the first thing a store is told */
	ADMIN_NO_STORE = 128,	/* needs no reader */
	ADMIN_LOOKS = 256	/* changes nothing */
};

struct admin_row {
	enum admin_id id;
	const char *words;	/* "account add" */
	const char *params;	/* "IMID [yes|no]" */
	const char *options;	/* "--quota=SIZE --generate|--password-stdin" */
	unsigned flags;
	const char *help;	/* one line, without a full stop */
};

/* All rows in the order of the list. */
const struct admin_row *admin_rows(size_t *ret_n);
/* "account add IMID [--quota SIZE] [--generate|--password-stdin]".
 * Errors of buf. */
int admin_synopsis(const struct admin_row *row, struct buf *out) WARN_UNUSED;

/* Exit codes of immpctl. */
enum admin_exit {
	ADMIN_DONE = 0,
	ADMIN_REFUSED = 1,	/* refused, or not found */
	ADMIN_USAGE = 2,
	ADMIN_LATER = 75	/* try again */
};

/* Why a command did not do it: one line, without control characters. */
struct admin_fail {
	char why[480];
};
/* Set it; returns code, an admin_exit. */
int admin_fail(struct admin_fail *f, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The exit code that an error of ours stands for. */
int admin_exit_of(int err);

#define ADMIN_PARAMS 4
#define ADMIN_OPTIONS 8
#define ADMIN_WORDS 16

/* A command with what was said to it; slices of the words. */
struct admin_call {
	const struct admin_row *row;
	struct str param[ADMIN_PARAMS];
	size_t nparams;
	struct {
		const char *name;	/* "--scope", n octets */
		size_t n;
		struct str value;
	} option[ADMIN_OPTIONS];
	size_t noptions;
};

/* Match words against the list.  ADMIN_DONE, or ADMIN_USAGE and *reterr; then
 * ret->row is the command that was meant, NULL if none was. */
int admin_match(const struct str *words, size_t n, struct admin_call *ret,
		struct admin_fail *reterr) WARN_UNUSED;
/* The rows that begin with the first n of words (to list what is possible). */
bool admin_row_starts(const struct admin_row *row, const struct str *words,
		      size_t n);
/* Was the option given?  name with its dashes; ret_value may be NULL. */
bool admin_option(const struct admin_call *call, const char *name,
		  struct str *ret_value);

/* --- running one --- */

struct admin_secret {
	bool has_kdf;		/* h of a password, and how it was made */
	struct kdf_params kdf;
	bool has_key;
	struct key_text key;	/* h, or a device's key */
};

static inline void
admin_secret_cleanup(struct admin_secret *s)
{
	secret_wipe(s, sizeof(*s));
}
#define CLEANUP_ADMIN_SECRET __attribute__((cleanup(admin_secret_cleanup)))

/* What a command may reach.  Functions are called by the thread that runs the
 * command; those that may be NULL say so. */
struct admin_env {
	struct store_reader *reader;
	const struct limits *limits;
	const struct server_key *key;
	struct str domain;	/* the server's own name */
	struct str postmaster;	/* the key of its account; empty: none */
	uint64_t now;		/* Unix ms */
	/* Commit one job and wait for it: job->err, which it also returns. */
	int (*write)(void *ctx, struct store_job *job);
	/* End the running sessions of an account, or (device_key not empty)
	 * those of one of its devices.  NULL where no server runs. */
	void (*kick)(void *ctx, uint64_t account_id, struct str device_key);
	/* Add what only a running server knows to an open object of `status`.
	 * NULL where none runs. */
	void (*live)(void *ctx, struct json *j);
	void *ctx;
};

enum admin_kind {
	ADMIN_OBJECT,	/* the document, once */
	ADMIN_ITEM,	/* the next element of the document */
	ADMIN_NOTE,	/* a line for people: worth knowing */
	ADMIN_PROGRESS	/* a line for people: what is going on */
};

/* Where the answer goes.  text is JSON for the first two kinds, a line without
 * its end for the others.  An error ends the command. */
struct admin_out {
	int (*put)(void *ctx, enum admin_kind kind, struct str text);
	void *ctx;
};

/* Run a matched command.  secret may be NULL.  Returns an admin_exit, and
 * *reterr if that is not ADMIN_DONE. */
int admin_run(const struct admin_env *env, const struct admin_call *call,
	      const struct admin_secret *secret, const struct admin_out *out,
	      struct admin_fail *reterr) WARN_UNUSED;

/* Host the server's own domain if the store does not yet.  0 or an error. */
int admin_own_domain(const struct admin_env *env) WARN_UNUSED;

/* --- sizes as people write them --- */

/* 10, 10K, 10M, 10G, 10T.  0 or ERR_VALUE. */
int admin_size_parse(struct str s, uint64_t *ret) WARN_UNUSED;
/* "50M", "1.5G", "8192": at most 3 digits and a unit where that is exact
 * enough to be told apart. */
#define ADMIN_SIZE_TEXT 24
void admin_size_format(uint64_t octets, char dst[static ADMIN_SIZE_TEXT]);

#endif
