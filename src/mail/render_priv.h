/*
 * render_priv: how a message is described to the generator of render.c, and
 * the writing of header fields.
 *
 * A plan is the literal text of the whole output and, in it, the places where
 * octets of the body go and in which form.  All that depends on the message is
 * decided while the plan is made; pulling only copies.
 */
#ifndef MAIL_RENDER_PRIV_H
#define MAIL_RENDER_PRIV_H

#include "base/buf.h"
#include "mail/render.h"

enum body_form {
	BODY_RAW,    /* as they are */
	BODY_CRLF,   /* LF becomes CRLF; there is no CR */
	BODY_BASE64, /* one run of base64 */
	BODY_LINES   /* base64 in lines of 76, CRLF between them */
};

struct render_piece {
	size_t text_end; /* the text up to here comes before it */
	enum body_form form;
	uint64_t off, n; /* octets of the body */
	uint64_t out;	 /* octets they become */
};

struct render_plan {
	struct arena *a;
	struct buf text;
	struct render_piece *pieces;
	size_t npieces, max;
};

/* Room for max bodies.  Returns 0 or ERR_NOMEM; done is always called. */
int render_plan_init(struct render_plan *p, struct arena *a, size_t max)
	WARN_UNUSED;
void render_plan_done(struct render_plan *p);
/* n octets of the body at off, of which bare_lf become two in BODY_CRLF. */
void render_plan_body(struct render_plan *p, enum body_form form, uint64_t off,
		      uint64_t n, uint64_t bare_lf);
int render_plan_finish(struct render_plan *p, struct render **ret) WARN_UNUSED;

/*
 * Header fields.  Errors stick to err.  No octet of a value can end a field
 * early: control characters become '?', whatever the caller passes.
 */
struct head {
	struct buf *out;
	int err;
	size_t col; /* octets written to the current line */
};

/* Octets as they are; they hold no line end. */
void head_put(struct head *h, struct str s);
void head_lit(struct head *h, const char *s);
/* CRLF and a blank: go on in the next line. */
void head_fold(struct head *h);
/* CRLF. */
void head_end(struct head *h);

/* A whole field of text, in encoded words (RFC 2047) where it must be. */
void head_text(struct head *h, const char *name, struct str value);
/* A whole field whose value is in the form it has in a header, folded. */
void head_field(struct head *h, struct str name, struct str value);
/* The rest of a field: "name <addr>, addr"; names may know addresses. */
void head_addresses(struct head *h, const char *name, const struct str *v,
		    size_t n, const struct message_header *names,
		    size_t nnames);
void head_date(struct head *h, uint64_t unix_ms);
/* All fields of the envelope, the message's own, and MIME-Version. */
void head_envelope(struct head *h, const struct message *m);
/* The part that holds the original header of an imported message, if it stands
 * for the envelope; or NULL. */
const struct message_part *render_header_part(const struct message *m);
/* The part that holds the octets of an imported message, if its owner kept
 * them: they are its MIME; or NULL. */
const struct message_part *render_original_part(const struct message *m);
/* "; filename=..." in the form of RFC 2231 if it must be. */
void head_filename(struct head *h, struct str file);

/*
 * Header blocks that an imported message came with.  Whatever they are, what
 * is written is fields, none of which is an empty line.
 */

/* All of a part, to out.  0, ERR_NOMEM, or an error of read. */
int header_read(const struct message_part *p, render_read_fn read, void *ctx,
		struct buf *out) WARN_UNUSED;
/* Take the next block off *rest, and the empty line behind it; false if there
 * is none.  Behind the last one rest->p is NULL. */
bool header_block(struct str *rest, struct str *ret);

/* A field that is replayed is walked over by its lines. */
struct header_lines {
	struct str block;
	bool given;
};
/* The next line of a field: *ret_name is its name if it is the first, else p
 * is NULL; *ret_line is what follows the name, or the line.  What is no field
 * is passed over.  False at the end. */
bool header_next(struct header_lines *l, struct str *ret_name,
		 struct str *ret_line);
/* Is a line replayed octet for octet? */
bool header_is_clean(struct str line);

/* Fields of MIME that a part has once; of several the first counts. */
enum header_once { HEADER_TYPE, HEADER_DISPOSITION, HEADER_ID, HEADER_ONCE };
/* HEADER_ONCE: it is none of them. */
enum header_once header_once(struct str name);

/* Whose the fields of a part are. */
struct header_choice {
	bool mime; /* fields of MIME in its block are replayed at all */
	bool given[HEADER_ONCE]; /* the first in the block is replayed */
	/* Made of what is known of the part.  The type and the ID are, where
	 * they are not given. */
	bool own_disposition;
};
/* What is to be replayed of the block of a part.  0 or ERR_NOMEM. */
int header_choose(struct str block, const struct message_part *p,
		  bool container, struct header_choice *ret) WARN_UNUSED;
void head_replay(struct head *h, struct str block,
		 const struct header_choice *choice);

#endif
