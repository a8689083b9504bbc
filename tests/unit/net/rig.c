#include "rig.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SEND_MAX (1u << 26)

static struct tls_ctx *server_ctx, *client_ctx;

int
rig_setup(void **state)
{
	char folder[] = "/tmp/immp-net-XXXXXX";
	char certificate[64], key[64], why[256];
	struct tls_pair pair = { NULL, certificate, key };
	int err;

	if (!mkdtemp(folder))
		return -1;
	snprintf(certificate, sizeof(certificate), "%s/cert", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	err = tls_make_pair("a.test", certificate, key);
	if (err == 0)
		err = tls_ctx_server(&pair, 1, TLS_1_2, &server_ctx, why,
				     sizeof(why));
	if (err == 0)
		err = tls_ctx_client(TLS_1_2, &client_ctx);
	unlink(certificate);
	unlink(key);
	rmdir(folder);
	return err;
}

int
rig_teardown(void **state)
{
	tls_ctx_unref(server_ctx);
	tls_ctx_unref(client_ctx);
	return 0;
}

/* --- the server's side --- */

size_t
rig_take(void *ctx, struct str in)
{
	struct side *s = ctx;

	assert_rc(buf_add_str(&s->got, in), 0);
	return in.n;
}

size_t
rig_echo(void *ctx, struct str in)
{
	struct side *s = ctx;

	assert_rc(net_stream_write(s->stream, in), 0);
	return in.n;
}

static void
line(struct side *s, struct str text)
{
	enum tls_version v = TLS_1_2;

	if (str_eq(text, STR("QUIT\n"))) {
		assert_rc(net_stream_write(s->stream, STR("220 Bye.\n")), 0);
		net_stream_close(s->stream);
		s->stream = NULL;
		return;
	}
	if (!str_starts(text, STR("UPGRADE "))) {
		assert_rc(net_stream_write(s->stream, text), 0);
		return;
	}
	if (str_eq(text, STR("UPGRADE TLS3\n")))
		v = TLS_1_3;
	assert_rc(net_stream_write(s->stream, STR("204 Upgrading.\n")), 0);
	assert_rc(net_stream_start_tls(s->stream, s->rig->server_ctx, v), 0);
}

size_t
rig_lines(void *ctx, struct str in)
{
	struct side *s = ctx;
	struct str rest = in;
	bool tls = net_stream_tls(s->stream) != NULL;

	while (rest.n > 0 && s->stream) {
		ptrdiff_t lf = str_chr(rest, '\n', 0);

		if (lf < 0) {
			net_stream_resume(s->stream);
			break;
		}
		line(s, str_sub(rest, 0, (size_t)lf + 1));
		rest = str_from(rest, (size_t)lf + 1);
		/* Nothing behind an UPGRADE is looked at. */
		if (s->stream && !tls && net_stream_tls(s->stream))
			break;
	}
	return in.n - rest.n;
}

void
rig_secured(void *ctx)
{
	struct side *s = ctx;

	assert_true(tls_ready(net_stream_tls(s->stream)));
	s->secured++;
}

void
rig_drained(void *ctx)
{
	((struct side *)ctx)->drained++;
}

static void
stop_if_done(struct rig *r)
{
	if (!r->stopping)
		return;
	for (size_t i = 0; r->wait_ends && i < r->nsides; i++)
		if (r->sides[i].stream)
			return;
	net_loop_stop(r->loop);
}

void
rig_closed(void *ctx, int err)
{
	struct side *s = ctx;

	s->closed++;
	s->err = err;
	s->stream = NULL;
	stop_if_done(s->rig);
}

static void
on_accept(void *ctx, int fd, const struct net_addr *peer)
{
	struct rig *r = ctx;
	struct side *s = &r->sides[r->nsides++];

	assert_true(r->nsides <= TEST_COUNT(r->sides));
	assert_string_equal(peer->host, "127.0.0.1");
	s->rig = r;
	buf_init(&s->got, SEND_MAX);
	assert_rc(net_stream_new(r->loop, fd, r->ops, s, &s->stream), 0);
	if (r->accepted)
		r->accepted(s);
}

static void
on_stop(struct net_loop *l, struct net_msg *m)
{
	struct rig *r = LIST_ENTRY(m, struct rig, stop);

	r->stopping = true;
	stop_if_done(r);
}

void
rig_init(struct rig *r, const struct net_stream_ops *ops)
{
	const struct net_addr any = { "127.0.0.1", 0 };
	int why = 0;

	*r = (struct rig){ .ops = ops,
			   .server_ctx = server_ctx,
			   .client_ctx = client_ctx };
	assert_rc(net_loop_new(&r->loop), 0);
	assert_rc(net_listen(r->loop, &any, on_accept, r, &r->listener,
			     &r->bound, &why),
		  0);
	assert_true(r->bound.port != 0);
}

static void *
run_client(void *arg)
{
	struct rig *r = arg;

	r->client(r, r->client_arg);
	r->stop.fn = on_stop;
	net_loop_post(r->loop, &r->stop);
	return NULL;
}

void
rig_run(struct rig *r, void (*client)(struct rig *r, void *arg), void *arg)
{
	r->client = client;
	r->client_arg = arg;
	assert_int_equal(pthread_create(&r->thread, NULL, run_client, r), 0);
	net_loop_run(r->loop);
	assert_int_equal(pthread_join(r->thread, NULL), 0);
	net_listener_close(r->listener);
	net_timer_free(r->timer);
	net_loop_free(r->loop);
	for (size_t i = 0; i < r->nsides; i++) {
		assert_true(r->sides[i].closed <= 1);
		buf_done(&r->sides[i].got);
	}
	if (r->failed)
		fail_msg("client, line %d: %s", r->failed_line, r->failed);
}

/* --- the client's side --- */

bool
peer_connect(struct peer *p, struct rig *r)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(r->bound.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 20 };

	*p = (struct peer){ .rig = r };
	buf_init(&p->plain, SEND_MAX);
	buf_init(&p->out, SEND_MAX);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		return false;
	/* A test that waits for ever tells nothing. */
	setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(p->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return connect(p->fd, (struct sockaddr *)&a, sizeof(a)) == 0;
}

bool
peer_send_raw(struct peer *p, struct str s)
{
	while (s.n > 0) {
		ssize_t n = send(p->fd, s.p, s.n, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		s = str_from(s, (size_t)n);
	}
	return true;
}

static bool
send_out(struct peer *p)
{
	bool ok = peer_send_raw(p, buf_str(&p->out));

	buf_clear(&p->out);
	return ok;
}

bool
peer_send(struct peer *p, struct str s)
{
	if (!p->tls)
		return peer_send_raw(p, s);
	return tls_write(p->tls, s, &p->out) == 0 && send_out(p);
}

/* One read of the socket, through TLS. */
static int
pull(struct peer *p)
{
	char text[65536];
	ssize_t n = recv(p->fd, text, sizeof(text), 0);
	size_t used;
	int err;

	if (n == 0)
		return ERR_NOTFOUND; /* an end without close_notify */
	if (n < 0)
		return ERR_IO;
	err = tls_feed(p->tls, str_n(text, (size_t)n), &used, &p->plain,
		       &p->out);
	return send_out(p) ? err : ERR_IO;
}

ssize_t
peer_recv(struct peer *p, void *dst, size_t cap)
{
	if (!p->tls)
		return recv(p->fd, dst, cap, 0);
	while (p->plain.n == 0) {
		int err = p->ended ? 0 : pull(p);

		if (p->ended)
			return 0;
		p->ended = err == ERR_CLOSED;
		if (err < 0 && !p->ended)
			return -1;
	}
	if (cap > p->plain.n)
		cap = p->plain.n;
	memcpy(dst, buf_data(&p->plain), cap);
	buf_consume(&p->plain, cap);
	return (ssize_t)cap;
}

bool
peer_expect(struct peer *p, struct str s)
{
	char text[4096];

	while (s.n > 0) {
		size_t want = s.n < sizeof(text) ? s.n : sizeof(text);
		ssize_t n = peer_recv(p, text, want);

		if (n <= 0 || memcmp(text, s.p, (size_t)n) != 0)
			return false;
		s = str_from(s, (size_t)n);
	}
	return true;
}

bool
peer_handshake(struct peer *p, enum tls_version v)
{
	size_t used;

	if (!p->tls)
		p->tls = tls_new_client(p->rig->client_ctx, v, "a.test");
	if (!p->tls ||
	    tls_feed(p->tls, STR(""), &used, &p->plain, &p->out) < 0 ||
	    !send_out(p))
		return false;
	while (!tls_ready(p->tls))
		if (pull(p) < 0)
			return false;
	return true;
}

bool
peer_upgrade(struct peer *p, enum tls_version v)
{
	return peer_send(p, v == TLS_1_3 ? STR("UPGRADE TLS3\n") :
					   STR("UPGRADE TLS2\n")) &&
	       peer_expect(p, STR("204 Upgrading.\n")) && peer_handshake(p, v);
}

bool
peer_farewell(struct peer *p)
{
	tls_shutdown(p->tls, &p->out);
	return send_out(p);
}

bool
peer_expect_end(struct peer *p)
{
	char c;

	return peer_recv(p, &c, 1) == 0;
}

void
peer_close(struct peer *p)
{
	tls_free(p->tls);
	buf_done(&p->plain);
	buf_done(&p->out);
	close(p->fd);
}

void
rig_sleep(unsigned ms)
{
	poll(NULL, 0, (int)ms);
}
