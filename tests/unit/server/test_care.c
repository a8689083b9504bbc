#include "server/care.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "fake_store.h"
#include "lib/test.h"

#define DIED 70

static void
answer(void *ctx, uint32_t home, struct write_item *all)
{
	fail_msg("no home asked for this");
}

static void
nothing(void *ctx)
{
}

static void
writer_died(void *ctx, int err)
{
	_exit(1);
}

static void
died(const char *event, int err)
{
	_exit(err == ERR_SYNC ? DIED : 1);
}

static const struct writer_ops ops = { answer, nothing, nothing, writer_died };

struct rig {
	struct fake_store store;
	struct limits limits;
	struct writer *w;
	struct care *c;
};

static void
start(struct rig *r)
{
	fake_store_init(&r->store);
	limits_init(&r->limits);
	assert_rc(care_new(&r->store.s, died, &r->c), 0);
	assert_rc(writer_start(&r->store.s, &r->limits, 0, &ops, NULL, &r->w),
		  0);
}

static void
end(struct rig *r)
{
	care_stop(r->c);
	writer_stop(r->w);
	care_free(r->c);
	writer_free(r->w);
	fake_store_done(&r->store);
}

/* Wait until it was tended n times; false after 10 s. */
static bool
tended(struct rig *r, unsigned n)
{
	uint64_t until = clock_mono_ms() + 10000;
	unsigned have = 0;

	while (have < n && clock_mono_ms() < until) {
		pthread_mutex_lock(&r->store.lock);
		have = r->store.tended;
		pthread_mutex_unlock(&r->store.lock);
		(void)usleep(1000);
	}
	return have >= n;
}

/* A purge at the start, in as many chunks as it takes. */
static void
test_purge(void **state)
{
	struct rig r;

	start(&r);
	r.store.purges = 3;
	assert_rc(care_start(r.c, r.w), 0);
	assert_true(fake_store_wait(&r.store, 4));
	end(&r);
	assert_int_equal(r.store.purged, 4);
}

/* More to do: at once; a poke: soon. */
static void
test_tend(void **state)
{
	struct rig r;
	uint64_t before;

	start(&r);
	r.store.tend = 1;
	before = clock_mono_ms();
	assert_rc(care_start(r.c, r.w), 0);
	assert_true(tended(&r, 2));
	care_poke(r.c);
	assert_true(tended(&r, 3));
	assert_true(clock_mono_ms() - before < 900);
	end(&r);
}

/* Stopping with a purge under way leaves nothing behind. */
static void
test_stop(void **state)
{
	struct rig r;

	start(&r);
	r.store.purges = 1000;
	fake_store_hold(&r.store, true);
	assert_rc(care_start(r.c, r.w), 0);
	assert_true(fake_store_wait(&r.store, 1));
	care_stop(r.c);
	fake_store_hold(&r.store, false);
	writer_stop(r.w);
	assert_int_equal(r.store.purged, 1);
	care_free(r.c);
	writer_free(r.w);
	fake_store_done(&r.store);
}

static void
test_sync(void **state)
{
	struct rig r;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		start(&r);
		r.store.tend = ERR_SYNC;
		assert_rc(care_start(r.c, r.w), 0);
		(void)sleep(10);
		_exit(2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DIED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_purge),
		cmocka_unit_test(test_tend),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_sync),
	};

	log_setup(LOG_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
