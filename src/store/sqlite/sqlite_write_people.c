#include "store/sqlite/sqlite_write_priv.h"

/* Messages of a removed mailbox that go with it at once; more are left to
 * the purge. */
#define REMOVE_AT_ONCE 100

/* One number by a statement that finds one row: 0 or ERR_NOTFOUND. */
static int
one_number(struct db *db, enum sql id, int rc, uint64_t *ret)
{
	if (rc == 0)
		rc = db_row(db, id);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	*ret = db_u64(db, id, 0);
	db_reset(db, id);
	return 0;
}

static int
domain_find(struct sqlite_writer *w, struct str domain, uint64_t *ret)
{
	return one_number(&w->db, SQL_DOMAIN_FIND,
			  db_bind(&w->db, SQL_DOMAIN_FIND, "t", domain), ret);
}

static int
account_id(struct sqlite_writer *w, struct str key, uint64_t *ret)
{
	return one_number(&w->db, SQL_ACCOUNT_ID,
			  db_bind(&w->db, SQL_ACCOUNT_ID, "t", key), ret);
}

static int
account_mailbox(struct sqlite_writer *w, uint64_t id, uint64_t *ret)
{
	return one_number(&w->db, SQL_ACCOUNT_GET,
			  db_bind(&w->db, SQL_ACCOUNT_GET, "i", id), ret);
}

/* --- domains --- */

int
sqlite_domain_add(struct sqlite_writer *w, struct store_domain_edit *j)
{
	uint64_t id;
	int err = domain_find(w, j->domain, &id);

	if (err != ERR_NOTFOUND)
		return err < 0 ? err : ERR_EXISTS;
	return db_exec(&w->db, SQL_DOMAIN_ADD, "iti", w->state.next_domain++,
		       j->domain, j->at);
}

int
sqlite_domain_remove(struct sqlite_writer *w, struct store_domain_edit *j)
{
	uint64_t id, one;
	int err = domain_find(w, j->domain, &id);

	if (err < 0)
		return err;
	err = one_number(&w->db, SQL_DOMAIN_USED,
			 db_bind(&w->db, SQL_DOMAIN_USED, "i", id), &one);
	if (err != ERR_NOTFOUND)
		return err < 0 ? err : ERR_CONFLICT;
	return db_exec(&w->db, SQL_DOMAIN_DEL, "i", id);
}

/* --- accounts --- */

static int
set_cred(struct sqlite_writer *w, uint64_t id, const struct store_cred *c)
{
	return db_exec(&w->db, SQL_ACCOUNT_SET_CRED,
		       c->has_sealed ? "ibiibbb" : "ibiibbn", id,
		       str_n(c->salt, sizeof(c->salt)), U64(c->kdf_t),
		       U64(c->kdf_m), str_n(c->stored, sizeof(c->stored)),
		       str_n(c->server, sizeof(c->server)),
		       str_n(c->sealed, sizeof(c->sealed)));
}

/* The folders that every mailbox has; their ids are their roles. */
static int
add_roles(struct sqlite_writer *w, uint64_t mailbox_id)
{
	for (int role = ROLE_INBOX; role < ROLE_COUNT; role++) {
		struct str path = str_c(folder_role_path(role)), key;
		int err;

		key = folder_key(&w->arena, path);
		if (!key.p)
			return ERR_NOMEM;
		err = db_exec(&w->db, SQL_FOLDER_ADD, "iittii", mailbox_id,
			      U64(role), path, key, U64(role), U64(0));
		if (err < 0)
			return err;
	}
	return 0;
}

int
sqlite_account_add(struct sqlite_writer *w, struct store_account_add *j)
{
	uint64_t domain_id, other, id, mailbox_id;
	int err = domain_find(w, j->domain, &domain_id);

	if (err < 0)
		return err;
	err = account_id(w, j->key, &other);
	if (err != ERR_NOTFOUND)
		return err < 0 ? err : ERR_EXISTS;
	id = w->state.next_account++;
	mailbox_id = w->state.next_mailbox++;
	err = db_exec(&w->db, SQL_MAILBOX_ADD, "iiiti", mailbox_id, domain_id,
		      j->quota, j->name, U64(ROLE_COUNT));
	if (err == 0)
		err = add_roles(w, mailbox_id);
	if (err == 0)
		err = db_exec(&w->db, SQL_ACCOUNT_ADD, "iiitti", id, domain_id,
			      mailbox_id, j->name, j->key, j->at);
	if (err == 0 && j->has_cred)
		err = set_cred(w, id, &j->cred);
	if (err < 0)
		return err;
	j->account_id = id;
	j->mailbox_id = mailbox_id;
	return 0;
}

