#include "base/limits.h"

#include "lib/test.h"

static void
test_rows(void **state)
{
	const struct limit_row *rows;
	struct limits l;
	size_t n;

	limits_init(&l);
	rows = limits_rows(&n);
	assert_int_equal(n * sizeof(uint64_t), sizeof(l));
	for (size_t i = 0; i < n; i++) {
		const struct limit_row *r = &rows[i];
		uint64_t v;

		memcpy(&v, (const char *)&l + r->offset, sizeof(v));
		CHECK(r->name, r->offset == i * sizeof(uint64_t));
		CHECK(r->name, v == r->def);
		CHECK(r->name, r->min <= r->def && r->def <= r->max);
		CHECK(r->name, r->kind <= LIMIT_TIME);
		CHECK(r->name, r->reason[0]);
		for (size_t k = 0; k < i; k++)
			CHECK(r->name, strcmp(rows[k].name, r->name) != 0);
	}
}

static void
test_values(void **state)
{
	struct limits l;

	limits_init(&l);
	assert_int_equal(l.message, 50 * 1024 * 1024);
	assert_int_equal(l.words, 160);
	assert_int_equal(l.undelete, 30ull * 86400 * 1000);
	/* A message fits in a segment of the body log. */
	assert_true(l.message <= l.segment);
	assert_true(l.wal_soft < l.wal_hard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
