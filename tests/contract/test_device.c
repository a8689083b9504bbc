#include "contract/world.h"

static int
add(struct world *w, const struct person *p, const char *name, const char *key,
    unsigned scopes)
{
	struct store_device_edit d = {
		.job.op = STORE_DEVICE_ADD,
		.account_id = p->account_id,
		.name = str_c(name), .key = str_c(key),
		.scopes = scopes,
		.stored = "stored", .server = "server",
		.at = 4711,
	};

	return world_run(w, &d.job);
}

static int
revoke(struct world *w, const struct person *p, const char *key)
{
	struct store_device_edit d = {
		.job.op = STORE_DEVICE_REVOKE,
		.account_id = p->account_id,
		.key = str_c(key),
		.at = w->now,
	};

	return world_run(w, &d.job);
}

static int
find(struct world *w, const struct person *p, const char *key,
     struct store_device *ret)
{
	return store_device_find(w->r, &w->a, p->account_id, str_c(key), ret);
}

static void
test_add(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct person other = world_person(w, "bob@a.test");
	struct store_device d;

	assert_rc(find(w, &p, "phone", &d), ERR_NOTFOUND);
	assert_rc(add(w, &p, "Phone", "phone", 5), 0);
	assert_rc(find(w, &p, "phone", &d), 0);
	assert_str(d.name, "Phone");
	assert_str(d.key, "phone");
	assert_int_equal(d.scopes, 5);
	assert_string_equal((const char *)d.stored, "stored");
	assert_string_equal((const char *)d.server, "server");
	assert_int_equal(d.created, 4711);
	assert_rc(add(w, &p, "PHONE", "phone", 1), ERR_EXISTS);
	assert_rc(find(w, &p, "Phone", &d), ERR_NOTFOUND);

	/* Another account's is another one. */
	assert_rc(find(w, &other, "phone", &d), ERR_NOTFOUND);
	assert_rc(add(w, &other, "phone", "phone", 1), 0);
	assert_rc(find(w, &p, "phone", &d), 0);
	assert_int_equal(d.scopes, 5);
}

static void
test_list(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct person other = world_person(w, "bob@a.test");
	struct store_device *v;
	size_t n;

	assert_rc(store_device_list(w->r, &w->a, p.account_id, &v, &n), 0);
	assert_int_equal(n, 0);
	assert_rc(add(w, &p, "Tablet", "tablet", 1), 0);
	assert_rc(add(w, &p, "Phone", "phone", 2), 0);
	assert_rc(add(w, &other, "Laptop", "laptop", 2), 0);
	assert_rc(store_device_list(w->r, &w->a, p.account_id, &v, &n), 0);
	assert_int_equal(n, 2);
	assert_str(v[0].name, "Phone");
	assert_str(v[1].name, "Tablet");
	assert_int_equal(v[1].scopes, 1);
}

static void
test_limit(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct person other = world_person(w, "bob@a.test");
	struct person gone = { .account_id = 987654321 };

	assert_rc(add(w, &p, "a", "a", 1), 0);
	assert_rc(add(w, &p, "b", "b", 1), 0);
	assert_rc(add(w, &p, "c", "c", 1), 0);
	assert_rc(add(w, &p, "d", "d", 1), ERR_LIMIT);
	assert_rc(add(w, &p, "a", "a", 1), ERR_EXISTS);
	assert_rc(add(w, &other, "a", "a", 1), 0);
	assert_rc(revoke(w, &p, "b"), 0);
	assert_rc(add(w, &p, "d", "d", 1), 0);
	assert_rc(add(w, &gone, "a", "a", 1), ERR_NOTFOUND);
}

static void
test_revoke(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct person other = world_person(w, "bob@a.test");
	struct store_device d;

	assert_rc(revoke(w, &p, "phone"), ERR_NOTFOUND);
	assert_rc(add(w, &p, "Phone", "phone", 1), 0);
	assert_rc(add(w, &other, "Phone", "phone", 1), 0);
	assert_rc(revoke(w, &p, "phone"), 0);
	assert_rc(revoke(w, &p, "phone"), ERR_NOTFOUND);
	assert_rc(find(w, &p, "phone", &d), ERR_NOTFOUND);
	assert_rc(find(w, &other, "phone", &d), 0);
	assert_rc(add(w, &p, "Phone", "phone", 7), 0);
	assert_rc(find(w, &p, "phone", &d), 0);
	assert_int_equal(d.scopes, 7);
}

static void
test_gone_with_account(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_account_edit e = {
		.job.op = STORE_ACCOUNT_REMOVE,
		.account_id = p.account_id,
	};
	struct store_device d;

	assert_rc(add(w, &p, "Phone", "phone", 1), 0);
	world_must(w, &e);
	assert_rc(find(w, &p, "phone", &d), ERR_NOTFOUND);
	assert_rc(revoke(w, &p, "phone"), ERR_NOTFOUND);
	p = world_person(w, "alice@a.test");
	assert_rc(find(w, &p, "phone", &d), ERR_NOTFOUND);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_add),
		WORLD_TEST(test_list),
		WORLD_TEST(test_limit),
		WORLD_TEST(test_revoke),
		WORLD_TEST(test_gone_with_account),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
