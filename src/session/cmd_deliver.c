/* DELIVER and HEADER, RESET: a message is opened (spec: DELIVER). */
#include "base/mem.h"
#include "session/draft.h"

struct deliver {
	struct draft *d;	/* until it is the pipeline's */
	size_t nrefused;
};

static struct str
unknown_key(struct session *s, struct cmd *c)
{
	return arena_fmt(&c->arena, "unknown:%.*s", STR_ARG(s->who->key));
}

/* --- who it is for --- */

static int
add_rcpt(struct cmd *c, struct draft *d, struct str asked, int how)
{
	struct draft_rcpt *r = &d->rcpts[d->nrcpts];
	struct imid imid;
	int err;

	err = imid_parse_address(&c->arena, asked, &imid);
	if (err < 0)
		return err;
	r->asked = arena_str(&d->arena, asked);
	r->key = arena_str(&d->arena, imid_key(&c->arena, &imid));
	r->how = how;
	if (imid.folder.n > 0)
		r->folder_key = folder_key(&d->arena,
			arena_fmt(&d->arena, "INBOX/%.*s",
				  STR_ARG(imid.folder)));
	if (r->asked.p == NULL || r->key.p == NULL ||
	    (imid.folder.n > 0 && r->folder_key.p == NULL))
		return ERR_NOMEM;
	/* What is shown is the address without the folder. */
	asked = arena_str(&d->arena, imid_text(&c->arena, &imid));
	if (asked.p == NULL)
		return ERR_NOMEM;
	if (how == RCPT_TO)
		d->to[d->m.nto++] = asked;
	else if (how == RCPT_CC)
		d->cc[d->m.ncc++] = asked;
	d->nrcpts++;
	return 0;
}

static int
add_rcpts(struct cmd *c, struct draft *d)
{
	static const char *const keys[] = { "TO", "CC", "BCC" };
	const struct command_param *p[3];
	size_t n = 0;
	int err;

	for (int i = 0; i < 3; i++) {
		p[i] = command_param(&c->args, keys[i]);
		n += p[i] != NULL ? p[i]->n : 0;
	}
	if (n > c->env->limits->recipients)
		return ERR_LIMIT;
	d->rcpts = ARENA_ARRAY(&d->arena, struct draft_rcpt, n);
	d->to = ARENA_ARRAY(&d->arena, struct str, n);
	d->cc = ARENA_ARRAY(&d->arena, struct str, n);
	if (d->rcpts == NULL || d->to == NULL || d->cc == NULL)
		return ERR_NOMEM;
	d->m.to = d->to;
	d->m.cc = d->cc;
	for (int i = 0; i < 3; i++) {
		for (size_t k = 0; p[i] != NULL && k < p[i]->n; k++) {
			err = add_rcpt(c, d, p[i]->v[k].text, i);
			if (err < 0)
				return err;
		}
	}
	return 0;
}

/* --- the rest of the envelope --- */

static int
envelope(struct cmd *c, struct draft *d)
{
	int err = draft_envelope(d, &c->args, c->unix_ms);

	if (err < 0)
		return err;
	d->m.secure = command_switch(&c->args, "SECURE") > 0;
	return draft_own(d);
}

/* FROM is the account itself; a mailbox with the right `s` comes later. */
static enum status
from_verdict(struct cmd *c)
{
	struct imid imid;
	struct str from, key;
	bool given;

	from = command_value(&c->args, "FROM", &given);
	if (!given)
		return ST_NONE;
	if (imid_parse_address(&c->arena, from, &imid) < 0)
		return ST_PARAM;
	key = imid_key(&c->arena, &imid);
	if (key.p == NULL)
		return ST_INTERNAL;
	return imid.folder.n == 0 && str_eq(key, c->who->key) ? ST_NONE :
								ST_DENIED;
}

/* --- looking them up --- */

static int
find_box(struct cmd *c, struct store_reader *r, struct draft_rcpt *rc)
{
	struct str key = rc->key;
	struct store_rcpt box;
	uint64_t id;
	int err;

	/* postmaster@ of every hosted domain is the administrator's. */
	if (str_starts(key, STR("postmaster@")) &&
	    c->env->postmaster.n > 0 &&
	    store_domain_find(r, str_from(key, 11), &id) == 0)
		key = c->env->postmaster;
	err = store_rcpt_find(r, &c->arena, key, rc->folder_key, &box);
	if (err < 0)
		return err;
	rc->box = box;
	return 0;
}

static enum status
unknown_status(struct store_reader *r, const struct draft_rcpt *rc)
{
	ptrdiff_t at = str_rchr(rc->key, '@');
	uint64_t id;
	int err;

	err = store_domain_find(r, str_from(rc->key, (size_t)at + 1), &id);
	if (err == ERR_NOTFOUND)
		return ST_UNREACHABLE;
	return err < 0 ? status_of_err(err) : ST_NOT_FOUND;
}

static void
deliver_work(struct cmd *c, struct store_reader *r)
{
	struct deliver *dl = c->data;
	struct draft *d = dl->d;

	for (size_t i = 0; i < d->nrcpts; i++) {
		struct draft_rcpt *rc = &d->rcpts[i];
		int err = find_box(c, r, rc);

		if (err == ERR_NOTFOUND)
			rc->st = unknown_status(r, rc);
		else if (err < 0)
			rc->st = status_of_err(err);
		else if (rc->box.used >= rc->box.quota)
			rc->st = ST_QUOTA;
		if (rc->st != ST_NONE)
			dl->nrefused++;
	}
}

