/*
 * admin_wire: what goes through the control socket, both ways.
 *
 * A connection carries one request, a line of JSON:
 *
 *     {"v":1,"words":["account","add","alice@a.test"],
 *      "secret":{"key":hex,"salt":hex,"t":2,"m":19456}}
 *
 * and lines of answer, the last of them `end`:
 *
 *     {"object":{..}}  {"item":{..}}  {"note":".."}  {"progress":".."}
 *     {"end":0}  {"end":1,"why":".."}
 *
 * Pure.  Who reads lines bounds their length.
 */
#ifndef ADMIN_ADMIN_WIRE_H
#define ADMIN_ADMIN_WIRE_H

#include "admin/admin.h"

/* Octets of a request, of a line of answer, each without its LF. */
#define ADMIN_REQUEST_MAX (16u << 10)
#define ADMIN_ANSWER_MAX (512u << 10)

/* The line of a request with its LF.  secret may be NULL.  Errors of buf. */
int admin_wire_request(struct buf *out, const struct str *words, size_t n,
		       const struct admin_secret *secret) WARN_UNUSED;

struct admin_request {
	struct str words[ADMIN_WORDS];
	size_t nwords;
	struct admin_secret secret;
};
/* Read a line, without LF, which it overwrites; words are in the arena.
 * 0, ERR_VALUE, ERR_VERSION (made by a newer immpctl), ERR_NOMEM. */
int admin_wire_request_parse(struct arena *a, struct str line,
			     struct admin_request *ret) WARN_UNUSED;

/* A line of answer with its LF.  Errors of buf. */
int admin_wire_answer(struct buf *out, enum admin_kind kind, struct str text)
	WARN_UNUSED;
/* The last one.  why: NULL for ADMIN_DONE. */
int admin_wire_end(struct buf *out, int code, const char *why) WARN_UNUSED;

struct admin_answer {
	bool end;
	enum admin_kind kind;	/* without end */
	struct str text;	/* JSON of an object or item; or a line */
	int code;		/* with end */
	struct admin_fail fail;
};
/* Read a line, without LF.  0, ERR_VALUE or ERR_NOMEM. */
int admin_wire_answer_parse(struct arena *a, struct str line,
			    struct admin_answer *ret) WARN_UNUSED;

#endif
