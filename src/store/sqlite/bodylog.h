/*
 * bodylog: the append-only log of bodies, DATA/log/NNNNNNNN.seg.
 *
 * Records (bodyrec.h) are appended to the active segment; one that does not
 * fit begins the next segment.  The tail, up to which all is valid, is not
 * kept here: the index commits it.  A batch is
 *
 *     bodylog_add()...  bodylog_write()  COMMIT of the index  bodylog_commit()
 *
 * or ends in bodylog_abort(), after which the log is as before.  What lies
 * beyond the tail was never acknowledged.
 *
 * The file is filled with zeros ahead of the tail by bodylog_fill(), so that
 * a sync has only octets to write and no new length or blocks.
 *
 * Threads: one writer (add, write, commit, abort) and beside it one that calls
 * bodylog_fill().  They share the fields behind the lock: the filler announces
 * the range it fills, and the writer waits for it before it passes `filled` or
 * leaves the segment.  The filler has a descriptor of its own, so that an
 * error of writing back is told to both.  Readers open segments themselves.
 */
#ifndef STORE_SQLITE_BODYLOG_H
#define STORE_SQLITE_BODYLOG_H

#include <pthread.h>

#include "base/buf.h"
#include "store/sqlite/bodyrec.h"

/* Zeros ahead of the tail: so much by the filler, and by a writer that has run
 * out. */
#define BODYLOG_STEP (8ull << 20)
#define BODYLOG_STEP_SMALL (1ull << 20)

#define BODYLOG_NAME 24
/* "NNNNNNNN.seg", and back: 0 or ERR_VALUE. */
void bodylog_name(uint32_t seg, char dst[static BODYLOG_NAME]);
int bodylog_name_parse(struct str name, uint32_t *ret_seg) WARN_UNUSED;

/* What a batch adds to one segment. */
struct bodylog_part {
	uint32_t seg;
	int fd;
	bool created;
	uint64_t salt;
	uint64_t from, to;	/* octets of the file */
};

struct bodylog_pending {
	struct bodyrec rec;
	struct bodyrec_place at;
	struct str payload, owners;
	size_t part;
	uint8_t head[BODYREC_HEADER];
};

struct bodylog {
	int dir;		/* of DATA/log; not ours to close */
	uint64_t limit;		/* octets of a segment */

	/* the writer's alone */
	struct bodylog_pending *pending;
	size_t npending, cap_pending;
	struct bodylog_part *parts;
	size_t nparts, cap_parts;

	pthread_mutex_t lock;
	pthread_cond_t filled_more;
	uint32_t seg;		/* active; 0: none yet */
	int fd;
	uint64_t salt;
	uint64_t off;		/* the tail */
	uint64_t filled;	/* behind it the file may end */
	bool filling;
};

/* No segment yet.  dir stays the caller's. */
void bodylog_init(struct bodylog *l, int dir, uint64_t limit);
/* Takes one that was only initialised. */
void bodylog_done(struct bodylog *l);

/*
 * Go on at the committed tail (seg 0: an empty log).  With rewrite set, what
 * the system may hold only in memory is written once more up to the tail and
 * synced.  All behind the tail becomes zeros, and later segments go: they are
 * of a batch that was never committed.  ERR_CORRUPT if the segment is not
 * there or not the one with this salt; ERR_CONFLICT, and nothing is changed,
 * if there is more behind the tail than `lost` octets: that was no batch, and
 * the index is older than the log.
 */
int bodylog_open(struct bodylog *l, uint32_t seg, uint64_t salt, uint64_t off,
		 uint64_t lost, bool rewrite) WARN_UNUSED;

/* Begin with a new, empty segment of that number. */
int bodylog_begin(struct bodylog *l, uint32_t seg) WARN_UNUSED;

/* Append a record to the batch; payload and owners must live until its end.
 * *ret gets its place. */
int bodylog_add(struct bodylog *l, uint64_t body_id, struct str payload,
		struct str owners, struct bodyrec_place *ret) WARN_UNUSED;
/* Write and sync all records of the batch. */
int bodylog_write(struct bodylog *l) WARN_UNUSED;
/* The tail as it will be once the batch is committed. */
void bodylog_tail(const struct bodylog *l, uint32_t *ret_seg,
		  uint64_t *ret_off);
/* The index has committed. */
void bodylog_commit(struct bodylog *l);
/* It has not.  touch: the files may be cleaned up (no sync has failed). */
void bodylog_abort(struct bodylog *l, bool touch);

/* Fill ahead of the tail if less than a step is left.  Returns 1 if it did, 0,
 * or an error: ERR_FULL does no harm. */
int bodylog_fill(struct bodylog *l) WARN_UNUSED;

/* Call fn for each segment file; stops at an error. */
typedef int (*bodylog_each_fn)(void *ctx, uint32_t seg, const char *name);
int bodylog_each(int dir, bodylog_each_fn fn, void *ctx) WARN_UNUSED;
/* Read the head of a segment. */
int bodylog_head(int fd, uint32_t *ret_seg, uint64_t *ret_salt) WARN_UNUSED;

#endif
