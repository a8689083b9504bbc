#include "base/secret.h"
#include "store/sqlite/sqlite_read_priv.h"

/* A growing array in the arena: what it grew out of stays there. */
static void *
grown(struct arena *a, void *old, size_t n, size_t size)
{
	void *v;

	if (n & (n - 1))
		return old;	/* room until the next power of two */
	v = arena_calloc(a, n ? n * 2 : 1, size);
	if (v && n)
		memcpy(v, old, n * size);
	return v;
}

/* --- domains --- */

int
sqlite_domain_find(struct store_reader *reader, struct str domain,
		   uint64_t *ret_id)
{
	struct db *db = &((struct sqlite_reader *)reader)->db;
	int rc = db_bind(db, SQL_DOMAIN_FIND, "t", domain);

	if (rc == 0)
		rc = db_row(db, SQL_DOMAIN_FIND);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	*ret_id = db_u64(db, SQL_DOMAIN_FIND, 0);
	db_reset(db, SQL_DOMAIN_FIND);
	return 0;
}

int
sqlite_domain_list(struct store_reader *reader, struct arena *a,
		   struct str **ret, size_t *ret_n)
{
	struct db *db = &((struct sqlite_reader *)reader)->db;
	struct str *v = ARENA_NEW(a, struct str);
	size_t n = 0;
	int rc = v ? 0 : ERR_NOMEM;

	while (rc >= 0 && (rc = db_row(db, SQL_DOMAIN_LIST)) > 0) {
		v = grown(a, v, n, sizeof(*v));
		rc = v ? db_copy(db, SQL_DOMAIN_LIST, 0, a, &v[n++]) :
			 ERR_NOMEM;
		if (rc < 0)
			db_reset(db, SQL_DOMAIN_LIST);
	}
	if (rc < 0)
		return rc;
	*ret = v;
	*ret_n = n;
	return 0;
}

/* --- accounts --- */

static int
take_cred(struct db *db, enum sql id, struct store_account *acc)
{
	int err = 0;

	acc->kdf_t = (uint32_t)db_u64(db, id, 7);
	acc->kdf_m = (uint32_t)db_u64(db, id, 8);
	if (!db_null(db, id, 9))
		err = db_octets(db, id, 9, acc->salt, sizeof(acc->salt));
	if (err == 0 && !db_null(db, id, 10))
		err = db_octets(db, id, 10, acc->stored, sizeof(acc->stored));
	if (err == 0 && !db_null(db, id, 11))
		err = db_octets(db, id, 11, acc->server, sizeof(acc->server));
	acc->has_sealed = !db_null(db, id, 12);
	if (err == 0 && acc->has_sealed)
		err = db_octets(db, id, 12, acc->sealed, sizeof(acc->sealed));
	return err;
}

/* The account that the statement stands at. */
static int
take_account(struct db *db, enum sql id, struct arena *a,
	     struct store_account *ret)
{
	struct store_account acc = {
		.account_id = db_u64(db, id, 0),
		.domain_id = db_u64(db, id, 1),
		.mailbox_id = db_u64(db, id, 2),
		.disabled = db_u64(db, id, 5) != 0,
		.proof_only = db_u64(db, id, 6) != 0,
		.created = db_u64(db, id, 14),
		.quota = db_u64(db, id, 15),
		.used = db_u64(db, id, 16),
		.total = db_u64(db, id, 17),
		.retention = db_u64(db, id, 18),
	};
	int err = db_copy(db, id, 3, a, &acc.name);

	if (err == 0)
		err = db_copy(db, id, 4, a, &acc.key);
	if (err == 0)
		err = db_copy(db, id, 13, a, &acc.display);
	if (err == 0)
		err = take_cred(db, id, &acc);
	if (err == 0)
		*ret = acc;
	secret_wipe(&acc, sizeof(acc));
	return err;
}

int
sqlite_account_find(struct store_reader *reader, struct arena *a,
		    struct str key, struct store_account *ret)
{
	struct db *db = &((struct sqlite_reader *)reader)->db;
	int rc = db_bind(db, SQL_ACCOUNT_FIND, "t", key);

	if (rc == 0)
		rc = db_row(db, SQL_ACCOUNT_FIND);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	rc = take_account(db, SQL_ACCOUNT_FIND, a, ret);
	db_reset(db, SQL_ACCOUNT_FIND);
	return rc;
}

