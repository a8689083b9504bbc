#include "contract/world.h"

static int
edit(struct world *w, enum store_op op, const char *name)
{
	struct store_domain_edit d = {
		.job.op = op,
		.domain = str_c(name),
		.at = w->now,
	};

	return world_run(w, &d.job);
}

static void
test_add(void **state)
{
	struct world *w = *state;
	uint64_t a, b;

	assert_rc(store_domain_find(w->r, STR("a.test"), &a), ERR_NOTFOUND);
	assert_rc(edit(w, STORE_DOMAIN_ADD, "a.test"), 0);
	assert_rc(edit(w, STORE_DOMAIN_ADD, "b.test"), 0);
	assert_rc(store_domain_find(w->r, STR("a.test"), &a), 0);
	assert_rc(store_domain_find(w->r, STR("b.test"), &b), 0);
	assert_true(a && b && a != b);

	assert_rc(edit(w, STORE_DOMAIN_ADD, "a.test"), ERR_EXISTS);
	assert_rc(store_domain_find(w->r, STR("a"), &a), ERR_NOTFOUND);
	assert_rc(store_domain_find(w->r, STR("a.test."), &a), ERR_NOTFOUND);
}

static void
test_list(void **state)
{
	struct world *w = *state;
	struct str *v;
	size_t n;

	assert_rc(store_domain_list(w->r, &w->a, &v, &n), 0);
	assert_int_equal(n, 0);
	assert_rc(edit(w, STORE_DOMAIN_ADD, "b.test"), 0);
	assert_rc(edit(w, STORE_DOMAIN_ADD, "c.test"), 0);
	assert_rc(edit(w, STORE_DOMAIN_ADD, "a.test"), 0);
	assert_rc(store_domain_list(w->r, &w->a, &v, &n), 0);
	assert_int_equal(n, 3);
	assert_str(v[0], "a.test");
	assert_str(v[1], "b.test");
	assert_str(v[2], "c.test");
	assert_int_equal(world_stats(w).domains, 3);
}

static void
test_remove(void **state)
{
	struct world *w = *state;
	uint64_t first, second;

	assert_rc(edit(w, STORE_DOMAIN_REMOVE, "a.test"), ERR_NOTFOUND);
	assert_rc(edit(w, STORE_DOMAIN_ADD, "a.test"), 0);
	assert_rc(store_domain_find(w->r, STR("a.test"), &first), 0);
	assert_rc(edit(w, STORE_DOMAIN_REMOVE, "a.test"), 0);
	assert_rc(store_domain_find(w->r, STR("a.test"), &second),
		  ERR_NOTFOUND);
	assert_rc(edit(w, STORE_DOMAIN_REMOVE, "a.test"), ERR_NOTFOUND);

	/* Its id is not used again. */
	assert_rc(edit(w, STORE_DOMAIN_ADD, "a.test"), 0);
	assert_rc(store_domain_find(w->r, STR("a.test"), &second), 0);
	assert_true(first != second);
}

static void
test_remove_used(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct store_account_edit e = {
		.job.op = STORE_ACCOUNT_REMOVE,
		.account_id = alice.account_id,
	};
	uint64_t id;

	assert_rc(edit(w, STORE_DOMAIN_REMOVE, "a.test"), ERR_CONFLICT);
	assert_rc(store_domain_find(w->r, STR("a.test"), &id), 0);
	world_must(w, &e);
	assert_rc(edit(w, STORE_DOMAIN_REMOVE, "a.test"), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_add),
		WORLD_TEST(test_list),
		WORLD_TEST(test_remove),
		WORLD_TEST(test_remove_used),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
