#include "contract/letter.h"

static void
test_one(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct letter l = { .size = 4711, .received = 1000000000123 };
	struct store_append j = letter_append(w, &p, l);
	uint64_t modseq = world_box(w, &p).modseq;
	struct store_folder f;
	struct store_row row;

	(void)world_folder(w, &p, "Old/Mail");
	modseq = world_box(w, &p).modseq;
	j.folder_key = STR("old/mail");
	j.flags = FLAG_FLAGGED | FLAG_DRAFT;
	j.keywords = STR("$a $b");
	world_must(w, &j);
	assert_int_equal(j.modseq, modseq + 1);

	row = world_row(w, &p, &j.id);
	assert_true(uuid_eq(&row.uuid, &j.id));
	assert_true(uuid_eq(&row.thread, &j.id));
	assert_false(row.has_origin);
	assert_int_equal(row.flags, FLAG_FLAGGED | FLAG_DRAFT);
	assert_str(row.keywords, "$a $b");
	assert_int_equal(row.modseq, modseq + 1);
	assert_int_equal(row.size, 4711);
	assert_int_equal(row.pos.ord, 1000000000123);
	assert_string_equal(world_folders(w, &row), "Old/Mail");
	assert_true(str_eq(row.env, j.env));

	f = world_find(w, &p, "old/mail");
	assert_int_equal(f.modseq, modseq + 1);
	assert_int_equal(f.total, 1);
	assert_int_equal(f.unread, 1);
	assert_int_equal(f.flagged, 1);
	assert_int_equal(f.octets, 4711);
	assert_int_equal(world_box(w, &p).used, 4711);
	assert_int_equal(world_box(w, &p).unread, 1);
	assert_int_equal(world_stats(w).messages, 1);
	assert_int_equal(world_stats(w).bodies, 1);
}

static void
test_order(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	static const uint64_t times[] = { 3000, 1000, 2000 };
	struct uuid ids[3];
	struct store_row *rows;
	size_t n;

	for (size_t i = 0; i < 3; i++) {
		struct letter l = { .received = times[i] };
		struct store_append j = letter_append(w, &p, l);

		world_must(w, &j);
		ids[i] = j.id;
	}
	rows = world_rows(w, p.mailbox_id, world_folder_id(w, &p, "inbox"),
			  &n);
	assert_int_equal(n, 3);
	assert_true(uuid_eq(&rows[0].uuid, &ids[1]));
	assert_true(uuid_eq(&rows[1].uuid, &ids[2]));
	assert_true(uuid_eq(&rows[2].uuid, &ids[0]));
}

/* Nothing of a job that is refused is left. */
static void
refused(struct world *w, const struct person *p, struct store_append *j,
	int err)
{
	struct str before = world_dump(w);

	j->mailbox_id = p->mailbox_id;
	assert_rc(world_run(w, &j->job), err);
	assert_true(str_eq(before, world_dump(w)));
}

static void
test_refused(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct person none = { .mailbox_id = 987654321 };
	struct letter l = { .size = 100 };
	struct store_append j = letter_append(w, &p, l);

	refused(w, &none, &j, ERR_NOTFOUND);
	j.folder_key = STR("not/there");
	refused(w, &p, &j, ERR_NOTFOUND);
	j.folder_key = STR("trash");
	world_quota(w, &p, 99);
	refused(w, &p, &j, ERR_QUOTA);
	world_quota(w, &p, 100);
	world_must(w, &j);
	/* That it is there already comes before all else. */
	refused(w, &p, &j, ERR_EXISTS);
	j.folder_key = STR("not/there");
	refused(w, &p, &j, ERR_EXISTS);
}

static void
test_exists(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	struct store_append j = letter_append(w, &p, (struct letter){ 0 });
	struct store_append k = letter_append(w, &bob, (struct letter){ 0 });
	struct store_row row;

	j.id = letter_send(w, &p, (struct letter){ 0 });
	refused(w, &p, &j, ERR_EXISTS);
	assert_rc(store_row_any(w->r, &w->a, p.mailbox_id, &j.id, &row), 0);
	assert_int_equal(row.nfolders, 1);

	/* In another mailbox it is another message. */
	k.id = j.id;
	world_must(w, &k);

	/* Out of sight it is there all the same, until it is purged. */
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &j.id), 1);
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &j.id), 1);
	assert_false(world_has(w, &p, "", &j.id));
	refused(w, &p, &j, ERR_EXISTS);
	assert_rc(store_row_any(w->r, &w->a, p.mailbox_id, &j.id, &row), 0);
	assert_int_equal(row.nfolders, 0);
	assert_true(uuid_eq(&row.uuid, &j.id));
	assert_true(row.body_id != 0);
}

