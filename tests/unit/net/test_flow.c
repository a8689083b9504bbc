/*
 * Flow: owners that take less than comes, peers that take less than is sent,
 * and what of it arrives when a stream is closed.
 */
#include "rig.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <sys/socket.h>

#define MANY (3u << 20)

/* Octets that tell where they belong. */
static char
pattern(size_t i)
{
	return (char)(i * 31 % 251);
}

static char *many;

static bool
is_pattern(struct str s, size_t from)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != pattern(from + i))
			return false;
	return true;
}

/* --- in: an owner that takes a little now and then --- */

struct slow {
	size_t step;
	size_t largest; /* that was offered */
	int calls;
};

static size_t
take_little(void *ctx, struct str in)
{
	struct side *s = ctx;
	struct slow *slow = s->rig->arg;
	size_t n = in.n < slow->step ? in.n : slow->step;

	assert_true(is_pattern(in, s->got.n));
	if (in.n > slow->largest)
		slow->largest = in.n;
	slow->calls++;
	assert_rc(buf_add_str(&s->got, str_sub(in, 0, n)), 0);
	if (s->got.n == MANY)
		assert_rc(net_stream_write(s->stream, STR("got it")), 0);
	if (n < in.n)
		net_timer_start(s->rig->timer, 1);
	return n;
}

static void
go_on(void *ctx)
{
	struct side *s = &((struct rig *)ctx)->sides[0];
	struct slow *slow = s->rig->arg;
	int calls = slow->calls;

	/* Twice is once, and not inside this call. */
	net_stream_resume(s->stream);
	net_stream_resume(s->stream);
	assert_int_equal(slow->calls, calls);
}

static const struct net_stream_ops slow_ops = {
	.data = take_little,
	.secured = rig_secured,
	.closed = rig_closed,
};

static void
start_tls(struct side *s)
{
	assert_rc(net_stream_start_tls(s->stream, s->rig->server_ctx, TLS_1_2),
		  0);
}

static void
send_many(struct rig *r, void *arg)
{
	bool tls = *(bool *)arg;
	struct peer p;

	NEED(r, peer_connect(&p, r));
	NEED(r, !tls || peer_handshake(&p, TLS_1_3));
	NEED(r, peer_send(&p, str_n(many, MANY)));
	/* All the same, a farewell right behind does not overtake. */
	if (tls)
		NEED(r, peer_farewell(&p));
	else
		shutdown(p.fd, SHUT_WR);
	NEED(r, peer_expect(&p, STR("got it")));
	NEED(r, peer_expect_end(&p));
	peer_close(&p);
}

static void
test_slow_owner(void **state)
{
	static const size_t steps[] = { 10000, 65000, 1u << 20 };

	for (int i = 0; i < 6; i++) {
		struct slow slow = { .step = steps[i % 3] };
		bool tls = i >= 3;
		struct rig r;

		rig_init(&r, &slow_ops);
		r.wait_ends = true;
		r.timer = net_timer_new(r.loop, go_on, &r);
		r.arg = &slow;
		if (tls)
			r.accepted = start_tls;
		rig_run(&r, send_many, &tls);
		/* No more is kept than what one read brings. */
		assert_true(slow.largest <= 65536 + 65536 + 16384);
		assert_int_equal(r.sides[0].closed, 1);
		assert_int_equal(r.sides[0].err, 0);
	}
}

/* --- in: an owner that wants more before it takes anything --- */

static size_t
take_blocks(void *ctx, struct str in)
{
	struct side *s = ctx;
	size_t block = *(size_t *)s->rig->arg;
	size_t n = in.n / block * block;

	assert_rc(buf_add_str(&s->got, str_sub(in, 0, n)), 0);
	if (s->got.n >= 10 * block && n > 0)
		assert_rc(net_stream_write(s->stream, STR("got it")), 0);
	if (n < in.n)
		net_stream_resume(s->stream);
	return n;
}

static const struct net_stream_ops block_ops = {
	.data = take_blocks,
	.closed = rig_closed,
};

static void
send_blocks(struct rig *r, void *arg)
{
	size_t block = *(size_t *)arg;
	struct peer p;

	NEED(r, peer_connect(&p, r));
	for (size_t sent = 0; sent < 10 * block; sent += 1000)
		if (!peer_send(&p,
			       str_n(many + sent, 10 * block - sent < 1000 ?
							  10 * block - sent :
							  1000)))
			break;
	if (block < 65536)
		NEED(r, peer_expect(&p, STR("got it")));
	else
		NEED(r, peer_recv(&p, &block, 1) <= 0);
	peer_close(&p);
}

static void
test_needs_more(void **state)
{
	static const size_t blocks[] = { 999, 8192, 65535, 100000 };

	TEST_EACH(block, blocks) {
		size_t size = *block;
		struct rig r;

		rig_init(&r, &block_ops);
		r.wait_ends = true;
		r.arg = &size;
		rig_run(&r, send_blocks, &size);
		assert_true(is_pattern(buf_str(&r.sides[0].got), 0) ||
			    size > 65536);
		/* 64 KiB is the end of patience. */
		if (size > 65536)
			assert_rc(r.sides[0].err, ERR_LIMIT);
	}
}

/* --- in: resumed from outside, without anything new --- */

static size_t
take_nothing(void *ctx, struct str in)
{
	struct side *s = ctx;
	int *calls = s->rig->arg;

	++*calls;
	if (str_eq(in, STR("half and half"))) {
		assert_rc(net_stream_write(s->stream, in), 0);
		return in.n;
	}
	assert_str(in, "half");
	return 0;
}

