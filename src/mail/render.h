/*
 * render: a message as MIME or JSON octets, pulled piece by piece.
 *
 * The total length is known before the first octet, and the octets of a
 * message are the same at every pull of every render of the same kind
 * (boundaries come from its hashes).  Nothing is held but one small buffer;
 * the body is read through a function.  A render lives in an arena and has one
 * user at a time.
 *
 * MIME: RFC 5322, 2045-2049, 2231, 6532 (headers are UTF-8 where the message
 * needs it, else ASCII; that of an imported message is whatever it came with);
 * lines end in CRLF; a text part whose lines are short
 * goes as 7bit or 8bit with its line ends made CRLF, all else as base64 in
 * lines of 76.
 */
#ifndef MAIL_RENDER_H
#define MAIL_RENDER_H

#include "mail/message.h"

/* Exactly n octets of the body at off.  Returns 0 or an error. */
typedef int (*render_read_fn)(void *ctx, uint64_t off, void *dst, size_t n);

struct render;

/* What a mailbox knows of the message, for JSON. */
struct render_state {
	struct str members;	/* JSON: "_id":..,"flags":.. and so on */
};

/* m and all it points to must outlive the render.
 * Each returns 0, ERR_NOMEM, ERR_VALUE; render_mime() also an error of read,
 * with which it reads the header block that an imported message came with. */
int render_mime(struct arena *a, const struct message *m, bool headers_only,
		render_read_fn read, void *ctx, struct render **ret)
	WARN_UNUSED;
/* {members..., "envelope":{...},"parts":[{"id":..,"class":"content",
 * "type":..,"length":..,"encoding":"base64","data":".."}]}; st may be NULL. */
int render_json(struct arena *a, const struct message *m,
		const struct render_state *st, bool data, bool pretty,
		struct render **ret) WARN_UNUSED;
/* Octets [from, from + n) of one part, as they are.  ERR_VALUE if it has not
 * so many. */
int render_part(struct arena *a, const struct message_part *p, uint64_t from,
		uint64_t n, struct render **ret) WARN_UNUSED;

uint64_t render_total(const struct render *r);
/* Octets pulled so far. */
uint64_t render_offset(const struct render *r);
/*
 * Put the next octets, at most cap, to dst.  Returns their count (0 only at
 * the end), an error of read, or ERR_CORRUPT where the body is not what the
 * manifest says.  Fills dst as far as the message goes, and uses all of it as
 * scratch.  A read is of at most 64 KiB.
 */
ptrdiff_t render_pull(struct render *r, render_read_fn read, void *ctx,
		      void *dst, size_t cap);

#endif
