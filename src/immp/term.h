/*
 * term: the terminal, if there is one.
 */
#ifndef IMMP_TERM_H
#define IMMP_TERM_H

#include <stdio.h>

#include "base/buf.h"

/* Is standard output (error) a terminal? */
bool term_out(void);
bool term_err(void);
/* Columns of standard output's terminal; 80 without one. */
size_t term_width(void);
/* Columns that text is wrapped at. */
size_t term_text_width(void);

enum term_style { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_WARN };
/* The sequence that turns a style on, or (TERM_PLAIN) off; "" where there is
 * no terminal or NO_COLOR is set. */
const char *term_style(enum term_style s);

/*
 * Ask for a secret on the terminal, which shows nothing of it.  The answer,
 * without line end, is appended to b.  0; ERR_NOTFOUND without a terminal;
 * ERR_LIMIT; ERR_IO.
 */
int term_secret(const char *prompt, struct buf *b) WARN_UNUSED;
/* A question whose answer is yes or no; false without a terminal. */
bool term_confirm(const char *question);
bool term_can_ask(void);

/*
 * A progress bar on standard error, where that is a terminal and the work
 * takes longer than a moment.  Pieces of work are octets.
 */
struct term_progress {
	const char *what;
	uint64_t began, drawn;	/* ms */
	bool shown;
};
void term_progress(struct term_progress *p, uint64_t done, uint64_t total);
/* Take the bar away. */
void term_progress_end(struct term_progress *p);

/*
 * An array of JSON on standard output, an item a line.  begun is false at
 * first; at the end good says whether an empty one is to be written, too.
 */
void term_json_item(bool *begun, struct str item);
void term_json_end(bool begun, bool good);

/* Write to standard output: as it is, or clean (text.h) on a terminal. */
void term_write(struct str octets);
/* Flush standard output; false if something could not be written. */
bool term_flush(void);

#endif
