/*
 * Delivery: first look at every recipient, then, if all can get it, give it to
 * each.  Nothing is changed before the first step is through.
 */
#include "base/secret.h"
#include "mail/message.h"
#include "store/mem/mem_priv.h"

/* What is to be done for one recipient. */
struct plan {
	struct mem_box *box;
	struct plan *twin;	/* of the same mailbox, named before */
	bool repeat;		/* not to be given */
	struct uuid uuid;	/* got there, now or by what is repeated */
	struct str folder_key;	/* as a recipient; or empty */
	bool copy;		/* as the sender's copy in SENT */
};

void
mem_once_free(struct mem_once *o)
{
	mem_free((void *)o->rcpt.p);
	mem_free(o);
}

/* --- what has been given already --- */

static struct str
once_key(struct mem_tx *tx, const struct store_deliver *d, struct str rcpt)
{
	char *p = arena_alloc(&tx->arena,
			      d->origin.n + rcpt.n + 2 + sizeof(d->id.b));
	size_t n = 0;

	if (!p)
		return (struct str){ NULL, 0 };
	memcpy(p, d->origin.p, d->origin.n);
	n += d->origin.n;
	p[n++] = '\0';
	memcpy(p + n, rcpt.p, rcpt.n);
	n += rcpt.n;
	p[n++] = '\0';
	memcpy(p + n, d->id.b, sizeof(d->id.b));
	return str_n(p, n + sizeof(d->id.b));
}

/* Is what was given at that time still remembered? */
static bool
remembered(const struct mem_store *s, const struct mem_once *o, uint64_t now)
{
	return now <= o->at || now - o->at <= s->limits->once;
}

static int
once_add(struct mem_tx *tx, const struct store_deliver *d,
	 const struct store_deliver_to *to, const struct uuid *uuid)
{
	struct mem_store *s = tx->store;
	struct mem_once *o = mem_tx_alloc(tx, sizeof(*o)), *old;
	struct str key = once_key(tx, d, to->once);

	if (!key.p || !o)
		return ERR_NOMEM;
	o->rcpt = mem_tx_str(tx, to->once);
	if (!o->rcpt.p)
		return ERR_NOMEM;
	memcpy(o->sha, d->sha, sizeof(o->sha));
	o->uuid = *uuid;
	o->at = d->received;

	/* One that has been forgotten may still lie there. */
	old = map_get(&s->onces, key);
	if (old && (mem_tx_free(tx, old->rcpt.p) < 0 ||
		    mem_tx_free(tx, old) < 0))
		return ERR_NOMEM;
	return mem_tx_put(tx, &s->onces, key, o);
}

/* --- first step: look --- */

static int
look_once(struct mem_tx *tx, const struct store_deliver *d,
	  const struct store_deliver_to *to, struct plan *p)
{
	struct str key = once_key(tx, d, to->once);
	const struct mem_once *o;

	if (!key.p)
		return ERR_NOMEM;
	o = map_get(&tx->store->onces, key);
	if (!o || !remembered(tx->store, o, d->received))
		return 0;
	if (memcmp(o->sha, d->sha, sizeof(o->sha)) != 0)
		return ERR_CONFLICT;
	p->repeat = true;
	p->uuid = o->uuid;
	return 0;
}

int
mem_quota_check(const struct mem_store *s, const struct mem_box *box,
		uint64_t size)
{
	uint64_t total, unread, used = mem_box_used(box, &total, &unread);
	uint64_t quota = mem_box_quota(s, box);

	return size > quota || used > quota - size ? ERR_QUOTA : 0;
}

/* A mailbox named twice gets the message once, for both reasons. */
static int
look_twin(struct mem_tx *tx, const struct store_deliver *d,
	  const struct store_deliver_to *to, struct plan *twin)
{
	if (to->sent && !mem_box_msg(twin->box, &d->id))
		twin->copy = true;
	if (!to->folder_key.n || twin->folder_key.n)
		return 0;
	twin->folder_key = to->folder_key;
	twin->repeat = false;
	return mem_quota_check(tx->store, twin->box, d->size);
}

static int
look(struct mem_tx *tx, const struct store_deliver *d, size_t i,
	struct plan *plans)
{
	const struct store_deliver_to *to = &d->to[i];
	struct plan *p = &plans[i];
	int err = 0;

	p->box = mem_box_get(tx->store, to->mailbox_id);
	if (!p->box)
		return ERR_NOTFOUND;
	p->folder_key = to->folder_key;
	if (d->once && to->folder_key.n)
		err = look_once(tx, d, to, p);
	if (err < 0 || p->repeat)
		return err;
	for (size_t j = 0; j < i; j++)
		if (plans[j].box == p->box && !plans[j].twin) {
			p->twin = &plans[j];
			return look_twin(tx, d, to, p->twin);
		}

	p->copy = to->sent && !mem_box_msg(p->box, &d->id);
	if (!to->folder_key.n && !p->copy) {
		p->repeat = true;
		p->uuid = d->id;
	}
	return to->folder_key.n ?
	       mem_quota_check(tx->store, p->box, d->size) : 0;
}

/* --- second step: give --- */

static bool
takes_part(const struct mem_box *box, const struct uuid *thread,
	   struct str from)
{
	for (size_t i = 0; i < box->msgs.n; i++) {
		const struct mem_msg *m = box->msgs.v[i];

		if (uuid_eq(&m->thread, thread) &&
		    message_row_has_party(m->env, from))
			return true;
	}
	return false;
}

