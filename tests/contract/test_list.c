/* Listings and counts. */
#include "contract/letter.h"

#define MAX 50

struct fixture {
	struct world *w;
	struct person p;
	struct uuid id[10];	/* in the order of a listing */
};

/*
 * Ten messages; times of receipt are not in the order of arrival, and some are
 * equal.  Even ones are read, 0 3 6 9 flagged, 0 and 5 important; 2 and 4 are
 * in Other, the rest in INBOX.
 */
static struct fixture
fixture(struct world *w)
{
	/* Those of equal times stand in the order of their arrival. */
	static const int arrival[] = { 5, 0, 1, 9, 2, 3, 6, 4, 7, 8 };
	static const uint64_t ord[] = { 100, 100, 100, 200, 300, 400, 500, 500,
					500, 600 };
	struct fixture f = { .w = w, .p = world_person(w, "alice@a.test") };

	(void)world_folder(w, &f.p, "Other");
	for (int i = 0; i < 10; i++) {
		struct store_deliver_to to = letter_to(&f.p);
		int k = arrival[i];
		unsigned set = 0;

		if (k == 2 || k == 4)
			to.folder_key = STR("other");
		assert_rc(letter_try(w, &to, (struct letter){
					     .received = ord[k],
					     .important = k % 5 == 0 }), 0);
		f.id[k] = to.uuid;
		if (k % 2 == 0)
			set |= FLAG_READ;
		if (k % 3 == 0)
			set |= FLAG_FLAGGED;
		if (set)
			assert_int_equal(world_mark(w, &f.p, &to.uuid, set, 0),
					 1);
	}
	return f;
}

/* A listing as digits, with a + behind it if there is more. */
static const char *
list(struct fixture *f, const char *folder, struct store_list q)
{
	struct store_pos pos[MAX];
	struct store_row rows[MAX];
	struct str text = STR("");
	size_t n, got, used;
	bool more;
	int err;

	q.mailbox_id = f->p.mailbox_id;
	q.folder_id = world_folder_id(f->w, &f->p, folder);
	if (!q.limit)
		q.limit = MAX;
	err = store_list(f->w->r, &q, pos, &n, &more);
	if (err < 0)
		return err_name(err);
	assert_true(n <= q.limit);
	assert_rc(store_rows(f->w->r, &f->w->a, f->p.mailbox_id, pos, n,
			     1 << 20, rows, &got, &used), 0);
	assert_true(got == n && used == n);
	for (size_t i = 0; i < n; i++) {
		int k = 0;

		while (!uuid_eq(&rows[i].uuid, &f->id[k]))
			k++;
		text = arena_fmt(&f->w->a, "%.*s%d", STR_ARG(text), k);
		assert_true(rows[i].pos.ord == pos[i].ord &&
			    rows[i].pos.no == pos[i].no);
	}
	return arena_fmt(&f->w->a, "%.*s%s", STR_ARG(text), more ? "+" : "").p;
}

#define check_list(f, folder, want, ...) \
	assert_string_equal(list((f), (folder), \
				 (struct store_list){ __VA_ARGS__ }), (want))

static void
test_newest(void **state)
{
	struct fixture f = fixture(*state);

	check_list(&f, "", "0123456789", .from = STORE_NEWEST);
	check_list(&f, "", "789+", .from = STORE_NEWEST, .limit = 3);
	check_list(&f, "", "9+", .from = STORE_NEWEST, .limit = 1);
	check_list(&f, "", "0123456789", .from = STORE_NEWEST, .limit = 10);
	check_list(&f, "", "123456789+", .from = STORE_NEWEST, .limit = 9);
	check_list(&f, "inbox", "01356789", .from = STORE_NEWEST);
	check_list(&f, "inbox", "56789+", .from = STORE_NEWEST, .limit = 5);
	check_list(&f, "other", "24", .from = STORE_NEWEST);
	check_list(&f, "trash", "", .from = STORE_NEWEST);
}

