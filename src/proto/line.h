/*
 * line: octets to words (spec: Line).
 *
 * Pure: bytes in, slices out.  line_find() takes one line off a buffer;
 * line_parse() splits it into commands of words.  No keyword is known here
 * but AS (a line is commands, each with the pipeline it belongs to).
 * A line either parses as a whole or is one ERR_SYNTAX.
 */
#ifndef PROTO_LINE_H
#define PROTO_LINE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct word {
	struct str text;	/* unescaped, without the quotes */
	bool quoted;	/* began with a quote: never keyword or switch */
	/* name="quoted value": text is name=value without quotes, and the
	 * value begins at text.p + eq + 1.  -1 where there is no such form
	 * (any unquoted word name=value has it too, with valid name). */
	int eq;
};

struct line_cmd {
	struct str pipeline;	/* empty: the unnamed one */
	const struct word *words;
	size_t n;		/* at least 1 */
};

struct line {
	const struct line_cmd *cmds;
	size_t n;		/* 0: an empty line, ignored */
};

struct line_error {
	size_t at;		/* octet of the line where it went wrong */
	const char *why;	/* a phrase for the 400 */
	struct str pipeline;	/* of the first AS, where that can be read */
};

struct line_limits {
	size_t octets, words, commands;
};

/*
 * Find the end of the line at the start of in.
 * Returns the octets to consume, line end included, and sets *ret_line to the
 * content without LF or CRLF; ERR_MORE; ERR_TOOLONG as soon as more than max
 * octets have come without an end.  `from` is where to go on searching: start
 * with 0, it is updated on ERR_MORE, so that a slow line costs its length once.
 */
ptrdiff_t line_find(struct str in, size_t max, size_t *from,
		    struct str *ret_line);

/*
 * Split a line.  All memory is the arena's; slices point into it or into text.
 * Returns 0, ERR_NOMEM, or ERR_SYNTAX with *reterr filled.
 */
int line_parse(struct arena *a, struct str text, const struct line_limits *lim,
	       struct line *ret, struct line_error *reterr) WARN_UNUSED;

/* True if the octets DATA in any case stand anywhere in the line: a block may
 * follow, and whoever cannot parse the line must close (spec: DATA). */
bool line_mentions_data(struct str text);

#endif
