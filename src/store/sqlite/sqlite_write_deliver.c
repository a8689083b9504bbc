/*
 * Delivery: first look at every recipient, then, if all can get it, give it to
 * each.  Nothing is changed before the first step is through.
 */
#include <assert.h>

#include "base/secret.h"
#include "store/sqlite/sqlite_write_priv.h"

/* How many messages of a conversation are asked whether the sender is in it. */
#define PARTIES 500

/* What is to be done for one recipient. */
struct plan {
	struct ledger_mailbox *mb;
	struct plan *twin;	/* of the same mailbox, named before */
	bool repeat;		/* not to be given */
	struct uuid uuid;	/* got there, now or by what is repeated */
	struct str folder_key;	/* as a recipient; or empty */
	bool copy;		/* as the sender's copy in SENT */
};

/* --- first step: look --- */

/* Is what was given at that time still remembered? */
static bool
remembered(const struct sqlite_writer *w, uint64_t at, uint64_t now)
{
	return now <= at || now - at <= w->store->limits->once;
}

static int
look_once(struct sqlite_writer *w, const struct store_deliver *d,
	  const struct store_deliver_to *to, struct plan *p)
{
	struct db *db = &w->db;
	uint8_t sha[32];
	struct uuid got;
	uint64_t mailbox_id, at;
	int rc;

	rc = db_bind(db, SQL_ONCE_FIND, "tut", d->origin, &d->id, to->once);
	if (rc == 0)
		rc = db_row(db, SQL_ONCE_FIND);
	if (rc <= 0)
		return rc;
	mailbox_id = db_u64(db, SQL_ONCE_FIND, 0);
	rc = db_octets(db, SQL_ONCE_FIND, 1, sha, sizeof(sha));
	if (rc == 0)
		rc = db_octets(db, SQL_ONCE_FIND, 2, got.b, sizeof(got.b));
	at = db_u64(db, SQL_ONCE_FIND, 3);
	db_reset(db, SQL_ONCE_FIND);

	/* Who has that name now may be another than who got it then. */
	if (rc < 0 || mailbox_id != to->mailbox_id ||
	    !remembered(w, at, d->received))
		return rc;
	if (memcmp(sha, d->sha, sizeof(sha)) != 0)
		return ERR_CONFLICT;
	p->repeat = true;
	p->uuid = got;
	return 0;
}

int
sqlite_quota_check(const struct ledger_mailbox *mb, uint64_t size)
{
	return size > mb->quota || mb->used > mb->quota - size ? ERR_QUOTA : 0;
}

int
sqlite_has_id(struct sqlite_writer *w, uint64_t mailbox_id,
	      const struct uuid *id)
{
	int rc = db_bind(&w->db, SQL_MESSAGE_FIND, "iu", mailbox_id, id);

	if (rc == 0)
		rc = db_row(&w->db, SQL_MESSAGE_FIND);
	if (rc > 0)
		db_reset(&w->db, SQL_MESSAGE_FIND);
	return rc;
}

/* Will there be a copy in SENT?  Not of an ID that the mailbox has. */
static int
look_copy(struct sqlite_writer *w, const struct store_deliver *d,
	  struct plan *p)
{
	int rc = sqlite_has_id(w, p->mb->mailbox_id, &d->id);

	if (rc == 0)
		p->copy = true;
	return rc < 0 ? rc : 0;
}

/* A mailbox named twice gets the message once, for both reasons. */
static int
look_twin(struct sqlite_writer *w, const struct store_deliver *d,
	  const struct store_deliver_to *to, struct plan *twin)
{
	int err = to->sent ? look_copy(w, d, twin) : 0;

	if (err < 0 || !to->folder_key.n || twin->folder_key.n)
		return err;
	twin->folder_key = to->folder_key;
	twin->repeat = false;
	return sqlite_quota_check(twin->mb, d->size);
}

static int
look(struct sqlite_writer *w, struct store_deliver *d, size_t i,
     struct plan *plans)
{
	const struct store_deliver_to *to = &d->to[i];
	struct plan *p = &plans[i];
	int err = ledger_mailbox(&w->ledger, to->mailbox_id, &p->mb);

	if (err < 0)
		return err;
	p->folder_key = to->folder_key;
	if (d->once && to->folder_key.n)
		err = look_once(w, d, to, p);
	if (err < 0 || p->repeat)
		return err;
	if (p->mb->job == d) {
		p->twin = p->mb->note;
		return look_twin(w, d, to, p->twin);
	}
	p->mb->job = d;
	p->mb->note = p;

	if (to->sent)
		err = look_copy(w, d, p);
	if (err == 0 && !to->folder_key.n && !p->copy) {
		p->repeat = true;
		p->uuid = d->id;
	}
	if (err == 0 && to->folder_key.n)
		err = sqlite_quota_check(p->mb, d->size);
	return err;
}

/* --- which conversation --- */

