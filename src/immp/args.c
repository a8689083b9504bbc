#include "immp/args.h"

#include <string.h>

const struct opt args_global[] = {
	{ 'a', "account", "ACCOUNT", "which account to use" },
	{ 0, "json", NULL, "answer in JSON" },
	{ 'h', "help", NULL, "show help and end" },
	{ 0, "version", NULL, "show the version and end" },
	{ 0, NULL, NULL, NULL },
};

/* --- patterns --- */

/* The next word of a pattern; false at its end. */
static bool
next_word(const char **at, struct str *ret)
{
	const char *s = *at + strspn(*at, " ");
	size_t n = strcspn(s, " ");

	*at = s + n;
	*ret = str_n(s, n);
	return n > 0;
}

static bool
is_literal(struct str w)
{
	return w.p[0] >= 'a' && w.p[0] <= 'z';
}

static bool
begins_with(const struct cmd *c, const char *name)
{
	struct str w;
	const char *at = c->pattern;

	return next_word(&at, &w) && str_eq(w, str_c(name));
}

const struct cmd *
args_find(const struct cmd *table, const char *name)
{
	for (; table->pattern; table++)
		if (begins_with(table, name))
			return table;
	return NULL;
}

/* Do words fit a pattern?  ret_words, nret: those that are arguments. */
static bool
fits(const struct cmd *c, const char *const *words, size_t n, struct app *a)
{
	const char *at = c->pattern;
	struct str w;
	size_t i = 0;

	a->nwords = 0;
	while (next_word(&at, &w)) {
		if (is_literal(w)) {
			if (i == n || !str_eq(w, str_c(words[i])))
				return false;
			i++;
			continue;
		}
		if (i == n && w.p[0] != '[')
			return false;
		do {
			if (i < n)
				a->word[a->nwords++] = words[i++];
		} while (str_ends(w, STR("...")) && i < n);
	}
	return i == n;
}

/* --- options --- */

static const struct opt *
find_long(const struct opt *list, struct str name)
{
	for (; list && list->name; list++)
		if (str_eq(name, str_c(list->name)))
			return list;
	return NULL;
}

static const struct opt *
find_short(const struct opt *list, char key)
{
	for (; list && list->name; list++)
		if (list->key == key)
			return list;
	return NULL;
}

static int
usage(char *err, size_t cap, const char *what, const char *which)
{
	snprintf(err, cap, "%s%s", what, which);
	return APP_USAGE;
}

static int
give(struct app *a, const struct opt *o, const char *value, char *err,
     size_t cap)
{
	if (a->ngiven == APP_GIVEN)
		return usage(err, cap, "too many options", "");
	a->given[a->ngiven++] = (struct app_given){ o, value };
	if (o == &args_global[0])
		a->account = value;
	a->json |= o == &args_global[1];
	a->help |= o == &args_global[2];
	a->version |= o == &args_global[3];
	return 0;
}

struct scan {
	int argc, at;
	char **argv;
	const struct cmd *cmd;	/* row with the first word, once there is one */
	const char *words[APP_WORDS];
	size_t nwords;
	char *err;
	size_t cap;
};

static int
scan_long(struct scan *s, struct app *a, const char *arg)
{
	struct str name, value;
	bool has = str_cut(str_c(arg + 2), '=', &name, &value);
	const struct opt *o = s->cmd ? find_long(s->cmd->opts, name) : NULL;

	if (!o)
		o = find_long(args_global, name);
	if (!o)
		return usage(s->err, s->cap, "unknown option ", arg);
	if (!o->arg && has)
		return usage(s->err, s->cap, "no value may follow --", o->name);
	if (!o->arg)
		return give(a, o, NULL, s->err, s->cap);
	if (has)
		return give(a, o, value.p, s->err, s->cap);
	if (s->at == s->argc)
		return usage(s->err, s->cap, "a value is missing behind --",
			     o->name);
	return give(a, o, s->argv[s->at++], s->err, s->cap);
}

