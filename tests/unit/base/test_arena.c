#include "base/arena.h"

#include "base/mem.h"
#include "lib/fault.h"
#include "lib/test.h"

static void
test_alloc(void **state)
{
	int64_t held = mem_held();
	struct arena a;
	char *last = NULL;

	arena_init(&a, 1 << 20, 0);
	assert_int_equal(mem_held(), held);
	for (size_t n = 0; n < 600; n++) {
		char *p = arena_alloc(&a, n);

		assert_non_null(p);
		assert_ptr_not_equal(p, last);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		/* Nobody else may see this. */
		memset(p, 0xff, n);
		last = p;
	}
	arena_done(&a);
	assert_int_equal(mem_held(), held);
	assert_int_equal(a.used, 0);
	arena_done(&a);
}

static void
test_ceiling(void **state)
{
	struct arena a;

	arena_init(&a, 64, 32);
	assert_non_null(arena_alloc(&a, 1));
	assert_int_equal(a.used, 16);
	assert_null(arena_alloc(&a, 49));
	assert_int_equal(a.used, 16);
	assert_non_null(arena_alloc(&a, 48));
	assert_null(arena_alloc(&a, 0));
	arena_done(&a);

	/* Usable again, with the same ceiling. */
	assert_null(arena_alloc(&a, 65));
	assert_non_null(arena_alloc(&a, 64));
	arena_done(&a);

	arena_init(&a, 0, 0);
	assert_null(arena_alloc(&a, 1));
	arena_done(&a);
}

static void
test_overflow(void **state)
{
	volatile size_t most = SIZE_MAX;
	struct arena a;

	arena_init(&a, SIZE_MAX, 0);
	assert_null(arena_alloc(&a, most));
	assert_null(arena_alloc(&a, most - 15));
	assert_null(arena_alloc(&a, most / 2));
	assert_null(arena_calloc(&a, most / 2, 3));
	assert_null(arena_str(&a, str_n("", most)).p);
	assert_int_equal(a.used, 0);
	arena_done(&a);
}

static void
test_clear(void **state)
{
	struct arena a;
	int64_t held;
	char *p;

	arena_init(&a, 4096, 1024);
	arena_clear(&a);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 40; i++) {
			p = arena_alloc(&a, 64);
			assert_non_null(p);
			assert_int_equal(p[0] | p[63], 0);
			memset(p, 1, 64);
		}
		assert_non_null(arena_alloc(&a, 1000));
		arena_clear(&a);
		assert_int_equal(a.used, 0);
	}
	held = mem_held();
	arena_done(&a);
	assert_true(mem_held() >= held - 1);

	/* A large allocation alone leaves no ordinary block behind. */
	held = mem_held();
	assert_non_null(arena_alloc(&a, 1000));
	arena_clear(&a);
	assert_int_equal(mem_held(), held);
}

static void
test_text(void **state)
{
	char large[1000];
	struct arena a;
	struct str s;

	arena_init(&a, 1 << 16, 0);
	s = arena_str(&a, STR("hello"));
	assert_str(s, "hello");
	assert_int_equal(s.p[5], 0);
	s = arena_str(&a, (struct str){ NULL, 0 });
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.p[0], 0);

	s = arena_fmt(&a, "%d-%s", 7, "x");
	assert_str(s, "7-x");
	memset(large, 'y', sizeof(large));
	for (size_t n = 250; n < 260; n++) {
		s = arena_fmt(&a, "%.*s", (int)n, large);
		assert_int_equal(s.n, n);
		assert_memory_equal(s.p, large, n);
		assert_int_equal(s.p[n], 0);
	}
	arena_done(&a);

	arena_init(&a, 16, 0);
	assert_null(arena_fmt(&a, "%0100d", 1).p);
	assert_null(arena_fmt(&a, "%0300d", 1).p);
	arena_done(&a);
}

static int
use_arena(void *arg)
{
	char large[300] = { 0 };
	struct arena a;
	int rc = ERR_NOMEM;

	arena_init(&a, 1 << 16, 256);
	if (!ARENA_NEW(&a, struct str) || !ARENA_ARRAY(&a, int, 300) ||
	    !arena_str(&a, str_n(large, sizeof(large))).p ||
	    !arena_fmt(&a, "%0400d", 1).p)
		goto done;
	for (int i = 0; i < 20; i++)
		if (!arena_alloc(&a, 60))
			goto done;
	rc = 0;
done:
	arena_done(&a);
	return rc;
}

static void
test_no_memory(void **state)
{
	struct arena a;

	assert_true(fault_each(use_arena, NULL) >= 5);

	/* What was there stays usable. */
	arena_init(&a, 1 << 16, 64);
	assert_non_null(arena_alloc(&a, 16));
	mem_fail_at(1);
	assert_null(arena_alloc(&a, 1000));
	assert_int_equal(a.used, 16);
	assert_non_null(arena_alloc(&a, 1000));
	arena_done(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
