/*
 * DONE: the message is sent (spec: DONE).
 *
 * The message leaves its pipeline at once, whatever comes of it.  A large one
 * has its file ended and synced by a reading thread; then one write job gives
 * it to all recipients, or none, and only its commit is answered with 273.
 *
 * One that is filed with an ID that the mailbox has is read after the writer
 * has refused it: the same message is answered as if it had been stored.
 */
#include "base/mem.h"
#include "session/cmd_append.h"

struct done {
	struct draft *d;
	struct store_deliver w;
	struct store_append ap;	/* of a message that is filed, instead */
	bool exists;		/* compare it with what has its ID */
	bool again;		/* that was purged: written once more */
	struct buf row, trailer;
	struct str owners;
};

static bool
done_ready(struct session *s, struct cmd *c)
{
	return c->pl != &s->unnamed || !sched_foreign_data(s, c->seq);
}

/* --- what the store is told --- */

static struct store_deliver_to *
to_of(struct store_deliver *w, uint64_t mailbox_id)
{
	for (size_t i = 0; i < w->nto; i++)
		if (w->to[i].mailbox_id == mailbox_id)
			return &w->to[i];
	return NULL;
}

/* A mailbox that is named twice gets it once; the sender's own copy joins
 * what the sender gets as a recipient. */
static int
fill_recipients(struct cmd *c, struct done *dn)
{
	struct draft *d = dn->d;
	struct store_deliver *w = &dn->w;
	struct store_deliver_to *to;

	w->to = ARENA_ARRAY(&c->arena, struct store_deliver_to, d->nrcpts + 1);
	if (w->to == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < d->nrcpts; i++) {
		const struct store_rcpt *b = &d->rcpts[i].box;

		if (to_of(w, b->mailbox_id) != NULL)
			continue;
		to = &w->to[w->nto++];
		to->mailbox_id = b->mailbox_id;
		to->name = b->name;
		to->folder_key = b->folder_key;
		to->once = b->name;
	}
	to = to_of(w, d->who->mailbox_id);
	if (to == NULL) {
		to = &w->to[w->nto++];
		to->mailbox_id = d->who->mailbox_id;
		to->name = d->who->name;
	}
	to->sent = true;
	return 0;
}

static int
fill_owners(struct cmd *c, struct done *dn)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, 1u << 20);
	for (size_t i = 0; i < dn->w.nto; i++)
		if (buf_add_str(&b, dn->w.to[i].name) < 0 ||
		    buf_add_c(&b, '\n') < 0)
			return ERR_NOMEM;
	dn->owners = arena_str(&c->arena, buf_str(&b));
	return dn->owners.p == NULL ? ERR_NOMEM : 0;
}

static int
fill_hash(struct done *dn)
{
	CLEANUP_BUF struct buf b = { 0 };
	int err;

	buf_init(&b, 4u << 20);
	err = message_identity(&dn->d->m, &b);
	if (err == 0)
		sha256_once(buf_data(&b), b.n, dn->w.sha);
	return err;
}

static int
fill_delivery(struct session *s, struct cmd *c, struct done *dn)
{
	struct draft *d = dn->d;
	struct store_deliver *w = &dn->w;
	int err;

	w->job.op = STORE_DELIVER;
	w->origin = d->who->key;
	w->once = d->id_given;
	w->id = d->m.id;
	w->from = d->who->key;
	w->has_reply = d->m.has_reply;
	w->reply = d->m.reply;
	w->flags = d->m.important > 0 ? FLAG_IMPORTANT : 0;
	w->received = s->unix_ms;
	w->size = message_size(&d->m);
	err = fill_recipients(c, dn);
	return err < 0 ? err : fill_owners(c, dn);
}

static int
fill_filing(struct session *s, struct cmd *c, struct done *dn)
{
	append_job(dn->d, s->unix_ms, &dn->ap);
	dn->owners = arena_fmt(&c->arena, "%.*s\n", STR_ARG(dn->ap.name));
	return dn->owners.p == NULL ? ERR_NOMEM : 0;
}

static int
fill_write(struct session *s, struct cmd *c, struct done *dn)
{
	struct draft *d = dn->d;
	const struct message_part *content = message_content(&d->m);
	int err;

	if (d->filing == NULL || !d->filing->has_received)
		d->m.received = s->unix_ms;
	d->m.preview = message_preview(&d->arena, content->type,
				       str_n(d->head, d->nhead));
	err = d->filing != NULL ? fill_filing(s, c, dn) :
				  fill_delivery(s, c, dn);
	if (err == 0)
		err = fill_hash(dn);
	if (err == 0)
		err = message_row(&d->m, &dn->row);
	if (err == 0)
		err = message_trailer(&d->m, &dn->trailer);
	dn->w.env = dn->ap.env = buf_str(&dn->row);
	return err;
}

/* --- steps --- */

static enum step
write_step(struct cmd *c, struct done *dn)
{
	struct str octets = STR("");

	if (dn->d->big == NULL)
		octets = buf_str(&dn->d->body);
	dn->w.big = dn->ap.big = dn->d->big;
	dn->w.body = dn->ap.body = octets;
	c->job.write = dn->d->filing != NULL ? &dn->ap.job : &dn->w.job;
	c->job.octets = octets.n;
	return STEP_WRITE;
}

