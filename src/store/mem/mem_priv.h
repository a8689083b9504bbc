/*
 * mem_priv: what the files of this folder share.
 *
 * A message knows its folders; a folder knows nothing of its messages.  All
 * counts are made by walking the mailbox, whose messages stand in the order of
 * listings.  Every change of a job goes through its struct mem_tx, which takes
 * it back if the job fails.
 */
#ifndef STORE_MEM_MEM_PRIV_H
#define STORE_MEM_MEM_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/mem.h"
#include "store/mem/mem_store.h"
#include "store/store_ops.h"

/* A growable array of pointers. */
struct mem_ptrs {
	void **v;
	size_t n, cap;
};

struct mem_domain {
	uint64_t id;
	struct str name;
};

struct mem_body {
	uint64_t id, refs;
	uint32_t crc;
	bool big;
	char *p;
	size_t n;
};

/* Folders of a message: replaced as a whole, never changed in place. */
struct mem_set {
	uint32_t *v;
	size_t n;
};

struct mem_msg {
	struct store_pos pos;
	struct uuid uuid, origin, thread;
	bool has_origin;
	unsigned flags;
	struct str keywords;
	uint64_t modseq, size;
	struct mem_body *body;
	struct str env;
	struct mem_set in;	/* none: out of sight, since gone_at */
	struct mem_set was;	/* before TRASH */
	uint64_t gone_at;	/* 0: for good */
};

struct mem_folder {
	uint32_t id;
	enum folder_role role;
	struct str path, key;
	uint64_t modseq;
};

struct mem_box {
	uint64_t id, modseq;
	uint32_t next_no, next_folder;
	struct mem_account *account;
	struct mem_ptrs folders;	/* struct mem_folder, by key */
	struct mem_ptrs msgs;		/* struct mem_msg, by pos */
	struct map by_uuid;
};

struct mem_account {
	uint64_t id, domain_id;
	struct str name, key, display;
	bool disabled, proof_only;
	struct store_cred cred;
	uint64_t created, quota, retention;
	struct mem_box *box;
	struct mem_ptrs devices;	/* struct mem_device, by key */
};

struct mem_device {
	struct str name, key;
	unsigned scopes;
	uint8_t stored[32], server[32];
	uint64_t created;
};

/* That an origin gave a recipient an ID. */
struct mem_once {
	struct str rcpt;
	uint8_t sha[32];
	struct uuid uuid;	/* _id it got there */
	uint64_t at;
};

struct mem_store {
	struct store head;
	const struct limits *limits;
	pthread_rwlock_t lock;
	_Atomic uint64_t calls, fail_at;
	_Atomic int fail_err;
	/* all below under the lock */
	bool broken;		/* a sync "failed" */
	uint64_t next_id;
	struct mem_ptrs domains;	/* struct mem_domain, by name */
	struct mem_ptrs accounts;	/* struct mem_account, by key */
	struct map account_ids, boxes, bodies;
	struct map onces;	/* origin NUL rcpt NUL uuid -> mem_once */
	uint64_t batches, jobs;
};

static inline struct mem_store *
mem_of(struct store_reader *r)
{
	return (struct mem_store *)r->store;
}

static inline struct str
mem_id(const uint64_t *id)
{
	return str_n(id, sizeof(*id));
}

/* Count a call; 0, or the error it is to fail with. */
int mem_store_enter(struct mem_store *s) WARN_UNUSED;

/* --- mem_tx: one job's changes --- */

struct mem_undo;

struct mem_tx {
	struct mem_store *store;
	struct arena arena;
	struct mem_undo *last;
	struct mem_undo *drops;	/* freed once the job stands */
};

void mem_tx_begin(struct mem_tx *tx, struct mem_store *s);
void mem_tx_commit(struct mem_tx *tx);
void mem_tx_rollback(struct mem_tx *tx);
/* Put the n octets at p back as they are now if the job fails. */
int mem_tx_save(struct mem_tx *tx, void *p, size_t n) WARN_UNUSED;
/* Zeroed memory that is freed if the job fails. */
void *mem_tx_alloc(struct mem_tx *tx, size_t n)
	__attribute__((warn_unused_result));