static void
test_before(void **state)
{
	struct fixture f = fixture(*state);

	for (int i = 0; i < 10; i++) {
		char want[11] = "0123456789";

		want[i] = '\0';
		check_list(&f, "", want, .from = STORE_BEFORE_UUID,
			   .anchor = f.id[i]);
	}
	check_list(&f, "", "56+", .from = STORE_BEFORE_UUID, .anchor = f.id[7],
		   .limit = 2);
	check_list(&f, "", "01", .from = STORE_BEFORE_UUID, .anchor = f.id[2],
		   .limit = 2);
	check_list(&f, "inbox", "35+", .from = STORE_BEFORE_UUID,
		   .filter.bits = FILTER_UNREAD, .anchor = f.id[7],
		   .limit = 2);
}

static void
test_after(void **state)
{
	struct fixture f = fixture(*state);

	for (int i = 0; i < 10; i++)
		check_list(&f, "", &"0123456789"[i + 1],
			   .from = STORE_AFTER_UUID, .anchor = f.id[i]);
	check_list(&f, "", "12+", .from = STORE_AFTER_UUID, .anchor = f.id[0],
		   .limit = 2);
	check_list(&f, "", "89", .from = STORE_AFTER_UUID, .anchor = f.id[7],
		   .limit = 2);
	check_list(&f, "inbox", "13+", .from = STORE_AFTER_UUID,
		   .anchor = f.id[0], .limit = 2);
}

static void
test_after_pos(void **state)
{
	struct fixture f = fixture(*state);
	struct store_pos pos = { 0 };

	check_list(&f, "", "0123456789", .from = STORE_AFTER_POS);
	check_list(&f, "", "012+", .from = STORE_AFTER_POS, .limit = 3);
	for (int i = 0; i < 10; i++) {
		pos = world_row(f.w, &f.p, &f.id[i]).pos;
		check_list(&f, "", &"0123456789"[i + 1],
			   .from = STORE_AFTER_POS, .pos = pos);
	}

	/* A place need not be one of a message. */
	check_list(&f, "", "456789", .from = STORE_AFTER_POS,
		   .pos = { 250, 3 });
	check_list(&f, "", "3456789", .from = STORE_AFTER_POS,
		   .pos = { 100, UINT32_MAX });
	check_list(&f, "", "", .from = STORE_AFTER_POS, .pos = { 601, 0 });
}

static void
test_filters(void **state)
{
	static const struct {
		const char *want, *inbox;
		unsigned bits;
	} cases[] = {
		{ "0123456789", "01356789", 0 },
		{ "13579", "13579", FILTER_UNREAD },
		{ "02468", "068", FILTER_READ },
		{ "05", "05", FILTER_IMPORTANT },
		{ "0369", "0369", FILTER_FLAGGED },
		{ "39", "39", FILTER_UNREAD | FILTER_FLAGGED },
		{ "06", "06", FILTER_READ | FILTER_FLAGGED },
		{ "5", "5", FILTER_UNREAD | FILTER_IMPORTANT },
		{ "0", "0", FILTER_FLAGGED | FILTER_IMPORTANT },
		{ "0", "0", FILTER_READ | FILTER_FLAGGED | FILTER_IMPORTANT },
		{ "", "", FILTER_UNREAD | FILTER_READ },
		{ "", "", FILTER_UNREAD | FILTER_FLAGGED | FILTER_IMPORTANT },
	};
	struct fixture f = fixture(*state);

	TEST_EACH(c, cases) {
		struct filter filter = { .bits = c->bits };
		uint64_t total, unread, n = 0;

		check_list(&f, "", c->want, .filter = filter);
		check_list(&f, "inbox", c->inbox, .filter = filter);
		check_list(&f, "", c->want, .filter = filter,
			   .from = STORE_AFTER_POS);

		/* Counted it is the same. */
		assert_rc(store_count(f.w->r, f.p.mailbox_id, 0, &filter,
				      &total, &unread), 0);
		for (const char *p = c->want; *p; p++)
			n += (*p - '0') % 2;
		CHECK(c->want, total == strlen(c->want) && unread == n);
		assert_rc(store_count(f.w->r, f.p.mailbox_id,
				      world_folder_id(f.w, &f.p, "inbox"),
				      &filter, &total, &unread), 0);
		CHECK(c->inbox, total == strlen(c->inbox));
	}
}

