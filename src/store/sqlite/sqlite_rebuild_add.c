#include "store/sqlite/os_file.h"
#include "store/sqlite/sqlite_rebuild_priv.h"
#include "store/sqlite/sqlite_write_priv.h"

#include <fcntl.h>
#include <stdio.h>

#define FOLDER "RECOVERED"
/* Messages in one transaction; ids of bodies that are passed over. */
#define COMMIT_EVERY 1000
#define BODY_SKIP (1ull << 20)

/* --- transactions --- */

int
rebuild_begin(struct rebuild *rb)
{
	struct sqlite_writer *w = rb->s->writer;

	sqlite_batch_clear(w);
	return db_exec(&w->db, SQL_BEGIN_WRITE, "");
}

static int
commit(struct rebuild *rb)
{
	struct sqlite_writer *w = rb->s->writer;
	int err = sqlite_batch_sums(w, 0);

	if (err == 0)
		err = db_exec(&w->db, SQL_COMMIT, "");
	w->committed = w->state;
	rb->pending = 0;
	return err;
}

int
rebuild_end(struct rebuild *rb)
{
	struct sqlite_writer *w = rb->s->writer;
	uint32_t seg = rb->nsegs ? rb->segs[rb->nsegs - 1] + 1 : 1;
	int err = bodylog_begin(&rb->s->log, seg);

	if (err == 0)
		err = db_exec(&w->db, SQL_SEGMENT_GROW, "iiii", U64(seg),
			      rb->s->log.salt, rb->s->log.off, U64(0));
	w->state.next_body = rb->max_body + BODY_SKIP;
	if (err == 0)
		err = commit(rb);
	if (err == 0)
		rebuild_say(rb, "recovered %llu bodies as %llu messages; %llu "
			    "copies were there already; %llu bodies, %llu "
			    "large bodies and %llu segments were lost",
			    (unsigned long long)rb->bodies,
			    (unsigned long long)rb->messages,
			    (unsigned long long)rb->repeats,
			    (unsigned long long)rb->lost_bodies,
			    (unsigned long long)rb->lost_bigs,
			    (unsigned long long)rb->lost_segments);
	return err;
}

int
rebuild_segment(struct rebuild *rb, const struct bodyrec_place *at,
		uint64_t live)
{
	return db_exec(&rb->s->writer->db, SQL_SEGMENT_GROW, "iiii",
		       U64(at->seg), at->salt, at->off, live);
}

/* --- owners --- */

static int
make_domain(struct sqlite_writer *w, struct str domain)
{
	struct store_domain_edit d = { .job.op = STORE_DOMAIN_ADD,
				       .domain = domain };
	int err = sqlite_domain_add(w, &d);

	return err == ERR_EXISTS ? 0 : err;
}

static int
find_mailbox(struct sqlite_writer *w, struct str key, uint64_t *ret)
{
	int rc = db_bind(&w->db, SQL_ACCOUNT_MAILBOX, "t", key);

	if (rc == 0)
		rc = db_row(&w->db, SQL_ACCOUNT_MAILBOX);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_NOTFOUND;
	*ret = db_u64(&w->db, SQL_ACCOUNT_MAILBOX, 0);
	db_reset(&w->db, SQL_ACCOUNT_MAILBOX);
	return 0;
}

/* The mailbox of an owner, made if it is not there. */
static int
owner_mailbox(struct rebuild *rb, struct str owner,
	      struct ledger_mailbox **ret)
{
	struct sqlite_writer *w = rb->s->writer;
	struct store_account_add add = { .job.op = STORE_ACCOUNT_ADD };
	struct imid id;
	uint64_t mailbox_id;
	int err = imid_parse_address(&w->arena, owner, &id);

	if (err < 0)
		return err;
	add.name = imid_text(&w->arena, &id);
	add.key = imid_key(&w->arena, &id);
	add.domain = id.domain;
	if (!add.name.p || !add.key.p)
		return ERR_NOMEM;
	err = find_mailbox(w, add.key, &mailbox_id);
	if (err == ERR_NOTFOUND) {
		err = make_domain(w, add.domain);
		if (err == 0)
			err = sqlite_account_add(w, &add);
		if (err == 0)
			rebuild_say(rb, "account %.*s: made, without a "
				    "password", STR_ARG(add.name));
		mailbox_id = add.mailbox_id;
	}
	return err < 0 ? err : ledger_mailbox(&w->ledger, mailbox_id, ret);
}

