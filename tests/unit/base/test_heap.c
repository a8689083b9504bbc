#include "base/heap.h"

#include "base/mem.h"
#include "lib/fault.h"
#include "lib/test.h"

#define NODES 500

static void
test_empty(void **state)
{
	struct heap_node node = { 0 };
	struct heap h;

	heap_init(&h);
	assert_null(heap_min(&h));
	heap_del(&h, &node);
	heap_done(&h);
	heap_done(&h);
}

/* The earliest by looking at all. */
static uint64_t
least(const struct heap_node *v, size_t n)
{
	uint64_t at = UINT64_MAX;

	for (size_t i = 0; i < n; i++)
		if (v[i].pos && v[i].at < at)
			at = v[i].at;
	return at;
}

static void
check_order(const struct heap *h)
{
	for (size_t i = 0; i < h->n; i++) {
		assert_int_equal(h->v[i]->pos, i + 1);
		if (i)
			assert_true(h->v[(i - 1) / 2]->at <= h->v[i]->at);
	}
}

static void
test_random(void **state)
{
	static struct heap_node v[NODES];
	struct heap h;
	uint32_t x = 7;

	heap_init(&h);
	for (int i = 0; i < 20000; i++) {
		struct heap_node *node;

		x = x * 1664525 + 1013904223;
		node = &v[(x >> 8) % NODES];
		if (x >> 30 == 0) {
			heap_del(&h, node);
			assert_int_equal(node->pos, 0);
		} else {
			/* Few values, so that many are equal. */
			assert_rc(heap_set(&h, node, x >> 20 & 63), 0);
		}
		if (i % 16 == 0)
			check_order(&h);
		if (heap_min(&h))
			assert_true(heap_min(&h)->at == least(v, NODES));
	}
	heap_done(&h);
	for (size_t i = 0; i < NODES; i++)
		assert_int_equal(v[i].pos, 0);
}

static void
test_sorts(void **state)
{
	static struct heap_node v[NODES];
	struct heap h;
	uint64_t last = 0;
	size_t n = 0;

	heap_init(&h);
	for (size_t i = 0; i < NODES; i++)
		assert_rc(heap_set(&h, &v[i], i * 7919 % 1009), 0);
	/* Moved to the front and to the back. */
	assert_rc(heap_set(&h, &v[3], 0), 0);
	assert_rc(heap_set(&h, &v[4], UINT64_MAX), 0);
	for (; heap_min(&h); n++) {
		struct heap_node *node = heap_min(&h);

		assert_true(node->at >= last);
		last = node->at;
		heap_del(&h, node);
	}
	assert_int_equal(n, NODES);
	assert_true(last == UINT64_MAX);
	heap_done(&h);
}

static int
use_heap(void *arg)
{
	static struct heap_node v[NODES];
	struct heap h;
	int rc = 0;

	heap_init(&h);
	for (size_t i = 0; i < NODES && rc == 0; i++) {
		rc = heap_set(&h, &v[i], NODES - i);
		if (rc < 0) {
			assert_int_equal(v[i].pos, 0);
			assert_int_equal(h.n, i);
			check_order(&h);
		}
	}
	heap_done(&h);
	return rc;
}

static void
test_no_memory(void **state)
{
	struct heap_node node = { 0 };
	struct heap h;

	assert_true(fault_each(use_heap, NULL) >= 3);

	/* To move what is in it needs no memory. */
	heap_init(&h);
	assert_rc(heap_set(&h, &node, 1), 0);
	mem_fail_at(1);
	assert_rc(heap_set(&h, &node, 2), 0);
	mem_fail_at(0);
	heap_done(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_sorts),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
