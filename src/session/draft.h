/*
 * draft: a message while it is being given (DELIVER, HEADER, DATA, DONE).
 *
 * Belongs to a pipeline; DONE takes it over; a DATA that fills it holds it too.
 * Octets gather in memory up to limits.inline_part, then in a file of the store
 * (struct store_big), written by jobs.  Only one thread touches it at a time:
 * the loop, or the job of the DATA or DONE that has it.
 */
#ifndef SESSION_DRAFT_H
#define SESSION_DRAFT_H

#include "session/session_priv.h"

struct draft_rcpt {
	struct str asked;	/* as it was addressed */
	struct str key, folder_key;
	enum { RCPT_TO, RCPT_CC, RCPT_BCC } how;
	enum status st;		/* refused with this; ST_NONE: taken */
	struct store_rcpt box;
};

struct draft {
	unsigned refs;		/* counted by the loop thread only */
	struct arena arena;	/* envelope and parts */
	const struct session_env *env;
	struct ident *who;
	struct message m;
	struct message_header *headers;	/* limits.headers grow into */
	struct message_part *parts;
	struct str *to, *cc;
	size_t cap_headers, cap_parts;
	struct draft_rcpt *rcpts;
	size_t nrcpts;
	bool id_given;
	enum status spoiled;	/* DONE will answer this */
	const char *why;
	struct buf body;	/* octets in memory, not yet in big */
	struct store_big *big;
	uint64_t octets;	/* decoded octets so far, all parts */
	uint64_t reserved;	/* per recipient, in env->reserve */
	uint64_t counted;	/* octets of body counted in inline_octets */
	uint64_t header_octets;
	struct cmd *taking;	/* the DATA whose part is not saved yet */
	struct sha256 *sha;
	struct part_scan scan;
	char head[1024];	/* of the content part, for the preview */
	size_t nhead;
	uint64_t unix_ms;
};

struct draft *draft_new(const struct session_env *env, struct ident *who,
			uint64_t unix_ms);
struct draft *draft_ref(struct draft *d);
/* Takes NULL.  The last one gives reservations back and frees it. */
void draft_unref(struct draft *d);
/* The first error counts. */
void draft_spoil(struct draft *d, enum status st, const char *why);
/* Reserve octets with every recipient.  0 or ERR_QUOTA. */
int draft_reserve(struct draft *d, uint64_t octets) WARN_UNUSED;
/* Count what is in memory anew; false: no room is left for all sessions. */
bool draft_count(struct draft *d);
/* A new last part, zeroed; NULL without memory. */
struct message_part *draft_part(struct draft *d);
int draft_header(struct draft *d, struct str name, struct str value) WARN_UNUSED;

#endif
