/*
 * The life of a server.
 *
 * Start, in this order: what sessions share, loops and listeners (nothing runs
 * yet), readers, writer, care, and last the loop threads, which then find all
 * they may need.  The end goes backwards, see loopd.c.
 */
#include "server/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server/thread.h"
#include "server/server_admin.h"
#include "server/server_priv.h"

#define SERVER_ARENA (1u << 20)
#define DRAIN_MS 6000
/* What the end may take once nobody is connected (ms). */
#define END_MS 1500
#define MAX_LOOPS 256

void
server_die(const char *event, int err)
{
	struct log_line l;

	log_begin(&l, LOG_ERROR, event);
	log_err(&l, err);
	log_end(&l);
	_exit(SERVER_DIED);
}

/* --- start --- */

static uint32_t
count_loops(size_t asked)
{
	long n = asked > 0 ? (long)asked : sysconf(_SC_NPROCESSORS_ONLN);

	if (n < 1)
		return 1;
	return n < MAX_LOOPS ? (uint32_t)n : MAX_LOOPS;
}

static void
log_skipped(struct str addr, int errnum)
{
	struct log_line l;

	log_begin(&l, LOG_WARN, "listen-skipped");
	log_str(&l, "addr", addr);
	log_cstr(&l, "why", errnum == EAFNOSUPPORT ?
		 "no such addresses here" : "not an address of this machine");
	log_end(&l);
}

/* Does the machine lack this address, or its whole family? */
static bool
lacks(int errnum)
{
	return errnum == EADDRNOTAVAIL || errnum == EAFNOSUPPORT;
}

static int
listen_one(struct server *s, struct listener *li,
	   const struct server_listen *o, char *reterr, size_t cap)
{
	struct net_addr a;
	int errnum = 0, err;

	li->srv = s;
	li->tls = o->tls;
	err = net_addr_parse(o->addr, &a);
	if (err == 0)
		err = net_listen(s->loops[0].loop, &a, loopd_accept, li,
				 &li->li, &li->bound, &errnum);
	if (err == 0)
		return 0;
	li->li = NULL;
	if (o->optional && lacks(errnum)) {
		li->skipped = true;
		log_skipped(o->addr, errnum);
		return 0;
	}
	(void)snprintf(reterr, cap, "listen %.*s: %s%s", STR_ARG(o->addr),
		       errnum == EADDRINUSE ? "address in use; " : "",
		       err_text(errnum ? err_from_errno(errnum) : err));
	return err;
}

