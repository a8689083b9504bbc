#include "store/sqlite/sqlite_priv.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "store/sqlite/os_file.h"
#include "store/sqlite/sqlite_list.h"
#include "store/sqlite/sqlite_read_priv.h"

int
sqlite_reader_new(struct store *store, struct store_reader **ret)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	struct sqlite_reader *r = mem_zalloc(sizeof(*r));
	char text[128];
	int err;

	if (!r)
		return ERR_NOMEM;
	r->head.ops = store->ops;
	r->head.store = store;
	for (size_t i = 0; i < SQLITE_READER_FILES; i++)
		r->files[i].fd = -1;
	err = db_connect(&r->db, s->index, false, text, sizeof(text));
	if (err == 0)
		err = db_prepare(&r->db, DB_READER);
	if (err < 0) {
		sqlite_reader_free(&r->head);
		return err;
	}
	*ret = &r->head;
	return 0;
}

void
sqlite_reader_free(struct store_reader *reader)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;

	if (!r)
		return;
	for (size_t i = 0; i < SQLITE_READER_FILES; i++)
		os_file_close(&r->files[i].fd);
	db_close(&r->db);
	mem_free(r);
}

int
sqlite_read_begin(struct sqlite_reader *r)
{
	int rc;

	if (r->held && db_in_transaction(&r->db))
		return 0;
	db_rollback(&r->db);
	rc = db_row(&r->db, SQL_BEGIN_READ);
	return rc < 0 ? rc : 0;
}

/* It only read; what it read is the caller's already. */
static void
end_snapshot(struct sqlite_reader *r)
{
	if (db_in_transaction(&r->db) && db_row(&r->db, SQL_COMMIT) < 0)
		db_rollback(&r->db);
}

int
sqlite_read_end(struct sqlite_reader *r, int err)
{
	/* After an error nobody knows what it is worth. */
	if (!r->held || err < 0)
		end_snapshot(r);
	return err;
}

void
sqlite_read_refresh(struct sqlite_reader *r)
{
	if (r->held)
		end_snapshot(r);
}

void
sqlite_reader_hold(struct store_reader *reader, bool hold)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;

	r->held = hold;
	if (!hold)
		end_snapshot(r);
}

int
sqlite_read_number(struct sqlite_reader *r, enum sql id, uint64_t *ret)
{
	int rc = db_row(&r->db, id);

	if (rc <= 0)
		return rc < 0 ? rc : ERR_CORRUPT;
	*ret = db_u64(&r->db, id, 0);
	db_reset(&r->db, id);
	return 0;
}

/* --- counting --- */

/* Counters of a folder, or of the mailbox. */
static int
counters(struct sqlite_reader *r, uint64_t mailbox_id, uint32_t folder_id,
	 uint64_t *ret_total, uint64_t *ret_unread)
{
	struct db *db = &r->db;
	enum sql id = folder_id ? SQL_FOLDER_GET : SQL_MAILBOX_GET;
	int rc;

	rc = folder_id ? db_bind(db, id, "ii", mailbox_id, U64(folder_id)) :
			 db_bind(db, id, "i", mailbox_id);
	if (rc == 0)
		rc = db_row(db, id);
	*ret_total = *ret_unread = 0;
	if (rc <= 0)
		return rc;
	*ret_total = db_u64(db, id, folder_id ? 4 : 5);
	*ret_unread = db_u64(db, id, folder_id ? 5 : 6);
	db_reset(db, id);
	return 0;
}

static int
count_places(struct sqlite_reader *r, uint64_t mailbox_id, uint32_t folder_id,
	     const struct filter *f, uint64_t *ret_total, uint64_t *ret_unread)
{
	struct db *db = &r->db;
	uint64_t mask, want;
	enum sql id;
	int rc;

	if (f->bits & FILTER_FLAGGED)
		id = folder_id ? SQL_COUNT_FLAGGED : SQL_COUNT_ALL_FLAGGED;
	else
		id = folder_id ? SQL_COUNT_IMPORTANT : SQL_COUNT_ALL_IMPORTANT;
	(void)sqlite_list_flags(f, &mask, &want);	/* asked before */
	rc = db_bind(db, id, "iiii", mailbox_id, U64(folder_id), mask, want);
	if (rc == 0)
		rc = db_row(db, id);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_CORRUPT;
	*ret_total = db_u64(db, id, 0);
	*ret_unread = db_u64(db, id, 1);
	db_reset(db, id);
	return 0;
}

