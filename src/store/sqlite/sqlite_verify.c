/*
 * Everything checked against everything: what SQLite checks itself; each body
 * against its CRC; references, sums and counters against what they count.
 *
 * Bodies are read outside of a transaction, a page of ids at a time, so that
 * no snapshot is held for long; one that has vanished meanwhile is no finding.
 * References and sums need one snapshot, each mailbox another.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/sqlite/bigfile.h"
#include "store/sqlite/sqlite_msg.h"
#include "store/sqlite/sqlite_read_priv.h"

#define PAGE_BODIES 500
#define LLU(n) ((unsigned long long)(n))

struct verify {
	struct sqlite_reader *r;
	store_say_fn say;
	void *ctx;
	int found;
};

__attribute__((format(printf, 2, 3))) static void
finding(struct verify *v, const char *fmt, ...)
{
	char line[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	v->say(v->ctx, str_c(line));
	v->found++;
}

/* Two numbers that should be the same. */
static void
same(struct verify *v, const char *what, uint64_t id, uint64_t says,
     uint64_t is)
{
	if (says != is)
		finding(v, "%s of %llu: says %llu, is %llu", what, LLU(id),
			LLU(says), LLU(is));
}

static int
index_line(void *ctx, struct str line)
{
	if (!str_eq(line, STR("ok")))
		finding(ctx, "index: %.*s", STR_ARG(line));
	return 0;
}

static int
check_index(struct verify *v)
{
	int err = db_texts(&v->r->db, "PRAGMA integrity_check(100)",
			   index_line, v);

	if (err == 0)
		err = db_texts(&v->r->db, "SELECT 'no such parent in '||"
			       "\"table\"||', row '||coalesce(rowid, '?') "
			       "FROM pragma_foreign_key_check", index_line, v);
	return err;
}

/* --- bodies --- */

static int
check_page(struct verify *v, uint64_t *after, uint64_t *ids, size_t *ret_n)
{
	struct db *db = &v->r->db;
	size_t n = 0;
	int rc = db_bind(db, SQL_BODY_PAGE, "ii", *after, U64(PAGE_BODIES));

	while (rc >= 0 && (rc = db_row(db, SQL_BODY_PAGE)) > 0)
		ids[n++] = db_u64(db, SQL_BODY_PAGE, 0);
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		rc = sqlite_body_check(v->r, ids[i]);
		if (rc == ERR_CORRUPT || rc == ERR_IO) {
			finding(v, "body %llu: %s", LLU(ids[i]),
				err_text(rc));
			rc = 0;
		}
		if (rc == ERR_NOTFOUND)
			rc = 0;
		*after = ids[i];
	}
	*ret_n = n;
	return rc < 0 ? rc : 0;
}

static int
check_bodies(struct verify *v)
{
	uint64_t ids[PAGE_BODIES], after = 0;
	size_t n = 1;
	int err = 0;

	while (err == 0 && n)
		err = check_page(v, &after, ids, &n);
	return err;
}

/* --- references and sums --- */

struct refs {
	uint64_t *v;	/* body ids of all messages */
	size_t n, cap;
	uint64_t mailbox_id;
};

static int
refs_add(struct refs *refs, uint64_t body_id)
{
	if (refs->n == refs->cap) {
		size_t cap = refs->cap ? refs->cap * 2 : 1024;
		uint64_t *p = mem_realloc(refs->v, cap * sizeof(*p));

		if (!p)
			return ERR_NOMEM;
		refs->v = p;
		refs->cap = cap;
	}
	refs->v[refs->n++] = body_id;
	return 0;
}

static int
compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Is there such a mailbox, or was there until lately? */
static int
check_owner(struct verify *v, uint64_t mailbox_id)
{
	static const enum sql ids[] = { SQL_MAILBOX_GET, SQL_DOOMED_FIND };

	for (size_t i = 0; i < 2; i++) {
		int rc = db_bind(&v->r->db, ids[i], "i", mailbox_id);

		if (rc == 0)
			rc = db_row(&v->r->db, ids[i]);
		if (rc) {
			db_reset(&v->r->db, ids[i]);
			return rc < 0 ? rc : 0;
		}
	}
	finding(v, "mailbox %llu: has mail but is not there",
		LLU(mailbox_id));
	return 0;
}

