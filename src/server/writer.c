/*
 * The writer's thread.
 *
 *     wait for a job -> gather -> store_write -> hand the answers back
 *
 * A batch is gathered under the lock, written and answered without it.  A job
 * that comes alone behind one that was alone commits at once.  Else more are
 * probably on their way, from peers that have just got their answers, and what
 * a commit costs hardly depends on how many it is for: so while they are few
 * (ENOUGH) it looks again after a moment (GAP_US) as long as jobs keep coming,
 * all together not longer than limits.batch_time.  It sleeps that moment and is
 * not woken for each job, which would cost more than the job.
 */
#include "server/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server/thread.h"

/* A moment in which a job must come for them to "keep coming". */
#define GAP_US 250
/* Jobs that are worth a commit: what it costs by itself is some of theirs. */
#define ENOUGH 16

struct chain {
	struct write_item *head, **end;
};

struct writer {
	struct store *store;
	const struct limits *limits;
	const struct writer_ops *ops;
	void *ctx;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct chain queue;	/* under the lock, with what follows */
	uint64_t queued;
	struct writer_stats stats;
	bool waiting, stop;
	atomic_bool full;
	/* the batch; the writer's thread only */
	struct write_item **items;
	struct store_job **jobs;
	size_t n;
	uint64_t octets;
	uint32_t nhomes;
	struct chain *homes;
};

static void
chain_init(struct chain *c)
{
	c->head = NULL;
	c->end = &c->head;
}

static void
chain_add(struct chain *c, struct write_item *i)
{
	i->next = NULL;
	*c->end = i;
	c->end = &i->next;
}

static struct write_item *
chain_take(struct chain *c)
{
	struct write_item *i = c->head;

	c->head = i->next;
	if (c->head == NULL)
		c->end = &c->head;
	return i;
}

/* --- gathering; under the lock --- */

/* Move to the batch what fits.  Returns whether more could. */
static bool
take(struct writer *w)
{
	const struct limits *l = w->limits;
	struct write_item *i;

	while ((i = w->queue.head) != NULL) {
		if (w->n >= l->batch_jobs ||
		    (w->n > 0 && w->octets + i->octets > l->batch_octets))
			return false;
		(void)chain_take(&w->queue);
		w->queued--;
		w->items[w->n] = i;
		w->jobs[w->n++] = i->job;
		w->octets += i->octets;
	}
	return w->n < l->batch_jobs;
}

static void
rest(void)
{
	const struct timespec gap = { .tv_nsec = GAP_US * 1000 };

	(void)nanosleep(&gap, NULL);	/* a shorter one does no harm */
}

/* Fill the batch.  Returns false when there is nothing and never will be. */
static bool
gather(struct writer *w)
{
	size_t before = w->n;
	uint64_t end;

	w->n = 0;
	w->octets = 0;
	while (w->queue.head == NULL && !w->stop) {
		w->waiting = true;
		pthread_cond_wait(&w->more, &w->lock);
		w->waiting = false;
	}
	if (w->queue.head == NULL)
		return false;
	end = clock_mono_us() + w->limits->batch_time * 1000;
	while (take(w) && !w->stop && w->n < ENOUGH && before + w->n > 2 &&
	       clock_mono_us() < end) {
		pthread_mutex_unlock(&w->lock);
		rest();
		pthread_mutex_lock(&w->lock);
		if (w->queue.head == NULL)
			break;
	}
	return true;
}

/* Tell those who wait for room; half the queue is free then. */
static void
make_room(struct writer *w)
{
	if (!atomic_load(&w->full) || w->queued > w->limits->write_queue / 2)
		return;
	atomic_store(&w->full, false);
	w->ops->room(w->ctx);
}

/* --- writing --- */

static void
count_one(struct writer_stats *st, const struct store_job *job)
{
	const struct store_deliver *d = (const struct store_deliver *)job;

	st->jobs++;
	if (job->err < 0) {
		st->failed++;
		return;
	}
	if (job->op == STORE_APPEND) {
		st->messages++;
		st->copies++;
	}
	if (job->op != STORE_DELIVER)
		return;
	st->messages++;
	for (size_t i = 0; i < d->nto; i++)
		if (d->to[i].err == 0 && !d->to[i].repeat)
			st->copies++;
}

