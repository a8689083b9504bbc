/*
 * Messages, turns, timers, listeners.
 */
#include "rig.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct net_loop *
new_loop(void)
{
	struct net_loop *l = NULL;

	assert_rc(net_loop_new(&l), 0);
	return l;
}

static void
stop(void *ctx)
{
	net_loop_stop(ctx);
}

/* --- messages --- */

#define SENDERS 4
#define EACH 5000

struct note {
	struct net_msg msg;
	int sender, number;
};

static struct {
	struct net_loop *loop;
	struct note notes[SENDERS][EACH];
	int next[SENDERS];
	int total, turns;
} post;

static void
on_note(struct net_loop *l, struct net_msg *m)
{
	struct note *n = (struct note *)m;

	assert_ptr_equal(l, post.loop);
	/* Order of one sender is kept. */
	assert_int_equal(n->number, post.next[n->sender]);
	post.next[n->sender]++;
	if (++post.total == SENDERS * EACH)
		net_loop_stop(l);
}

static void *
sender(void *arg)
{
	struct note *n = arg;

	for (int i = 0; i < EACH; i++)
		net_loop_post(post.loop, &n[i].msg);
	return NULL;
}

static void
test_post(void **state)
{
	pthread_t threads[SENDERS];

	post.loop = new_loop();
	for (int i = 0; i < SENDERS; i++)
		for (int j = 0; j < EACH; j++)
			post.notes[i][j] =
				(struct note){ { NULL, on_note }, i, j };
	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sender,
						post.notes[i]),
				 0);
	net_loop_run(post.loop);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(post.total, SENDERS * EACH);
	net_loop_free(post.loop);
}

static void
on_last(struct net_loop *l, struct net_msg *m)
{
	((struct note *)m)->number++;
}

/* What is posted before the stop is run, even from the stopping message. */
static struct note last = { { NULL, on_last }, 0, 0 };

static void
on_first(struct net_loop *l, struct net_msg *m)
{
	net_loop_stop(l);
	net_loop_post(l, &last.msg);
}

static void
test_post_at_stop(void **state)
{
	struct net_loop *l = new_loop();
	struct net_msg first = { NULL, on_first };

	net_loop_post(l, &first);
	net_loop_run(l);
	assert_int_equal(last.number, 1);
	net_loop_free(l);
}

/* --- turns --- */

static void
count_turn(void *ctx)
{
	++*(int *)ctx;
}

/* An idle loop waits; it does not turn. */
static void
test_turns(void **state)
{
	struct net_loop *l = new_loop();
	struct net_timer *t = net_timer_new(l, stop, l);
	int turns = 0;

	net_loop_on_turn(l, count_turn, &turns);
	net_timer_start(t, 100);
	net_loop_run(l);
	assert_in_range(turns, 1, 5);
	net_loop_on_turn(l, NULL, NULL);
	net_timer_start(t, 1);
	net_loop_run(l);
	net_timer_free(t);
	net_loop_free(l);
}

/* Output of a timer's callback does not wait for the next event. */
static void
write_later(void *ctx)
{
	struct rig *r = ctx;

	assert_rc(net_stream_write(r->sides[0].stream, STR("tick")), 0);
}

static void
start_tick(struct side *s)
{
	net_timer_start(s->rig->timer, 30);
}

static void
tick_client(struct rig *r, void *arg)
{
	uint64_t start = clock_mono_ms();
	struct peer p;

	NEED(r, peer_connect(&p, r));
	NEED(r, peer_expect(&p, STR("tick")));
	NEED(r, clock_mono_ms() - start < 5000);
	peer_close(&p);
}

static const struct net_stream_ops ops = {
	.data = rig_take,
	.closed = rig_closed,
};

static void
test_timer_output(void **state)
{
	struct rig r;

	rig_init(&r, &ops);
	r.accepted = start_tick;
	r.timer = net_timer_new(r.loop, write_later, &r);
	rig_run(&r, tick_client, NULL);
}

/* --- timers --- */

struct alarm {
	struct net_timer *t;
	struct net_loop *loop;
	int fired;
	uint64_t at;
};

static int fired_order;

static void
ring(void *ctx)
{
	struct alarm *a = ctx;

	a->fired = ++fired_order;
	a->at = net_loop_now(a->loop);
}

static void
test_timers(void **state)
{
	struct net_loop *l = new_loop();
	struct net_timer *end = net_timer_new(l, stop, l);
	struct alarm a[6];
	uint64_t start;

	fired_order = 0;
	for (int i = 0; i < 6; i++) {
		a[i] = (struct alarm){ .loop = l };
		a[i].t = net_timer_new(l, ring, &a[i]);
		assert_non_null(a[i].t);
	}
	start = net_loop_now(l);
	net_timer_start(a[0].t, 30);
	net_timer_start(a[1].t, 10);
	net_timer_start(a[2].t, 5);
	net_timer_start(a[2].t, 60); /* later */
	net_timer_start(a[3].t, 500);
	net_timer_start(a[3].t, 20); /* sooner */
	net_timer_start(a[4].t, 1);
	net_timer_cancel(a[4].t);
	net_timer_cancel(a[5].t); /* never started */
	net_timer_start(end, 150);
	net_loop_run(l);

	assert_int_equal(a[1].fired, 1);
	assert_int_equal(a[3].fired, 2);
	assert_int_equal(a[0].fired, 3);
	assert_int_equal(a[2].fired, 4);
	assert_int_equal(a[4].fired, 0);
	assert_int_equal(a[5].fired, 0);
	assert_true(a[0].at >= start + 30 && a[2].at >= start + 60);

	/* One shot; and a cancelled one starts again. */
	net_timer_start(a[4].t, 5);
	net_timer_start(end, 50);
	net_loop_run(l);
	assert_int_equal(a[4].fired, 5);
	assert_int_equal(a[1].fired, 1);
	for (int i = 0; i < 6; i++)
		net_timer_free(a[i].t);
	net_timer_free(end);
	net_timer_free(NULL);
	net_loop_free(l);
}

