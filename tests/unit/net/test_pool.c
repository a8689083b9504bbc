#include "lib/test.h"

#include "base/mem.h"
#include "net/net.h"

#include <pthread.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>

#define N 1000

struct piece {
	struct net_work work;
	int number;
	atomic_int runs;
	bool slow;
};

static struct {
	atomic_int started, stopped, refuse, order;
	atomic_bool ordered;
} env;

static void *
start(void *ctx)
{
	sigset_t blocked;

	/* Signals are not for these. */
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (!sigismember(&blocked, SIGTERM))
		return NULL;
	if (atomic_fetch_sub(&env.refuse, 1) == 1)
		return NULL;
	atomic_fetch_add(&env.started, 1);
	return mem_zalloc(1);
}

static void
stop(void *ctx, void *thread)
{
	atomic_fetch_add(&env.stopped, 1);
	mem_free(thread);
}

static void
run(struct net_work *w, void *thread)
{
	struct piece *p = (struct piece *)w;

	if (thread)
		atomic_fetch_add(&p->runs, 1);
	if (p->slow)
		poll(NULL, 0, 1);
	if (atomic_fetch_add(&env.order, 1) != p->number)
		atomic_store(&env.ordered, false);
}

static void
reset(int refuse)
{
	atomic_store(&env.started, 0);
	atomic_store(&env.stopped, 0);
	atomic_store(&env.order, 0);
	atomic_store(&env.refuse, refuse);
	atomic_store(&env.ordered, true);
}

/* Everything that was submitted is run, once, before the pool is gone. */
static void
work_through(size_t threads)
{
	static struct piece pieces[N];
	struct net_pool *p = NULL;

	reset(0);
	assert_rc(net_pool_new(threads, start, stop, &env, &p), 0);
	assert_int_equal(atomic_load(&env.started), threads);
	for (int i = 0; i < N; i++) {
		pieces[i].work.run = run;
		pieces[i].number = i;
		pieces[i].slow = i % 50 == 0;
		atomic_store(&pieces[i].runs, 0);
		net_pool_submit(p, &pieces[i].work);
	}
	net_pool_free(p);
	for (int i = 0; i < N; i++)
		assert_int_equal(atomic_load(&pieces[i].runs), 1);
	assert_int_equal(atomic_load(&env.stopped), threads);
}

static void
test_one(void **state)
{
	work_through(1);
	assert_true(atomic_load(&env.ordered));
}

static void
test_many(void **state)
{
	work_through(4);
}

/* One that cannot start ends them all. */
static void
test_refused(void **state)
{
	int64_t held = mem_held();
	struct net_pool *p = NULL;

	for (int i = 1; i <= 3; i++) {
		reset(i);
		assert_rc(net_pool_new(3, start, stop, &env, &p), ERR_INTERNAL);
		assert_int_equal(atomic_load(&env.started), 2);
		assert_int_equal(atomic_load(&env.stopped), 2);
	}
	mem_fail_at(1);
	assert_rc(net_pool_new(3, start, stop, &env, &p), ERR_NOMEM);
	mem_fail_at(0);
	net_pool_free(NULL);
	assert_int_equal(mem_held(), held);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("net/pool", tests, NULL, NULL);
}
