#include "contract/letter.h"

static struct store_rcpt
find(struct world *w, const char *key, const char *folder_key)
{
	struct store_rcpt rcpt;

	CHECK_RC(key, store_rcpt_find(w->r, &w->a, str_c(key),
				      str_c(folder_key), &rcpt), 0);
	return rcpt;
}

static void
test_found(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "Alice@a.test");
	struct store_account_edit e = {
		.job.op = STORE_ACCOUNT_SET,
		.account_id = p.account_id,
		.fields = STORE_SET_DISABLED, .disabled = true,
	};
	struct store_rcpt rcpt;

	assert_rc(store_rcpt_find(w->r, &w->a, STR("bob@a.test"), STR(""),
				  &rcpt), ERR_NOTFOUND);
	rcpt = find(w, "alice@a.test", "");
	assert_int_equal(rcpt.account_id, p.account_id);
	assert_int_equal(rcpt.mailbox_id, p.mailbox_id);
	assert_str(rcpt.name, "Alice@a.test");
	assert_str(rcpt.folder_key, "inbox");
	assert_false(rcpt.disabled);
	assert_int_equal(rcpt.used, 0);
	assert_int_equal(rcpt.quota, WORLD_QUOTA);

	/* Used and quota as they count; a disabled account is still found. */
	(void)letter_send(w, &p, (struct letter){ .size = 100 });
	world_quota(w, &p, 5000);
	assert_int_equal(find(w, "alice@a.test", "").used, 100);
	assert_int_equal(find(w, "alice@a.test", "").quota, 5000);
	world_must(w, &e);
	assert_true(find(w, "alice@a.test", "").disabled);
}

static void
test_folder(void **state)
{
	static const struct {
		const char *name, *folder_key, *want;
	} cases[] = {
		{ "no +folder", "", "inbox" },
		{ "one that is there", "inbox/lists", "inbox/lists" },
		{ "one below it", "inbox/lists/dev", "inbox/lists/dev" },
		{ "one that is not", "inbox/list", "inbox" },
		{ "INBOX", "inbox", "inbox" },
		{ "a role", "trash", "inbox" },
		{ "another role", "sent", "inbox" },
		{ "begins like one", "inbox/lists/", "inbox" },
	};
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct person other = world_person(w, "bob@a.test");

	(void)world_folder(w, &p, "INBOX/Lists/Dev");
	(void)world_folder(w, &other, "INBOX/List");
	TEST_EACH(c, cases) {
		struct store_rcpt rcpt = find(w, "alice@a.test", c->folder_key);

		CHECK_STR(c->name, rcpt.folder_key, c->want);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_found),
		WORLD_TEST(test_folder),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
