/*
 * Streams over real sockets: plain, TLS, and the way from one to the other.
 */
#include "rig.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct net_stream_ops echo_ops = {
	.data = rig_echo,
	.closed = rig_closed,
};

static const struct net_stream_ops line_ops = {
	.data = rig_lines,
	.secured = rig_secured,
	.drained = rig_drained,
	.closed = rig_closed,
};

/* --- echo --- */

static void
echo_client(struct rig *r, void *arg)
{
	struct peer p;

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_send(&p, STR("hello")));
	NEED(r, peer_expect(&p, STR("hello")));
	for (int i = 0; i < 100; i++) {
		NEED(r, peer_send(&p, STR("x")));
		NEED(r, peer_expect(&p, STR("x")));
	}
	/* What has come before the end is answered. */
	NEED(r, peer_send(&p, STR("last")));
	shutdown(p.fd, SHUT_WR);
	NEED(r, peer_expect(&p, STR("last")));
	NEED(r, peer_expect_end(&p));
	peer_close(&p);
}

static void
test_echo(void **state)
{
	struct rig r;

	rig_init(&r, &echo_ops);
	rig_run(&r, echo_client, NULL);
	assert_int_equal(r.nsides, 1);
	assert_int_equal(r.sides[0].closed, 1);
	assert_int_equal(r.sides[0].err, 0);
}

/* --- upgrade --- */

static void
upgrade_client(struct rig *r, void *arg)
{
	enum tls_version v = *(enum tls_version *)arg;
	struct peer p;

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_send(&p, STR("HELLO\n")));
	NEED(r, peer_expect(&p, STR("HELLO\n")));
	NEED(r, peer_upgrade(&p, v));
	NEED(r, tls_version(p.tls) == TLS_1_3);
	for (int i = 0; i < 10; i++) {
		NEED(r, peer_send(&p, STR("NO")));
		NEED(r, peer_send(&p, STR("OP\nHALF")));
		NEED(r, peer_expect(&p, STR("NOOP\n")));
		NEED(r, peer_send(&p, STR("\n")));
		NEED(r, peer_expect(&p, STR("HALF\n")));
	}
	NEED(r, peer_send(&p, STR("QUIT\n")));
	NEED(r, peer_expect(&p, STR("220 Bye.\n")));
	NEED(r, peer_expect_end(&p));
	peer_close(&p);
}

static void
test_upgrade(void **state)
{
	static enum tls_version versions[] = { TLS_1_2, TLS_1_3 };

	TEST_EACH(v, versions) {
		struct rig r;

		rig_init(&r, &line_ops);
		rig_run(&r, upgrade_client, v);
		assert_int_equal(r.sides[0].secured, 1);
		/* It closed by itself. */
		assert_int_equal(r.sides[0].closed, 0);
	}
}

/* TLS from the first octet, on a stream that has something to say. */
static void
start_at_once(struct side *s)
{
	assert_rc(net_stream_start_tls(s->stream, s->rig->server_ctx, TLS_1_2),
		  0);
	assert_rc(net_stream_start_tls(s->stream, s->rig->server_ctx, TLS_1_2),
		  ERR_STATE);
	assert_rc(net_stream_write(s->stream, STR("101 p=IMMP\n")), 0);
}

static void
first_octet_client(struct rig *r, void *arg)
{
	struct peer p;

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_handshake(&p, TLS_1_3));
	NEED(r, peer_expect(&p, STR("101 p=IMMP\n")));
	NEED(r, peer_send(&p, STR("NOOP\n")));
	NEED(r, peer_expect(&p, STR("NOOP\n")));
	/* An end with a farewell. */
	NEED(r, peer_farewell(&p));
	NEED(r, peer_expect_end(&p));
	peer_close(&p);
}

static void
test_first_octet(void **state)
{
	struct rig r;

	rig_init(&r, &line_ops);
	r.accepted = start_at_once;
	rig_run(&r, first_octet_client, NULL);
	assert_int_equal(r.sides[0].secured, 1);
	assert_int_equal(r.sides[0].closed, 1);
	assert_int_equal(r.sides[0].err, 0);
}

