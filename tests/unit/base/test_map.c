#include "base/map.h"

#include <stdio.h>

#include "base/mem.h"
#include "lib/fault.h"
#include "lib/guard.h"
#include "lib/test.h"

#define KEYS 1000

static struct str
key_of(char store[static 16], size_t i)
{
	return str_n(store, (size_t)snprintf(store, 16, "key-%zu", i));
}

static void
test_empty(void **state)
{
	struct map m;
	size_t pos = 0;

	map_init(&m);
	assert_null(map_get(&m, STR("x")));
	assert_null(map_del(&m, STR("x")));
	assert_false(map_next(&m, &pos, NULL, NULL));
	assert_false(map_next(&m, &pos, NULL, NULL));
	map_done(&m);
	map_done(&m);
}

static void
test_put(void **state)
{
	char store[16], values[KEYS];
	struct map m;
	void *old;

	map_init(&m);
	for (size_t i = 0; i < KEYS; i++) {
		old = &m;
		assert_rc(map_put(&m, key_of(store, i), &values[i], &old), 0);
		assert_null(old);
	}
	assert_int_equal(m.n, KEYS);
	/* The keys are copies. */
	memset(store, 0, sizeof(store));
	for (size_t i = 0; i < KEYS; i++)
		assert_ptr_equal(map_get(&m, key_of(store, i)), &values[i]);

	assert_rc(map_put(&m, STR("key-7"), &values[0], &old), 0);
	assert_ptr_equal(old, &values[7]);
	assert_rc(map_put(&m, STR("key-8"), &values[0], NULL), 0);
	assert_ptr_equal(map_get(&m, STR("key-7")), &values[0]);
	assert_int_equal(m.n, KEYS);

	for (size_t i = 0; i < KEYS; i += 2)
		assert_non_null(map_del(&m, key_of(store, i)));
	assert_null(map_del(&m, STR("key-0")));
	assert_int_equal(m.n, KEYS / 2);
	for (size_t i = 0; i < KEYS; i++)
		assert_int_equal(map_get(&m, key_of(store, i)) != NULL, i % 2);
	map_done(&m);
}

/* Keys that differ in length, in a NUL, in one octet at a page end. */
static void
test_keys(void **state)
{
	static const struct str keys[] = {
		{ NULL, 0 }, { "", 1 }, { "\0", 2 }, { "a", 1 }, { "a", 2 },
		{ "A", 1 }, { "0123456789abcdef", 16 },
		{ "0123456789abcdef", 15 }, { "0123456789abcdeF", 16 },
		{ "0123456789abcdef0", 17 }, { "1123456789abcdef0", 17 },
		{ "0123456789abcdef0123456789abcdef", 32 },
		{ "0123456789abcdef0123456789abcdefg", 33 },
	};
	struct guard g;
	struct map m;

	guard_init(&g, 100);
	map_init(&m);
	TEST_EACH(k, keys)
		assert_rc(map_put(&m, guard_put(&g, *k), (void *)k, NULL), 0);
	assert_int_equal(m.n, TEST_COUNT(keys));
	TEST_EACH(k, keys)
		assert_ptr_equal(map_get(&m, guard_put(&g, *k)), k);
	map_done(&m);
	guard_done(&g);
}

static void
test_next(void **state)
{
	char store[16], seen[KEYS] = { 0 };
	struct str key;
	struct map m;
	size_t pos = 0, n = 0;
	void *value;

	map_init(&m);
	for (size_t i = 0; i < KEYS; i++)
		assert_rc(map_put(&m, key_of(store, i), &seen[i], NULL), 0);
	for (; map_next(&m, &pos, &key, &value); n++) {
		char *mark = value;

		assert_str(key, key_of(store, (size_t)(mark - seen)).p);
		assert_int_equal((*mark)++, 0);
		/* The current one may go. */
		if (n % 3)
			assert_ptr_equal(map_del(&m, key), mark);
	}
	assert_int_equal(n, KEYS);
	assert_false(map_next(&m, &pos, &key, &value));

	pos = 0;
	for (n = 0; map_next(&m, &pos, &key, NULL); n++)
		(void)map_del(&m, key);	/* the value is not wanted */
	assert_int_equal(n, (KEYS + 2) / 3);
	assert_int_equal(m.n, 0);
	map_done(&m);
}

static int
use_map(void *arg)
{
	char store[16];
	struct map m;
	int rc = 0;

	map_init(&m);
	for (size_t i = 0; i < 100 && rc == 0; i++) {
		rc = map_put(&m, key_of(store, i), store, NULL);
		if (rc < 0) {
			assert_int_equal(m.n, i);
			assert_null(map_get(&m, key_of(store, i)));
		}
		for (size_t k = 0; k < i; k++)
			assert_non_null(map_get(&m, key_of(store, k)));
	}
	map_done(&m);
	return rc;
}

static void
test_no_memory(void **state)
{
	char store[16];
	struct map m;

	/* A slot each and the first chains; more chains can be missed. */
	assert_int_equal(fault_each(use_map, NULL), 101);

	/* To replace needs no memory. */
	map_init(&m);
	assert_rc(map_put(&m, STR("k"), store, NULL), 0);
	mem_fail_at(1);
	assert_rc(map_put(&m, STR("k"), &m, NULL), 0);
	mem_fail_at(0);
	map_done(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