static int
collect_refs(struct verify *v, struct refs *refs)
{
	struct db *db = &v->r->db;
	int rc = 0;

	while (rc >= 0 && (rc = db_row(db, SQL_MESSAGE_BODIES)) > 0) {
		uint64_t mailbox_id = db_u64(db, SQL_MESSAGE_BODIES, 0) >> 32;

		rc = refs_add(refs, db_u64(db, SQL_MESSAGE_BODIES, 1));
		if (rc == 0 && mailbox_id != refs->mailbox_id)
			rc = check_owner(v, mailbox_id);
		refs->mailbox_id = mailbox_id;
		if (rc < 0)
			db_reset(db, SQL_MESSAGE_BODIES);
	}
	if (rc == 0 && refs->n)
		qsort(refs->v, refs->n, sizeof(*refs->v), compare_ids);
	return rc;
}

/* Sums over `body`, which comes in order, as the sorted references do. */
static int
check_refs(struct verify *v, const struct refs *refs,
	   struct sqlite_state *sum)
{
	struct db *db = &v->r->db;
	size_t i = 0;
	int rc;

	while ((rc = db_row(db, SQL_BODY_ALL)) > 0) {
		uint64_t id = db_u64(db, SQL_BODY_ALL, 0), count = 0;

		for (; i < refs->n && refs->v[i] < id; i++)
			finding(v, "body %llu: a message has it, but it is "
				   "not there", LLU(refs->v[i]));
		for (; i < refs->n && refs->v[i] == id; i++)
			count++;
		same(v, "references of body", id,
		     db_u64(db, SQL_BODY_ALL, 4), count);
		sum->bodies++;
		sum->body_octets += db_u64(db, SQL_BODY_ALL, 2);
		sum->bigs += db_u64(db, SQL_BODY_ALL, 1) == 0;
	}
	for (; rc == 0 && i < refs->n; i++)
		finding(v, "body %llu: a message has it, but it is not there",
			LLU(refs->v[i]));
	return rc;
}

static int
check_segments(struct verify *v)
{
	struct db *db = &v->r->db;
	int rc;

	while ((rc = db_row(db, SQL_SEGMENT_SUMS)) > 0)
		same(v, "live octets of segment",
		     db_u64(db, SQL_SEGMENT_SUMS, 0),
		     db_u64(db, SQL_SEGMENT_SUMS, 1),
		     db_u64(db, SQL_SEGMENT_SUMS, 2));
	return rc;
}

static int
check_sums(struct verify *v)
{
	struct sqlite_state state = { 0 }, sum = { 0 };
	struct refs refs = { 0 };
	int err = sqlite_read_begin(v->r);

	if (err == 0)
		err = sqlite_state_get(&v->r->db, &state);
	if (err == 0)
		err = collect_refs(v, &refs);
	if (err == 0)
		err = check_refs(v, &refs, &sum);
	if (err == 0)
		err = check_segments(v);
	err = sqlite_read_end(v->r, err);
	if (err == 0) {
		same(v, "number of bodies", 0, state.bodies, sum.bodies);
		same(v, "octets of bodies", 0, state.body_octets,
		     sum.body_octets);
		same(v, "number of large bodies", 0, state.bigs, sum.bigs);
		same(v, "number of messages", 0, state.messages, refs.n);
	}
	mem_free(refs.v);
	return err;
}

/* --- a mailbox --- */

/* What its messages add up to. */
struct sums {
	uint64_t modseq, next_no, used, total, unread, places;
};

