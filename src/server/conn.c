/*
 * A connection: one stream and its session.
 *
 * Callbacks of the stream and answers of jobs only feed the session and mark
 * the connection; what follows (output, upgrade, end, deadline) is settled
 * once at the end of the loop's turn, so that the answers of many commands
 * leave in one write, and nothing is freed under the feet of a callback.
 *
 * Output moves from the session to the stream while the stream holds less
 * than OUT_HIGH.  The rest stays in the session, which stops running commands
 * when it has too much: a peer that does not read stops its own work.  One
 * that takes nothing for limits.stall_time is cut off.
 */
#include "server/server_priv.h"

#include <assert.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define OUT_HIGH (128u * 1024)

static struct conn *
conn_of(void *ctx)
{
	struct conn *c = ctx;

	assert(c->magic == CONN_MAGIC);
	return c;
}

static struct server *
server_of(const struct conn *c)
{
	return c->loop->srv;
}

static uint64_t
now_of(const struct conn *c)
{
	return net_loop_now(c->loop->loop);
}

/* --- what the log says --- */

static void
log_conn(struct log_line *l, const struct conn *c)
{
	char peer[80];

	net_addr_format(&c->peer, peer);
	log_cstr(l, "peer", peer);
	if (c->session != NULL)
		log_u64(l, "session", session_id(c->session));
}

static void
log_end_of(const struct conn *c, const char *why, int err)
{
	struct log_line l;

	if (!log_on(LOG_DEBUG))
		return;
	log_begin(&l, LOG_DEBUG, "disconnect");
	log_conn(&l, c);
	log_cstr(&l, "why", why);
	if (err < 0)
		log_err(&l, err);
	if (err == ERR_TLS)
		log_cstr(&l, "tls", tls_error());
	log_end(&l);
}

/* --- ports of the session --- */

static void
port_kick(void *ctx, enum session_kick what, uint64_t account_id,
	  struct str device, uint64_t but)
{
	loopd_kick(server_of(conn_of(ctx)), what, account_id, device, but);
}

static int
port_exporter(void *ctx, const char *label, uint8_t ret[static 32])
{
	struct tls *t = net_stream_tls(conn_of(ctx)->stream);

	return t != NULL ? tls_exporter(t, label, ret) : ERR_STATE;
}

static void
port_event(void *ctx, const char *event, struct str account,
	   const char *detail)
{
	struct conn *c = conn_of(ctx);
	struct server *s = server_of(c);
	struct log_line l;

	if (strcmp(event, "login") == 0)
		atomic_fetch_add(&s->logins, 1);
	else if (strcmp(event, "auth-fail") == 0)
		atomic_fetch_add(&s->auth_failures, 1);
	log_begin(&l, LOG_INFO, event);
	log_str(&l, "account", account);
	log_conn(&l, c);
	if (detail != NULL)
		log_cstr(&l, "detail", detail);
	log_end(&l);
}

static const struct session_ports ports = {
	.submit = jobs_submit,
	.kick = port_kick,
	.exporter = port_exporter,
	.event = port_event,
};

/* --- events of the stream --- */

static size_t
on_data(void *ctx, struct str in)
{
	struct conn *c = conn_of(ctx);
	size_t used = 0;

	/* Past the limit of the write queue nobody is read from. */
	if (!writer_full(server_of(c)->writer))
		used = session_input(c->session, in, now_of(c),
				     clock_unix_ms());
	c->blocked = used < in.n;
	loopd_touch(c->loop, c);
	return used;
}

static void
on_secured(void *ctx)
{
	struct conn *c = conn_of(ctx);

	session_secured(c->session,
			str_c(tls_server_name(net_stream_tls(c->stream))),
			now_of(c));
	loopd_touch(c->loop, c);
}

static void
on_drained(void *ctx)
{
	struct conn *c = conn_of(ctx);

	c->progress = true;
	loopd_touch(c->loop, c);
}

static void
on_closed(void *ctx, int err)
{
	struct conn *c = conn_of(ctx);

	log_end_of(c, "peer", err);
	c->stream = NULL;	/* frees itself */
	conn_free(c);
}

static const struct net_stream_ops stream_ops = {
	.data = on_data,
	.secured = on_secured,
	.drained = on_drained,
	.closed = on_closed,
};

/* --- beginning and end --- */

static void
set_class(struct conn *c, enum conn_class to)
{
	struct server *s = server_of(c);

	if (c->class == to)
		return;
	atomic_fetch_sub(&s->classes[c->class], 1);
	atomic_fetch_add(&s->classes[to], 1);
	c->class = to;
}

static int
make_session(struct conn *c, bool tls)
{
	struct loopd *l = c->loop;
	struct server *s = l->srv;
	char prefix[64], addr[80];
	uint64_t id = ++l->ids * s->nloops + l->index;
	struct session_peer peer;

	net_addr_prefix(&c->peer, prefix);
	net_addr_format(&c->peer, addr);
	peer.prefix = str_c(prefix);
	peer.addr = str_c(addr);
	return session_new(&s->env, &ports, c, id, &peer, tls,
			   net_loop_now(l->loop), clock_unix_ms(),
			   &c->session);
}

static int
keep(struct conn *c)
{
	uint64_t id = session_id(c->session);

	return map_put(&c->loop->conns, str_n(&id, sizeof(id)), c, NULL);
}

