/*
 * The lexer: inih, with a reader of ours in front of it.
 *
 * inih asks for one line after the other and calls back for every key.  It
 * cuts long names, sections and lines without a word, joins indented lines to
 * the value above, forgets what stands behind a section's bracket, tells only
 * of the first error, and says nothing of a section without keys.  So our
 * reader looks at every line first: it counts it, remembers the section it
 * opens, and gives an empty line in place of one that it refuses.  A line
 * that should have brought a key and did not is noticed when the next one is
 * asked for.
 */
#include <ini.h>

#include "base/utf8.h"
#include "conf/conf_priv.h"

struct lexer {
	struct conf *c;
	struct str rest;	/* of the file */
	unsigned line;
	struct str section, arg;	/* where we are; in the arena */
	bool skip;		/* the section was refused: its keys too */
	bool expect;		/* the line that is out has a key to bring */
};

static void
note(struct lexer *l, const char *what)
{
	const struct conf_place at = { .line = l->line };

	conf_note(l->c, &at, "%s", what);
}

static bool
is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

/* Why a line cannot be taken, or NULL. */
static const char *
line_problem(struct str line)
{
	if (line.n > CONF_LINE)
		return "the line is too long (198 octets)";
	if (!utf8_valid(line))
		return "the line is not UTF-8";
	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') ||
		    line.p[i] == 0x7f)
			return "the line holds a control character";
	if (line.n > 0 && is_blank(line.p[0]))
		return "the line begins with blanks (values cannot be "
		       "continued)";
	return NULL;
}

static bool
is_comment(struct str s)
{
	return s.n == 0 || s.p[0] == ';' || s.p[0] == '#';
}

/* Is there a row for keys of [section], or of [section arg]? */
static bool
known_section(const struct conf *c, struct str section, bool arg)
{
	const struct conf_row *row;

	for (size_t i = 0; (row = conf_row_at(c, i)) != NULL; i++)
		if (str_eq(str_c(row->section), section) &&
		    (arg ? row->flags & (CONF_ARG | CONF_ARG_ONLY)
			 : !(row->flags & CONF_ARG_ONLY)))
			return true;
	return false;
}

/* Remember an argument once, under the schema's name of its section. */
static void
keep_arg(struct lexer *l)
{
	struct conf *c = l->c;
	const struct conf_row *row;
	struct conf_arg *a;

	if (l->arg.n == 0 || conf_has_arg(c, l->section, l->arg))
		return;
	a = ARENA_NEW(&c->arena, struct conf_arg);
	if (a == NULL) {
		c->no_mem = true;
		return;
	}
	for (size_t i = 0; (row = conf_row_at(c, i)) != NULL; i++)
		if (str_eq(str_c(row->section), l->section))
			a->section = row->section;
	a->arg = l->arg;
	*c->args_end = a;
	c->args_end = &a->next;
}

/* line begins with a bracket. */
static void
open_section(struct lexer *l, struct str line)
{
	ptrdiff_t end = str_chr(line, ']', 0);
	struct conf_place at = { .line = l->line };
	struct str name, arg;

	l->skip = true;
	if (end < 0) {
		note(l, "the section has no ]");
		return;
	}
	if (!is_comment(str_trim(str_from(line, (size_t)end + 1)))) {
		note(l, "text behind the section's ]");
		return;
	}
	name = str_trim(str_sub(line, 1, (size_t)end - 1));
	(void)str_cut(name, ' ', &name, &arg);	/* without: arg is empty */
	l->section = at.section = arena_str(&l->c->arena, name);
	l->arg = at.arg = arena_str(&l->c->arena, str_trim(arg));
	if (l->section.p == NULL || l->arg.p == NULL) {
		l->c->no_mem = true;
		return;
	}
	if (known_section(l->c, l->section, l->arg.n > 0)) {
		l->skip = false;
		keep_arg(l);
	} else if (known_section(l->c, l->section, l->arg.n == 0)) {
		conf_note(l->c, &at, l->arg.n > 0 ?
			  "the section takes no argument" :
			  "the section needs an argument");
	} else {
		conf_note(l->c, &at, "unknown section");
	}
}