static int
takes_part(struct sqlite_writer *w, uint64_t mailbox_id,
	   const struct uuid *thread, struct str from)
{
	struct db *db = &w->db;
	bool found = false;
	int rc;

	rc = db_bind(db, SQL_THREAD_ENVS, "iui", mailbox_id, thread,
		     U64(PARTIES));
	while (rc >= 0 && !found && (rc = db_row(db, SQL_THREAD_ENVS)) > 0)
		found = message_row_has_party(db_str(db, SQL_THREAD_ENVS, 0),
					      from);
	if (rc > 0)
		db_reset(db, SQL_THREAD_ENVS);
	return rc < 0 ? rc : found;
}

/* The message that is answered is known by its _id here or by its own ID. */
int
sqlite_thread_find(struct sqlite_writer *w, uint64_t mailbox_id,
		   const struct uuid *reply, struct str from,
		   const struct uuid **ret)
{
	struct uuid *thread = ARENA_NEW(&w->arena, struct uuid);
	int rc = thread ? 0 : ERR_NOMEM, found = 0;

	if (rc == 0)
		rc = db_bind(&w->db, SQL_THREAD_OF, "iu", mailbox_id, reply);
	while (rc >= 0 && !found && (rc = db_row(&w->db, SQL_THREAD_OF)) > 0) {
		rc = db_octets(&w->db, SQL_THREAD_OF, 0, thread->b,
			       sizeof(thread->b));
		if (rc == 0)
			rc = found = takes_part(w, mailbox_id, thread, from);
	}
	db_reset(&w->db, SQL_THREAD_OF);
	if (found > 0)
		*ret = thread;
	return rc < 0 ? rc : 0;
}

/* --- second step: give --- */

/* The row, under its own ID or, if the mailbox has that, under a new one. */
static int
add_row(struct sqlite_writer *w, const struct sqlite_file *f, uint64_t docid,
	uint64_t modseq, struct str folders, struct uuid *ret_uuid)
{
	struct uuid uuid = f->id;
	const struct uuid *origin = NULL;
	uint8_t rnd[10];
	int err;

	for (;;) {
		err = db_exec(&w->db, SQL_MESSAGE_ADD, "iiuiiiiiuubtt", docid,
			      f->mb->mailbox_id, &uuid, f->body_id,
			      f->received, U64(f->flags), modseq, f->size,
			      origin, f->thread, folders, f->keywords, f->env);
		if (err < 0)
			return err;
		if (db_changes(&w->db))
			break;
		secret_random(rnd, sizeof(rnd));
		uuid = uuid_v7(f->received, rnd);
		origin = &f->id;
	}
	*ret_uuid = uuid;
	return 0;
}

int
sqlite_file_message(struct sqlite_writer *w, const struct sqlite_file *f,
		    struct uuid *ret_uuid)
{
	struct ledger_mailbox *mb = f->mb;
	uint8_t ids[2 * SQLITE_ID_SIZE];
	struct str folders = str_n(ids, f->nfolders * SQLITE_ID_SIZE);
	struct sqlite_change change = {
		.mb = mb, .kind = CHANGE_NEW, .at = f->at,
		.actor = f->actor,
	};
	uint64_t docid;
	int err;

	assert(f->nfolders && f->folders[0]);
	change.folder_id = f->folders[0]->folder_id;
	if (mb->next_no > UINT32_MAX)
		return ERR_LIMIT;
	change.no = (uint32_t)mb->next_no++;
	docid = sqlite_msg_docid(mb->mailbox_id, change.no);
	for (size_t i = 0; i < f->nfolders; i++)
		sqlite_ids_put(ids, i, f->folders[i]->folder_id);
	if (f->nfolders > 1)
		change.detail = folders;
	err = sqlite_change(w, &change);
	if (err == 0)
		err = add_row(w, f, docid, mb->modseq, folders, ret_uuid);
	for (size_t i = 0; err == 0 && i < f->nfolders; i++) {
		err = db_exec(&w->db, SQL_PLACE_ADD, "iiiii", mb->mailbox_id,
			      U64(f->folders[i]->folder_id), f->received,
			      U64(change.no), U64(sqlite_msg_mirror(f->flags)));
		ledger_enter(&w->ledger, mb, f->folders[i], f->flags,
			     f->size);
	}
	mb->used += f->size;
	mb->total++;
	mb->unread += !(f->flags & FLAG_READ);
	w->state.messages++;
	return err;
}

/* Where it goes: the folder that was asked for, SENT, or both. */
static int
choose_folders(struct sqlite_writer *w, const struct plan *p,
	       struct sqlite_file *f)
{
	struct ledger_folder *folder;
	int err = 0;

	if (p->folder_key.n) {
		err = ledger_folder_key(&w->ledger, p->mb, p->folder_key,
					&folder);
		if (err == ERR_NOTFOUND)
			err = ledger_role(&w->ledger, p->mb, ROLE_INBOX,
					  &folder);
		if (err < 0)
			return err;
		f->folders[f->nfolders++] = folder;
	}
	if (p->copy) {
		err = ledger_role(&w->ledger, p->mb, ROLE_SENT, &folder);
		if (err == 0 && (!f->nfolders || f->folders[0] != folder))
			f->folders[f->nfolders++] = folder;
	}
	return err;
}

