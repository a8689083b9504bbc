/*
 * store: where accounts, folders and messages live.
 *
 * An ops table behind thin checked wrappers (store.c); backends are SQLite
 * with a body log (sqlite/) and a double in memory (mem/).  One contract suite
 * runs over all of them.
 *
 * Calls are synchronous and know no loop.
 *   - Reads go through a struct store_reader, one per thread; no statement
 *     stays open between two calls.  Results are in the caller's arena.
 *   - Writes are jobs: data that owns all it touches.  store_write() takes a
 *     batch and commits it once; each job runs in a savepoint of its own, so
 *     that one that fails leaves no trace and the others stand.  Only one
 *     thread writes.  When it returns, what succeeded is durable.
 *   - Large bodies are written outside the writer (store_big_*), by any
 *     thread, into their final place; the job then only names them.
 *
 * Keys: an account is found by its key (imid_key: case-folded local@domain), a
 * folder by the key of its path.  Times are Unix milliseconds, given by the
 * caller.  Ids (domain_id, account_id, mailbox_id, folder_id) are ours, never
 * 0, and never reused.  Keys are in octet order where a list is.
 *
 * A mailbox's modseq grows by one with each change: a message that came, was
 * changed or moved, a folder that was made.  The message then has it, and so
 * has each folder it is in or has left.
 *
 * Errors everywhere: ERR_NOMEM; ERR_FULL, ERR_IO, ERR_STORAGE: not now, the
 * store goes on; ERR_SYNC: a sync has failed, nothing more is written until a
 * restart (the caller stops the process); ERR_CORRUPT.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "mail/flags.h"
#include "mail/imid.h"
#include "mail/message.h"

struct store;
struct store_reader;

/* --- what is stored --- */

struct store_account {
	uint64_t account_id, domain_id, mailbox_id;
	struct str name;	/* local@domain as written */
	struct str key;
	bool disabled, proof_only;
	uint8_t salt[16];
	uint32_t kdf_t, kdf_m;	/* m 0: no password yet, nobody gets in */
	uint8_t stored[32], server[32];
	bool has_sealed;
	uint8_t sealed[72];	/* h (32 octets), sealed by the server key */
	struct str display;	/* display name, or empty */
	uint64_t created;
	uint64_t quota;		/* 0: the default of the server */
	uint64_t retention;	/* ms, of temporary storage; 0: central */
	uint64_t used, total;	/* octets and messages in its mailbox */
};

struct store_device {
	struct str name, key;	/* key: case-folded name */
	unsigned scopes;	/* enum command_scope bits, as numbers */
	uint8_t stored[32], server[32];
	uint64_t created;
};

/* Somebody who can get mail. */
struct store_rcpt {
	uint64_t account_id, mailbox_id;
	struct str name;	/* canonical name of the mailbox, for owners */
	struct str folder_key;	/* of the folder +folder names; INBOX's else */
	bool disabled;
	uint64_t used, quota;	/* octets; quota as it counts (never 0) */
};

struct store_mailbox {
	/* quota as it counts (never 0); a message out of sight counts nowhere,
	 * one in two folders once */
	uint64_t mailbox_id, modseq, used, quota, total, unread;
	struct str name;
};

struct store_folder {
	uint32_t folder_id;
	enum folder_role role;
	struct str path, key;
	uint64_t total, unread, flagged, octets, modseq;
};

/* The place of a message in the order of a listing: by time received, then
 * by order of arrival. */
struct store_pos {
	uint64_t ord;	/* time received, Unix ms */
	uint32_t no;	/* number in the mailbox, by arrival */
};

struct store_row {
	struct store_pos pos;
	struct uuid uuid;	/* _id in this mailbox */
	bool has_origin;
	struct uuid origin;	/* its own ID where another message has that */
	struct uuid thread;	/* its own uuid where it begins one */
	unsigned flags;		/* enum message_flag */
	struct str keywords;
	uint64_t modseq, size, body_id;
	const struct str *folders;	/* canonical paths */
	size_t nfolders;
	struct str env;		/* members made by message_row() */
};

