/*
 * DONE: the message is sent (spec: DONE).
 *
 * The message leaves its pipeline at once, whatever comes of it.  A large one
 * has its file ended and synced by a reading thread; then one write job gives
 * it to all recipients, or none, and only its commit is answered with 273.
 */
#include "base/mem.h"
#include "session/draft.h"

struct done {
	struct draft *d;
	struct store_deliver w;
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
fill_write(struct session *s, struct cmd *c, struct done *dn)
{
	struct draft *d = dn->d;
	struct store_deliver *w = &dn->w;
	const struct message_part *content = message_content(&d->m);
	int err;

	d->m.received = s->unix_ms;
	d->m.preview = message_preview(&d->arena, content->type,
				       str_n(d->head, d->nhead));
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
	if (err == 0)
		err = fill_owners(c, dn);
	if (err == 0)
		err = fill_hash(dn);
	if (err == 0)
		err = message_row(&d->m, &dn->row);
	if (err == 0)
		err = message_trailer(&d->m, &dn->trailer);
	w->env = buf_str(&dn->row);
	return err;
}

/* --- steps --- */

static enum step
write_step(struct cmd *c, struct done *dn)
{
	dn->w.big = dn->d->big;
	if (dn->d->big == NULL)
		dn->w.body = buf_str(&dn->d->body);
	c->job.write = &dn->w.job;
	c->job.octets = dn->w.body.n;
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

/* End the file of a large one. */
static void
done_work(struct cmd *c, struct store_reader *r)
{
	struct done *dn = c->data;
	struct draft *d = dn->d;

	(void)r;
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
done_finish(struct session *s, struct cmd *c)
{
	struct done *dn = c->data;
	char id[UUID_TEXT + 1];
	struct reply r;

	if (c->err < 0)
		return cmd_answer_err(s, c, c->err);
	if (c->job.write == NULL)
		return write_step(c, dn);
	if (dn->w.job.err < 0)
		return done_refused(s, c, dn);
	for (size_t i = 0; i < dn->d->nrcpts; i++) {
		cmd_begin(s, c, &r, ST_DELIVERED, true);
		reply_name(&r, dn->d->rcpts[i].asked);
		cmd_end(s, &r);
	}
	uuid_format(&dn->d->m.id, id);
	s->ports->event(s->ctx, "delivered", dn->w.from, id);
	cmd_begin(s, c, &r, ST_DELIVERED, false);
	reply_lit(&r, "Delivered");
	reply_uuid(&r, &dn->d->m.id);
	cmd_end(s, &r);
	return STEP_DONE;
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
