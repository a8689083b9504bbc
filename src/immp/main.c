/*
 * immp: a person's client for IMMP.  See immp(1).
 */
#include <stdio.h>
#include <string.h>

#include "immp/args.h"
#include "immp/term.h"
#include "immp/text.h"

/* --help and --version, anywhere; and the word help. */
static bool
answered(const struct app *a)
{
	if (a->version) {
		printf("immp %s\n", immp_version());
		return true;
	}
	if (a->help && a->cmd)
		args_help(app_commands, a->cmd, stdout);
	else if (a->help)
		args_overview(app_commands, stdout);
	return a->help;
}

static int
usage(const struct app *a, const char *why)
{
	if (!a->cmd)
		return app_error(APP_USAGE, "%s; see immp --help", why);
	return app_error(APP_USAGE, "%s; see immp %.*s --help", why,
			 (int)strcspn(a->cmd->pattern, " "), a->cmd->pattern);
}

int
main(int argc, char **argv)
{
	static struct app a;
	char why[512] = "";
	int rc;

	text_setup();
	rc = args_parse(app_commands, argc, argv, &a, why, sizeof(why));
	if (rc)
		return usage(&a, why);
	if (answered(&a))
		return term_flush() ? APP_DONE : APP_REFUSED;
	rc = a.cmd->run(&a);
	if (!term_flush() && rc == APP_DONE)
		rc = app_error(APP_REFUSED, "cannot write standard output");
	return rc;
}
