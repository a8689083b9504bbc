/*
 * writer: the one thread that writes the store.
 *
 * Jobs wait in a queue; the writer takes as many as limits.batch_* allow,
 * commits them at once and hands the answers back.  Idle, a job commits at
 * once; while jobs keep coming it waits up to limits.batch_time for more, so
 * that a sync is shared by many.
 *
 * A job is embedded in a write_item, which whoever submits it owns again when
 * its answer comes.  Submitting never blocks and never fails but after
 * writer_stop(); a full queue is told (writer_full) and obeyed by those who
 * read from peers.
 */
#ifndef SERVER_WRITER_H
#define SERVER_WRITER_H

#include "base/limits.h"
#include "store/store.h"

struct writer;

#define WRITER_NO_HOME UINT32_MAX

struct write_item {
	struct write_item *next;
	struct store_job *job;
	uint64_t octets;	/* of its body */
	/* Who gets the answer: answer() of writer_ops by number of the home,
	 * or done(), on the writer's thread, without one. */
	uint32_t home;
	void (*done)(struct write_item *w);
};

struct writer_ops {
	/* All jobs of one batch that belong to home, linked by next.  May not
	 * block. */
	void (*answer)(void *ctx, uint32_t home, struct write_item *all);
	/* There is room again after writer_full(). */
	void (*room)(void *ctx);
	/* A batch has been committed and answered. */
	void (*written)(void *ctx);
	/* A sync has failed; does not return. */
	void (*died)(void *ctx, int err);
};

struct writer_stats {
	uint64_t batches, jobs, failed, messages, copies, queue;
};

/* s, limits and ops outlive it.  homes: 0 to homes - 1 may be used. */
int writer_start(struct store *s, const struct limits *l, uint32_t homes,
		 const struct writer_ops *ops, void *ctx, struct writer **ret)
	WARN_UNUSED;
/* Any thread.  ERR_STOPPING after writer_stop(): w is the caller's still. */
int writer_submit(struct writer *w, struct write_item *item) WARN_UNUSED;
/* Any thread: limits.write_queue is reached, stop taking from peers. */
bool writer_full(const struct writer *w);
void writer_stats_get(struct writer *w, struct writer_stats *ret);
/* Write what is queued, then end.  Takes NULL. */
void writer_stop(struct writer *w);
/* Takes NULL; stopped before. */
void writer_free(struct writer *w);

#endif
