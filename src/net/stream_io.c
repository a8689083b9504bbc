/*
 * The octets of a stream.
 *
 *	in:	socket -> loop's read -> [TLS -> loop's plain] -> data()
 *						  what it leaves -> kept
 *	out:	write -> out -> [TLS -> loop's cipher] -> socket
 *			what the kernel does not take -> wire
 *
 * `wire` always goes first: what was written in clear before TLS began, the
 * handshake's own records, and the rest of what was encrypted already.
 */
#include "net/net_priv.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

/* --- in --- */

/* The owner began TLS in data() and left `left` octets.  False: the end. */
static bool
upgrade_ok(struct net_stream *s, size_t left)
{
	s->upgraded = false;
	if (left == 0 && !net_stream_has_input(s))
		return true;
	/* Octets behind the UPGRADE line: no 204, nothing of what is pending
	 * is sent (spec: Connection). */
	buf_done(&s->wire);
	buf_done(&s->out);
	net_stream_end(s, ERR_PROTOCOL);
	return false;
}

/* Keep what was not taken of `all`, which is kept itself, or not. */
static int
keep(struct net_stream *s, struct str all, size_t took)
{
	if (s->kept.n > 0) {
		buf_consume(&s->kept, took);
	} else if (took < all.n) {
		int err = buf_add_str(&s->kept, str_from(all, took));

		if (err < 0)
			return err;
	}
	if (s->kept.n == 0)
		buf_done(&s->kept);
	return 0;
}

void
net_stream_give(struct net_stream *s, struct str in)
{
	struct str all = in;
	size_t took;
	int err = 0;

	if (s->kept.n > 0) {
		err = buf_add_str(&s->kept, in);
		all = buf_str(&s->kept);
	}
	if (err < 0) {
		net_stream_end(s, err);
		return;
	}
	s->loop->again = true;
	s->resumed = false;
	s->in_data = true;
	took = s->ops->data(s->ctx, all);
	s->in_data = false;
	if (s->closing)
		return;
	assert(took <= all.n);

	if (s->upgraded && !upgrade_ok(s, all.n - took))
		return;
	err = keep(s, all, took);
	/* More is asked for, but there is no room for more. */
	if (err == 0 && s->resumed && s->kept.n >= NET_KEEP)
		err = ERR_LIMIT;
	/* Given once more and of no use: then it is more that is needed. */
	if (in.n == 0 && took == 0 && s->kept.n < NET_KEEP)
		s->resumed = true;
	s->paused = s->kept.n > 0 && !s->resumed;
	if (err < 0)
		net_stream_end(s, err);
	else if (s->finished && !s->paused)
		net_stream_end(s, 0);
	else
		net_stream_poll(s);
}

/* Ciphertext has come. */
static void
take_cipher(struct net_stream *s, struct str in)
{
	struct net_loop *l = s->loop;
	size_t used;
	int err;

	buf_clear(&l->plain);
	err = tls_feed(s->tls, in, &used, &l->plain, &s->wire);
	/* There is room for all that can come of one read. */
	assert(err < 0 || used == in.n);
	if (s->wire.n > 0 || s->out.n > 0)
		net_stream_queue(s);
	if (!s->secured && tls_ready(s->tls)) {
		s->secured = true;
		l->again = true;
		if (s->ops->secured)
			s->ops->secured(s->ctx);
	}
	if (err == ERR_CLOSED)
		s->finished = true;
	if (l->plain.n > 0 && !s->closing)
		net_stream_give(s, buf_str(&l->plain));
	/* A farewell behind octets not yet taken waits for them. */
	if (s->closing || (err == ERR_CLOSED && s->paused))
		net_stream_poll(s);
	else if (err < 0)
		net_stream_end(s, err == ERR_CLOSED ? 0 : err);
	else
		net_stream_poll(s);
}

/* After FIN: whatever comes is no longer for anybody. */
static void
discard(struct net_stream *s, ssize_t n)
{
	s->discarded += n > 0 ? (size_t)n : 0;
	if (n == 0 || s->discarded > NET_DISCARD ||
	    (n < 0 && errno != EAGAIN && errno != EINTR))
		net_stream_abort(s);
}

void
net_stream_read(struct net_stream *s)
{
	struct net_loop *l = s->loop;
	ssize_t n;

	/* What still comes is not waited for before all is sent. */
	if (s->closing && !s->lingering)
		return;
	n = recv(s->fd, l->read, NET_READ, 0);
	if (s->lingering) {
		discard(s, n);
		return;
	}
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			net_stream_end(s, err_from_errno(errno));
		return;
	}
	if (n == 0) {
		s->finished = true;
		/* Without close_notify somebody may have cut the end off. */
		net_stream_end(s, s->tls ? ERR_CLOSED : 0);
		return;
	}
	s->heard = true;
	if (s->tls)
		take_cipher(s, str_n(l->read, (size_t)n));
	else
		net_stream_give(s, str_n(l->read, (size_t)n));
}

