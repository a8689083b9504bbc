/*
 * export_spool: the octets of one message until they are all there.
 *
 * Only then is it known how its lines end, and how long it is.  A large one
 * waits in a file without a name in the folder that it goes to.
 */
#ifndef IMMP_EXPORT_SPOOL_H
#define IMMP_EXPORT_SPOOL_H

#include "base/buf.h"
#include "immp/export/text.h"

struct export_spool {
	struct buf mem;
	int dir, fd;		/* -1: none */
	uint64_t n;		/* octets, here and in the file */
	struct export_ends ends;
};

/* dir: an open folder where a file may be made; not closed here. */
void export_spool_init(struct export_spool *s, int dir);
void export_spool_done(struct export_spool *s);
/* For the next message. */
void export_spool_clear(struct export_spool *s);
int export_spool_add(struct export_spool *s, struct str octets) WARN_UNUSED;
/*
 * Write it all to fd behind `head`, through l (NULL: as it is).  *ret_n are
 * the octets that were written, head included.
 */
int export_spool_write(struct export_spool *s, struct str head,
		       struct export_lines *l, int fd,
		       uint64_t *ret_n) WARN_UNUSED;

#endif
