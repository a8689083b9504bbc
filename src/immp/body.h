/* body: the text of a message to send, in a file that can be read again. */
#ifndef IMMP_BODY_H
#define IMMP_BODY_H

#include <stdint.h>

#include "base/err.h"

struct body {
	int fd;			/* at the start of the text; -1: none */
	uint64_t length;
};

/*
 * Take the text from standard input, or from an editor where that is a
 * terminal.  It must be UTF-8.  0 or an exit code; the reason has been said.
 */
int body_get(struct body *b);
void body_done(struct body *b);

#endif
