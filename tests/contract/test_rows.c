/* Rows of places, and single rows. */
#include "contract/letter.h"

#define N 12

struct fixture {
	struct world *w;
	struct person p;
	struct uuid id[N];
	struct store_pos pos[N];
	size_t env;	/* octets of one env; all have as many */
};

static struct fixture
fixture(struct world *w)
{
	struct fixture f = { .w = w, .p = world_person(w, "alice@a.test") };

	for (int i = 0; i < N; i++) {
		struct store_row row;

		f.id[i] = letter_send(w, &f.p, (struct letter){ 0 });
		row = world_row(w, &f.p, &f.id[i]);
		f.pos[i] = row.pos;
		f.env = row.env.n;
	}
	return f;
}

static void
test_order(void **state)
{
	static const int order[] = { 7, 2, 11, 0, 2 };
	struct fixture f = fixture(*state);
	struct store_pos pos[TEST_COUNT(order)];
	struct store_row rows[TEST_COUNT(order)];
	size_t n, used;

	for (size_t i = 0; i < TEST_COUNT(order); i++)
		pos[i] = f.pos[order[i]];
	assert_rc(store_rows(f.w->r, &f.w->a, f.p.mailbox_id, pos,
			     TEST_COUNT(order), 1 << 20, rows, &n, &used), 0);
	assert_int_equal(n, TEST_COUNT(order));
	assert_int_equal(used, TEST_COUNT(order));
	for (size_t i = 0; i < n; i++)
		assert_true(uuid_eq(&rows[i].uuid, &f.id[order[i]]));
	assert_rc(store_rows(f.w->r, &f.w->a, f.p.mailbox_id, pos, 0, 1 << 20,
			     rows, &n, &used), 0);
	assert_true(!n && !used);
}

static void
test_gone(void **state)
{
	struct fixture f = fixture(*state);
	struct store_row rows[N];
	size_t n, used;
	struct person other = world_person(f.w, "bob@a.test");

	/* In TRASH it is there still; out of sight, or never there, it is left
	 * out. */
	for (int i = 0; i < N; i += 3)
		assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "",
					      &f.id[i]), 1);
	assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "", &f.id[0]),
			 1);
	assert_int_equal(world_remove(f.w, STORE_DELETE, &f.p, "", &f.id[9]),
			 1);
	f.pos[4].no = 4711;
	assert_rc(store_rows(f.w->r, &f.w->a, f.p.mailbox_id, f.pos, N,
			     1 << 20, rows, &n, &used), 0);
	assert_int_equal(used, N);
	assert_int_equal(n, N - 3);
	assert_true(uuid_eq(&rows[0].uuid, &f.id[1]));
	assert_true(uuid_eq(&rows[2].uuid, &f.id[3]));
	assert_true(uuid_eq(&rows[3].uuid, &f.id[5]));

	/* Places of one mailbox are none of another. */
	assert_rc(store_rows(f.w->r, &f.w->a, other.mailbox_id, f.pos, N,
			     1 << 20, rows, &n, &used), 0);
	assert_true(!n && used == N);
}

static void
test_octets(void **state)
{
	struct fixture f = fixture(*state);
	size_t budgets[] = { 0, 1, f.env, f.env * 2 + 5, f.env * 5, 1 << 20 };

	TEST_EACH(budget, budgets) {
		size_t done = 0;

		/* Each call does one at least; together they do all. */
		while (done < N) {
			struct store_row rows[N];
			size_t n, used;

			assert_rc(store_rows(f.w->r, &f.w->a, f.p.mailbox_id,
					     f.pos + done, N - done, *budget,
					     rows, &n, &used), 0);
			assert_true(n >= 1 && n == used);
			assert_true((n - 1) * f.env <= *budget);
			assert_true(done + n == N ||
				    (n + 1) * f.env >= *budget);
			for (size_t i = 0; i < n; i++)
				assert_true(uuid_eq(&rows[i].uuid,
						    &f.id[done + i]));
			done += used;
		}
		assert_int_equal(done, N);
	}
}

static void
test_find(void **state)
{
	struct fixture f = fixture(*state);
	struct world *w = f.w;
	struct person other = world_person(w, "bob@a.test");
	struct uuid never = world_uuid(w);
	struct store_row row;

	assert_true(world_has(w, &f.p, "", &f.id[3]));
	assert_true(world_has(w, &f.p, "inbox", &f.id[3]));
	assert_false(world_has(w, &f.p, "trash", &f.id[3]));
	assert_false(world_has(w, &f.p, "", &never));
	assert_false(world_has(w, &other, "", &f.id[3]));
	assert_rc(store_row_find(w->r, &w->a, f.p.mailbox_id, 987654,
				 &f.id[3], &row), ERR_NOTFOUND);

	/* In TRASH it is found, deleted out of that it is not. */
	assert_int_equal(world_remove(w, STORE_DELETE, &f.p, "", &f.id[3]), 1);
	assert_true(world_has(w, &f.p, "", &f.id[3]));
	assert_true(world_has(w, &f.p, "trash", &f.id[3]));
	assert_false(world_has(w, &f.p, "inbox", &f.id[3]));
	assert_int_equal(world_remove(w, STORE_DELETE, &f.p, "", &f.id[3]), 1);
	assert_false(world_has(w, &f.p, "", &f.id[3]));
	assert_false(world_has(w, &f.p, "trash", &f.id[3]));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_order),
		WORLD_TEST(test_gone),
		WORLD_TEST(test_octets),
		WORLD_TEST(test_find),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
