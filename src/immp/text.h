/*
 * text: peer text made fit for a terminal.  Pure, but for the locale: widths
 * are wcwidth()'s, which needs a UTF-8 locale (text_setup()).
 *
 * "Clean" text is UTF-8 without control and bidi characters; what is not UTF-8
 * becomes U+FFFD.  Each function appends to b; 0, ERR_NOMEM or ERR_LIMIT.
 */
#ifndef IMMP_TEXT_H
#define IMMP_TEXT_H

#include "base/buf.h"

/* Choose a UTF-8 locale for widths. */
void text_setup(void);

/* One line: line ends and tabs become blanks, other controls and soft hyphens
 * go. */
int text_line(struct buf *b, struct str s) WARN_UNUSED;
/* Many lines: LF stays, CR LF becomes LF, tabs go to stops of 8. */
int text_lines(struct buf *b, struct str s) WARN_UNUSED;
/*
 * The same for text that comes in pieces: takes whole characters, returns how
 * many octets of s were used (all, if last).
 */
size_t text_stream(struct buf *b, struct str s, bool last);

/* Columns of one character (0-2), of clean text of one line. */
int text_char_width(uint32_t cp);
size_t text_width(struct str s);
/*
 * s as one clean line in exactly cols columns: padded with blanks, or cut with
 * an ellipsis.  pad false: not padded.
 */
int text_fit(struct buf *b, struct str s, size_t cols, bool pad) WARN_UNUSED;
/*
 * s (many lines) clean and wrapped at cols columns, each line with LF.  Lines
 * are broken at blanks, and beside characters of two columns; a word that is
 * too long for a line (an URL) stays whole.  What begins with '>' keeps its
 * marks on every line, and its indentation; a list's items hang behind their
 * marks.  Blanks at the ends of lines go, and of empty lines those at both ends
 * and the third and further of a run: s without anything to see gives nothing.
 */
int text_wrap(struct buf *b, struct str s, size_t cols) WARN_UNUSED;
/*
 * s as one clean line, wrapped likewise, with LF: it goes on in column `hang`,
 * and all of its lines but the first begin with as many blanks.
 */
int text_hang(struct buf *b, struct str s, size_t cols, size_t hang)
	WARN_UNUSED;
/*
 * Text in format=flowed (RFC 3676) with each paragraph in one line again, for
 * text_wrap().  delsp: the blank that says so is not of the text.
 */
int text_flowed(struct buf *b, struct str s, bool delsp) WARN_UNUSED;

#endif
