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
run_sql(struct home *h, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(home_path(h, "index.db"), &db),
			 SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Rows that contradict each other fail the job that meets them, and no other
 * of its batch. */
static void
test_poison(void **state)
{
	struct home h;
	struct home_letter l[3];
	struct store_mark m = {
		.job.op = STORE_MARK, .by_filter = true, .limit = 2,
		.set = FLAG_FLAGGED,
	};
	struct store_job *jobs[4] = { &m.job };

	home_init(&h);
	home_open(&h);
	home_people(&h);
	for (uint64_t n = 0; n < 3; n++)
		assert_rc(home_send(&h, 2, n, 100), 0);
	home_close(&h);

	/* The place that person 1's first letter will take. */
	run_sql(&h, "INSERT INTO place SELECT mailbox_id, 1, 1700000000011, 1,"
		    " 0 FROM mailbox WHERE name = 'p1@a.test'");
	home_open(&h);
	m.mailbox_id = h.mailbox[2];
	for (unsigned i = 0; i < 3; i++) {
		home_letter_init(&h, &l[i], i, 10 + i, 100);
		l[i].d.to = &l[i].to;
		jobs[1 + i] = &l[i].d.job;
	}
	assert_rc(store_write(h.s, jobs, 4), 0);
	assert_rc(m.job.err, 0);
	assert_int_equal(m.changed, 2);
	assert_true(m.more);
	assert_rc(jobs[1]->err, 0);
	assert_rc(jobs[2]->err, ERR_CORRUPT);
	assert_rc(l[1].to.err, ERR_CORRUPT);
	assert_rc(jobs[3]->err, 0);
	assert_rc(home_has(&h, 0, 10), 0);
	assert_rc(home_has(&h, 1, 11), ERR_NOTFOUND);
	assert_rc(home_has(&h, 2, 12), 0);
	for (unsigned i = 0; i < 3; i++)
		home_letter_done(&l[i]);
	assert_true(home_findings(&h) > 0);
	home_done(&h);
}

/* What verify finds. */
static void
test_verify(void **state)
{
	static const char *const damage[] = {
		"UPDATE folder SET unread = unread + 1 WHERE folder_id = 1",
		"UPDATE mailbox SET used = used + 1",
		"UPDATE body SET refs = 7",
		"UPDATE state SET messages = 99",
		"UPDATE message SET flags = 1",
		"DELETE FROM place",
		"DELETE FROM body",
		"UPDATE message SET modseq = 1000",
		"UPDATE body SET len = len - 1",
		"UPDATE segment SET live = 0",
		"DELETE FROM mailbox WHERE mailbox_id = 2",
	};

	TEST_EACH(sql, damage) {
		struct home h;
		int found;

		home_init(&h);
		home_open(&h);
		home_people(&h);
		assert_rc(home_send(&h, 0, 1, 100), 0);
		assert_rc(home_send(&h, 1, 2, 100), 0);
		home_verify(&h);
		home_close(&h);
		run_sql(&h, *sql);
		home_open(&h);
		found = home_findings(&h);
		CHECK(*sql, found > 0);
		home_done(&h);
	}
}

/* A body that is not what it was. */
static void
test_damaged_body(void **state)
{
	struct home h;
	FILE *f;

	home_init(&h);
	home_open(&h);
	home_people(&h);
	assert_rc(home_send(&h, 0, 1, 5000), 0);
	assert_rc(home_send(&h, 0, 2, 5000), 0);
	f = fopen(home_path(&h, "log/00000001.seg"), "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 4096 + 2000, SEEK_SET), 0);
	assert_int_equal(fputc('!', f), '!');
	assert_int_equal(fclose(f), 0);
	assert_rc(home_has(&h, 0, 1), ERR_CORRUPT);
	assert_rc(home_has(&h, 0, 2), 0);
	assert_int_equal(home_findings(&h), 1);
	assert_string_equal(h.why, "body 1: stored data is damaged");
	home_done(&h);
}

static void
test_newer_version(void **state)
{
	struct home h;

	home_init(&h);
	home_open(&h);
	home_people(&h);
	home_close(&h);
	run_sql(&h, "PRAGMA user_version=1000");
	assert_rc(home_try(&h), ERR_VERSION);
	assert_non_null(strstr(h.why, "newer"));

	/* It was left alone. */
	run_sql(&h, "PRAGMA user_version=2");
	home_open(&h);
	home_done(&h);
}

/* A store of the first schema, with mail in it. */
static void
test_older_version(void **state)
{
	struct store_account acc;
	struct home h;

	home_init(&h);
	home_open(&h);
	home_people(&h);
	assert_rc(home_send(&h, 0, 1, 100), 0);
	home_close(&h);
	run_sql(&h, "DROP INDEX mailbox_temporary;"
		    "ALTER TABLE mailbox DROP COLUMN retention;"
		    "PRAGMA user_version=1");
	home_open(&h);
	assert_rc(store_account_find(h.r, &h.a, STR("p0@a.test"), &acc), 0);
	assert_int_equal(acc.retention, 0);
	assert_int_equal(acc.total, 1);
	assert_rc(home_has(&h, 0, 1), 0);
	home_verify(&h);
	home_done(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send_and_read),
		cmocka_unit_test(test_open_errors),
		cmocka_unit_test(test_newer_version),
		cmocka_unit_test(test_older_version),
		cmocka_unit_test(test_poison),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_damaged_body),
	};

	return cmocka_run_group_tests_name("store/sqlite", tests, NULL, NULL);
}