/* A copy; its p is NULL without memory. */
struct str mem_tx_str(struct mem_tx *tx, struct str s);
/* Free p if the job stands.  Takes NULL. */
int mem_tx_free(struct mem_tx *tx, const void *p) WARN_UNUSED;
int mem_tx_insert(struct mem_tx *tx, struct mem_ptrs *a, size_t at, void *p)
	WARN_UNUSED;
/* Set a key to value (not NULL), which replaces what is there. */
int mem_tx_put(struct mem_tx *tx, struct map *m, struct str key, void *value)
	WARN_UNUSED;

/* The index of p, which is in a. */
size_t mem_ptrs_find(const struct mem_ptrs *a, const void *p);
void mem_ptrs_remove(struct mem_ptrs *a, size_t at);
void mem_ptrs_done(struct mem_ptrs *a);

/* --- mem_box: mailboxes, their folders and messages --- */

struct mem_box *mem_box_get(struct mem_store *s, uint64_t id);
/* An empty mailbox with its role folders. */
int mem_box_new(struct mem_tx *tx, struct mem_account *acc) WARN_UNUSED;
/* Forget a mailbox and all that is in it. */
void mem_box_free(struct mem_store *s, struct mem_box *box);
void mem_box_forget_msg(struct mem_store *s, struct mem_box *box,
			struct mem_msg *m);
uint64_t mem_box_used(const struct mem_box *box, uint64_t *ret_total,
		      uint64_t *ret_unread);
uint64_t mem_box_quota(const struct mem_store *s, const struct mem_box *box);
/* The next modseq, taken for a change of the message (may be NULL). */
int mem_box_bump(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m)
	WARN_UNUSED;

/* By key, id, role; NULL if there is none. */
struct mem_folder *mem_box_folder(const struct mem_box *box, struct str key);
struct mem_folder *mem_box_folder_id(const struct mem_box *box, uint32_t id);
struct mem_folder *mem_box_role(const struct mem_box *box,
				enum folder_role role);
/* Index of the first folder with a key of at least `key`. */
size_t mem_box_folder_at(const struct mem_box *box, struct str key);
int mem_box_folder_add(struct mem_tx *tx, struct mem_box *box, struct str path,
		       struct str key, enum folder_role role,
		       struct mem_folder **ret) WARN_UNUSED;

/* By _id, also those out of sight. */
struct mem_msg *mem_box_msg(const struct mem_box *box, const struct uuid *uuid);
/* Index of the first message at or behind pos. */
size_t mem_box_msg_at(const struct mem_box *box, struct store_pos pos);
int mem_box_pos_cmp(struct store_pos a, struct store_pos b);

bool mem_set_has(const struct mem_set *set, uint32_t id);
/* Is it in the folder (0: in any)? */
bool mem_msg_in(const struct mem_msg *m, uint32_t folder_id);
/* Change the folders of a message; bumps modseqs of old and new ones. */
int mem_msg_move(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m,
		 struct mem_set in) WARN_UNUSED;
/* Out of sight, as of then; 0: for good. */
int mem_msg_gone(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m,
		 uint64_t at) WARN_UNUSED;
int mem_set_new(struct mem_tx *tx, const uint32_t *ids, size_t n,
		struct mem_set *ret) WARN_UNUSED;
bool mem_msg_matches(const struct mem_msg *m, const struct filter *f);

/* --- the operations, a file each; callers hold the lock --- */

int mem_domain_find(struct store_reader *r, struct str domain,
		    uint64_t *ret_id);
int mem_domain_list(struct store_reader *r, struct arena *a, struct str **ret,
		    size_t *ret_n);
int mem_domain_add(struct mem_tx *tx, struct store_domain_edit *j);
int mem_domain_remove(struct mem_tx *tx, struct store_domain_edit *j);
void mem_domain_free(struct mem_domain *d);
/* NULL if there is none. */
struct mem_domain *mem_domain_get(const struct mem_store *s, struct str name);

int mem_account_find(struct store_reader *r, struct arena *a, struct str key,
		     struct store_account *ret);
int mem_account_list(struct store_reader *r, struct arena *a,
		     struct str domain, struct str after, size_t max,
		     struct store_account **ret, size_t *ret_n);
int mem_account_rcpt(struct store_reader *r, struct arena *a, struct str key,
		     struct str folder_key, struct store_rcpt *ret);