static void
resume_always(void *ctx)
{
	struct rig *r = ctx;

	if (r->nsides > 0 && r->sides[0].stream)
		net_stream_resume(r->sides[0].stream);
}

static const struct net_stream_ops nothing_ops = {
	.data = take_nothing,
	.closed = rig_closed,
};

static void
send_halves(struct rig *r, void *arg)
{
	struct peer p;

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_send(&p, STR("half")));
	rig_sleep(50);
	NEED(r, peer_send(&p, STR(" and half")));
	NEED(r, peer_expect(&p, STR("half and half")));
	peer_close(&p);
}

static void
test_resume_always(void **state)
{
	struct rig r;
	int calls = 0;

	rig_init(&r, &nothing_ops);
	r.arg = &calls;
	net_loop_on_turn(r.loop, resume_always, &r);
	rig_run(&r, send_halves, NULL);
	/* Given, given again, and with what followed: no spinning. */
	assert_in_range(calls, 1, 3);
}

/* --- out: more than a peer takes --- */

struct flood {
	size_t sent;
	size_t most; /* pending */
};

static void
pour(struct side *s)
{
	struct flood *f = s->rig->arg;

	while (f->sent < MANY && net_stream_pending(s->stream) < 128 * 1024) {
		size_t n = MANY - f->sent < 10000 ? MANY - f->sent : 10000;

		assert_rc(net_stream_write(s->stream, str_n(many + f->sent, n)),
			  0);
		f->sent += n;
	}
	if (net_stream_pending(s->stream) > f->most)
		f->most = net_stream_pending(s->stream);
	if (f->sent == MANY) {
		net_stream_close(s->stream);
		s->stream = NULL;
	}
}

static void
on_drained(void *ctx)
{
	rig_drained(ctx);
	pour(ctx);
}

static size_t
on_word(void *ctx, struct str in)
{
	pour(ctx);
	return in.n;
}

static const struct net_stream_ops flood_ops = {
	.data = on_word,
	.drained = on_drained,
	.closed = rig_closed,
};

static void
receive_many(struct rig *r, void *arg)
{
	bool tls = *(bool *)arg;
	static char text[50000];
	struct peer p;
	size_t got = 0;

	NEED(r, peer_connect(&p, r));
	NEED(r, !tls || peer_handshake(&p, TLS_1_3));
	NEED(r, peer_send(&p, STR("go")));
	while (got < MANY) {
		ssize_t n = peer_recv(&p, text, sizeof(text));

		NEED(r, n > 0);
		NEED(r, is_pattern(str_n(text, (size_t)n), got));
		got += (size_t)n;
		/* Slow at first: the server must wait for us. */
		if (got < 400000)
			rig_sleep(2);
	}
	NEED(r, peer_expect_end(&p));
	peer_close(&p);
}

static void
test_flood(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct flood f = { 0 };
		bool tls = i == 1;
		struct rig r;

		rig_init(&r, &flood_ops);
		r.arg = &f;
		if (tls)
			r.accepted = start_tls;
		rig_run(&r, receive_many, &tls);
		assert_int_equal(f.sent, MANY);
		assert_true(f.most < 128 * 1024 + 10000 + 70000);
		assert_true(r.sides[0].drained > 5);
	}
}

/* --- closing --- */

static size_t
all_and_close(void *ctx, struct str in)
{
	struct side *s = ctx;

	assert_rc(net_stream_write(s->stream, str_n(many, MANY)), 0);
	net_stream_close(s->stream);
	s->stream = NULL;
	return in.n;
}

static const struct net_stream_ops close_ops = {
	.data = all_and_close,
	.closed = rig_closed,
};

static void
test_close_flushes(void **state)
{
	for (int i = 0; i < 2; i++) {
		bool tls = i == 1;
		struct rig r;

		rig_init(&r, &close_ops);
		if (tls)
			r.accepted = start_tls;
		rig_run(&r, receive_many, &tls);
		assert_int_equal(r.sides[0].closed, 0);
	}
}

/* A peer that takes nothing is waited for so long and no longer. */
static void
take_none(struct rig *r, void *arg)
{
	uint64_t *waited = arg;
	uint64_t start;
	struct peer p;
	char c;

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_send(&p, STR("go")));
	start = clock_mono_ms();
	rig_sleep(100);
	/* The door is shut when sending fails. */
	while (peer_send(&p, STR("x")) && clock_mono_ms() - start < 15000)
		rig_sleep(20);
	*waited = clock_mono_ms() - start;
	while (peer_recv(&p, &c, 1) > 0)
		;
	peer_close(&p);
}

static void
test_close_cap(void **state)
{
	uint64_t waited = 0;
	struct rig r;

	rig_init(&r, &close_ops);
	rig_run(&r, take_none, &waited);
	assert_in_range(waited, 4500, 14000);
}

static int
setup(void **state)
{
	many = mem_alloc(MANY);
	assert_non_null(many);
	for (size_t i = 0; i < MANY; i++)
		many[i] = pattern(i);
	return rig_setup(state);
}

static int
teardown(void **state)
{
	mem_free(many);
	return rig_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_owner),
		cmocka_unit_test(test_needs_more),
		cmocka_unit_test(test_resume_always),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_close_flushes),
		cmocka_unit_test(test_close_cap),
	};

	return cmocka_run_group_tests_name("net/flow", tests, setup, teardown);
}
