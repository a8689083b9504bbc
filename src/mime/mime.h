/*
 * mime: a message of RFC 5322 as an envelope and parts of ours.
 *
 * mime_read() cuts a message into its parts and says of each where its octets
 * lie; nothing is decoded or copied but names, so that a message of any size
 * costs little more than its parts.  The cutting is ours, because a signature
 * holds only if every octet of what was signed comes back; what header fields
 * and encodings mean is GMime's.
 *
 * Whatever the octets are, they are a message: what is broken is kept as what
 * it is and read as far as it goes.  Only limits refuse.
 *
 * Leaves that come whole, as they are: multipart/signed and
 * multipart/encrypted; a multipart without a boundary, or whose boundary never
 * comes; message/<anything>, as the octets of the message that it holds.
 *
 * GMime aborts without memory; only programs that may do so link this.  Call
 * mime_init() once, before threads.
 */
#ifndef MIME_MIME_H
#define MIME_MIME_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

void mime_init(void);

struct mime_addr {
	struct str name;	/* UTF-8 without tabs, decoded; or empty */
	struct str addr;	/* local@domain, or what stood in its place */
};

struct mime_header {
	struct str name, value;	/* UTF-8, unfolded, no control characters */
};

enum mime_encoding {
	MIME_IDENTITY, MIME_BASE64, MIME_QUOTED, MIME_UUENCODE
};

struct mime_part {
	struct str id;		/* "part1"...; "header" is never used */
	struct str type;	/* as DATA's TYPE: at most 255 octets, valid for
				 * message_type_check(); parameters kept but
				 * name and, of containers, boundary */
	struct str file;	/* decoded, safe for message_name_check() */
	struct str cid;		/* without <> */
	struct str in;		/* id of the multipart that holds it */
	bool content;		/* the text to show first: exactly one part */
	bool is_inline;
	bool container;		/* a multipart: no octets, others name it */
	struct str head;	/* its header block, as that of the mail */
	struct str raw;		/* its octets in the source, encoded */
	enum mime_encoding encoding;
};

struct mime_mail {
	struct str head;	/* the header block, octet for octet, without
				 * the empty line behind it; a From_ line before
				 * it is not of it */
	struct str subject;	/* UTF-8 */
	struct mime_addr from;	/* the first; addr empty: none */
	struct mime_addr *to, *cc;
	size_t nto, ncc;
	bool more_addresses;	/* there are more than max_addresses */
	bool has_date;
	uint64_t date;		/* Unix ms */
	int importance;		/* 1, 0, -1: Importance, X-Priority */
	struct str message_id;	/* with its <>, or empty */
	struct str in_reply_to;	/* the first id of it, with <> */
	struct str last_reference; /* the last id of References, with <> */
	/* Message-ID, In-Reply-To, References, Reply-To, Sender, List-*,
	 * Auto-Submitted, in their order */
	struct mime_header *headers;
	size_t nheaders;
	struct mime_part *parts;
	size_t nparts;
};

struct mime_limits {
	size_t parts;		/* more: ERR_LIMIT */
	size_t depth;		/* of multiparts, at most 64; deeper ones come
				 * whole */
	size_t addresses;	/* in to and cc together; more are passed
				 * over */
	size_t headers;		/* the same */
};
#define MIME_LIMITS_INIT { 1000, 30, 1000, 64 }

/*
 * Read a whole message.  ret and all it points to lie in a or in octets.
 * 0, ERR_NOMEM, or ERR_LIMIT with a phrase in *reterr_why.
 */
int mime_read(struct arena *a, struct str octets, const struct mime_limits *l,
	      struct mime_mail *ret, const char **reterr_why) WARN_UNUSED;

/*
 * The header block of a message and then, behind an empty line each, those of
 * its other parts in their order (spec: APPEND); that of the message alone, if
 * they would be more than max octets.  A slice of it or in a.  0 or ERR_NOMEM.
 */
int mime_heads(struct arena *a, const struct mime_mail *m, size_t max,
	       struct str *ret) WARN_UNUSED;

/*
 * The decoded octets of a part, piece by piece.  mime_decode_init() on the
 * caller's storage; each call gives at most cap octets (cap > 0), 0 at the
 * end.  Broken encodings are decoded as far as they make sense; never fails.
 */
struct mime_decode {
	const struct mime_part *part;
	size_t at;		/* of part->raw */
	int state;
	uint32_t save;
	unsigned char rest[64];
	size_t rest_at, rest_n;
};
void mime_decode_init(struct mime_decode *d, const struct mime_part *p);
size_t mime_decode(struct mime_decode *d, void *dst, size_t cap);
/* How many they are; decodes once, keeping nothing. */
uint64_t mime_decoded_length(const struct mime_part *p);

/*
 * Text in a character set as UTF-8, appended to out; what makes no sense
 * becomes U+FFFD.  An unknown or empty charset, and us-ascii, is taken for
 * UTF-8 where the text is that, else for windows-1252; sets that mail names too
 * small (iso-8859-1, gb2312) for the larger ones.  0, ERR_NOMEM, ERR_LIMIT.
 */
int mime_utf8(struct str charset, struct str text, struct buf *out) WARN_UNUSED;

#endif
