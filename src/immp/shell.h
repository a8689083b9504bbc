/* shell: what the two forms of the shell share. */
#ifndef IMMP_SHELL_H
#define IMMP_SHELL_H

#include "base/buf.h"
#include "immp/app.h"

struct shell {
	struct immp *c;
	struct buf rest;	/* the end of a character, on a terminal */
	bool fresh;		/* the cursor is at the start of a line */
	bool quit;		/* QUIT was said */
	bool editing;		/* a prompt stands on the line */
};

/* Octets of the server; a raw function (client/front.h). */
void shell_show(void *ctx, struct str octets);
/* Pass standard input through until it ends and all is answered. */
int shell_pipe(struct shell *s);
/* Read lines from the terminal, with history and completion. */
int shell_edit(struct shell *s);
/* The connection has ended with an error: is that what was asked for? */
int shell_ended(const struct shell *s, int error);

/*
 * Words that complete a line up to its end: those that the commands of the
 * protocol have in this place and that begin as the last word does, each
 * appended to b with a line end; *ret_from is where that word begins.  Pure.
 * Returns how many, or ERR_NOMEM, ERR_LIMIT.
 */
int shell_complete(struct str line, struct buf *b, size_t *ret_from);

#endif
