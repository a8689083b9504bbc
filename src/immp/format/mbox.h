/*
 * mbox: cutting a file of messages apart.  Pure.
 *
 * A message begins with a line `From sender date`.  What keeps a line of the
 * text that begins so from ending the message differs:
 *
 *	o	`From ` is written `>From `; what was `>From ` stays so
 *	rd	every line `>...>From ` has one more `>`
 *	cl	as rd, and Content-Length says how long the text is
 *	cl2	Content-Length alone; nothing is quoted
 *
 * A line counts as `From_` line if it has a time and a year, wherever it
 * stands; so a text that was never quoted is not cut at `From here on`.  A
 * Content-Length is believed where the next message begins behind it.
 */
#ifndef IMMP_FORMAT_MBOX_H
#define IMMP_FORMAT_MBOX_H

#include "base/buf.h"
#include "immp/format/maildir.h"

enum mbox_kind { MBOX_AUTO, MBOX_O, MBOX_RD, MBOX_CL, MBOX_CL2 };

struct mbox {
	struct str all;
	size_t at;		/* where the next message begins */
	enum mbox_kind kind;	/* MBOX_AUTO: found at the first message */
};

/* "auto", "o", "rd", "cl", "cl2".  0 or ERR_VALUE. */
int mbox_kind_parse(const char *s, enum mbox_kind *ret) WARN_UNUSED;
void mbox_init(struct mbox *m, struct str all, enum mbox_kind kind);
/* The next message, still quoted, and its From_ line.  False at the end. */
bool mbox_next(struct mbox *m, struct str *ret_from, struct str *ret_octets);
/*
 * The octets as they were before they were quoted: octets itself, or a copy in
 * b (which is cleared first).  0, ERR_NOMEM, ERR_LIMIT.
 */
int mbox_unquote(const struct mbox *m, struct str octets, struct buf *b,
		 struct str *ret) WARN_UNUSED;
/* The time of a From_ line in Unix ms; 0 if there is none to be read. */
uint64_t mbox_from_time(struct str from);

/* --- marks: what readers of an mbox write into the mail of others --- */

#define MBOX_FLAGS 40

/* Is it one of the fields for that?  Status, X-Status, X-Keywords, X-UID,
 * X-IMAP, X-IMAPbase, Content-Length, Lines. */
bool mbox_is_mark(struct str field);
/*
 * Flags of ours for R of Status, A, D, F and T of X-Status ("read", "answered",
 * "$deleted", "flagged", "draft") and the words of X-Keywords, each once.
 * words must have room for MBOX_FLAGS of them.  Ended by NULL in ret.
 */
void mbox_flags(struct str octets, char words[MBOX_FLAGS][MAILDIR_WORD],
		const char *ret[MBOX_FLAGS + 1]);
/* The octets of a message, run by run, without these fields. */
typedef void (*mbox_run_fn)(void *ctx, struct str run);
void mbox_unmarked(struct str octets, mbox_run_fn take, void *ctx);

#endif
