/*
 * bigfile: a large body, DATA/big/<body id in hex>: one record (bodyrec.h) at
 * offset 0 of a file of its own.
 *
 * It is written without a name (O_TMPFILE), so that one nobody finished is
 * gone by itself; bigfile_finish() makes it durable and names it.  One that no
 * committed row names is unlinked by bigfile_free() or at the next open.
 * One user at a time.
 */
#ifndef STORE_SQLITE_BIGFILE_H
#define STORE_SQLITE_BIGFILE_H

#include "store/store_ops.h"

struct sqlite_store;

/* Ids of large bodies have this bit; those of the log never get there. */
#define BIGFILE_ID (1ull << 62)
#define BIGFILE_NAME 17

struct bigfile {
	struct store_big head;
	struct sqlite_store *store;
	int fd;
	uint64_t body_id, len;
	uint32_t crc;
	bool linked;
	bool committed;		/* set by the writer: a row may name it */
};

void bigfile_name(uint64_t body_id, char dst[static BIGFILE_NAME]);
/* 0 or ERR_VALUE. */
int bigfile_name_parse(struct str name, uint64_t *ret_id) WARN_UNUSED;

/* The operations of store_ops.h. */
int bigfile_new(struct store *s, struct store_big **ret) WARN_UNUSED;
int bigfile_write(struct store_big *b, struct str octets) WARN_UNUSED;
int bigfile_finish(struct store_big *b, struct str owners) WARN_UNUSED;
uint64_t bigfile_length(const struct store_big *b);
void bigfile_free(struct store_big *b);

/* Unlink files of the folder that no row names: known(ctx, id) returns 1 for
 * one that is named, 0 or an error. */
typedef int (*bigfile_known_fn)(void *ctx, uint64_t body_id);
int bigfile_sweep(int dir, bigfile_known_fn known, void *ctx) WARN_UNUSED;
/* Call fn for each; stops at an error. */
typedef int (*bigfile_each_fn)(void *ctx, uint64_t body_id, const char *name);
int bigfile_each(int dir, bigfile_each_fn fn, void *ctx) WARN_UNUSED;

#endif
