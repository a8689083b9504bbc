/*
 * ledger: mailboxes and folders as the batch under way has made them.
 *
 * The rows `mailbox` and `folder` that a batch changes are read once, changed
 * here, and written once before the commit: a batch of 200 messages into 20
 * mailboxes costs 20 updates and not 400.  Only the writer changes these rows,
 * so nothing can come between.
 *
 * Memory is the batch's arena; ledger_clear() forgets all.  Whoever changes an
 * entry calls ledger_touch() (or one of the functions below that do) first,
 * which marks the batch as written to.
 */
#ifndef STORE_SQLITE_LEDGER_H
#define STORE_SQLITE_LEDGER_H

#include "mail/imid.h"
#include "store/sqlite/db.h"

struct ledger_folder {
	struct ledger_folder *next;
	uint32_t folder_id;
	enum folder_role role;
	struct str path, key;
	uint64_t total, unread, flagged, octets, modseq;
	bool dirty;
};

struct ledger_mailbox {
	struct ledger_mailbox *next, *hash_next;
	uint64_t mailbox_id, modseq, used, quota, total, unread;
	uint64_t next_no, next_folder;
	uint64_t retention;	/* of temporary storage; or 0 */
	struct ledger_folder *folders;	/* those that were asked for */
	struct ledger_folder *roles[ROLE_COUNT];
	bool dirty;
	bool removed;
	void *job;		/* whose notes `note` is */
	void *note;
};

#define LEDGER_SLOTS 512

struct ledger {
	struct db *db;
	struct arena *arena;
	uint64_t default_quota;
	struct ledger_mailbox *all;
	struct ledger_mailbox *slots[LEDGER_SLOTS];
};

void ledger_init(struct ledger *l, struct db *db, struct arena *arena,
		 uint64_t default_quota);
/* Forget all; the arena is the caller's to clear. */
void ledger_clear(struct ledger *l);

/* 0, ERR_NOTFOUND, or an error of the index. */
int ledger_mailbox(struct ledger *l, uint64_t mailbox_id,
		   struct ledger_mailbox **ret) WARN_UNUSED;
int ledger_folder(struct ledger *l, struct ledger_mailbox *mb,
		  uint32_t folder_id, struct ledger_folder **ret) WARN_UNUSED;
int ledger_folder_key(struct ledger *l, struct ledger_mailbox *mb,
		      struct str key, struct ledger_folder **ret) WARN_UNUSED;
int ledger_role(struct ledger *l, struct ledger_mailbox *mb,
		enum folder_role role, struct ledger_folder **ret) WARN_UNUSED;

/* A new folder, row and entry, as of the modseq that its change has taken.
 * path and key are copied. */
int ledger_folder_add(struct ledger *l, struct ledger_mailbox *mb,
		      struct str path, struct str key, enum folder_role role,
		      struct ledger_folder **ret) WARN_UNUSED;

/* The next modseq of the mailbox; marks it as changed. */
uint64_t ledger_modseq(struct ledger *l, struct ledger_mailbox *mb);
void ledger_touch(struct ledger *l, struct ledger_folder *f);
/* A message of so many octets with these flags (enum message_flag) comes into
 * a folder, or leaves it. */
void ledger_enter(struct ledger *l, struct ledger_mailbox *mb,
		  struct ledger_folder *f, unsigned flags, uint64_t size);
void ledger_leave(struct ledger *l, struct ledger_mailbox *mb,
		  struct ledger_folder *f, unsigned flags, uint64_t size);

/* Write all that was changed. */
int ledger_flush(struct ledger *l) WARN_UNUSED;

#endif