struct store_body {
	uint64_t body_id;
	uint64_t len;		/* octets of the body, trailer included */
	uint64_t seg, off, room;	/* backend's own */
};

/* --- reading --- */

int store_reader_new(struct store *s, struct store_reader **ret) WARN_UNUSED;
void store_reader_free(struct store_reader *r);

/*
 * Until store_reader_release() all that is read may be of one moment, and costs
 * less: for a job of many small reads.  Not for long, for what a reader may
 * still see cannot be cleared away.
 */
void store_reader_hold(struct store_reader *r);
void store_reader_release(struct store_reader *r);

/* 0 or ERR_NOTFOUND. */
int store_domain_find(struct store_reader *r, struct str domain,
		      uint64_t *ret_id) WARN_UNUSED;
/* By name. */
int store_domain_list(struct store_reader *r, struct arena *a,
		      struct str **ret, size_t *ret_n) WARN_UNUSED;

int store_account_find(struct store_reader *r, struct arena *a, struct str key,
		       struct store_account *ret) WARN_UNUSED;
/* At most max accounts of a domain (empty: of all) with a key above `after`,
 * in order of their keys. */
int store_account_list(struct store_reader *r, struct arena *a,
		       struct str domain, struct str after, size_t max,
		       struct store_account **ret, size_t *ret_n) WARN_UNUSED;

/* account_id 0 has none: a login to an account that is not there asks too. */
int store_device_find(struct store_reader *r, struct arena *a,
		      uint64_t account_id, struct str key,
		      struct store_device *ret) WARN_UNUSED;
/* By key. */
int store_device_list(struct store_reader *r, struct arena *a,
		      uint64_t account_id, struct store_device **ret,
		      size_t *ret_n) WARN_UNUSED;

/* Who gets mail for this key; folder_key is that of "INBOX/<+folder>" or
 * empty.  A folder that is not there, or has a role, is INBOX. */
int store_rcpt_find(struct store_reader *r, struct arena *a, struct str key,
		    struct str folder_key, struct store_rcpt *ret) WARN_UNUSED;

/* The same without a look into the store, from any thread, if it is known;
 * octets used may be a little behind.  False: ask store_rcpt_find(). */
bool store_rcpt_known(struct store *s, struct arena *a, struct str key,
		      struct str folder_key, struct store_rcpt *ret);

int store_mailbox_get(struct store_reader *r, struct arena *a,
		      uint64_t mailbox_id, struct store_mailbox *ret)
	WARN_UNUSED;
int store_folder_find(struct store_reader *r, struct arena *a,
		      uint64_t mailbox_id, struct str key,
		      struct store_folder *ret) WARN_UNUSED;
/* The folder of key and all below it (empty key: all), by key; none if there
 * is no such folder. */
int store_folder_list(struct store_reader *r, struct arena *a,
		      uint64_t mailbox_id, struct str key,
		      struct store_folder **ret, size_t *ret_n) WARN_UNUSED;
/* How many messages of a folder (folder_id 0: of the mailbox, each once) the
 * filter takes, and how many of those are unread. */
int store_count(struct store_reader *r, uint64_t mailbox_id,
		uint32_t folder_id, const struct filter *f, uint64_t *ret_total,
		uint64_t *ret_unread) WARN_UNUSED;

enum store_list_from {
	STORE_NEWEST,		/* the last `limit` of all */
	STORE_BEFORE_UUID,	/* the last `limit` before the anchor */
	STORE_AFTER_UUID,	/* the first `limit` after the anchor */
	STORE_AFTER_POS		/* the first `limit` after `pos` (zero: all) */
};
struct store_list {
	uint64_t mailbox_id;
	uint32_t folder_id;	/* 0: the whole mailbox */
	struct filter filter;
	enum store_list_from from;
	struct uuid anchor;
	struct store_pos pos;
	size_t limit;
};
/*
 * Places only, ascending (newest last), at most limit; ret holds limit of
 * them.  *ret_more: there are more beyond (older for NEWEST and BEFORE, newer
 * for AFTER).  ERR_NOTFOUND for an anchor never seen; one that is gone is
 * found by its place.
 */
