#include "store/mem/mem_priv.h"

/* --- MARK --- */

static int
new_keywords(struct mem_tx *tx, const struct store_mark *j, struct str old,
	     struct str *ret)
{
	struct str set = old;
	int err = 0;

	for (size_t i = 0; !err && i < j->nadd; i++)
		err = keywords_add(&tx->arena, set, j->add[i], &set);
	for (size_t i = 0; !err && i < j->ndel; i++)
		err = keywords_del(&tx->arena, set, j->del[i], &set);
	if (!err)
		*ret = set;
	return err;
}

/* Returns 1 if the message is different now, 0 if not, or an error. */
static int
mark_one(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m,
	 const struct store_mark *j)
{
	unsigned flags = (m->flags | j->set) & ~j->clear;
	struct str keywords = { 0 };
	int err = new_keywords(tx, j, m->keywords, &keywords);

	if (err < 0)
		return err;
	if (flags == m->flags && str_eq(keywords, m->keywords))
		return 0;
	if (mem_tx_save(tx, &m->flags, sizeof(m->flags)) < 0 ||
	    mem_tx_save(tx, &m->keywords, sizeof(m->keywords)) < 0 ||
	    mem_tx_free(tx, m->keywords.p) < 0)
		return ERR_NOMEM;
	keywords = mem_tx_str(tx, keywords);
	if (!keywords.p)
		return ERR_NOMEM;
	m->flags = flags;
	m->keywords = keywords;
	err = mem_box_bump(tx, box, m);
	return err < 0 ? err : 1;
}

static int
mark_ids(struct mem_tx *tx, struct mem_box *box, struct store_mark *j)
{
	uint64_t changed = 0;

	for (size_t i = 0; i < j->nids; i++) {
		struct mem_msg *m = mem_box_msg(box, &j->ids[i]);
		int did;

		j->missing[i] = !m || !mem_msg_in(m, j->folder_id);
		if (j->missing[i])
			continue;
		did = mark_one(tx, box, m, j);
		if (did < 0)
			return did;
		changed += (unsigned)did;
	}
	j->changed += changed;
	j->more = false;
	return 0;
}

static int
mark_filter(struct mem_tx *tx, struct mem_box *box, struct store_mark *j)
{
	struct store_pos pos = j->pos;
	uint64_t changed = 0;
	size_t seen = 0;
	bool more = false;

	for (size_t i = mem_box_msg_at(box, pos); i < box->msgs.n; i++) {
		struct mem_msg *m = box->msgs.v[i];
		int did;

		if (mem_box_pos_cmp(m->pos, j->pos) == 0 ||
		    !mem_msg_in(m, j->folder_id) ||
		    !mem_msg_matches(m, &j->filter))
			continue;
		if (seen == j->limit) {
			more = true;
			break;
		}
		did = mark_one(tx, box, m, j);
		if (did < 0)
			return did;
		changed += (unsigned)did;
		seen++;
		pos = m->pos;
	}
	j->pos = pos;
	j->changed += changed;
	j->more = more;
	return 0;
}

int
mem_mark(struct mem_tx *tx, struct store_mark *j)
{
	struct mem_box *box = mem_box_get(tx->store, j->mailbox_id);
	int err;

	if (!box)
		return ERR_NOTFOUND;
	err = j->by_filter ? mark_filter(tx, box, j) : mark_ids(tx, box, j);
	if (!err)
		j->modseq = box->modseq;
	return err;
}

/* --- DELETE and RESTORE --- */

/* Remember the folders a message is in, for RESTORE. */
static int
keep_was(struct mem_tx *tx, struct mem_msg *m)
{
	struct mem_set was;

	if (mem_set_new(tx, m->in.v, m->in.n, &was) < 0 ||
	    mem_tx_save(tx, &m->was, sizeof(m->was)) < 0 ||
	    mem_tx_free(tx, m->was.v) < 0)
		return ERR_NOMEM;
	m->was = was;
	return 0;
}