int
sqlite_account_remove(struct sqlite_writer *w, struct store_account_edit *j)
{
	struct ledger_mailbox *mb;
	uint64_t mailbox_id;
	size_t left = REMOVE_AT_ONCE;
	int err = account_mailbox(w, j->account_id, &mailbox_id);

	if (err == 0)
		err = ledger_mailbox(&w->ledger, mailbox_id, &mb);
	if (err < 0)
		return err;
	w->db.wrote = true;
	mb->removed = true;
	err = db_exec(&w->db, SQL_DEVICE_DEL_ALL, "i", j->account_id);
	if (err == 0)
		err = db_exec(&w->db, SQL_ACCOUNT_DEL, "i", j->account_id);
	if (err == 0)
		err = db_exec(&w->db, SQL_MAILBOX_DEL, "i", mailbox_id);
	if (err == 0)
		err = db_exec(&w->db, SQL_FOLDER_DEL_ALL, "i", mailbox_id);
	if (err == 0)
		err = db_exec(&w->db, SQL_DOOMED_ADD, "i", mailbox_id);
	if (err == 0)
		err = sqlite_purge_mailbox(w, mailbox_id, &left);
	return err;
}

/* The other account that has the new name, or the domain that is not there. */
static int
check_name(struct sqlite_writer *w, const struct store_account_edit *j,
	   uint64_t *ret_domain_id)
{
	uint64_t other;
	int err = domain_find(w, j->domain, ret_domain_id);

	if (err < 0)
		return err;
	err = account_id(w, j->key, &other);
	if (err == 0 && other != j->account_id)
		return ERR_EXISTS;
	return err == ERR_NOTFOUND ? 0 : err;
}

static int
set_name(struct sqlite_writer *w, const struct store_account_edit *j,
	 uint64_t mailbox_id, uint64_t domain_id)
{
	int err = db_exec(&w->db, SQL_ACCOUNT_SET_NAME, "itti", j->account_id,
			  j->name, j->key, domain_id);

	if (err == 0)
		err = db_exec(&w->db, SQL_MAILBOX_SET_NAME, "iti", mailbox_id,
			      j->name, domain_id);
	return err;
}

/* A batch may have read the quota already. */
static int
set_quota(struct sqlite_writer *w, const struct store_account_edit *j,
	  uint64_t mailbox_id)
{
	struct ledger_mailbox *mb;
	int err = ledger_mailbox(&w->ledger, mailbox_id, &mb);

	if (err < 0)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	mb->quota = j->quota ? j->quota : w->ledger.default_quota;
	return db_exec(&w->db, SQL_MAILBOX_SET_QUOTA, "ii", mailbox_id,
		       j->quota);
}

static int
set_retention(struct sqlite_writer *w, const struct store_account_edit *j,
	      uint64_t mailbox_id)
{
	struct ledger_mailbox *mb;
	int err = ledger_mailbox(&w->ledger, mailbox_id, &mb);

	if (err < 0)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	mb->retention = j->retention;
	return db_exec(&w->db, SQL_MAILBOX_SET_RETENTION, "ii", mailbox_id,
		       j->retention);
}

int
sqlite_account_set(struct sqlite_writer *w, struct store_account_edit *j)
{
	struct db *db = &w->db;
	uint64_t mailbox_id, domain_id = 0;
	int err = account_mailbox(w, j->account_id, &mailbox_id);

	if (err == 0 && (j->fields & STORE_SET_NAME))
		err = check_name(w, j, &domain_id);
	if (err < 0)
		return err;
	if (j->fields & STORE_SET_CRED)
		err = set_cred(w, j->account_id, &j->cred);
	if (err == 0 && (j->fields & STORE_SET_DISABLED))
		err = db_exec(db, SQL_ACCOUNT_SET_DISABLED, "ii",
			      j->account_id, U64(j->disabled));
	if (err == 0 && (j->fields & STORE_SET_PROOF_ONLY))
		err = db_exec(db, SQL_ACCOUNT_SET_PROOF_ONLY, "ii",
			      j->account_id, U64(j->proof_only));
	if (err == 0)
		err = db_exec(db, SQL_ACCOUNT_UNSEAL, "i", j->account_id);
	if (err == 0 && (j->fields & STORE_SET_DISPLAY))
		err = db_exec(db, SQL_ACCOUNT_SET_DISPLAY, "it",
			      j->account_id, j->display);
	if (err == 0 && (j->fields & STORE_SET_QUOTA))
		err = set_quota(w, j, mailbox_id);
	if (err == 0 && (j->fields & STORE_SET_RETENTION))
		err = set_retention(w, j, mailbox_id);
	if (err == 0 && (j->fields & STORE_SET_NAME))
		err = set_name(w, j, mailbox_id, domain_id);
	return err;
}

/* --- devices --- */