/* What inih is to see of the line; empty where we have dealt with it. */
static struct str
look_at(struct lexer *l, struct str line)
{
	const char *why;

	if (str_ends(line, STR("\r")))
		line.n--;
	if (l->line == 1 && str_starts(line, STR("\xef\xbb\xbf")))
		line = str_from(line, 3);
	if (str_trim(line).n == 0)
		return STR("");
	why = line_problem(line);
	if (why != NULL) {
		note(l, why);
		return STR("");
	}
	if (is_comment(line))
		return STR("");
	if (line.p[0] == '[') {
		open_section(l, line);
		return STR("");
	}
	l->expect = true;
	return line;
}

static void
settle(struct lexer *l)
{
	if (l->expect && !l->skip)
		note(l, "neither a section nor KEY = VALUE");
	l->expect = false;
}

/* For inih: the next line, ended by LF and NUL; NULL at the end. */
static char *
next_line(char *dst, int cap, void *stream)
{
	struct lexer *l = stream;
	struct str line;

	settle(l);
	if (l->rest.n == 0)
		return NULL;
	(void)str_cut(l->rest, '\n', &line, &l->rest); /* or all there is */
	l->line++;
	line = look_at(l, line);
	if (cap < 2 || line.n > (size_t)cap - 2)
		line.n = 0;	/* cannot be: cap is at least 200 */
	if (line.n > 0)
		memcpy(dst, line.p, line.n);
	dst[line.n] = '\n';
	dst[line.n + 1] = '\0';
	return dst;
}

static const struct conf_row *
find_row(const struct lexer *l, struct str key)
{
	const struct conf_row *row;
	unsigned not = l->arg.n > 0 ? 0 : CONF_ARG_ONLY;
	unsigned any = CONF_ARG | CONF_ARG_ONLY;

	for (size_t i = 0; (row = conf_row_at(l->c, i)) != NULL; i++)
		if (str_eq(str_c(row->section), l->section) &&
		    str_eq(str_c(row->key), key) && !(row->flags & not) &&
		    (l->arg.n == 0 || row->flags & any))
			return row;
	return NULL;
}

static void
take_key(struct lexer *l, struct str key, struct str text)
{
	struct conf_place at = { l->line, l->section, l->arg, key };
	const struct conf_row *row = find_row(l, key);
	struct conf_value *v;
	const char *why;

	if (l->section.n == 0) {
		conf_note(l->c, &at, "stands before the first section");
		return;
	}
	if (row == NULL) {
		conf_note(l->c, &at, "unknown key");
		return;
	}
	v = conf_find(l->c, row->section, l->arg, row->key);
	if (v != NULL) {
		conf_note(l->c, &at, "is given twice, first on line %u",
			  v->line);
		return;
	}
	v = conf_add(l->c, row, l->arg);
	if (v == NULL)
		return;
	v->line = l->line;
	why = conf_value_parse(l->c, v, text);
	if (why != NULL)
		conf_note(l->c, &at, "%s", why);
}

/* For inih, which has cut the line; the section it names may be shortened, so
 * ours counts. */
static int
on_key(void *user, const char *section, const char *key, const char *value)
{
	struct lexer *l = user;

	(void)section;
	if (key == NULL || value == NULL)
		return 1;
	l->expect = false;
	if (!l->skip)
		take_key(l, str_c(key), str_c(value));
	return 1;
}

void
conf_lex(struct conf *c, struct str text)
{
	struct lexer l = { .c = c, .rest = text };
	int rc = ini_parse_stream(next_line, &l, on_key, &l);

	/* Lines that inih refused have been noted by the reader. */
	if (rc == -2)
		c->no_mem = true;
}
