/*
 * Reading bodies.  A row of `body` says where one lies; the record's own
 * header must say the same.  If it does not, the body has been moved since the
 * row was read, and the row is looked up once more; only then is it damage.
 */
#include "base/crc32c.h"
#include "store/sqlite/bigfile.h"
#include "store/sqlite/os_file.h"
#include "store/sqlite/sqlite_read_priv.h"

#include <fcntl.h>

/* Where a body lies, by its row. */
static int
row_find(struct sqlite_reader *r, uint64_t body_id, struct store_body *ret)
{
	struct db *db = &r->db;
	int rc = db_bind(db, SQL_BODY_GET, "i", body_id);

	if (rc == 0)
		rc = db_row(db, SQL_BODY_GET);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	*ret = (struct store_body){
		.body_id = body_id,
		.seg = db_u64(db, SQL_BODY_GET, 0),
		.off = db_u64(db, SQL_BODY_GET, 1),
		.len = db_u64(db, SQL_BODY_GET, 2),
		.room = db_u64(db, SQL_BODY_GET, 3),
	};
	db_reset(db, SQL_BODY_GET);
	return 0;
}

/* --- files --- */

/* The file of a key, open. */
static int
open_file(struct sqlite_reader *r, uint64_t key,
	  struct sqlite_reader_file **ret)
{
	struct sqlite_store *s = sqlite_reader_store(r);
	struct sqlite_reader_file *f;
	char name[BODYLOG_NAME];
	int fd;

	for (size_t i = 0; i < SQLITE_READER_FILES; i++) {
		*ret = &r->files[i];
		if ((*ret)->fd >= 0 && (*ret)->key == key)
			return 0;
	}
	if (key & BIGFILE_ID)
		bigfile_name(key, name);
	else
		bodylog_name((uint32_t)key, name);
	fd = os_file_open(key & BIGFILE_ID ? s->big_dir : s->log_dir, name,
			  O_RDONLY);
	if (fd < 0)
		return fd;
	f = &r->files[r->next_file++ % SQLITE_READER_FILES];
	os_file_close(&f->fd);
	*f = (struct sqlite_reader_file){ .key = key, .fd = fd };
	*ret = f;
	return 0;
}

int
sqlite_reader_file(struct sqlite_reader *r, uint64_t key)
{
	struct sqlite_reader_file *f;
	int err = open_file(r, key, &f);

	return err < 0 ? err : f->fd;
}

/* The salt of a segment; read once while its file is open. */
static int
segment_salt(struct sqlite_reader *r, uint64_t seg, uint64_t *ret)
{
	struct sqlite_reader_file *f;
	uint32_t number;
	int err = open_file(r, seg, &f);

	if (err == 0 && !f->has_salt)
		err = bodylog_head(f->fd, &number, &f->salt);
	if (err < 0)
		return err;
	f->has_salt = true;
	*ret = f->salt;
	return 0;
}

void
sqlite_reader_drop(struct sqlite_reader *r, uint64_t key)
{
	for (size_t i = 0; i < SQLITE_READER_FILES; i++)
		if (r->files[i].key == key)
			os_file_close(&r->files[i].fd);
}

static uint64_t
file_key(const struct store_body *b)
{
	return b->seg ? b->seg : b->body_id;
}

/* Does the record's header say what the row says?  ERR_CORRUPT if not. */
static int
header_check(struct sqlite_reader *r, const struct store_body *b,
	     struct bodyrec *ret)
{
	uint8_t head[BODYREC_HEADER];
	int fd = sqlite_reader_file(r, file_key(b));
	int err;

	if (fd < 0)
		return fd == ERR_NOTFOUND ? ERR_CORRUPT : fd;
	err = os_file_read(fd, head, sizeof(head), b->off);
	if (err == 0)
		err = bodyrec_parse(head, ret);
	if (err == 0 && (ret->body_id != b->body_id || ret->len != b->len))
		err = ERR_CORRUPT;
	if (err == ERR_CORRUPT)
		sqlite_reader_drop(r, file_key(b));
	return err;
}

/* --- the operations --- */

int
sqlite_body_open(struct store_reader *reader, uint64_t body_id,
		 struct store_body *ret)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;
	int err = ERR_CORRUPT;

	for (int tries = 0; err == ERR_CORRUPT && tries < 2; tries++) {
		struct bodyrec rec;
		struct store_body at;

		/* What has moved is found in what the store holds now. */
		if (tries > 0)
			sqlite_read_refresh(r);
		err = row_find(r, body_id, &at);
		if (err < 0)
			return err;
		err = header_check(r, &at, &rec);
		if (err == 0)
			*ret = at;
	}
	return err;
}

