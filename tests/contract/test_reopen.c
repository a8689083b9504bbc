/* What is durable is there after closing and opening (every test checks that
 * of what it has made), and what must go on counting goes on. */
#include "contract/letter.h"

static void
test_empty(void **state)
{
	struct world *w = *state;

	if (!w->backend->durable)
		skip();
	world_reopen(w);
	assert_int_equal(world_stats(w).accounts, 0);
	world_reopen(w);
	(void)world_person(w, "alice@a.test");
}

static void
test_goes_on(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test"), bob;
	struct letter l = { .once = true, .id = world_uuid(w) };
	struct store_deliver_to to = letter_to(&p);
	uint32_t folder = world_folder(w, &p, "A");
	struct store_row first, second;
	struct uuid id;

	if (!w->backend->durable)
		skip();
	assert_rc(letter_try(w, &to, l), 0);
	first = world_row(w, &p, &l.id);
	world_reopen(w);

	/* The same ID is a repeat, modseq, numbers and ids go on. */
	assert_rc(letter_try(w, &to, l), 0);
	assert_true(to.repeat);
	id = letter_send(w, &p, (struct letter){ 0 });
	second = world_row(w, &p, &id);
	assert_int_equal(second.modseq, first.modseq + 1);
	assert_true(second.pos.no > first.pos.no);
	assert_true(second.body_id != first.body_id);
	assert_true(world_folder(w, &p, "B") > folder);
	bob = world_person(w, "bob@a.test");
	assert_true(bob.account_id != p.account_id);
	assert_true(bob.mailbox_id != p.mailbox_id);
}

static void
test_ids_not_reused(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test"), again;
	struct uuid id = letter_send(w, &alice, (struct letter){ 0 });
	uint64_t body_id = world_row(w, &alice, &id).body_id, domain, domain2;
	struct store_account_edit rm = {
		.job.op = STORE_ACCOUNT_REMOVE,
		.account_id = alice.account_id,
	};
	struct store_domain_edit dom = {
		.job.op = STORE_DOMAIN_REMOVE,
		.domain = STR("a.test"),
	};

	if (!w->backend->durable)
		skip();
	assert_rc(store_domain_find(w->r, STR("a.test"), &domain), 0);
	world_must(w, &rm);
	world_must(w, &dom);
	world_reopen(w);
	again = world_person(w, "alice@a.test");
	assert_true(again.account_id != alice.account_id);
	assert_true(again.mailbox_id != alice.mailbox_id);
	assert_rc(store_domain_find(w->r, STR("a.test"), &domain2), 0);
	assert_true(domain != domain2);
	id = letter_send(w, &again, (struct letter){ 0 });
	assert_true(world_row(w, &again, &id).body_id != body_id);
}

static void
test_deleted(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid id[3];
	struct store_purge j = { .job.op = STORE_PURGE, .limit = 10 };

	if (!w->backend->durable)
		skip();
	for (int i = 0; i < 3; i++) {
		id[i] = letter_send(w, &p, (struct letter){ 0 });
		for (int k = 0; k < i; k++)
			assert_int_equal(world_remove(w, STORE_DELETE, &p, "",
						      &id[i]), 1);
	}
	world_reopen(w);
	assert_true(world_has(w, &p, "inbox", &id[0]));
	assert_true(world_has(w, &p, "trash", &id[1]));
	assert_false(world_has(w, &p, "", &id[2]));
	assert_int_equal(world_remove(w, STORE_RESTORE, &p, "", &id[1]), 1);
	assert_true(world_has(w, &p, "inbox", &id[1]));

	/* When it went is known as well. */
	j.now = w->now + w->limits.undelete - WORLD_DAY;
	world_must(w, &j);
	assert_int_equal(j.messages, 0);
	j.now = w->now + w->limits.undelete + WORLD_DAY;
	world_must(w, &j);
	assert_int_equal(j.messages, 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_empty),
		WORLD_TEST(test_goes_on),
		WORLD_TEST(test_ids_not_reused),
		WORLD_TEST(test_deleted),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
