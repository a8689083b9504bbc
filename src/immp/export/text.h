/*
 * export_text: octets of a message as they pass to a file, in pieces.  Pure.
 *
 * Mail comes with CRLF; files of mail on Unix have LF.  A message that holds a
 * CR or an LF alone anywhere (a binary part) is kept as it is, for its line
 * ends could not be told apart afterwards.
 */
#ifndef IMMP_EXPORT_TEXT_H
#define IMMP_EXPORT_TEXT_H

#include "base/buf.h"

/* Looks for line ends other than CRLF. */
struct export_ends {
	bool cr;		/* the last octet was one */
	bool bare;
};
void export_ends_add(struct export_ends *e, struct str s);
/* At the end: is every line end CRLF? */
bool export_ends_crlf(const struct export_ends *e);

/* Octets of a field's name that are looked at: of "Content-Length" and more. */
#define EXPORT_FIELD 18

/*
 * Lines for a file.  lf: CRLF become LF (only where export_ends_crlf()).
 * quote: as mboxrd, `From ` at the start of a line gets a '>', as does one that
 * has some already.  fields: of the header, those are left out that are an
 * mbox's own and not the message's (mbox_is_mark()).  All zero before the first
 * piece but these three.
 */
struct export_lines {
	bool lf, quote;
	bool fields;		/* until the header ends */
	bool named;		/* the name of this line's field is known */
	bool left_out;		/* the field is */
	size_t nname;
	char name[EXPORT_FIELD];	/* held back until it is known */
	bool inside;		/* of a line that is not looked at any more */
	size_t marks;		/* '>' of this line that are held back */
	unsigned matched;	/* octets of "From " likewise */
	char last;		/* octet that was written */
};
/* Appends to b at most 6 octets more than came, and what was held: that are the
 * marks of a line, and a name. */
int export_lines_add(struct export_lines *l, struct buf *b,
		     struct str s) WARN_UNUSED;
/* Whatever is held still. */
int export_lines_end(struct export_lines *l, struct buf *b) WARN_UNUSED;

#endif
