/*
 * The writer: a batch of jobs is one transaction of the index and one write to
 * the body log.
 *
 *     BEGIN IMMEDIATE
 *     each job: read and decide; rows, ledger, records to be written
 *     records -> log, sync
 *     ledger and state -> rows
 *     COMMIT (which syncs the write-ahead log)
 *
 * Until the COMMIT nothing that was acknowledged before is touched: records go
 * behind the tail, and the tail is a row of the transaction.
 *
 * No savepoints.  A job that is refused is refused before it has changed
 * anything, and is left out.  An error behind its first change, or one after
 * which SQLite has rolled back by itself, ends the batch: all is rolled back.
 * If it is an error of the machine (disk, memory), every job gets it.  If it
 * may be one job's own (rows that contradict each other), each job is run
 * again as a batch of its own, so that the others stand.
 */
#include "store/sqlite/sqlite_write_priv.h"

#include "base/mem.h"
#include "base/secret.h"
#include "store/sqlite/os_file.h"

#define ARENA_BLOCK (64 * 1024)
#define PAGE 4096
/* How much the log may grow between two tries to reset it. */
#define RESET_PAGES 256

int
sqlite_writer_new(struct sqlite_store *s, struct sqlite_writer **ret)
{
	struct sqlite_writer *w = mem_zalloc(sizeof(*w));
	char text[128];
	int err;

	if (!w)
		return ERR_NOMEM;
	w->store = s;
	arena_init(&w->arena, SIZE_MAX / 2, ARENA_BLOCK);
	ledger_init(&w->ledger, &w->db, &w->arena, s->limits->quota);
	err = db_connect(&w->db, s->index, false, text, sizeof(text));
	if (err == 0)
		err = db_prepare(&w->db, DB_WRITER);
	if (err == 0)
		err = sqlite_state_get(&w->db, &w->state);
	if (err < 0) {
		db_close(&w->db);
		mem_free(w);
		return err;
	}
	w->committed = w->state;
	db_count_wal(&w->db, &s->wal_pages);
	*ret = w;
	return 0;
}

void
sqlite_writer_free(struct sqlite_writer *w)
{
	int err = 0;

	if (!w)
		return;
	if (!sqlite_store_broken(w->store) &&
	    w->state.clean != w->state.batch) {
		w->state.clean = w->state.batch;
		err = sqlite_state_put(&w->db, &w->state);
	}
	(void)err;	/* then the next open only does more work */
	db_close(&w->db);
	arena_done(&w->arena);
	mem_free(w);
}

struct db *
sqlite_writer_db(struct sqlite_writer *w)
{
	return &w->db;
}

const struct sqlite_state *
sqlite_writer_state(const struct sqlite_writer *w)
{
	return &w->state;
}

int
sqlite_writer_start(struct sqlite_writer *w, bool fresh, uint64_t skip)
{
	int err = 0;

	if (fresh) {
		secret_random(&w->state.epoch, sizeof(w->state.epoch));
		w->state.epoch >>= 1;	/* the index keeps signed numbers */
		err = sqlite_state_put(&w->db, &w->state);
	}
	if (w->state.clean != w->state.batch)
		w->state.next_body += skip;
	w->committed = w->state;
	return err;
}

int
sqlite_state_get(struct db *db, struct sqlite_state *ret)
{
	uint64_t *v[] = {
		&ret->epoch, &ret->batch, &ret->clean, &ret->log_seg,
		&ret->log_off, &ret->next_body, &ret->next_domain,
		&ret->next_account, &ret->next_mailbox, &ret->jobs,
		&ret->bodies, &ret->body_octets, &ret->bigs, &ret->messages,
	};
	int rc = db_row(db, SQL_STATE_GET);

	if (rc <= 0)
		return rc < 0 ? rc : ERR_CORRUPT;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		*v[i] = db_u64(db, SQL_STATE_GET, (int)i);
	db_reset(db, SQL_STATE_GET);
	return 0;
}

int
sqlite_state_put(struct db *db, const struct sqlite_state *st)
{
	return db_exec(db, SQL_STATE_PUT, "iiiiiiiiiiiiii", st->epoch,
		       st->batch, st->clean, st->log_seg, st->log_off,
		       st->next_body, st->next_domain, st->next_account,
		       st->next_mailbox, st->jobs, st->bodies,
		       st->body_octets, st->bigs, st->messages);
}

/* --- what jobs use --- */

struct sqlite_after *
sqlite_after_new(struct sqlite_writer *w)
{
	struct sqlite_after *a = ARENA_NEW(&w->arena, struct sqlite_after);

	if (a) {
		a->next = w->after;
		w->after = a;
	}
	return a;
}