/* The first message that came with this ID and got another here; or NULL. */
static const struct mem_msg *
first_of_origin(const struct mem_box *box, const struct uuid *id)
{
	const struct mem_msg *first = NULL;

	for (size_t i = 0; i < box->msgs.n; i++) {
		const struct mem_msg *m = box->msgs.v[i];

		if (m->has_origin && uuid_eq(&m->origin, id) &&
		    (!first || m->pos.no < first->pos.no))
			first = m;
	}
	return first;
}

/* The conversation a message belongs to: that of the message it answers, by
 * its _id here or else by its own ID, or a new one. */
struct uuid
mem_thread_for(const struct mem_box *box, const struct uuid *reply,
	       struct str from, struct uuid own)
{
	const struct mem_msg *m;

	if (!reply)
		return own;
	m = mem_box_msg(box, reply);
	if (m && takes_part(box, &m->thread, from))
		return m->thread;
	m = first_of_origin(box, reply);
	if (m && takes_part(box, &m->thread, from))
		return m->thread;
	return own;
}

/* The ID, or a new one where another message of the mailbox has that. */
static void
name_msg(const struct mem_box *box, const struct store_deliver *d,
	 struct mem_msg *m)
{
	uint8_t rnd[10];

	m->uuid = d->id;
	while (mem_box_msg(box, &m->uuid)) {
		secret_random(rnd, sizeof(rnd));
		m->uuid = uuid_v7(d->received, rnd);
		m->has_origin = true;
		m->origin = d->id;
	}
}

static int
set_folders(struct mem_tx *tx, const struct plan *p, struct mem_msg *m)
{
	const struct mem_folder *f;
	uint32_t ids[2];
	size_t n = 0;

	if (p->folder_key.n) {
		f = mem_box_folder(p->box, p->folder_key);
		if (!f)
			f = mem_box_role(p->box, ROLE_INBOX);
		ids[n++] = f->id;
	}
	f = mem_box_role(p->box, ROLE_SENT);
	if (p->copy && (!n || ids[0] != f->id))
		ids[n++] = f->id;
	return mem_set_new(tx, ids, n, &m->in);
}

int
mem_box_add_msg(struct mem_tx *tx, struct mem_box *box, struct mem_msg *m)
{
	int err;

	if (mem_tx_save(tx, &box->next_no, sizeof(box->next_no)) < 0)
		return ERR_NOMEM;
	m->pos.no = ++box->next_no;
	if (mem_tx_save(tx, &m->body->refs, sizeof(m->body->refs)) < 0)
		return ERR_NOMEM;
	m->body->refs++;
	err = mem_tx_insert(tx, &box->msgs, mem_box_msg_at(box, m->pos), m);
	if (!err)
		err = mem_tx_put(tx, &box->by_uuid, str_n(m->uuid.b, 16), m);
	if (!err)
		err = mem_box_bump(tx, box, m);
	return err;
}

static int
give(struct mem_tx *tx, const struct store_deliver *d, struct mem_body *body,
	struct plan *p)
{
	struct mem_msg *m = mem_tx_alloc(tx, sizeof(*m));

	if (!m)
		return ERR_NOMEM;
	name_msg(p->box, d, m);
	m->pos.ord = d->received;
	m->thread = mem_thread_for(p->box, d->has_reply ? &d->reply : NULL,
				   d->from, m->uuid);
	m->flags = d->flags | (p->folder_key.n ? 0 : FLAG_READ);
	m->size = d->size;
	m->body = body;
	m->keywords = mem_tx_str(tx, STR(""));
	m->env = mem_tx_str(tx, d->env);
	if (!m->keywords.p || !m->env.p || set_folders(tx, p, m) < 0)
		return ERR_NOMEM;
	p->uuid = m->uuid;
	return mem_box_add_msg(tx, p->box, m);
}

static int
give_all(struct mem_tx *tx, struct store_deliver *d, struct plan *plans)
{
	struct mem_body *body = NULL;
	int err = 0;

	for (size_t i = 0; !err && i < d->nto; i++) {
		struct store_deliver_to *to = &d->to[i];
		struct plan *p = &plans[i];

		if (p->repeat)
			continue;
		if (p->twin)
			p->uuid = p->twin->uuid;
		else if (!body)
			err = mem_body_new(tx, d->body, d->big, &body);
		if (!err && !p->twin)
			err = give(tx, d, body, p);
		if (!err && d->once && to->folder_key.n)
			err = once_add(tx, d, to, &p->uuid);
	}
	return err;
}

int
mem_deliver(struct mem_tx *tx, struct store_deliver *d)
{
	struct plan *plans = ARENA_ARRAY(&tx->arena, struct plan, d->nto);
	uint64_t total, unread;
	int err = 0;

	if (!plans)
		return ERR_NOMEM;
	for (size_t i = 0; i < d->nto; i++) {
		d->to[i].err = look(tx, d, i, plans);
		if (!err)
			err = d->to[i].err;
	}
	if (!err)
		err = give_all(tx, d, plans);
	if (err < 0)
		return err;
	for (size_t i = 0; i < d->nto; i++) {
		d->to[i].repeat = plans[i].repeat || plans[i].twin;
		d->to[i].uuid = plans[i].uuid;
		d->to[i].modseq = plans[i].box->modseq;
		d->to[i].used = mem_box_used(plans[i].box, &total, &unread);
	}
	return 0;
}
