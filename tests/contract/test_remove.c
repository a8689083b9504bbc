/* DELETE and RESTORE. */
#include "contract/letter.h"

static const char *
where(struct world *w, const struct person *p, const struct uuid *id)
{
	struct store_row row;
	int err = store_row_find(w->r, &w->a, p->mailbox_id, 0, id, &row);

	return err < 0 ? err_name(err) : world_folders(w, &row);
}

static int
take(struct world *w, const struct person *p, const char *folder,
     const struct uuid *id)
{
	return world_remove(w, STORE_DELETE, p, folder, id);
}

static int
restore(struct world *w, const struct person *p, const struct uuid *id)
{
	return world_remove(w, STORE_RESTORE, p, "", id);
}

static struct uuid
self(struct world *w, const struct person *p)
{
	struct store_deliver_to to = letter_self(p);

	assert_rc(letter_try(w, &to, (struct letter){ .size = 100 }), 0);
	return to.uuid;
}

static void
test_down(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid id = letter_send(w, &p, (struct letter){ .size = 100 });
	uint64_t modseq = world_box(w, &p).modseq;
	struct store_row row;

	/* Out of its last folder to TRASH, one change; both folders tell. */
	assert_int_equal(take(w, &p, "inbox", &id), 1);
	row = world_row(w, &p, &id);
	assert_string_equal(world_folders(w, &row), "TRASH");
	assert_int_equal(row.modseq, modseq + 1);
	assert_int_equal(row.flags, 0);
	assert_int_equal(world_box(w, &p).modseq, modseq + 1);
	assert_int_equal(world_find(w, &p, "inbox").modseq, modseq + 1);
	assert_int_equal(world_find(w, &p, "trash").modseq, modseq + 1);
	assert_int_equal(world_box(w, &p).used, 100);

	/* Out of TRASH out of sight. */
	assert_int_equal(take(w, &p, "trash", &id), 1);
	assert_string_equal(where(w, &p, &id), "NOTFOUND");
	assert_int_equal(world_box(w, &p).modseq, modseq + 2);
	assert_int_equal(world_find(w, &p, "trash").modseq, modseq + 2);
	assert_int_equal(world_box(w, &p).used, 0);
	assert_int_equal(world_box(w, &p).total, 0);

	/* And there it cannot be deleted any more. */
	assert_rc(take(w, &p, "", &id), ERR_NOTFOUND);
	assert_rc(take(w, &p, "trash", &id), ERR_NOTFOUND);
	assert_int_equal(world_box(w, &p).modseq, modseq + 2);
}

static void
test_several_folders(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid id = self(w, &p);
	uint64_t modseq = world_box(w, &p).modseq;

	/* Out of one of two, it stays in the other. */
	assert_string_equal(where(w, &p, &id), "INBOX SENT");
	assert_int_equal(take(w, &p, "inbox", &id), 1);
	assert_string_equal(where(w, &p, &id), "SENT");
	assert_int_equal(world_row(w, &p, &id).modseq, modseq + 1);
	assert_int_equal(world_find(w, &p, "inbox").modseq, modseq + 1);
	assert_int_equal(world_find(w, &p, "sent").modseq, modseq + 1);
	assert_rc(take(w, &p, "inbox", &id), ERR_NOTFOUND);
	assert_int_equal(take(w, &p, "sent", &id), 1);
	assert_string_equal(where(w, &p, &id), "TRASH");
	assert_int_equal(restore(w, &p, &id), 1);
	assert_string_equal(where(w, &p, &id), "SENT");

	/* Out of all at once, and back to all. */
	id = self(w, &p);
	modseq = world_box(w, &p).modseq;
	assert_int_equal(take(w, &p, "", &id), 1);
	assert_string_equal(where(w, &p, &id), "TRASH");
	assert_int_equal(world_box(w, &p).modseq, modseq + 1);
	assert_int_equal(restore(w, &p, &id), 1);
	assert_string_equal(where(w, &p, &id), "INBOX SENT");
}

