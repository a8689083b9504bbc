/*
 * sqlite_write_priv: what the writer's files share.
 *
 * A job first reads and decides, and only then changes rows, ledger and log.
 * So one that is refused has changed nothing, and no savepoint is needed.
 * Should an error come up behind the first change, all the same, the whole
 * batch is rolled back (see sqlite_write.c): every function here may return an
 * error at any point.
 */
#ifndef STORE_SQLITE_SQLITE_WRITE_PRIV_H
#define STORE_SQLITE_SQLITE_WRITE_PRIV_H

#include "store/sqlite/bigfile.h"
#include "store/sqlite/ledger.h"
#include "store/sqlite/sqlite_msg.h"
#include "store/sqlite/sqlite_priv.h"

/* What change.kind says. */
enum change_kind {
	CHANGE_NEW = 1,		/* detail: its folders */
	CHANGE_FLAGS = 2,	/* detail: flags before, 4 octets */
	CHANGE_FOLDERS = 3,	/* detail: its folders before */
	CHANGE_GONE = 4,	/* detail: its folders before */
	CHANGE_FOLDER_NEW = 5	/* no message */
};

/* Something to be done once the batch is committed. */
struct sqlite_after {
	struct sqlite_after *next;
	struct bigfile *big;	/* named by a row now */
	uint64_t unlink;	/* large body that no row names any more */
};

/* What a job's struct held before it ran, for one that runs again. */
struct sqlite_before {
	struct sqlite_before *next;
	struct store_mark *job;
	struct store_mark was;
};

struct sqlite_writer {
	struct sqlite_store *store;
	struct db db;
	struct arena arena;	/* of the batch */
	struct ledger ledger;	/* of the batch */
	struct sqlite_state state, committed;
	struct sqlite_after *after;
	struct sqlite_before *before;
	uint64_t next_reset;	/* pages of the write-ahead log */
};

/* One job each. */
int sqlite_deliver(struct sqlite_writer *w, struct store_deliver *d)
	WARN_UNUSED;
int sqlite_append(struct sqlite_writer *w, struct store_append *j) WARN_UNUSED;
int sqlite_mark(struct sqlite_writer *w, struct store_mark *j) WARN_UNUSED;
int sqlite_delete(struct sqlite_writer *w, struct store_remove *j) WARN_UNUSED;
int sqlite_restore(struct sqlite_writer *w, struct store_remove *j)
	WARN_UNUSED;
int sqlite_folder_create(struct sqlite_writer *w,
			 struct store_folder_create *j) WARN_UNUSED;
int sqlite_domain_add(struct sqlite_writer *w, struct store_domain_edit *j)
	WARN_UNUSED;
int sqlite_domain_remove(struct sqlite_writer *w, struct store_domain_edit *j)
	WARN_UNUSED;
int sqlite_account_add(struct sqlite_writer *w, struct store_account_add *j)
	WARN_UNUSED;
int sqlite_account_remove(struct sqlite_writer *w,
			  struct store_account_edit *j) WARN_UNUSED;
int sqlite_account_set(struct sqlite_writer *w, struct store_account_edit *j)
	WARN_UNUSED;
int sqlite_device_add(struct sqlite_writer *w, struct store_device_edit *j)
	WARN_UNUSED;
int sqlite_device_revoke(struct sqlite_writer *w, struct store_device_edit *j)
	WARN_UNUSED;
int sqlite_purge(struct sqlite_writer *w, struct store_purge *j) WARN_UNUSED;
/* At most *left rows, which is counted down, of a mailbox that was removed. */
int sqlite_purge_mailbox(struct sqlite_writer *w, uint64_t mailbox_id,
			 size_t *left) WARN_UNUSED;

/* Out of sight and never back: the next purge takes it. */
int sqlite_delete_for_good(struct sqlite_writer *w, struct ledger_mailbox *mb,
			   const struct sqlite_msg *m, uint64_t at,
			   uint64_t actor) WARN_UNUSED;
/* Do so with what temporary mailboxes have kept for too long: at most j->limit
 * messages, of as many mailboxes behind j->after. */
int sqlite_expire(struct sqlite_writer *w, const struct store_purge *j,
		  uint64_t *ret_next, bool *ret_more) WARN_UNUSED;

/* A message to be filed in one mailbox. */
struct sqlite_file {
	struct ledger_mailbox *mb;
	struct ledger_folder *folders[2];
	size_t nfolders;
	struct uuid id;			/* its own ID */
	const struct uuid *thread;	/* that it joins; NULL: begins one */
	uint64_t body_id, received, size;
	unsigned flags;
	uint64_t at, actor;		/* when, and who does it */
	struct str keywords, env;
};

/* Rows and counters of a new message.  ret_uuid: its _id, a new one where
 * another message of the mailbox has its own. */
int sqlite_file_message(struct sqlite_writer *w, const struct sqlite_file *f,
			struct uuid *ret_uuid) WARN_UNUSED;

/* The conversation of the message `reply`, if `from` (a key) takes part in it;
 * else *ret is left alone. */
int sqlite_thread_find(struct sqlite_writer *w, uint64_t mailbox_id,
		       const struct uuid *reply, struct str from,
		       const struct uuid **ret) WARN_UNUSED;

/* A body that refs messages will have: octets, or a large one that is
 * finished.  owners: names, each ended by LF. */
int sqlite_body_add(struct sqlite_writer *w, struct str octets,
		    struct store_big *large, struct str owners, uint64_t refs,
		    uint64_t *ret_id) WARN_UNUSED;
/* Has a message of the mailbox this _id, in sight or not?  1, 0 or an error. */
int sqlite_has_id(struct sqlite_writer *w, uint64_t mailbox_id,
		  const struct uuid *id) WARN_UNUSED;
int sqlite_quota_check(const struct ledger_mailbox *mb, uint64_t size)
	WARN_UNUSED;

/* One message less has this body; the last one takes it along. */
int sqlite_body_unref(struct sqlite_writer *w, uint64_t body_id) WARN_UNUSED;
/* Remember for after the commit; zeroed otherwise. */
struct sqlite_after *sqlite_after_new(struct sqlite_writer *w);

/* Between begin and commit or rollback stands one transaction of the index. */
void sqlite_batch_clear(struct sqlite_writer *w);
/* Put ledger, log and state into rows. */
int sqlite_batch_sums(struct sqlite_writer *w, size_t njobs) WARN_UNUSED;

/* A row of the change log; takes the next modseq of the mailbox. */
struct sqlite_change {
	struct ledger_mailbox *mb;
	enum change_kind kind;
	uint32_t no, folder_id;
	uint64_t at, actor;
	struct str detail;
};
int sqlite_change(struct sqlite_writer *w, const struct sqlite_change *c)
	WARN_UNUSED;

#endif