void
conn_open(struct loopd *l, int fd, const struct net_addr *peer, bool tls)
{
	struct conn *c = mem_zalloc(sizeof(*c));
	char prefix[64];

	if (c == NULL) {
		net_addr_prefix(peer, prefix);
		gate_leave(&l->srv->gate, str_c(prefix));
		atomic_fetch_sub(&l->nconns, 1);
		(void)close(fd);	/* nothing was sent on it */
		return;
	}
	c->magic = CONN_MAGIC;
	c->loop = l;
	c->peer = *peer;
	list_init(&c->dirty);
	atomic_fetch_add(&l->srv->classes[CONN_PLAIN], 1);
	if (net_stream_new(l->loop, fd, &stream_ops, c, &c->stream) < 0) {
		c->stream = NULL;
		(void)close(fd);	/* it was not taken over */
		conn_free(c);
		return;
	}
	if (make_session(c, tls) < 0 || keep(c) < 0) {
		conn_free(c);
		return;
	}
	loopd_touch(l, c);
}

void
conn_free(struct conn *c)
{
	struct loopd *l = c->loop;
	struct server *s = l->srv;
	char prefix[64];
	uint64_t id;

	if (c->session != NULL) {
		id = session_id(c->session);
		(void)map_del(&l->conns, str_n(&id, sizeof(id)));
		session_free(c->session);
	}
	if (c->stream != NULL)
		net_stream_abort(c->stream);
	list_del(&c->dirty);
	heap_del(&l->heap, &c->timer);
	atomic_fetch_sub(&s->classes[c->class], 1);
	atomic_fetch_sub(&l->nconns, 1);
	net_addr_prefix(&c->peer, prefix);
	gate_leave(&s->gate, str_c(prefix));
	c->magic = 0;
	mem_free(c);
}

/* Say the last words that are in the stream, and end. */
static void
finish(struct conn *c)
{
	log_end_of(c, "done", 0);
	net_stream_close(c->stream);
	c->stream = NULL;
	conn_free(c);
}

static void
cut_off(struct conn *c, const char *why, int err)
{
	log_end_of(c, why, err);
	conn_free(c);
}

/* --- settling --- */

/* Move output.  0 or an error of the stream. */
static int
move_output(struct conn *c)
{
	struct str out = session_output(c->session);
	size_t n, pending;
	int err;

	while (out.n > 0) {
		pending = net_stream_pending(c->stream);
		if (pending >= OUT_HIGH)
			break;
		n = out.n < OUT_HIGH - pending ? out.n : OUT_HIGH - pending;
		err = net_stream_write(c->stream, str_sub(out, 0, n));
		if (err < 0)
			return err;
		session_sent(c->session, n, now_of(c));
		out = session_output(c->session);
	}
	return 0;
}

/* Has the peer taken nothing of what waits for it, for too long? */
static bool
look_at_pending(struct conn *c, uint64_t now)
{
	size_t pending = net_stream_pending(c->stream);

	if (c->progress || c->pending == 0 || pending < c->pending)
		c->stall_since = now;
	c->progress = false;
	c->pending = pending;
	return pending > 0 &&
	       now - c->stall_since >= server_of(c)->limits->stall_time;
}

static int
begin_tls(struct conn *c)
{
	enum tls_version least = TLS_1_3;

	if (server_of(c)->tls2 && !session_wants_tls3(c->session))
		least = TLS_1_2;
	c->upgrading = true;
	return net_stream_start_tls(c->stream, c->loop->tls, least);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a == 0 ? b : a;
	return a < b ? a : b;
}

static int
set_deadline(struct conn *c)
{
	uint64_t at = 0;

	/* One that only waits for its last words to leave has no other. */
	if (!(session_wish(c->session) & WISH_CLOSE))
		at = session_deadline(c->session);
	if (c->pending > 0)
		at = earlier(at, c->stall_since +
				 server_of(c)->limits->stall_time);
	return at != 0 ? loopd_wake(c->loop, c, at) : 0;
}

static enum conn_class
class_of(const struct conn *c)
{
	struct tls *t = net_stream_tls(c->stream);

	if (session_account(c->session) != 0)
		return CONN_LOGGED_IN;
	return t != NULL && tls_ready(t) ? CONN_SECURED : CONN_PLAIN;
}

void
conn_settle(struct conn *c)
{
	uint64_t now = now_of(c);
	unsigned wish;
	int err = 0;

	if (look_at_pending(c, now)) {
		cut_off(c, "stalled", ERR_TIMEOUT);
		return;
	}
	if (!(session_wish(c->session) & WISH_ABORT))
		err = move_output(c);
	c->pending = net_stream_pending(c->stream);
	wish = session_wish(c->session);
	if (err < 0 || (wish & WISH_ABORT)) {
		cut_off(c, "aborted", err);
		return;
	}
	if (session_output(c->session).n == 0 && (wish & WISH_CLOSE)) {
		finish(c);
		return;
	}
	if (session_output(c->session).n == 0 && (wish & WISH_UPGRADE) &&
	    !c->upgrading)
		err = begin_tls(c);
	if ((wish & WISH_READ) && c->blocked &&
	    !writer_full(server_of(c)->writer)) {
		c->blocked = false;
		net_stream_resume(c->stream);
	}
	set_class(c, class_of(c));
	if (c->pending == 0 && session_idle(c->session))
		net_stream_idle(c->stream);
	if (err == 0)
		err = set_deadline(c);
	if (err < 0)
		cut_off(c, "aborted", err);
}

void
conn_tick(struct conn *c)
{
	uint64_t now = now_of(c), at = session_deadline(c->session);

	if (at != 0 && at <= now)
		session_tick(c->session, now, clock_unix_ms());
	loopd_touch(c->loop, c);
}

void
conn_room(struct conn *c)
{
	if (c->blocked)
		loopd_touch(c->loop, c);
}
