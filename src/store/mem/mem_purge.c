#include "store/mem/mem_priv.h"

static bool
older(uint64_t at, uint64_t now, uint64_t limit)
{
	return now > at && now - at > limit;
}

/* What a temporary mailbox has kept for too long goes out of sight for good;
 * false at the limit. */
static bool
expire_box(struct mem_tx *tx, struct mem_box *box, const struct store_purge *j,
	   size_t *left, int *reterr)
{
	uint32_t drafts = mem_box_role(box, ROLE_DRAFTS)->id;
	uint64_t retention = box->account->retention;

	for (size_t i = 0; retention && i < box->msgs.n; i++) {
		struct mem_msg *m = box->msgs.v[i];

		if (!m->in.n || mem_set_has(&m->in, drafts) ||
		    !older(m->pos.ord, j->now, retention))
			continue;
		if (!*left)
			return false;
		*reterr = mem_msg_gone(tx, box, m, 0);
		if (*reterr < 0)
			return false;
		--*left;
	}
	return true;
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
	size_t left = j->limit;
	bool all = true, expired = true;
	int err = 0;

	/* First what can fail: what is forgotten cannot be taken back. */
	for (size_t i = 0; expired && i < s->accounts.n; i++) {
		struct mem_account *acc = s->accounts.v[i];

		expired = expire_box(tx, acc->box, j, &left, &err);
	}
	if (err < 0)
		return err;
	j->messages = j->ids = j->next = 0;
	for (size_t i = 0; all && i < s->accounts.n; i++) {
		struct mem_account *acc = s->accounts.v[i];

		all = purge_box(s, acc->box, j);
	}
	if (all)
		all = purge_onces(s, j);
	j->more = !all || !expired;
	return 0;
}
