/*
 * args: an argument vector to a row of the table of commands.  Pure but for
 * what it prints as help.
 */
#ifndef IMMP_ARGS_H
#define IMMP_ARGS_H

#include <stdio.h>

#include "immp/app.h"

/* Options that may stand before the command and, where the command has none of
 * the same name, behind it. */
extern const struct opt args_global[];

/*
 * Parse argv[1..argc) into a; finds the row in table.  0, or APP_USAGE with one
 * line in err: then a->cmd may be a row of the command that was meant.  With
 * --help or --version given the rest may be missing.
 */
int args_parse(const struct cmd *table, int argc, char **argv, struct app *a,
	       char *err, size_t cap);
/* The overview of all commands; the help of one. */
void args_overview(const struct cmd *table, FILE *f);
void args_help(const struct cmd *table, const struct cmd *c, FILE *f);
/* A row by the first word of its pattern, or NULL. */
const struct cmd *args_find(const struct cmd *table, const char *name);

#endif
