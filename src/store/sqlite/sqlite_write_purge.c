/*
 * What is forgotten for good: mail out of sight for long, or deleted out of a
 * temporary mailbox, IDs that are too old, and what removed mailboxes have left
 * behind.
 */
#include "store/sqlite/sqlite_write_priv.h"

struct victim {
	uint64_t docid, body_id, ord;
	struct sqlite_ids in;
};

static int
forget(struct sqlite_writer *w, const struct victim *v)
{
	int err = db_exec(&w->db, SQL_MESSAGE_DEL, "i", v->docid);

	if (err == 0)
		err = sqlite_body_unref(w, v->body_id);
	for (size_t i = 0; err == 0 && i < v->in.n; i++)
		err = db_exec(&w->db, SQL_PLACE_DEL, "iiii", v->docid >> 32,
			      U64(sqlite_ids_at(&v->in, i)), v->ord,
			      U64((uint32_t)v->docid));
	w->state.messages--;
	return err;
}

/* The rows of a statement with columns docid, body_id, ord, folders. */
static int
collect(struct sqlite_writer *w, enum sql id, int rc, struct victim *v,
	size_t max, size_t *ret_n)
{
	struct db *db = &w->db;
	size_t n = 0;

	while (rc >= 0 && n < max && (rc = db_row(db, id)) > 0) {
		struct str ids;

		rc = db_copy(db, id, 3, &w->arena, &ids);
		v[n].docid = db_u64(db, id, 0);
		v[n].body_id = db_u64(db, id, 1);
		v[n].ord = db_u64(db, id, 2);
		v[n].in.p = (const uint8_t *)ids.p;
		v[n].in.n = ids.n / SQLITE_ID_SIZE;
		n++;
	}
	db_reset(db, id);
	*ret_n = n;
	return rc < 0 ? rc : 0;
}

static int
forget_all(struct sqlite_writer *w, enum sql id, int rc, size_t max,
	   size_t *ret_n)
{
	struct victim *v = ARENA_ARRAY(&w->arena, struct victim, max);
	int err = v ? collect(w, id, rc, v, max, ret_n) : ERR_NOMEM;

	for (size_t i = 0; err == 0 && i < *ret_n; i++)
		err = forget(w, &v[i]);
	return err;
}

int
sqlite_purge_mailbox(struct sqlite_writer *w, uint64_t mailbox_id,
		     size_t *left)
{
	struct db *db = &w->db;
	size_t n;
	int err;

	if (*left) {
		err = db_bind(db, SQL_MESSAGE_DOOMED, "iii",
			      sqlite_msg_docid(mailbox_id, 0),
			      sqlite_msg_docid(mailbox_id, UINT32_MAX),
			      U64(*left));
		err = forget_all(w, SQL_MESSAGE_DOOMED, err, *left, &n);
		if (err < 0)
			return err;
		*left -= n;
	}
	if (*left) {
		err = db_exec(db, SQL_CHANGE_DEL, "ii", mailbox_id,
			      U64(*left));
		if (err < 0)
			return err;
		n = (size_t)db_changes(db);
		*left -= n < *left ? n : *left;
	}
	return *left ? db_exec(db, SQL_DOOMED_DEL, "i", mailbox_id) : 0;
}

static int
purge_doomed(struct sqlite_writer *w, size_t *left)
{
	while (*left) {
		uint64_t mailbox_id;
		int rc = db_row(&w->db, SQL_DOOMED_FIRST);

		if (rc <= 0)
			return rc;
		mailbox_id = db_u64(&w->db, SQL_DOOMED_FIRST, 0);
		db_reset(&w->db, SQL_DOOMED_FIRST);
		rc = sqlite_purge_mailbox(w, mailbox_id, left);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static uint64_t
before(uint64_t now, uint64_t limit)
{
	return now > limit ? now - limit : 0;
}

static int
is_more(struct sqlite_writer *w, uint64_t gone, uint64_t once, bool *ret)
{
	struct db *db = &w->db;
	int rc = db_bind(db, SQL_PURGE_MORE, "ii", gone, once);

	if (rc == 0)
		rc = db_row(db, SQL_PURGE_MORE);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_CORRUPT;
	*ret = db_u64(db, SQL_PURGE_MORE, 0) != 0;
	db_reset(db, SQL_PURGE_MORE);
	return 0;
}

int
sqlite_purge(struct sqlite_writer *w, struct store_purge *j)
{
	uint64_t gone = before(j->now, w->store->limits->undelete);
	uint64_t once = before(j->now, w->store->limits->once);
	uint64_t ids = 0, messages = 0, next;
	size_t left = j->limit, n;
	bool more = false, cut;
	int err = sqlite_expire(w, j, &next, &cut);

	if (err == 0)
		err = db_bind(&w->db, SQL_MESSAGE_GONE, "ii", gone, U64(left));
	err = forget_all(w, SQL_MESSAGE_GONE, err, left, &n);
	if (err < 0)
		return err;
	messages = n;
	left -= n;
	if (left) {
		err = db_exec(&w->db, SQL_ONCE_PURGE, "ii", once, U64(left));
		ids = db_changes(&w->db);
		left -= ids;
	}
	if (err == 0)
		err = purge_doomed(w, &left);
	if (err == 0 && !left)
		err = is_more(w, gone, once, &more);
	if (err < 0)
		return err;
	j->messages = messages;
	j->ids = ids;
	j->more = more || cut;
	j->next = next;
	return 0;
}
