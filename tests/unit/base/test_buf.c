#include "base/buf.h"

#include "base/mem.h"
#include "lib/fault.h"
#include "lib/test.h"

static void
test_add(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, 1000);
	assert_null(buf_data(&b));
	assert_int_equal(buf_str(&b).n, 0);
	assert_rc(buf_add(&b, NULL, 0), 0);
	assert_rc(buf_add(&b, "ab", 2), 0);
	assert_rc(buf_add_str(&b, STR("cd")), 0);
	assert_rc(buf_add_str(&b, (struct str){ NULL, 0 }), 0);
	assert_rc(buf_add_c(&b, 'e'), 0);
	assert_rc(buf_add_cstr(&b, "fg"), 0);
	assert_rc(buf_addf(&b, "%d", -5), 0);
	assert_rc(buf_add_u64(&b, 0), 0);
	assert_rc(buf_add_u64(&b, UINT64_MAX), 0);
	assert_str(buf_str(&b), "abcdefg-5018446744073709551615");

	buf_put(&b, 0, "XY", 2);
	buf_put(&b, b.n, NULL, 0);
	buf_truncate(&b, 3);
	assert_str(buf_str(&b), "XYc");
	buf_clear(&b);
	assert_int_equal(b.n, 0);
	assert_non_null(b.mem);
}

/* Every way to run into a ceiling changes nothing. */
static void
test_ceiling(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, 5);
	assert_rc(buf_add(&b, "abc", 3), 0);
	assert_rc(buf_add(&b, "def", 3), ERR_LIMIT);
	assert_rc(buf_addf(&b, "%03d", 1), ERR_LIMIT);
	assert_rc(buf_add_u64(&b, 100), ERR_LIMIT);
	assert_rc(buf_reserve(&b, SIZE_MAX), ERR_LIMIT);
	assert_str(buf_str(&b), "abc");
	/* The NUL of printf is not counted. */
	assert_rc(buf_addf(&b, "%02d", 1), 0);
	assert_rc(buf_add_c(&b, 'x'), ERR_LIMIT);
	assert_rc(buf_reserve(&b, 0), 0);
	assert_str(buf_str(&b), "abc01");
	assert_true(b.cap <= 5);

	/* What is consumed makes room. */
	buf_consume(&b, 2);
	assert_rc(buf_add(&b, "xyz", 3), ERR_LIMIT);
	assert_rc(buf_add(&b, "xy", 2), 0);
	assert_str(buf_str(&b), "c01xy");
	buf_done(&b);
	assert_rc(buf_add(&b, "123456", 6), ERR_LIMIT);
	assert_rc(buf_add(&b, "12345", 5), 0);

	buf_done(&b);
	buf_init(&b, 0);
	assert_rc(buf_add(&b, "", 0), 0);
	assert_rc(buf_add_c(&b, 'x'), ERR_LIMIT);
	assert_rc(buf_addf(&b, "%s", ""), 0);
}

static void
test_no_ceiling(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, SIZE_MAX);
	assert_rc(buf_add_c(&b, 'x'), 0);
	assert_rc(buf_reserve(&b, SIZE_MAX), ERR_LIMIT);
	assert_rc(buf_reserve(&b, SIZE_MAX - 1), ERR_NOMEM);
	assert_rc(buf_reserve(&b, SIZE_MAX / 2), ERR_NOMEM);
	assert_str(buf_str(&b), "x");
}

/* A queue of octets, against a plain count of what should be there. */
static void
test_queue(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	uint8_t in = 0, out = 0;
	size_t n = 0;

	buf_init(&b, 300);
	for (unsigned i = 0; i < 20000; i++) {
		size_t add = i * 7 % 23, take = i * 5 % 29;

		if (n + add <= 300) {
			assert_rc(buf_reserve(&b, add), 0);
			for (size_t k = 0; k < add; k++)
				buf_tail(&b)[k] = (char)in++;
			buf_grew(&b, add);
			n += add;
		} else {
			assert_rc(buf_reserve(&b, add), ERR_LIMIT);
		}
		if (take > n)
			take = n;
		for (size_t k = 0; k < take; k++)
			assert_int_equal((uint8_t)buf_data(&b)[k], out++);
		buf_consume(&b, take);
		n -= take;
		assert_int_equal(b.n, n);
		assert_true(b.cap <= 300);
	}
}

static void
test_release(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, 100000);
	buf_release(&b, 10);
	assert_rc(buf_add_cstr(&b, "small"), 0);
	buf_release(&b, 1000);
	assert_non_null(b.mem);
	assert_int_equal(b.n, 0);
	assert_rc(buf_reserve(&b, 50000), 0);
	buf_release(&b, 1000);
	assert_null(b.mem);
	assert_int_equal(b.max, 100000);
}

static void
test_steal(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	char *p;
	size_t n;

	/* Full to the ceiling and moved: the NUL still has room. */
	buf_init(&b, 6);
	assert_rc(buf_add_cstr(&b, "abcdef"), 0);
	buf_consume(&b, 1);
	mem_fail_at(1);
	assert_rc(buf_steal(&b, &p, &n), 0);
	mem_fail_at(0);
	assert_string_equal(p, "bcdef");
	assert_int_equal(n, 5);
	assert_null(b.mem);
	mem_free(p);

	mem_fail_at(1);
	assert_rc(buf_steal(&b, &p, &n), ERR_NOMEM);
	assert_rc(buf_steal(&b, &p, &n), 0);
	assert_string_equal(p, "");
	assert_int_equal(n, 0);
	mem_free(p);
}

static int
use_buf(void *arg)
{
	CLEANUP_BUF struct buf b = { 0 };
	int rc;

	buf_init(&b, 100000);
	for (int i = 0; i < 200; i++) {
		struct buf was = b;

		rc = buf_addf(&b, "line %d\n", i);
		if (rc == 0 && i % 3 == 0) {
			buf_consume(&b, 2);
			continue;
		}
		if (rc == 0)
			continue;
		assert_memory_equal(&was, &b, sizeof(b));
		return rc;
	}
	return buf_reserve(&b, 50000);
}

static void
test_no_memory(void **state)
{
	assert_true(fault_each(use_buf, NULL) >= 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_no_ceiling),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_steal),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
