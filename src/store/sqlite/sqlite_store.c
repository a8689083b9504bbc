/*
 * The embedded store.
 *
 * On disk
 * -------
 *   DATA/lock            flock()ed while a process has the store open
 *   DATA/index.db, -wal, -shm   the index, an SQLite database in WAL mode
 *   DATA/log/NNNNNNNN.seg       segments of the body log (bodyrec.h)
 *   DATA/big/<body id>          large bodies, a file each (bigfile.h)
 *
 * The index holds all but bodies.  Its row `state` says up to which segment
 * and offset the body log is valid: the tail.
 *
 * Writing (sqlite_write.c)
 * ------------------------
 * A batch appends its records behind the tail, syncs the segment, and commits
 * rows and the new tail in one transaction, whose commit syncs the write-ahead
 * log.  A large body is complete, synced and linked before its job is given.
 *
 * Why that survives a crash
 * -------------------------
 *   - before the segment is synced: the index has the old tail; what lies
 *     behind it is overwritten or zeroed, and nobody was told anything.
 *   - between sync and commit: the same.
 *   - after the commit: rows and the records that they name are durable, in
 *     this order, so no row ever names octets that may not be there.
 *   - a large body without its row: the next open unlinks it.  A row that is
 *     gone with its file still there: the same.
 *   - a new segment is synced, and then its folder, before the first record;
 *     the row `segment` comes with the commit.  One without a row is unlinked.
 *   - a record left behind by a batch that failed cannot pass for another: its
 *     CRC covers number, salt and offset, and ids of bodies are not given
 *     twice (they skip ahead after a crash).
 *
 * A failed sync is never repeated: the system may have dropped what it could
 * not write, and a second sync would say that all is well.  From then on
 * everything is ERR_SYNC, until the process starts again.  What the page cache
 * shows then may not be on disk either, so an open after anything but an
 * orderly close writes the active segment again up to the tail and syncs it,
 * and copies the write-ahead log into the database and syncs that, before the
 * first read.  An orderly close says so in the row `state` (clean = batch).
 *
 * An index that is older than the log (somebody put an old copy back) would
 * make us overwrite mail.  More octets behind the tail than batches ever have
 * is taken for that, and the open is refused.
 *
 * Reading
 * -------
 * A reader has its own connection and descriptors.  SQLite gives it a snapshot
 * per call.  Bodies are never changed in place; a record's header is checked
 * against its row (sqlite_read_body.c).
 *
 * Threads
 * -------
 * One writes, one tends, any number read; see sqlite_priv.h for who may touch
 * what.
 */
#include "store/sqlite/sqlite_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"
#include "store/rcpt_cache.h"
#include "store/sqlite/bigfile.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/os_file.h"
#include "store/sqlite/sqlite_open_priv.h"

/* Ids of bodies that are passed over after a crash. */
#define BODY_SKIP (1ull << 20)
/* How much more than a full batch may lie behind the tail. */
#define LOST_SLACK (64ull << 20)

static void
close_store(struct store *store)
{
	struct sqlite_store *s = (struct sqlite_store *)store;

	if (!s)
		return;
	db_close(&s->tend);
	sqlite_writer_free(s->writer);
	bodylog_done(&s->log);
	os_file_close(&s->big_dir);
	os_file_close(&s->log_dir);
	os_file_close(&s->lock);
	os_file_close(&s->dir);
	mem_free(s->index);
	rcpt_cache_free(s->head.rcpts);
	mem_free(s);
}

static const struct store_ops sqlite_ops = {
	.name = "sqlite",
	.close = close_store,
	.reader_new = sqlite_reader_new,
	.reader_free = sqlite_reader_free,
	.reader_hold = sqlite_reader_hold,
	.domain_find = sqlite_domain_find,
	.domain_list = sqlite_domain_list,
	.account_find = sqlite_account_find,
	.account_list = sqlite_account_list,
	.device_find = sqlite_device_find,
	.device_list = sqlite_device_list,
	.rcpt_find = sqlite_rcpt_find,
	.mailbox_get = sqlite_mailbox_get,
	.folder_find = sqlite_folder_find,
	.folder_list = sqlite_folder_list,
	.count = sqlite_count,
	.list = sqlite_list,
	.rows = sqlite_rows,
	.row_find = sqlite_row_find,
	.row_any = sqlite_row_any,
	.body_open = sqlite_body_open,
	.body_read = sqlite_body_read,
	.body_load = sqlite_body_load,
	.big_new = bigfile_new,
	.big_write = bigfile_write,
	.big_finish = bigfile_finish,
	.big_length = bigfile_length,
	.big_free = bigfile_free,
	.write = sqlite_write,
	.tend = sqlite_tend,
	.stats = sqlite_stats,
	.verify = sqlite_verify,
};

