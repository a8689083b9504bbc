/*
 * The life of a stream.
 *
 *	open --net_stream_close()--> closing --all sent--> lingering
 *	  |                            |                      |
 *	  |--peer's end: closed()----> +--5 s, error--+       | peer's FIN,
 *	  |                                           |       | too much, 5 s
 *	  +--abort, hard error: closed()----> dead <--+-------+
 *
 * Open is the only state with callbacks.  Closing sends what is pending and
 * says close_notify and FIN.  Lingering reads on and throws away: a socket
 * that is closed with octets unread resets the connection, and the peer may
 * lose our last line.  Dead waits for libuv, which frees it in the same turn;
 * until then its memory is there, so any call from any callback is harmless.
 *
 * A stream at rest has no buffers: `out` and `wire` are freed when they are
 * sent, `kept` when it is taken; reading, decrypting and encrypting use those
 * of the loop.
 */
#include "net/net_priv.h"

#include "base/mem.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net_stream *
stream_of(void *data)
{
	struct net_stream *s = data;

	NET_CHECK(s, NET_STREAM_MAGIC);
	return s;
}

/* Why the socket has failed. */
static int
socket_error(const struct net_stream *s)
{
	int errnum = 0;
	socklen_t n = sizeof(errnum);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &errnum, &n) < 0 ||
	    errnum == 0)
		return ERR_IO;
	return err_from_errno(errnum);
}

static void
on_poll(uv_poll_t *h, int status, int events)
{
	struct net_stream *s = stream_of(h->data);

	if (status < 0) {
		net_stream_end(s, socket_error(s));
		return;
	}
	if (events & UV_READABLE)
		net_stream_read(s);
	if ((events & UV_WRITABLE) && !s->dead)
		net_stream_flush(s);
}

static int
wanted(const struct net_stream *s)
{
	int events = s->blocked ? UV_WRITABLE : 0;

	if (s->lingering)
		return UV_READABLE;
	if (s->closing || s->paused || s->finished)
		return events;
	/* Before it is finished a handshake must go on, whatever waits. */
	if (net_stream_pending(s) < NET_HIGH || (s->tls && !s->secured))
		events |= UV_READABLE;
	return events;
}

void
net_stream_poll(struct net_stream *s)
{
	int events;

	if (s->dead)
		return;
	events = wanted(s);
	if (events == s->events)
		return;
	s->events = events;
	/* Neither fails for a handle that is set up. */
	if (events)
		uv_poll_start(&s->poll, events, on_poll);
	else
		uv_poll_stop(&s->poll);
}

