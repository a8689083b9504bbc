/*
 * A round of the blocking front:
 *
 *	engine's output -> TLS -> wire -> socket
 *	engine <- plain <- TLS <- socket
 *
 * Plaintext that arrives before the engine has been told of TLS (a server of
 * the TLS-first port greets at once) stays in `plain`, because the certificate
 * has not been looked at.
 */
#include "client/front_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/front.h"

int
front_error(struct immp *c, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->message, sizeof(c->message), fmt, ap);
	va_end(ap);
	return error;
}

int
front_error_plain(struct immp *c, int error)
{
	return front_error(c, error, "%s", immp_strerror(error));
}

void
front_clear(struct immp *c)
{
	c->code = 0;
	c->message[0] = '\0';
}

int
front_open(struct immp *c)
{
	front_clear(c);
	if (c->fd >= 0 && engine_phase(c->e) == ENGINE_READY)
		return 0;
	return front_error(c, IMMP_E_CLOSED, "not connected");
}

void
front_close(struct immp *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	tls_free(c->tls);
	c->tls = NULL;
	buf_done(&c->wire);
	buf_done(&c->plain);
	if (c->e)
		engine_fail(c->e, IMMP_E_CLOSED, "the connection was closed");
}

/* The engine has failed, or is made to: its reason becomes the message. */
static int
broken(struct immp *c, int error, const char *why)
{
	error = engine_fail(c->e, error, why);
	c->code = engine_code(c->e);
	front_error(c, error, "%s", engine_why(c->e));
	front_close(c);
	return error;
}

/* --- out --- */

static int
to_wire(struct immp *c)
{
	struct buf *out = engine_out(c->e);

	while (out->n && c->wire.n < FRONT_ENOUGH) {
		struct str piece = str_sub(buf_str(out), 0, 16384);
		int rc = c->tls ? tls_write(c->tls, piece, &c->wire)
				: buf_add_str(&c->wire, piece);

		if (rc < 0)
			return rc == ERR_TLS ? IMMP_E_TLS : IMMP_E_MEMORY;
		buf_consume(out, piece.n);
	}
	return 0;
}

/* Send what the socket takes.  1 if it took some, 0, or an error. */
static int
flush(struct immp *c)
{
	int moved = 0;

	while (c->wire.n) {
		ssize_t n = send(c->fd, buf_data(&c->wire), c->wire.n,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return moved;
		if (n < 0)
			return IMMP_E_CLOSED;
		buf_consume(&c->wire, (size_t)n);
		moved = 1;
	}
	return moved;
}

/* --- in --- */

/* Decrypted octets to the engine, once it has been told of TLS. */
static int
hand_on(struct immp *c)
{
	int rc;

	if (c->plain.n == 0 || engine_phase(c->e) == ENGINE_HANDSHAKE)
		return 0;
	c->heard += c->plain.n;
	rc = engine_feed(c->e, buf_str(&c->plain));
	buf_clear(&c->plain);
	return rc;
}

static int
decrypt(struct immp *c, struct str in)
{
	size_t used;
	int rc, fed;

	do {
		size_t before = c->plain.n;

		rc = tls_feed(c->tls, in, &used, &c->plain, &c->wire);
		in = str_from(in, used);
		before = c->plain.n - before;
		fed = hand_on(c);
		if (fed < 0)
			return fed;
		if (rc == 0 && before == 0 && used == 0 && in.n)
			return IMMP_E_PROTOCOL;
		if (before == 0 && in.n == 0)
			break;
	} while (rc == 0 && engine_phase(c->e) != ENGINE_HANDSHAKE);
	if (rc == ERR_CLOSED) {
		c->peer_closed = true;
		return 0;
	}
	return rc == 0 ? 0 : rc == ERR_NOMEM ? IMMP_E_MEMORY : IMMP_E_TLS;
}

static int
receive(struct immp *c)
{
	ssize_t n = recv(c->fd, c->read_buf, FRONT_READ, MSG_DONTWAIT);
	struct str in;

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK ||
		      errno == EINTR))
		return 0;
	if (n < 0)
		return IMMP_E_CLOSED;
	if (n == 0) {
		c->peer_closed = true;
		return 0;
	}
	in = str_n(c->read_buf, (size_t)n);
	n = c->tls ? decrypt(c, in) : engine_feed(c->e, in);
	return n < 0 ? (int)n : 1;
}

static const char *
why_broken(int error)
{
	if (error == IMMP_E_TLS)
		return tls_error();
	if (error == IMMP_E_CLOSED)
		return "the connection was lost";
	return immp_strerror(error);
}

