/*
 * transcript: a session as it is written in the specification, played.
 *
 * A file has one step a line; `#` and empty lines are skipped.
 *
 *   account IMID PASSWORD   made before the first connection
 *   limit NAME VALUE        likewise (octets, counts, milliseconds)
 *   domain NAME             the server's own name (default a.test)
 *   host NAME               one more hosted domain
 *   connect [NAME]          a new connection; the steps below are its own
 *   on NAME                 go on with another connection
 *   tls                     the handshake, after a 204
 *   login IMID PASSWORD     TLS, and a login with a proof
 *   C: text                 a line to the server
 *   B: text                 octets without a line end; \n \r \t \0 \\ \xHH
 *   S: pattern              the next line of the server, all of it;
 *                           `*` is any text, ${NAME} what was captured,
 *                           ${NAME=} captures a word
 *   S~ text                 the next line as an example of the draft gives
 *                           it: pipeline, code, dash, keywords and the names
 *                           of fields are compared, words and values are not
 *   D: text                 the counted octets behind the last line, escapes
 *                           as in B:, `*` as in S:
 *   key NAME PASSWORD       the 1.0 key for the last 303, captured
 *   quiet                   the server says nothing more by itself
 *   closed                  the server has ended the connection
 *   lost                    the connection breaks
 *   pass MS                 time passes (in one process only)
 *   only engine|daemon      skip the file elsewhere
 */
#ifndef SCRIPT_TRANSCRIPT_H
#define SCRIPT_TRANSCRIPT_H

#include "base/buf.h"

/* What a transcript is played against. */
struct transcript_ops {
	const char *name;	/* engine, daemon */
	int (*account)(void *ctx, const char *imid, const char *password);
	int (*limit)(void *ctx, const char *name, uint64_t value);
	int (*domain)(void *ctx, const char *name);
	int (*host)(void *ctx, const char *name);
	int (*connect)(void *ctx, void **ret_conn);
	int (*tls)(void *ctx, void *conn);
	int (*login)(void *ctx, void *conn, const char *imid,
		     const char *password);
	int (*send)(void *ctx, void *conn, struct str octets);
	/* What has come in and is not yet looked at. */
	struct buf *(*input)(void *ctx, void *conn);
	/* Wait until there is more of it, or the end (*ret_closed).  0; a
	 * time-out is ERR_TIMEOUT. */
	int (*more)(void *ctx, void *conn, bool *ret_closed);
	void (*lost)(void *ctx, void *conn);
	int (*pass)(void *ctx, uint64_t ms);
};

/* Play a file.  0: all as written; else what went wrong is on stderr. */
int transcript_play(const struct transcript_ops *ops, void *ctx,
		    const char *path);

#endif
