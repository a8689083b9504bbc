/* html_priv: what the two readers of HTML share: putting text on lines. */
#ifndef IMMP_HTML_PRIV_H
#define IMMP_HTML_PRIV_H

#include "base/buf.h"

struct html_out {
	struct buf *b;
	bool blank;		/* a blank is due before the next text */
	bool cell;		/* a mark between cells is due */
	int breaks;		/* line ends are due: at most 2 but for <br> */
	bool begun;		/* some text has been written */
	bool marked;		/* the line has its marks, and nothing else */
	unsigned quotes;	/* "> " before every line */
	unsigned quoted;	/* of the line that was begun last */
	unsigned indent;	/* two blanks each, likewise */
	int err;
};

/* Text without blanks at its ends and without line ends. */
void html_put(struct html_out *o, struct str s);
void html_breaks(struct html_out *o, int n);
/* Text of a page: blanks fold. */
void html_flow(struct html_out *o, struct str s);

/*
 * Tags taken off, entities resolved, scripts and styles left out: for what is
 * too deep or too broken to be worth a tree.  Costs no more than its length.
 */
void html_strip(struct html_out *o, struct str s);

#endif
