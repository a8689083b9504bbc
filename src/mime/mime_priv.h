/*
 * mime_priv: what the files of this layer share.
 */
#ifndef MIME_MIME_PRIV_H
#define MIME_MIME_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "mime/mime.h"

/* Multiparts in each other; no limit of a caller goes deeper. */
#define MIME_MULTIPARTS 64

/*
 * lines: text cut at CRLF, LF, and CR alone, up to a delimiter.
 *
 * An open multipart's boundary is a stop: its delimiter ends the text for all
 * that lies in it, and an outer one ends the inner ones.
 */
struct mime_lines {
	const char *at, *end;
	const char *lf;		/* the first LF from at on; or end */
	struct str stops[MIME_MULTIPARTS];
	size_t nstops;
};

enum mime_delimiter {
	DELIMITER_NONE,
	DELIMITER_PART,
	DELIMITER_CLOSE
};

void mime_lines_init(struct mime_lines *l, struct str text);
/* The next line with its end; false at the end of the text or at a stop,
 * which stays where it is. */
bool mime_lines_next(struct mime_lines *l, struct str *ret);
/* Give back the line that came last. */
void mime_lines_back(struct mime_lines *l, struct str line);
/* Is a line a delimiter of this boundary? */
enum mime_delimiter mime_delimiter(struct str boundary, struct str line);
/* s without the one line end that it may end with. */
struct str mime_chomp(struct str s);

/*
 * Take a header block: *ret_head has its octets, and l stands at the body.  A
 * From_ line in front is passed over, and so is the empty line behind it.
 */
void mime_head_take(struct mime_lines *l, struct str *ret_head);
/* Walk over the fields of a block that mime_head_take() gave; values are as
 * they stand behind the colon, with their line ends.  rest begins as the
 * lines of the block. */
bool mime_field_next(struct mime_lines *rest, struct str *ret_name,
		     struct str *ret_value);
/* A value without line ends and the blanks before it: a slice of it or a copy
 * in a.  0 or ERR_NOMEM. */
int mime_unfold(struct arena *a, struct str value, struct str *ret) WARN_UNUSED;

/* A NUL-terminated copy for GMime, of at most max octets, NUL in it as blank;
 * NULL without memory. */
char *mime_cstr(struct arena *a, struct str s, size_t max) WARN_UNUSED;

/* Valid UTF-8 without control characters but tab: s itself, or a copy in a
 * with U+FFFD for what makes no sense.  0 or ERR_NOMEM. */
int mime_clean(struct arena *a, struct str s, struct str *ret) WARN_UNUSED;
/* The octet that "=XX" at the front of s stands for; -1 if it is none. */
int mime_escaped(struct str s);
/* U+FFFD. */
#define MIME_REPLACEMENT STR("\xef\xbf\xbd")
/* Could it be base64, broken or not?  No: it is text that is called so. */
bool mime_may_be_base64(struct str raw);
/* The same as mime_clean(), with encoded words decoded (RFC 2047). */
int mime_words(struct arena *a, struct str s, struct str *ret) WARN_UNUSED;

/* What the Content-* fields of an entity say.  p is NULL for a field that is
 * not there; values as they stand. */
struct mime_fields {
	struct str type, disposition, encoding, id;
};

struct mime_param {
	struct str name, value;
};

#define MIME_PARAMS 32

/* A Content-Type or Content-Disposition, read. */
struct mime_value {
	struct str base;	/* in lower case; "" if there is none */
	struct mime_param params[MIME_PARAMS];
	size_t nparams;
};

/* 0 or ERR_NOMEM. */
int mime_type_read(struct arena *a, struct str value, const char *def,
		   struct mime_value *ret) WARN_UNUSED;
int mime_disposition_read(struct arena *a, struct str value,
			  struct mime_value *ret) WARN_UNUSED;
/* The first of this name; p is NULL if there is none. */
struct str mime_value_param(const struct mime_value *v, const char *name);
/* A value as TYPE of DATA, with its parameters but name, and boundary only
 * if it is told so. */
int mime_type_format(struct arena *a, const struct mime_value *v,
		     bool with_boundary, struct str *ret) WARN_UNUSED;
/* A name to show; empty if nothing of it is left. */
int mime_file_clean(struct arena *a, struct str name, struct str *ret)
	WARN_UNUSED;

/* Cut the body of a message, at in, whose header block is head. */
int mime_cut(struct arena *a, struct mime_lines *in, struct str head,
	     const struct mime_limits *limits, struct mime_mail *ret,
	     const char **reterr_why) WARN_UNUSED;

/* Fill the envelope from ret->head. */
int mime_envelope(struct arena *a, const struct mime_limits *limits,
		  struct mime_mail *ret) WARN_UNUSED;

/*
 * Append the addresses of a field's value to list, of which *n of at most max
 * are there; *ret_more: max were not enough.  0 or ERR_NOMEM.
 */
int mime_addresses(struct arena *a, struct str value, size_t max,
		   struct mime_addr **list, size_t *n, bool *ret_more)
	WARN_UNUSED;
/* Unix ms of a Date; false if it has none of 1970 to 9999. */
bool mime_date(struct arena *a, struct str value, uint64_t *ret);

#endif
