/*
 * sqlite_priv: what the files of this folder share of an open store.
 *
 * Which thread may touch what:
 *   - the writer (store_write): `writer` and the writer's half of `log`;
 *   - the one who tends (store_tend): `tend` and bodylog_fill();
 *   - anybody: what is atomic, what never changes after open, and readers of
 *     their own.
 */
#ifndef STORE_SQLITE_SQLITE_PRIV_H
#define STORE_SQLITE_SQLITE_PRIV_H

#include <stdatomic.h>

#include "store/sqlite/bodylog.h"
#include "store/sqlite/db.h"
#include "store/store_ops.h"

struct sqlite_writer;

/* Row `state`: what the index commits with each batch. */
struct sqlite_state {
	uint64_t epoch, batch, clean;
	uint64_t log_seg, log_off;
	uint64_t next_body, next_domain, next_account, next_mailbox;
	uint64_t jobs, bodies, body_octets, bigs, messages;
};

struct sqlite_store {
	struct store head;
	const struct limits *limits;
	char *index;		/* path of the index */
	int dir, lock, log_dir, big_dir;
	struct bodylog log;
	struct sqlite_writer *writer;
	struct db tend;
	uint64_t tended_wal;	/* pages, when last checkpointed by tend */
	_Atomic uint64_t wal_pages;	/* after the last commit */
	_Atomic bool broken;	/* a sync has failed: ERR_SYNC for ever */
};

/* A reader keeps the segments it last read from open. */
#define SQLITE_READER_FILES 8

struct sqlite_reader {
	struct store_reader head;
	struct db db;
	struct sqlite_reader_file {
		uint64_t key;	/* segment, or body id of a large body */
		uint64_t salt;	/* of a segment */
		int fd;
		bool has_salt;
	} files[SQLITE_READER_FILES];
	unsigned next_file;
	bool held;		/* one snapshot for all that is read */
};

static inline struct sqlite_store *
sqlite_reader_store(struct sqlite_reader *r)
{
	return (struct sqlite_store *)r->head.store;
}

static inline void
sqlite_store_break(struct sqlite_store *s)
{
	atomic_store(&s->broken, true);
}

static inline bool
sqlite_store_broken(struct sqlite_store *s)
{
	return atomic_load(&s->broken);
}

/* Read the row `state`. */
int sqlite_state_get(struct db *db, struct sqlite_state *ret) WARN_UNUSED;
int sqlite_state_put(struct db *db, const struct sqlite_state *st) WARN_UNUSED;

/* --- sqlite_write.c --- */
int sqlite_writer_new(struct sqlite_store *s, struct sqlite_writer **ret)
	WARN_UNUSED;
/* Commits a mark that the store was closed in order. */
void sqlite_writer_free(struct sqlite_writer *w);
struct db *sqlite_writer_db(struct sqlite_writer *w);
const struct sqlite_state *sqlite_writer_state(const struct sqlite_writer *w);
/* Begin the life of a fresh index; after anything but an orderly close pass
 * over `skip` ids of bodies. */
int sqlite_writer_start(struct sqlite_writer *w, bool fresh, uint64_t skip)
	WARN_UNUSED;
int sqlite_write(struct store *s, struct store_job **jobs, size_t n)
	WARN_UNUSED;

/* --- sqlite_read_*.c: the operations of store_ops.h --- */
int sqlite_reader_new(struct store *s, struct store_reader **ret) WARN_UNUSED;
void sqlite_reader_free(struct store_reader *r);
void sqlite_reader_hold(struct store_reader *r, bool hold);
int sqlite_stats(struct store_reader *r, struct store_stats *ret) WARN_UNUSED;

int sqlite_domain_find(struct store_reader *r, struct str domain,
		       uint64_t *ret_id) WARN_UNUSED;
int sqlite_domain_list(struct store_reader *r, struct arena *a,
		       struct str **ret, size_t *ret_n) WARN_UNUSED;
int sqlite_account_find(struct store_reader *r, struct arena *a,
			struct str key, struct store_account *ret) WARN_UNUSED;
int sqlite_account_list(struct store_reader *r, struct arena *a,
			struct str domain, struct str after, size_t max,
			struct store_account **ret, size_t *ret_n) WARN_UNUSED;
int sqlite_device_find(struct store_reader *r, struct arena *a,
		       uint64_t account_id, struct str key,
		       struct store_device *ret) WARN_UNUSED;
int sqlite_device_list(struct store_reader *r, struct arena *a,
		       uint64_t account_id, struct store_device **ret,
		       size_t *ret_n) WARN_UNUSED;
int sqlite_rcpt_find(struct store_reader *r, struct arena *a, struct str key,
		     struct str folder_key, struct store_rcpt *ret)
	WARN_UNUSED;
int sqlite_mailbox_get(struct store_reader *r, struct arena *a,
		       uint64_t mailbox_id, struct store_mailbox *ret)
	WARN_UNUSED;
int sqlite_folder_find(struct store_reader *r, struct arena *a,
		       uint64_t mailbox_id, struct str key,
		       struct store_folder *ret) WARN_UNUSED;
int sqlite_folder_list(struct store_reader *r, struct arena *a,
		       uint64_t mailbox_id, struct str key,
		       struct store_folder **ret, size_t *ret_n) WARN_UNUSED;
int sqlite_count(struct store_reader *r, uint64_t mailbox_id,
		 uint32_t folder_id, const struct filter *f,
		 uint64_t *ret_total, uint64_t *ret_unread) WARN_UNUSED;
int sqlite_list(struct store_reader *r, const struct store_list *q,
		struct store_pos *ret, size_t *ret_n, bool *ret_more)
	WARN_UNUSED;
int sqlite_rows(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		const struct store_pos *pos, size_t n, size_t octets,
		struct store_row *ret, size_t *ret_n, size_t *ret_used)
	WARN_UNUSED;
int sqlite_row_find(struct store_reader *r, struct arena *a,
		    uint64_t mailbox_id, uint32_t folder_id,
		    const struct uuid *uuid, struct store_row *ret)
	WARN_UNUSED;
int sqlite_row_any(struct store_reader *r, struct arena *a,
		   uint64_t mailbox_id, const struct uuid *uuid,
		   struct store_row *ret) WARN_UNUSED;
int sqlite_body_open(struct store_reader *r, uint64_t body_id,
		     struct store_body *ret) WARN_UNUSED;
int sqlite_body_read(struct store_reader *r, struct store_body *b,
		     uint64_t off, void *dst, size_t n) WARN_UNUSED;
int sqlite_body_load(struct store_reader *r, struct store_body *b,
		     struct buf *out) WARN_UNUSED;

/* --- sqlite_tend.c, sqlite_verify.c --- */
int sqlite_tend(struct store *s) WARN_UNUSED;
int sqlite_verify(struct store_reader *r, store_say_fn say, void *ctx)
	WARN_UNUSED;

#endif