static int
recovered_folder(struct sqlite_writer *w, struct ledger_mailbox *mb,
		 uint64_t at, struct ledger_folder **ret)
{
	struct str key = folder_key(&w->arena, STR(FOLDER));
	struct sqlite_change change = { .mb = mb, .kind = CHANGE_FOLDER_NEW,
					.at = at };
	int err;

	if (!key.p)
		return ERR_NOMEM;
	err = ledger_folder_key(&w->ledger, mb, key, ret);
	if (err != ERR_NOTFOUND)
		return err;
	change.folder_id = (uint32_t)mb->next_folder;
	err = sqlite_change(w, &change);
	if (err == 0)
		err = ledger_folder_add(&w->ledger, mb, STR(FOLDER), key,
					ROLE_NONE, ret);
	return err;
}

/* --- the same message twice --- */

/* Octets of the manifest of a body whose last octets are at p; ERR_CORRUPT. */
static int
manifest_size(const uint8_t p[static MESSAGE_TRAILER], uint64_t len,
	      uint64_t *ret)
{
	uint64_t n = (uint64_t)p[0] | (uint64_t)p[1] << 8 |
		     (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;

	if (n > len - MESSAGE_TRAILER)
		return ERR_CORRUPT;
	*ret = n;
	return 0;
}

static int
manifest_of(struct str payload, struct str *ret)
{
	size_t end = payload.n - MESSAGE_TRAILER;
	uint64_t n;
	int err;

	if (payload.n < MESSAGE_TRAILER)
		return ERR_CORRUPT;
	err = manifest_size((const uint8_t *)payload.p + end, payload.n, &n);
	if (err == 0)
		*ret = str_sub(payload, end - (size_t)n, (size_t)n);
	return err;
}

/* Read the manifest of a body whose octets begin at off of a file. */
static int
manifest_read(struct arena *a, int fd, uint64_t off, uint64_t len,
	      struct str *ret)
{
	uint8_t last[MESSAGE_TRAILER];
	uint64_t end = off + len - MESSAGE_TRAILER, n = 0;
	char *p;
	int err;

	if (len < MESSAGE_TRAILER)
		return ERR_CORRUPT;
	err = os_file_read(fd, last, sizeof(last), end);
	if (err == 0)
		err = manifest_size(last, len, &n);
	if (err < 0)
		return err;
	p = arena_alloc(a, (size_t)n);
	if (!p)
		return ERR_NOMEM;
	*ret = str_n(p, (size_t)n);
	return os_file_read(fd, p, (size_t)n, end - n);
}

/* The manifest of a body that has its row already, from its file. */
static int
manifest_load(struct rebuild *rb, uint64_t body_id, struct str *ret)
{
	struct sqlite_writer *w = rb->s->writer;
	CLEANUP_FILE int fd = -1;
	char name[BODYLOG_NAME];
	uint64_t seg, off, len;
	int rc = db_bind(&w->db, SQL_BODY_GET, "i", body_id);

	if (rc == 0)
		rc = db_row(&w->db, SQL_BODY_GET);
	if (rc <= 0)
		return rc < 0 ? rc : ERR_CORRUPT;
	seg = db_u64(&w->db, SQL_BODY_GET, 0);
	off = db_u64(&w->db, SQL_BODY_GET, 1);
	len = db_u64(&w->db, SQL_BODY_GET, 2);
	db_reset(&w->db, SQL_BODY_GET);
	if (seg)
		bodylog_name((uint32_t)seg, name);
	else
		bigfile_name(body_id, name);
	fd = os_file_open(seg ? rb->s->log_dir : rb->s->big_dir, name,
			  O_RDONLY);
	if (fd < 0)
		return fd;
	return manifest_read(&w->arena, fd, off + BODYREC_HEADER, len, ret);
}

static int
same_identity(struct sqlite_writer *w, const struct message *m,
	      struct str manifest)
{
	CLEANUP_BUF struct buf a = { .max = SIZE_MAX };
	CLEANUP_BUF struct buf b = { .max = SIZE_MAX };
	struct message other;
	int err = message_parse(&w->arena, manifest, &other);

	if (err == 0)
		err = message_identity(m, &a);
	if (err == 0)
		err = message_identity(&other, &b);
	return err < 0 ? err : str_eq(buf_str(&a), buf_str(&b));
}

/* Has the mailbox this message already?  1, 0 or an error. */
static int
is_repeat(struct rebuild *rb, uint64_t mailbox_id,
	  const struct rebuild_body *b, const struct message *m)
{
	struct sqlite_writer *w = rb->s->writer;
	struct sqlite_msg there;
	struct str manifest;
	int err = sqlite_msg_find(&w->db, &w->arena, mailbox_id, &m->id,
				  &there);

	if (err < 0)
		return err == ERR_NOTFOUND ? 0 : err;
	if (there.body_id == b->rec.body_id)
		return 1;	/* an owner that stands there twice */
	err = manifest_load(rb, there.body_id, &manifest);
	return err < 0 ? err : same_identity(w, m, manifest);
}

/* --- a body --- */

/* Its message into the mailbox of one owner.  Returns 1 if it is there now, 0
 * if not, or an error. */
static int
give_back(struct rebuild *rb, const struct rebuild_body *b, struct str owner,
	  const struct message *m, struct str env)
{
	struct sqlite_writer *w = rb->s->writer;
	struct sqlite_file f = {
		.nfolders = 1, .id = m->id, .body_id = b->rec.body_id,
		.received = m->received, .size = message_size(m), .env = env,
		.at = m->received, .keywords = STR(""),
		.flags = m->important > 0 ? FLAG_IMPORTANT : 0,
	};
	struct imid from;
	struct uuid uuid;
	int rc = owner_mailbox(rb, owner, &f.mb);

	if (rc == ERR_VALUE || rc == ERR_UTF8 || rc == ERR_TOOLONG) {
		rebuild_say(rb, "body %llu: its owner is no address",
			    (unsigned long long)b->rec.body_id);
		return 0;
	}
	if (rc == 0)
		rc = is_repeat(rb, f.mb->mailbox_id, b, m);
	if (rc)
		rb->repeats += rc > 0;
	if (rc)
		return rc < 0 ? rc : 0;
	rc = recovered_folder(w, f.mb, m->received, &f.folders[0]);
	if (rc == 0 && m->has_reply &&
	    imid_parse_address(&w->arena, m->from, &from) == 0)
		rc = sqlite_thread_find(w, f.mb->mailbox_id, &m->reply,
					imid_key(&w->arena, &from), &f.thread);
	if (rc == 0)
		rc = sqlite_file_message(w, &f, &uuid);
	rb->messages += rc == 0;
	return rc < 0 ? rc : 1;
}

static int
add_body(struct rebuild *rb, const struct rebuild_body *b,
	 const struct message *m, struct str env)
{
	struct sqlite_writer *w = rb->s->writer;
	uint64_t refs = 0, room = 0;
	struct str rest = b->owners, owner;
	int err;

	while (rest.n && str_next(&rest, '\n', &owner)) {
		int rc = owner.n ? give_back(rb, b, owner, m, env) : 0;

		if (rc < 0)
			return rc;
		refs += (uint64_t)rc;
	}
	if (!refs)
		return 0;
	if (b->seg)
		room = bodyrec_size(b->rec.len, b->rec.owners);
	else
		w->state.bigs++;
	err = db_exec(&w->db, SQL_BODY_ADD, "iiiiii", b->rec.body_id, b->seg,
		      b->off, b->rec.len, room, refs);
	w->state.bodies++;
	w->state.body_octets += b->rec.len;
	rb->bodies++;
	rb->pending += refs;
	return err < 0 ? err : 1;
}

static int
is_known(struct sqlite_writer *w, uint64_t body_id)
{
	int rc = db_bind(&w->db, SQL_BODY_GET, "i", body_id);

	if (rc == 0)
		rc = db_row(&w->db, SQL_BODY_GET);
	if (rc > 0)
		db_reset(&w->db, SQL_BODY_GET);
	return rc;
}

int
rebuild_add(struct rebuild *rb, const struct rebuild_body *b)
{
	struct sqlite_writer *w = rb->s->writer;
	CLEANUP_BUF struct buf env = { .max = SIZE_MAX };
	struct str manifest;
	struct message m;
	int rc;

	if (b->seg && b->rec.body_id > rb->max_body &&
	    !(b->rec.body_id & BIGFILE_ID))
		rb->max_body = b->rec.body_id;
	if (rb->pending >= COMMIT_EVERY) {
		rc = commit(rb);
		if (rc == 0)
			rc = rebuild_begin(rb);
		if (rc < 0)
			return rc;
	}
	rc = is_known(w, b->rec.body_id);
	if (rc) {
		rb->repeats += rc > 0;
		return rc < 0 ? rc : 0;
	}
	rc = manifest_of(b->payload, &manifest);
	if (rc == 0)
		rc = message_parse(&w->arena, manifest, &m);
	if (rc == ERR_CORRUPT) {
		rebuild_say(rb, "body %llu: its manifest cannot be read",
			    (unsigned long long)b->rec.body_id);
		rb->lost_bodies++;
		return 0;
	}
	if (rc == 0)
		rc = message_row(&m, &env);
	return rc < 0 ? rc : add_body(rb, b, &m, buf_str(&env));
}