static int
listen_all(struct server *s, const struct server_options *o, char *reterr,
	   size_t cap)
{
	size_t n = 0;
	int err;

	s->listeners = mem_calloc(o->nlisten, sizeof(*s->listeners));
	if (s->listeners == NULL) {
		(void)snprintf(reterr, cap, "listen: %s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	s->nlisteners = o->nlisten;
	for (size_t i = 0; i < o->nlisten; i++) {
		err = listen_one(s, &s->listeners[i], &o->listen[i], reterr,
				 cap);
		if (err < 0)
			return err;
		n += s->listeners[i].li != NULL;
	}
	if (n > 0)
		return 0;
	(void)snprintf(reterr, cap, "listen: no address of this machine");
	return ERR_CONNECT;
}

static int
make_loops(struct server *s, const struct server_options *o)
{
	uint32_t n = count_loops(o->workers);
	int err = 0;

	s->loops = mem_calloc(n, sizeof(*s->loops));
	if (s->loops == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < n && err == 0; i++) {
		s->nloops = i + 1;
		err = loopd_init(&s->loops[i], s, i);
	}
	return err;
}

static int
start_threads(struct server *s)
{
	int err = jobs_pool_new(s);

	if (err == 0)
		err = care_new(s->store, server_die, &s->care);
	if (err == 0)
		err = writer_start(s->store, s->limits, s->nloops,
				   &jobs_writer_ops, s, &s->writer);
	if (err == 0)
		err = care_start(s->care, s->writer);
	for (uint32_t i = 0; i < s->nloops && err == 0; i++)
		err = loopd_run(&s->loops[i]);
	return err;
}

static void
server_free(struct server *s)
{
	for (size_t i = 0; i < s->nlisteners; i++)
		if (s->listeners[i].li != NULL)
			net_listener_close(s->listeners[i].li);
	for (uint32_t i = 0; i < s->nloops; i++)
		loopd_done(&s->loops[i]);
	mem_free(s->loops);
	mem_free(s->listeners);
	care_free(s->care);
	writer_free(s->writer);
	gate_done(&s->gate);
	setup_done(s);
	(void)pthread_cond_destroy(&s->change);
	(void)pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

/* All threads but the loops', which are drained or were never started. */
static void
stop_threads(struct server *s)
{
	care_stop(s->care);
	if (s->pool != NULL)
		net_pool_free(s->pool);
	writer_stop(s->writer);
	for (uint32_t i = 0; i < s->nloops; i++)
		if (s->loops[i].running)
			loopd_post_end(&s->loops[i]);
}

int
server_start(const struct server_options *o, struct server **ret, char *reterr,
	     size_t cap)
{
	struct server *s = mem_zalloc(sizeof(*s));
	int err;

	if (s == NULL || thread_cond_init(&s->change) < 0) {
		mem_free(s);
		(void)snprintf(reterr, cap, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)pthread_mutex_init(&s->lock, NULL); /* cannot fail on Linux */
	arena_init(&s->arena, SERVER_ARENA, 0);
	gate_init(&s->gate, o->limits->sessions, o->limits->sessions_peer);
	s->store = o->store;
	s->limits = o->limits;
	s->tls2 = o->tls2;
	s->drain = o->drain > 0 ? o->drain : DRAIN_MS;
	s->started = clock_unix_ms();
	s->started_mono = clock_mono_ms();
	s->data = arena_str(&s->arena, str_c(o->data)).p;
	err = setup_env(s, o, reterr, cap);
	if (err < 0)
		goto fail;
	(void)snprintf(reterr, cap, "cannot start loops and threads");
	err = make_loops(s, o);
	if (err == 0)
		err = listen_all(s, o, reterr, cap);
	if (err == 0)
		err = start_threads(s);
	if (err < 0)
		goto fail;
	*ret = s;
	return 0;
fail:
	stop_threads(s);
	server_free(s);
	return err;
}

bool
server_bound(const struct server *s, size_t i, char dst[static 80])
{
	if (i >= s->nlisteners || s->listeners[i].skipped)
		return false;
	net_addr_format(&s->listeners[i].bound, dst);
	return true;
}

int
server_reload(struct server *s, const struct server_pair *pairs, size_t n,
	      char *reterr, size_t cap)
{
	struct tls_ctx *c;
	int err = setup_tls(s->data, s->env.domain, pairs, n, s->tls2, &c,
			    reterr, cap);

	for (uint32_t i = 0; i < s->nloops && err == 0; i++) {
		err = loopd_post_tls(&s->loops[i], c);
		if (err < 0)
			(void)snprintf(reterr, cap, "%s", err_text(err));
	}
	if (err == 0)
		tls_ctx_unref(c);
	return err;
}

/* --- end --- */

void
server_drained(struct server *s)
{
	pthread_mutex_lock(&s->lock);
	s->ndrained++;
	pthread_cond_broadcast(&s->change);
	pthread_mutex_unlock(&s->lock);
}

void
server_stop(struct server *s)
{
	bool first;

	pthread_mutex_lock(&s->lock);
	first = !s->stopping;
	s->stopping = true;
	pthread_cond_broadcast(&s->change);
	pthread_mutex_unlock(&s->lock);
	for (uint32_t i = 0; first && i < s->nloops; i++)
		loopd_post_stop(&s->loops[i]);
}

/* Under the lock: are all loops drained before ms have passed? */
static bool
wait_drained(struct server *s, uint64_t ms)
{
	uint64_t end = clock_mono_us() + ms * 1000;

	while (s->ndrained < s->nloops)
		if (!thread_cond_wait(&s->change, &s->lock, end))
			return s->ndrained == s->nloops;
	return true;
}

int
server_wait(struct server *s)
{
	bool drained;

	pthread_mutex_lock(&s->lock);
	while (!s->stopping)
		pthread_cond_wait(&s->change, &s->lock);
	drained = wait_drained(s, s->drain);
	if (!drained) {
		for (uint32_t i = 0; i < s->nloops; i++)
			loopd_post_cut(&s->loops[i]);
		drained = wait_drained(s, END_MS);
	}
	pthread_mutex_unlock(&s->lock);
	if (!drained)
		return ERR_TIMEOUT;
	stop_threads(s);
	server_free(s);
	return 0;
}
