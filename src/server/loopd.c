/*
 * A loop thread and its sessions.
 *
 * Its end has steps, for a message may always be on its way from another loop:
 *
 *     running -> (stop) -> stopping: takes no connection, sessions end
 *             -> no session and no job left: drained, the server is told
 *             -> (end) -> the thread ends
 *
 * `end` is posted when all loops are drained and all other threads have ended,
 * so it is the last message a loop gets.
 */
#include "server/server_priv.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "server/thread.h"

#define LOOP_OF(m, member) \
	((struct loopd *)((char *)(m) - offsetof(struct loopd, member)))

static struct loopd *
loopd_of(void *ctx)
{
	struct loopd *l = ctx;

	assert(l->magic == LOOPD_MAGIC);
	return l;
}

/* --- the end of a turn --- */

static void
arm_timer(struct loopd *l)
{
	const struct heap_node *first = heap_min(&l->heap);
	uint64_t now;

	if (first == NULL || first->at == l->timer_at)
		return;
	now = net_loop_now(l->loop);
	l->timer_at = first->at;
	net_timer_start(l->timer, first->at > now ? first->at - now : 0);
}

static void
settle_all(struct loopd *l)
{
	struct list *node;

	while ((node = list_first(&l->dirty)) != NULL) {
		list_del(node);
		conn_settle(LIST_ENTRY(node, struct conn, dirty));
	}
}

static void
on_turn(void *ctx)
{
	struct loopd *l = loopd_of(ctx);

	settle_all(l);
	log_flush();
	arm_timer(l);
	if (l->stopping && !l->drained && l->conns.n == 0 && l->jobs == 0) {
		l->drained = true;
		server_drained(l->srv);
	}
}

static void
on_timer(void *ctx)
{
	struct loopd *l = loopd_of(ctx);
	uint64_t now = net_loop_now(l->loop);
	struct heap_node *n;

	l->timer_at = 0;
	while ((n = heap_min(&l->heap)) != NULL && n->at <= now) {
		heap_del(&l->heap, n);
		conn_tick(LIST_ENTRY(n, struct conn, timer));
	}
}

void
loopd_touch(struct loopd *l, struct conn *c)
{
	if (list_empty(&c->dirty))
		list_add_tail(&l->dirty, &c->dirty);
}

int
loopd_wake(struct loopd *l, struct conn *c, uint64_t at)
{
	/* A deadline that has moved away is looked at again when the old one
	 * has come: most of them move with every command. */
	if (c->timer.pos != 0 && c->timer.at <= at)
		return 0;
	return heap_set(&l->heap, &c->timer, at);
}

/* --- new connections --- */

struct handover {
	struct net_msg msg;
	struct loopd *to;
	int fd;
	bool tls;
	struct net_addr peer;
};

/* Close a connection that no session was made for. */
static void
turn_away(struct loopd *l, int fd, const struct net_addr *peer)
{
	char prefix[64];

	net_addr_prefix(peer, prefix);
	gate_leave(&l->srv->gate, str_c(prefix));
	atomic_fetch_sub(&l->nconns, 1);
	(void)close(fd);	/* nothing was sent on it */
}

static void
on_handover(struct net_loop *loop, struct net_msg *m)
{
	struct handover *h = (struct handover *)m;

	if (h->to->stopping)
		turn_away(h->to, h->fd, &h->peer);
	else
		conn_open(h->to, h->fd, &h->peer, h->tls);
	mem_free(h);
}

static void
hand_over(struct loopd *to, int fd, const struct net_addr *peer, bool tls)
{
	struct handover *h = mem_alloc(sizeof(*h));

	if (h == NULL) {
		turn_away(to, fd, peer);
		return;
	}
	*h = (struct handover){
		.msg.fn = on_handover, .to = to, .fd = fd, .tls = tls,
		.peer = *peer,
	};
	net_loop_post(to->loop, &h->msg);
}

