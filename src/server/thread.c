#include "server/thread.h"

#include <signal.h>
#include <time.h>

#include "base/clock.h"

int
thread_start(pthread_t *t, const char *name, void *(*fn)(void *arg), void *arg)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);	/* neither can fail with these arguments */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(t, NULL, fn, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return ERR_LIMIT;
	(void)pthread_setname_np(*t, name);	/* goes without as well */
	return 0;
}

int
thread_cond_init(pthread_cond_t *c)
{
	pthread_condattr_t a;
	int rc;

	if (pthread_condattr_init(&a) != 0)
		return ERR_NOMEM;
	rc = pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	if (rc == 0)
		rc = pthread_cond_init(c, &a);
	(void)pthread_condattr_destroy(&a);	/* cannot fail */
	return rc == 0 ? 0 : ERR_NOMEM;
}

bool
thread_cond_wait(pthread_cond_t *c, pthread_mutex_t *lock, uint64_t us)
{
	struct timespec t = {
		.tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000,
	};

	(void)pthread_cond_timedwait(c, lock, &t);	/* the clock tells */
	return clock_mono_us() < us;
}