/* --- opening --- */

static int
say(struct sqlite_opening *o, int err, const char *text)
{
	(void)snprintf(o->reterr, o->cap, "%s: %s (%s)", o->data, text,
		       err_text(err));
	return err;
}

/* The folders, and the lock that makes them ours. */
static int
take_folders(struct sqlite_store *s, struct sqlite_opening *o)
{
	int make = o->options->create;

	s->dir = os_file_folder(AT_FDCWD, o->data, make);
	if (s->dir < 0)
		return say(o, s->dir, "cannot open the folder");
	s->lock = os_file_open(s->dir, "lock", O_RDWR | O_CREAT);
	if (s->lock < 0)
		return say(o, s->lock, "cannot open its lock");
	if (flock(s->lock, LOCK_EX | LOCK_NB) < 0)
		return say(o, errno == EWOULDBLOCK ? ERR_LOCKED : ERR_IO,
			   "cannot lock it");
	s->log_dir = os_file_folder(s->dir, "log", make);
	if (s->log_dir < 0)
		return say(o, s->log_dir, "cannot open log/");
	s->big_dir = os_file_folder(s->dir, "big", make);
	if (s->big_dir < 0)
		return say(o, s->big_dir, "cannot open big/");
	return 0;
}

static int
found_segment(void *ctx, uint32_t seg, const char *name)
{
	return ERR_EXISTS;
}

static int
found_big(void *ctx, uint64_t body_id, const char *name)
{
	return ERR_EXISTS;
}

/* What an interrupted rebuild has left. */
static int
remove_index(struct sqlite_store *s, struct sqlite_opening *o)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char name[64];
	int err = 0;

	for (size_t i = 0; err == 0 && i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", o->index, tails[i]);
		err = os_file_unlink(s->dir, name);
	}
	return err < 0 ? say(o, err, "cannot remove an unfinished rebuild") :
			 0;
}

/* Is there an index, or may one be made? */
static int
look_for_index(struct sqlite_store *s, struct sqlite_opening *o)
{
	struct stat st;
	int err;

	if (o->rebuild)
		return remove_index(s, o);
	if (fstatat(s->dir, o->index, &st, 0) == 0 && st.st_size > 0)
		return 0;
	if (!o->options->create)
		return say(o, ERR_NOTFOUND, "there is no store");

	/* A new index would take what is there for leftovers. */
	err = bodylog_each(s->log_dir, found_segment, NULL);
	if (err == 0)
		err = bigfile_each(s->big_dir, found_big, NULL);
	if (err == ERR_EXISTS)
		return say(o, ERR_CORRUPT,
			   "the index is missing but there is mail: "
			   "put the index back, or rebuild");
	return err < 0 ? say(o, err, "cannot read log/ and big/") : 0;
}

/* Migrations; then all of the write-ahead log into the database. */
static int
prepare_index(struct sqlite_store *s, struct sqlite_opening *o)
{
	char text[200];
	struct db db;
	int err = db_global_init();

	if (err < 0)
		return say(o, err, "cannot start SQLite");
	err = db_connect(&db, s->index, o->options->create, text,
			 sizeof(text));
	if (err < 0) {
		(void)snprintf(o->reterr, o->cap, "%s", text);
		return err;
	}
	err = migrate_run(&db, &o->fresh);
	if (err < 0) {
		(void)say(o, err, err == ERR_VERSION ?
				  "made by a newer version" : db_message(&db));
	} else {
		err = db_checkpoint(&db, false);
		if (err == 0)
			err = ERR_LOCKED;	/* somebody reads it */
		if (err < 0)
			(void)say(o, err, "cannot checkpoint the index");
	}
	db_close(&db);
	if (err > 0)
		err = os_file_sync_all(s->dir);
	return err < 0 ? err : 0;
}