/* --- octets behind the UPGRADE line --- */

static const char attack[] = "UPGRADE TLS3\nQUIT\n";
#define ATTACK_LINE 13

struct attack {
	size_t cut;
	bool clear; /* a 204 was seen */
};

static void
attack_client(struct rig *r, void *arg)
{
	struct attack *a = arg;
	char text[64];
	struct peer p;
	ssize_t n;

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_send(&p, STR("HELLO\n")));
	NEED(r, peer_expect(&p, STR("HELLO\n")));
	NEED(r, peer_send(&p, str_n(attack, a->cut)));
	/* Behind the 204, or else a moment later. */
	if (a->cut == ATTACK_LINE) {
		NEED(r, peer_expect(&p, STR("204 Upgrading.\n")));
		a->clear = true;
	} else if (a->cut < sizeof(attack) - 1) {
		rig_sleep(5);
	}
	/* May meet a closed door. */
	(void)peer_send(&p, str_from(str_c(attack), a->cut));
	n = peer_recv(&p, text, sizeof(text));
	/* An alert is all that may come. */
	NEED(r, n <= 0 || (a->clear && text[0] == '\x15'));
	peer_close(&p);
}

/* As a server does that answers at the end of the turn. */
static void
later(void *ctx)
{
	struct rig *r = ctx;

	for (size_t i = 0; i < r->nsides; i++) {
		struct side *s = &r->sides[i];
		int err;

		if (!s->stream || net_stream_tls(s->stream) ||
		    str_find(buf_str(&s->got), STR("TLS3\n")) < 0)
			continue;
		assert_rc(net_stream_write(s->stream, STR("204 Upgrading.\n")),
			  0);
		err = net_stream_start_tls(s->stream, r->server_ctx, TLS_1_3);
		if (err == 0)
			continue;
		assert_rc(err, ERR_PROTOCOL);
		assert_int_equal(net_stream_pending(s->stream), 0);
		s->err = err;
		s->closed = 1;
		net_stream_close(s->stream);
		s->stream = NULL;
	}
}

/* Takes what belongs to the line, and no more. */
static size_t
take_line(void *ctx, struct str in)
{
	struct side *s = ctx;
	ptrdiff_t lf = str_chr(in, '\n', 0);
	size_t n = lf < 0 ? in.n : (size_t)lf + 1;

	assert_rc(buf_add_str(&s->got, str_sub(in, 0, n)), 0);
	if (str_starts(in, STR("HELLO\n")))
		assert_rc(net_stream_write(s->stream, STR("HELLO\n")), 0);
	return n;
}

static const struct net_stream_ops later_ops = {
	.data = take_line,
	.closed = rig_closed,
};

static void
test_behind_upgrade(void **state)
{
	for (int late = 0; late < 2; late++)
		for (size_t cut = 1; cut < sizeof(attack); cut++) {
			struct attack a = { .cut = cut };
			struct rig r;

			rig_init(&r, late ? &later_ops : &line_ops);
			r.wait_ends = true;
			if (late)
				net_loop_on_turn(r.loop, later, &r);
			rig_run(&r, attack_client, &a);
			assert_int_equal(r.sides[0].closed, 1);
			assert_int_equal(r.sides[0].secured, 0);
			/* What comes behind the 204 is a bad handshake. */
			if (cut == ATTACK_LINE) {
				assert_true(a.clear);
				assert_rc(r.sides[0].err, ERR_TLS);
			} else {
				assert_false(a.clear);
				assert_rc(r.sides[0].err, ERR_PROTOCOL);
			}
		}
}

/* --- ends --- */

enum how { END_EOF, END_RESET, END_CUT, END_GARBAGE };

static void
end_client(struct rig *r, void *arg)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	enum how how = *(enum how *)arg;
	struct peer p;

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_send(&p, STR("HELLO\n")));
	NEED(r, peer_expect(&p, STR("HELLO\n")));
	if (how == END_CUT || how == END_GARBAGE)
		NEED(r, peer_upgrade(&p, TLS_1_3));
	if (how == END_GARBAGE)
		NEED(r, peer_send_raw(&p, STR("QUIT\nQUIT\nQUIT\nQUIT\n")));
	if (how == END_RESET)
		setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	peer_close(&p);
}

