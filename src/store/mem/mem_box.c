#include <assert.h>

#include "store/mem/mem_priv.h"

/* --- mailboxes --- */

struct mem_box *
mem_box_get(struct mem_store *s, uint64_t id)
{
	return map_get(&s->boxes, mem_id(&id));
}

int
mem_box_new(struct mem_tx *tx, struct mem_account *acc)
{
	struct mem_box *box = mem_tx_alloc(tx, sizeof(*box));
	struct mem_folder *f;

	if (!box)
		return ERR_NOMEM;
	box->id = ++tx->store->next_id;
	box->account = acc;
	for (int role = ROLE_INBOX; role < ROLE_COUNT; role++) {
		struct str path = str_c(folder_role_path(role)), key;
		int err;

		/* Role paths are ASCII: this is their case fold. */
		key = arena_str(&tx->arena, path);
		if (!key.p)
			return ERR_NOMEM;
		for (size_t i = 0; i < key.n; i++)
			((char *)key.p)[i] |= 0x20;
		err = mem_box_folder_add(tx, box, path, key, role, &f);
		if (err < 0)
			return err;
	}
	acc->box = box;
	return mem_tx_put(tx, &tx->store->boxes, mem_id(&box->id), box);
}

static void
msg_free(struct mem_store *s, struct mem_msg *m)
{
	mem_body_unref(s, m->body);
	mem_free((void *)m->keywords.p);
	mem_free((void *)m->env.p);
	mem_free(m->in.v);
	mem_free(m->was.v);
	mem_free(m);
}

void
mem_box_forget_msg(struct mem_store *s, struct mem_box *box, struct mem_msg *m)
{
	mem_ptrs_remove(&box->msgs, mem_box_msg_at(box, m->pos));
	(void)map_del(&box->by_uuid, str_n(m->uuid.b, 16));	/* is m */
	msg_free(s, m);
}

void
mem_box_free(struct mem_store *s, struct mem_box *box)
{
	for (size_t i = 0; i < box->msgs.n; i++)
		msg_free(s, box->msgs.v[i]);
	for (size_t i = 0; i < box->folders.n; i++) {
		struct mem_folder *f = box->folders.v[i];

		mem_free((void *)f->path.p);
		mem_free((void *)f->key.p);
		mem_free(f);
	}
	mem_ptrs_done(&box->msgs);
	mem_ptrs_done(&box->folders);
	map_done(&box->by_uuid);
	(void)map_del(&s->boxes, mem_id(&box->id));	/* is box */
	mem_free(box);
}

uint64_t
mem_box_used(const struct mem_box *box, uint64_t *ret_total,
	     uint64_t *ret_unread)
{
	uint64_t used = 0;

	*ret_total = *ret_unread = 0;
	for (size_t i = 0; i < box->msgs.n; i++) {
		const struct mem_msg *m = box->msgs.v[i];

		if (!m->in.n)
			continue;
		used += m->size;
		++*ret_total;
		*ret_unread += !(m->flags & FLAG_READ);
	}
	return used;
}

uint64_t
mem_box_quota(const struct mem_store *s, const struct mem_box *box)
{
	return box->account->quota ? box->account->quota : s->limits->quota;
}

static int
folder_touch(struct mem_tx *tx, struct mem_folder *f, uint64_t modseq)
{
	if (mem_tx_save(tx, &f->modseq, sizeof(f->modseq)) < 0)
		return ERR_NOMEM;
	f->modseq = modseq;
	return 0;
}

int
mem_box_bump(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m)
{
	if (mem_tx_save(tx, &box->modseq, sizeof(box->modseq)) < 0)
		return ERR_NOMEM;
	if (m && mem_tx_save(tx, &m->modseq, sizeof(m->modseq)) < 0)
		return ERR_NOMEM;
	box->modseq++;
	if (!m)
		return 0;
	m->modseq = box->modseq;

	/* Its folders have changed with it. */
	for (size_t i = 0; i < box->folders.n; i++) {
		struct mem_folder *f = box->folders.v[i];

		if (mem_set_has(&m->in, f->id) &&
		    folder_touch(tx, f, box->modseq) < 0)
			return ERR_NOMEM;
	}
	return 0;
}

/* --- folders --- */

size_t
mem_box_folder_at(const struct mem_box *box, struct str key)
{
	size_t at = 0;

	while (at < box->folders.n) {
		const struct mem_folder *f = box->folders.v[at];

		if (str_cmp(f->key, key) >= 0)
			break;
		at++;
	}
	return at;
}

