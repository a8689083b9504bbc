/* html: the text of an HTML page, good enough to read.  Pure. */
#ifndef IMMP_HTML_H
#define IMMP_HTML_H

#include "base/buf.h"

/*
 * Append the text of s (UTF-8): tags are left out, blocks and line breaks
 * become line ends, blanks fold, entities are resolved, scripts, styles and
 * comments vanish, the targets of links follow their text if they have one.
 * 0, ERR_NOMEM or ERR_LIMIT.
 */
int html_text(struct buf *b, struct str s) WARN_UNUSED;

#endif