int store_list(struct store_reader *r, const struct store_list *q,
	       struct store_pos *ret, size_t *ret_n, bool *ret_more)
	WARN_UNUSED;
/*
 * Rows for places, in their order; those gone meanwhile are left out.  Stops
 * after `octets` of env, having done at least one.  *ret_used places were
 * looked at, *ret_n rows are in ret (room for n).
 */
int store_rows(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	       const struct store_pos *pos, size_t n, size_t octets,
	       struct store_row *ret, size_t *ret_n, size_t *ret_used)
	WARN_UNUSED;
/* One message, if it is in the folder (0: in any).  Deleted ones are
 * ERR_NOTFOUND. */
int store_row_find(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		   uint32_t folder_id, const struct uuid *uuid,
		   struct store_row *ret) WARN_UNUSED;
/* The same, of the whole mailbox, also one out of sight: it is in no folder. */
int store_row_any(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		  const struct uuid *uuid, struct store_row *ret) WARN_UNUSED;

/* Where a body lies; checks its header against its row. */
int store_body_open(struct store_reader *r, uint64_t body_id,
		    struct store_body *ret) WARN_UNUSED;
/* Exactly n octets at off.  ERR_CORRUPT if they are not there. */
int store_body_read(struct store_reader *r, struct store_body *b, uint64_t off,
		    void *dst, size_t n) WARN_UNUSED;
/* All of it at once, its checksum verified; appended to out. */
int store_body_load(struct store_reader *r, struct store_body *b,
		    struct buf *out) WARN_UNUSED;

/* --- large bodies --- */

struct store_big;
/* Any thread, one at a time for each. */
int store_big_new(struct store *s, struct store_big **ret) WARN_UNUSED;
int store_big_write(struct store_big *b, struct str octets) WARN_UNUSED;
/* Header, sync, link, sync of the folder: durable, but nobody's until a
 * deliver job names it.  owners: names, each ended by LF. */
int store_big_finish(struct store_big *b, struct str owners) WARN_UNUSED;
uint64_t store_big_length(const struct store_big *b);
/* Takes NULL.  One that no job has committed is unlinked. */
void store_big_free(struct store_big *b);

/* --- writing --- */

enum store_op {
	STORE_DELIVER, STORE_APPEND, STORE_MARK, STORE_DELETE, STORE_RESTORE,
	STORE_FOLDER_CREATE, STORE_DOMAIN_ADD, STORE_DOMAIN_REMOVE,
	STORE_ACCOUNT_ADD, STORE_ACCOUNT_REMOVE, STORE_ACCOUNT_SET,
	STORE_DEVICE_ADD, STORE_DEVICE_REVOKE, STORE_PURGE, STORE_OP_COUNT
};

/* First member of every job below. */
struct store_job {
	enum store_op op;
	int err;		/* set by store_write() */
};

struct store_deliver_to {
	uint64_t mailbox_id;
	struct str name;	/* for the body's owners */
	struct str folder_key;	/* where to file it; gone meanwhile: INBOX.
				 * Empty: not as a recipient (see sent) */
	bool sent;		/* also (or only) the sender's copy in SENT */
	struct str once;	/* recipient's key, by which its ID is known */
	/* results */
	int err;		/* 0, ERR_NOTFOUND, ERR_QUOTA, ERR_CONFLICT */
	bool repeat;		/* had this ID already: not given again */
	struct uuid uuid;	/* _id it got there */
	uint64_t modseq;	/* of the mailbox */
	uint64_t used;		/* octets in it */
};