void
net_stream_resume_all(struct net_loop *l)
{
	struct list mine;
	struct list *it;

	/* Those that are resumed meanwhile have their turn in the next. */
	list_init(&mine);
	while ((it = list_first(&l->resume))) {
		list_del(it);
		list_add_tail(&mine, it);
	}
	while ((it = list_first(&mine))) {
		struct net_stream *s =
			LIST_ENTRY(it, struct net_stream, resume);

		list_del(it);
		NET_CHECK(s, NET_STREAM_MAGIC);
		if (!s->closing && s->kept.n > 0)
			net_stream_give(s, STR(""));
	}
}

/* --- out --- */

/* Send from p; *ret_sent tells how much.  0: all; ERR_MORE: not now. */
static int
send_some(struct net_stream *s, struct str p, size_t *ret_sent)
{
	size_t sent = 0;
	int err = 0;

	while (sent < p.n && err == 0) {
		ssize_t n = send(s->fd, p.p + sent, p.n - sent, MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			err = ERR_MORE;
		else if (errno != EINTR)
			err = err_from_errno(errno);
	}
	*ret_sent = sent;
	return err;
}

/* Send what b holds. */
static int
send_buf(struct net_stream *s, struct buf *b)
{
	size_t sent;
	int err;

	if (b->n == 0)
		return 0;
	err = send_some(s, buf_str(b), &sent);
	buf_consume(b, sent);
	if (b->n == 0)
		buf_done(b);
	return err;
}

/* Encrypt and send `out`, piece by piece, as long as the kernel takes it. */
static int
send_secured(struct net_stream *s)
{
	struct buf *cipher = &s->loop->cipher;
	int err = 0;

	while (err == 0 && s->out.n > 0) {
		struct str piece = str_sub(buf_str(&s->out), 0, NET_ENCRYPT);
		size_t sent = 0;

		buf_clear(cipher);
		err = tls_write(s->tls, piece, cipher);
		if (err < 0)
			return err;
		buf_consume(&s->out, piece.n);
		err = send_some(s, buf_str(cipher), &sent);
		if (err == ERR_MORE &&
		    buf_add_str(&s->wire, str_from(buf_str(cipher), sent)) < 0)
			err = ERR_NOMEM;
	}
	if (s->out.n == 0)
		buf_done(&s->out);
	return err;
}

static int
send_all(struct net_stream *s)
{
	int err = send_buf(s, &s->wire);

	if (err < 0)
		return err;
	if (!s->tls)
		return send_buf(s, &s->out);
	if (!tls_ready(s->tls))
		return 0;
	err = send_secured(s);
	if (err == 0 && s->closing && !s->farewell) {
		s->farewell = true;
		tls_shutdown(s->tls, &s->wire);
		err = send_buf(s, &s->wire);
	}
	return err;
}

/* All is sent: FIN, and wait for the peer's. */
static void
linger(struct net_stream *s)
{
	if (s->finished || shutdown(s->fd, SHUT_WR) < 0) {
		net_stream_abort(s);
		return;
	}
	s->lingering = true;
	/* An attacker's may lie about for the whole time. */
	tls_free(s->tls);
	s->tls = NULL;
	net_stream_poll(s);
}

void
net_stream_flush(struct net_stream *s)
{
	int err = send_all(s);

	s->blocked = err == ERR_MORE;
	if (err < 0 && err != ERR_MORE) {
		/* ERR_TLS and the like: there is no way to send more. */
		net_stream_end(s, err == ERR_TLS ? ERR_IO : err);
		return;
	}
	if (s->blocked)
		s->full = true;
	else if (s->closing && !s->lingering) {
		linger(s);
		return;
	}
	net_stream_poll(s);
	if (s->full && !s->closing && net_stream_pending(s) < NET_LOW) {
		s->full = false;
		s->loop->again = true;
		if (s->ops->drained)
			s->ops->drained(s->ctx);
	}
}

void
net_stream_flush_all(struct net_loop *l)
{
	struct list mine;
	struct list *it;

	/* Those that are written to meanwhile have their turn in the next. */
	list_init(&mine);
	while ((it = list_first(&l->flush))) {
		list_del(it);
		list_add_tail(&mine, it);
	}
	while ((it = list_first(&mine))) {
		struct net_stream *s = LIST_ENTRY(it, struct net_stream, flush);

		list_del(it);
		NET_CHECK(s, NET_STREAM_MAGIC);
		net_stream_flush(s);
	}
}