/* An answered item is no longer ours. */
static void
answer_all(struct writer *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct write_item *it = w->items[i];

		if (it->home == WRITER_NO_HOME)
			it->done(it);
		else
			chain_add(&w->homes[it->home], it);
	}
	for (uint32_t h = 0; h < w->nhomes; h++) {
		struct write_item *all = w->homes[h].head;

		chain_init(&w->homes[h]);
		if (all != NULL)
			w->ops->answer(w->ctx, h, all);
	}
}

static void
commit(struct writer *w, struct writer_stats *st)
{
	int err = store_write(w->store, w->jobs, w->n);

	if (err == ERR_SYNC)
		w->ops->died(w->ctx, err);
	st->batches++;
	for (size_t i = 0; i < w->n; i++)
		count_one(st, w->jobs[i]);
	answer_all(w);
	w->ops->written(w->ctx);
}

static void *
run(void *arg)
{
	struct writer *w = arg;
	struct writer_stats st = { 0 };

	pthread_mutex_lock(&w->lock);
	while (gather(w)) {
		make_room(w);
		pthread_mutex_unlock(&w->lock);
		commit(w, &st);
		pthread_mutex_lock(&w->lock);
		w->stats = st;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* --- the outside --- */

int
writer_start(struct store *s, const struct limits *l, uint32_t homes,
	     const struct writer_ops *ops, void *ctx, struct writer **ret)
{
	struct writer *w = mem_zalloc(sizeof(*w));

	if (w == NULL || thread_cond_init(&w->more) < 0) {
		mem_free(w);
		return ERR_NOMEM;
	}
	(void)pthread_mutex_init(&w->lock, NULL); /* cannot fail on Linux */
	w->store = s;
	w->limits = l;
	w->ops = ops;
	w->ctx = ctx;
	w->nhomes = homes;
	chain_init(&w->queue);
	w->items = mem_calloc(l->batch_jobs, sizeof(struct write_item *));
	w->jobs = mem_calloc(l->batch_jobs, sizeof(struct store_job *));
	w->homes = mem_calloc(homes > 0 ? homes : 1, sizeof(*w->homes));
	if (w->items == NULL || w->jobs == NULL || w->homes == NULL)
		goto fail;
	for (uint32_t h = 0; h < homes; h++)
		chain_init(&w->homes[h]);
	if (thread_start(&w->thread, "immp-writer", run, w) < 0)
		goto fail;
	*ret = w;
	return 0;
fail:
	writer_free(w);
	return ERR_NOMEM;
}

int
writer_submit(struct writer *w, struct write_item *item)
{
	bool wake;

	pthread_mutex_lock(&w->lock);
	if (w->stop) {
		pthread_mutex_unlock(&w->lock);
		return ERR_STOPPING;
	}
	chain_add(&w->queue, item);
	w->queued++;
	if (w->queued >= w->limits->write_queue)
		atomic_store(&w->full, true);
	wake = w->waiting;
	pthread_mutex_unlock(&w->lock);
	if (wake)
		pthread_cond_signal(&w->more);
	return 0;
}

bool
writer_full(const struct writer *w)
{
	return atomic_load_explicit(&w->full, memory_order_relaxed);
}

void
writer_stats_get(struct writer *w, struct writer_stats *ret)
{
	pthread_mutex_lock(&w->lock);
	*ret = w->stats;
	ret->queue = w->queued;
	pthread_mutex_unlock(&w->lock);
}

void
writer_stop(struct writer *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_mutex_unlock(&w->lock);
	pthread_cond_signal(&w->more);
	(void)pthread_join(w->thread, NULL);	/* it is ours and runs */
}

void
writer_free(struct writer *w)
{
	if (w == NULL)
		return;
	mem_free(w->items);
	mem_free(w->jobs);
	mem_free(w->homes);
	(void)pthread_cond_destroy(&w->more);
	(void)pthread_mutex_destroy(&w->lock);
	mem_free(w);
}