int
sqlite_count(struct store_reader *reader, uint64_t mailbox_id,
	     uint32_t folder_id, const struct filter *f, uint64_t *ret_total,
	     uint64_t *ret_unread)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;
	uint64_t total, unread, mask, want;
	int err;

	if (f->bits & FILTER_THREAD) {
		err = sqlite_read_begin(r);
		if (err == 0)
			err = sqlite_list_thread_count(&r->db, mailbox_id,
						       folder_id, f,
						       ret_total, ret_unread);
		return sqlite_read_end(r, err);
	}
	if (!sqlite_list_flags(f, &mask, &want)) {
		*ret_total = *ret_unread = 0;
		return 0;
	}
	if (f->bits & (FILTER_FLAGGED | FILTER_IMPORTANT))
		return count_places(r, mailbox_id, folder_id, f, ret_total,
				    ret_unread);
	err = counters(r, mailbox_id, folder_id, &total, &unread);
	if (err < 0)
		return err;
	*ret_total = total;
	*ret_unread = unread;
	if (f->bits & FILTER_UNREAD)
		*ret_total = unread;
	if (f->bits & FILTER_READ) {
		*ret_total = total - unread;
		*ret_unread = 0;
	}
	return 0;
}

/* --- listing --- */

static int
anchor_pos(struct sqlite_reader *r, const struct store_list *q,
	   struct store_pos *ret)
{
	struct db *db = &r->db;
	int rc = db_bind(db, SQL_MESSAGE_FIND, "iu", q->mailbox_id, &q->anchor);

	if (rc == 0)
		rc = db_row(db, SQL_MESSAGE_FIND);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	ret->no = (uint32_t)db_u64(db, SQL_MESSAGE_FIND, 0);
	ret->ord = db_u64(db, SQL_MESSAGE_FIND, 3);
	db_reset(db, SQL_MESSAGE_FIND);
	return 0;
}

int
sqlite_list(struct store_reader *reader, const struct store_list *q,
	    struct store_pos *ret, size_t *ret_n, bool *ret_more)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;
	struct sqlite_list l = {
		.mailbox_id = q->mailbox_id, .folder_id = q->folder_id,
		.filter = &q->filter, .pos = q->pos, .limit = q->limit,
		.before = q->from == STORE_NEWEST ||
			  q->from == STORE_BEFORE_UUID,
	};
	int err = sqlite_read_begin(r);

	if (q->from == STORE_NEWEST)
		l.pos = SQLITE_POS_END;
	else if (err == 0 && q->from != STORE_AFTER_POS)
		err = anchor_pos(r, q, &l.pos);
	if (err == 0)
		err = sqlite_list_run(&r->db, &l, ret, ret_n, ret_more);
	return sqlite_read_end(r, err);
}

/* --- stats --- */

int
sqlite_stats(struct store_reader *reader, struct store_stats *ret)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;
	struct sqlite_store *s = sqlite_reader_store(r);
	struct store_stats st = { 0 };
	struct sqlite_state state;
	int err = sqlite_read_begin(r);

	if (err == 0)
		err = sqlite_state_get(&r->db, &state);
	if (err == 0)
		err = sqlite_read_number(r, SQL_DOMAIN_COUNT, &st.domains);
	if (err == 0)
		err = sqlite_read_number(r, SQL_ACCOUNT_COUNT, &st.accounts);
	if (err == 0)
		err = sqlite_read_number(r, SQL_SEGMENT_COUNT, &st.segments);
	err = sqlite_read_end(r, err);
	if (err < 0)
		return err;
	st.bodies = state.bodies;
	st.body_octets = state.body_octets;
	st.big_files = state.bigs;
	st.messages = state.messages;
	st.batches = state.batch;
	st.jobs = state.jobs;
	st.wal_octets = sqlite_wal_size(s);
	*ret = st;
	return 0;
}

uint64_t
sqlite_wal_size(struct sqlite_store *s)
{
	char path[4096];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s-wal", s->index);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}
