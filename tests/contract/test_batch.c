/* Many jobs commit together; one that fails leaves no trace. */
#include "contract/letter.h"

static void
test_one_fails(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	struct store_deliver d[3];
	struct store_deliver_to to[3][2];
	struct store_job *jobs[3];
	uint64_t modseq = world_box(w, &alice).modseq;

	world_quota(w, &bob, 10);
	for (int i = 0; i < 3; i++) {
		d[i] = letter_job(w, (struct letter){ .size = 50,
						      .once = true });
		to[i][0] = letter_to(&alice);
		to[i][1] = letter_to(&bob);
		d[i].to = to[i];
		d[i].nto = i == 1 ? 2 : 1;
		jobs[i] = &d[i].job;
	}
	world_write(w, jobs, 3);
	assert_rc(d[0].job.err, 0);
	assert_rc(d[1].job.err, ERR_QUOTA);
	assert_rc(d[2].job.err, 0);

	/* The others stand side by side, as if it had never been. */
	assert_true(world_has(w, &alice, "inbox", &d[0].id));
	assert_false(world_has(w, &alice, "", &d[1].id));
	assert_true(world_has(w, &alice, "inbox", &d[2].id));
	assert_int_equal(to[0][0].modseq, modseq + 1);
	assert_int_equal(to[2][0].modseq, modseq + 2);
	assert_int_equal(world_box(w, &alice).modseq, modseq + 2);
	assert_int_equal(world_box(w, &bob).total, 0);
	assert_int_equal(world_stats(w).bodies, 2);
	assert_int_equal(world_stats(w).messages, 2);

	/* It can be tried again, and is not remembered as given. */
	d[1].nto = 1;
	world_must(w, &d[1]);
	assert_false(to[1][0].repeat);
}

/* One of each kind that fails late, between some that do not. */
static void
test_middle(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid a = letter_send(w, &p, (struct letter){ 0 });
	struct uuid full = letter_send(w, &p, (struct letter){ 0 });
	struct uuid both[] = { a, full };
	bool missing[2];
	struct str add[64], one = STR("$one");
	struct store_mark fill = {
		.job.op = STORE_MARK, .mailbox_id = p.mailbox_id,
		.ids = &full, .nids = 1, .missing = missing,
		.add = add, .nadd = 64,
	};
	struct store_mark bad_mark = {
		.job.op = STORE_MARK, .mailbox_id = p.mailbox_id,
		.ids = both, .nids = 2, .missing = missing,
		.add = &one, .nadd = 1,
	};
	struct store_mark good_mark = {
		.job.op = STORE_MARK, .mailbox_id = p.mailbox_id,
		.ids = both, .nids = 2, .missing = missing,
		.set = FLAG_READ,
	};
	struct store_folder_create bad_folder = {
		.job.op = STORE_FOLDER_CREATE, .mailbox_id = p.mailbox_id,
		.path = STR("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"),
		.key = STR("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"),
	};
	struct store_folder_create good_folder = {
		.job.op = STORE_FOLDER_CREATE, .mailbox_id = p.mailbox_id,
		.path = STR("Good"), .key = STR("good"),
	};
	struct store_job *jobs[] = { &bad_mark.job, &good_folder.job,
				     &bad_folder.job, &good_mark.job };
	uint64_t modseq;
	struct store_row row;

	for (int i = 0; i < 64; i++)
		add[i] = arena_fmt(&w->a, "$%02d", i);
	world_must(w, &fill);
	modseq = world_box(w, &p).modseq;
	world_write(w, jobs, TEST_COUNT(jobs));
	assert_rc(bad_mark.job.err, ERR_LIMIT);
	assert_rc(good_folder.job.err, 0);
	assert_rc(bad_folder.job.err, ERR_LIMIT);
	assert_rc(good_mark.job.err, 0);

	assert_int_equal(good_folder.modseq, modseq + 1);
	assert_int_equal(good_mark.modseq, modseq + 3);
	assert_int_equal(world_box(w, &p).modseq, modseq + 3);
	row = world_row(w, &p, &a);
	assert_str(row.keywords, "");
	assert_int_equal(row.flags, FLAG_READ);
	assert_int_equal(row.modseq, modseq + 2);
	assert_rc(store_folder_find(w->r, &w->a, p.mailbox_id, STR("a"),
				    &(struct store_folder){ 0 }),
		  ERR_NOTFOUND);
}