static int
open_log(struct sqlite_store *s, struct sqlite_opening *o,
	 const struct sqlite_state *st)
{
	struct db *db = sqlite_writer_db(s->writer);
	uint64_t salt = 0;
	uint64_t lost = LOST_SLACK + 4 * s->limits->batch_octets;
	int rc = 1;

	if (st->log_seg) {
		rc = db_bind(db, SQL_SEGMENT_GET, "i", st->log_seg);
		if (rc == 0)
			rc = db_row(db, SQL_SEGMENT_GET);
		if (rc > 0) {
			salt = db_u64(db, SQL_SEGMENT_GET, 0);
			db_reset(db, SQL_SEGMENT_GET);
		}
	}
	if (rc == 0)
		rc = ERR_CORRUPT;
	if (rc > 0)
		rc = bodylog_open(&s->log, (uint32_t)st->log_seg, salt,
				  st->log_off, lost, st->clean != st->batch);
	if (rc == ERR_CONFLICT)
		return say(o, ERR_CORRUPT,
			   "the index is older than the body log: "
			   "put the right index back, or rebuild");
	return rc < 0 ? say(o, rc, "cannot open the body log") : 0;
}

static int
is_known(void *ctx, uint64_t body_id)
{
	struct db *db = ctx;
	int rc = db_bind(db, SQL_BODY_GET, "i", body_id);

	if (rc == 0)
		rc = db_row(db, SQL_BODY_GET);
	if (rc > 0)
		db_reset(db, SQL_BODY_GET);
	return rc;
}

static int
start(struct sqlite_store *s, struct sqlite_opening *o)
{
	char text[200];
	int err;

	err = db_connect(&s->tend, s->index, false, text, sizeof(text));
	if (err == 0)
		err = sqlite_writer_new(s, &s->writer);
	if (err < 0)
		return say(o, err, "cannot open the index");
	err = sqlite_writer_start(s->writer, o->fresh, BODY_SKIP);
	if (err < 0)
		return say(o, err, "cannot write to the index");
	if (o->rebuild)
		return 0;
	err = open_log(s, o, sqlite_writer_state(s->writer));
	if (err < 0)
		return err;
	err = bigfile_sweep(s->big_dir, is_known, sqlite_writer_db(s->writer));
	return err < 0 ? say(o, err, "cannot clean up big/") : 0;
}

int
sqlite_store_open_as(struct sqlite_opening *o, struct sqlite_store **ret)
{
	struct sqlite_store *s = mem_zalloc(sizeof(*s));
	size_t n = strlen(o->data) + strlen(o->index) + 2;
	int err;

	if (!s)
		return say(o, ERR_NOMEM, "cannot open");
	s->head.ops = &sqlite_ops;
	s->limits = o->options->limits;
	s->dir = s->lock = s->log_dir = s->big_dir = -1;
	bodylog_init(&s->log, -1, s->limits->segment);
	s->index = mem_alloc(n);
	if (s->index)
		(void)snprintf(s->index, n, "%s/%s", o->data, o->index);
	err = s->index && rcpt_cache_new(&s->head.rcpts) == 0 ?
		take_folders(s, o) :
		say(o, ERR_NOMEM, "cannot open");
	s->log.dir = s->log_dir;
	if (err == 0)
		err = look_for_index(s, o);
	if (err == 0)
		err = prepare_index(s, o);
	if (err == 0)
		err = start(s, o);
	if (err < 0) {
		close_store(&s->head);
		return err;
	}
	*ret = s;
	return 0;
}

int
sqlite_store_open(const char *data, const struct sqlite_store_options *options,
		  struct store **ret, char *reterr, size_t cap)
{
	struct sqlite_opening o = {
		.data = data, .index = "index.db", .options = options,
		.reterr = reterr, .cap = cap,
	};
	struct sqlite_store *s;
	int err = sqlite_store_open_as(&o, &s);

	if (err == 0)
		*ret = &s->head;
	return err;
}
