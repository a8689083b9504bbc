#include "store/mem/mem_priv.h"

int
mem_list_count(struct store_reader *r, uint64_t mailbox_id, uint32_t folder_id,
	       const struct filter *f, uint64_t *ret_total,
	       uint64_t *ret_unread)
{
	const struct mem_box *box = mem_box_get(mem_of(r), mailbox_id);
	uint64_t total = 0, unread = 0;

	for (size_t i = 0; box && i < box->msgs.n; i++) {
		const struct mem_msg *m = box->msgs.v[i];

		if (!mem_msg_in(m, folder_id) || !mem_msg_matches(m, f))
			continue;
		total++;
		unread += !(m->flags & FLAG_READ);
	}
	*ret_total = total;
	*ret_unread = unread;
	return 0;
}

static bool
takes(const struct store_list *q, const struct mem_msg *m)
{
	return mem_msg_in(m, q->folder_id) && mem_msg_matches(m, &q->filter);
}

/* The last q->limit messages before index `end`. */
static void
list_back(const struct mem_box *box, const struct store_list *q, size_t end,
	  struct store_pos *ret, size_t *ret_n, bool *ret_more)
{
	size_t n = 0, i = end;

	*ret_more = false;
	while (i > 0) {
		const struct mem_msg *m = box->msgs.v[--i];

		if (!takes(q, m))
			continue;
		if (n == q->limit) {
			*ret_more = true;
			break;
		}
		ret[n++] = m->pos;
	}
	*ret_n = n;

	/* They were found newest first. */
	for (i = 0; i < n / 2; i++) {
		struct store_pos pos = ret[i];

		ret[i] = ret[n - 1 - i];
		ret[n - 1 - i] = pos;
	}
}

/* The first q->limit messages from index i on. */
static void
list_on(const struct mem_box *box, const struct store_list *q, size_t i,
	struct store_pos *ret, size_t *ret_n, bool *ret_more)
{
	size_t n = 0;

	*ret_more = false;
	for (; i < box->msgs.n; i++) {
		const struct mem_msg *m = box->msgs.v[i];

		if (!takes(q, m))
			continue;
		if (n == q->limit) {
			*ret_more = true;
			break;
		}
		ret[n++] = m->pos;
	}
	*ret_n = n;
}

/* The place right behind pos. */
static struct store_pos
behind(struct store_pos pos)
{
	if (pos.no == UINT32_MAX)
		return (struct store_pos){ pos.ord + 1, 0 };
	return (struct store_pos){ pos.ord, pos.no + 1 };
}

int
mem_list_list(struct store_reader *r, const struct store_list *q,
	      struct store_pos *ret, size_t *ret_n, bool *ret_more)
{
	static const struct mem_box empty;
	const struct mem_box *box = mem_box_get(mem_of(r), q->mailbox_id);
	struct store_pos pos = q->pos;

	if (!box)
		box = &empty;
	if (q->from == STORE_BEFORE_UUID || q->from == STORE_AFTER_UUID) {
		/* Gone or elsewhere, its place is still known. */
		const struct mem_msg *m = mem_box_msg(box, &q->anchor);

		if (!m)
			return ERR_NOTFOUND;
		pos = m->pos;
	}
	switch (q->from) {
	case STORE_NEWEST:
		list_back(box, q, box->msgs.n, ret, ret_n, ret_more);
		break;
	case STORE_BEFORE_UUID:
		list_back(box, q, mem_box_msg_at(box, pos), ret, ret_n,
			  ret_more);
		break;
	case STORE_AFTER_UUID:
	case STORE_AFTER_POS:
		list_on(box, q, mem_box_msg_at(box, behind(pos)), ret, ret_n,
			ret_more);
		break;
	}
	return 0;
}

static int
folders_copy(struct arena *a, const struct mem_box *box,
	     const struct mem_msg *m, const struct str **ret)
{
	struct str *v = ARENA_ARRAY(a, struct str, m->in.n);

	if (!v)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->in.n; i++) {
		v[i] = arena_str(a, mem_box_folder_id(box, m->in.v[i])->path);
		if (!v[i].p)
			return ERR_NOMEM;
	}
	*ret = v;
	return 0;
}

static int
row_copy(struct arena *a, const struct mem_box *box, const struct mem_msg *m,
	 struct store_row *ret)
{
	struct store_row out = {
		.pos = m->pos,
		.uuid = m->uuid,
		.has_origin = m->has_origin,
		.origin = m->origin,
		.thread = m->thread,
		.flags = m->flags,
		.keywords = arena_str(a, m->keywords),
		.modseq = m->modseq,
		.size = m->size,
		.body_id = m->body->id,
		.nfolders = m->in.n,
		.env = arena_str(a, m->env),
	};

	if (!out.keywords.p || !out.env.p ||
	    folders_copy(a, box, m, &out.folders) < 0)
		return ERR_NOMEM;
	*ret = out;
	return 0;
}

int
mem_list_rows(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	      const struct store_pos *pos, size_t n, size_t octets,
	      struct store_row *ret, size_t *ret_n, size_t *ret_used)
{
	const struct mem_box *box = mem_box_get(mem_of(r), mailbox_id);
	size_t used = 0, done = 0, sum = 0;

	while (used < n && (!done || sum < octets)) {
		struct store_pos p = pos[used++];
		size_t at = box ? mem_box_msg_at(box, p) : 0;
		const struct mem_msg *m;
		int err;

		if (!box || at == box->msgs.n)
			continue;
		m = box->msgs.v[at];
		if (mem_box_pos_cmp(m->pos, p) != 0 || !m->in.n)
			continue;
		err = row_copy(a, box, m, &ret[done]);
		if (err < 0)
			return err;
		sum += ret[done++].env.n;
	}
	*ret_n = done;
	*ret_used = used;
	return 0;
}

int
mem_list_row_find(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		  uint32_t folder_id, const struct uuid *uuid,
		  struct store_row *ret)
{
	const struct mem_box *box = mem_box_get(mem_of(r), mailbox_id);
	const struct mem_msg *m = box ? mem_box_msg(box, uuid) : NULL;

	if (!m || !mem_msg_in(m, folder_id))
		return ERR_NOTFOUND;
	return row_copy(a, box, m, ret);
}

int
mem_list_row_any(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		 const struct uuid *uuid, struct store_row *ret)
{
	const struct mem_box *box = mem_box_get(mem_of(r), mailbox_id);
	const struct mem_msg *m = box ? mem_box_msg(box, uuid) : NULL;

	return m ? row_copy(a, box, m, ret) : ERR_NOTFOUND;
}
