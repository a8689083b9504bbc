/*
 * sqlite_list: places of messages, in order, of a folder or of a whole mailbox.
 *
 * A mailbox has no order of its own in the index: that of its folders are
 * merged, and a message that lies in several stands there once.
 */
#ifndef STORE_SQLITE_SQLITE_LIST_H
#define STORE_SQLITE_SQLITE_LIST_H

#include "store/sqlite/db.h"
#include "store/store.h"

struct sqlite_list {
	uint64_t mailbox_id;
	uint32_t folder_id;	/* 0: the whole mailbox */
	const struct filter *filter;
	bool before;		/* the last before pos; else the first after */
	struct store_pos pos;
	size_t limit;
};

/* Behind all there are. */
#define SQLITE_POS_END ((struct store_pos){ INT64_MAX, UINT32_MAX })

int sqlite_pos_cmp(struct store_pos a, struct store_pos b);

/* At most limit places, ascending, to ret (room for limit); as store_list().
 * Call it inside of a transaction. */
int sqlite_list_run(struct db *db, const struct sqlite_list *q,
		    struct store_pos *ret, size_t *ret_n, bool *ret_more)
	WARN_UNUSED;

/* What place.flags must be under a mask for the flags of a filter; false if
 * nothing can pass. */
bool sqlite_list_flags(const struct filter *f, uint64_t *ret_mask,
		       uint64_t *ret_want);

/* How many the filter takes, and how many of them are unread, by walking. */
int sqlite_list_thread_count(struct db *db, uint64_t mailbox_id,
			     uint32_t folder_id, const struct filter *f,
			     uint64_t *ret_total, uint64_t *ret_unread)
	WARN_UNUSED;

#endif
