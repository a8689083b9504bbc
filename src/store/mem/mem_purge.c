#include "store/mem/mem_priv.h"

static bool
older(uint64_t at, uint64_t now, uint64_t limit)
{
	return now > at && now - at > limit;
}

/* Forget mail of one mailbox; false once the limit is reached and there is
 * more. */
static bool
purge_box(struct mem_store *s, struct mem_box *box, struct store_purge *j)
{
	size_t i = 0;

	while (i < box->msgs.n) {
		struct mem_msg *m = box->msgs.v[i];

		if (m->in.n ||
		    !older(m->gone_at, j->now, s->limits->undelete)) {
			i++;
			continue;
		}
		if (j->messages == j->limit)
			return false;
		mem_box_forget_msg(s, box, m);
		j->messages++;
	}
	return true;
}

static bool
purge_onces(struct mem_store *s, struct store_purge *j)
{
	size_t pos = 0;
	struct str key;
	void *value;

	while (map_next(&s->onces, &pos, &key, &value)) {
		struct mem_once *o = value;

		if (!older(o->at, j->now, s->limits->once))
			continue;
		if (j->messages + j->ids == j->limit)
			return false;
		(void)map_del(&s->onces, key);	/* is o */
		mem_once_free(o);
		j->ids++;
	}
	return true;
}

int
mem_purge(struct mem_tx *tx, struct store_purge *j)
{
	struct mem_store *s = tx->store;
	bool all = true;

	j->messages = j->ids = 0;
	for (size_t i = 0; all && i < s->accounts.n; i++) {
		struct mem_account *acc = s->accounts.v[i];

		all = purge_box(s, acc->box, j);
	}
	if (all)
		all = purge_onces(s, j);
	j->more = !all;
	return 0;
}