int
sqlite_change(struct sqlite_writer *w, const struct sqlite_change *c)
{
	uint64_t modseq = ledger_modseq(&w->ledger, c->mb);

	return db_exec(&w->db, SQL_CHANGE_ADD,
		       c->detail.n ? "iiiiiiib" : "iiiiiiin",
		       c->mb->mailbox_id, modseq, U64(c->kind), U64(c->no),
		       U64(c->folder_id), c->actor, c->at, c->detail);
}

int
sqlite_body_unref(struct sqlite_writer *w, uint64_t body_id)
{
	struct db *db = &w->db;
	uint64_t seg, len, room, refs;
	struct sqlite_after *a;
	int rc = db_bind(db, SQL_BODY_GET, "i", body_id);

	if (rc == 0)
		rc = db_row(db, SQL_BODY_GET);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_CORRUPT;
	seg = db_u64(db, SQL_BODY_GET, 0);
	len = db_u64(db, SQL_BODY_GET, 2);
	room = db_u64(db, SQL_BODY_GET, 3);
	refs = db_u64(db, SQL_BODY_GET, 4);
	db_reset(db, SQL_BODY_GET);
	if (refs > 1)
		return db_exec(db, SQL_BODY_REFS, "ii", body_id,
			       (uint64_t)-1);

	w->state.bodies--;
	w->state.body_octets -= len;
	if (seg) {
		rc = db_exec(db, SQL_SEGMENT_SHRINK, "ii", seg, room);
	} else {
		w->state.bigs--;
		a = sqlite_after_new(w);
		if (!a)
			return ERR_NOMEM;
		a->unlink = body_id;
	}
	return rc < 0 ? rc : db_exec(db, SQL_BODY_DEL, "i", body_id);
}

/* --- a job --- */

static int
remember(struct sqlite_writer *w, struct store_mark *j)
{
	struct sqlite_before *b = ARENA_NEW(&w->arena, struct sqlite_before);

	if (!b)
		return ERR_NOMEM;
	b->job = j;
	b->was = *j;
	b->next = w->before;
	w->before = b;
	return 0;
}

static int
run_mark(struct sqlite_writer *w, struct store_mark *j)
{
	int err = remember(w, j);

	return err < 0 ? err : sqlite_mark(w, j);
}

static int
run_job(struct sqlite_writer *w, struct store_job *job)
{
	switch (job->op) {
	case STORE_DELIVER:
		return sqlite_deliver(w, (void *)job);
	case STORE_APPEND:
		return sqlite_append(w, (void *)job);
	case STORE_MARK:
		return run_mark(w, (void *)job);
	case STORE_DELETE:
		return sqlite_delete(w, (void *)job);
	case STORE_RESTORE:
		return sqlite_restore(w, (void *)job);
	case STORE_FOLDER_CREATE:
		return sqlite_folder_create(w, (void *)job);
	case STORE_DOMAIN_ADD:
		return sqlite_domain_add(w, (void *)job);
	case STORE_DOMAIN_REMOVE:
		return sqlite_domain_remove(w, (void *)job);
	case STORE_ACCOUNT_ADD:
		return sqlite_account_add(w, (void *)job);
	case STORE_ACCOUNT_REMOVE:
		return sqlite_account_remove(w, (void *)job);
	case STORE_ACCOUNT_SET:
		return sqlite_account_set(w, (void *)job);
	case STORE_DEVICE_ADD:
		return sqlite_device_add(w, (void *)job);
	case STORE_DEVICE_REVOKE:
		return sqlite_device_revoke(w, (void *)job);
	case STORE_PURGE:
		return sqlite_purge(w, (void *)job);
	case STORE_OP_COUNT:
		break;
	}
	return ERR_UNSUPPORTED;
}

/* Run all; *ret_any: something has changed.  An error is the batch's. */
static int
run_jobs(struct sqlite_writer *w, struct store_job **jobs, size_t n,
	 bool *ret_any)
{
	*ret_any = false;
	for (size_t i = 0; i < n; i++) {
		int err;

		w->db.wrote = false;
		err = run_job(w, jobs[i]);
		jobs[i]->err = err < 0 ? err : 0;
		if (err < 0 && (w->db.wrote || !db_in_transaction(&w->db)))
			return err;
		*ret_any = *ret_any || w->db.wrote;
	}
	return 0;
}

/* --- a batch --- */

void
sqlite_batch_clear(struct sqlite_writer *w)
{
	ledger_clear(&w->ledger);
	arena_clear(&w->arena);
	w->after = NULL;
	w->before = NULL;
}