int
sqlite_device_add(struct sqlite_writer *w, struct store_device_edit *j)
{
	struct db *db = &w->db;
	uint64_t n;
	int err = account_mailbox(w, j->account_id, &n);

	if (err < 0)
		return err;
	err = db_bind(db, SQL_DEVICE_FIND, "it", j->account_id, j->key);
	if (err == 0)
		err = db_row(db, SQL_DEVICE_FIND);
	if (err > 0)
		db_reset(db, SQL_DEVICE_FIND);
	if (err)
		return err < 0 ? err : ERR_EXISTS;
	err = one_number(db, SQL_DEVICE_COUNT,
			 db_bind(db, SQL_DEVICE_COUNT, "i", j->account_id),
			 &n);
	if (err < 0)
		return err;
	if (n >= w->store->limits->devices)
		return ERR_LIMIT;
	return db_exec(db, SQL_DEVICE_ADD, "ittibbi", j->account_id, j->key,
		       j->name, U64(j->scopes),
		       str_n(j->stored, sizeof(j->stored)),
		       str_n(j->server, sizeof(j->server)), j->at);
}

int
sqlite_device_revoke(struct sqlite_writer *w, struct store_device_edit *j)
{
	struct db *db = &w->db;
	int err = db_bind(db, SQL_DEVICE_FIND, "it", j->account_id, j->key);

	if (err == 0)
		err = db_row(db, SQL_DEVICE_FIND);
	if (err <= 0)
		return err < 0 ? err : ERR_NOTFOUND;
	db_reset(db, SQL_DEVICE_FIND);
	return db_exec(db, SQL_DEVICE_DEL, "it", j->account_id, j->key);
}

/* --- folders --- */

/* Make one folder below parent (NULL: at the top).  The path begins as the
 * parent's does, however it was written this time. */
static int
create_one(struct sqlite_writer *w, const struct store_folder_create *j,
	   struct ledger_mailbox *mb, struct ledger_folder **folder,
	   struct str name, struct str key)
{
	struct ledger_folder *parent = *folder;
	struct sqlite_change change = {
		.mb = mb, .kind = CHANGE_FOLDER_NEW, .at = j->at,
		.actor = j->account_id,
	};
	struct str path = name;
	int err;

	if (parent) {
		path = arena_fmt(&w->arena, "%.*s/%.*s", STR_ARG(parent->path),
				 STR_ARG(name));
		if (!path.p)
			return ERR_NOMEM;
	}
	change.folder_id = (uint32_t)mb->next_folder;
	err = sqlite_change(w, &change);
	if (err == 0)
		err = ledger_folder_add(&w->ledger, mb, path, key, ROLE_NONE,
					folder);
	return err;
}

/* Name by name down the path.  With make unset nothing is changed, and
 * *ret_missing tells how many folders there are to be made. */
static int
go_down(struct sqlite_writer *w, struct store_folder_create *j,
	struct ledger_mailbox *mb, bool make, size_t *ret_missing)
{
	struct ledger_folder *folder = NULL;
	struct str rest = j->path, name;
	size_t missing = 0;
	ptrdiff_t end = -1;

	/* Path and key have as many names. */
	while (str_next(&rest, '/', &name)) {
		struct str key;
		int err;

		end = str_chr(j->key, '/', (size_t)(end + 1));
		key = str_sub(j->key, 0, end < 0 ? j->key.n : (size_t)end);
		err = missing && !make ? ERR_NOTFOUND :
			ledger_folder_key(&w->ledger, mb, key, &folder);
		if (err == ERR_NOTFOUND) {
			missing++;
			err = make ? create_one(w, j, mb, &folder, name, key) :
				     0;
		}
		if (err < 0)
			return err;
		if (end < 0)
			break;
	}
	if (make && folder)
		j->folder_id = folder->folder_id;
	*ret_missing = missing;
	return 0;
}

int
sqlite_folder_create(struct sqlite_writer *w, struct store_folder_create *j)
{
	struct ledger_mailbox *mb;
	uint64_t count;
	size_t missing = 0;
	int err = ledger_mailbox(&w->ledger, j->mailbox_id, &mb);

	if (err == 0)
		err = go_down(w, j, mb, false, &missing);
	if (err < 0)
		return err;
	if (!missing)
		return ERR_EXISTS;
	err = one_number(&w->db, SQL_FOLDER_COUNT,
			 db_bind(&w->db, SQL_FOLDER_COUNT, "i",
				 j->mailbox_id), &count);
	if (err < 0)
		return err;
	if (count + missing > w->store->limits->folders)
		return ERR_LIMIT;
	err = go_down(w, j, mb, true, &missing);
	if (err == 0)
		j->modseq = mb->modseq;
	return err;
}
