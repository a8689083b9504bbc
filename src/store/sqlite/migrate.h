/*
 * migrate: bringing the schema of an index up to date.
 *
 * schema/NNNN_*.sql are run in order, each in a transaction of its own that
 * also sets user_version to NNNN.  One that was released is never changed.
 */
#ifndef STORE_SQLITE_MIGRATE_H
#define STORE_SQLITE_MIGRATE_H

#include "store/sqlite/db.h"

/* Made from schema/ by tools/embed-sql. */
struct migration {
	uint32_t version;
	const char *const *statements;	/* to a NULL */
};
extern const struct migration migrate_list[];
extern const size_t migrate_count;

/* Run what is missing.  *ret_fresh: there was nothing at all.  ERR_VERSION for
 * an index that a newer version made; it is left alone. */
int migrate_run(struct db *db, bool *ret_fresh) WARN_UNUSED;

#endif
