/* sqlite_read_priv: what the reader's files share. */
#ifndef STORE_SQLITE_SQLITE_READ_PRIV_H
#define STORE_SQLITE_SQLITE_READ_PRIV_H

#include "store/sqlite/sqlite_priv.h"

/* A snapshot over several statements; end takes the result and gives it back.
 * Call it also when begin has failed. */
int sqlite_read_begin(struct sqlite_reader *r) WARN_UNUSED;
int sqlite_read_end(struct sqlite_reader *r, int err) WARN_UNUSED;
/* Of a reader that is held: what comes next is read from a new snapshot. */
void sqlite_read_refresh(struct sqlite_reader *r);
/* The one number of a statement without arguments. */
int sqlite_read_number(struct sqlite_reader *r, enum sql id, uint64_t *ret)
	WARN_UNUSED;

/* Octets of the write-ahead log's file. */
uint64_t sqlite_wal_size(struct sqlite_store *s);

/* The file of a segment (key: its number) or large body (key: its id), open.
 * It stays the reader's. */
int sqlite_reader_file(struct sqlite_reader *r, uint64_t key) WARN_UNUSED;
/* Read a body as a whole, a little at a time, and check it. */
int sqlite_body_check(struct sqlite_reader *r, uint64_t body_id) WARN_UNUSED;
/* Close it, for it may be another's by now. */
void sqlite_reader_drop(struct sqlite_reader *r, uint64_t key);

#endif
