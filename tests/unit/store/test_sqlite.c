/* The embedded store from outside: opening, closing, locking, versions. */
#include <stdio.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/store/sqlite_home.h"

static void
test_send_and_read(void **state)
{
	struct home h;
	struct store_list q = { .from = STORE_NEWEST, .limit = 10 };
	struct store_pos pos[10];
	struct store_row rows[10];
	size_t n, used;
	bool more;

	home_init(&h);
	home_open(&h);
	home_people(&h);
	for (uint64_t i = 0; i < 20; i++)
		assert_rc(home_send(&h, i % 2, i, 100 + i * 500), 0);
	assert_rc(home_send_big(&h, 0, 20, 600000), 0);

	q.mailbox_id = h.mailbox[0];
	q.folder_id = ROLE_INBOX;
	assert_rc(store_list(h.r, &q, pos, &n, &more), 0);
	assert_int_equal(n, 10);
	assert_true(more);
	assert_rc(store_rows(h.r, &h.a, h.mailbox[0], pos, n, SIZE_MAX, rows,
			     &n, &used), 0);
	assert_int_equal(n, 10);
	assert_int_equal(rows[9].pos.no, 11);
	assert_str(rows[9].folders[0], "INBOX");
	for (uint64_t i = 0; i < 20; i++)
		assert_rc(home_has(&h, i % 2, i), 0);
	assert_rc(home_has(&h, 0, 20), 0);
	assert_rc(home_has(&h, 1, 20), ERR_NOTFOUND);

	/* And all the same after it was closed and opened. */
	home_close(&h);
	home_open(&h);
	for (uint64_t i = 0; i < 20; i++)
		assert_rc(home_has(&h, i % 2, i), 0);
	assert_rc(home_has(&h, 0, 20), 0);
	home_done(&h);
}

static void
test_open_errors(void **state)
{
	struct sqlite_store_options o = { 0 };
	struct store *other;
	struct home h;
	char why[200];

	home_init(&h);
	o.limits = &h.limits;
	assert_rc(sqlite_store_open(home_path(&h, "none"), &o, &other, why,
				    sizeof(why)), ERR_NOTFOUND);
	assert_rc(sqlite_store_open(h.path, &o, &other, why, sizeof(why)),
		  ERR_NOTFOUND);
	home_open(&h);
	assert_rc(sqlite_store_open(h.path, &o, &other, why, sizeof(why)),
		  ERR_LOCKED);
	home_people(&h);
	assert_rc(home_send(&h, 0, 1, 100), 0);
	home_close(&h);

	/* Mail without its index is not taken for an empty store. */
	assert_int_equal(unlink(home_path(&h, "index.db")), 0);
	assert_rc(home_try(&h), ERR_CORRUPT);
	home_done(&h);
}

static void
set_version(struct home *h, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(home_path(h, "index.db"), &db),
			 SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_newer_version(void **state)
{
	struct home h;

	home_init(&h);
	home_open(&h);
	home_people(&h);
	home_close(&h);
	set_version(&h, "PRAGMA user_version=1000");
	assert_rc(home_try(&h), ERR_VERSION);
	assert_non_null(strstr(h.why, "newer"));

	/* It was left alone. */
	set_version(&h, "PRAGMA user_version=1");
	home_open(&h);
	home_done(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send_and_read),
		cmocka_unit_test(test_open_errors),
		cmocka_unit_test(test_newer_version),
	};

	return cmocka_run_group_tests_name("store/sqlite", tests, NULL, NULL);
}
