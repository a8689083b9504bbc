/* conf_priv: what the files of this folder share. */
#ifndef CONF_CONF_PRIV_H
#define CONF_CONF_PRIV_H

#include "base/arena.h"
#include "conf/conf.h"

struct conf_node {
	struct conf_node *next;
	struct conf_value v;
};

struct conf_arg {
	struct conf_arg *next;
	const char *section;	/* of the schema */
	struct str arg;
};

struct conf {
	struct arena arena;
	const struct conf_schema *schemas;
	size_t nschemas;
	struct str path, dir;	/* dir: with its '/', or empty */
	struct conf_node *values, **values_end;
	struct conf_arg *args, **args_end;
	struct str *problems;
	size_t nproblems, cap_problems;
	bool no_mem;
};

/* A place in the file, for the words of a problem.  Empty parts are left out;
 * line 0: none. */
struct conf_place {
	unsigned line;
	struct str section, arg, key;
};

/* --- conf.c --- */
/* "FILE:LINE: [SECTION ARG] KEY: WHAT"; what is formatted. */
void conf_note(struct conf *c, const struct conf_place *at, const char *fmt,
	       ...) __attribute__((format(printf, 3, 4)));
/* The n-th row of all schemas, or NULL behind the last. */
const struct conf_row *conf_row_at(const struct conf *c, size_t n);
struct conf_value *conf_find(const struct conf *c, const char *section,
			     struct str arg, const char *key);
/* Keep a value; NULL without memory. */
struct conf_value *conf_add(struct conf *c, const struct conf_row *row,
			    struct str arg);
bool conf_has_arg(const struct conf *c, struct str section, struct str arg);

/* --- lexer.c --- */
/* Take the text of the file apart and fill in what it says. */
void conf_lex(struct conf *c, struct str text);

/* --- value.c --- */
/* Fill v from text.  Returns NULL, or why the text is no such value (in the
 * arena of c or constant). */
const char *conf_value_parse(struct conf *c, struct conf_value *v,
			     struct str text);
void conf_value_default(struct conf *c, struct conf_value *v);

#endif
