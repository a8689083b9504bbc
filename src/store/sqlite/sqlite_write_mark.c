#include "base/mem.h"
#include "store/sqlite/sqlite_list.h"
#include "store/sqlite/sqlite_write_priv.h"

static int
new_keywords(struct sqlite_writer *w, const struct store_mark *j,
	     struct str old, struct str *ret)
{
	struct str set = old;
	int err = 0;

	for (size_t i = 0; err == 0 && i < j->nadd; i++)
		err = keywords_add(&w->arena, set, j->add[i], &set);
	for (size_t i = 0; err == 0 && i < j->ndel; i++)
		err = keywords_del(&w->arena, set, j->del[i], &set);
	if (err == 0)
		*ret = set;
	return err;
}

/* Rows and counters of the folders a message is in. */
static int
mark_places(struct sqlite_writer *w, struct ledger_mailbox *mb,
	    const struct sqlite_msg *m, unsigned flags)
{
	unsigned was = sqlite_msg_mirror(m->flags);
	unsigned is = sqlite_msg_mirror(flags);

	for (size_t i = 0; i < m->in.n; i++) {
		struct ledger_folder *f;
		int err = ledger_folder(&w->ledger, mb,
					sqlite_ids_at(&m->in, i), &f);

		if (err < 0)
			return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
		ledger_leave(&w->ledger, mb, f, m->flags, m->size);
		ledger_enter(&w->ledger, mb, f, flags, m->size);
		if (was == is)
			continue;
		err = db_exec(&w->db, SQL_PLACE_MARK, "iiiii", mb->mailbox_id,
			      U64(f->folder_id), m->pos.ord, U64(m->pos.no),
			      U64(is));
		if (err < 0)
			return err;
	}
	return 0;
}

/* Returns 1 if the message is different now, 0 if not, or an error. */
static int
mark_one(struct sqlite_writer *w, struct ledger_mailbox *mb,
	 const struct sqlite_msg *m, const struct store_mark *j)
{
	unsigned flags = (m->flags | j->set) & ~j->clear;
	uint8_t was[SQLITE_ID_SIZE];
	struct sqlite_change change = {
		.mb = mb, .kind = CHANGE_FLAGS, .no = m->pos.no, .at = j->at,
		.actor = j->account_id, .detail = str_n(was, sizeof(was)),
	};
	struct str keywords = { 0 };
	int err = new_keywords(w, j, m->keywords, &keywords);

	if (err < 0)
		return err;
	if (flags == m->flags && str_eq(keywords, m->keywords))
		return 0;
	sqlite_ids_put(was, 0, m->flags);
	err = sqlite_change(w, &change);
	if (err == 0)
		err = db_exec(&w->db, SQL_MESSAGE_MARK, "iiti", m->docid,
			      U64(flags), keywords, mb->modseq);
	if (err == 0)
		err = mark_places(w, mb, m, flags);
	mb->unread += !(flags & FLAG_READ);
	mb->unread -= !(m->flags & FLAG_READ);
	return err < 0 ? err : 1;
}

/* Can all of them take the keywords?  Asked before anything is changed. */
static int
check_ids(struct sqlite_writer *w, const struct store_mark *j)
{
	for (size_t i = 0; j->nadd && i < j->nids; i++) {
		struct sqlite_msg m;
		struct str keywords;
		int err = sqlite_msg_find(&w->db, &w->arena, j->mailbox_id,
					  &j->ids[i], &m);

		if (err == 0 && sqlite_msg_in(&m, j->folder_id))
			err = new_keywords(w, j, m.keywords, &keywords);
		if (err < 0 && err != ERR_NOTFOUND)
			return err;
	}
	return 0;
}

static int
mark_ids(struct sqlite_writer *w, struct ledger_mailbox *mb,
	 struct store_mark *j)
{
	uint64_t changed = 0;
	int rc = check_ids(w, j);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < j->nids; i++) {
		struct sqlite_msg m;

		rc = sqlite_msg_find(&w->db, &w->arena, j->mailbox_id,
				     &j->ids[i], &m);
		if (rc < 0 && rc != ERR_NOTFOUND)
			return rc;
		j->missing[i] = rc < 0 || !sqlite_msg_in(&m, j->folder_id);
		if (j->missing[i])
			continue;
		rc = mark_one(w, mb, &m, j);
		if (rc < 0)
			return rc;
		changed += (unsigned)rc;
	}
	j->changed += changed;
	j->more = false;
	return 0;
}

static int
check_places(struct sqlite_writer *w, const struct store_mark *j,
	     const struct store_pos *v, size_t n)
{
	for (size_t i = 0; j->nadd && i < n; i++) {
		struct sqlite_msg m;
		struct str keywords;
		int err = sqlite_msg_get(&w->db, &w->arena,
					 sqlite_msg_docid(j->mailbox_id,
							  v[i].no), &m);

		if (err == 0)
			err = new_keywords(w, j, m.keywords, &keywords);
		if (err < 0)
			return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	}
	return 0;
}

static int
mark_places_of(struct sqlite_writer *w, struct ledger_mailbox *mb,
	       struct store_mark *j, const struct store_pos *v, size_t n)
{
	uint64_t changed = 0;
	int rc = check_places(w, j, v, n);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct sqlite_msg m;

		rc = sqlite_msg_get(&w->db, &w->arena,
				    sqlite_msg_docid(j->mailbox_id, v[i].no),
				    &m);
		if (rc == 0)
			rc = mark_one(w, mb, &m, j);
		if (rc < 0)
			return rc == ERR_NOTFOUND ? ERR_CORRUPT : rc;
		changed += (unsigned)rc;
	}
	j->changed += changed;
	return 0;
}

static int
mark_filter(struct sqlite_writer *w, struct ledger_mailbox *mb,
	    struct store_mark *j)
{
	struct sqlite_list q = {
		.mailbox_id = j->mailbox_id, .folder_id = j->folder_id,
		.filter = &j->filter, .pos = j->pos, .limit = j->limit,
	};
	struct store_pos *v;
	bool more;
	size_t n;
	int err;

	v = ARENA_ARRAY(&w->arena, struct store_pos, j->limit);
	if (!v)
		return ERR_NOMEM;
	err = sqlite_list_run(&w->db, &q, v, &n, &more);
	if (err == 0)
		err = mark_places_of(w, mb, j, v, n);
	if (err == 0) {
		if (n)
			j->pos = v[n - 1];
		j->more = more;
	}
	return err;
}

int
sqlite_mark(struct sqlite_writer *w, struct store_mark *j)
{
	struct ledger_mailbox *mb;
	int err = ledger_mailbox(&w->ledger, j->mailbox_id, &mb);

	if (err == 0)
		err = j->by_filter ? mark_filter(w, mb, j) :
				     mark_ids(w, mb, j);
	if (err == 0)
		j->modseq = mb->modseq;
	return err;
}
