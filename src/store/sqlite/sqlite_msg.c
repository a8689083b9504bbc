#include "store/sqlite/sqlite_msg.h"

unsigned
sqlite_msg_mirror(unsigned flags)
{
	return (flags & FLAG_READ ? 0 : PLACE_UNREAD) |
	       (flags & FLAG_FLAGGED ? PLACE_FLAGGED : 0) |
	       (flags & FLAG_IMPORTANT ? PLACE_IMPORTANT : 0);
}

uint32_t
sqlite_ids_at(const struct sqlite_ids *ids, size_t i)
{
	const uint8_t *p = ids->p + i * SQLITE_ID_SIZE;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

bool
sqlite_ids_has(const struct sqlite_ids *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (sqlite_ids_at(ids, i) == id)
			return true;
	return false;
}

void
sqlite_ids_put(uint8_t *dst, size_t i, uint32_t id)
{
	uint8_t *p = dst + i * SQLITE_ID_SIZE;

	for (int k = 0; k < 4; k++)
		p[k] = (uint8_t)(id >> (8 * k));
}

static int
take_ids(struct db *db, enum sql id, int col, struct arena *a,
	 struct sqlite_ids *ret)
{
	struct str s;
	int err = db_copy(db, id, col, a, &s);

	if (err < 0)
		return err;
	if (s.n % SQLITE_ID_SIZE)
		return ERR_CORRUPT;
	ret->p = (const uint8_t *)s.p;
	ret->n = s.n / SQLITE_ID_SIZE;
	return 0;
}

int
sqlite_msg_take(struct db *db, enum sql id, struct arena *a,
		struct sqlite_msg *ret)
{
	struct sqlite_msg m = {
		.docid = db_u64(db, id, 0),
		.body_id = db_u64(db, id, 2),
		.flags = (unsigned)db_u64(db, id, 4),
		.modseq = db_u64(db, id, 5),
		.size = db_u64(db, id, 6),
		.has_origin = !db_null(db, id, 7),
		.gone = !db_null(db, id, 9),
		.gone_at = db_u64(db, id, 9),
	};
	int err;

	m.pos.ord = db_u64(db, id, 3);
	m.pos.no = (uint32_t)m.docid;
	err = db_octets(db, id, 1, m.uuid.b, sizeof(m.uuid.b));
	m.thread = m.uuid;
	if (err == 0 && m.has_origin)
		err = db_octets(db, id, 7, m.origin.b, sizeof(m.origin.b));
	if (err == 0 && !db_null(db, id, 8))
		err = db_octets(db, id, 8, m.thread.b, sizeof(m.thread.b));
	if (err == 0)
		err = take_ids(db, id, 10, a, &m.in);
	if (err == 0)
		err = take_ids(db, id, 11, a, &m.was);
	if (err == 0)
		err = db_copy(db, id, 12, a, &m.keywords);
	if (err == 0)
		err = db_copy(db, id, 13, a, &m.env);
	if (err == 0)
		*ret = m;
	return err;
}

static int
take_first(struct db *db, enum sql id, struct arena *a,
	   struct sqlite_msg *ret)
{
	int rc = db_row(db, id);

	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	rc = sqlite_msg_take(db, id, a, ret);
	db_reset(db, id);
	return rc;
}

int
sqlite_msg_find(struct db *db, struct arena *a, uint64_t mailbox_id,
		const struct uuid *uuid, struct sqlite_msg *ret)
{
	int err = db_bind(db, SQL_MESSAGE_FIND, "iu", mailbox_id, uuid);

	return err < 0 ? err : take_first(db, SQL_MESSAGE_FIND, a, ret);
}

int
sqlite_msg_get(struct db *db, struct arena *a, uint64_t docid,
	       struct sqlite_msg *ret)
{
	int err = db_bind(db, SQL_MESSAGE_GET, "i", docid);

	return err < 0 ? err : take_first(db, SQL_MESSAGE_GET, a, ret);
}

bool
sqlite_msg_in(const struct sqlite_msg *m, uint32_t folder_id)
{
	if (m->gone)
		return false;
	return !folder_id || sqlite_ids_has(&m->in, folder_id);
}

bool
sqlite_msg_matches(const struct sqlite_msg *m, const struct filter *f)
{
	if ((f->bits & FILTER_UNREAD) && (m->flags & FLAG_READ))
		return false;
	if ((f->bits & FILTER_READ) && !(m->flags & FLAG_READ))
		return false;
	if ((f->bits & FILTER_IMPORTANT) && !(m->flags & FLAG_IMPORTANT))
		return false;
	if ((f->bits & FILTER_FLAGGED) && !(m->flags & FLAG_FLAGGED))
		return false;
	return !(f->bits & FILTER_THREAD) || uuid_eq(&m->thread, &f->thread);
}
