/*
 * DELETE and RESTORE: a message out of a folder, into TRASH, out of sight, and
 * back to where it was.
 */
#include "store/sqlite/sqlite_write_priv.h"

/* What a message changes to. */
struct move {
	const struct sqlite_msg *m;
	struct sqlite_ids in, was;
	bool gone;
	bool for_good;		/* gone since ever: see RESTORE, and purge */
};

/* The entry of a folder that a message is in; it has to be there. */
static int
folder_of(struct sqlite_writer *w, struct ledger_mailbox *mb, uint32_t id,
	  struct ledger_folder **ret)
{
	int err = ledger_folder(&w->ledger, mb, id, ret);

	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

static int
leave(struct sqlite_writer *w, struct ledger_mailbox *mb,
      const struct sqlite_msg *m, uint32_t id)
{
	struct ledger_folder *f;
	int err = folder_of(w, mb, id, &f);

	if (err < 0)
		return err;
	ledger_leave(&w->ledger, mb, f, m->flags, m->size);
	return db_exec(&w->db, SQL_PLACE_DEL, "iiii", mb->mailbox_id, U64(id),
		       m->pos.ord, U64(m->pos.no));
}

static int
enter(struct sqlite_writer *w, struct ledger_mailbox *mb,
      const struct sqlite_msg *m, uint32_t id)
{
	struct ledger_folder *f;
	int err = folder_of(w, mb, id, &f);

	if (err < 0)
		return err;
	ledger_enter(&w->ledger, mb, f, m->flags, m->size);
	return db_exec(&w->db, SQL_PLACE_ADD, "iiiii", mb->mailbox_id, U64(id),
		       m->pos.ord, U64(m->pos.no),
		       U64(sqlite_msg_mirror(m->flags)));
}

/* Folders that it stays in have changed with it. */
static int
stay(struct sqlite_writer *w, struct ledger_mailbox *mb, uint32_t id)
{
	struct ledger_folder *f;
	int err = folder_of(w, mb, id, &f);

	if (err == 0) {
		ledger_touch(&w->ledger, f);
		f->modseq = mb->modseq;
	}
	return err;
}

/* Out of sight, a message is in no count and no quota. */
static void
count_gone(struct ledger_mailbox *mb, const struct move *mv)
{
	const struct sqlite_msg *m = mv->m;

	if (mv->gone && !m->gone) {
		mb->used -= m->size;
		mb->total--;
		mb->unread -= !(m->flags & FLAG_READ);
	} else if (!mv->gone && m->gone) {
		mb->used += m->size;
		mb->total++;
		mb->unread += !(m->flags & FLAG_READ);
	}
}

static int
move(struct sqlite_writer *w, struct ledger_mailbox *mb,
     const struct store_remove *j, const struct move *mv)
{
	const struct sqlite_msg *m = mv->m;
	struct sqlite_change change = {
		.mb = mb, .no = m->pos.no, .at = j->at,
		.kind = mv->gone ? CHANGE_GONE : CHANGE_FOLDERS,
		.folder_id = j->folder_id, .actor = j->account_id,
		.detail = sqlite_ids_str(&m->in),
	};
	int err = sqlite_change(w, &change);

	for (size_t i = 0; err == 0 && i < m->in.n; i++) {
		uint32_t id = sqlite_ids_at(&m->in, i);

		err = sqlite_ids_has(&mv->in, id) ? stay(w, mb, id) :
						    leave(w, mb, m, id);
	}
	for (size_t i = 0; err == 0 && i < mv->in.n; i++) {
		uint32_t id = sqlite_ids_at(&mv->in, i);

		if (!sqlite_ids_has(&m->in, id))
			err = enter(w, mb, m, id);
	}
	if (err < 0)
		return err;
	count_gone(mb, mv);
	if (mv->gone)
		return db_exec(&w->db, SQL_MESSAGE_MOVE, "ibbii", m->docid,
			       sqlite_ids_str(&mv->in),
			       sqlite_ids_str(&mv->was),
			       mv->for_good ? U64(0) : j->at, mb->modseq);
	return db_exec(&w->db, SQL_MESSAGE_MOVE, "ibbni", m->docid,
		       sqlite_ids_str(&mv->in), sqlite_ids_str(&mv->was),
		       mb->modseq);
}

int
sqlite_delete_for_good(struct sqlite_writer *w, struct ledger_mailbox *mb,
		       const struct sqlite_msg *m, uint64_t at, uint64_t actor)
{
	struct store_remove j = { .at = at, .account_id = actor };
	struct move mv = { .m = m, .was = m->was, .gone = true,
			   .for_good = true };

	return move(w, mb, &j, &mv);
}

static bool
is_for_good(const struct sqlite_msg *m)
{
	return m->gone && m->gone_at == 0;
}

static int
delete_one(struct sqlite_writer *w, struct ledger_mailbox *mb,
	   const struct store_remove *j, const struct sqlite_msg *m)
{
	struct move mv = { .m = m, .was = m->was };
	uint8_t *ids = arena_alloc(&w->arena, m->in.n * SQLITE_ID_SIZE + 4);
	bool last = !j->folder_id || m->in.n == 1;

	if (!ids)
		return ERR_NOMEM;
	if (last && mb->retention)
		return sqlite_delete_for_good(w, mb, m, j->at, j->account_id);
	mv.in.p = ids;
	if (!last) {
		for (size_t i = 0; i < m->in.n; i++) {
			uint32_t id = sqlite_ids_at(&m->in, i);

			if (id != j->folder_id)
				sqlite_ids_put(ids, mv.in.n++, id);
		}
	} else if (sqlite_ids_has(&m->in, ROLE_TRASH)) {
		mv.gone = true;
	} else {
		sqlite_ids_put(ids, mv.in.n++, ROLE_TRASH);
		mv.was = m->in;
	}
	return move(w, mb, j, &mv);
}

int
sqlite_delete(struct sqlite_writer *w, struct store_remove *j)
{
	struct ledger_mailbox *mb;
	uint64_t changed = 0;
	int err = ledger_mailbox(&w->ledger, j->mailbox_id, &mb);

	if (err < 0)
		return err;
	for (size_t i = 0; i < j->nids; i++) {
		struct sqlite_msg m;

		err = sqlite_msg_find(&w->db, &w->arena, j->mailbox_id,
				      &j->ids[i], &m);
		if (err < 0 && err != ERR_NOTFOUND)
			return err;
		j->missing[i] = err < 0 || !sqlite_msg_in(&m, j->folder_id);
		if (j->missing[i])
			continue;
		err = delete_one(w, mb, j, &m);
		if (err < 0)
			return err;
		changed++;
	}
	j->changed = changed;
	j->modseq = mb->modseq;
	return 0;
}

/* The folders a message goes back to: those it is in beside TRASH, and those
 * it was in before, INBOX if there is none. */
static int
restore_one(struct sqlite_writer *w, struct ledger_mailbox *mb,
	    const struct store_remove *j, const struct sqlite_msg *m)
{
	struct move mv = { .m = m, .was = m->was };
	uint8_t *ids = arena_alloc(&w->arena, (m->in.n + m->was.n + 1) *
						      SQLITE_ID_SIZE);

	if (!ids)
		return ERR_NOMEM;
	mv.in.p = ids;
	for (size_t i = 0; i < m->in.n; i++) {
		uint32_t id = sqlite_ids_at(&m->in, i);

		if (id != ROLE_TRASH)
			sqlite_ids_put(ids, mv.in.n++, id);
	}
	for (size_t i = 0; i < m->was.n; i++) {
		uint32_t id = sqlite_ids_at(&m->was, i);
		struct ledger_folder *f;
		int err = ledger_folder(&w->ledger, mb, id, &f);

		if (err < 0 && err != ERR_NOTFOUND)
			return err;
		if (err == 0 && !sqlite_ids_has(&mv.in, id))
			sqlite_ids_put(ids, mv.in.n++, id);
	}
	if (!mv.in.n)
		sqlite_ids_put(ids, mv.in.n++, ROLE_INBOX);
	return move(w, mb, j, &mv);
}

int
sqlite_restore(struct sqlite_writer *w, struct store_remove *j)
{
	struct ledger_mailbox *mb;
	uint64_t changed = 0;
	int err = ledger_mailbox(&w->ledger, j->mailbox_id, &mb);

	if (err < 0)
		return err;
	for (size_t i = 0; i < j->nids; i++) {
		struct sqlite_msg m;

		err = sqlite_msg_find(&w->db, &w->arena, j->mailbox_id,
				      &j->ids[i], &m);
		if (err < 0 && err != ERR_NOTFOUND)
			return err;
		j->missing[i] = err < 0 || is_for_good(&m);
		if (j->missing[i] || (!m.gone && !sqlite_ids_has(&m.in, ROLE_TRASH)))
			continue;
		err = restore_one(w, mb, j, &m);
		if (err < 0)
			return err;
		changed++;
	}
	j->changed = changed;
	j->modseq = mb->modseq;
	return 0;
}
