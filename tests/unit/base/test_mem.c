#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>

#include "lib/test.h"

static void
test_counts(void **state)
{
	int64_t held = mem_held();
	uint64_t count = mem_count();
	void *p, *q;

	p = mem_alloc(0);
	assert_non_null(p);
	q = mem_zalloc(100);
	assert_non_null(q);
	for (int i = 0; i < 100; i++)
		assert_int_equal(((char *)q)[i], 0);
	assert_int_equal(mem_held() - held, 2);

	/* A block that moves stays one block. */
	p = mem_realloc(p, 10000);
	assert_non_null(p);
	assert_int_equal(mem_held() - held, 2);
	assert_int_equal(mem_count() - count, 3);

	mem_free(p);
	mem_free(q);
	mem_free(NULL);
	assert_int_equal(mem_held(), held);
}

static void
test_overflow(void **state)
{
	volatile size_t half = SIZE_MAX / 2 + 1;
	int64_t held = mem_held();

	assert_null(mem_calloc(half, 2));
	assert_null(mem_calloc(2, half));
	assert_null(mem_alloc(half));
	assert_null(mem_zalloc(SIZE_MAX - (half == 0)));
	assert_null(mem_strndup("", SIZE_MAX - (half == 0)));
	assert_int_equal(mem_held(), held);
}

static void
test_strndup(void **state)
{
	CLEANUP_MEM char *a = mem_strndup("abcdef", 3);
	CLEANUP_MEM char *b = mem_strndup(NULL, 0);

	assert_string_equal(a, "abc");
	assert_string_equal(b, "");
}

static void
test_fail_at(void **state)
{
	void *p, *q;

	mem_fail_at(2);
	p = mem_alloc(1);
	assert_non_null(p);
	assert_false(mem_fail_hit());
	assert_null(mem_alloc(1));
	assert_true(mem_fail_hit());

	/* Once only; and a failed realloc leaves the block. */
	q = mem_alloc(1);
	assert_non_null(q);
	mem_fail_at(1);
	assert_false(mem_fail_hit());
	assert_null(mem_realloc(q, 100));
	mem_fail_at(1);
	assert_null(mem_calloc(1, 1));
	mem_fail_at(1);
	assert_null(mem_strndup("x", 1));

	/* Off again before it came. */
	mem_fail_at(1);
	mem_fail_at(0);
	mem_free(p);
	p = mem_alloc(1);
	assert_non_null(p);
	assert_false(mem_fail_hit());
	mem_free(p);
	mem_free(q);
}

#define THREADS 8
#define ROUNDS 2000

/* Each frees what its neighbour allocated. */
static void *_Atomic slots[THREADS];

static void *
churn(void *arg)
{
	size_t me = (size_t)arg;

	for (int i = 0; i < ROUNDS; i++) {
		void *mine = mem_alloc(16);

		mem_free(atomic_exchange(&slots[me], mine));
		mem_free(atomic_exchange(&slots[(me + 1) % THREADS], NULL));
	}
	return NULL;
}

static void
run_threads(void)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn,
						(void *)i), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 0; i < THREADS; i++) {
		mem_free(slots[i]);
		slots[i] = NULL;
	}
}

static void
test_threads(void **state)
{
	int64_t held = mem_held();
	uint64_t count = mem_count();

	run_threads();
	assert_int_equal(mem_held(), held);
	assert_int_equal(mem_count() - count, THREADS * ROUNDS);

	/* One allocation of all threads fails, exactly one. */
	count = mem_count();
	mem_fail_at(THREADS * ROUNDS / 2);
	run_threads();
	assert_true(mem_fail_hit());
	assert_int_equal(mem_held(), held);
	assert_int_equal(mem_count() - count, THREADS * ROUNDS - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_strndup),
		cmocka_unit_test(test_fail_at),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