/* The loop with the fewest sessions. */
static struct loopd *
least_of(struct server *s)
{
	struct loopd *best = &s->loops[0];
	size_t n, least = SIZE_MAX;

	for (uint32_t i = 0; i < s->nloops; i++) {
		n = atomic_load_explicit(&s->loops[i].nconns,
					 memory_order_relaxed);
		if (n < least) {
			least = n;
			best = &s->loops[i];
		}
	}
	return best;
}

static void
log_refused(const struct net_addr *peer, int err)
{
	struct log_line l;
	char text[80];

	if (!log_on(LOG_DEBUG))
		return;
	net_addr_format(peer, text);
	log_begin(&l, LOG_DEBUG, "connection-refused");
	log_cstr(&l, "peer", text);
	log_err(&l, err);
	log_end(&l);
}

void
loopd_accept(void *ctx, int fd, const struct net_addr *peer)
{
	struct listener *li = ctx;
	struct server *s = li->srv;
	struct loopd *to;
	char prefix[64];
	int err;

	net_addr_prefix(peer, prefix);
	err = gate_enter(&s->gate, str_c(prefix));
	if (err < 0) {
		atomic_fetch_add(&s->refused, 1);
		log_refused(peer, err);
		(void)close(fd);	/* nothing was sent on it */
		return;
	}
	atomic_fetch_add(&s->accepted, 1);
	to = least_of(s);
	atomic_fetch_add(&to->nconns, 1);
	/* Listeners are with the first loop. */
	if (to == &s->loops[0])
		conn_open(to, fd, peer, li->tls);
	else
		hand_over(to, fd, peer, li->tls);
}

static void
end_all(struct loopd *l)
{
	struct str key;
	void *value;
	size_t pos = 0;

	/* Ending the one at hand is all the change that a walk allows. */
	while (map_next(&l->conns, &pos, &key, &value))
		conn_free(value);
}

/* --- kicks --- */

struct kick {
	struct net_msg msg;
	struct loopd *to;
	enum session_kick what;
	uint64_t account_id, but;
	struct str device;
	char text[];
};

static bool
is_kicked(const struct kick *k, const struct session *s)
{
	return session_id(s) != k->but &&
	       session_concerns(s, k->what, k->account_id, k->device);
}

static void
on_kick(struct net_loop *loop, struct net_msg *m)
{
	struct kick *k = (struct kick *)m;
	struct loopd *l = k->to;
	struct conn *c;
	struct str key;
	void *value;
	size_t pos = 0;

	while (map_next(&l->conns, &pos, &key, &value)) {
		c = value;
		if (is_kicked(k, c->session))
			conn_free(c);
	}
	mem_free(k);
}

/* Without memory for a message nobody can be told apart: all go. */
static void
on_expel(struct net_loop *loop, struct net_msg *m)
{
	struct loopd *l = LOOP_OF(m, expel_msg);

	atomic_store(&l->expel_posted, false);
	end_all(l);
}

static void
kick_one(struct loopd *to, const struct kick *what)
{
	struct kick *k = mem_alloc(sizeof(*k) + what->device.n);

	if (k == NULL) {
		if (!atomic_exchange(&to->expel_posted, true))
			net_loop_post(to->loop, &to->expel_msg);
		return;
	}
	*k = *what;
	k->to = to;
	if (k->device.n > 0)
		memcpy(k->text, k->device.p, k->device.n);
	k->device.p = k->text;
	net_loop_post(to->loop, &k->msg);
}

void
loopd_kick(struct server *s, enum session_kick what, uint64_t account_id,
	   struct str device, uint64_t but)
{
	const struct kick k = {
		.msg.fn = on_kick, .what = what, .account_id = account_id,
		.device = device, .but = but,
	};

	for (uint32_t i = 0; i < s->nloops; i++)
		kick_one(&s->loops[i], &k);
}

/* --- messages to all of a loop --- */

