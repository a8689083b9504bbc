/* sqlite_open_priv: opening, as sqlite_store.c and the rebuild share it. */
#ifndef STORE_SQLITE_SQLITE_OPEN_PRIV_H
#define STORE_SQLITE_SQLITE_OPEN_PRIV_H

#include "store/sqlite/sqlite_priv.h"
#include "store/sqlite/sqlite_store.h"

struct sqlite_opening {
	const char *data;
	const char *index;	/* name of the index in it */
	const struct sqlite_store_options *options;
	bool rebuild;		/* leave log and large bodies alone */
	bool fresh;		/* result: the index was made */
	char *reterr;
	size_t cap;
};

int sqlite_store_open_as(struct sqlite_opening *o, struct sqlite_store **ret)
	WARN_UNUSED;

#endif
