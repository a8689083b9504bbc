/*
 * mbox: what the MBOX commands share: whose mailbox, which folder, and replies
 * that are composed off the loop, a bounded piece at a time.
 */
#ifndef SESSION_MBOX_H
#define SESSION_MBOX_H

#include "mail/render.h"
#include "session/session_priv.h"

/* Octets of reply that one job composes, about. */
#define MBOX_PIECE 65536

/*
 * A reply that grows in jobs.  work() writes lines into out by out_*(), and
 * sets end when the reply is complete; stream_finish() passes the piece on and
 * asks for the next when there is room.
 */
struct stream {
	struct buf out;
	bool have;		/* a piece waits to be passed on */
	bool end;
	int code;		/* of the closing line */
	int err;
};

struct box {
	struct target t;
	uint64_t mailbox_id;
	struct store_folder folder;	/* folder_id 0: the whole mailbox */
};

/* Parse the command's path and find whose mailbox it is.  ST_NONE, or the
 * status to answer: 406, or 404 for what is not one's own. */
enum status mbox_target(struct cmd *c, const char *param, struct box *ret);
/* Off the loop: look the folder up.  0 or ERR_NOTFOUND. */
int mbox_folder(struct cmd *c, struct store_reader *r, struct box *b);

void stream_init(struct stream *st);
void stream_done(struct stream *st);
/* Lines of the command's pipeline; code is kept when it closes the reply. */
void out_begin(struct cmd *c, struct stream *st, struct reply *r,
	       enum status code, bool dash);
void out_end(struct stream *st, struct reply *r);
/* A closing line with its default text; ends the stream. */
void out_status(struct cmd *c, struct stream *st, enum status code);
void out_err(struct cmd *c, struct stream *st, int err);
/* `404- uuid` */
void out_missing(struct cmd *c, struct stream *st, const struct uuid *u);
/* The finish step of a streamed reply. */
enum step stream_finish(struct session *s, struct cmd *c, struct stream *st);

/* How a path is told: as it was asked, and behind that what lies deeper. */
int mbox_path(struct buf *b, const struct box *box,
	      const struct store_folder *f) WARN_UNUSED;

/* The message of a stored body of len octets; read as of render.h. */
int mbox_message(struct arena *a, uint64_t len, render_read_fn read, void *ctx,
		 struct message *ret) WARN_UNUSED;

/* A row as a JSON object: what is the mailbox's (_id, flags, folders, thread,
 * modseq), then the constant members if env is set. */
int mbox_row_json(struct buf *b, const struct box *box,
		  const struct store_row *row, bool env) WARN_UNUSED;
/* Does the target's filter take this row? */
bool mbox_row_matches(const struct box *box, const struct store_row *row);

/* +JSON, -JSON, or the session's setting. */
bool mbox_wants_json(const struct session *s, const struct cmd *c);

/* `404-` for each missing uuid, then `200 n=` or 404 where all are missing. */
enum step mbox_changed(struct session *s, struct cmd *c, const struct box *b,
		       const bool *missing, uint64_t changed);

#endif
