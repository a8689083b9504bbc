#include "store/sqlite/ledger.h"

#include "mail/flags.h"

void
ledger_init(struct ledger *l, struct db *db, struct arena *arena,
	    uint64_t default_quota)
{
	memset(l, 0, sizeof(*l));
	l->db = db;
	l->arena = arena;
	l->default_quota = default_quota;
}

void
ledger_clear(struct ledger *l)
{
	if (l->all)
		memset(l->slots, 0, sizeof(l->slots));
	l->all = NULL;
}

static size_t
slot(uint64_t mailbox_id)
{
	return (size_t)(mailbox_id % LEDGER_SLOTS);
}

static int
mailbox_load(struct ledger *l, uint64_t mailbox_id,
	     struct ledger_mailbox **ret)
{
	struct db *db = l->db;
	struct ledger_mailbox *mb;
	int rc;

	rc = db_bind(db, SQL_MAILBOX_GET, "i", mailbox_id);
	if (rc == 0)
		rc = db_row(db, SQL_MAILBOX_GET);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	mb = ARENA_NEW(l->arena, struct ledger_mailbox);
	if (mb) {
		mb->mailbox_id = mailbox_id;
		mb->modseq = db_u64(db, SQL_MAILBOX_GET, 0);
		mb->next_no = db_u64(db, SQL_MAILBOX_GET, 1);
		mb->next_folder = db_u64(db, SQL_MAILBOX_GET, 2);
		mb->used = db_u64(db, SQL_MAILBOX_GET, 3);
		mb->quota = db_u64(db, SQL_MAILBOX_GET, 4);
		mb->total = db_u64(db, SQL_MAILBOX_GET, 5);
		mb->unread = db_u64(db, SQL_MAILBOX_GET, 6);
		mb->retention = db_u64(db, SQL_MAILBOX_GET, 8);
		if (!mb->quota)
			mb->quota = l->default_quota;
	}
	db_reset(db, SQL_MAILBOX_GET);
	if (!mb)
		return ERR_NOMEM;
	mb->next = l->all;
	l->all = mb;
	mb->hash_next = l->slots[slot(mailbox_id)];
	l->slots[slot(mailbox_id)] = mb;
	*ret = mb;
	return 0;
}

int
ledger_mailbox(struct ledger *l, uint64_t mailbox_id,
	       struct ledger_mailbox **ret)
{
	struct ledger_mailbox *mb = l->slots[slot(mailbox_id)];

	for (; mb; mb = mb->hash_next)
		if (mb->mailbox_id == mailbox_id) {
			if (mb->removed)
				return ERR_NOTFOUND;
			*ret = mb;
			return 0;
		}
	return mailbox_load(l, mailbox_id, ret);
}

/* --- folders --- */

static void
folder_link(struct ledger_mailbox *mb, struct ledger_folder *f)
{
	f->next = mb->folders;
	mb->folders = f;
	if (f->role && (unsigned)f->role < ROLE_COUNT)
		mb->roles[f->role] = f;
}

/* The entry of the row that statement id stands at; ends the statement. */
static int
folder_take(struct ledger *l, struct ledger_mailbox *mb, enum sql id,
	    struct ledger_folder **ret)
{
	struct ledger_folder *f = ARENA_NEW(l->arena, struct ledger_folder);
	struct db *db = l->db;
	int err = ERR_NOMEM;

	if (f)
		err = db_copy(db, id, 2, l->arena, &f->path);
	if (err == 0)
		err = db_copy(db, id, 3, l->arena, &f->key);
	if (err == 0) {
		f->folder_id = (uint32_t)db_u64(db, id, 0);
		f->role = (enum folder_role)db_u64(db, id, 1);
		f->total = db_u64(db, id, 4);
		f->unread = db_u64(db, id, 5);
		f->flagged = db_u64(db, id, 6);
		f->octets = db_u64(db, id, 7);
		f->modseq = db_u64(db, id, 8);
		folder_link(mb, f);
		*ret = f;
	}
	db_reset(db, id);
	return err;
}

int
ledger_folder(struct ledger *l, struct ledger_mailbox *mb, uint32_t folder_id,
	      struct ledger_folder **ret)
{
	struct ledger_folder *f;
	int rc;

