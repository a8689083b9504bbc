#include "contract/letter.h"

static int
create(struct world *w, const struct person *p, const char *path)
{
	struct store_folder_create f = {
		.job.op = STORE_FOLDER_CREATE,
		.mailbox_id = p->mailbox_id,
		.account_id = p->account_id,
		.path = str_c(path),
		.key = world_fold(w, str_c(path)),
		.at = w->now,
	};

	return world_run(w, &f.job);
}

/* The paths of a listing, joined by blanks. */
static const char *
list(struct world *w, const struct person *p, const char *key)
{
	struct store_folder *v;
	struct str text = STR("");
	size_t n;

	assert_rc(store_folder_list(w->r, &w->a, p->mailbox_id, str_c(key), &v,
				    &n), 0);
	for (size_t i = 0; i < n; i++)
		text = arena_fmt(&w->a, "%.*s%s%.*s", STR_ARG(text),
				 i ? " " : "", STR_ARG(v[i].path));
	return arena_str(&w->a, text).p;
}

static void
test_create(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_folder f;
	uint64_t modseq = world_box(w, &p).modseq;
	struct store_folder_create c = {
		.job.op = STORE_FOLDER_CREATE,
		.mailbox_id = p.mailbox_id,
		.path = STR("Work"), .key = STR("work"),
		.at = w->now,
	};

	world_must(w, &c);
	assert_true(c.folder_id != 0);
	assert_int_equal(c.modseq, modseq + 1);
	assert_int_equal(world_box(w, &p).modseq, modseq + 1);
	f = world_find(w, &p, "work");
	assert_int_equal(f.folder_id, c.folder_id);
	assert_int_equal(f.role, ROLE_NONE);
	assert_str(f.path, "Work");
	assert_str(f.key, "work");
	assert_int_equal(f.modseq, modseq + 1);
	assert_int_equal(f.total, 0);
	assert_rc(store_folder_find(w->r, &w->a, p.mailbox_id, STR("Work"),
				    &f), ERR_NOTFOUND);
	assert_rc(store_folder_find(w->r, &w->a, p.mailbox_id, STR("wor"),
				    &f), ERR_NOTFOUND);

	/* What exists, exists, in any case; nothing has changed by trying. */
	assert_rc(create(w, &p, "WORK"), ERR_EXISTS);
	assert_rc(create(w, &p, "Inbox"), ERR_EXISTS);
	assert_int_equal(world_box(w, &p).modseq, modseq + 1);
	assert_str(world_find(w, &p, "work").path, "Work");
	p.mailbox_id = 987654321;
	assert_rc(create(w, &p, "Work"), ERR_NOTFOUND);
}

static void
test_parents(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct person other = world_person(w, "bob@a.test");
	uint64_t modseq = world_box(w, &p).modseq;
	uint32_t a, b, c;

	/* Each that is made is a change. */
	c = world_folder(w, &p, "One/Two/Three");
	a = world_folder_id(w, &p, "one");
	b = world_folder_id(w, &p, "one/two");
	assert_true(a != b && b != c && a != c);
	assert_int_equal(world_folder_id(w, &p, "one/two/three"), c);
	assert_int_equal(world_box(w, &p).modseq, modseq + 3);
	assert_int_equal(world_find(w, &p, "one").modseq, modseq + 1);
	assert_int_equal(world_find(w, &p, "one/two").modseq, modseq + 2);
	assert_int_equal(world_find(w, &p, "one/two/three").modseq,
			 modseq + 3);

	/* Parents that are there stay, and lend their spelling. */
	(void)world_folder(w, &p, "ONE/tWo/vier");
	assert_int_equal(world_box(w, &p).modseq, modseq + 4);
	assert_str(world_find(w, &p, "one/two/vier").path, "One/Two/vier");
	(void)world_folder(w, &p, "inbox/Lists");
	assert_str(world_find(w, &p, "inbox/lists").path, "INBOX/Lists");
	assert_rc(create(w, &p, "one/TWO"), ERR_EXISTS);

	/* Another mailbox has its own. */
	assert_string_equal(list(w, &other, "one"), "");
}

