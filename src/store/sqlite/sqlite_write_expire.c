/* What temporary mailboxes have kept for longer than they should. */
#include "store/sqlite/sqlite_write_priv.h"

/* The next temporary mailbox behind *id.  1, 0 or an error. */
static int
next_mailbox(struct sqlite_writer *w, uint64_t *id, uint64_t *ret_retention)
{
	struct db *db = &w->db;
	int rc = db_bind(db, SQL_MAILBOX_TEMPORARY, "i", *id);

	if (rc == 0)
		rc = db_row(db, SQL_MAILBOX_TEMPORARY);
	if (rc <= 0)
		return rc;
	*id = db_u64(db, SQL_MAILBOX_TEMPORARY, 0);
	*ret_retention = db_u64(db, SQL_MAILBOX_TEMPORARY, 1);
	db_reset(db, SQL_MAILBOX_TEMPORARY);
	return 1;
}

/* At most max messages of a folder, received before `cutoff`. */
static int
list_expired(struct sqlite_writer *w, uint64_t mailbox_id, uint64_t folder_id,
	     uint64_t cutoff, uint64_t *v, size_t max, size_t *ret_n)
{
	struct db *db = &w->db;
	size_t n = 0;
	int rc = db_bind(db, SQL_PLACE_EXPIRED, "iiiii", mailbox_id, folder_id,
			 cutoff, U64(ROLE_DRAFTS), U64(max));

	while (rc >= 0 && n < max && (rc = db_row(db, SQL_PLACE_EXPIRED)) > 0)
		v[n++] = db_u64(db, SQL_PLACE_EXPIRED, 0);
	db_reset(db, SQL_PLACE_EXPIRED);
	*ret_n = n;
	return rc < 0 ? rc : 0;
}

static int
expire_folder(struct sqlite_writer *w, struct ledger_mailbox *mb,
	      uint64_t folder_id, uint64_t cutoff, uint64_t now, size_t *left)
{
	uint64_t *v = ARENA_ARRAY(&w->arena, uint64_t, *left);
	size_t n = 0;
	int err = v ? list_expired(w, mb->mailbox_id, folder_id, cutoff, v,
				   *left, &n) : ERR_NOMEM;

	for (size_t i = 0; err == 0 && i < n; i++) {
		uint64_t docid = sqlite_msg_docid(mb->mailbox_id,
						  (uint32_t)v[i]);
		struct sqlite_msg m;

		err = sqlite_msg_get(&w->db, &w->arena, docid, &m);
		if (err == 0)
			err = sqlite_delete_for_good(w, mb, &m, now, 0);
		if (err == ERR_NOTFOUND)
			err = ERR_CORRUPT;
	}
	*left -= n;
	return err;
}

static int
folder_ids(struct sqlite_writer *w, uint64_t mailbox_id, uint64_t **ret,
	   size_t *ret_n)
{
	struct db *db = &w->db;
	size_t max = w->store->limits->folders, n = 0;
	uint64_t *v = ARENA_ARRAY(&w->arena, uint64_t, max);
	int rc = v ? db_bind(db, SQL_FOLDER_IDS, "i", mailbox_id) : ERR_NOMEM;

	while (rc >= 0 && n < max && (rc = db_row(db, SQL_FOLDER_IDS)) > 0)
		v[n++] = db_u64(db, SQL_FOLDER_IDS, 0);
	db_reset(db, SQL_FOLDER_IDS);
	*ret = v;
	*ret_n = n;
	return rc < 0 ? rc : 0;
}

static int
expire_mailbox(struct sqlite_writer *w, uint64_t mailbox_id, uint64_t cutoff,
	       uint64_t now, size_t *left)
{
	struct ledger_mailbox *mb;
	uint64_t *ids;
	size_t n;
	int err = ledger_mailbox(&w->ledger, mailbox_id, &mb);

	if (err == 0)
		err = folder_ids(w, mailbox_id, &ids, &n);
	for (size_t i = 0; err == 0 && *left && i < n; i++)
		if (ids[i] != ROLE_DRAFTS)
			err = expire_folder(w, mb, ids[i], cutoff, now, left);
	return err;
}

int
sqlite_expire(struct sqlite_writer *w, const struct store_purge *j,
	      uint64_t *ret_next, bool *ret_more)
{
	uint64_t id = j->after, retention;
	size_t left = j->limit, looked = 0;

	*ret_more = false;
	*ret_next = 0;
	for (;;) {
		uint64_t before = id;
		int rc = next_mailbox(w, &id, &retention);

		if (rc <= 0)
			return rc;
		if (looked++ == j->limit || !left) {
			*ret_next = before;
			*ret_more = true;
			return 0;
		}
		if (j->now <= retention)
			continue;
		rc = expire_mailbox(w, id, j->now - retention, j->now, &left);
		if (rc < 0)
			return rc;
		if (!left)	/* it may have more */
			id = before;
	}
}