int
sqlite_account_list(struct store_reader *reader, struct arena *a,
		    struct str domain, struct str after, size_t max,
		    struct store_account **ret, size_t *ret_n)
{
	struct db *db = &((struct sqlite_reader *)reader)->db;
	enum sql id = domain.n ? SQL_ACCOUNT_LIST_DOMAIN : SQL_ACCOUNT_LIST;
	struct store_account *v = ARENA_NEW(a, struct store_account);
	uint64_t domain_id = 0;
	size_t n = 0;
	int rc = v ? 0 : ERR_NOMEM;

	if (rc == 0 && domain.n) {
		rc = sqlite_domain_find(reader, domain, &domain_id);
		if (rc == ERR_NOTFOUND) {
			*ret = v;
			*ret_n = 0;
			return 0;
		}
	}
	if (rc == 0)
		rc = domain.n ? db_bind(db, id, "iti", domain_id, after,
					U64(max)) :
				db_bind(db, id, "ti", after, U64(max));
	while (rc >= 0 && (rc = db_row(db, id)) > 0) {
		v = grown(a, v, n, sizeof(*v));
		rc = v ? take_account(db, id, a, &v[n++]) : ERR_NOMEM;
		if (rc < 0)
			db_reset(db, id);
	}
	if (rc < 0)
		return rc;
	*ret = v;
	*ret_n = n;
	return 0;
}

/* --- devices --- */

static int
take_device(struct db *db, enum sql id, struct arena *a,
	    struct store_device *ret)
{
	struct store_device d = {
		.scopes = (unsigned)db_u64(db, id, 2),
		.created = db_u64(db, id, 5),
	};
	int err = db_copy(db, id, 0, a, &d.name);

	if (err == 0)
		err = db_copy(db, id, 1, a, &d.key);
	if (err == 0)
		err = db_octets(db, id, 3, d.stored, sizeof(d.stored));
	if (err == 0)
		err = db_octets(db, id, 4, d.server, sizeof(d.server));
	if (err == 0)
		*ret = d;
	secret_wipe(&d, sizeof(d));
	return err;
}

int
sqlite_device_find(struct store_reader *reader, struct arena *a,
		   uint64_t account_id, struct str key,
		   struct store_device *ret)
{
	struct db *db = &((struct sqlite_reader *)reader)->db;
	int rc = db_bind(db, SQL_DEVICE_FIND, "it", account_id, key);

	if (rc == 0)
		rc = db_row(db, SQL_DEVICE_FIND);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	rc = take_device(db, SQL_DEVICE_FIND, a, ret);
	db_reset(db, SQL_DEVICE_FIND);
	return rc;
}

int
sqlite_device_list(struct store_reader *reader, struct arena *a,
		   uint64_t account_id, struct store_device **ret,
		   size_t *ret_n)
{
	struct db *db = &((struct sqlite_reader *)reader)->db;
	struct store_device *v = ARENA_NEW(a, struct store_device);
	size_t n = 0;
	int rc = v ? db_bind(db, SQL_DEVICE_LIST, "i", account_id) : ERR_NOMEM;

	while (rc >= 0 && (rc = db_row(db, SQL_DEVICE_LIST)) > 0) {
		v = grown(a, v, n, sizeof(*v));
		rc = v ? take_device(db, SQL_DEVICE_LIST, a, &v[n++]) :
			 ERR_NOMEM;
		if (rc < 0)
			db_reset(db, SQL_DEVICE_LIST);
	}
	if (rc < 0)
		return rc;
	*ret = v;
	*ret_n = n;
	return 0;
}

/* --- mailboxes and folders --- */

int
sqlite_mailbox_get(struct store_reader *reader, struct arena *a,
		   uint64_t mailbox_id, struct store_mailbox *ret)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;
	struct db *db = &r->db;
	struct store_mailbox mb = { .mailbox_id = mailbox_id };
	int rc = db_bind(db, SQL_MAILBOX_GET, "i", mailbox_id);

	if (rc == 0)
		rc = db_row(db, SQL_MAILBOX_GET);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	mb.modseq = db_u64(db, SQL_MAILBOX_GET, 0);
	mb.used = db_u64(db, SQL_MAILBOX_GET, 3);
	mb.quota = db_u64(db, SQL_MAILBOX_GET, 4);
	mb.total = db_u64(db, SQL_MAILBOX_GET, 5);
	mb.unread = db_u64(db, SQL_MAILBOX_GET, 6);
	if (!mb.quota)
		mb.quota = sqlite_reader_store(r)->limits->quota;
	rc = db_copy(db, SQL_MAILBOX_GET, 7, a, &mb.name);
	db_reset(db, SQL_MAILBOX_GET);
	if (rc == 0)
		*ret = mb;
	return rc;
}

