#include "contract/letter.h"

#define N 10

struct fixture {
	struct world *w;
	struct person p;
	struct uuid id[N];
	bool missing[N];
};

static struct fixture
fixture(struct world *w)
{
	struct fixture f = { .w = w, .p = world_person(w, "alice@a.test") };

	for (int i = 0; i < N; i++)
		f.id[i] = letter_send(w, &f.p, (struct letter){ 0 });
	return f;
}

static struct store_mark
job(struct fixture *f, size_t from, size_t n)
{
	return (struct store_mark){
		.job.op = STORE_MARK,
		.mailbox_id = f->p.mailbox_id,
		.account_id = f->p.account_id,
		.ids = f->id + from, .nids = n,
		.at = f->w->now,
		.missing = f->missing,
	};
}

static void
test_flags(void **state)
{
	struct fixture f = fixture(*state);
	struct store_mark m = job(&f, 0, 3);
	uint64_t modseq = world_box(f.w, &f.p).modseq;
	struct store_row row;

	/* One change, one modseq for each. */
	m.set = FLAG_READ | FLAG_FLAGGED;
	world_must(f.w, &m);
	assert_int_equal(m.changed, 3);
	assert_int_equal(m.modseq, modseq + 3);
	assert_false(m.more);
	for (int i = 0; i < 3; i++) {
		assert_false(f.missing[i]);
		row = world_row(f.w, &f.p, &f.id[i]);
		assert_int_equal(row.flags, FLAG_READ | FLAG_FLAGGED);
		assert_int_equal(row.modseq, modseq + 1 + (uint64_t)i);
	}
	assert_int_equal(world_find(f.w, &f.p, "inbox").modseq, modseq + 3);
	assert_int_equal(world_box(f.w, &f.p).modseq, modseq + 3);

	/* What is so already is not changed. */
	m = job(&f, 2, 2);
	m.set = FLAG_READ;
	world_must(f.w, &m);
	assert_int_equal(m.changed, 1);
	assert_int_equal(m.modseq, modseq + 4);
	assert_int_equal(world_row(f.w, &f.p, &f.id[2]).modseq, modseq + 3);
	world_must(f.w, &m);
	assert_int_equal(m.modseq, modseq + 4);
	assert_int_equal(m.changed, 1);	/* added up */

	/* Set and clear at once. */
	m = job(&f, 0, 1);
	m.set = FLAG_ANSWERED | FLAG_DRAFT | FLAG_IMPORTANT;
	m.clear = FLAG_READ;
	world_must(f.w, &m);
	assert_int_equal(world_row(f.w, &f.p, &f.id[0]).flags,
			 FLAG_ALL & ~FLAG_READ);
	assert_int_equal(world_find(f.w, &f.p, "inbox").unread, N - 3);
	assert_int_equal(world_find(f.w, &f.p, "inbox").flagged, 3);
}

static void
test_missing(void **state)
{
	struct fixture f = fixture(*state);
	struct uuid never = world_uuid(f.w);
	struct store_mark m;

	/* Never seen, in another folder, out of sight, and two that are there;
	 * named twice it is changed once. */
	assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "", &f.id[1]),
			 1);
	assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "", &f.id[2]),
			 1);
	assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "", &f.id[2]),
			 1);
	f.id[0] = never;
	f.id[5] = f.id[4];
	for (int i = 0; i < N; i++)
		f.missing[i] = i > 2;	/* all are set */
	m = job(&f, 0, 6);
	m.folder_id = world_folder_id(f.w, &f.p, "inbox");
	m.set = FLAG_READ;
	world_must(f.w, &m);
	assert_int_equal(m.changed, 2);
	assert_true(f.missing[0] && f.missing[1] && f.missing[2]);
	assert_false(f.missing[3] || f.missing[4] || f.missing[5]);
	assert_int_equal(world_row(f.w, &f.p, &f.id[1]).flags, 0);

	/* Anywhere: in TRASH too, but not out of sight. */
	m = job(&f, 0, 3);
	m.set = FLAG_FLAGGED;
	world_must(f.w, &m);
	assert_int_equal(m.changed, 1);
	assert_true(f.missing[0] && !f.missing[1] && f.missing[2]);

	/* Nobody's mailbox, or nothing to do. */
	m = job(&f, 0, 3);
	m.set = FLAG_READ;
	m.mailbox_id = 987654321;
	assert_rc(world_run(f.w, &m.job), ERR_NOTFOUND);
	m = job(&f, 0, 0);
	m.set = FLAG_READ;
	world_must(f.w, &m);
	assert_int_equal(m.changed, 0);
	assert_int_equal(m.modseq, world_box(f.w, &f.p).modseq);
}

static void
check_keywords(struct fixture *f, int i, const char *want)
{
	assert_str(world_row(f->w, &f->p, &f->id[i]).keywords, want);
}

