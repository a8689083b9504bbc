#include "store/reserve.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "lib/fault.h"
#include "lib/test.h"

static void
test_quota(void **state)
{
	static const struct {
		const char *name;
		uint64_t reserved, used, quota, octets;
		int rc;
	} cases[] = {
		{ "nothing", 0, 0, 0, 0, 0 },
		{ "fits", 0, 10, 100, 50, 0 },
		{ "to the last octet", 0, 10, 100, 90, 0 },
		{ "one too many", 0, 10, 100, 91, ERR_QUOTA },
		{ "beside another", 40, 10, 100, 50, 0 },
		{ "one too many beside another", 40, 10, 100, 51, ERR_QUOTA },
		{ "full, nothing more", 0, 100, 100, 0, 0 },
		{ "over quota, nothing more", 0, 101, 100, 0, ERR_QUOTA },
		{ "sum past 64 bits", 0, 10, UINT64_MAX, UINT64_MAX,
		  ERR_QUOTA },
		{ "used and reserved past 64 bits", 40, UINT64_MAX, UINT64_MAX,
		  0, ERR_QUOTA },
		{ "just within 64 bits", 0, 10, UINT64_MAX, UINT64_MAX - 10,
		  0 },
	};

	TEST_EACH(c, cases) {
		struct reserve *r;

		CHECK_RC(c->name, reserve_new(&r), 0);
		CHECK_RC(c->name, reserve_add(r, 7, 0, 1000, c->reserved), 0);
		CHECK_RC(c->name,
			 reserve_add(r, 7, c->used, c->quota, c->octets),
			 c->rc);
		CHECK(c->name, reserve_get(r, 7) ==
			       c->reserved + (c->rc ? 0 : c->octets));
		reserve_free(r);
	}
}

static void
test_release(void **state)
{
	int64_t held = mem_held();
	struct reserve *r;

	assert_rc(reserve_new(&r), 0);
	assert_rc(reserve_add(r, 1, 0, 100, 60), 0);
	assert_rc(reserve_add(r, 1, 0, 100, 40), 0);
	assert_rc(reserve_add(r, 1, 0, 100, 1), ERR_QUOTA);

	/* Another mailbox has a quota of its own, in the same shard too. */
	assert_rc(reserve_add(r, 65, 0, 100, 100), 0);
	assert_int_equal(reserve_get(r, 65), 100);
	assert_int_equal(reserve_get(r, 2), 0);

	reserve_sub(r, 1, 60);
	assert_int_equal(reserve_get(r, 1), 40);
	assert_rc(reserve_add(r, 1, 0, 100, 60), 0);
	reserve_sub(r, 1, 0);
	reserve_sub(r, 1, 100);
	assert_int_equal(reserve_get(r, 1), 0);
	assert_int_equal(reserve_get(r, 65), 100);

	/* What is still reserved is forgotten, and so is NULL. */
	reserve_free(r);
	reserve_free(NULL);
	assert_int_equal(mem_held(), held);
}

static int
try_reserve(void *arg)
{
	struct reserve *r;
	int err = reserve_new(&r);

	if (err < 0)
		return err;
	err = reserve_add(r, 1, 0, 100, 60);
	if (!err)
		err = reserve_add(r, 1, 0, 100, 40);
	if (!err)
		err = reserve_add(r, 65, 0, 100, 1);
	reserve_free(r);
	return err;
}

static void
test_nomem(void **state)
{
	assert_true(fault_each(try_reserve, NULL) > 2);
}

/* --- many threads --- */

#define THREADS 8
#define ROUNDS 20000
#define BOXES 5
#define QUOTA 1000

struct shared {
	struct reserve *r;
	/* What the threads believe is reserved, counted after an add and
	 * before a sub: never more than the table's own. */
	_Atomic uint64_t sum[BOXES];
	_Atomic unsigned over, refused;
};

static void *
reserve_and_release(void *arg)
{
	struct shared *s = arg;
	uint32_t x = (uint32_t)(uintptr_t)&x | 1;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t n, box;

		x = x * 1664525 + 1013904223;
		n = x >> 8 & 0xff;
		box = (x >> 16) % BOXES;
		if (reserve_add(s->r, box + 1, 0, QUOTA, n) < 0) {
			s->refused++;
			continue;
		}
		if (atomic_fetch_add(&s->sum[box], n) + n > QUOTA)
			s->over++;
		if (reserve_get(s->r, box + 1) > QUOTA)
			s->over++;
		atomic_fetch_sub(&s->sum[box], n);
		reserve_sub(s->r, box + 1, n);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	static struct shared s;
	pthread_t threads[THREADS];

	assert_rc(reserve_new(&s.r), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						reserve_and_release, &s), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(s.over, 0);
	for (uint64_t box = 0; box < BOXES; box++)
		assert_int_equal(reserve_get(s.r, box + 1), 0);
	reserve_free(s.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_nomem),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
