/* The loop, the clock and what is counted. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "load.h"

#define EVENTS 256

uint64_t
load_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* xorshift: the same run each time. */
uint64_t
load_random(uint64_t below)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % below;
}

void
load_text(struct session *s, uint64_t serial, struct buf *b)
{
	static const char line[] =
		"The quick brown fox jumps over the lazy dog, and again it does"
		" so here.\r\n";
	uint64_t left = s->l->o.size;
	char head[64];
	int n = snprintf(head, sizeof(head), "Number %llu of this run.\r\n",
			 (unsigned long long)serial);

	for (const char *p = head; left > 0;) {
		size_t k = (size_t)n < left ? (size_t)n : (size_t)left;

		if (buf_add(b, p, k) < 0)
			load_die("out of memory");
		left -= k;
		p = line;
		n = sizeof(line) - 1;
	}
}

bool
load_give(struct session *s)
{
	struct load *l = s->l;
	const struct load_options *o = &l->o;
	uint64_t now;

	if (s->under_way >= (o->wait == WAIT_WINDOW ? o->window : 1))
		return false;
	if (o->units && l->given >= o->units)
		return false;
	now = load_ns();
	if (l->end && now >= l->end)
		return false;
	s->slot = s->named ? (uint64_t)__builtin_ctzll(~s->busy) :
			     (s->first + s->under_way) % o->window;
	s->busy |= s->named ? UINT64_C(1) << s->slot : 0;
	s->began[s->slot] = now;
	s->under_way++;
	l->given++;
	return true;
}

static void
note(struct load *l, uint64_t ns)
{
	if (l->ntimes == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 65536;
		l->times = mem_realloc(l->times, l->cap * sizeof(*l->times));
		if (!l->times)
			load_die("out of memory");
	}
	l->times[l->ntimes++] = (uint32_t)(ns / 1000);
}

void
load_done(struct session *s)
{
	load_done_at(s, s->first);
	s->first = (s->first + 1) % s->l->o.window;
}

void
load_done_at(struct session *s, uint64_t slot)
{
	struct load *l = s->l;
	uint64_t now = load_ns();

	if (s->under_way == 0 ||
	    (s->named && !(s->busy >> slot & 1)))
		load_die("the server answers what was not asked");
	if (now < l->counted_from)
		l->warm_done++;
	else
		note(l, now - s->began[slot]);
	s->busy &= s->named ? ~(UINT64_C(1) << slot) : s->busy;
	s->under_way--;
	s->step = 0;
	l->done++;
	l->last = now;
}

/* --- octets --- */

static void
watch(struct session *s, bool write)
{
	struct epoll_event e = { .events = EPOLLIN | (write ? EPOLLOUT : 0u),
				 .data.ptr = s };

	if (write != s->want_write)
		(void)epoll_ctl(s->l->epoll, EPOLL_CTL_MOD, s->fd, &e);
	s->want_write = write;
}

static bool
again(const struct session *s, int n)
{
	int why;

	if (!s->ssl)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	why = SSL_get_error(s->ssl, n);
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

static void
send_some(struct session *s)
{
	while (s->out.n) {
		int n = session_send(s);

		if (n <= 0 && again(s, n))
			break;
		if (n <= 0)
			load_die("the server has gone");
	}
	watch(s, s->out.n > 0);
}

static void
read_some(struct session *s)
{
	for (;;) {
		int n = session_receive(s);

		if (n <= 0 && again(s, n))
			return;
		if (n <= 0)
			load_die("the server has gone");
		s->p->heard(s);
		if (s->ssl && !SSL_has_pending(s->ssl) && n < 16384)
			return;
		if (!s->ssl && n < LOAD_PIECE)
			return;
	}
}

static void
go_on(struct session *s)
{
	s->p->more(s);
	send_some(s);
}

/* --- runs --- */

static void
make_session(struct load *l, size_t i, const struct protocol *p)
{
	struct session *s = &l->sessions[i];

	s->l = l;
	s->p = p;
	s->index = i;
	s->began = mem_calloc(l->o.window, sizeof(*s->began));
	if (!s->began)
		load_die("out of memory");
	p->begin(s);
}

static void
make_sessions(struct load *l)
{
	const struct protocol *p = l->sessions[0].p;

	for (size_t i = 0; i < l->o.sessions; i++) {
		struct session *s = &l->sessions[i];
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };

		make_session(l, i, p);
		if (fcntl(s->fd, F_SETFL, O_NONBLOCK) < 0 ||
		    epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &e) < 0)
			load_die("epoll: %s", strerror(errno));
		if (s->ssl)
			SSL_set_mode(s->ssl,
				     SSL_MODE_ENABLE_PARTIAL_WRITE |
				     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	}
}

static bool
at_work(const struct load *l)
{
	if (l->given > l->done)
		return true;
	if (l->o.units && l->given < l->o.units)
		return l->end == 0 || load_ns() < l->end;
	return l->end == 0 ? l->o.units == 0 : load_ns() < l->end;
}

static void
set_times(struct load *l)
{
	l->start = load_ns();
	l->counted_from = l->start + (uint64_t)(l->o.warm * 1e9);
	if (l->o.seconds > 0)
		l->end = l->counted_from + (uint64_t)(l->o.seconds * 1e9);
}

void
load_run(struct load *l)
{
	struct epoll_event events[EVENTS];

	make_sessions(l);
	set_times(l);
	for (size_t i = 0; i < l->o.sessions; i++)
		go_on(&l->sessions[i]);
	while (at_work(l)) {
		int n = epoll_wait(l->epoll, events, EVENTS, 30000);

		if (n == 0)
			load_die("the server says nothing");
		for (int i = 0; i < n; i++) {
			struct session *s = events[i].data.ptr;

			if (events[i].events & ~(uint32_t)EPOLLOUT)
				read_some(s);
			go_on(s);
		}
	}
	for (size_t i = 0; i < l->o.sessions; i++)
		session_close(&l->sessions[i]);
}

void
load_logins(struct load *l)
{
	struct session *s = &l->sessions[0];
	const struct protocol *p = s->p;

	make_session(l, 0, p);	/* what is made once */
	session_close(s);
	set_times(l);
	while (load_give(s)) {
		p->begin(s);
		session_close(s);
		load_done(s);
	}
}

void
load_idle(struct load *l)
{
	char c;

	make_sessions(l);
	for (size_t i = 0; i < l->o.sessions; i++)
		go_on(&l->sessions[i]);
	printf("idle %llu\n", (unsigned long long)l->o.sessions);
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	_exit(0);
}