static void
test_thread_filter(void **state)
{
	struct fixture f = fixture(*state);
	struct filter filter = { .bits = FILTER_THREAD, .thread = f.id[4] };
	uint64_t total, unread;

	check_list(&f, "", "4", .filter = filter);
	check_list(&f, "inbox", "", .filter = filter);
	check_list(&f, "other", "4", .filter = filter);
	filter.bits |= FILTER_UNREAD;
	check_list(&f, "", "", .filter = filter);
	assert_rc(store_count(f.w->r, f.p.mailbox_id, 0, &filter, &total,
			      &unread), 0);
	assert_true(!total && !unread);
}

/* With a filter, more tells only of what the filter takes. */
static void
test_filter_more(void **state)
{
	struct fixture f = fixture(*state);

	check_list(&f, "", "369+", .filter.bits = FILTER_FLAGGED, .limit = 3);
	check_list(&f, "", "0369", .filter.bits = FILTER_FLAGGED, .limit = 4);
	check_list(&f, "", "03+", .filter.bits = FILTER_FLAGGED, .limit = 2,
		   .from = STORE_AFTER_POS);
	check_list(&f, "", "69", .filter.bits = FILTER_FLAGGED, .limit = 2,
		   .from = STORE_AFTER_UUID, .anchor = f.id[3]);
	check_list(&f, "", "03", .filter.bits = FILTER_FLAGGED, .limit = 2,
		   .from = STORE_BEFORE_UUID, .anchor = f.id[6]);
}

static void
test_anchor_gone(void **state)
{
	struct fixture f = fixture(*state);
	struct uuid never = world_uuid(f.w);

	/* Of another folder, or not taken by the filter. */
	check_list(&f, "inbox", "5678+", .from = STORE_AFTER_UUID,
		   .anchor = f.id[4], .limit = 4);
	check_list(&f, "", "79", .from = STORE_AFTER_UUID, .anchor = f.id[6],
		   .filter.bits = FILTER_UNREAD);

	/* In TRASH, then out of sight. */
	assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "inbox",
				      &f.id[5]), 1);
	check_list(&f, "inbox", "013", .from = STORE_BEFORE_UUID,
		   .anchor = f.id[5]);
	check_list(&f, "", "0123456789", .from = STORE_NEWEST);
	assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "trash",
				      &f.id[5]), 1);
	check_list(&f, "", "012346789", .from = STORE_NEWEST);
	check_list(&f, "", "01234", .from = STORE_BEFORE_UUID,
		   .anchor = f.id[5]);
	check_list(&f, "inbox", "6789", .from = STORE_AFTER_UUID,
		   .anchor = f.id[5]);

	check_list(&f, "", "NOTFOUND", .from = STORE_AFTER_UUID,
		   .anchor = never);
	check_list(&f, "", "NOTFOUND", .from = STORE_BEFORE_UUID,
		   .anchor = never);
}

static void
test_nothing(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct person other = world_person(w, "bob@a.test");
	struct uuid id = letter_send(w, &other, (struct letter){ 0 });
	struct fixture f = { .w = w, .p = p };
	uint64_t total, unread;

	check_list(&f, "", "", .from = STORE_NEWEST);
	check_list(&f, "inbox", "", .from = STORE_AFTER_POS);

	/* Another mailbox's message is none of this one. */
	check_list(&f, "", "NOTFOUND", .from = STORE_AFTER_UUID, .anchor = id);
	f.p.mailbox_id = 987654321;
	check_list(&f, "", "", .from = STORE_NEWEST);
	assert_rc(store_count(w->r, f.p.mailbox_id, 0, &(struct filter){ 0 },
			      &total, &unread), 0);
	assert_true(!total && !unread);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_newest),
		WORLD_TEST(test_before),
		WORLD_TEST(test_after),
		WORLD_TEST(test_after_pos),
		WORLD_TEST(test_filters),
		WORLD_TEST(test_thread_filter),
		WORLD_TEST(test_filter_more),
		WORLD_TEST(test_anchor_gone),
		WORLD_TEST(test_nothing),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
