#include "server/care.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/thread.h"

#define PURGE_EVERY (60 * 60 * 1000)	/* ms */
#define PURGE_ROWS 500
/* Rests of the thread in ms: after a poke, without one, after an error. */
#define REST_POKED 50
#define REST_IDLE 1000
#define REST_ERROR 1000

struct care {
	struct store *store;
	struct writer *writer;
	void (*died)(const char *event, int err);
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;		/* under the lock, with what follows */
	atomic_bool poked;
	bool purging;
	uint64_t purge_at;	/* monotonic ms */
	uint64_t messages, ids;	/* of the purge that runs */
	struct write_item item;	/* the purge's, with its job */
	struct store_purge purge;
};

/* --- purge --- */

/* Under the lock. */
static void
purge_submit(struct care *c)
{
	c->purge = (struct store_purge){
		.job = { .op = STORE_PURGE },
		.now = clock_unix_ms(),
		.limit = PURGE_ROWS,
		.after = c->purge.more ? c->purge.next : 0,
	};
	c->purging = writer_submit(c->writer, &c->item) == 0;
}

static void
purge_log(const struct care *c, int err)
{
	struct log_line l;

	if (err == 0 && c->messages + c->ids == 0)
		return;
	log_begin(&l, err < 0 ? LOG_WARN : LOG_INFO, "purge");
	log_u64(&l, "messages", c->messages);
	log_u64(&l, "ids", c->ids);
	if (err < 0)
		log_err(&l, err);
	log_end(&l);
}

/* On the writer's thread: one chunk is done; the next one goes behind what
 * waits, so that nobody waits for a whole purge. */
static void
purge_done(struct write_item *w)
{
	struct care *c = (struct care *)((char *)w -
					 offsetof(struct care, item));
	int err = c->purge.job.err;

	pthread_mutex_lock(&c->lock);
	c->purging = false;
	if (err == 0) {
		c->messages += c->purge.messages;
		c->ids += c->purge.ids;
	}
	if (err == 0 && c->purge.more && !c->stop)
		purge_submit(c);
	if (!c->purging) {
		purge_log(c, err);
		c->messages = c->ids = 0;
	}
	pthread_mutex_unlock(&c->lock);
}

/* Under the lock. */
static void
purge_if_due(struct care *c)
{
	uint64_t now = clock_mono_ms();

	if (c->purging || now < c->purge_at)
		return;
	c->purge_at = now + PURGE_EVERY;
	purge_submit(c);
}

/* --- the thread --- */

static void
tend_failed(struct care *c, int err, int before)
{
	struct log_line l;

	if (err == ERR_SYNC)
		c->died("store-sync-failed", err);
	if (err == before)
		return;
	log_begin(&l, LOG_WARN, "store-care-failed");
	log_err(&l, err);
	log_end(&l);
}

/* Under the lock. */
static void
rest(struct care *c, uint64_t ms)
{
	if (!c->stop)
		(void)thread_cond_wait(&c->wake, &c->lock,
				       clock_mono_us() + ms * 1000);
}

static void *
run(void *arg)
{
	struct care *c = arg;
	int err, before = 0;

	pthread_mutex_lock(&c->lock);
	while (!c->stop) {
		purge_if_due(c);
		atomic_store(&c->poked, false);
		pthread_mutex_unlock(&c->lock);
		err = store_tend(c->store);
		if (err < 0)
			tend_failed(c, err, before);
		before = err;
		pthread_mutex_lock(&c->lock);
		if (err < 0)
			rest(c, REST_ERROR);
		else if (err == 0 && !atomic_load(&c->poked))
			rest(c, REST_IDLE);
		/* Not after every batch, but soon. */
		if (err == 0 && atomic_load(&c->poked))
			rest(c, REST_POKED);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

void
care_poke(struct care *c)
{
	/* Only the first one since it last looked has to wake it. */
	if (atomic_exchange(&c->poked, true))
		return;
	pthread_mutex_lock(&c->lock);
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

int
care_new(struct store *s, void (*died)(const char *event, int err),
	 struct care **ret)
{
	struct care *c = mem_zalloc(sizeof(*c));

	if (c == NULL || thread_cond_init(&c->wake) < 0) {
		mem_free(c);
		return ERR_NOMEM;
	}
	(void)pthread_mutex_init(&c->lock, NULL); /* cannot fail on Linux */
	c->store = s;
	c->died = died;
	c->item.job = &c->purge.job;
	c->item.home = WRITER_NO_HOME;
	c->item.done = purge_done;
	*ret = c;
	return 0;
}

int
care_start(struct care *c, struct writer *w)
{
	int err;

	c->writer = w;
	err = thread_start(&c->thread, "immp-care", run, c);
	c->running = err == 0;
	return err;
}

void
care_stop(struct care *c)
{
	if (c == NULL || !c->running)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	(void)pthread_join(c->thread, NULL);	/* it is ours and runs */
}

void
care_free(struct care *c)
{
	if (c == NULL)
		return;
	(void)pthread_cond_destroy(&c->wake);
	(void)pthread_mutex_destroy(&c->lock);
	mem_free(c);
}