static void
test_row_any(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid id = world_uuid(w);
	struct store_row row;

	assert_rc(store_row_any(w->r, &w->a, p.mailbox_id, &id, &row),
		  ERR_NOTFOUND);
	assert_rc(store_row_any(w->r, &w->a, 987654321, &id, &row),
		  ERR_NOTFOUND);
}

static void
test_same_batch(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_append a = letter_append(w, &p, (struct letter){ 0 });
	struct store_append b = letter_append(w, &p, (struct letter){ 0 });
	struct store_append c = letter_append(w, &p, (struct letter){ 0 });
	struct store_job *jobs[] = { &a.job, &b.job, &c.job };

	b.id = a.id;
	world_write(w, jobs, 3);
	assert_rc(a.job.err, 0);
	assert_rc(b.job.err, ERR_EXISTS);
	assert_rc(c.job.err, 0);
	assert_int_equal(world_box(w, &p).total, 2);
	assert_int_equal(world_stats(w).bodies, 2);
}

static void
test_reply(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid first = letter_send(w, &p, (struct letter){ 0 });
	struct letter l = { .reply = &first };
	struct store_append j = letter_append(w, &p, l), k;
	struct store_row row;

	world_must(w, &j);
	row = world_row(w, &p, &j.id);
	assert_true(uuid_eq(&row.thread, &first));

	/* Who takes no part, or is nobody, begins one. */
	l.from = "eve@c.test";
	k = letter_append(w, &p, l);
	world_must(w, &k);
	row = world_row(w, &p, &k.id);
	assert_true(uuid_eq(&row.thread, &k.id));
	k = letter_append(w, &p, l);
	k.from = STR("");
	world_must(w, &k);
	row = world_row(w, &p, &k.id);
	assert_true(uuid_eq(&row.thread, &k.id));
}

/* The message that has the ID now is meant, not one that came with it before
 * and got another. */
static void
test_reply_to_latest(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid id = letter_send(w, &p, (struct letter){ 0 });
	struct letter l = { .id = id };
	struct uuid other = letter_send(w, &p, l);
	struct store_purge purge = { .job.op = STORE_PURGE, .limit = 10 };
	struct store_append j;
	struct store_row row;

	assert_false(uuid_eq(&id, &other));
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &id), 1);
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &id), 1);
	purge.now = w->now + w->limits.undelete + WORLD_DAY;
	world_must(w, &purge);
	assert_int_equal(purge.messages, 1);

	j = letter_append(w, &p, l);
	world_must(w, &j);
	l = (struct letter){ .reply = &id };
	j = letter_append(w, &p, l);
	world_must(w, &j);
	row = world_row(w, &p, &j.id);
	assert_true(uuid_eq(&row.thread, &id));
}

/* The body of a large one is its own file; one that is refused has none. */
static void
test_large(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_append j = letter_append(w, &p, (struct letter){ 0 });
	struct store_append k;
	struct store_body body;
	struct store_row row;
	CLEANUP_BUF struct buf got = { .max = 1 << 20 };

	assert_rc(store_big_new(w->s, &j.big), 0);
	assert_rc(store_big_write(j.big, j.body), 0);
	assert_rc(store_big_finish(j.big, STR("alice@a.test\n")), 0);
	k = j;
	k.body = STR("");
	world_must(w, &k);
	store_big_free(j.big);
	row = world_row(w, &p, &k.id);
	assert_rc(store_body_open(w->r, row.body_id, &body), 0);
	assert_rc(store_body_load(w->r, &body, &got), 0);
	assert_true(str_eq(buf_str(&got), j.body));
	assert_int_equal(world_stats(w).big_files, 1);

	assert_rc(store_big_new(w->s, &k.big), 0);
	assert_rc(store_big_write(k.big, j.body), 0);
	assert_rc(store_big_finish(k.big, STR("alice@a.test\n")), 0);
	refused(w, &p, &k, ERR_EXISTS);
	store_big_free(k.big);
	assert_int_equal(world_stats(w).big_files, 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_one),	     WORLD_TEST(test_order),
		WORLD_TEST(test_refused),    WORLD_TEST(test_exists),
		WORLD_TEST(test_row_any),    WORLD_TEST(test_same_batch),
		WORLD_TEST(test_reply),	     WORLD_TEST(test_reply_to_latest),
		WORLD_TEST(test_large),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