static void
on_stop(struct net_loop *loop, struct net_msg *m)
{
	struct loopd *l = LOOP_OF(m, stop_msg);
	struct server *s = l->srv;
	struct str key;
	void *value;
	size_t pos = 0;

	l->stopping = true;
	for (size_t i = 0; l->index == 0 && i < s->nlisteners; i++) {
		if (s->listeners[i].li != NULL)
			net_listener_close(s->listeners[i].li);
		s->listeners[i].li = NULL;
	}
	while (map_next(&l->conns, &pos, &key, &value)) {
		struct conn *c = value;

		session_stop(c->session, net_loop_now(loop));
		loopd_touch(l, c);
	}
}

static void
on_cut(struct net_loop *loop, struct net_msg *m)
{
	end_all(LOOP_OF(m, cut_msg));
}

static void
on_end(struct net_loop *loop, struct net_msg *m)
{
	struct loopd *l = LOOP_OF(m, end_msg);

	net_timer_free(l->timer);
	l->timer = NULL;
	net_loop_stop(loop);
}

static void
on_room(struct net_loop *loop, struct net_msg *m)
{
	struct loopd *l = LOOP_OF(m, room_msg);
	struct str key;
	void *value;
	size_t pos = 0;

	/* First the flag: what comes from now on is another message. */
	atomic_store(&l->room_posted, false);
	while (map_next(&l->conns, &pos, &key, &value))
		conn_room(value);
}

struct tls_msg {
	struct net_msg msg;
	struct loopd *to;
	struct tls_ctx *tls;
};

static void
on_tls(struct net_loop *loop, struct net_msg *m)
{
	struct tls_msg *t = (struct tls_msg *)m;

	tls_ctx_unref(t->to->tls);
	t->to->tls = t->tls;
	mem_free(t);
}

int
loopd_post_tls(struct loopd *l, struct tls_ctx *c)
{
	struct tls_msg *t = mem_alloc(sizeof(*t));

	if (t == NULL)
		return ERR_NOMEM;
	t->msg.fn = on_tls;
	t->to = l;
	t->tls = tls_ctx_ref(c);
	net_loop_post(l->loop, &t->msg);
	return 0;
}

void
loopd_post_stop(struct loopd *l)
{
	net_loop_post(l->loop, &l->stop_msg);
}

void
loopd_post_cut(struct loopd *l)
{
	net_loop_post(l->loop, &l->cut_msg);
}

void
loopd_post_end(struct loopd *l)
{
	net_loop_post(l->loop, &l->end_msg);
}

void
loopd_post_room(struct loopd *l)
{
	if (!atomic_exchange(&l->room_posted, true))
		net_loop_post(l->loop, &l->room_msg);
}

/* --- the thread --- */

static void *
run(void *arg)
{
	struct loopd *l = loopd_of(arg);

	log_gather();
	net_loop_run(l->loop);
	log_flush();
	return NULL;
}

int
loopd_init(struct loopd *l, struct server *s, uint32_t index)
{
	l->magic = LOOPD_MAGIC;
	l->index = index;
	l->srv = s;
	l->tls = tls_ctx_ref(s->tls);
	map_init(&l->conns);
	list_init(&l->dirty);
	heap_init(&l->heap);
	l->stop_msg.fn = on_stop;
	l->cut_msg.fn = on_cut;
	l->end_msg.fn = on_end;
	l->room_msg.fn = on_room;
	l->expel_msg.fn = on_expel;
	if (net_loop_new(&l->loop) < 0)
		return ERR_NOMEM;
	net_loop_on_turn(l->loop, on_turn, l);
	l->timer = net_timer_new(l->loop, on_timer, l);
	return l->timer != NULL ? 0 : ERR_NOMEM;
}

int
loopd_run(struct loopd *l)
{
	char name[16];
	int err;

	(void)snprintf(name, sizeof(name), "immp-loop-%u", l->index);
	err = thread_start(&l->thread, name, run, l);
	l->running = err == 0;
	return err;
}

void
loopd_done(struct loopd *l)
{
	if (l->running)
		(void)pthread_join(l->thread, NULL);	/* ours, and ends */
	if (l->timer != NULL)
		net_timer_free(l->timer);
	if (l->loop != NULL)
		net_loop_free(l->loop);
	heap_done(&l->heap);
	map_done(&l->conns);
	tls_ctx_unref(l->tls);
}