int
sqlite_batch_sums(struct sqlite_writer *w, size_t njobs)
{
	const struct bodylog *log = &w->store->log;
	uint32_t seg;
	int err;

	for (size_t i = 0; i < log->nparts; i++) {
		const struct bodylog_part *p = &log->parts[i];

		if (p->from == p->to)
			continue;
		err = db_exec(&w->db, SQL_SEGMENT_GROW, "iiii", U64(p->seg),
			      p->salt, p->to, p->to - p->from);
		if (err < 0)
			return err;
	}
	err = ledger_flush(&w->ledger);
	if (err < 0)
		return err;
	bodylog_tail(log, &seg, &w->state.log_off);
	w->state.log_seg = seg;
	w->state.batch++;
	w->state.jobs += njobs;
	return sqlite_state_put(&w->db, &w->state);
}

/* The batch stands: what rows say must now be so outside of them. */
static void
settle(struct sqlite_writer *w)
{
	struct sqlite_store *s = w->store;
	bool unlinked = false;

	for (struct sqlite_after *a = w->after; a; a = a->next) {
		char name[BIGFILE_NAME];

		if (a->big)
			a->big->committed = true;
		if (!a->unlink)
			continue;
		/* One that stays is found by the next open. */
		bigfile_name(a->unlink, name);
		(void)os_file_unlink(s->big_dir, name);
		unlinked = true;
	}
	if (unlinked && os_file_sync_all(s->big_dir) < 0)
		sqlite_store_break(s);
}

static void
undo(struct sqlite_writer *w, int err)
{
	db_rollback(&w->db);
	bodylog_abort(&w->store->log, err != ERR_SYNC);

	/* Ids of bodies are not given again: a record of this batch that
	 * stays behind the tail must never pass for another. */
	w->committed.next_body = w->state.next_body;
	w->state = w->committed;
	for (struct sqlite_before *b = w->before; b; b = b->next) {
		int job_err = b->job->job.err;

		*b->job = b->was;
		b->job->job.err = job_err;
	}
}

static int
batch(struct sqlite_writer *w, struct store_job **jobs, size_t n)
{
	struct bodylog *log = &w->store->log;
	bool any;
	int err;

	sqlite_batch_clear(w);
	db_rollback(&w->db);
	err = db_exec(&w->db, SQL_BEGIN_WRITE, "");
	if (err == 0)
		err = run_jobs(w, jobs, n, &any);
	if (err == 0 && !any) {
		db_rollback(&w->db);
		return 0;
	}
	if (err == 0)
		err = bodylog_write(log);
	if (err == 0)
		err = sqlite_batch_sums(w, n);
	if (err == 0)
		err = db_exec(&w->db, SQL_COMMIT, "");
	if (err < 0) {
		undo(w, err);
		return err;
	}
	bodylog_commit(log);
	w->committed = w->state;
	settle(w);
	return 0;
}

/* Could the error be one job's own? */
static bool
of_a_job(int err)
{
	switch (err) {
	case ERR_NOMEM:
	case ERR_FULL:
	case ERR_IO:
	case ERR_STORAGE:
	case ERR_SYNC:
		return false;
	default:
		return true;
	}
}

static void
fail_job(struct store_job *job, int err)
{
	job->err = err;
	if (job->op == STORE_DELIVER) {
		struct store_deliver *d = (struct store_deliver *)job;

		for (size_t i = 0; i < d->nto; i++)
			d->to[i].err = err;
	}
}

/* Past the hard limit the log is reset here, between two batches; tend has
 * brought most of it into the database by then. */
static void
reset_wal(struct sqlite_writer *w)
{
	struct sqlite_store *s = w->store;
	uint64_t pages = atomic_load_explicit(&s->wal_pages,
					      memory_order_relaxed);
	int rc;

	if (pages * PAGE <= s->limits->wal_hard) {
		w->next_reset = 0;
		return;
	}
	if (pages < w->next_reset)
		return;
	w->next_reset = pages + RESET_PAGES;
	rc = db_checkpoint(&w->db, true);
	if (rc == ERR_SYNC)
		sqlite_store_break(s);	/* what was committed is safe */
}

int
sqlite_write(struct store *store, struct store_job **jobs, size_t n)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	struct sqlite_writer *w = s->writer;
	int err = sqlite_store_broken(s) ? ERR_SYNC : batch(w, jobs, n);

	if (err < 0 && n > 1 && of_a_job(err)) {
		err = 0;
		for (size_t i = 0; i < n && err != ERR_SYNC; i++) {
			err = batch(w, &jobs[i], 1);
			if (err < 0)
				fail_job(jobs[i], err);
		}
		if (err != ERR_SYNC)
			err = 0;
	} else if (err < 0 && err != ERR_SYNC) {
		for (size_t i = 0; i < n; i++)
			fail_job(jobs[i], err);
		err = 0;
	}
	if (err == ERR_SYNC) {
		sqlite_store_break(s);
		for (size_t i = 0; i < n; i++)
			fail_job(jobs[i], err);
		return err;
	}
	reset_wal(w);
	return 0;
}
