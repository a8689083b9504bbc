#include "store/sqlite/db.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "store/sqlite/walbuf.h"

/* The page cache of a connection. */
#define CACHE_KIB "16384"
/*
 * How long a lock is waited for, in ms.  Only one connection writes, yet a
 * reader that sees a header of the WAL half written takes the write lock for a
 * moment to look again; without waiting, a batch that begins then would fail.
 */
#define BUSY_MS 1000

static const struct {
	const char *name;
	unsigned users;
	const char *text;
} db_list[] = {
#define W DB_WRITER
#define R DB_READER
#define T DB_TEND
#define SQL(name, users, text) { #name, users, text },
#include "store/sqlite/sql.def"
#undef SQL
#undef W
#undef R
#undef T
};

const char *
db_sql(enum sql id, const char **ret_name, unsigned *ret_users)
{
	*ret_name = db_list[id].name;
	*ret_users = db_list[id].users;
	return db_list[id].text;
}

static int db_global_err;

static void
global_init(void)
{
	/* No counting of memory under a lock; a connection has one thread. */
	if (sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_MULTITHREAD) != SQLITE_OK ||
	    sqlite3_initialize() != SQLITE_OK || walbuf_register() < 0)
		db_global_err = ERR_STORAGE;
}

int
db_global_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, global_init);	/* cannot fail */
	return db_global_err;
}

int
db_error(struct db *db, int rc)
{
	if (db->h)
		rc = sqlite3_extended_errcode(db->h);
	switch (rc) {
	case SQLITE_IOERR_FSYNC:
	case SQLITE_IOERR_DIR_FSYNC:
		return ERR_SYNC;
	case SQLITE_IOERR_NOMEM:
		return ERR_NOMEM;
	default:
		break;
	}
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ERR_INTERNAL;
	case SQLITE_NOMEM:
		return ERR_NOMEM;
	case SQLITE_FULL:
		return ERR_FULL;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return ERR_IO;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT:
		return ERR_CORRUPT;
	default:
		return ERR_STORAGE;
	}
}

const char *
db_message(struct db *db)
{
	return db->h ? sqlite3_errmsg(db->h) : "out of memory";
}

bool
db_in_transaction(struct db *db)
{
	return !sqlite3_get_autocommit(db->h);
}

int
db_script(struct db *db, const char *text)
{
	int rc = sqlite3_exec(db->h, text, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : db_error(db, rc);
}

void
db_rollback(struct db *db)
{
	/* Should there be no memory for this, it is tried again before the
	 * next BEGIN. */
	if (db_in_transaction(db))
		(void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
}

int
db_number(struct db *db, const char *text, uint64_t *ret)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(db->h, text, -1, &st, NULL);
	int err = 0;

	if (rc != SQLITE_OK)
		return db_error(db, rc);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*ret = (uint64_t)sqlite3_column_int64(st, 0);
	else
		err = rc == SQLITE_DONE ? ERR_NOTFOUND : db_error(db, rc);
	(void)sqlite3_finalize(st);	/* its error was read above */
	return err;
}

int
db_texts(struct db *db, const char *text, db_text_fn fn, void *ctx)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(db->h, text, -1, &st, NULL);
	int err = 0;

	if (rc != SQLITE_OK)
		return db_error(db, rc);
	while (err == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const void *p = sqlite3_column_text(st, 0);

		err = fn(ctx, str_n(p, (size_t)sqlite3_column_bytes(st, 0)));
	}
	if (err == 0 && rc != SQLITE_DONE)
		err = db_error(db, rc);
	(void)sqlite3_finalize(st);	/* its error was read above */
	return err;
}

/* Set what must hold, and read back what matters most. */
static int
settings(struct db *db)
{
	static const char text[] =
		"PRAGMA page_size=4096;"
		"PRAGMA journal_mode=WAL;"
		"PRAGMA synchronous=FULL;"
		"PRAGMA foreign_keys=ON;"
		"PRAGMA temp_store=MEMORY;"
		"PRAGMA mmap_size=0;"
		"PRAGMA wal_autocheckpoint=0;"
		"PRAGMA cache_size=-" CACHE_KIB ";"
		"PRAGMA secure_delete=ON;"
		"PRAGMA cell_size_check=ON;";
	uint64_t value;
	int err;

	(void)sqlite3_extended_result_codes(db->h, 1);
	(void)sqlite3_busy_timeout(db->h, BUSY_MS);
	if (sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) ||
	    sqlite3_db_config(db->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL))
		return ERR_STORAGE;
	err = db_script(db, text);
	if (err == 0)
		err = db_number(db, "PRAGMA synchronous", &value);
	if (err == 0 && value != 2)
		err = ERR_STORAGE;
	if (err == 0)
		err = db_number(db, "SELECT journal_mode='wal' "
				    "FROM pragma_journal_mode", &value);
	if (err == 0 && value != 1)
		err = ERR_STORAGE;
	return err;
}

int
db_connect(struct db *db, const char *path, bool create, char *reterr,
	   size_t cap)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int rc, err;

	memset(db, 0, sizeof(*db));
	if (create)
		flags |= SQLITE_OPEN_CREATE;
	rc = sqlite3_open_v2(path, &db->h, flags, WALBUF_VFS);
	err = rc == SQLITE_OK ? settings(db) : db_error(db, rc);
	if (err < 0) {
		(void)snprintf(reterr, cap, "%s: %s", path, db_message(db));
		db_close(db);
	}
	return err;
}

