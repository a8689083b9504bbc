/*
 * draft: a message while it is being given (DELIVER or APPEND, HEADER, DATA,
 * DONE).
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

/* What APPEND says beside the message; its one rcpt is the own mailbox. */
struct draft_filing {
	struct str from_key;	/* empty: the sender is no IMID */
	struct str keywords;
	unsigned flags;
	bool has_received;	/* m.received is set; else it is now */
};

enum party { PARTY_FROM, PARTY_TO, PARTY_CC };

struct draft {
	unsigned refs;		/* counted by the loop thread only */
	struct arena arena;	/* envelope and parts */
	const struct session_env *env;
	struct ident *who;
	struct message m;
	struct message_header *headers;	/* limits.headers grow into */
	struct message_part *parts;
	struct str *to, *cc;
	struct message_header *names;
	size_t cap_headers, cap_parts, cap_to, cap_cc, cap_names;
	struct draft_filing *filing;	/* NULL: it is for delivery */
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
/* What the parameters of DELIVER and APPEND say alike: ID (or a new one),
 * REPLY, SUBJECT, IMPORTANT, MULTIPART; the date is now.  ERR_VALUE. */
int draft_envelope(struct draft *d, const struct command *args,
		   uint64_t unix_ms) WARN_UNUSED;
/* It is from the account itself. */
int draft_own(struct draft *d) WARN_UNUSED;
/* Of a message that is filed: one more shown recipient; ERR_LIMIT past
 * limits.headers.  The name of an address.  Slices of the draft's arena. */
int draft_shown(struct draft *d, bool cc, struct str addr) WARN_UNUSED;
int draft_name(struct draft *d, struct str addr, struct str name) WARN_UNUSED;
/* Its sender or one more recipient, `address` or `name <address>`.  ERR_VALUE,
 * ERR_LIMIT. */
int draft_party(struct draft *d, enum party what, struct str text) WARN_UNUSED;

#endif
