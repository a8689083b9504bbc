/* sqlite_rebuild_priv: finding bodies (sqlite_rebuild.c) and giving them back
 * to their owners (sqlite_rebuild_add.c). */
#ifndef STORE_SQLITE_SQLITE_REBUILD_PRIV_H
#define STORE_SQLITE_SQLITE_REBUILD_PRIV_H

#include "store/sqlite/sqlite_open_priv.h"

struct rebuild {
	struct sqlite_store *s;
	store_say_fn say;
	void *ctx;
	uint32_t *segs;
	size_t nsegs;
	uint64_t max_body;
	uint64_t pending;	/* messages since the last commit */
	uint64_t bodies, messages, repeats;
	uint64_t lost_bodies, lost_segments, lost_bigs;
};

/* A record that has validated. */
struct rebuild_body {
	struct bodyrec rec;
	struct str payload, owners;
	uint64_t seg, off;
};

void rebuild_say(struct rebuild *rb, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

int rebuild_begin(struct rebuild *rb) WARN_UNUSED;
/* Returns 1 if rows name it now, 0 if not (what was wrong has been said), or
 * an error. */
int rebuild_add(struct rebuild *rb, const struct rebuild_body *b) WARN_UNUSED;
/* The row of a segment that ends at `at`. */
int rebuild_segment(struct rebuild *rb, const struct bodyrec_place *at,
		    uint64_t live) WARN_UNUSED;
/* A fresh segment for what comes, and the last commit. */
int rebuild_end(struct rebuild *rb) WARN_UNUSED;

#endif