struct mem_folder *
mem_box_folder(const struct mem_box *box, struct str key)
{
	size_t at = mem_box_folder_at(box, key);
	struct mem_folder *f = at < box->folders.n ? box->folders.v[at] : NULL;

	return f && str_eq(f->key, key) ? f : NULL;
}

struct mem_folder *
mem_box_folder_id(const struct mem_box *box, uint32_t id)
{
	for (size_t i = 0; i < box->folders.n; i++) {
		struct mem_folder *f = box->folders.v[i];

		if (f->id == id)
			return f;
	}
	return NULL;
}

struct mem_folder *
mem_box_role(const struct mem_box *box, enum folder_role role)
{
	for (size_t i = 0; i < box->folders.n; i++) {
		struct mem_folder *f = box->folders.v[i];

		if (f->role == role)
			return f;
	}
	assert(false);	/* every mailbox has them */
	return NULL;
}

int
mem_box_folder_add(struct mem_tx *tx, struct mem_box *box, struct str path,
		   struct str key, enum folder_role role,
		   struct mem_folder **ret)
{
	struct mem_folder *f = mem_tx_alloc(tx, sizeof(*f));
	int err;

	if (!f)
		return ERR_NOMEM;
	f->path = mem_tx_str(tx, path);
	f->key = mem_tx_str(tx, key);
	f->role = role;
	if (!f->path.p || !f->key.p)
		return ERR_NOMEM;
	if (mem_tx_save(tx, &box->next_folder, sizeof(box->next_folder)) < 0)
		return ERR_NOMEM;
	f->id = ++box->next_folder;
	err = mem_tx_insert(tx, &box->folders, mem_box_folder_at(box, key), f);
	if (err < 0)
		return err;
	*ret = f;
	return 0;
}

/* --- messages --- */

struct mem_msg *
mem_box_msg(const struct mem_box *box, const struct uuid *uuid)
{
	return map_get(&box->by_uuid, str_n(uuid->b, sizeof(uuid->b)));
}

int
mem_box_pos_cmp(struct store_pos a, struct store_pos b)
{
	if (a.ord != b.ord)
		return a.ord < b.ord ? -1 : 1;
	return (a.no > b.no) - (a.no < b.no);
}

size_t
mem_box_msg_at(const struct mem_box *box, struct store_pos pos)
{
	size_t low = 0, high = box->msgs.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct mem_msg *m = box->msgs.v[mid];

		if (mem_box_pos_cmp(m->pos, pos) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
mem_set_has(const struct mem_set *set, uint32_t id)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i] == id)
			return true;
	return false;
}

bool
mem_msg_in(const struct mem_msg *m, uint32_t folder_id)
{
	return folder_id ? mem_set_has(&m->in, folder_id) : m->in.n > 0;
}

int
mem_set_new(struct mem_tx *tx, const uint32_t *ids, size_t n,
	    struct mem_set *ret)
{
	uint32_t *v = mem_tx_alloc(tx, n * sizeof(*v));

	if (!v)
		return ERR_NOMEM;
	if (n)
		memcpy(v, ids, n * sizeof(*v));
	*ret = (struct mem_set){ v, n };
	return 0;
}

int
mem_msg_move(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m,
	     struct mem_set in)
{
	struct mem_set old = m->in;
	int err;

	if (mem_tx_save(tx, &m->in, sizeof(m->in)) < 0 ||
	    mem_tx_free(tx, old.v) < 0)
		return ERR_NOMEM;
	m->in = in;
	err = mem_box_bump(tx, box, m);

	/* The folders it has left have changed as well. */
	for (size_t i = 0; !err && i < old.n; i++)
		err = folder_touch(tx, mem_box_folder_id(box, old.v[i]),
				   box->modseq);
	return err;
}

bool
mem_msg_matches(const struct mem_msg *m, const struct filter *f)
{
	if ((f->bits & FILTER_UNREAD) && (m->flags & FLAG_READ))
		return false;
	if ((f->bits & FILTER_READ) && !(m->flags & FLAG_READ))
		return false;
	if ((f->bits & FILTER_IMPORTANT) && !(m->flags & FLAG_IMPORTANT))
		return false;
	if ((f->bits & FILTER_FLAGGED) && !(m->flags & FLAG_FLAGGED))
		return false;
	return !(f->bits & FILTER_THREAD) || uuid_eq(&m->thread, &f->thread);
}
