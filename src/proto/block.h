/*
 * block: the octets behind a DATA line (spec: DATA), decoded as they come.
 *
 * Pure.  Three forms: N raw octets; N octets of base64 (line breaks allowed);
 * base64 that ends with two empty lines in a row (LF or CRLF).  An error does
 * not stop the count: the block is read to its end, then block_feed says so,
 * because whoever wrote a DATA line owes its block whatever the reply.
 */
#ifndef PROTO_BLOCK_H
#define PROTO_BLOCK_H

#include "base/buf.h"
#include "base/err.h"

enum block_form { BLOCK_RAW, BLOCK_BASE64, BLOCK_BASE64_LINES };

struct block {
	enum block_form form;
	uint64_t left;		/* counted forms: octets still to come */
	uint32_t acc;		/* base64 */
	uint8_t nacc;		/* sextets of the group so far, 0-3 */
	uint8_t pad, empty_lines;
	bool cr, bad, at_line_start, done;
	uint64_t decoded;	/* octets put out so far */
};

/* n is ignored for BLOCK_BASE64_LINES. */
void block_init(struct block *b, enum block_form form, uint64_t n);

/*
 * Take octets from in; at most out_cap decoded ones go to out.  out may be
 * NULL: all is dropped, whatever out_cap, and only counted.
 * Returns the octets consumed (0 if the output is full or the block is done).
 * *ret_out tells how many were put out; b->done is set at the end; then
 * block_result() gives 0, or ERR_DATA for octets outside the alphabet, a
 * single empty line, or a wrong length of base64.
 */
size_t block_feed(struct block *b, struct str in, void *out, size_t out_cap,
		  size_t *ret_out);
/* Once done: 0 or ERR_DATA.  Before: ERR_DATA if that is certain already, else
 * ERR_MORE. */
int block_result(const struct block *b) WARN_UNUSED;

#endif
