#include "conf/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf_priv.h"

#define CONF_ARENA (8u << 20)
#define CONF_SAY 512

/* --- problems --- */

static void
add_problem(struct conf *c, struct str line)
{
	struct str *v;
	size_t cap;

	if (c->nproblems == c->cap_problems) {
		cap = c->cap_problems ? 2 * c->cap_problems : 16;
		v = ARENA_ARRAY(&c->arena, struct str, cap);
		if (v == NULL) {
			c->no_mem = true;
			return;
		}
		if (c->nproblems > 0)
			memcpy(v, c->problems, c->nproblems * sizeof(*v));
		c->problems = v;
		c->cap_problems = cap;
	}
	if (line.p == NULL)
		c->no_mem = true;
	else
		c->problems[c->nproblems++] = line;
}

/* "[section arg] key: ", as much of it as there is. */
static struct str
place_text(struct conf *c, const struct conf_place *at)
{
	const char *blank = at->arg.n > 0 ? " " : "";

	if (at->section.n > 0 && at->key.n > 0)
		return arena_fmt(&c->arena, "[%.*s%s%.*s] %.*s: ",
				 STR_ARG(at->section), blank,
				 STR_ARG(at->arg), STR_ARG(at->key));
	if (at->section.n > 0)
		return arena_fmt(&c->arena, "[%.*s%s%.*s]: ",
				 STR_ARG(at->section), blank,
				 STR_ARG(at->arg));
	if (at->key.n > 0)
		return arena_fmt(&c->arena, "%.*s: ", STR_ARG(at->key));
	return STR("");
}

void
conf_note(struct conf *c, const struct conf_place *at, const char *fmt, ...)
{
	struct str place = place_text(c, at);
	char what[CONF_SAY];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap); /* cut is good enough */
	va_end(ap);
	if (at->line > 0)
		add_problem(c, arena_fmt(&c->arena, "%.*s:%u: %.*s%s",
					 STR_ARG(c->path), at->line,
					 STR_ARG(place), what));
	else
		add_problem(c, arena_fmt(&c->arena, "%.*s: %.*s%s",
					 STR_ARG(c->path), STR_ARG(place),
					 what));
}

const struct str *
conf_problems(const struct conf *c, size_t *ret_n)
{
	*ret_n = c->nproblems;
	return c->problems;
}

void
conf_problem_at(struct conf *c, const struct conf_value *v, const char *what)
{
	const struct conf_place at = {
		v->line, str_c(v->row->section), v->arg, str_c(v->row->key),
	};

	conf_note(c, &at, "%s", what);
}

void
conf_problem(struct conf *c, const char *what)
{
	conf_note(c, &(struct conf_place){ 0 }, "%s", what);
}

/* --- values --- */

const struct conf_row *
conf_row_at(const struct conf *c, size_t n)
{
	for (size_t i = 0; i < c->nschemas; i++) {
		if (n < c->schemas[i].n)
			return &c->schemas[i].rows[n];
		n -= c->schemas[i].n;
	}
	return NULL;
}

struct conf_value *
conf_find(const struct conf *c, const char *section, struct str arg,
	  const char *key)
{
	for (struct conf_node *n = c->values; n != NULL; n = n->next)
		if (strcmp(n->v.row->section, section) == 0 &&
		    strcmp(n->v.row->key, key) == 0 && str_eq(n->v.arg, arg))
			return &n->v;
	return NULL;
}

struct conf_value *
conf_add(struct conf *c, const struct conf_row *row, struct str arg)
{
	struct conf_node *n = ARENA_NEW(&c->arena, struct conf_node);

	if (n == NULL) {
		c->no_mem = true;
		return NULL;
	}
	n->v.row = row;
	n->v.arg = arg;
	*c->values_end = n;
	c->values_end = &n->next;
	return &n->v;
}

bool
conf_has_arg(const struct conf *c, struct str section, struct str arg)
{
	for (const struct conf_arg *a = c->args; a != NULL; a = a->next)
		if (str_eq(str_c(a->section), section) && str_eq(a->arg, arg))
			return true;
	return false;
}

const struct conf_value *
conf_get(const struct conf *c, const char *section, struct str arg,
	 const char *key)
{
	return conf_find(c, section, arg, key);
}

struct str
conf_text(const struct conf *c, const char *section, const char *key)
{
	const struct conf_value *v = conf_get(c, section, STR(""), key);

	return v != NULL ? v->text : STR("");
}

uint64_t
conf_num(const struct conf *c, const char *section, const char *key)
{
	const struct conf_value *v = conf_get(c, section, STR(""), key);

	return v != NULL ? v->num : 0;
}