static int
check_messages(struct verify *v, uint64_t mailbox_id, const struct sums *says)
{
	struct db *db = &v->r->db;
	struct sums is = { 0 };
	int rc = db_bind(db, SQL_MESSAGE_SUMS, "ii",
			 sqlite_msg_docid(mailbox_id, 0),
			 sqlite_msg_docid(mailbox_id, UINT32_MAX));

	while (rc >= 0 && (rc = db_row(db, SQL_MESSAGE_SUMS)) > 0) {
		uint64_t no = (uint32_t)db_u64(db, SQL_MESSAGE_SUMS, 0);
		unsigned flags = (unsigned)db_u64(db, SQL_MESSAGE_SUMS, 1);

		if (no >= says->next_no ||
		    db_u64(db, SQL_MESSAGE_SUMS, 3) > says->modseq)
			finding(v, "message %llu of mailbox %llu: from the "
				   "future", LLU(no), LLU(mailbox_id));
		is.places += db_u64(db, SQL_MESSAGE_SUMS, 5) / SQLITE_ID_SIZE;
		if (!db_null(db, SQL_MESSAGE_SUMS, 4))
			continue;
		is.used += db_u64(db, SQL_MESSAGE_SUMS, 2);
		is.total++;
		is.unread += !(flags & FLAG_READ);
	}
	if (rc < 0)
		return rc;
	same(v, "octets used in mailbox", mailbox_id, says->used, is.used);
	same(v, "messages of mailbox", mailbox_id, says->total, is.total);
	same(v, "unread of mailbox", mailbox_id, says->unread, is.unread);
	same(v, "places of mailbox", mailbox_id, is.places, says->places);
	return 0;
}

/* A place must be one that its message tells of. */
static int
check_place(struct verify *v, uint64_t mailbox_id, struct store_folder *f)
{
	struct db *db = &v->r->db;
	uint64_t ord = db_u64(db, SQL_PLACE_FOLDER, 0);
	uint64_t no = db_u64(db, SQL_PLACE_FOLDER, 1);
	unsigned mirror = (unsigned)db_u64(db, SQL_PLACE_FOLDER, 2);
	struct sqlite_ids ids = { NULL, 0 };
	struct str folders;
	unsigned flags = 0;
	int rc;

	rc = db_bind(db, SQL_MESSAGE_PLACE, "i",
		     sqlite_msg_docid(mailbox_id, (uint32_t)no));
	if (rc == 0)
		rc = db_row(db, SQL_MESSAGE_PLACE);
	if (rc < 0)
		return rc;
	if (rc > 0) {
		flags = (unsigned)db_u64(db, SQL_MESSAGE_PLACE, 1);
		folders = db_str(db, SQL_MESSAGE_PLACE, 3);
		ids.p = (const uint8_t *)folders.p;
		ids.n = folders.n / SQLITE_ID_SIZE;
		f->octets += db_u64(db, SQL_MESSAGE_PLACE, 2);
	}
	if (rc == 0 || db_u64(db, SQL_MESSAGE_PLACE, 0) != ord ||
	    sqlite_msg_mirror(flags) != mirror ||
	    !sqlite_ids_has(&ids, f->folder_id))
		finding(v, "place of message %llu of mailbox %llu in folder "
			   "%u: its message does not agree", LLU(no),
			LLU(mailbox_id), (unsigned)f->folder_id);
	if (rc > 0)
		db_reset(db, SQL_MESSAGE_PLACE);
	f->total++;
	f->unread += !!(mirror & PLACE_UNREAD);
	f->flagged += !!(mirror & PLACE_FLAGGED);
	return 0;
}

