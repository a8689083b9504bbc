/* An ID that an origin gave a recipient is not given again. */
#include "contract/letter.h"

static void
test_repeat(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_to(&p);
	struct letter l = { .once = true, .id = world_uuid(w) };
	uint64_t modseq;

	assert_rc(letter_try(w, &to, l), 0);
	assert_false(to.repeat);
	modseq = to.modseq;
	assert_rc(letter_try(w, &to, l), 0);
	assert_rc(to.err, 0);
	assert_true(to.repeat);
	assert_true(uuid_eq(&to.uuid, &l.id));
	assert_int_equal(to.modseq, modseq);
	assert_int_equal(world_box(w, &p).modseq, modseq);
	assert_int_equal(world_box(w, &p).total, 1);
	assert_int_equal(world_stats(w).bodies, 1);

	/* It counts as delivered, wherever the message is now and however
	 * full the mailbox is. */
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &l.id), 1);
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &l.id), 1);
	world_quota(w, &p, 1);
	assert_rc(letter_try(w, &to, l), 0);
	assert_true(to.repeat);
	assert_int_equal(world_box(w, &p).total, 0);
}

static void
test_rest(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	struct letter l = { .once = true, .id = world_uuid(w) };
	struct store_deliver d = letter_job(w, l);
	struct store_deliver_to to[] = { letter_to(&alice), letter_to(&bob) };

	/* Who has it is passed over, the others get it. */
	assert_rc(letter_try(w, &to[0], l), 0);
	d.to = to;
	d.nto = 2;
	world_must(w, &d);
	assert_true(to[0].repeat);
	assert_false(to[1].repeat);
	assert_int_equal(world_box(w, &alice).total, 1);
	assert_int_equal(world_box(w, &bob).total, 1);
	world_must(w, &d);
	assert_true(to[0].repeat && to[1].repeat);
}

static void
test_conflict(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	struct letter l = { .once = true, .id = world_uuid(w) };
	struct store_deliver d;
	struct store_deliver_to to[] = { letter_to(&bob), letter_to(&alice) };

	assert_rc(letter_try(w, &to[1], l), 0);
	l.text = "something else";
	d = letter_job(w, l);
	d.to = to;
	d.nto = 2;
	assert_rc(world_run(w, &d.job), ERR_CONFLICT);
	assert_rc(to[0].err, 0);
	assert_rc(to[1].err, ERR_CONFLICT);
	assert_int_equal(world_box(w, &alice).total, 1);
	assert_int_equal(world_box(w, &bob).total, 0);

	/* Nothing is remembered of what was not done. */
	d.nto = 1;
	world_must(w, &d);
	assert_false(to[0].repeat);
}

static void
test_whose(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_to(&p);
	struct letter l = { .once = true, .id = world_uuid(w) };
	struct uuid first, second;

	/* Another origin's ID is another, even with other content. */
	assert_rc(letter_try(w, &to, l), 0);
	first = to.uuid;
	l.origin = "c.test";
	l.text = "from elsewhere";
	assert_rc(letter_try(w, &to, l), 0);
	assert_false(to.repeat);
	second = to.uuid;
	assert_false(uuid_eq(&first, &second));

	/* Each is told the _id its own got here. */
	assert_rc(letter_try(w, &to, l), 0);
	assert_true(to.repeat && uuid_eq(&to.uuid, &second));
	l.origin = NULL;
	l.text = NULL;
	assert_rc(letter_try(w, &to, l), 0);
	assert_true(to.repeat && uuid_eq(&to.uuid, &first));
	assert_int_equal(world_box(w, &p).total, 2);
}

static void
test_without(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_to(&p);
	struct letter l = { .once = true, .id = world_uuid(w) };

	/* An ID that the server gave is no reason to look, or to remember. */
	assert_rc(letter_try(w, &to, l), 0);
	l.once = false;
	assert_rc(letter_try(w, &to, l), 0);
	assert_false(to.repeat);
	l.id = world_uuid(w);
	assert_rc(letter_try(w, &to, l), 0);
	l.once = true;
	l.text = "other";
	assert_rc(letter_try(w, &to, l), 0);
	assert_false(to.repeat);
	assert_int_equal(world_box(w, &p).total, 4);
}

static void
test_forgotten(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_to(&p);
	struct letter l = { .once = true, .id = world_uuid(w) };
	uint64_t at = w->now + 1, later = at + w->limits.once + WORLD_DAY;

	l.received = at;
	assert_rc(letter_try(w, &to, l), 0);
	l.received = at + w->limits.once - WORLD_DAY;
	assert_rc(letter_try(w, &to, l), 0);
	assert_true(to.repeat);

	/* A clock that is set back forgets nothing. */
	l.received = at - WORLD_DAY;
	assert_rc(letter_try(w, &to, l), 0);
	assert_true(to.repeat);

	/* Past limits.once it is given again, purged or not; and then the
	 * time runs from there, for what was given then. */
	l.received = later;
	l.text = "other";
	assert_rc(letter_try(w, &to, l), 0);
	assert_false(to.repeat);
	assert_false(uuid_eq(&to.uuid, &l.id));
	l.received = later + WORLD_DAY;
	assert_rc(letter_try(w, &to, l), 0);
	assert_true(to.repeat);
	l.text = NULL;
	assert_rc(letter_try(w, &to, l), ERR_CONFLICT);
	assert_int_equal(world_box(w, &p).total, 2);
}

static void
test_account_removed(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_to(&p);
	struct store_account_edit e = {
		.job.op = STORE_ACCOUNT_REMOVE,
		.account_id = p.account_id,
	};
	struct letter l = { .once = true, .id = world_uuid(w) };

	assert_rc(letter_try(w, &to, l), 0);
	world_must(w, &e);
	p = world_person(w, "alice@a.test");
	to = letter_to(&p);
	assert_rc(letter_try(w, &to, l), 0);
	assert_false(to.repeat);
	assert_true(world_has(w, &p, "inbox", &l.id));
}

static void
test_self(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_self(&p);
	struct letter l = { .once = true, .id = world_uuid(w),
			    .origin = "alice@a.test", .from = "alice@a.test" };

	assert_rc(letter_try(w, &to, l), 0);
	assert_rc(letter_try(w, &to, l), 0);
	assert_true(to.repeat);
	assert_int_equal(world_box(w, &p).total, 1);
	assert_int_equal(world_find(w, &p, "sent").total, 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_repeat),
		WORLD_TEST(test_rest),
		WORLD_TEST(test_conflict),
		WORLD_TEST(test_whose),
		WORLD_TEST(test_without),
		WORLD_TEST(test_forgotten),
		WORLD_TEST(test_account_removed),
		WORLD_TEST(test_self),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
