#include "server/writer.h"

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_store.h"
#include "lib/test.h"

#define JOBS 600
#define DIED 70

struct job {
	struct write_item item;
	struct store_deliver d;
	unsigned answered;
};

struct rig {
	struct fake_store store;
	struct limits limits;
	struct writer *w;
	struct job jobs[JOBS];
	pthread_mutex_t lock;
	pthread_cond_t change;
	unsigned answered, chains[2], rooms, written;
};

static struct rig *the_rig;

static void
answer(void *ctx, uint32_t home, struct write_item *all)
{
	struct rig *r = ctx;
	struct write_item *next;
	struct job *last = NULL;

	pthread_mutex_lock(&r->lock);
	r->chains[home]++;
	for (; all != NULL; all = next) {
		struct job *j = (struct job *)all;

		next = all->next;
		assert_true(last == NULL || last < j);	/* in order */
		assert_int_equal(all->home, home);
		last = j;
		j->answered++;
		r->answered++;
	}
	pthread_cond_broadcast(&r->change);
	pthread_mutex_unlock(&r->lock);
}

static void
done(struct write_item *i)
{
	struct rig *r = the_rig;

	pthread_mutex_lock(&r->lock);
	((struct job *)i)->answered++;
	r->answered++;
	pthread_cond_broadcast(&r->change);
	pthread_mutex_unlock(&r->lock);
}

static void
room(void *ctx)
{
	((struct rig *)ctx)->rooms++;
}

static void
written(void *ctx)
{
	((struct rig *)ctx)->written++;
}

static void
died(void *ctx, int err)
{
	(void)ctx;
	_exit(err == ERR_SYNC ? DIED : 1);
}

static const struct writer_ops ops = { answer, room, written, died };

static void
rig_start(struct rig *r)
{
	the_rig = r;
	assert_rc(writer_start(&r->store.s, &r->limits, 2, &ops, r, &r->w), 0);
}

static int
setup(void **state)
{
	static struct rig r;

	r = (struct rig){ .answered = 0 };
	fake_store_init(&r.store);
	limits_init(&r.limits);
	pthread_mutex_init(&r.lock, NULL);
	pthread_cond_init(&r.change, NULL);
	*state = &r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	writer_stop(r->w);
	writer_free(r->w);
	r->w = NULL;
	fake_store_done(&r->store);
	pthread_cond_destroy(&r->change);
	pthread_mutex_destroy(&r->lock);
	return 0;
}

static void
submit(struct rig *r, size_t from, size_t n, uint64_t octets)
{
	for (size_t i = from; i < from + n; i++) {
		struct job *j = &r->jobs[i];

		j->d.job.op = STORE_DELIVER;
		j->d.body = j->d.origin = STR("x");
		j->item.job = &j->d.job;
		j->item.octets = octets;
		j->item.home = i % 3 == 2 ? WRITER_NO_HOME : i % 3;
		j->item.done = done;
		assert_rc(writer_submit(r->w, &j->item), 0);
	}
}

static void
await(struct rig *r, unsigned n)
{
	pthread_mutex_lock(&r->lock);
	while (r->answered < n)
		pthread_cond_wait(&r->change, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

/* What comes while a batch is written is the next one. */
static void
test_batches(void **state)
{
	struct rig *r = *state;
	struct writer_stats st;

	rig_start(r);
	fake_store_hold(&r->store, true);
	submit(r, 0, 1, 100);
	assert_true(fake_store_wait(&r->store, 1));
	submit(r, 1, 500, 100);
	assert_int_equal(r->answered, 0);	/* nothing is durable yet */
	writer_stats_get(r->w, &st);
	assert_int_equal(st.queue, 500);
	fake_store_hold(&r->store, false);
	await(r, 501);
	for (size_t i = 0; i < 501; i++)
		assert_int_equal(r->jobs[i].answered, 1);
	assert_int_equal(r->store.batch[0], 1);
	assert_int_equal(r->store.batch[1], 256);
	assert_int_equal(r->store.batch[2], 244);
	assert_int_equal(r->chains[0], 3);	/* a post a batch */
	writer_stop(r->w);
	writer_stats_get(r->w, &st);
	assert_int_equal(st.batches, 3);
	assert_int_equal(st.jobs, 501);
	assert_int_equal(st.messages, 501);
	assert_int_equal(st.queue, 0);
	assert_int_equal(r->written, 3);
	writer_free(r->w);
	r->w = NULL;
}

static void
test_octets(void **state)
{
	struct rig *r = *state;

	rig_start(r);
	fake_store_hold(&r->store, true);
	submit(r, 0, 1, 0);
	assert_true(fake_store_wait(&r->store, 1));
	submit(r, 1, 1, 100 << 20);	/* alone past the limit: still goes */
	submit(r, 2, 2, 4 << 20);
	submit(r, 4, 1, 1);
	fake_store_hold(&r->store, false);
	await(r, 5);
	assert_int_equal(r->store.batch[1], 1);
	assert_int_equal(r->store.batch[2], 2);
	assert_int_equal(r->store.batch[3], 1);
}

static void
test_full(void **state)
{
	struct rig *r = *state;

	r->limits.write_queue = 16;
	rig_start(r);
	fake_store_hold(&r->store, true);
	submit(r, 0, 1, 0);
	assert_true(fake_store_wait(&r->store, 1));
	submit(r, 1, 15, 0);
	assert_false(writer_full(r->w));
	submit(r, 16, 1, 0);
	assert_true(writer_full(r->w));
	submit(r, 17, 1, 0);	/* never refused */
	assert_int_equal(r->rooms, 0);
	fake_store_hold(&r->store, false);
	await(r, 18);
	assert_false(writer_full(r->w));
	assert_int_equal(r->rooms, 1);
}

/* A failed batch is answered as such, and the next one goes on. */
static void
test_failed(void **state)
{
	struct rig *r = *state;
	struct writer_stats st;

	rig_start(r);
	r->store.err = ERR_FULL;
	submit(r, 0, 1, 0);
	await(r, 1);
	assert_rc(r->jobs[0].d.job.err, ERR_FULL);
	r->store.err = 0;
	submit(r, 1, 1, 0);
	await(r, 2);
	assert_rc(r->jobs[1].d.job.err, 0);
	writer_stop(r->w);
	writer_stats_get(r->w, &st);
	assert_int_equal(st.failed, 1);
	assert_int_equal(st.messages, 1);
	writer_free(r->w);
	r->w = NULL;
}

/* The end writes what is queued and takes no more. */
static void
test_stop(void **state)
{
	struct rig *r = *state;
	struct write_item late = { .home = WRITER_NO_HOME };

	rig_start(r);
	submit(r, 0, JOBS, 0);
	writer_stop(r->w);
	assert_int_equal(r->answered, JOBS);
	assert_rc(writer_submit(r->w, &late), ERR_STOPPING);
	writer_free(r->w);
	r->w = NULL;
}

static void
test_sync(void **state)
{
	struct rig *r = *state;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		rig_start(r);
		r->store.err = ERR_SYNC;
		submit(r, 0, 1, 0);
		await(r, 1);	/* never */
		_exit(2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DIED);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_batches), TEST(test_octets), TEST(test_full),
		TEST(test_failed), TEST(test_stop), TEST(test_sync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
