/*
 * db: one connection to the index and its prepared statements.
 *
 * All SQL stands in sql.def, by name, with who uses it; a connection prepares
 * its own once.  A connection belongs to one thread at a time.
 *
 * A statement is bound and run in one go (db_exec), or bound (db_bind) and
 * stepped (db_row) until that returns other than 1; db_reset() ends it before.
 * Arguments are a format of one letter each:
 *
 *     i  uint64_t           t  struct str, text
 *     u  struct uuid *      b  struct str, octets
 *     n  NULL, no argument
 *
 * They must live until the statement has ended.
 */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/uuid.h"

struct sqlite3;
struct sqlite3_stmt;

/* An argument for the letter i. */
#define U64(x) ((uint64_t)(x))

enum sql {
#define SQL(name, users, text) SQL_##name,
#include "store/sqlite/sql.def"
#undef SQL
	SQL_COUNT
};

/* Who uses a statement. */
enum db_role { DB_WRITER = 1, DB_READER = 2, DB_TEND = 4 };

struct db {
	struct sqlite3 *h;
	struct sqlite3_stmt *st[SQL_COUNT];
	bool wrote;	/* a statement that writes was begun since it was
			 * cleared */
};

/* The text and the users of a statement, for tests. */
const char *db_sql(enum sql id, const char **ret_name, unsigned *ret_users);

/* Once in the process, before the first connection. */
int db_global_init(void) WARN_UNUSED;

/* Connect with our settings, prepare nothing.  flags as sqlite3_open_v2's.
 * reterr (cap octets) gets one line on failure. */
int db_connect(struct db *db, const char *path, bool create, char *reterr,
	       size_t cap) WARN_UNUSED;
int db_prepare(struct db *db, enum db_role role) WARN_UNUSED;
/* Takes one that is all zero. */
void db_close(struct db *db);

/* The error of the last call on db. */
int db_error(struct db *db, int rc);
/* What SQLite says of it. */
const char *db_message(struct db *db);
/* Is a transaction open? */
bool db_in_transaction(struct db *db);
/* End one without its changes, if one is open. */
void db_rollback(struct db *db);
/* Text that is not in sql.def: settings and migrations. */
int db_script(struct db *db, const char *text) WARN_UNUSED;
/* The first column of the first row of text, as a number. */
int db_number(struct db *db, const char *text, uint64_t *ret) WARN_UNUSED;

/* The first column of each row of text, as text; for checks of SQLite's own. */
typedef int (*db_text_fn)(void *ctx, struct str text);
int db_texts(struct db *db, const char *text, db_text_fn fn, void *ctx)
	WARN_UNUSED;

int db_bind(struct db *db, enum sql id, const char *fmt, ...) WARN_UNUSED;
/* 1: a row; 0: no more, and ended; or an error, and ended. */
int db_row(struct db *db, enum sql id) WARN_UNUSED;
void db_reset(struct db *db, enum sql id);
/* Bind and run to the end; for those that write. */
int db_exec(struct db *db, enum sql id, const char *fmt, ...) WARN_UNUSED;
/* Rows changed by the last one. */
uint64_t db_changes(struct db *db);

/* Columns of the row; slices live until the next step. */
uint64_t db_u64(struct db *db, enum sql id, int col);
struct str db_str(struct db *db, enum sql id, int col);
bool db_null(struct db *db, enum sql id, int col);
/* A copy in the arena: 0 or ERR_NOMEM. */
int db_copy(struct db *db, enum sql id, int col, struct arena *a,
	    struct str *ret) WARN_UNUSED;
/* Exactly n octets: 0, or ERR_CORRUPT. */
int db_octets(struct db *db, enum sql id, int col, void *dst, size_t n)
	WARN_UNUSED;

/*
 * Checkpoint the write-ahead log: PASSIVE, or with reset so that it starts
 * again from its beginning.  Waits for nobody.  Returns 1 if all of it is in
 * the database now, 0 if not, or an error.
 */
int db_checkpoint(struct db *db, bool reset) WARN_UNUSED;
/* Call *pages = pages in the write-ahead log after each commit. */
void db_count_wal(struct db *db, _Atomic uint64_t *pages);

#endif