static int
give(struct sqlite_writer *w, const struct store_deliver *d, uint64_t body_id,
     struct plan *p)
{
	struct sqlite_file f = {
		.mb = p->mb, .id = d->id, .body_id = body_id,
		.received = d->received, .size = d->size, .env = d->env,
		.at = d->received, .keywords = STR(""),
		.flags = d->flags | (p->folder_key.n ? 0 : FLAG_READ),
	};
	int err = choose_folders(w, p, &f);

	if (err == 0 && d->has_reply)
		err = sqlite_thread_find(w, p->mb->mailbox_id, &d->reply,
					 d->from, &f.thread);
	if (err == 0)
		err = sqlite_file_message(w, &f, &p->uuid);
	return err;
}

/* The names of those who get it, each ended by LF. */
static int
make_owners(struct sqlite_writer *w, const struct store_deliver *d,
	    const struct plan *plans, struct str *ret)
{
	size_t n = 0;
	char *p;

	for (size_t i = 0; i < d->nto; i++)
		if (!plans[i].repeat && !plans[i].twin)
			n += d->to[i].name.n + 1;
	p = arena_alloc(&w->arena, n);
	if (!p)
		return ERR_NOMEM;
	*ret = str_n(p, n);
	for (size_t i = 0; i < d->nto; i++) {
		if (plans[i].repeat || plans[i].twin)
			continue;
		memcpy(p, d->to[i].name.p, d->to[i].name.n);
		p += d->to[i].name.n;
		*p++ = '\n';
	}
	return 0;
}

int
sqlite_body_add(struct sqlite_writer *w, struct str octets,
		struct store_big *large, struct str owners, uint64_t refs,
		uint64_t *ret_id)
{
	struct bodyrec_place at = { 0 };
	struct bigfile *big = (struct bigfile *)large;
	struct sqlite_after *after;
	uint64_t id, len, room = 0;
	int err = 0;

	w->db.wrote = true;	/* a record may be in the log's batch */
	if (big) {
		id = big->body_id;
		len = big->len;
		after = sqlite_after_new(w);
		if (!after)
			return ERR_NOMEM;
		after->big = big;
		w->state.bigs++;
	} else {
		id = w->state.next_body++;
		len = octets.n;
		err = bodylog_add(&w->store->log, id, octets, owners, &at);
		room = bodyrec_size(len, owners.n);
	}
	if (err == 0)
		err = db_exec(&w->db, SQL_BODY_ADD, "iiiiii", id, U64(at.seg),
			      at.off, len, room, refs);
	w->state.bodies++;
	w->state.body_octets += len;
	*ret_id = id;
	return err;
}

static int
give_all(struct sqlite_writer *w, struct store_deliver *d, struct plan *plans,
	 uint64_t count)
{
	uint64_t body_id;
	struct str owners;
	int err = make_owners(w, d, plans, &owners);

	if (err == 0)
		err = sqlite_body_add(w, d->body, d->big, owners, count,
				      &body_id);
	for (size_t i = 0; err == 0 && i < d->nto; i++) {
		struct plan *p = &plans[i];

		if (p->repeat)
			continue;
		if (p->twin)
			p->uuid = p->twin->uuid;
		else
			err = give(w, d, body_id, p);
		if (err == 0 && d->once && d->to[i].folder_key.n)
			err = db_exec(&w->db, SQL_ONCE_PUT, "tutibui",
				      d->origin, &d->id, d->to[i].once,
				      d->to[i].mailbox_id,
				      str_n(d->sha, sizeof(d->sha)), &p->uuid,
				      d->received);
	}
	return err;
}

int
sqlite_deliver(struct sqlite_writer *w, struct store_deliver *d)
{
	struct plan *plans = ARENA_ARRAY(&w->arena, struct plan, d->nto);
	uint64_t count = 0;
	int err = 0;

	if (!plans)
		return ERR_NOMEM;
	if (d->big && !((struct bigfile *)d->big)->linked)
		return ERR_STATE;	/* it was not finished */
	for (size_t i = 0; i < d->nto; i++) {
		d->to[i].err = look(w, d, i, plans);
		if (err == 0)
			err = d->to[i].err;
		if (!db_in_transaction(&w->db))
			return err;
	}
	for (size_t i = 0; i < d->nto; i++)
		count += !plans[i].repeat && !plans[i].twin;
	if (err == 0 && count)
		err = give_all(w, d, plans, count);
	if (err < 0)
		return err;
	for (size_t i = 0; i < d->nto; i++) {
		d->to[i].repeat = plans[i].repeat || plans[i].twin;
		d->to[i].uuid = plans[i].uuid;
		d->to[i].modseq = plans[i].mb->modseq;
		d->to[i].used = plans[i].mb->used;
	}
	return 0;
}