int mem_account_add(struct mem_tx *tx, struct store_account_add *j);
int mem_account_remove(struct mem_tx *tx, struct store_account_edit *j);
int mem_account_set(struct mem_tx *tx, struct store_account_edit *j);
/* Of a store that is closed, or an account that is removed. */
void mem_account_free(struct mem_store *s, struct mem_account *acc);

int mem_device_find(struct store_reader *r, struct arena *a,
		    uint64_t account_id, struct str key,
		    struct store_device *ret);
int mem_device_list(struct store_reader *r, struct arena *a,
		    uint64_t account_id, struct store_device **ret,
		    size_t *ret_n);
int mem_device_add(struct mem_tx *tx, struct store_device_edit *j);
int mem_device_revoke(struct mem_tx *tx, struct store_device_edit *j);
void mem_device_free(struct mem_device *d);

int mem_folder_find(struct store_reader *r, struct arena *a,
		    uint64_t mailbox_id, struct str key,
		    struct store_folder *ret);
int mem_folder_list(struct store_reader *r, struct arena *a,
		    uint64_t mailbox_id, struct str key,
		    struct store_folder **ret, size_t *ret_n);
int mem_folder_mailbox(struct store_reader *r, struct arena *a,
		       uint64_t mailbox_id, struct store_mailbox *ret);
int mem_folder_create(struct mem_tx *tx, struct store_folder_create *j);

int mem_list_count(struct store_reader *r, uint64_t mailbox_id,
		   uint32_t folder_id, const struct filter *f,
		   uint64_t *ret_total, uint64_t *ret_unread);
int mem_list_list(struct store_reader *r, const struct store_list *q,
		  struct store_pos *ret, size_t *ret_n, bool *ret_more);
int mem_list_rows(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		  const struct store_pos *pos, size_t n, size_t octets,
		  struct store_row *ret, size_t *ret_n, size_t *ret_used);
int mem_list_row_find(struct store_reader *r, struct arena *a,
		      uint64_t mailbox_id, uint32_t folder_id,
		      const struct uuid *uuid, struct store_row *ret);
int mem_list_row_any(struct store_reader *r, struct arena *a,
		     uint64_t mailbox_id, const struct uuid *uuid,
		     struct store_row *ret);

struct mem_body *mem_body_get(const struct mem_store *s, uint64_t id);
/* A new body with no refs yet, from octets or a large one. */
int mem_body_new(struct mem_tx *tx, struct str octets, struct store_big *big,
		 struct mem_body **ret) WARN_UNUSED;
/* One reference less; the last one takes the body with it. */
void mem_body_unref(struct mem_store *s, struct mem_body *b);
int mem_body_open(struct store_reader *r, uint64_t body_id,
		  struct store_body *ret);
int mem_body_read(struct store_reader *r, struct store_body *b, uint64_t off,
		  void *dst, size_t n);
int mem_body_load(struct store_reader *r, struct store_body *b,
		  struct buf *out);
/* These need no lock, but mem_big_new(), which counts the call. */
int mem_big_new(struct store *s, struct store_big **ret);
int mem_big_write(struct store_big *b, struct str octets);
int mem_big_finish(struct store_big *b, struct str owners);
uint64_t mem_big_length(const struct store_big *b);
void mem_big_free(struct store_big *b);

int mem_deliver(struct mem_tx *tx, struct store_deliver *d);
int mem_append(struct mem_tx *tx, struct store_append *j);
/* The conversation of a message with this _id: that of the one it answers
 * (NULL: none) if `from` takes part in it. */
struct uuid mem_thread_for(const struct mem_box *box, const struct uuid *reply,
			   struct str from, struct uuid own);
int mem_quota_check(const struct mem_store *s, const struct mem_box *box,
		    uint64_t size) WARN_UNUSED;
/* A new message, complete but for its number and modseq. */
int mem_box_add_msg(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m)
	WARN_UNUSED;
int mem_mark(struct mem_tx *tx, struct store_mark *j);
int mem_delete(struct mem_tx *tx, struct store_remove *j);
int mem_restore(struct mem_tx *tx, struct store_remove *j);
int mem_purge(struct mem_tx *tx, struct store_purge *j);
void mem_once_free(struct mem_once *o);

int mem_verify(struct store_reader *r, store_say_fn say, void *ctx);

#endif
