/*
 * care: the thread that keeps the store fast and forgets what is too old.
 *
 * It calls store_tend() after writes and now and then, and has the writer
 * purge in chunks, at the start and every hour.
 */
#ifndef SERVER_CARE_H
#define SERVER_CARE_H

#include "server/writer.h"

struct care;

/* died: a sync has failed; it does not return.  s outlives care. */
int care_new(struct store *s, void (*died)(const char *event, int err),
	     struct care **ret) WARN_UNUSED;
/* Start the thread.  w outlives it. */
int care_start(struct care *c, struct writer *w) WARN_UNUSED;
/* Any thread: something was written. */
void care_poke(struct care *c);
/* Takes NULL, or one not started.  No purge is begun any more, but one may
 * still be queued: free it after the writer has been stopped. */
void care_stop(struct care *c);
/* Takes NULL. */
void care_free(struct care *c);

#endif
