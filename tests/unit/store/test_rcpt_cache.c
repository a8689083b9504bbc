/* What is known of recipients, and what makes it forgotten. */
#include <pthread.h>
#include <stdio.h>

#include "lib/test.h"
#include "store/rcpt_cache.h"

static struct rcpt_cache *cache;
static struct arena arena;

static const struct store_rcpt alice = {
	.account_id = 3, .mailbox_id = 4, .name = { "alice@a.test", 12 },
	.folder_key = { "inbox", 5 }, .used = 10, .quota = 100,
};

static int
set_up(void **state)
{
	arena_init(&arena, 1 << 20, 0);
	return rcpt_cache_new(&cache);
}

static int
tear_down(void **state)
{
	rcpt_cache_free(cache);
	arena_done(&arena);
	return 0;
}

static void
put(void)
{
	rcpt_cache_put(cache, rcpt_cache_age(cache), alice.name, STR(""),
		       &alice);
}

static bool
get(struct store_rcpt *ret)
{
	return rcpt_cache_get(cache, &arena, alice.name, STR(""), ret);
}

static void
wrote(struct store_job *job)
{
	rcpt_cache_wrote(cache, &job, 1);
}

static void
test_known(void **state)
{
	struct store_rcpt r;

	assert_false(get(&r));
	put();
	assert_true(get(&r));
	assert_int_equal(r.mailbox_id, 4);
	assert_int_equal(r.used, 10);
	assert_str(r.name, "alice@a.test");
	assert_str(r.folder_key, "inbox");
	/* Another folder of hers is another address. */
	assert_false(rcpt_cache_get(cache, &arena, alice.name,
				    STR("inbox/x"), &r));
	assert_false(rcpt_cache_get(cache, &arena, STR("bob@a.test"), STR(""),
				    &r));
}

static void
test_delivered(void **state)
{
	struct store_deliver_to to = { .mailbox_id = 4, .used = 50 };
	struct store_deliver d = { .job = { .op = STORE_DELIVER }, .to = &to,
				   .nto = 1 };
	struct store_rcpt r;

	put();
	d.job.err = ERR_QUOTA;
	wrote(&d.job);
	assert_true(get(&r) && r.used == 10);
	d.job.err = 0;
	wrote(&d.job);
	assert_true(get(&r) && r.used == 50);
}

static const struct {
	const char *name;
	enum store_op op;
	bool forgets;
} ops[] = {
	{ "mark", STORE_MARK, false },
	{ "device add", STORE_DEVICE_ADD, false },
	{ "device revoke", STORE_DEVICE_REVOKE, false },
	{ "folder create", STORE_FOLDER_CREATE, true },
	{ "domain add", STORE_DOMAIN_ADD, true },
	{ "domain remove", STORE_DOMAIN_REMOVE, true },
	{ "account add", STORE_ACCOUNT_ADD, true },
	{ "account remove", STORE_ACCOUNT_REMOVE, true },
	{ "account set", STORE_ACCOUNT_SET, true },
	{ "purge", STORE_PURGE, true },
};

static void
test_forgotten(void **state)
{
	struct store_rcpt r;

	TEST_EACH(o, ops) {
		struct store_job job = { .op = o->op };

		put();
		wrote(&job);
		CHECK(o->name, get(&r) == !o->forgets);
	}
}

/* Less is used behind these: only their mailbox is forgotten. */
static void
test_mailbox(void **state)
{
	struct store_remove remove = { .job = { .op = STORE_DELETE },
				       .mailbox_id = 5 };
	struct store_append append = { .job = { .op = STORE_APPEND },
				       .mailbox_id = 4 };
	struct store_rcpt r;

	put();
	wrote(&remove.job);
	assert_true(get(&r));
	remove.mailbox_id = 4;
	wrote(&remove.job);
	assert_false(get(&r));
	put();
	remove.job.op = STORE_RESTORE;
	wrote(&remove.job);
	assert_false(get(&r));
	put();
	wrote(&append.job);
	assert_false(get(&r));
}

/* What was read before a change and comes behind it. */
static void
test_late(void **state)
{
	struct store_job job = { .op = STORE_ACCOUNT_REMOVE };
	uint64_t age = rcpt_cache_age(cache);
	struct store_rcpt r;

	wrote(&job);
	rcpt_cache_put(cache, age, alice.name, STR(""), &alice);
	assert_false(get(&r));
	put();
	assert_true(get(&r));
}

/* Two addresses, or two mailboxes, that meet in one slot. */
static void
test_slots(void **state)
{
	struct store_rcpt r, other = alice;
	char name[32];

	put();
	other.mailbox_id += RCPT_CACHE_SLOTS;
	rcpt_cache_put(cache, rcpt_cache_age(cache), STR("x@a.test"), STR(""),
		       &other);
	assert_false(get(&r));
	for (int i = 0; i < 3 * RCPT_CACHE_SLOTS; i++) {
		snprintf(name, sizeof(name), "u%d@a.test", i);
		other.mailbox_id = (uint64_t)i + 1;
		rcpt_cache_put(cache, rcpt_cache_age(cache), str_c(name),
			       STR(""), &other);
		assert_true(rcpt_cache_get(cache, &arena, str_c(name), STR(""),
					   &r));
		assert_int_equal(r.mailbox_id, i + 1);
		arena_clear(&arena);
	}
}

static void *
work(void *arg)
{
	struct store_job job = { .op = STORE_ACCOUNT_SET };
	struct store_rcpt r;
	struct arena a;

	arena_init(&a, 1 << 16, 0);
	for (int i = 0; i < 2000; i++) {
		put();
		if (rcpt_cache_get(cache, &a, alice.name, STR(""), &r))
			assert_str(r.name, "alice@a.test");
		arena_clear(&a);
		wrote(&job);
	}
	arena_done(&a);
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t t[4];

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_delivered, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_forgotten, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_mailbox, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_threads, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
