/*
 * reply: writing reply lines, and reading them (spec: Reply).
 *
 * One writer enforces what a reply may hold: words are quoted where they must
 * be, peer text is cut at LIMIT_TEXT octets at a character's end and loses
 * control and bidi characters (what is not UTF-8 becomes U+FFFD), no line is
 * longer than LIMIT_REPLY with its end.  A blank stands between two items.
 * Use: reply_begin, any number of reply_*, reply_end.  Errors stick to the
 * buffer's ceiling: reply_end returns the first one and then takes the whole
 * line back.
 */
#ifndef PROTO_REPLY_H
#define PROTO_REPLY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/uuid.h"
#include "proto/status.h"

struct reply {
	struct buf *out;
	size_t start;
	int err;
	bool blank;	/* a blank is due before the next item */
};

/* `id: code- ` or `id: code `; the default text is not added. */
void reply_begin(struct reply *r, struct buf *out, struct str pipeline,
		 enum status st, bool dash);
/* Server's own text, as it is. */
void reply_lit(struct reply *r, const char *text);
void reply_fmt(struct reply *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* One word of the peer's: cleaned, cut; quoted if empty or with a blank,
 * quote, or semicolon. */
void reply_word(struct reply *r, struct str w);
/* An IMID or a path: a word that is cleaned and quoted likewise but never
 * cut, since half a name is another name. */
void reply_name(struct reply *r, struct str w);
/* name=value, the value cleaned, cut and quoted as a word. */
void reply_field(struct reply *r, const char *name, struct str value);
/* name=value for an IMID or a path: never cut. */
void reply_field_name(struct reply *r, const char *name, struct str value);
void reply_field_u64(struct reply *r, const char *name, uint64_t v);
/* Peer text that ends the line: cleaned, cut, not quoted. */
void reply_text(struct reply *r, struct str text);
/* A row of JSON, copied as it is; must hold no line break. */
void reply_json(struct reply *r, struct str json);
void reply_uuid(struct reply *r, const struct uuid *u);
/* Ends the line with LF.  0, ERR_NOMEM, ERR_LIMIT, or ERR_INTERNAL where an
 * item held a line break. */
int reply_end(struct reply *r) WARN_UNUSED;

/* A whole line with its default text. */
int reply_status(struct buf *out, struct str pipeline, enum status st)
	WARN_UNUSED;

/* --- reading, for clients --- */

struct reply_line {
	struct str pipeline;	/* empty: none */
	int code;
	bool dash;
	struct str text;
	/* A counted block of this many octets follows at once; has_block
	 * only for 250-/251-/252- lines with length=N that are no JSON row. */
	bool has_block;
	uint64_t block, offset, total;
};

/* Parse one line without its end; slices of it are returned.  The text may
 * be empty, or missing with its blank.  0, ERR_SYNTAX (also for controls,
 * what is not UTF-8, a block without offset or total or that passes total),
 * or ERR_LIMIT for a block above LIMIT_BLOCK. */
int reply_parse(struct str line, struct reply_line *ret) WARN_UNUSED;
/* The value of the first name= in a reply's text, a slice of it or, where
 * there are escapes, of the arena; p is NULL where it is missing (or without
 * memory), never for an empty value. */
struct str reply_get(struct arena *a, struct str text, const char *name);

#endif