/* Slices of what the lookup found go where the message lives. */
static int
keep_boxes(struct draft *d)
{
	for (size_t i = 0; i < d->nrcpts; i++) {
		struct store_rcpt *b = &d->rcpts[i].box;

		b->name = arena_str(&d->arena, b->name);
		b->folder_key = arena_str(&d->arena, b->folder_key);
		if (b->name.p == NULL || b->folder_key.p == NULL)
			return ERR_NOMEM;
	}
	return 0;
}

static enum step
refuse_all(struct session *s, struct cmd *c, struct draft *d)
{
	enum status first = ST_NONE;
	struct reply r;

	for (size_t i = 0; i < d->nrcpts; i++) {
		const struct draft_rcpt *rc = &d->rcpts[i];

		if (rc->st == ST_NONE)
			continue;
		if (first == ST_NONE)
			first = rc->st;
		if (rc->st == ST_NOT_FOUND)
			(void)throttle_hit(s->env->unknown, unknown_key(s, c),
					   1, s->now);
		cmd_begin(s, c, &r, rc->st, true);
		reply_name(&r, rc->asked);
		cmd_end(s, &r);
	}
	return cmd_answer(s, c, first);
}

static enum step
deliver_finish(struct session *s, struct cmd *c)
{
	struct deliver *dl = c->data;

	if (dl->nrefused > 0)
		return refuse_all(s, c, dl->d);
	if (keep_boxes(dl->d) < 0)
		return cmd_answer(s, c, ST_INTERNAL);
	c->pl->draft = dl->d;
	dl->d = NULL;
	return cmd_answer(s, c, ST_GIVE_DATA);
}

/* All can get it, and the store need not be asked. */
static bool
all_known(struct cmd *c, struct draft *d)
{
	for (size_t i = 0; i < d->nrcpts; i++) {
		struct draft_rcpt *rc = &d->rcpts[i];

		if (str_starts(rc->key, STR("postmaster@")) ||
		    !store_rcpt_known(c->env->store, &c->arena, rc->key,
				      rc->folder_key, &rc->box) ||
		    rc->box.used >= rc->box.quota)
			return false;
	}
	return true;
}

static enum step
deliver_check(struct session *s, struct cmd *c)
{
	struct deliver *dl = cmd_data(s, c, sizeof(*dl));
	enum status st;
	int err;

	if (dl == NULL)
		return STEP_DONE;
	if (c->pl->draft != NULL)
		return cmd_answer_text(s, c, ST_CONFLICT,
				       "A message is open: DONE or RESET.");
	if (throttle_count(s->env->unknown, unknown_key(s, c), s->now) >=
	    s->env->limits->unknown_rcpts)
		return cmd_answer(s, c, ST_SLOW_DOWN);
	st = from_verdict(c);
	if (st != ST_NONE)
		return cmd_answer(s, c, st);
	dl->d = draft_new(s->env, s->who, s->unix_ms);
	err = dl->d == NULL ? ERR_NOMEM : envelope(c, dl->d);
	if (err == 0)
		err = add_rcpts(c, dl->d);
	if (err == ERR_LIMIT)
		return cmd_answer_text(s, c, ST_PARAM,
			"Too many recipients; use a second DELIVER "
			"with the same ID.");
	if (err == ERR_NOMEM)
		return cmd_answer_err(s, c, err);
	if (err < 0)
		return cmd_answer(s, c, ST_PARAM);
	return all_known(c, dl->d) ? deliver_finish(s, c) : STEP_READ;
}

static void
deliver_release(struct cmd *c)
{
	struct deliver *dl = c->data;

	if (dl != NULL)
		draft_unref(dl->d);
}

const struct cmd_ops cmd_ops_DELIVER = {
	.check = deliver_check, .work = deliver_work,
	.finish = deliver_finish, .release = deliver_release,
};

/* --- HEADER --- */

/* Mail that is filed has any header; its recipients are of the envelope. */
static int
take_header(struct draft *d, struct str name, struct str value)
{
	bool filed = d->filing != NULL;

	if (filed && str_eqi(name, STR("To")))
		return draft_party(d, PARTY_TO, value);
	if (filed && str_eqi(name, STR("Cc")))
		return draft_party(d, PARTY_CC, value);
	if (!(filed ? message_header_imported(name) :
		      message_header_allowed(name)) ||
	    message_header_check(name, value) < 0)
		return ERR_VALUE;
	return draft_header(d, name, value);
}

static enum step
header_check(struct session *s, struct cmd *c)
{
	struct draft *d = c->pl->draft;
	struct str name = command_value(&c->args, "name", NULL);
	struct str value = command_value(&c->args, "value", NULL);
	int err;

	if (d == NULL)
		return cmd_answer(s, c, ST_STATE);
	err = take_header(d, name, value);
	if (err == ERR_VALUE) {
		draft_spoil(d, ST_PARAM, NULL);
		return cmd_answer_text(s, c, ST_PARAM,
				       "This header may not be set so.");
	}
	if (err < 0) {
		draft_spoil(d, err == ERR_LIMIT ? ST_TOO_LARGE : ST_INTERNAL,
			    NULL);
		return cmd_answer(s, c, d->spoiled);
	}
	return cmd_answer_text(s, c, ST_GIVE_DATA, "Noted.");
}

const struct cmd_ops cmd_ops_HEADER = { .check = header_check };

/* --- RESET --- */

static bool
settled(struct session *s, struct cmd *c)
{
	return c->pl != &s->unnamed || !sched_foreign_data(s, c->seq);
}

static enum step
reset_check(struct session *s, struct cmd *c)
{
	draft_unref(c->pl->draft);
	c->pl->draft = NULL;
	return cmd_answer(s, c, ST_DONE);
}

const struct cmd_ops cmd_ops_RESET = { .ready = settled, .check = reset_check };