static void
ring_again(void *ctx)
{
	struct alarm *a = ctx;
	int before = a->fired;

	if (++a->fired == 5) {
		/* Its own end, from inside. */
		net_loop_stop(a->loop);
		net_timer_free(a->t);
		return;
	}
	net_timer_start(a->t, 0);
	assert_int_equal(a->fired, before + 1);
}

static void
test_timer_inside(void **state)
{
	struct net_loop *l = new_loop();
	struct alarm a = { .loop = l };

	a.t = net_timer_new(l, ring_again, &a);
	net_timer_start(a.t, 0);
	assert_int_equal(a.fired, 0);
	net_loop_run(l);
	assert_int_equal(a.fired, 5);
	net_loop_free(l);
}

/* Many timers, moved all the time, as sessions do. */
static void
test_timer_many(void **state)
{
	enum { N = 2000 };
	struct net_loop *l = new_loop();
	struct net_timer *end = net_timer_new(l, stop, l);
	static struct alarm a[N];

	for (int i = 0; i < N; i++) {
		a[i] = (struct alarm){ .loop = l };
		a[i].t = net_timer_new(l, ring, &a[i]);
		net_timer_start(a[i].t, 1 + (unsigned)i * 7 % 40);
		if (i % 3 == 0)
			net_timer_start(a[i].t, 50);
		if (i % 3 == 1)
			net_timer_cancel(a[i].t);
	}
	net_timer_start(end, 150);
	net_loop_run(l);
	for (int i = 0; i < N; i++) {
		assert_int_equal(a[i].fired != 0, i % 3 != 1);
		net_timer_free(a[i].t);
	}
	net_timer_free(end);
	net_loop_free(l);
}

/* --- listeners --- */

static void
close_at_once(void *ctx, int fd, const struct net_addr *peer)
{
	close(fd);
}

static void
test_listen(void **state)
{
	struct net_loop *l = new_loop();
	struct net_listener *li, *second;
	struct net_addr a = { "127.0.0.1", 0 }, bound, again;
	int why = 0;

	assert_rc(net_listen(l, &a, close_at_once, NULL, &li, &bound, &why), 0);
	assert_string_equal(bound.host, "127.0.0.1");
	assert_int_not_equal(bound.port, 0);
	assert_rc(net_listen(l, &bound, close_at_once, NULL, &second, &again,
			     &why),
		  ERR_IO);
	assert_int_equal(why, EADDRINUSE);
	snprintf(a.host, sizeof(a.host), "nowhere");
	assert_rc(net_listen(l, &a, close_at_once, NULL, &second, &again, &why),
		  ERR_IO);
	assert_int_equal(why, EINVAL);
	snprintf(a.host, sizeof(a.host), "::1");
	if (net_listen(l, &a, close_at_once, NULL, &second, &again, &why) ==
	    0) {
		assert_string_equal(again.host, "::1");
		net_listener_close(second);
	} else {
		/* A machine without IPv6. */
		assert_true(why == EADDRNOTAVAIL || why == EAFNOSUPPORT);
	}
	net_listener_close(li);
	net_listener_close(NULL);
	net_loop_free(l);
}

/* Without descriptors a listener waits, without spinning, and goes on. */
static struct rlimit before;
static int full_turns;
static sem_t both_there;

static void
give_back(void *ctx)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static const struct net_stream_ops echo_ops = {
	.data = rig_echo,
	.closed = rig_closed,
};

static void
starve(struct side *s)
{
	struct rlimit none = before;

	/* When the client has its second socket there are no more. */
	if (s->rig->nsides > 1)
		return;
	while (sem_wait(&both_there) < 0)
		;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	net_timer_start(s->rig->timer, 250);
	full_turns = 0;
}

static void
two_clients(struct rig *r, void *arg)
{
	struct peer p[2];

	/* Both exist before the limit comes down. */
	NEED(r, peer_connect(&p[0], r));
	NEED(r, peer_connect(&p[1], r));
	sem_post(&both_there);
	for (int i = 0; i < 2; i++) {
		NEED(r, peer_send(&p[i], STR("hello")));
		NEED(r, peer_expect(&p[i], STR("hello")));
		peer_close(&p[i]);
	}
}

static void
test_no_descriptors(void **state)
{
	struct rig r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(sem_init(&both_there, 0, 0), 0);
	rig_init(&r, &echo_ops);
	r.accepted = starve;
	net_loop_on_turn(r.loop, count_turn, &full_turns);
	r.timer = net_timer_new(r.loop, give_back, NULL);
	rig_run(&r, two_clients, NULL);
	give_back(NULL);
	assert_int_equal(r.nsides, 2);
	assert_true(full_turns < 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_post),
		cmocka_unit_test(test_post_at_stop),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_timer_output),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_timer_inside),
		cmocka_unit_test(test_timer_many),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_no_descriptors),
	};

	return cmocka_run_group_tests_name("net/loop", tests, rig_setup,
					   rig_teardown);
}