/* Read what the row says now, if the file is no longer the one it was. */
static int
read_at(struct sqlite_reader *r, struct store_body *b, uint64_t off, void *dst,
	size_t n)
{
	int fd = sqlite_reader_file(r, file_key(b));
	int err;

	if (fd == ERR_NOTFOUND) {
		err = sqlite_body_open(&r->head, b->body_id, b);
		if (err < 0)
			return err;
		fd = sqlite_reader_file(r, file_key(b));
	}
	if (fd < 0)
		return fd == ERR_NOTFOUND ? ERR_CORRUPT : fd;
	return os_file_read(fd, dst, n, b->off + BODYREC_HEADER + off);
}

int
sqlite_body_read(struct store_reader *reader, struct store_body *b,
		 uint64_t off, void *dst, size_t n)
{
	if (off > b->len || n > b->len - off)
		return ERR_CORRUPT;
	return n ? read_at((struct sqlite_reader *)reader, b, off, dst, n) : 0;
}

/* Owners and the place of the record against its CRC; crc is the body's. */
static int
crc_check(struct sqlite_reader *r, struct store_body *b,
	  const struct bodyrec *rec, uint32_t crc)
{
	struct bodyrec_place at = { (uint32_t)b->seg, 0, b->off };
	uint64_t left = rec->owners;
	char chunk[4096];
	int err;

	while (left) {
		size_t n = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);

		err = read_at(r, b, rec->len + rec->owners - left, chunk, n);
		if (err < 0)
			return err;
		crc = crc32c(crc, chunk, n);
		left -= n;
	}
	if (b->seg) {
		err = segment_salt(r, b->seg, &at.salt);
		if (err < 0)
			return err;
	}
	return bodyrec_crc(crc, rec, &at) == rec->crc ? 0 : ERR_CORRUPT;
}

/* A record of the log in one read, if all of it is as it should be; else false,
 * and out is as it was. */
static bool
load_record(struct sqlite_reader *r, const struct store_body *b,
	    struct buf *out)
{
	struct bodyrec_place at = { (uint32_t)b->seg, 0, b->off };
	int fd = b->seg ? sqlite_reader_file(r, b->seg) : -1;
	struct bodyrec rec;
	char *p;

	if (fd < 0 || b->room < BODYREC_HEADER ||
	    buf_reserve(out, (size_t)b->room) < 0)
		return false;
	p = buf_tail(out);
	if (os_file_read(fd, p, (size_t)b->room, b->off) < 0 ||
	    bodyrec_parse((const uint8_t *)p, &rec) < 0 ||
	    rec.body_id != b->body_id || rec.len != b->len ||
	    bodyrec_size(rec.len, rec.owners) != b->room ||
	    segment_salt(r, b->seg, &at.salt) < 0)
		return false;
	if (bodyrec_crc(crc32c(0, p + BODYREC_HEADER,
			       (size_t)rec.len + rec.owners),
			&rec, &at) != rec.crc)
		return false;
	memmove(p, p + BODYREC_HEADER, (size_t)rec.len);
	buf_grew(out, (size_t)rec.len);
	return true;
}

int
sqlite_body_load(struct store_reader *reader, struct store_body *b,
		 struct buf *out)
{
	struct sqlite_reader *r = (struct sqlite_reader *)reader;
	struct bodyrec rec;
	int err;

	if (load_record(r, b, out))
		return 0;
	err = header_check(r, b, &rec);
	if (err == ERR_CORRUPT) {
		err = sqlite_body_open(reader, b->body_id, b);
		if (err == 0)
			err = header_check(r, b, &rec);
	}
	if (err == 0)
		err = buf_reserve(out, (size_t)rec.len);
	if (err == 0)
		err = read_at(r, b, 0, buf_tail(out), (size_t)rec.len);
	if (err == 0)
		err = crc_check(r, b, &rec,
				crc32c(0, buf_tail(out), (size_t)rec.len));
	if (err == 0)
		buf_grew(out, (size_t)rec.len);
	return err;
}

int
sqlite_body_check(struct sqlite_reader *r, uint64_t body_id)
{
	struct store_body b;
	struct bodyrec rec;
	char chunk[16384];
	uint32_t crc = 0;
	uint64_t off = 0;
	int err = sqlite_body_open(&r->head, body_id, &b);

	if (err == 0)
		err = header_check(r, &b, &rec);
	while (err == 0 && off < b.len) {
		size_t n = b.len - off < sizeof(chunk) ?
				   (size_t)(b.len - off) : sizeof(chunk);

		err = read_at(r, &b, off, chunk, n);
		if (err == 0)
			crc = crc32c(crc, chunk, n);
		off += n;
	}
	return err == 0 ? crc_check(r, &b, &rec, crc) : err;
}
