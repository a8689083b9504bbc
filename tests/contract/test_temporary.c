#include "contract/letter.h"

static void
storage(struct world *w, const struct person *p, uint64_t retention)
{
	struct store_account_edit e = {
		.job.op = STORE_ACCOUNT_SET,
		.account_id = p->account_id,
		.fields = STORE_SET_RETENTION,
		.retention = retention,
		.at = w->now,
	};
	struct store_account acc;

	world_must(w, &e);
	assert_rc(store_account_find(w->r, &w->a, p->key, &acc), 0);
	assert_int_equal(acc.retention, retention);
}

/* Purge in chunks; how many messages were forgotten. */
static uint64_t
purge(struct world *w, uint64_t now, size_t limit)
{
	struct store_purge j = { .job.op = STORE_PURGE, .now = now,
				 .limit = limit };
	uint64_t messages = 0;
	int chunks = 0;

	do {
		assert_true(chunks++ < 100);
		world_must(w, &j);
		assert_true(j.messages + j.ids <= limit);
		messages += j.messages;
		j.after = j.next;
	} while (j.more);
	return messages;
}

static void
test_default(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_account acc;

	assert_rc(store_account_find(w->r, &w->a, p.key, &acc), 0);
	assert_int_equal(acc.retention, 0);
	storage(w, &p, WORLD_DAY);
	storage(w, &p, 0);
}

static void
test_delete(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid a = letter_send(w, &p, (struct letter){ 0 });
	struct uuid b = letter_send(w, &p, (struct letter){ 0 });
	struct store_deliver_to to = letter_self(&p);

	assert_rc(letter_try(w, &to, (struct letter){ 0 }), 0);
	storage(w, &p, 30 * WORLD_DAY);

	/* Out of one of two folders it stays in the other. */
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "sent", &to.uuid),
			 1);
	assert_true(world_has(w, &p, "inbox", &to.uuid));

	/* Out of the last one it is gone, wherever that is. */
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "inbox", &a), 1);
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &to.uuid), 1);
	assert_false(world_has(w, &p, "", &a));
	assert_false(world_has(w, &p, "trash", &a));
	assert_int_equal(world_box(w, &p).total, 1);
	assert_rc(world_remove(w, STORE_RESTORE, &p, "", &a), ERR_NOTFOUND);
	assert_rc(world_remove(w, STORE_RESTORE, &p, "", &to.uuid),
		  ERR_NOTFOUND);

	/* Also once the mailbox is a central one again. */
	storage(w, &p, 0);
	assert_rc(world_remove(w, STORE_RESTORE, &p, "", &a), ERR_NOTFOUND);
	assert_int_equal(purge(w, w->now, 1), 2);
	assert_int_equal(world_stats(w).messages, 1);
	assert_int_equal(world_stats(w).bodies, 1);

	/* A central one has TRASH, and waits. */
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &b), 1);
	assert_true(world_has(w, &p, "trash", &b));
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &b), 1);
	assert_int_equal(purge(w, w->now, 10), 0);
	assert_int_equal(world_remove(w, STORE_RESTORE, &p, "", &b), 1);
}

/* What was in TRASH before is deleted for good as well. */
static void
test_trash(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid a = letter_send(w, &p, (struct letter){ 0 });
	struct uuid b = letter_send(w, &p, (struct letter){ 0 });

	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &a), 1);
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &b), 1);
	storage(w, &p, WORLD_DAY);
	assert_int_equal(world_remove(w, STORE_RESTORE, &p, "", &b), 1);
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "trash", &a), 1);
	assert_rc(world_remove(w, STORE_RESTORE, &p, "", &a), ERR_NOTFOUND);
	assert_int_equal(purge(w, w->now, 10), 1);
}

static struct uuid
filed(struct world *w, const struct person *p, struct str folder,
      uint64_t received)
{
	struct letter l = { .received = received };
	struct store_append j = letter_append(w, p, l);

	j.folder_key = folder;
	world_must(w, &j);
	return j.id;
}

static void
test_expire(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct person q = world_person(w, "bob@a.test");
	uint64_t now = w->now, old = now - 2 * WORLD_DAY;
	struct uuid keep, exact, draft, other, gone[3];
	uint64_t modseq;

	(void)world_folder(w, &p, "X");
	gone[0] = filed(w, &p, STR("inbox"), old);
	gone[1] = filed(w, &p, STR("x"), now - WORLD_DAY - 1);
	gone[2] = filed(w, &p, STR("trash"), old);
	exact = filed(w, &p, STR("inbox"), now - WORLD_DAY);
	keep = filed(w, &p, STR("inbox"), now);
	draft = filed(w, &p, STR("drafts"), old);
	other = filed(w, &q, STR("inbox"), old);
	assert_int_equal(purge(w, now, 10), 0);

	storage(w, &p, WORLD_DAY);
	modseq = world_box(w, &p).modseq;
	assert_int_equal(purge(w, now, 10), 3);
	for (size_t i = 0; i < 3; i++) {
		struct store_row row;

		assert_rc(store_row_any(w->r, &w->a, p.mailbox_id, &gone[i],
					&row), ERR_NOTFOUND);
	}
	assert_true(world_has(w, &p, "inbox", &exact));
	assert_true(world_has(w, &p, "inbox", &keep));
	assert_true(world_has(w, &p, "drafts", &draft));
	assert_true(world_has(w, &q, "inbox", &other));
	/* Each is a change. */
	assert_int_equal(world_box(w, &p).modseq, modseq + 3);
	assert_int_equal(world_box(w, &p).total, 3);
	assert_int_equal(world_stats(w).bodies, 4);

	assert_int_equal(purge(w, now + 1, 10), 1);
	assert_false(world_has(w, &p, "inbox", &exact));
	/* A retention that is longer than time. */
	storage(w, &p, UINT32_MAX * 1000ull);
	assert_int_equal(purge(w, now + WORLD_DAY, 10), 0);
}

/* Many mailboxes, many messages, few at a time. */
static void
test_chunks(void **state)
{
	struct world *w = *state;
	struct person p[5];
	uint64_t now = w->now;

	for (int i = 0; i < 5; i++) {
		char name[] = "p0@a.test";

		name[1] = (char)('0' + i);
		p[i] = world_person(w, name);
		storage(w, &p[i], (i + 1) * WORLD_DAY);
		for (int k = 0; k < 3; k++)
			(void)filed(w, &p[i], k % 2 ? STR("sent") :
							  STR("inbox"),
				    now - 4 * WORLD_DAY - 5);
	}
	assert_int_equal(purge(w, now, 2), 12);
	assert_int_equal(world_box(w, &p[3]).total, 0);
	assert_int_equal(world_box(w, &p[4]).total, 3);
	assert_int_equal(purge(w, now, 1), 0);
	assert_int_equal(purge(w, now + WORLD_DAY, 1), 3);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_default), WORLD_TEST(test_delete),
		WORLD_TEST(test_trash),	  WORLD_TEST(test_expire),
		WORLD_TEST(test_chunks),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