static void
test_ends(void **state)
{
	static const struct {
		enum how how;
		int want;
	} cases[] = {
		{ END_EOF, 0 },
		{ END_RESET, ERR_CLOSED },
		{ END_CUT, ERR_CLOSED },
		{ END_GARBAGE, ERR_TLS },
	};

	TEST_EACH(c, cases) {
		enum how how = c->how;
		struct rig r;

		rig_init(&r, &line_ops);
		r.wait_ends = true;
		rig_run(&r, end_client, &how);
		assert_int_equal(r.sides[0].closed, 1);
		assert_rc(r.sides[0].err, c->want);
	}
}

/* --- calls from inside callbacks --- */

static size_t
abort_inside(void *ctx, struct str in)
{
	struct side *s = ctx;

	/* The slice stays good, whatever is called. */
	assert_rc(net_stream_write(s->stream, STR("lost")), 0);
	net_stream_abort(s->stream);
	net_stream_abort(s->stream);
	net_stream_close(s->stream);
	net_stream_resume(s->stream);
	net_stream_idle(s->stream);
	assert_rc(net_stream_write(s->stream, STR("x")), 0);
	assert_rc(net_stream_start_tls(s->stream, s->rig->server_ctx, TLS_1_2),
		  ERR_STATE);
	assert_str(in, "hello");
	s->stream = NULL;
	return 2;
}

static size_t
close_inside(void *ctx, struct str in)
{
	struct side *s = ctx;

	assert_rc(net_stream_write(s->stream, STR("all of it")), 0);
	net_stream_close(s->stream);
	assert_rc(net_stream_write(s->stream, STR("no more")), 0);
	net_stream_close(s->stream);
	assert_true(str_starts(in, STR("hello")));
	s->stream = NULL;
	return 0;
}

static void
never(void *ctx, int err)
{
	fail_msg("closed() after the owner has left");
}

static const struct net_stream_ops abort_ops = {
	.data = abort_inside,
	.closed = never,
};

static const struct net_stream_ops close_ops = {
	.data = close_inside,
	.closed = never,
};

static void
abort_client(struct rig *r, void *arg)
{
	struct peer p;
	char c;

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_send(&p, STR("hello")));
	NEED(r, peer_recv(&p, &c, 1) <= 0);
	peer_close(&p);
}

static void
close_client(struct rig *r, void *arg)
{
	struct peer p;

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_send(&p, STR("hello")));
	rig_sleep(20);
	/* What is sent to a closed stream does not cost us its last words. */
	NEED(r, peer_send(&p, STR("more and more")));
	rig_sleep(20);
	NEED(r, peer_expect(&p, STR("all of it")));
	NEED(r, peer_expect_end(&p));
	peer_close(&p);
}

static void
test_inside(void **state)
{
	struct rig r;

	rig_init(&r, &abort_ops);
	rig_run(&r, abort_client, NULL);
	rig_init(&r, &close_ops);
	rig_run(&r, close_client, NULL);
}

/* An owner that ends the stream in its closed(). */
static void
abort_in_closed(void *ctx, int err)
{
	struct side *s = ctx;
	struct net_stream *stream = s->stream;

	rig_closed(ctx, err);
	net_stream_close(stream);
	net_stream_abort(stream);
}

static const struct net_stream_ops end_in_closed_ops = {
	.data = rig_echo,
	.closed = abort_in_closed,
};

static void
test_inside_closed(void **state)
{
	enum how how = END_EOF;
	struct rig r;

	rig_init(&r, &end_in_closed_ops);
	r.wait_ends = true;
	rig_run(&r, end_client, &how);
	assert_int_equal(r.sides[0].closed, 1);
}

/* --- no memory --- */