/* The folder that the statement stands at. */
static int
take_folder(struct db *db, enum sql id, struct arena *a,
	    struct store_folder *ret)
{
	struct store_folder f = {
		.folder_id = (uint32_t)db_u64(db, id, 0),
		.role = (enum folder_role)db_u64(db, id, 1),
		.total = db_u64(db, id, 4),
		.unread = db_u64(db, id, 5),
		.flagged = db_u64(db, id, 6),
		.octets = db_u64(db, id, 7),
		.modseq = db_u64(db, id, 8),
	};
	int err = db_copy(db, id, 2, a, &f.path);

	if (err == 0)
		err = db_copy(db, id, 3, a, &f.key);
	if (err == 0)
		*ret = f;
	return err;
}

int
sqlite_folder_find(struct store_reader *reader, struct arena *a,
		   uint64_t mailbox_id, struct str key,
		   struct store_folder *ret)
{
	struct db *db = &((struct sqlite_reader *)reader)->db;
	int rc = db_bind(db, SQL_FOLDER_FIND, "it", mailbox_id, key);

	if (rc == 0)
		rc = db_row(db, SQL_FOLDER_FIND);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	rc = take_folder(db, SQL_FOLDER_FIND, a, ret);
	db_reset(db, SQL_FOLDER_FIND);
	return rc;
}

/* Is a folder with key k the one of key, or below it?  Those behind all that
 * begin with key are of no more interest: then *ret_past is set. */
static bool
within(struct str k, struct str key, bool *ret_past)
{
	if (!key.n)
		return true;
	*ret_past = !str_starts(k, key);
	return !*ret_past && (k.n == key.n || k.p[key.n] == '/');
}

int
sqlite_folder_list(struct store_reader *reader, struct arena *a,
		   uint64_t mailbox_id, struct str key,
		   struct store_folder **ret, size_t *ret_n)
{
	struct db *db = &((struct sqlite_reader *)reader)->db;
	struct store_folder *v = ARENA_NEW(a, struct store_folder);
	bool past = false;
	size_t n = 0;
	int rc;

	rc = v ? db_bind(db, SQL_FOLDER_LIST, "it", mailbox_id, key) :
		 ERR_NOMEM;
	while (rc >= 0 && !past && (rc = db_row(db, SQL_FOLDER_LIST)) > 0) {
		if (!within(db_str(db, SQL_FOLDER_LIST, 3), key, &past))
			continue;
		v = grown(a, v, n, sizeof(*v));
		rc = v ? take_folder(db, SQL_FOLDER_LIST, a, &v[n++]) :
			 ERR_NOMEM;
	}
	db_reset(db, SQL_FOLDER_LIST);
	if (rc < 0)
		return rc;
	*ret = v;
	*ret_n = n;
	return 0;
}

/* --- recipients --- */

static int
rcpt_folder(struct sqlite_reader *r, struct arena *a, uint64_t mailbox_id,
	    struct str key, struct str *ret)
{
	struct store_folder f;
	int err = ERR_NOTFOUND;

	if (key.n)
		err = sqlite_folder_find(&r->head, a, mailbox_id, key, &f);
	if (err < 0 && err != ERR_NOTFOUND)
		return err;
	if (err == 0 && f.role == ROLE_NONE) {
		*ret = f.key;
		return 0;
	}
	*ret = folder_key(a, str_c(folder_role_path(ROLE_INBOX)));
	return ret->p ? 0 : ERR_NOMEM;
}

int
sqlite_rcpt_find(struct store_reader *reader, struct arena *a, struct str key,
		 struct str fkey, struct store_rcpt *ret)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;
	struct db *db = &r->db;
	struct store_rcpt rcpt = { 0 };
	int rc = db_bind(db, SQL_RCPT_FIND, "t", key);

	if (rc == 0)
		rc = db_row(db, SQL_RCPT_FIND);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	rcpt.account_id = db_u64(db, SQL_RCPT_FIND, 0);
	rcpt.mailbox_id = db_u64(db, SQL_RCPT_FIND, 1);
	rcpt.disabled = db_u64(db, SQL_RCPT_FIND, 3) != 0;
	rcpt.used = db_u64(db, SQL_RCPT_FIND, 4);
	rcpt.quota = db_u64(db, SQL_RCPT_FIND, 5);
	if (!rcpt.quota)
		rcpt.quota = sqlite_reader_store(r)->limits->quota;
	rc = db_copy(db, SQL_RCPT_FIND, 2, a, &rcpt.name);
	db_reset(db, SQL_RCPT_FIND);
	if (rc == 0)
		rc = rcpt_folder(r, a, rcpt.mailbox_id, fkey,
				 &rcpt.folder_key);
	if (rc == 0)
		*ret = rcpt;
	return rc;
}
