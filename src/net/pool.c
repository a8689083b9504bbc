#include "net/net.h"

#include "base/mem.h"
#include "net/net_priv.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

struct net_pool {
	uint32_t magic;
	void *(*thread_start)(void *ctx);
	void (*thread_stop)(void *ctx, void *thread);
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t more;  /* work, or the end */
	pthread_cond_t begun; /* a thread has started, or not */
	struct net_work *first, **last;
	bool ending;
	size_t nbegun, nfailed;
	size_t n; /* threads to join */
	pthread_t threads[];
};

/* The next piece of work; NULL when there will be none. */
static struct net_work *
take(struct net_pool *p)
{
	struct net_work *w;

	pthread_mutex_lock(&p->lock);
	while (!p->first && !p->ending)
		pthread_cond_wait(&p->more, &p->lock);
	w = p->first;
	if (w) {
		p->first = w->next;
		if (!p->first)
			p->last = &p->first;
		w->next = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	return w;
}

static void *
work(void *arg)
{
	struct net_pool *p = arg;
	struct net_work *w;
	void *thread;

	NET_CHECK(p, NET_POOL_MAGIC);
	thread = p->thread_start(p->ctx);
	pthread_mutex_lock(&p->lock);
	p->nbegun++;
	if (!thread)
		p->nfailed++;
	pthread_cond_signal(&p->begun);
	pthread_mutex_unlock(&p->lock);
	if (!thread)
		return NULL;

	while ((w = take(p)))
		w->run(w, thread);
	p->thread_stop(p->ctx, thread);
	return NULL;
}

/* Make one thread; signals are the main thread's. */
static int
spawn(struct net_pool *p)
{
	char name[16];
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&p->threads[p->n], NULL, work, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return ERR_LIMIT;
	snprintf(name, sizeof(name), "immp-pool-%zu", p->n % 1000);
	/* A thread without a name works as well. */
	(void)pthread_setname_np(p->threads[p->n], name);
	p->n++;
	return 0;
}

int
net_pool_new(size_t threads, void *(*thread_start)(void *ctx),
	     void (*thread_stop)(void *ctx, void *thread), void *ctx,
	     struct net_pool **ret)
{
	struct net_pool *p;
	int err = 0;

	p = mem_zalloc(sizeof(*p) + threads * sizeof(p->threads[0]));
	if (!p)
		return ERR_NOMEM;
	p->magic = NET_POOL_MAGIC;
	p->thread_start = thread_start;
	p->thread_stop = thread_stop;
	p->ctx = ctx;
	p->last = &p->first;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	pthread_cond_init(&p->begun, NULL);
	while (err == 0 && p->n < threads)
		err = spawn(p);

	pthread_mutex_lock(&p->lock);
	while (p->nbegun < p->n)
		pthread_cond_wait(&p->begun, &p->lock);
	if (p->nfailed > 0)
		err = ERR_INTERNAL;
	pthread_mutex_unlock(&p->lock);
	if (err < 0) {
		net_pool_free(p);
		return err;
	}
	*ret = p;
	return 0;
}

void
net_pool_submit(struct net_pool *p, struct net_work *w)
{
	NET_CHECK(p, NET_POOL_MAGIC);
	w->next = NULL;
	pthread_mutex_lock(&p->lock);
	*p->last = w;
	p->last = &w->next;
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
}

void
net_pool_free(struct net_pool *p)
{
	if (!p)
		return;
	NET_CHECK(p, NET_POOL_MAGIC);
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->n; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->begun);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	p->magic = 0;
	mem_free(p);
}