int
net_stream_new(struct net_loop *l, int fd, const struct net_stream_ops *ops,
	       void *ctx, struct net_stream **ret)
{
	struct net_stream *s = mem_zalloc(sizeof(*s));
	int on = 1;

	if (!s)
		return ERR_NOMEM;
	s->magic = NET_STREAM_MAGIC;
	s->fd = fd;
	s->loop = l;
	s->ops = ops;
	s->ctx = ctx;
	buf_init(&s->out, NET_OUT_MAX);
	buf_init(&s->wire, NET_OUT_MAX);
	buf_init(&s->kept, NET_KEEP + NET_PLAIN);
	list_init(&s->flush);
	list_init(&s->resume);
	if (uv_poll_init(&l->uv, &s->poll, fd) < 0) {
		mem_free(s);
		return ERR_IO;
	}
	s->poll.data = s;
	list_add_tail(&l->streams, &s->all);
	/* We gather a turn's output ourselves.  Not every socket has it. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	net_stream_poll(s);
	*ret = s;
	return 0;
}

/* --- the owner's calls --- */

void
net_stream_queue(struct net_stream *s)
{
	/* A blocked one is flushed when the kernel takes more. */
	if (s->dead || s->blocked || !list_empty(&s->flush))
		return;
	list_add_tail(&s->loop->flush, &s->flush);
}

int
net_stream_write(struct net_stream *s, struct str octets)
{
	int err;

	NET_CHECK(s, NET_STREAM_MAGIC);
	if (s->closing || s->dead || octets.n == 0)
		return 0;
	err = buf_add_str(&s->out, octets);
	if (err < 0)
		return err;
	if (net_stream_pending(s) >= NET_LOW)
		s->full = true;
	net_stream_queue(s);
	return 0;
}

size_t
net_stream_pending(const struct net_stream *s)
{
	return s->out.n + s->wire.n;
}

void
net_stream_resume(struct net_stream *s)
{
	NET_CHECK(s, NET_STREAM_MAGIC);
	if (s->closing || s->dead)
		return;
	if (s->in_data)
		s->resumed = true;
	else if (s->paused && list_empty(&s->resume))
		list_add_tail(&s->loop->resume, &s->resume);
}

bool
net_stream_has_input(const struct net_stream *s)
{
	int n = 0;

	return ioctl(s->fd, FIONREAD, &n) == 0 && n > 0;
}

int
net_stream_start_tls(struct net_stream *s, struct tls_ctx *c,
		     enum tls_version minimum)
{
	NET_CHECK(s, NET_STREAM_MAGIC);
	if (s->closing || s->dead || s->tls || s->wire.n > 0)
		return ERR_STATE;
	/* Inside data() what it leaves behind counts too: see
	 * net_stream_give().  On a stream that has been silent so far, what
	 * has come is the handshake. */
	if (!s->in_data &&
	    (s->kept.n > 0 || (s->heard && net_stream_has_input(s)))) {
		buf_done(&s->out);
		return ERR_PROTOCOL;
	}
	s->tls = tls_new_server(c, minimum);
	if (!s->tls)
		return ERR_NOMEM;
	s->upgraded = s->in_data;
	/* What was written so far goes out in clear, as it is. */
	s->wire = s->out;
	buf_init(&s->out, NET_OUT_MAX);
	return 0;
}

struct tls *
net_stream_tls(struct net_stream *s)
{
	return s->tls;
}

void
net_stream_idle(struct net_stream *s)
{
	if (s->in_data)
		return;
	if (s->kept.n == 0)
		buf_done(&s->kept);
	if (s->out.n == 0)
		buf_done(&s->out);
	if (s->wire.n == 0)
		buf_done(&s->wire);
}

/* --- the end --- */

static void
on_closed(uv_handle_t *h)
{
	struct net_stream *s = stream_of(h->data);

	tls_free(s->tls);
	buf_done(&s->out);
	buf_done(&s->wire);
	buf_done(&s->kept);
	s->magic = 0;
	mem_free(s);
}

void
net_stream_abort(struct net_stream *s)
{
	NET_CHECK(s, NET_STREAM_MAGIC);
	if (s->dead)
		return;
	s->closing = true;
	s->dead = true;
	list_del(&s->all);
	list_del(&s->flush);
	list_del(&s->resume);
	net_timer_free(s->cap);
	s->cap = NULL;
	/* Takes it out of the poll at once, so the socket may go. */
	uv_close((uv_handle_t *)&s->poll, on_closed);
	(void)close(s->fd); /* what was pending is given up */
	s->fd = -1;
}

static void
on_cap(void *ctx)
{
	net_stream_abort(stream_of(ctx));
}

/* No callbacks from here on: send what is pending and take leave. */
static void
close_softly(struct net_stream *s)
{
	s->closing = true;
	list_del(&s->resume);
	s->cap = net_timer_new(s->loop, on_cap, s);
	if (!s->cap) {
		net_stream_abort(s);
		return;
	}
	net_timer_start(s->cap, NET_CLOSE_MS);
	net_stream_poll(s);
	/* Even without output: there is the farewell. */
	net_stream_queue(s);
}

void
net_stream_close(struct net_stream *s)
{
	NET_CHECK(s, NET_STREAM_MAGIC);
	if (!s->closing)
		close_softly(s);
}

void
net_stream_end(struct net_stream *s, int err)
{
	bool hard;

	if (s->closing) {
		/* The owner has left already. */
		net_stream_abort(s);
		return;
	}
	/* Where there is still somebody to tell: of an alert, or, if only the
	 * peer's sending has ended, of what was pending. */
	hard = err != 0 && err != ERR_TLS && err != ERR_PROTOCOL &&
	       err != ERR_LIMIT;
	s->closing = true;
	s->loop->again = true;
	/* The alert goes out, but nothing can be encrypted any more. */
	if (err == ERR_TLS)
		buf_done(&s->out);
	s->ops->closed(s->ctx, err);
	if (hard)
		net_stream_abort(s);
	else if (!s->dead)
		close_softly(s);
}