static void
test_restore(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_to(&p);
	struct uuid id, never = world_uuid(w);
	uint64_t modseq;

	(void)world_folder(w, &p, "Work/Old");
	to.folder_key = STR("work/old");
	assert_rc(letter_try(w, &to, (struct letter){ .size = 100 }), 0);
	id = to.uuid;
	assert_int_equal(world_mark(w, &p, &id, FLAG_FLAGGED, 0), 1);

	/* Out of TRASH, to where it was, as it was. */
	assert_int_equal(take(w, &p, "", &id), 1);
	modseq = world_box(w, &p).modseq;
	assert_int_equal(restore(w, &p, &id), 1);
	assert_string_equal(where(w, &p, &id), "Work/Old");
	assert_int_equal(world_row(w, &p, &id).flags, FLAG_FLAGGED);
	assert_int_equal(world_row(w, &p, &id).modseq, modseq + 1);
	assert_int_equal(world_box(w, &p).modseq, modseq + 1);
	assert_int_equal(world_find(w, &p, "trash").modseq, modseq + 1);
	assert_int_equal(world_find(w, &p, "work/old").modseq, modseq + 1);

	/* Out of sight: not to TRASH. */
	assert_int_equal(take(w, &p, "", &id), 1);
	assert_int_equal(take(w, &p, "", &id), 1);
	assert_int_equal(world_box(w, &p).used, 0);
	assert_int_equal(restore(w, &p, &id), 1);
	assert_string_equal(where(w, &p, &id), "Work/Old");
	assert_int_equal(world_box(w, &p).used, 100);
	assert_int_equal(world_box(w, &p).unread, 1);

	/* What is elsewhere stays there; what never was is missing. */
	modseq = world_box(w, &p).modseq;
	assert_int_equal(restore(w, &p, &id), 0);
	assert_string_equal(where(w, &p, &id), "Work/Old");
	assert_int_equal(world_box(w, &p).modseq, modseq);
	assert_rc(restore(w, &p, &never), ERR_NOTFOUND);

	/* Over quota is no reason to lose it. */
	assert_int_equal(take(w, &p, "", &id), 1);
	assert_int_equal(take(w, &p, "", &id), 1);
	world_quota(w, &p, 10);
	assert_int_equal(restore(w, &p, &id), 1);
	assert_int_equal(world_box(w, &p).used, 100);
}

static void
test_many(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid id[6];
	bool missing[6];
	struct store_remove rm = {
		.job.op = STORE_DELETE,
		.mailbox_id = p.mailbox_id,
		.account_id = p.account_id,
		.ids = id, .nids = 6,
		.at = w->now,
		.missing = missing,
	};
	uint64_t modseq;

	for (int i = 0; i < 4; i++)
		id[i] = letter_send(w, &p, (struct letter){ 0 });
	id[4] = world_uuid(w);
	id[5] = self(w, &p);
	assert_int_equal(take(w, &p, "", &id[1]), 1);
	modseq = world_box(w, &p).modseq;

	/* Of INBOX: one is in TRASH, one never was. */
	rm.folder_id = world_folder_id(w, &p, "inbox");
	world_must(w, &rm);
	assert_int_equal(rm.changed, 4);
	assert_int_equal(rm.modseq, modseq + 4);
	assert_true(missing[1] && missing[4]);
	assert_false(missing[0] || missing[2] || missing[3] || missing[5]);
	assert_int_equal(world_find(w, &p, "trash").total, 4);
	assert_string_equal(where(w, &p, &id[5]), "SENT");

	/* Restore all that can be. */
	rm.job.op = STORE_RESTORE;
	rm.folder_id = 0;
	world_must(w, &rm);
	assert_int_equal(rm.changed, 4);
	assert_int_equal(rm.modseq, modseq + 8);
	assert_true(missing[4]);
	assert_int_equal(world_find(w, &p, "inbox").total, 4);

	/* Nobody's mailbox. */
	rm.mailbox_id = 987654321;
	assert_rc(world_run(w, &rm.job), ERR_NOTFOUND);
	rm.job.op = STORE_DELETE;
	assert_rc(world_run(w, &rm.job), ERR_NOTFOUND);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_down),
		WORLD_TEST(test_several_folders),
		WORLD_TEST(test_restore),
		WORLD_TEST(test_many),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
