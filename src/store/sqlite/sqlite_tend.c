/*
 * Care beside the writer, in a thread of its own: zeros ahead of the tail of
 * the body log, and checkpoints of the write-ahead log.
 *
 * A PASSIVE checkpoint never waits and disturbs nobody: it copies into the
 * database what no reader still needs to see in the log, but cannot start the
 * log over while the writer goes on.  Past the hard limit that is the writer's
 * own business (reset_wal in sqlite_write.c), and nothing is done here, for
 * two checkpoints at once shut each other out.
 */
#include "store/sqlite/sqlite_priv.h"

#define PAGE 4096

static int
checkpoint(struct sqlite_store *s)
{
	uint64_t pages = atomic_load_explicit(&s->wal_pages,
					      memory_order_relaxed);
	uint64_t octets = pages * PAGE;
	int rc;

	/* A page that changes often is copied once for many changes. */
	if (pages < s->tended_wal)
		s->tended_wal = 0;
	if (octets - s->tended_wal * PAGE <= s->limits->wal_soft ||
	    octets > s->limits->wal_hard)
		return 0;
	s->tended_wal = pages;
	rc = db_checkpoint(&s->tend, false);
	return rc < 0 ? rc : 1;
}

int
sqlite_tend(struct store *store)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	int filled, copied;

	if (sqlite_store_broken(s))
		return ERR_SYNC;
	filled = bodylog_fill(&s->log);
	copied = filled == ERR_SYNC ? 0 : checkpoint(s);
	if (filled == ERR_SYNC || copied == ERR_SYNC) {
		sqlite_store_break(s);
		return ERR_SYNC;
	}
	if (filled < 0 || copied < 0)
		return filled < 0 ? filled : copied;
	return filled || copied;
}
