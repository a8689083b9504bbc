/* sqlite_msg: one row of `message`, as readers and the writer take it. */
#ifndef STORE_SQLITE_SQLITE_MSG_H
#define STORE_SQLITE_SQLITE_MSG_H

#include "store/sqlite/db.h"
#include "store/store.h"

/* Folders of a message: ids, little endian, one behind the other, in the order
 * they were given. */
struct sqlite_ids {
	const uint8_t *p;
	size_t n;	/* how many */
};

#define SQLITE_ID_SIZE 4

struct sqlite_msg {
	uint64_t docid, body_id, modseq, size, gone_at;
	struct store_pos pos;
	struct uuid uuid, origin, thread;
	bool has_origin, gone;
	unsigned flags;
	struct sqlite_ids in;	/* none if gone */
	struct sqlite_ids was;	/* before TRASH */
	struct str keywords, env;
};

/* Bits of place.flags. */
enum place_flag { PLACE_UNREAD = 1, PLACE_FLAGGED = 2, PLACE_IMPORTANT = 4 };

static inline uint64_t
sqlite_msg_docid(uint64_t mailbox_id, uint32_t no)
{
	return mailbox_id << 32 | no;
}

/* What place.flags says of a message with these flags. */
unsigned sqlite_msg_mirror(unsigned flags);

/* The message that statement id (SQL_MESSAGE_*) stands at; its text is copied
 * to the arena.  0, ERR_NOMEM or ERR_CORRUPT. */
int sqlite_msg_take(struct db *db, enum sql id, struct arena *a,
		    struct sqlite_msg *ret) WARN_UNUSED;
/* By _id, also one out of sight.  0, ERR_NOTFOUND, or another error. */
int sqlite_msg_find(struct db *db, struct arena *a, uint64_t mailbox_id,
		    const struct uuid *uuid, struct sqlite_msg *ret)
	WARN_UNUSED;
/* By docid, only in sight. */
int sqlite_msg_get(struct db *db, struct arena *a, uint64_t docid,
		   struct sqlite_msg *ret) WARN_UNUSED;
/* Is it in the folder (0: in any)? */
bool sqlite_msg_in(const struct sqlite_msg *m, uint32_t folder_id);
/* Does it pass the filter? */
bool sqlite_msg_matches(const struct sqlite_msg *m, const struct filter *f);

uint32_t sqlite_ids_at(const struct sqlite_ids *ids, size_t i);
bool sqlite_ids_has(const struct sqlite_ids *ids, uint32_t id);
/* dst has room for one more. */
void sqlite_ids_put(uint8_t *dst, size_t i, uint32_t id);
static inline struct str
sqlite_ids_str(const struct sqlite_ids *ids)
{
	return str_n(ids->p, ids->n * SQLITE_ID_SIZE);
}

#endif