/* Out of one of several folders. */
static int
take_out(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m,
	 uint32_t folder_id)
{
	struct mem_set in;
	size_t n = 0;

	if (mem_set_new(tx, m->in.v, m->in.n, &in) < 0)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->in.n; i++)
		if (m->in.v[i] != folder_id)
			in.v[n++] = m->in.v[i];
	in.n = n;
	return mem_msg_move(tx, box, m, in);
}

int
mem_msg_gone(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m,
	     uint64_t at)
{
	struct mem_set in;

	if (mem_set_new(tx, NULL, 0, &in) < 0 ||
	    mem_tx_save(tx, &m->gone_at, sizeof(m->gone_at)) < 0)
		return ERR_NOMEM;
	m->gone_at = at;
	return mem_msg_move(tx, box, m, in);
}

static int
delete_one(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m,
	   const struct store_remove *j)
{
	uint32_t trash = mem_box_role(box, ROLE_TRASH)->id;
	struct mem_set in;

	if (j->folder_id && m->in.n > 1)
		return take_out(tx, box, m, j->folder_id);
	if (box->account->retention)
		return mem_msg_gone(tx, box, m, 0);
	if (mem_set_has(&m->in, trash))
		return mem_msg_gone(tx, box, m, j->at);
	if (keep_was(tx, m) < 0 || mem_set_new(tx, &trash, 1, &in) < 0)
		return ERR_NOMEM;
	return mem_msg_move(tx, box, m, in);
}

int
mem_delete(struct mem_tx *tx, struct store_remove *j)
{
	struct mem_box *box = mem_box_get(tx->store, j->mailbox_id);
	uint64_t changed = 0;

	if (!box)
		return ERR_NOTFOUND;
	for (size_t i = 0; i < j->nids; i++) {
		struct mem_msg *m = mem_box_msg(box, &j->ids[i]);
		int err;

		j->missing[i] = !m || !mem_msg_in(m, j->folder_id);
		if (j->missing[i])
			continue;
		err = delete_one(tx, box, m, j);
		if (err < 0)
			return err;
		changed++;
	}
	j->changed = changed;
	j->modseq = box->modseq;
	return 0;
}

/* The folders a message goes back to: those it is in beside TRASH, and those
 * it was in before, INBOX if there is none. */
static int
old_folders(struct mem_tx *tx, const struct mem_box *box,
	    const struct mem_msg *m, uint32_t trash, struct mem_set *ret)
{
	struct mem_set set = { 0 };

	set.v = mem_tx_alloc(tx, (m->in.n + m->was.n + 1) * sizeof(*set.v));
	if (!set.v)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->in.n; i++)
		if (m->in.v[i] != trash)
			set.v[set.n++] = m->in.v[i];
	for (size_t i = 0; i < m->was.n; i++)
		if (mem_box_folder_id(box, m->was.v[i]) &&
		    !mem_set_has(&set, m->was.v[i]))
			set.v[set.n++] = m->was.v[i];
	if (!set.n)
		set.v[set.n++] = mem_box_role(box, ROLE_INBOX)->id;
	*ret = set;
	return 0;
}

int
mem_restore(struct mem_tx *tx, struct store_remove *j)
{
	struct mem_box *box = mem_box_get(tx->store, j->mailbox_id);
	uint64_t changed = 0;
	uint32_t trash;

	if (!box)
		return ERR_NOTFOUND;
	trash = mem_box_role(box, ROLE_TRASH)->id;
	for (size_t i = 0; i < j->nids; i++) {
		struct mem_msg *m = mem_box_msg(box, &j->ids[i]);
		struct mem_set in;

		j->missing[i] = !m || (!m->in.n && !m->gone_at);
		if (j->missing[i] || (m->in.n && !mem_set_has(&m->in, trash)))
			continue;
		if (old_folders(tx, box, m, trash, &in) < 0 ||
		    mem_msg_move(tx, box, m, in) < 0)
			return ERR_NOMEM;
		changed++;
	}
	j->changed = changed;
	j->modseq = box->modseq;
	return 0;
}
