#include "store/mem/mem_priv.h"

static int
give(struct mem_tx *tx, const struct store_append *j, struct mem_box *box,
     const struct mem_folder *f)
{
	struct mem_msg *m = mem_tx_alloc(tx, sizeof(*m));
	int err;

	if (!m)
		return ERR_NOMEM;
	m->uuid = j->id;
	m->pos.ord = j->received;
	m->thread = mem_thread_for(box, j->has_reply ? &j->reply : NULL,
				   j->from, m->uuid);
	m->flags = j->flags;
	m->size = j->size;
	m->keywords = mem_tx_str(tx, j->keywords);
	m->env = mem_tx_str(tx, j->env);
	if (!m->keywords.p || !m->env.p)
		return ERR_NOMEM;
	err = mem_set_new(tx, &f->id, 1, &m->in);
	if (!err)
		err = mem_body_new(tx, j->body, j->big, &m->body);
	return err < 0 ? err : mem_box_add_msg(tx, box, m);
}

int
mem_append(struct mem_tx *tx, struct store_append *j)
{
	struct mem_box *box = mem_box_get(tx->store, j->mailbox_id);
	const struct mem_folder *f;
	int err;

	if (!box)
		return ERR_NOTFOUND;
	if (mem_box_msg(box, &j->id))
		return ERR_EXISTS;
	f = mem_box_folder(box, j->folder_key);
	if (!f)
		return ERR_NOTFOUND;
	err = mem_quota_check(tx->store, box, j->size);
	if (!err)
		err = give(tx, j, box, f);
	if (!err)
		j->modseq = box->modseq;
	return err;
}
