#include <assert.h>

#include "store/mem/mem_priv.h"

static int
folder_copy(struct arena *a, const struct mem_box *box,
	    const struct mem_folder *f, struct store_folder *ret)
{
	struct store_folder out = {
		.folder_id = f->id,
		.role = f->role,
		.path = arena_str(a, f->path),
		.key = arena_str(a, f->key),
		.modseq = f->modseq,
	};

	if (!out.path.p || !out.key.p)
		return ERR_NOMEM;
	for (size_t i = 0; i < box->msgs.n; i++) {
		const struct mem_msg *m = box->msgs.v[i];

		if (!mem_set_has(&m->in, f->id))
			continue;
		out.total++;
		out.unread += !(m->flags & FLAG_READ);
		out.flagged += !!(m->flags & FLAG_FLAGGED);
		out.octets += m->size;
	}
	*ret = out;
	return 0;
}

int
mem_folder_find(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		struct str key, struct store_folder *ret)
{
	const struct mem_box *box = mem_box_get(mem_of(r), mailbox_id);
	const struct mem_folder *f = box ? mem_box_folder(box, key) : NULL;

	return f ? folder_copy(a, box, f, ret) : ERR_NOTFOUND;
}

/* Is the folder that of key, or below it? */
static bool
within(const struct mem_folder *f, struct str key)
{
	if (!key.n)
		return true;
	return str_starts(f->key, key) &&
	       (f->key.n == key.n || f->key.p[key.n] == '/');
}

int
mem_folder_list(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		struct str key, struct store_folder **ret, size_t *ret_n)
{
	const struct mem_box *box = mem_box_get(mem_of(r), mailbox_id);
	struct store_folder *v;
	size_t n = 0;

	v = ARENA_ARRAY(a, struct store_folder, box ? box->folders.n : 0);
	if (!v)
		return ERR_NOMEM;
	for (size_t i = 0; box && i < box->folders.n; i++) {
		const struct mem_folder *f = box->folders.v[i];
		int err;

		if (!within(f, key))
			continue;
		err = folder_copy(a, box, f, &v[n]);
		if (err < 0)
			return err;
		n++;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

int
mem_folder_mailbox(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		   struct store_mailbox *ret)
{
	const struct mem_box *box = mem_box_get(mem_of(r), mailbox_id);
	struct store_mailbox out;

	if (!box)
		return ERR_NOTFOUND;
	out = (struct store_mailbox){
		.mailbox_id = box->id,
		.modseq = box->modseq,
		.quota = mem_box_quota(mem_of(r), box),
		.name = arena_str(a, box->account->name),
	};
	if (!out.name.p)
		return ERR_NOMEM;
	out.used = mem_box_used(box, &out.total, &out.unread);
	*ret = out;
	return 0;
}

/*
 * Make one folder below parent (NULL: at the top).  The path begins as the
 * parent's does, however it was written this time.
 */
static int
create_one(struct mem_tx *tx, struct mem_box *box,
	   const struct mem_folder *parent, struct str name, struct str key,
	   struct mem_folder **ret)
{
	struct str path = name;
	int err;

	if (box->folders.n >= tx->store->limits->folders)
		return ERR_LIMIT;
	if (parent) {
		path = arena_fmt(&tx->arena, "%.*s/%.*s", STR_ARG(parent->path),
				 STR_ARG(name));
		if (!path.p)
			return ERR_NOMEM;
	}
	err = mem_box_folder_add(tx, box, path, key, ROLE_NONE, ret);
	if (!err)
		err = mem_box_bump(tx, box, NULL);
	if (!err)
		(*ret)->modseq = box->modseq;
	return err;
}

int
mem_folder_create(struct mem_tx *tx, struct store_folder_create *j)
{
	struct mem_box *box = mem_box_get(tx->store, j->mailbox_id);
	struct mem_folder *parent = NULL, *f;
	struct str rest = j->path, name;
	ptrdiff_t end = -1;

	if (!box)
		return ERR_NOTFOUND;
	if (mem_box_folder(box, j->key))
		return ERR_EXISTS;

	/* Go down name by name; path and key have as many of them. */
	while (str_next(&rest, '/', &name)) {
		struct str key;
		int err;

		end = str_chr(j->key, '/', (size_t)(end + 1));
		key = str_sub(j->key, 0, end < 0 ? j->key.n : (size_t)end);
		f = mem_box_folder(box, key);
		if (!f) {
			err = create_one(tx, box, parent, name, key, &f);
			if (err < 0)
				return err;
		}
		parent = f;
		if (end < 0)
			break;
	}
	assert(parent && str_eq(parent->key, j->key));
	j->folder_id = parent->id;
	j->modseq = box->modseq;
	return 0;
}
