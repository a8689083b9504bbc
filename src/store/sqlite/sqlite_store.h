/*
 * sqlite_store: the embedded store: an SQLite index and a body log.
 *
 * DATA/index.db, DATA/log/ and DATA/big/ (docs/internals/store.md).
 */
#ifndef STORE_SQLITE_SQLITE_STORE_H
#define STORE_SQLITE_SQLITE_STORE_H

#include "store/store.h"

struct sqlite_store_options {
	const struct limits *limits;	/* must outlive the store */
	bool create;		/* make what is missing */
};

/*
 * Open the store in folder `data`, take its lock, repair what a crash may have
 * left (see the head of sqlite_store.c).  reterr (cap octets) gets one line on
 * failure: ERR_LOCKED, ERR_VERSION, ERR_NOTFOUND, ERR_CORRUPT, ERR_IO...
 */
int sqlite_store_open(const char *data, const struct sqlite_store_options *o,
		      struct store **ret, char *reterr, size_t cap) WARN_UNUSED;

/*
 * Last resort: the index is lost.  Makes a new one in `data` from the body log
 * and the large bodies: each body goes to its owners, into a folder RECOVERED;
 * owners become accounts without a password.  An old index is moved aside to
 * index.db.lost-N.  say gets what was done and what cannot be known.
 */
int sqlite_store_rebuild(const char *data,
			 const struct sqlite_store_options *o,
			 store_say_fn say, void *ctx) WARN_UNUSED;

#endif