/* A job sees what those before it in the batch have done. */
static void
test_in_order(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver d = letter_job(w, (struct letter){ 0 });
	struct store_deliver_to to = letter_to(&p);
	bool missing = true;
	struct store_folder_create folder = {
		.job.op = STORE_FOLDER_CREATE, .mailbox_id = p.mailbox_id,
		.path = STR("New"), .key = STR("new"),
	};
	struct store_mark mark = {
		.job.op = STORE_MARK, .mailbox_id = p.mailbox_id,
		.ids = &d.id, .nids = 1, .set = FLAG_FLAGGED,
		.missing = &missing,
	};
	struct store_remove rm = {
		.job.op = STORE_DELETE, .mailbox_id = p.mailbox_id,
		.ids = &d.id, .nids = 1, .missing = &missing, .at = w->now,
	};
	struct store_remove back = rm;
	struct store_domain_edit domain = {
		.job.op = STORE_DOMAIN_ADD, .domain = STR("new.test"),
	};
	struct store_account_add acc = {
		.job.op = STORE_ACCOUNT_ADD, .name = STR("x@new.test"),
		.key = STR("x@new.test"), .domain = STR("new.test"),
	};
	struct store_job *jobs[] = { &folder.job, &d.job, &mark.job, &rm.job,
				     &back.job, &domain.job, &acc.job };
	struct store_row row;

	back.job.op = STORE_RESTORE;
	to.folder_key = STR("new");
	d.to = &to;
	d.nto = 1;
	world_write(w, jobs, TEST_COUNT(jobs));
	for (size_t i = 0; i < TEST_COUNT(jobs); i++)
		assert_rc(jobs[i]->err, 0);
	assert_false(missing);
	row = world_row(w, &p, &d.id);
	assert_string_equal(world_folders(w, &row), "New");
	assert_int_equal(row.flags, FLAG_FLAGGED);
	assert_int_equal(row.modseq, folder.modseq + 4);
	assert_true(acc.account_id != 0);
}

/* Repeats and quota within one batch. */
static void
test_same_twice(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct letter l = { .once = true, .id = world_uuid(w), .size = 60 };
	struct store_deliver d[] = { letter_job(w, l), letter_job(w, l),
				     letter_job(w, (struct letter){
							   .size = 60 }) };
	struct store_deliver_to to[3];
	struct store_job *jobs[3];

	world_quota(w, &p, 100);
	for (int i = 0; i < 3; i++) {
		to[i] = letter_to(&p);
		d[i].to = &to[i];
		d[i].nto = 1;
		jobs[i] = &d[i].job;
	}
	world_write(w, jobs, 3);
	assert_rc(d[0].job.err, 0);
	assert_rc(d[1].job.err, 0);
	assert_rc(d[2].job.err, ERR_QUOTA);
	assert_false(to[0].repeat);
	assert_true(to[1].repeat);
	assert_int_equal(world_box(w, &p).total, 1);
}

static void
test_all_fail(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_folder_create f[3];
	struct store_job *jobs[3];
	struct str before = world_dump(w), after;

	for (int i = 0; i < 3; i++) {
		f[i] = (struct store_folder_create){
			.job.op = STORE_FOLDER_CREATE,
			.mailbox_id = p.mailbox_id,
			.path = STR("INBOX"), .key = STR("inbox"),
		};
		jobs[i] = &f[i].job;
	}
	world_write(w, jobs, 3);
	for (int i = 0; i < 3; i++)
		assert_rc(f[i].job.err, ERR_EXISTS);
	after = world_dump(w);
	assert_true(str_eq(before, after));

	/* And no job at all is no trouble. */
	world_write(w, jobs, 0);
}

static void
test_large(void **state)
{
	enum { N = 300 };
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	static struct store_deliver d[N];
	static struct store_deliver_to to[N];
	struct store_job *jobs[N];
	struct store_stats before = world_stats(w), after;
	uint64_t modseq = world_box(w, &p).modseq;

	for (int i = 0; i < N; i++) {
		struct letter l = { .size = i % 7 == 3 ? WORLD_QUOTA : 10 };

		d[i] = letter_job(w, l);
		to[i] = letter_to(&p);
		d[i].to = &to[i];
		d[i].nto = 1;
		jobs[i] = &d[i].job;
	}
	world_write(w, jobs, N);
	for (int i = 0; i < N; i++) {
		if (i % 7 == 3) {
			assert_rc(d[i].job.err, ERR_QUOTA);
			continue;
		}
		assert_rc(d[i].job.err, 0);
		assert_int_equal(to[i].modseq, ++modseq);
	}
	assert_int_equal(world_box(w, &p).modseq, modseq);
	after = world_stats(w);
	assert_int_equal(after.batches, before.batches + 1);
	assert_true(after.jobs > before.jobs);

	/* Care is taken of it until there is nothing left to do. */
	for (int i = 0; i < 1000; i++) {
		int rc = store_tend(w->s);

		assert_true(rc >= 0);
		if (!rc)
			break;
		assert_true(i < 999);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_one_fails),
		WORLD_TEST(test_middle),
		WORLD_TEST(test_in_order),
		WORLD_TEST(test_same_twice),
		WORLD_TEST(test_all_fail),
		WORLD_TEST(test_large),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
