/* thread: named threads, and condition variables on the monotonic clock. */
#ifndef SERVER_THREAD_H
#define SERVER_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Start fn(arg); signals are other threads' business.  name: at most 15
 * octets, for those who look.  0 or ERR_LIMIT. */
int thread_start(pthread_t *t, const char *name, void *(*fn)(void *arg),
		 void *arg) WARN_UNUSED;

/* 0 or ERR_NOMEM. */
int thread_cond_init(pthread_cond_t *c) WARN_UNUSED;
/* Wait for a signal, at most until a time (monotonic us).  May return early
 * for no reason; false: it is past that time. */
bool thread_cond_wait(pthread_cond_t *c, pthread_mutex_t *lock, uint64_t us);

#endif
