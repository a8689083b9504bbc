#include <strings.h>

#include "client/front.h"
#include "immp/shell.h"

static bool
begins(const char *word, struct str with)
{
	return strncasecmp(word, with.p ? with.p : "", with.n) == 0;
}

/* Is the word already among the lines of b? */
static bool
is_listed(const struct buf *b, const char *word)
{
	struct str rest = buf_str(b), line;

	while (rest.n && str_next(&rest, '\n', &line))
		if (str_eq(line, str_c(word)))
			return true;
	return false;
}

int
shell_complete(struct str line, struct buf *b, size_t *ret_from)
{
	ptrdiff_t semicolon = str_rchr(line, ';');
	struct str cmd = str_from(line, (size_t)(semicolon + 1)), last, first;
	struct front_command c;
	size_t i, from;
	int n = 0;

	/* The word at the end, and the one before it in this command. */
	for (from = line.n; from > 0 && line.p[from - 1] != ' ' &&
			    line.p[from - 1] != ';';)
		from--;
	last = str_from(line, from);
	first = str_trim(str_sub(cmd, 0, cmd.n - last.n));
	*ret_from = from;
	for (i = 0; front_command(i, &c); i++) {
		const char *word = NULL;

		if (c.later)
			continue;
		if (first.n == 0 && begins(c.verb, last))
			word = c.verb;
		else if (first.n && *c.sub && str_eqi(first, str_c(c.verb)) &&
			 begins(c.sub, last))
			word = c.sub;
		if (!word || is_listed(b, word))
			continue;
		if (buf_addf(b, "%s\n", word) < 0)
			return ERR_LIMIT;
		n++;
	}
	return n;
}