/* An owner that gives up when a write fails. */
static size_t
careful(void *ctx, struct str in)
{
	struct side *s = ctx;
	int err = 0;

	if (!net_stream_tls(s->stream) && str_eq(in, STR("UPGRADE TLS3\n"))) {
		err = net_stream_write(s->stream, STR("204 Upgrading.\n"));
		if (err == 0)
			err = net_stream_start_tls(s->stream,
						   s->rig->server_ctx, TLS_1_3);
	} else {
		err = net_stream_write(s->stream, in);
	}
	if (err == 0 && str_starts(in, STR("QUIT")))
		net_stream_close(s->stream);
	else if (err == 0)
		/* Of a word only a part, to have something kept. */
		return in.n == 4 ? 3 : in.n;
	else
		net_stream_abort(s->stream);
	s->stream = NULL;
	return in.n;
}

static void
resume_all(void *ctx)
{
	struct rig *r = ctx;

	for (size_t i = 0; i < r->nsides; i++)
		if (r->sides[i].stream)
			net_stream_resume(r->sides[i].stream);
}

static const struct net_stream_ops careful_ops = {
	.data = careful,
	.closed = rig_closed,
};

struct fault {
	uint64_t at;
	bool hit;
};

static void
fault_client(struct rig *r, void *arg)
{
	struct fault *f = arg;
	struct peer p;
	char text[16];

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_send(&p, STR("x")));
	NEED(r, peer_expect(&p, STR("x")));
	/* What we need ourselves we have already. */
	NEED(r, buf_reserve(&p.plain, 60000) == 0);
	NEED(r, buf_reserve(&p.out, 60000) == 0);
	p.tls = tls_new_client(r->client_ctx, TLS_1_3, "a.test");
	NEED(r, p.tls);
	/* Let the first answer's buffers go before we count. */
	rig_sleep(5);
	mem_fail_at(f->at);
	if (peer_send_raw(&p, STR("UPGRADE TLS3\n")) &&
	    recv(p.fd, text, 15, MSG_WAITALL) == 15 &&
	    peer_handshake(&p, TLS_1_3) && peer_send(&p, STR("word")) &&
	    peer_recv(&p, text, sizeof(text)) > 0 && peer_send(&p, STR("QUIT")))
		while (peer_recv(&p, text, sizeof(text)) > 0)
			;
	f->hit = mem_fail_hit();
	mem_fail_at(0);
	peer_close(&p);
}

/* Whichever allocation fails, the stream ends cleanly and nothing is left. */
static void
test_fault(void **state)
{
	int64_t held = mem_held();
	struct fault f = { .hit = true };

	for (f.at = 1; f.hit; f.at++) {
		struct rig r;

		assert_true(f.at < 100);
		rig_init(&r, &careful_ops);
		net_loop_on_turn(r.loop, resume_all, &r);
		rig_run(&r, fault_client, &f);
		assert_int_equal(mem_held(), held);
	}
	assert_true(f.at > 5);
}

static void
test_nomem(void **state)
{
	int64_t held = mem_held();
	struct net_loop *l = NULL;
	struct net_stream *s;
	int fd[2], err = ERR_NOMEM;

	for (uint64_t n = 1; err == ERR_NOMEM; n++) {
		mem_fail_at(n);
		err = net_loop_new(&l);
		mem_fail_at(0);
	}
	assert_rc(err, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	mem_fail_at(1);
	assert_rc(net_stream_new(l, fd[0], &echo_ops, NULL, &s), ERR_NOMEM);
	mem_fail_at(0);
	assert_rc(net_stream_new(l, fd[0], &echo_ops, NULL, &s), 0);
	mem_fail_at(1);
	assert_rc(net_stream_write(s, STR("x")), ERR_NOMEM);
	assert_int_equal(net_stream_pending(s), 0);
	mem_fail_at(1);
	assert_null(net_timer_new(l, NULL, NULL));
	mem_fail_at(0);
	net_loop_free(l);
	assert_int_equal(mem_held(), held);
	assert_int_equal(send(fd[1], "x", 1, MSG_NOSIGNAL), -1);
	assert_int_equal(close(fd[1]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_first_octet),
		cmocka_unit_test(test_behind_upgrade),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_inside_closed),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_nomem),
	};

	return cmocka_run_group_tests_name("net/stream", tests, rig_setup,
					   rig_teardown);
}