static void
test_keywords(void **state)
{
	struct fixture f = fixture(*state);
	struct str add[] = { STR("$work"), STR("$a") }, del[] = { STR("$b") };
	struct store_mark m = job(&f, 0, 2);
	uint64_t modseq = world_box(f.w, &f.p).modseq;

	m.add = add;
	m.nadd = 2;
	world_must(f.w, &m);
	assert_int_equal(m.changed, 2);
	assert_int_equal(m.modseq, modseq + 2);
	check_keywords(&f, 0, "$a $work");
	check_keywords(&f, 1, "$a $work");
	check_keywords(&f, 2, "");

	/* Had already, or not had: no change. */
	m.del = del;
	m.ndel = 1;
	world_must(f.w, &m);
	assert_int_equal(m.modseq, modseq + 2);

	/* One comes, one goes; with a flag it is still one change. */
	m = job(&f, 0, 1);
	add[0] = STR("$b");
	del[0] = STR("$a");
	m.add = add;
	m.nadd = 1;
	m.del = del;
	m.ndel = 1;
	m.set = FLAG_READ;
	world_must(f.w, &m);
	assert_int_equal(m.changed, 1);
	assert_int_equal(m.modseq, modseq + 3);
	check_keywords(&f, 0, "$b $work");
}

static void
test_keyword_limit(void **state)
{
	struct fixture f = fixture(*state);
	struct str add[65];
	struct store_mark m = job(&f, 0, 2);

	for (int i = 0; i < 65; i++)
		add[i] = arena_fmt(&f.w->a, "$%02d", i);
	m.add = add;
	m.nadd = 64;
	world_must(f.w, &m);

	/* The job fails as a whole: the first message is as it was too. */
	m = job(&f, 1, 2);
	f.id[2] = f.id[1];
	f.id[1] = f.id[3];
	m.add = add + 64;
	m.nadd = 1;
	m.set = FLAG_READ;
	assert_rc(world_run(f.w, &m.job), ERR_LIMIT);
	assert_int_equal(m.changed, 0);
	assert_int_equal(world_row(f.w, &f.p, &f.id[3]).flags, 0);
	check_keywords(&f, 3, "");
}

/* Mark by filter, in chunks; how many it took. */
static int
by_filter(struct fixture *f, struct store_mark *m, size_t limit)
{
	int chunks = 0;

	m->job.op = STORE_MARK;
	m->mailbox_id = f->p.mailbox_id;
	m->by_filter = true;
	m->limit = limit;
	do {
		uint64_t before = m->changed;

		world_must(f->w, m);
		assert_true(m->changed - before <= limit);
		chunks++;
	} while (m->more);
	return chunks;
}

static void
test_filter(void **state)
{
	struct fixture f = fixture(*state);
	struct store_mark m = { .filter.bits = FILTER_UNREAD,
				.set = FLAG_READ };
	uint64_t modseq;

	for (int i = 0; i < N; i += 3)
		assert_int_equal(world_mark(f.w, &f.p, &f.id[i],
					    FLAG_FLAGGED, 0), 1);
	modseq = world_box(f.w, &f.p).modseq;

	/* What is marked falls out of the filter; none is left out for it. */
	assert_int_equal(by_filter(&f, &m, 4), 3);
	assert_int_equal(m.changed, N);
	assert_int_equal(m.modseq, modseq + N);
	assert_int_equal(world_box(f.w, &f.p).unread, 0);

	/* As many as a chunk takes are one chunk. */
	m = (struct store_mark){ .clear = FLAG_READ };
	assert_int_equal(by_filter(&f, &m, N), 1);
	assert_int_equal(m.changed, N);

	/* Rows are counted, not changes. */
	m = (struct store_mark){ .set = FLAG_FLAGGED };
	assert_int_equal(by_filter(&f, &m, 5), 2);
	assert_int_equal(m.changed, N - 4);
	m = (struct store_mark){ .filter.bits = FILTER_READ,
				 .set = FLAG_FLAGGED };
	assert_int_equal(by_filter(&f, &m, 5), 1);
	assert_int_equal(m.changed, 0);
}

static void
test_filter_folder(void **state)
{
	struct fixture f = fixture(*state);
	struct str kw = STR("$x");
	struct store_mark m = { .add = &kw, .nadd = 1 };

	assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "", &f.id[0]),
			 1);
	assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "", &f.id[1]),
			 1);
	assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "", &f.id[1]),
			 1);
	m.folder_id = world_folder_id(f.w, &f.p, "trash");
	assert_int_equal(by_filter(&f, &m, 5), 1);
	assert_int_equal(m.changed, 1);
	check_keywords(&f, 0, "$x");
	check_keywords(&f, 2, "");

	/* Anywhere: not what is out of sight. */
	m.folder_id = 0;
	m.pos = (struct store_pos){ 0 };
	m.changed = 0;
	(void)by_filter(&f, &m, 3);
	assert_int_equal(m.changed, N - 2);
	assert_int_equal(world_remove(f.w, STORE_RESTORE, &f.p, "", &f.id[1]),
			 1);
	check_keywords(&f, 1, "");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_flags),
		WORLD_TEST(test_missing),
		WORLD_TEST(test_keywords),
		WORLD_TEST(test_keyword_limit),
		WORLD_TEST(test_filter),
		WORLD_TEST(test_filter_folder),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