	for (f = mb->folders; f; f = f->next)
		if (f->folder_id == folder_id) {
			*ret = f;
			return 0;
		}
	rc = db_bind(l->db, SQL_FOLDER_GET, "ii", mb->mailbox_id,
		     U64(folder_id));
	if (rc == 0)
		rc = db_row(l->db, SQL_FOLDER_GET);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	return folder_take(l, mb, SQL_FOLDER_GET, ret);
}

int
ledger_folder_key(struct ledger *l, struct ledger_mailbox *mb, struct str key,
		  struct ledger_folder **ret)
{
	struct ledger_folder *f;
	int rc;

	for (f = mb->folders; f; f = f->next)
		if (str_eq(f->key, key)) {
			*ret = f;
			return 0;
		}
	rc = db_bind(l->db, SQL_FOLDER_FIND, "it", mb->mailbox_id, key);
	if (rc == 0)
		rc = db_row(l->db, SQL_FOLDER_FIND);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	return folder_take(l, mb, SQL_FOLDER_FIND, ret);
}

int
ledger_role(struct ledger *l, struct ledger_mailbox *mb, enum folder_role role,
	    struct ledger_folder **ret)
{
	/* They are made with the mailbox, in this order, and never renamed. */
	int err;

	if (mb->roles[role]) {
		*ret = mb->roles[role];
		return 0;
	}
	err = ledger_folder(l, mb, (uint32_t)role, ret);
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

int
ledger_folder_add(struct ledger *l, struct ledger_mailbox *mb, struct str path,
		  struct str key, enum folder_role role,
		  struct ledger_folder **ret)
{
	struct ledger_folder *f = ARENA_NEW(l->arena, struct ledger_folder);
	int err;

	if (!f)
		return ERR_NOMEM;
	f->path = arena_str(l->arena, path);
	f->key = arena_str(l->arena, key);
	if (!f->path.p || !f->key.p)
		return ERR_NOMEM;
	if (mb->next_folder > UINT32_MAX)
		return ERR_LIMIT;
	f->role = role;
	l->db->wrote = true;
	mb->dirty = true;
	f->modseq = mb->modseq;
	f->folder_id = (uint32_t)mb->next_folder++;
	err = db_exec(l->db, SQL_FOLDER_ADD, "iittii", mb->mailbox_id,
		      U64(f->folder_id), f->path, f->key, U64(role),
		      f->modseq);
	if (err < 0)
		return err;
	folder_link(mb, f);
	*ret = f;
	return 0;
}

/* --- changes --- */

uint64_t
ledger_modseq(struct ledger *l, struct ledger_mailbox *mb)
{
	l->db->wrote = true;
	mb->dirty = true;
	return ++mb->modseq;
}

void
ledger_touch(struct ledger *l, struct ledger_folder *f)
{
	l->db->wrote = true;
	f->dirty = true;
}

void
ledger_enter(struct ledger *l, struct ledger_mailbox *mb,
	     struct ledger_folder *f, unsigned flags, uint64_t size)
{
	ledger_touch(l, f);
	f->total++;
	f->unread += !(flags & FLAG_READ);
	f->flagged += !!(flags & FLAG_FLAGGED);
	f->octets += size;
	f->modseq = mb->modseq;
}

void
ledger_leave(struct ledger *l, struct ledger_mailbox *mb,
	     struct ledger_folder *f, unsigned flags, uint64_t size)
{
	ledger_touch(l, f);
	f->total--;
	f->unread -= !(flags & FLAG_READ);
	f->flagged -= !!(flags & FLAG_FLAGGED);
	f->octets -= size;
	f->modseq = mb->modseq;
}

int
ledger_flush(struct ledger *l)
{
	for (struct ledger_mailbox *mb = l->all; mb; mb = mb->next) {
		int err = 0;

		if (mb->removed)
			continue;
		if (mb->dirty)
			err = db_exec(l->db, SQL_MAILBOX_PUT, "iiiiiii",
				      mb->mailbox_id, mb->modseq, mb->next_no,
				      mb->next_folder, mb->used, mb->total,
				      mb->unread);
		if (err < 0)
			return err;
		mb->dirty = false;
		for (struct ledger_folder *f = mb->folders; f; f = f->next) {
			if (f->dirty)
				err = db_exec(l->db, SQL_FOLDER_PUT, "iiiiiii",
					      mb->mailbox_id,
					      U64(f->folder_id), f->total,
					      f->unread, f->flagged,
					      f->octets, f->modseq);
			if (err < 0)
				return err;
			f->dirty = false;
		}
	}
	return 0;
}
