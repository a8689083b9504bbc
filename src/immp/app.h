/*
 * app: what every sub-command is given, and how it ends.
 *
 * A sub-command returns an exit code.  It says why it failed in one line on
 * standard error, with app_fail() (an error of the library) or app_error().
 */
#ifndef IMMP_APP_H
#define IMMP_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "immp/immp.h"

enum app_exit {
	APP_DONE = 0,
	APP_REFUSED = 1,	/* refused, or not found */
	APP_USAGE = 2,		/* wrong usage */
	APP_LATER = 75		/* try again */
};

struct app;

/* One option of a sub-command; a list of them ends with name NULL. */
struct opt {
	char key;		/* -k, or 0 */
	const char *name;	/* --name */
	const char *arg;	/* name of its value, NULL: takes none */
	const char *help;
};

enum cmd_flag {
	CMD_SWITCHES = 1,	/* words like +read -flagged are arguments */
	CMD_HIDDEN = 2		/* not in the overview: another row of the same
				 * command */
};

/*
 * One row of the table of commands.  pattern is words: lower case stands for
 * itself; UPPER is an argument, [UPPER] an optional one, UPPER... one or more.
 */
struct cmd {
	const char *pattern;
	const char *help;	/* one line */
	const struct opt *opts;	/* may be NULL */
	int (*run)(struct app *a);
	unsigned flags;
};

#define APP_WORDS 1024
#define APP_GIVEN 256

struct app {
	const struct cmd *cmd;
	const char *account;	/* -a, or NULL: the only one */
	bool json;
	bool help, version;
	/* the arguments that stand for UPPER words, in order */
	const char *word[APP_WORDS];
	size_t nwords;
	struct app_given {
		const struct opt *opt;
		const char *value;
	} given[APP_GIVEN];
	size_t ngiven;
};

/* Is --name given?  Its (last) value, or NULL. */
bool app_has(const struct app *a, const char *name);
const char *app_value(const struct app *a, const char *name);
/* Walk all values of --name: start with *at 0; NULL at the end. */
const char *app_next(const struct app *a, const char *name, size_t *at);

/* One line "immp: ..." on standard error, cleaned; returns the exit code. */
int app_error(enum app_exit code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* What the last of them said, without "immp: "; "" if there was none. */
const char *app_said(void);
/* The same for an error of the library, with the connection's message. */
int app_fail(const struct immp *c, int error);
/* The exit code that stands for an error of the library. */
enum app_exit app_exit_of(int error);

/* The table, ended by pattern NULL (commands.c). */
extern const struct cmd app_commands[];

#endif
