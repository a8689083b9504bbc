/*
 * command_priv: the grammar of a row, compiled.  Inside src/proto only.
 */
#ifndef PROTO_COMMAND_PRIV_H
#define PROTO_COMMAND_PRIV_H

#include "proto/command.h"

enum item_kind {
	ITEM_ONE,	/* name */
	ITEM_OPT,	/* [name], [KEY]:name */
	ITEM_ANY,	/* name* */
	ITEM_MANY,	/* name+ */
	ITEM_VALUE,	/* KEY= */
	ITEM_PAIRS,	/* KEY=2* */
	ITEM_LIST,	/* KEY=+ */
	ITEM_SWITCH	/* +SW, -SW, +/-SW */
};

struct command_item {
	enum item_kind kind;
	const char *name;	/* of the parameter or switch */
	const char *key;	/* the keyword; NULL: has none */
	size_t nkey;
	bool required, plus, minus;
};

struct command_grammar {
	/* Positional items first, npos of them, then the others. */
	struct command_item item[COMMAND_PARAMS];
	size_t n, npos;
	bool free;	/* +*: any switch */
	char names[192];
	size_t nnames;
};

/* Compile; names in *ret point into it, so it stays where it is.
 * Returns 0, or ERR_INTERNAL for a text that is no grammar. */
int command_grammar_parse(const char *text, struct command_grammar *ret)
	WARN_UNUSED;
/* The compiled grammar of a row of the table; NULL for any other def. */
const struct command_grammar *
command_grammar_of(const struct command_def *def);

/* Is w the word for a keyword or switch of this name (any ASCII case)? */
bool command_names(struct str w, const char *name, size_t n);

#endif