/*
 * All recipients get it or none: the first error is job.err, each has its own.
 * As a recipient it is unread, past the quota ERR_QUOTA; only as the sender's
 * copy it is read and kept over quota; both: one message in two folders,
 * unread.  A copy of an ID that the sender's mailbox has, in sight or not, is
 * not made again.
 * With once set an ID that this origin gave this recipient in the last
 * limits.once is not given again; with another sha, ERR_CONFLICT.
 * A mailbox that stands in `to` twice gets it once (the later one is told as a
 * repeat).
 * A REPLY joins the conversation of that message in the mailbox, in sight or
 * not, if `from` or an address of its domain takes part in it, and else begins
 * one.  It is found by its _id, or else as the first that came with that ID
 * and got another.
 */
struct store_deliver {
	struct store_job job;
	struct str origin;	/* proved domain, or key of the local account */
	bool once;		/* the sender gave the ID */
	struct uuid id;
	uint8_t sha[32];	/* SHA-256 of message_identity() */
	struct str from;	/* key */
	bool has_reply;
	struct uuid reply;
	unsigned flags;		/* FLAG_IMPORTANT or 0 */
	uint64_t received, size;
	struct str env;		/* message_row() */
	struct str body;	/* parts and trailer; or empty, and */
	struct store_big *big;	/* finished; stays the caller's to free */
	struct store_deliver_to *to;
	size_t nto;
};

/*
 * The owner of a mailbox files a message in a folder of it.  It keeps its ID:
 * ERR_EXISTS if a message of the mailbox has that, in sight or not (told ahead
 * of any other error but the first).  ERR_NOTFOUND: no such mailbox or folder;
 * ERR_QUOTA.  A REPLY joins a conversation as in a delivery.
 */
struct store_append {
	struct store_job job;
	uint64_t mailbox_id, account_id;	/* account: who does it */
	struct str name;	/* for the body's owners */
	struct str folder_key;
	struct uuid id;
	struct str from;	/* key, or empty: joins no conversation */
	bool has_reply;
	struct uuid reply;
	unsigned flags;		/* FLAG_ALL */
	struct str keywords;	/* made by keywords_add() */
	uint64_t received, size;
	uint64_t at;
	struct str env, body;	/* as of struct store_deliver */
	struct store_big *big;
	uint64_t modseq;	/* result */
};

/* By uuids, or by filter in chunks of at most limit rows: repeat with the
 * same struct while more is set.  ERR_LIMIT past 64 keywords of a message. */
struct store_mark {
	struct store_job job;
	uint64_t mailbox_id, account_id;	/* account: who does it */
	uint32_t folder_id;			/* 0: anywhere */
	const struct uuid *ids;
	size_t nids;
	bool by_filter;
	struct filter filter;
	struct store_pos pos;	/* where to go on; zero at first */
	size_t limit;
	unsigned set, clear;
	const struct str *add, *del;	/* keywords */
	size_t nadd, ndel;
	uint64_t at;
	/* results */
	bool *missing;		/* nids of them, given by the caller */
	uint64_t changed;	/* messages that are different now; added up */
	uint64_t modseq;
	bool more;
};

/*
 * DELETE takes a message out of the folder (0: out of all).  Out of its last
 * folder it goes to TRASH; out of TRASH it is kept out of sight.
 * RESTORE puts back what is in TRASH or out of sight, to the folder where it
 * was last before TRASH (those, if it was taken out of all at once), INBOX if
 * that is gone.  It pays no regard to the quota and passes over what is
 * elsewhere.
 * In a temporary mailbox what is deleted out of its last folder is out of sight
 * for good: missing to RESTORE, and forgotten by the next purge.
 */
struct store_remove {
	struct store_job job;	/* STORE_DELETE or STORE_RESTORE */
	uint64_t mailbox_id, account_id;
	uint32_t folder_id;
	const struct uuid *ids;
	size_t nids;
	uint64_t at;
	bool *missing;
	uint64_t changed, modseq;
};

/* Makes parents; the path begins as that of the parent there is, whatever its
 * case here.  ERR_EXISTS; ERR_LIMIT past limits.folders (role folders count);
 * ERR_NOTFOUND: no such mailbox. */
