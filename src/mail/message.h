/*
 * message: what a message is: envelope and parts.
 *
 * A stored body is the decoded octets of all parts, one behind the other,
 * then the manifest (JSON), then its length as 4 octets little endian:
 *
 *     part octets ... | manifest | u32 length of manifest
 *
 * The manifest is all we know of the message but what changes (flags,
 * folders) or is a recipient's own (its _id there, thread).  It lets a body be
 * given back to its owners when the index is lost.
 *
 * Plain values; slices belong to the arena they were parsed or built in.
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"

struct message_header {
	struct str name, value;
};

/* How a part's octets go into MIME; found while they come in (part_scan). */
enum part_shape {
	SHAPE_7BIT = 1,		/* only ASCII, lines up to 998, LF or CRLF */
	SHAPE_8BIT = 2,		/* the same with octets above 127 */
	SHAPE_BINARY = 3	/* NUL, bare CR, mixed ends or long lines */
};

/* Octets of a part `header`; a larger one is not replayed. */
#define MESSAGE_HEADER_MAX (1u << 20)

struct message_part {
	struct str id;		/* its name, unique in the message */
	struct str type;	/* "text/html; charset=utf-8"; never empty */
	struct str file;	/* what the reader sees; empty: none */
	struct str cid;		/* content id, without <> */
	struct str in;		/* id of the multipart that holds it */
	bool content;		/* the message's content part */
	bool is_inline;
	uint64_t offset, length;	/* of its octets in the body */
	uint8_t sha256[32];
	enum part_shape shape;
	uint64_t bare_lf;	/* LFs without CR before them */
	bool ends_lf;		/* the last octet is LF (or it is empty) */
};

struct message {
	struct uuid id;		/* the sender's ID, or given at acceptance */
	struct str from, by;	/* IMIDs; by: who sent for from; or empty */
	const struct str *to, *cc;	/* shown recipients */
	size_t nto, ncc;
	struct str subject;
	uint64_t date;		/* Unix ms */
	uint64_t received;	/* Unix ms of acceptance here */
	int important;		/* +1, 0, -1 */
	bool secure;
	bool has_reply;
	struct uuid reply;
	bool multipart;
	bool imported;		/* filed by the mailbox's owner (APPEND): what
				 * its parts say is taken as it came */
	const struct message_header *headers;
	size_t nheaders;
	const struct message_part *parts;
	size_t nparts;
	struct str preview;	/* first characters of the content, one line */
	/* imid and display name, pairs, for the names object */
	const struct message_header *names;
	size_t nnames;
};

/* Follows the octets of one part as they come in. */
struct part_scan {
	uint64_t length, bare_lf, line;
	bool cr, high, bad, crlf, started, last_lf;
};
void part_scan_init(struct part_scan *s);
void part_scan_feed(struct part_scan *s, struct str octets);
/* Sets shape, bare_lf, ends_lf and length of p. */
void part_scan_finish(struct part_scan *s, struct message_part *p);

/* First characters of a content part as one line of at most 160 octets of
 * UTF-8: blanks folded, tags of HTML removed, unsafe characters dropped.  Its
 * first 64 KiB are looked at, so no more need be passed; they may end anywhere.
 * p is NULL without memory. */
struct str message_preview(struct arena *a, struct str type, struct str octets);

/* The manifest, appended to out without its length; and read back.
 * parse: 0, ERR_NOMEM, or ERR_CORRUPT. */
int message_manifest(const struct message *m, struct buf *out) WARN_UNUSED;
int message_parse(struct arena *a, struct str manifest, struct message *ret)
	WARN_UNUSED;
/* Manifest and length trailer; the octets a body ends with. */
int message_trailer(const struct message *m, struct buf *out) WARN_UNUSED;
#define MESSAGE_TRAILER 4

/*
 * The constant part of an index row: JSON members without braces: from, to,
 * cc, subject, date, received, size, parts and attachments (counts), names,
 * preview, important and (where there is one) by and reply.  Never _id, thread, flags, folders,
 * modseq: those are the mailbox's.  A row that would pass 60,000 octets cuts
 * to and cc and says "cut":true.  size is decoded octets of all parts.
 */
int message_row(const struct message *m, struct buf *out) WARN_UNUSED;

/* from, date and subject out of row members made by message_row, for the
 * plain INDEX line.  ERR_CORRUPT if it is none. */
struct message_row_text {
	struct str from, date, subject;
};
int message_row_read(struct arena *a, struct str members,
		     struct message_row_text *ret) WARN_UNUSED;

/* Does the address (its key), or any address of its domain, stand in from, to
 * or cc of row members made by message_row()?  For joining conversations. */
bool message_row_has_party(struct str members, struct str address_key);

/* SHA-256 is not known to this layer; this is what is hashed to tell whether
 * two messages are the same content: parts' names, types, lengths, hashes. */
int message_identity(const struct message *m, struct buf *out) WARN_UNUSED;

/* Decoded octets of all parts. */
uint64_t message_size(const struct message *m);
const struct message_part *message_content(const struct message *m);
const struct message_part *message_part_by_id(const struct message *m,
					      struct str id);
/*
 * Is it something to save: a leaf that is no text to be shown, nor the header
 * block or (of an imported message) the whole that it came with?  The content
 * is one only if it is neither text nor a multipart that came whole; a text
 * without a file name is shown, or is another form of one that is.  Of p the
 * members id, type, file, content and length are looked at.
 */
bool message_part_is_attachment(const struct message_part *p, bool imported);
/* How many parts are. */
size_t message_attachments(const struct message *m);
/* A media type that DATA may name: type/subtype and parameters of RFC 2045
 * syntax, at most 255 octets.  Returns 0 or ERR_VALUE. */
#define MESSAGE_TYPE_MAX 255
int message_type_check(struct str type) WARN_UNUSED;
bool message_type_is(struct str type, const char *major, const char *minor);
/* A multipart over octets that must not change, so that it comes whole:
 * signed or encrypted. */
bool message_type_is_sealed(struct str type);
/* Octets of the token (RFC 2045, 5.1) at the front of s. */
size_t message_token(struct str s);
/* A part's name: 1-255 octets of UTF-8 without control or bidi characters or
 * line ends; a FILE name likewise.  Returns 0 or ERR_VALUE. */
int message_name_check(struct str name) WARN_UNUSED;
/* Do the parts fit together: exactly one content part, names unique, IN names
 * a multipart that is there, no circle and at most 32 deep, a multipart has no
 * octets (but a signed or encrypted one that came whole), without multipart
 * exactly one part?  Of an imported message any multipart may have come whole;
 * then no part is in it.  Returns 0, ERR_NOMEM, or ERR_VALUE and a phrase in
 * *reterr_why. */
int message_check(const struct message *m, const char **reterr_why) WARN_UNUSED;
/* Is it a field of MIME's: Content-* or MIME-Version? */
bool message_header_is_mime(struct str name);
/* A header an imported message may have: any field name of RFC 5322 but those
 * of MIME. */
bool message_header_imported(struct str name);
/* A header a local user may set with HEADER: a field name of RFC 5322, none of
 * those the envelope owns (spec: DELIVER).  The value: one line, no control. */
bool message_header_allowed(struct str name);
int message_header_check(struct str name, struct str value) WARN_UNUSED;

#endif
