#include "fake_store.h"

#include <time.h>

static struct fake_store *
of(struct store *s)
{
	return (struct fake_store *)s;
}

static int
fake_write(struct store *s, struct store_job **jobs, size_t n)
{
	struct fake_store *f = of(s);
	int err;

	pthread_mutex_lock(&f->lock);
	if (f->nbatches < FAKE_BATCHES)
		f->batch[f->nbatches++] = n;
	pthread_cond_broadcast(&f->change);
	while (f->hold)
		pthread_cond_wait(&f->change, &f->lock);
	err = f->err;
	for (size_t i = 0; i < n; i++) {
		jobs[i]->err = err;
		if (jobs[i]->op != STORE_PURGE)
			continue;
		f->purged++;
		((struct store_purge *)jobs[i])->ids = 1;
		((struct store_purge *)jobs[i])->more = f->purges > 0;
		if (f->purges > 0)
			f->purges--;
	}
	pthread_cond_broadcast(&f->change);
	pthread_mutex_unlock(&f->lock);
	return err == ERR_SYNC ? err : 0;
}

static int
fake_tend(struct store *s)
{
	struct fake_store *f = of(s);
	int err;

	pthread_mutex_lock(&f->lock);
	f->tended++;
	err = f->tend;
	if (err > 0)
		f->tend = 0;
	pthread_cond_broadcast(&f->change);
	pthread_mutex_unlock(&f->lock);
	return err;
}

static const struct store_ops ops = {
	.name = "fake", .write = fake_write, .tend = fake_tend,
};

void
fake_store_init(struct fake_store *f)
{
	*f = (struct fake_store){ .s = { &ops } };
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->change, NULL);
}

void
fake_store_done(struct fake_store *f)
{
	pthread_cond_destroy(&f->change);
	pthread_mutex_destroy(&f->lock);
}

void
fake_store_hold(struct fake_store *f, bool hold)
{
	pthread_mutex_lock(&f->lock);
	f->hold = hold;
	pthread_cond_broadcast(&f->change);
	pthread_mutex_unlock(&f->lock);
}

bool
fake_store_wait(struct fake_store *f, size_t n)
{
	struct timespec end;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 10;
	pthread_mutex_lock(&f->lock);
	while (f->nbatches < n && rc == 0)
		rc = pthread_cond_timedwait(&f->change, &f->lock, &end);
	pthread_mutex_unlock(&f->lock);
	return rc == 0;
}