int
db_prepare(struct db *db, enum db_role role)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		int rc;

		if (!(db_list[i].users & role))
			continue;
		rc = sqlite3_prepare_v3(db->h, db_list[i].text, -1,
					SQLITE_PREPARE_PERSISTENT,
					&db->st[i], NULL);
		if (rc != SQLITE_OK)
			return db_error(db, rc);
	}
	return 0;
}

void
db_close(struct db *db)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		(void)sqlite3_finalize(db->st[i]);	/* errors were told */
		db->st[i] = NULL;
	}
	/* With no statement left, closing cannot be refused. */
	(void)sqlite3_close(db->h);
	db->h = NULL;
}

/* --- statements --- */

static int
bind_one(sqlite3_stmt *st, int i, char what, va_list *ap)
{
	const struct uuid *u;
	struct str s;

	switch (what) {
	case 'i':
		return sqlite3_bind_int64(
			st, i, (sqlite3_int64)va_arg(*ap, uint64_t));
	case 't':
		s = va_arg(*ap, struct str);
		return sqlite3_bind_text64(st, i, s.p ? s.p : "", s.n,
					   SQLITE_STATIC, SQLITE_UTF8);
	case 'b':
		s = va_arg(*ap, struct str);
		return sqlite3_bind_blob64(st, i, s.p ? s.p : "", s.n,
					   SQLITE_STATIC);
	case 'u':
		u = va_arg(*ap, const struct uuid *);
		if (!u)
			return sqlite3_bind_null(st, i);
		return sqlite3_bind_blob(st, i, u->b, sizeof(u->b),
					 SQLITE_STATIC);
	default:
		return sqlite3_bind_null(st, i);
	}
}

static int
bind_all(struct db *db, enum sql id, const char *fmt, va_list *ap)
{
	int rc = SQLITE_OK;

	for (int i = 1; *fmt && rc == SQLITE_OK; i++, fmt++)
		rc = bind_one(db->st[id], i, *fmt, ap);
	return rc == SQLITE_OK ? 0 : db_error(db, rc);
}

int
db_bind(struct db *db, enum sql id, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = bind_all(db, id, fmt, &ap);
	va_end(ap);
	return err;
}

int
db_row(struct db *db, enum sql id)
{
	int rc = sqlite3_step(db->st[id]);
	int err;

	if (rc == SQLITE_ROW)
		return 1;
	err = rc == SQLITE_DONE ? 0 : db_error(db, rc);
	db_reset(db, id);
	return err;
}

void
db_reset(struct db *db, enum sql id)
{
	(void)sqlite3_reset(db->st[id]);	/* repeats the step's error */
}

int
db_exec(struct db *db, enum sql id, const char *fmt, ...)
{
	va_list ap;
	int err;

	db->wrote = true;
	va_start(ap, fmt);
	err = bind_all(db, id, fmt, &ap);
	va_end(ap);
	if (err < 0)
		return err;
	err = db_row(db, id);
	if (err == 1) {
		db_reset(db, id);
		err = ERR_INTERNAL;
	}
	return err;
}

uint64_t
db_changes(struct db *db)
{
	return (uint64_t)sqlite3_changes64(db->h);
}

uint64_t
db_u64(struct db *db, enum sql id, int col)
{
	return (uint64_t)sqlite3_column_int64(db->st[id], col);
}

struct str
db_str(struct db *db, enum sql id, int col)
{
	/* Text is kept as UTF-8, so this converts nothing. */
	const void *p = sqlite3_column_blob(db->st[id], col);

	return str_n(p, (size_t)sqlite3_column_bytes(db->st[id], col));
}

bool
db_null(struct db *db, enum sql id, int col)
{
	return sqlite3_column_type(db->st[id], col) == SQLITE_NULL;
}

int
db_copy(struct db *db, enum sql id, int col, struct arena *a, struct str *ret)
{
	struct str s = arena_str(a, db_str(db, id, col));

	if (!s.p)
		return ERR_NOMEM;
	*ret = s;
	return 0;
}

int
db_octets(struct db *db, enum sql id, int col, void *dst, size_t n)
{
	struct str s = db_str(db, id, col);

	if (s.n != n)
		return ERR_CORRUPT;
	if (n)
		memcpy(dst, s.p, n);
	return 0;
}

/* --- the write-ahead log --- */

int
db_checkpoint(struct db *db, bool reset)
{
	int mode = reset ? SQLITE_CHECKPOINT_RESTART :
			   SQLITE_CHECKPOINT_PASSIVE;
	int all, done, rc;

	/* Readers are not waited for. */
	(void)sqlite3_busy_timeout(db->h, 0);
	rc = sqlite3_wal_checkpoint_v2(db->h, NULL, mode, &all, &done);
	(void)sqlite3_busy_timeout(db->h, BUSY_MS);
	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return 0;
	if (rc != SQLITE_OK)
		return db_error(db, rc);
	return all == done;
}

static int
count_wal(void *ctx, struct sqlite3 *h, const char *name, int pages)
{
	_Atomic uint64_t *p = ctx;

	atomic_store_explicit(p, (uint64_t)pages, memory_order_relaxed);
	return SQLITE_OK;
}

void
db_count_wal(struct db *db, _Atomic uint64_t *pages)
{
	(void)sqlite3_wal_hook(db->h, count_wal, pages);
}