static int
check_folder(struct verify *v, uint64_t mailbox_id, uint32_t folder_id,
	     uint64_t *places)
{
	struct db *db = &v->r->db;
	struct store_folder is = { .folder_id = folder_id };
	int rc = db_bind(db, SQL_PLACE_FOLDER, "ii", mailbox_id,
			 U64(folder_id));

	while (rc >= 0 && (rc = db_row(db, SQL_PLACE_FOLDER)) > 0) {
		rc = check_place(v, mailbox_id, &is);
		if (rc < 0)
			db_reset(db, SQL_PLACE_FOLDER);
	}
	if (rc == 0)
		rc = db_bind(db, SQL_FOLDER_GET, "ii", mailbox_id,
			     U64(folder_id));
	if (rc == 0)
		rc = db_row(db, SQL_FOLDER_GET);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_CORRUPT;
	same(v, "messages of a folder in mailbox", mailbox_id,
	     db_u64(db, SQL_FOLDER_GET, 4), is.total);
	same(v, "unread of a folder in mailbox", mailbox_id,
	     db_u64(db, SQL_FOLDER_GET, 5), is.unread);
	same(v, "flagged of a folder in mailbox", mailbox_id,
	     db_u64(db, SQL_FOLDER_GET, 6), is.flagged);
	same(v, "octets of a folder in mailbox", mailbox_id,
	     db_u64(db, SQL_FOLDER_GET, 7), is.octets);
	db_reset(db, SQL_FOLDER_GET);
	*places += is.total;
	return 0;
}

static int
check_folders(struct verify *v, uint64_t mailbox_id, struct sums *says)
{
	struct db *db = &v->r->db;
	uint64_t places = 0;
	int rc = db_bind(db, SQL_FOLDER_IDS, "i", mailbox_id);

	while (rc >= 0 && (rc = db_row(db, SQL_FOLDER_IDS)) > 0) {
		rc = check_folder(v, mailbox_id,
				  (uint32_t)db_u64(db, SQL_FOLDER_IDS, 0),
				  &places);
		if (rc < 0)
			db_reset(db, SQL_FOLDER_IDS);
	}
	if (rc == 0)
		rc = db_bind(db, SQL_PLACE_COUNT, "i", mailbox_id);
	if (rc == 0)
		rc = db_row(db, SQL_PLACE_COUNT);
	if (rc <= 0)
		return rc;
	says->places = db_u64(db, SQL_PLACE_COUNT, 0);
	db_reset(db, SQL_PLACE_COUNT);
	same(v, "places in folders of mailbox", mailbox_id, places,
	     says->places);
	return 0;
}

static int
check_mailbox(struct verify *v, uint64_t mailbox_id)
{
	struct db *db = &v->r->db;
	struct sums says = { 0 };
	int rc = sqlite_read_begin(v->r);

	if (rc == 0)
		rc = db_bind(db, SQL_MAILBOX_GET, "i", mailbox_id);
	if (rc == 0)
		rc = db_row(db, SQL_MAILBOX_GET);
	if (rc <= 0)
		return sqlite_read_end(v->r, rc);	/* gone meanwhile */
	says.modseq = db_u64(db, SQL_MAILBOX_GET, 0);
	says.next_no = db_u64(db, SQL_MAILBOX_GET, 1);
	says.used = db_u64(db, SQL_MAILBOX_GET, 3);
	says.total = db_u64(db, SQL_MAILBOX_GET, 5);
	says.unread = db_u64(db, SQL_MAILBOX_GET, 6);
	db_reset(db, SQL_MAILBOX_GET);
	rc = check_folders(v, mailbox_id, &says);
	if (rc == 0)
		rc = check_messages(v, mailbox_id, &says);
	return sqlite_read_end(v->r, rc);
}

static int
check_mailboxes(struct verify *v)
{
	struct db *db = &v->r->db;
	uint64_t id = 0;
	int rc;

	for (;;) {
		rc = db_bind(db, SQL_MAILBOX_PAGE, "i", id);
		if (rc == 0)
			rc = db_row(db, SQL_MAILBOX_PAGE);
		if (rc <= 0)
			return rc;
		id = db_u64(db, SQL_MAILBOX_PAGE, 0);
		db_reset(db, SQL_MAILBOX_PAGE);
		rc = check_mailbox(v, id);
		if (rc < 0)
			return rc;
	}
}

int
sqlite_verify(struct store_reader *reader, store_say_fn say, void *ctx)
{
	struct verify v = { (struct sqlite_reader *)reader, say, ctx, 0 };
	int err = check_index(&v);

	if (err == 0)
		err = check_bodies(&v);
	if (err == 0)
		err = check_sums(&v);
	if (err == 0)
		err = check_mailboxes(&v);
	return err < 0 ? err : v.found;
}