static int
scan_short(struct scan *s, struct app *a, const char *arg)
{
	for (const char *k = arg + 1; *k; k++) {
		const struct opt *o = s->cmd ? find_short(s->cmd->opts, *k)
					     : NULL;
		const char *value = NULL;
		int rc;

		if (!o)
			o = find_short(args_global, *k);
		if (!o)
			return usage(s->err, s->cap, "unknown option ", arg);
		if (o->arg) {
			if (k[1])
				value = k + 1;
			else if (s->at < s->argc)
				value = s->argv[s->at++];
			else
				return usage(s->err, s->cap,
					     "a value is missing behind ", arg);
		}
		rc = give(a, o, value, s->err, s->cap);
		if (rc || value)
			return rc;
	}
	return 0;
}

static int
scan_word(struct scan *s, const struct cmd *table, const char *arg)
{
	if (s->nwords == 0) {
		s->cmd = args_find(table, arg);
		if (!s->cmd)
			return usage(s->err, s->cap, "unknown command ", arg);
	}
	if (s->nwords == APP_WORDS)
		return usage(s->err, s->cap, "too many arguments", "");
	s->words[s->nwords++] = arg;
	return 0;
}

static int
scan_all(struct scan *s, const struct cmd *table, struct app *a)
{
	bool only_words = false;
	int rc = 0;

	while (rc == 0 && s->at < s->argc) {
		const char *arg = s->argv[s->at++];
		bool switches = s->cmd && s->cmd->flags & CMD_SWITCHES;

		if (only_words || arg[0] != '-' || arg[1] == '\0' ||
		    (switches && arg[1] != '-'))
			rc = scan_word(s, table, arg);
		else if (strcmp(arg, "--") == 0)
			only_words = true;
		else if (arg[1] == '-')
			rc = scan_long(s, a, arg);
		else
			rc = scan_short(s, a, arg);
	}
	return rc;
}

int
args_parse(const struct cmd *table, int argc, char **argv, struct app *a,
	   char *err, size_t cap)
{
	struct scan s = { .argc = argc, .at = 1, .argv = argv, .err = err,
			  .cap = cap };
	int rc;

	*a = (struct app){ 0 };
	rc = scan_all(&s, table, a);
	a->cmd = s.cmd;
	if (rc || a->help || a->version)
		return rc;
	if (!s.cmd)
		return usage(err, cap, "a command is missing", "");
	for (const struct cmd *c = table; c->pattern; c++)
		if (begins_with(c, s.words[0]) &&
		    fits(c, s.words, s.nwords, a)) {
			a->cmd = c;
			return 0;
		}
	return usage(err, cap, "wrong arguments for ", s.words[0]);
}

/* --- help --- */

static void
help_options(const struct opt *o, FILE *f)
{
	for (; o && o->name; o++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", o->name,
			 o->arg ? " " : "", o->arg ? o->arg : "");
		if (o->key)
			fprintf(f, "  -%c, %-24s %s\n", o->key, left, o->help);
		else
			fprintf(f, "      %-24s %s\n", left, o->help);
	}
}

void
args_overview(const struct cmd *table, FILE *f)
{
	fputs("usage: immp [-a ACCOUNT] [--json] COMMAND ...\n\n", f);
	for (; table->pattern; table++)
		if (!(table->flags & CMD_HIDDEN))
			fprintf(f, "  %-24s %s\n", table->pattern,
				table->help);
	fputs("\nOptions of all commands:\n", f);
	help_options(args_global, f);
	fputs("\n\"immp COMMAND --help\" explains a command, immp(1) all.\n",
	      f);
}

void
args_help(const struct cmd *table, const struct cmd *c, FILE *f)
{
	size_t n = strcspn(c->pattern, " ");
	const char *lead = "usage: ";

	for (; table->pattern; table++) {
		if (strncmp(table->pattern, c->pattern, n) != 0 ||
		    (table->pattern[n] != ' ' && table->pattern[n] != '\0'))
			continue;
		fprintf(f, "%simmp [-a ACCOUNT] [--json] %s%s\n", lead,
			table->pattern, table->opts ? " [OPTION]..." : "");
		fprintf(f, "           %s\n", table->help);
		lead = "       ";
	}
	if (c->opts) {
		fputs("\nOptions:\n", f);
		help_options(c->opts, f);
	}
}