static enum step
done_check(struct session *s, struct cmd *c)
{
	struct draft *d = c->pl->draft;
	const char *why = NULL;
	struct done *dn;
	int err;

	if (d == NULL)
		return cmd_answer(s, c, ST_STATE);
	dn = cmd_data(s, c, sizeof(*dn));
	if (dn == NULL)
		return STEP_DONE;
	buf_init(&dn->row, LIMIT_REPLY);
	buf_init(&dn->trailer, 8u << 20);
	dn->d = d;
	c->pl->draft = NULL;
	if (d->spoiled != ST_NONE)
		return cmd_answer_text(s, c, d->spoiled, d->why != NULL ?
				       d->why : status_text(d->spoiled));
	err = message_check(&d->m, &why);
	if (err == ERR_VALUE)
		return cmd_answer_text(s, c, ST_PARAM, why);
	if (err == 0)
		err = fill_write(s, c, dn);
	if (err < 0)
		return cmd_answer_err(s, c, err);
	if (d->big != NULL)
		return STEP_READ;
	if (buf_add_str(&d->body, buf_str(&dn->trailer)) < 0)
		return cmd_answer(s, c, ST_INTERNAL);
	return write_step(c, dn);
}

/* End the file of a large one; or compare. */
static void
done_work(struct cmd *c, struct store_reader *r)
{
	struct done *dn = c->data;
	struct draft *d = dn->d;

	if (dn->exists) {
		c->err = append_compare(r, &dn->ap, dn->w.sha);
		return;
	}
	if (d->body.n > 0)
		c->err = store_big_write(d->big, buf_str(&d->body));
	if (c->err == 0)
		c->err = store_big_write(d->big, buf_str(&dn->trailer));
	if (c->err == 0)
		c->err = store_big_finish(d->big, dn->owners);
}

static enum status
rcpt_status(const struct done *dn, const struct draft_rcpt *rc)
{
	for (size_t i = 0; i < dn->w.nto; i++)
		if (dn->w.to[i].mailbox_id == rc->box.mailbox_id)
			return dn->w.to[i].err < 0 ?
			       status_of_err(dn->w.to[i].err) : ST_NONE;
	return ST_NONE;
}

static enum step
done_refused(struct session *s, struct cmd *c, struct done *dn)
{
	enum status first = ST_NONE, st;
	struct reply r;

	for (size_t i = 0; i < dn->d->nrcpts; i++) {
		st = rcpt_status(dn, &dn->d->rcpts[i]);
		if (st == ST_NONE)
			continue;
		if (first == ST_NONE)
			first = st;
		cmd_begin(s, c, &r, st, true);
		reply_name(&r, dn->d->rcpts[i].asked);
		cmd_end(s, &r);
	}
	if (first == ST_NONE)
		first = status_of_err(dn->w.job.err);
	return cmd_answer(s, c, first);
}

static enum step
delivered(struct session *s, struct cmd *c, struct done *dn)
{
	bool filed = dn->d->filing != NULL;
	char id[UUID_TEXT + 1];
	struct reply r;

	for (size_t i = 0; !filed && i < dn->d->nrcpts; i++) {
		cmd_begin(s, c, &r, ST_DELIVERED, true);
		reply_name(&r, dn->d->rcpts[i].asked);
		cmd_end(s, &r);
	}
	uuid_format(&dn->d->m.id, id);
	/* Filing is the owner's own business, and there may be much of it. */
	if (!filed)
		s->ports->event(s->ctx, "delivered", dn->d->who->key, id);
	cmd_begin(s, c, &r, ST_DELIVERED, false);
	reply_lit(&r, "Delivered");
	reply_uuid(&r, &dn->d->m.id);
	/* Filed before, and perhaps deleted since. */
	if (dn->exists)
		reply_field_u64(&r, "known", 1);
	cmd_end(s, &r);
	return STEP_DONE;
}

/* What has come of filing it. */
static enum step
filing_finish(struct session *s, struct cmd *c, struct done *dn)
{
	int err = dn->exists ? c->err : dn->ap.job.err;

	if (err == ERR_EXISTS) {
		dn->exists = true;
		return STEP_READ;
	}
	if (err == ERR_NOTFOUND && dn->exists && !dn->again) {
		dn->exists = false;
		dn->again = true;
		c->err = 0;
		return write_step(c, dn);
	}
	return err < 0 ? cmd_answer_err(s, c, err) : delivered(s, c, dn);
}

static enum step
done_finish(struct session *s, struct cmd *c)
{
	struct done *dn = c->data;

	if (dn->exists)
		return filing_finish(s, c, dn);
	if (c->err < 0)
		return cmd_answer_err(s, c, c->err);
	if (c->job.write == NULL)
		return write_step(c, dn);
	if (dn->d->filing != NULL)
		return filing_finish(s, c, dn);
	if (dn->w.job.err < 0)
		return done_refused(s, c, dn);
	return delivered(s, c, dn);
}

static void
done_release(struct cmd *c)
{
	struct done *dn = c->data;

	if (dn == NULL)
		return;
	buf_done(&dn->row);
	buf_done(&dn->trailer);
	draft_unref(dn->d);
}

const struct cmd_ops cmd_ops_DONE = {
	.ready = done_ready, .check = done_check, .work = done_work,
	.finish = done_finish, .release = done_release,
};
