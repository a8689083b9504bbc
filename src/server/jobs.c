/*
 * The way of a session's job.
 *
 * On the loop it gets its room filled and goes to the readers or the writer.
 * Its answer is a message to the same loop: a read job is its own message; of
 * the write jobs of one batch for one loop the first carries the chain.  On
 * the loop the session is looked up by its id: one that has gone meanwhile
 * leaves the job to session_job_drop().
 */
#include "base/clock.h"
#include "server/server_priv.h"

static struct job_room *
room_of(struct session_job *j)
{
	return (struct job_room *)j->room;
}

static struct session_job *
job_of(struct job_room *r)
{
	return (struct session_job *)((char *)r -
				      offsetof(struct session_job, room));
}

#define ROOM_OF(ptr, member) \
	((struct job_room *)((char *)(ptr) - offsetof(struct job_room, member)))

/* --- back on the loop --- */

static void
deliver(struct loopd *l, struct session_job *j)
{
	struct conn *c;

	l->jobs--;
	c = map_get(&l->conns, str_n(&j->session_id, sizeof(j->session_id)));
	if (c == NULL) {
		session_job_drop(j);
		return;
	}
	session_job_done(c->session, j, net_loop_now(l->loop),
			 clock_unix_ms());
	loopd_touch(l, c);
}

static void
on_read(struct net_loop *loop, struct net_msg *m)
{
	struct job_room *r = ROOM_OF(m, msg);

	atomic_fetch_sub(&r->loop->srv->read_jobs, 1);
	deliver(r->loop, job_of(r));
}

static void
on_written(struct net_loop *loop, struct net_msg *m)
{
	struct job_room *r = ROOM_OF(m, msg);
	struct loopd *l = r->loop;
	struct write_item *next;

	/* A job may be gone once it is delivered. */
	for (struct write_item *i = &r->item; i != NULL; i = next) {
		next = i->next;
		deliver(l, job_of(ROOM_OF(i, item)));
	}
}

/* --- readers --- */

static void
read_job(struct net_work *w, void *thread)
{
	struct job_room *r = ROOM_OF(w, work);
	struct session_job *j = job_of(r);
	struct loopd *l = r->loop;

	store_reader_hold(thread);
	j->work(j, thread);
	store_reader_release(thread);
	r->msg.fn = on_read;
	net_loop_post(l->loop, &r->msg);
}

static void *
reader_start(void *ctx)
{
	struct server *s = ctx;
	struct store_reader *r;

	return store_reader_new(s->store, &r) == 0 ? r : NULL;
}

static void
reader_stop(void *ctx, void *thread)
{
	(void)ctx;
	store_reader_free(thread);
}

int
jobs_pool_new(struct server *s)
{
	return net_pool_new(s->limits->readers, reader_start, reader_stop, s,
			    &s->pool);
}

/* --- the writer --- */

static void
writer_answer(void *ctx, uint32_t home, struct write_item *all)
{
	struct server *s = ctx;
	struct job_room *r = ROOM_OF(all, item);

	r->msg.fn = on_written;
	net_loop_post(s->loops[home].loop, &r->msg);
}

static void
writer_room(void *ctx)
{
	struct server *s = ctx;

	for (uint32_t i = 0; i < s->nloops; i++)
		loopd_post_room(&s->loops[i]);
}

static void
writer_written(void *ctx)
{
	struct server *s = ctx;

	care_poke(s->care);
}

static void
writer_died(void *ctx, int err)
{
	(void)ctx;
	server_die("store-sync-failed", err);
}

const struct writer_ops jobs_writer_ops = {
	.answer = writer_answer,
	.room = writer_room,
	.written = writer_written,
	.died = writer_died,
};

/* --- away from the loop --- */

void
jobs_submit(void *ctx, struct session_job *job)
{
	struct conn *c = ctx;
	struct loopd *l = c->loop;
	struct server *s = l->srv;
	struct job_room *r = room_of(job);

	r->loop = l;
	l->jobs++;
	if (job->write == NULL) {
		r->work.run = read_job;
		atomic_fetch_add(&s->read_jobs, 1);
		net_pool_submit(s->pool, &r->work);
		return;
	}
	r->item.job = job->write;
	r->item.octets = job->octets;
	r->item.home = l->index;
	r->item.done = NULL;
	/* The writer ends after the loops, so it takes jobs as long as there
	 * are sessions. */
	if (writer_submit(s->writer, &r->item) < 0)
		server_die("writer-gone", ERR_INTERNAL);
}
