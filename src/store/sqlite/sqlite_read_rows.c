#include "store/sqlite/sqlite_msg.h"
#include "store/sqlite/sqlite_read_priv.h"

/* Paths of folders that rows of one call have in common. */
struct path {
	uint32_t folder_id;
	struct str text;
};

struct paths {
	struct path *v;
	size_t n, cap;
};

static int
path_load(struct db *db, struct arena *a, uint64_t mailbox_id,
	  uint32_t folder_id, struct str *ret)
{
	int rc = db_bind(db, SQL_FOLDER_GET, "ii", mailbox_id, U64(folder_id));

	if (rc == 0)
		rc = db_row(db, SQL_FOLDER_GET);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	rc = db_copy(db, SQL_FOLDER_GET, 2, a, ret);
	db_reset(db, SQL_FOLDER_GET);
	return rc;
}

static int
path_of(struct db *db, struct arena *a, uint64_t mailbox_id, struct paths *p,
	uint32_t folder_id, struct str *ret)
{
	int err;

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].folder_id == folder_id) {
			*ret = p->v[i].text;
			return 0;
		}
	err = path_load(db, a, mailbox_id, folder_id, ret);
	if (err < 0)
		return err;
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 8;
		struct path *v = ARENA_ARRAY(a, struct path, cap);

		if (!v)
			return ERR_NOMEM;
		if (p->n)
			memcpy(v, p->v, p->n * sizeof(*v));
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = (struct path){ folder_id, *ret };
	return 0;
}

/* The row of a message; ERR_NOTFOUND if its mailbox has been removed. */
static int
make_row(struct db *db, struct arena *a, uint64_t mailbox_id, struct paths *p,
	 const struct sqlite_msg *m, struct store_row *ret)
{
	struct str *folders = ARENA_ARRAY(a, struct str, m->in.n);

	if (!folders)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->in.n; i++) {
		int err = path_of(db, a, mailbox_id, p,
				  sqlite_ids_at(&m->in, i), &folders[i]);

		if (err < 0)
			return err;
	}
	*ret = (struct store_row){
		.pos = m->pos,
		.uuid = m->uuid,
		.has_origin = m->has_origin,
		.origin = m->origin,
		.thread = m->thread,
		.flags = m->flags,
		.keywords = m->keywords,
		.modseq = m->modseq,
		.size = m->size,
		.body_id = m->body_id,
		.folders = folders,
		.nfolders = m->in.n,
		.env = m->env,
	};
	return 0;
}

int
sqlite_rows(struct store_reader *reader, struct arena *a, uint64_t mailbox_id,
	    const struct store_pos *pos, size_t n, size_t octets,
	    struct store_row *ret, size_t *ret_n, size_t *ret_used)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;
	struct paths paths = { 0 };
	size_t used = 0, done = 0, sum = 0;
	int err = sqlite_read_begin(r);

	while (err == 0 && used < n && (!done || sum < octets)) {
		struct store_pos at = pos[used++];
		struct sqlite_msg m;

		err = sqlite_msg_get(&r->db, a,
				     sqlite_msg_docid(mailbox_id, at.no), &m);
		if (err == 0 && m.pos.ord != at.ord)
			err = ERR_NOTFOUND;
		if (err == 0)
			err = make_row(&r->db, a, mailbox_id, &paths, &m,
				       &ret[done]);
		if (err == 0)
			sum += ret[done++].env.n;
		else if (err == ERR_NOTFOUND)
			err = 0;
	}
	err = sqlite_read_end(r, err);
	if (err < 0)
		return err;
	*ret_n = done;
	*ret_used = used;
	return 0;
}

/* NULL: wherever it is, also out of sight. */
static int
find_row(struct store_reader *reader, struct arena *a, uint64_t mailbox_id,
	 const uint32_t *folder_id, const struct uuid *uuid,
	 struct store_row *ret)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;
	struct paths paths = { 0 };
	struct sqlite_msg m;
	int err = sqlite_read_begin(r);

	if (err == 0)
		err = sqlite_msg_find(&r->db, a, mailbox_id, uuid, &m);
	if (err == 0 && folder_id && !sqlite_msg_in(&m, *folder_id))
		err = ERR_NOTFOUND;
	if (err == 0)
		err = make_row(&r->db, a, mailbox_id, &paths, &m, ret);
	return sqlite_read_end(r, err);
}

int
sqlite_row_find(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		uint32_t folder_id, const struct uuid *uuid,
		struct store_row *ret)
{
	return find_row(r, a, mailbox_id, &folder_id, uuid, ret);
}

int
sqlite_row_any(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	       const struct uuid *uuid, struct store_row *ret)
{
	return find_row(r, a, mailbox_id, NULL, uuid, ret);
}