int
front_step(struct immp *c, int timeout)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	int rc, moved;

	if (c->fd < 0)
		return front_error(c, IMMP_E_CLOSED, "not connected");
	/* What TLS has held back until the certificate was accepted. */
	rc = hand_on(c);
	if (rc == 0)
		rc = to_wire(c);
	if (rc == 0)
		rc = flush(c);
	if (rc < 0)
		return broken(c, rc, why_broken(rc));
	moved = rc;

	if (c->wire.n || engine_out(c->e)->n)
		p.events |= POLLOUT;
	rc = poll(&p, 1, moved ? 0 : timeout);
	if (rc < 0 && errno != EINTR)
		return broken(c, IMMP_E_CLOSED, "poll failed");
	if (rc <= 0)
		return moved;
	rc = 0;
	if (p.revents & (POLLIN | POLLHUP | POLLERR))
		rc = receive(c);
	if (rc >= 0 && c->peer_closed)
		return broken(c, IMMP_E_CLOSED,
			      "the server closed the connection");
	if (rc < 0)
		return broken(c, rc, why_broken(rc));
	return 1;
}

int
front_run(struct immp *c, front_done_fn done, void *ctx)
{
	uint64_t last = clock_mono_ms();

	while (!done(ctx)) {
		uint64_t now = clock_mono_ms();
		int left = -1, rc;

		if (c->timeout >= 0) {
			if (now - last >= (uint64_t)c->timeout)
				return broken(c, IMMP_E_TIMEOUT,
					      "the server is too slow");
			left = c->timeout - (int)(now - last);
		}
		rc = front_step(c, left);
		if (rc < 0)
			return done(ctx) ? 0 : rc;
		if (rc > 0)
			last = clock_mono_ms();
	}
	return 0;
}

static bool
is_drained(void *ctx)
{
	struct immp *c = ctx;

	return c->fd < 0 ||
	       (c->wire.n <= FRONT_ENOUGH && engine_out(c->e)->n <= FRONT_ENOUGH);
}

int
front_drain(struct immp *c)
{
	int rc = front_run(c, is_drained, c);

	return rc < 0 ? rc : c->fd < 0 ? IMMP_E_CLOSED : 0;
}

/* --- calls --- */

void
front_call_init(struct front_call *k, struct immp *c, immp_reply_fn fn,
		void *ctx)
{
	*k = (struct front_call){ .c = c, .fn = fn, .ctx = ctx };
}

int
front_call_hear(void *ctx, const struct immp_reply *r)
{
	struct front_call *k = ctx;
	int error;

	if (k->fn && !k->stopped && k->fn(k->ctx, r) != 0)
		k->stopped = true;
	if (!r->last)
		return 0;
	k->owed--;
	error = engine_error_of(r->code);
	if (k->error)
		return 0;
	k->error = error;
	k->code = r->code > 0 ? r->code : 0;
	if (error && r->code > 0)
		snprintf(k->text, sizeof(k->text), "%d %s", r->code, r->text);
	else
		snprintf(k->text, sizeof(k->text), "%s", r->text);
	return 0;
}

int
front_call_send(struct front_call *k, struct str line)
{
	const char *why = "";
	size_t before = engine_pending(k->c->e);
	int rc = engine_command(k->c->e, line, front_call_hear, k, &why);

	if (rc < 0) {
		/* What was sent before is answered to nobody. */
		engine_mute(k->c->e, k);
		return front_error(k->c, rc, "%s", why);
	}
	k->owed += engine_pending(k->c->e) - before;
	return 0;
}

static bool
call_done(void *ctx)
{
	const struct front_call *k = ctx;

	return k->owed == 0 || k->stopped;
}

int
front_call_wait(struct front_call *k)
{
	struct immp *c = k->c;
	int rc = front_run(c, call_done, k);

	if (rc < 0)
		return rc;
	if (k->owed)
		engine_mute(c->e, k);
	if (k->stopped)
		return front_error_plain(c, IMMP_E_STOPPED);
	if (k->error) {
		/* A lost connection has left its own message. */
		if (k->code || c->message[0] == '\0')
			front_error(c, k->error, "%s", k->text);
		c->code = k->code;
	}
	return k->error;
}

/* --- what our own program uses --- */

int
front_raw(struct immp *c, engine_raw_fn fn, void *ctx)
{
	int rc = front_open(c);

	if (rc == 0)
		rc = engine_raw(c->e, fn, ctx);
	return rc;
}

int
front_write(struct immp *c, struct str octets)
{
	while (octets.n) {
		struct str piece = str_sub(octets, 0, FRONT_ENOUGH);
		int rc;

		if (c->fd < 0)
			return front_error(c, IMMP_E_CLOSED, "not connected");
		rc = engine_raw_write(c->e, piece);
		if (rc == 0)
			rc = front_drain(c);
		if (rc < 0)
			return rc;
		octets = str_from(octets, piece.n);
	}
	return 0;
}
