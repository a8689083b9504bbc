#include "server/server_admin.h"

#include "base/clock.h"
#include "server/server_priv.h"

struct store *
server_admin_store(struct server *s)
{
	return s->store;
}

const struct limits *
server_admin_limits(const struct server *s)
{
	return s->limits;
}

const struct server_key *
server_admin_key(const struct server *s)
{
	return s->key;
}

struct str
server_admin_domain(const struct server *s)
{
	return s->env.domain;
}

struct str
server_admin_postmaster(const struct server *s)
{
	return s->env.postmaster;
}

struct waiting {
	struct write_item item;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
};

static void
on_done(struct write_item *i)
{
	struct waiting *w = (struct waiting *)i;

	pthread_mutex_lock(&w->lock);
	w->done = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

int
server_admin_write(struct server *s, struct store_job *job)
{
	struct waiting w = {
		.item = { .job = job, .home = WRITER_NO_HOME, .done = on_done },
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.cond = PTHREAD_COND_INITIALIZER,
	};
	int err = writer_submit(s->writer, &w.item);

	if (err < 0)
		return err;
	pthread_mutex_lock(&w.lock);
	while (!w.done)
		pthread_cond_wait(&w.cond, &w.lock);
	pthread_mutex_unlock(&w.lock);
	(void)pthread_cond_destroy(&w.cond);
	(void)pthread_mutex_destroy(&w.lock);
	return job->err;
}

void
server_admin_kick(struct server *s, uint64_t account_id, struct str device_key)
{
	loopd_kick(s, device_key.n > 0 ? KICK_DEVICE : KICK_ACCOUNT,
		   account_id, device_key, 0);
}

void
server_admin_counters(struct server *s, struct server_counters *ret)
{
	struct writer_stats w;

	writer_stats_get(s->writer, &w);
	*ret = (struct server_counters){
		.started = s->started,
		.uptime = clock_mono_ms() - s->started_mono,
		.plain = atomic_load(&s->classes[CONN_PLAIN]),
		.secured = atomic_load(&s->classes[CONN_SECURED]),
		.logged_in = atomic_load(&s->classes[CONN_LOGGED_IN]),
		.accepted = atomic_load(&s->accepted),
		.refused = atomic_load(&s->refused),
		.logins = atomic_load(&s->logins),
		.auth_failures = atomic_load(&s->auth_failures),
		.messages = w.messages,
		.copies = w.copies,
		.write_batches = w.batches,
		.write_jobs = w.jobs,
		.write_failed = w.failed,
		.write_queue = w.queue,
		.read_jobs = atomic_load(&s->read_jobs),
		.inline_octets = __atomic_load_n(&s->inline_octets,
						 __ATOMIC_RELAXED),
		.loops = s->nloops,
	};
}