struct store_folder_create {
	struct store_job job;
	uint64_t mailbox_id, account_id;
	struct str path, key;
	uint64_t at;
	uint32_t folder_id;	/* result */
	uint64_t modseq;
};

/* ADD: ERR_EXISTS.  REMOVE: ERR_NOTFOUND, ERR_CONFLICT while it has
 * accounts. */
struct store_domain_edit {
	struct store_job job;
	struct str domain;
	uint64_t at;
};

struct store_cred {
	uint8_t salt[16];
	uint32_t kdf_t, kdf_m;
	uint8_t stored[32], server[32];
	bool has_sealed;
	uint8_t sealed[72];
};

/* Makes account, mailbox and role folders.  ERR_NOTFOUND: no such domain;
 * ERR_EXISTS. */
struct store_account_add {
	struct store_job job;
	struct str name, key, domain;
	bool has_cred;
	struct store_cred cred;
	uint64_t quota, at;
	uint64_t account_id, mailbox_id;	/* results */
};

enum store_account_field {
	STORE_SET_CRED = 1, STORE_SET_DISABLED = 2, STORE_SET_PROOF_ONLY = 4,
	STORE_SET_DISPLAY = 8, STORE_SET_QUOTA = 16, STORE_SET_NAME = 32,
	STORE_SET_RETENTION = 64
};
/* REMOVE takes mailbox and mail with it, and what was remembered of the IDs it
 * got.  ERR_NOTFOUND; SET_NAME: ERR_EXISTS, ERR_NOTFOUND for the domain. */
struct store_account_edit {
	struct store_job job;	/* STORE_ACCOUNT_SET or _REMOVE */
	uint64_t account_id;
	unsigned fields;
	struct store_cred cred;	/* STORE_SET_PROOF_ONLY on drops sealed too */
	bool disabled, proof_only;
	struct str display;
	uint64_t quota, retention;
	struct str name, key, domain;
	uint64_t at;
};

/* ADD: ERR_EXISTS, ERR_LIMIT past limits.devices.  Both: ERR_NOTFOUND. */
struct store_device_edit {
	struct store_job job;
	uint64_t account_id;
	struct str name, key;
	unsigned scopes;
	uint8_t stored[32], server[32];
	uint64_t at;
};

/* Forgets, in chunks of limit rows, mail deleted for longer than
 * limits.undelete or for good, IDs older than limits.once, and of a temporary
 * mailbox what was received longer ago than its retention and is not in
 * DRAFTS; as of now.  While more is set: again, with after as next was. */
struct store_purge {
	struct store_job job;
	uint64_t now;
	size_t limit;
	uint64_t after;		/* 0 at first */
	uint64_t next;		/* result */
	uint64_t messages, ids;	/* results, of this chunk */
	bool more;
};

/*
 * Commit a batch.  Every job's err is set.  Returns 0, or ERR_SYNC when the
 * store must not be used any more (every job then has it).  An error that hit
 * the whole batch (disk full) stands in every job.
 */
int store_write(struct store *s, struct store_job **jobs, size_t n) WARN_UNUSED;

/* --- care --- */

/* Work that keeps writing fast; called by a thread of its own, often.
 * Returns 1 if there may be more to do at once, 0, or an error. */
int store_tend(struct store *s) WARN_UNUSED;

struct store_stats {
	uint64_t bodies, body_octets, segments, big_files, wal_octets;
	uint64_t accounts, domains, messages, batches, jobs;
};
int store_stats_get(struct store_reader *r, struct store_stats *ret)
	WARN_UNUSED;

/* Check all: every body against its checksum, every counter against what it
 * counts, every reference.  say is called with one line per finding.  Returns
 * the number of findings or an error.  May run beside readers and the writer.
 */
typedef void (*store_say_fn)(void *ctx, struct str line);
int store_verify(struct store_reader *r, store_say_fn say, void *ctx)
	WARN_UNUSED;

void store_close(struct store *s);

#endif
