/*
 * How SQLite would run each statement of sql.def, held against plans.txt: a
 * plan that has become a scan is seen here and not in a large mailbox.
 *
 *	test_store_sqlite_plans FILE		compare
 *	test_store_sqlite_plans FILE write	make it anew, to be looked at
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "store/sqlite/db.h"
#include "unit/store/sqlite_home.h"

static const char *golden;
static bool make;

static int
by_name(const void *a, const void *b)
{
	const char *x, *y;
	unsigned users;

	(void)db_sql(*(const enum sql *)a, &x, &users);
	(void)db_sql(*(const enum sql *)b, &y, &users);
	return strcmp(x, y);
}

/* Is the name of the statement, then a line for each step of its plan. */
static void
add_plan(struct buf *out, sqlite3 *db, enum sql id)
{
	char text[4096];
	sqlite3_stmt *st;
	const char *name;
	unsigned users;

	(void)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s",
		       db_sql(id, &name, &users));
	assert_rc(buf_addf(out, "%s\n", name), 0);
	if (sqlite3_prepare_v2(db, text, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", name, sqlite3_errmsg(db));
	while (sqlite3_step(st) == SQLITE_ROW)
		assert_rc(buf_addf(out, "\t%s\n",
				   (const char *)sqlite3_column_text(st, 3)),
			  0);
	(void)sqlite3_finalize(st);
}

static void
all_plans(struct home *h, struct buf *out)
{
	enum sql ids[SQL_COUNT];
	sqlite3 *db;

	assert_rc(buf_addf(out, "SQLite %d.%d\n",
			   sqlite3_libversion_number() / 1000000,
			   sqlite3_libversion_number() / 1000 % 1000), 0);
	home_open(h);
	assert_int_equal(sqlite3_open(home_path(h, "index.db"), &db),
			 SQLITE_OK);
	for (int i = 0; i < SQL_COUNT; i++)
		ids[i] = (enum sql)i;
	qsort(ids, SQL_COUNT, sizeof(ids[0]), by_name);
	for (int i = 0; i < SQL_COUNT; i++)
		add_plan(out, db, ids[i]);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Plans are worded differently by other versions of SQLite. */
static bool
same_version(struct str is, struct str want)
{
	struct str a, b, rest;

	(void)str_cut(is, '\n', &a, &rest);
	(void)str_cut(want, '\n', &b, &rest);
	return str_eq(a, b);
}

static void
compare(struct str is, struct str want)
{
	struct str a, b, name = STR("?");

	while (str_next(&is, '\n', &a)) {
		if (a.n && a.p[0] != '\t')
			name = a;
		if (!str_next(&want, '\n', &b) || !str_eq(a, b))
			fail_msg("%.*s: is \"%.*s\", was \"%.*s\"",
				 STR_ARG(name), STR_ARG(a), STR_ARG(b));
	}
}

static void
test_plans(void **state)
{
	CLEANUP_BUF struct buf is = { .max = 1 << 20 };
	CLEANUP_BUF struct buf want = { .max = 1 << 20 };
	struct home h;
	FILE *f;

	home_init(&h);
	all_plans(&h, &is);
	if (make) {
		f = fopen(golden, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(buf_data(&is), 1, is.n, f), is.n);
		assert_int_equal(fclose(f), 0);
	}
	assert_rc(file_read(golden, false, &want), 0);
	home_done(&h);
	if (!same_version(buf_str(&is), buf_str(&want))) {
		print_message("another SQLite: skipped\n");
		skip();
	}
	compare(buf_str(&is), buf_str(&want));
	assert_int_equal(is.n, want.n);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
	};

	if (argc < 2)
		return 2;
	golden = argv[1];
	make = argc > 2 && !strcmp(argv[2], "write");
	return cmocka_run_group_tests_name("store/sqlite_plans", tests, NULL,
					   NULL);
}