struct str
conf_arg(const struct conf *c, const char *section, size_t i)
{
	for (const struct conf_arg *a = c->args; a != NULL; a = a->next)
		if (strcmp(a->section, section) == 0 && i-- == 0)
			return a->arg;
	return (struct str){ NULL, 0 };
}

struct str
conf_join(struct conf *c, const char *dir, const char *name)
{
	return arena_fmt(&c->arena, "%s/%s", dir, name);
}

/* --- loading --- */

static void
read_file(struct conf *c, const char *path, struct buf *b)
{
	const struct conf_place nowhere = { 0 };
	FILE *f = fopen(path, "re");
	size_t n;
	int rc;

	if (f == NULL) {
		conf_note(c, &nowhere, "cannot be opened: %s",
			  err_text(err_from_errno(errno)));
		return;
	}
	for (;;) {
		rc = buf_reserve(b, 4096);
		if (rc == ERR_NOMEM)
			c->no_mem = true;
		else if (rc < 0)
			conf_note(c, &nowhere, "is too large");
		if (rc < 0)
			break;
		n = fread(buf_tail(b), 1, 4096, f);
		if (n == 0)
			break;
		buf_grew(b, n);
	}
	if (ferror(f))
		conf_note(c, &nowhere, "cannot be read: %s",
			  err_text(err_from_errno(errno)));
	(void)fclose(f);	/* was only read */
}

/* The default of one row, in [section] or [section arg]. */
static void
fill(struct conf *c, const struct conf_row *row, struct str arg)
{
	const struct conf_place at = {
		0, str_c(row->section), arg, str_c(row->key),
	};
	struct conf_value *v;

	if (conf_find(c, row->section, arg, row->key) != NULL)
		return;
	if (row->flags & CONF_REQUIRED)
		conf_note(c, &at, "is missing");
	v = conf_add(c, row, arg);
	if (v != NULL)
		conf_value_default(c, v);
}

/* What the file does not say. */
static void
fill_defaults(struct conf *c)
{
	const struct conf_row *row;

	for (size_t i = 0; (row = conf_row_at(c, i)) != NULL; i++) {
		if (!(row->flags & CONF_ARG_ONLY))
			fill(c, row, STR(""));
		if (!(row->flags & (CONF_ARG | CONF_ARG_ONLY)))
			continue;
		for (struct conf_arg *a = c->args; a != NULL; a = a->next)
			if (strcmp(a->section, row->section) == 0)
				fill(c, row, a->arg);
	}
}

int
conf_load(const char *path, const struct conf_schema *schemas, size_t n,
	  struct conf **ret)
{
	struct conf *c = mem_zalloc(sizeof(*c));
	CLEANUP_BUF struct buf text = { 0 };

	buf_init(&text, CONF_FILE);
	if (c == NULL)
		return ERR_NOMEM;
	arena_init(&c->arena, CONF_ARENA, 4096);
	c->schemas = schemas;
	c->nschemas = n;
	c->values_end = &c->values;
	c->args_end = &c->args;
	c->path = arena_str(&c->arena, str_c(path));
	c->dir = str_sub(c->path, 0, (size_t)(str_rchr(c->path, '/') + 1));
	c->no_mem = c->path.p == NULL;
	read_file(c, path, &text);
	if (c->nproblems == 0)
		conf_lex(c, buf_str(&text));
	/* Of a file that is not there nothing is missing. */
	if (text.n > 0 || c->nproblems == 0)
		fill_defaults(c);
	if (c->no_mem) {
		conf_free(c);
		return ERR_NOMEM;
	}
	*ret = c;
	return 0;
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	arena_done(&c->arena);
	mem_free(c);
}

/* --- two files --- */

/* a may be NULL. */
static bool
same(const struct conf_value *a, const struct conf_value *b)
{
	if (a == NULL)
		return false;
	switch (a->row->type) {
	case CONF_STRING:
	case CONF_PATH:
	case CONF_ADDRS:
		return str_eq(a->text, b->text);
	default:
		return a->num == b->num;	/* 1024K is 1M */
	}
}

void
conf_diff(const struct conf *from, const struct conf *to, conf_diff_fn fn,
	  void *ctx)
{
	const struct conf_node *n;

	for (n = to->values; n != NULL; n = n->next)
		if (!same(conf_find(from, n->v.row->section, n->v.arg,
				    n->v.row->key), &n->v))
			fn(ctx, &n->v);
	for (n = from->values; n != NULL; n = n->next)
		if (conf_find(to, n->v.row->section, n->v.arg,
			      n->v.row->key) == NULL)
			fn(ctx, &n->v);
}
