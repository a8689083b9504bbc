/*
 * compose: the command lines of a message (spec: Delivery).  Pure.
 *
 * All that a caller says is quoted, so that no name can be taken for a keyword
 * or a switch.  Each appends one line without its end to b and returns 0,
 * IMMP_E_USAGE (a control character, something required is missing) or
 * IMMP_E_MEMORY.
 */
#ifndef CLIENT_COMPOSE_H
#define CLIENT_COMPOSE_H

#include "base/buf.h"
#include "immp/immp.h"

int compose_word(struct buf *b, const char *s) WARN_UNUSED;
/* ` KEY "value"`; nothing for NULL. */
int compose_pair(struct buf *b, const char *key, const char *value)
	WARN_UNUSED;
int compose_deliver(struct buf *b, const struct immp_mail *m, const char *id)
	WARN_UNUSED;
/* Recipients only as far as they fit in the line: *ret_to and *ret_cc say how
 * many; the others are for HEADER To and Cc. */
int compose_append(struct buf *b, const struct immp_append *a, const char *id,
		   size_t *ret_to, size_t *ret_cc) WARN_UNUSED;
int compose_header(struct buf *b, const struct immp_header *h) WARN_UNUSED;
int compose_data(struct buf *b, const struct immp_part *p) WARN_UNUSED;
int compose_fetch(struct buf *b, const struct immp_fetch *f) WARN_UNUSED;

#endif