static void
test_list(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");

	(void)world_folder(w, &p, "A/x");
	(void)world_folder(w, &p, "A/B/c");
	(void)world_folder(w, &p, "A-b");
	(void)world_folder(w, &p, "AB");
	(void)world_folder(w, &p, "A0");
	(void)world_folder(w, &p, "\xc3\xa4");
	assert_string_equal(list(w, &p, ""),
			    "A A-b A/B A/B/c A/x A0 AB DRAFTS INBOX JUNK SENT "
			    "TRASH \xc3\xa4");
	assert_string_equal(list(w, &p, "a"), "A A/B A/B/c A/x");
	assert_string_equal(list(w, &p, "a/b"), "A/B A/B/c");
	assert_string_equal(list(w, &p, "a/b/c"), "A/B/c");
	assert_string_equal(list(w, &p, "inbox"), "INBOX");
	assert_string_equal(list(w, &p, "a/b/"), "");
	assert_string_equal(list(w, &p, "none"), "");
	p.mailbox_id = 987654321;
	assert_string_equal(list(w, &p, ""), "");
}

static void
test_limit(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_folder *v;
	uint64_t modseq;
	size_t n;

	/* Five are there; this makes WORLD_FOLDERS - 1. */
	for (int i = 5; i < WORLD_FOLDERS - 1; i++)
		assert_rc(create(w, &p, arena_fmt(&w->a, "f%d", i).p), 0);
	modseq = world_box(w, &p).modseq;

	/* Not even the parent is made. */
	assert_rc(create(w, &p, "g/h"), ERR_LIMIT);
	assert_string_equal(list(w, &p, "g"), "");
	assert_int_equal(world_box(w, &p).modseq, modseq);
	assert_rc(create(w, &p, "g"), 0);
	assert_rc(create(w, &p, "h"), ERR_LIMIT);
	assert_rc(create(w, &p, "G"), ERR_EXISTS);
	assert_rc(store_folder_list(w->r, &w->a, p.mailbox_id, STR(""), &v,
				    &n), 0);
	assert_int_equal(n, WORLD_FOLDERS);
}

static void
test_counters(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid a = letter_send(w, &p, (struct letter){ .size = 10 });
	struct uuid b = letter_send(w, &p, (struct letter){ .size = 20 });
	struct store_folder f = world_find(w, &p, "inbox");
	struct store_mailbox box = world_box(w, &p);

	assert_int_equal(f.total, 2);
	assert_int_equal(f.unread, 2);
	assert_int_equal(f.flagged, 0);
	assert_int_equal(f.octets, 30);
	assert_int_equal(f.modseq, box.modseq);
	assert_int_equal(box.total, 2);
	assert_int_equal(box.unread, 2);
	assert_int_equal(box.used, 30);
	assert_int_equal(box.mailbox_id, p.mailbox_id);
	assert_str(box.name, "alice@a.test");
	assert_int_equal(box.quota, WORLD_QUOTA);

	assert_int_equal(world_mark(w, &p, &a, FLAG_READ | FLAG_FLAGGED, 0), 1);
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "inbox", &b), 1);
	f = world_find(w, &p, "inbox");
	assert_int_equal(f.total, 1);
	assert_int_equal(f.unread, 0);
	assert_int_equal(f.flagged, 1);
	assert_int_equal(f.octets, 10);
	f = world_find(w, &p, "trash");
	assert_int_equal(f.total, 1);
	assert_int_equal(f.octets, 20);
	box = world_box(w, &p);
	assert_int_equal(box.used, 30);
	assert_int_equal(box.unread, 1);
	world_quota(w, &p, 50);
	assert_int_equal(world_box(w, &p).quota, 50);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_create),
		WORLD_TEST(test_parents),
		WORLD_TEST(test_list),
		WORLD_TEST(test_limit),
		WORLD_TEST(test_counters),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
