#include <stdio.h>

#include "immpctl/immpctl.h"

static void
print_synopsis(const struct admin_row *row, const char *before)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, 1024);
	if (admin_synopsis(row, &b) == 0)
		(void)printf("%s%.*s\n", before, STR_ARG(buf_str(&b)));
}

void
help_all(void)
{
	size_t n;
	const struct admin_row *rows = admin_rows(&n);

	(void)printf("usage: immpctl [-c FILE] [--json] COMMAND ...\n\n"
		     "  -c FILE    the configuration of immpd (%s)\n"
		     "  --json     answer in JSON\n"
		     "  --help     this, or with a command all about it\n"
		     "  --version  what this is\n\n"
		     "commands:\n", CTL_CONF);
	for (size_t i = 0; i < n; i++)
		print_synopsis(&rows[i], "  ");
	(void)printf("\nExit: 0 done, 1 refused or not found, 2 wrong usage, "
		     "75 try again.\nMore: immpctl COMMAND --help; "
		     "immpctl(8).\n");
}

static void
print_options(const struct admin_row *row)
{
	if (row->flags & ADMIN_PASSWORD)
		(void)printf("  --password-stdin  read the password, a line, "
			     "from standard input\n"
			     "  --generate        make one, and print it "
			     "once\n"
			     "  Without either it is asked for.\n");
	else if (row->id == ADMIN_CMD_QUICKSTART)
		(void)printf("  --password-stdin  read the password, a line, "
			     "from standard input; without it\n"
			     "                    one is made and printed "
			     "once\n"
			     "  --listen-tls      also listen where TLS is "
			     "spoken from the first octet (1026)\n");
	if (row->flags & ADMIN_CONFIRM)
		(void)printf("  --yes  do not ask\n");
}

bool
help_for(const struct str *words, size_t n)
{
	size_t nrows, found = 0;
	const struct admin_row *rows = admin_rows(&nrows);

	for (size_t i = 0; i < nrows; i++) {
		struct str w = str_c(rows[i].words);
		size_t k = 1;

		/* Only as many of the words as the row has. */
		for (size_t at = 0; at < w.n; at++)
			k += w.p[at] == ' ';
		if (!admin_row_starts(&rows[i], words, n < k ? n : k))
			continue;
		if (found++ > 0)
			(void)printf("\n");
		print_synopsis(&rows[i], "immpctl ");
		(void)printf("  %s.\n", rows[i].help);
		print_options(&rows[i]);
	}
	return found > 0;
}
