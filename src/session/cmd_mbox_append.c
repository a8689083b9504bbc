/*
 * MBOX APPEND: a message is opened that its owner files (spec: APPEND).
 *
 * It goes through HEADER, DATA and DONE as one that is delivered.  What is
 * here is its envelope, taken as leniently as mail must be that others wrote,
 * and what DONE does with it: one write job, and if the mailbox has its ID
 * already, a look whether it is the same message.
 */
#include "session/cmd_append.h"

#include "base/clock.h"
#include "base/mem.h"
#include "session/mbox.h"

struct append {
	struct box b;
	struct draft *d;	/* until it is the pipeline's */
};

/* --- parameters --- */

static unsigned
flags_of(const struct cmd *c)
{
	unsigned flags = 0;

	if (command_switch(&c->args, "READ") > 0)
		flags |= FLAG_READ;
	if (command_switch(&c->args, "FLAGGED") > 0)
		flags |= FLAG_FLAGGED;
	if (command_switch(&c->args, "ANSWERED") > 0)
		flags |= FLAG_ANSWERED;
	if (command_switch(&c->args, "DRAFT") > 0)
		flags |= FLAG_DRAFT;
	if (command_switch(&c->args, "IMPORTANT") > 0)
		flags |= FLAG_IMPORTANT;
	return flags;
}

static int
keywords_of(struct cmd *c, struct draft *d, struct str *ret)
{
	int err = 0;

	*ret = STR("");
	for (size_t i = 0; i < c->args.nfree && err == 0; i++) {
		struct str sw = c->args.free[i].text;
		char word[34];
		int n = keyword_parse(str_from(sw, 1), word);

		if (n < 0 || sw.p[0] != '+')
			return ERR_VALUE;
		err = keywords_add(&d->arena, *ret, str_n(word, (size_t)n),
				   ret);
	}
	return err;
}

/* A mailbox that is imported is to be in the order of its mail: what was sent
 * before now was received then. */
static int
dates_of(struct cmd *c, struct draft *d)
{
	struct message *m = &d->m;
	bool given;
	struct str v = command_value(&c->args, "DATE", &given);

	if (given && clock_parse(v, &m->date) < 0)
		return ERR_VALUE;
	if (given && m->date <= c->unix_ms) {
		d->filing->has_received = true;
		m->received = m->date;
	}
	return 0;
}

/* --- from and to --- */

static int
parties_of(struct cmd *c, struct draft *d, const char *key, enum party what)
{
	const struct command_param *p = command_param(&c->args, key);
	int err = 0;

	for (size_t i = 0; p != NULL && i < p->n && err == 0; i++)
		err = draft_party(d, what, p->v[i].text);
	return err;
}

/* Without FROM it is the account's own. */
static int
from_of(struct cmd *c, struct draft *d)
{
	bool given;
	struct str from = command_value(&c->args, "FROM", &given);

	if (given)
		return draft_party(d, PARTY_FROM, from);
	d->filing->from_key = d->who->key;
	return draft_own(d);
}

static int
envelope(struct cmd *c, struct draft *d)
{
	int err = draft_envelope(d, &c->args, c->unix_ms);

	d->filing = ARENA_NEW(&d->arena, struct draft_filing);
	if (d->filing == NULL)
		return ERR_NOMEM;
	if (err < 0)
		return err;
	d->m.imported = true;
	d->filing->flags = flags_of(c);
	err = keywords_of(c, d, &d->filing->keywords);
	if (err == 0)
		err = dates_of(c, d);
	if (err == 0)
		err = from_of(c, d);
	if (err == 0)
		err = parties_of(c, d, "TO", PARTY_TO);
	return err < 0 ? err : parties_of(c, d, "CC", PARTY_CC);
}

/* --- the command --- */

static enum step
append_check(struct session *s, struct cmd *c)
{
	struct append *ap = cmd_data(s, c, sizeof(*ap));
	enum status st;
	int err;

	if (ap == NULL)
		return STEP_DONE;
	if (c->pl->draft != NULL)
		return cmd_answer_text(s, c, ST_CONFLICT,
				       "A message is open: DONE or RESET.");
	st = mbox_target(c, "path", &ap->b);
	if (st == ST_NONE && (ap->b.t.path.n == 0 || ap->b.t.has_filter ||
			      ap->b.t.nids > 0))
		st = ST_PARAM;
	if (st != ST_NONE)
		return cmd_answer(s, c, st);
	ap->d = draft_new(s->env, s->who, s->unix_ms);
	err = ap->d == NULL ? ERR_NOMEM : envelope(c, ap->d);
	return err < 0 ? cmd_answer_err(s, c, err) : STEP_READ;
}

static void
append_work(struct cmd *c, struct store_reader *r)
{
	struct append *ap = c->data;
	struct draft *d = ap->d;
	struct store_mailbox box;

	c->err = mbox_folder(c, r, &ap->b);
	if (c->err == 0)
		c->err = store_mailbox_get(r, &d->arena, ap->b.mailbox_id,
					   &box);
	if (c->err == 0 && box.used >= box.quota)
		c->err = ERR_QUOTA;
	if (c->err < 0)
		return;
	/* Room is reserved as for a recipient. */
	d->rcpts = ARENA_NEW(&d->arena, struct draft_rcpt);
	if (d->rcpts != NULL) {
		d->rcpts->box = (struct store_rcpt){
			.mailbox_id = box.mailbox_id,
			.name = box.name,
			.folder_key = arena_str(&d->arena, ap->b.t.key),
			.used = box.used,
			.quota = box.quota,
		};
		d->nrcpts = 1;
	}
	if (d->rcpts == NULL || d->rcpts->box.folder_key.p == NULL)
		c->err = ERR_NOMEM;
}

static enum step
append_finish(struct session *s, struct cmd *c)
{
	struct append *ap = c->data;

	if (c->err < 0)
		return cmd_answer_err(s, c, c->err);
	c->pl->draft = ap->d;
	ap->d = NULL;
	return cmd_answer(s, c, ST_GIVE_DATA);
}

static void
append_release(struct cmd *c)
{
	struct append *ap = c->data;

	if (ap != NULL)
		draft_unref(ap->d);
}

const struct cmd_ops cmd_ops_MBOX_APPEND = {
	.check = append_check, .work = append_work,
	.finish = append_finish, .release = append_release,
};

/* --- DONE --- */

void
append_job(const struct draft *d, uint64_t now, struct store_append *w)
{
	const struct store_rcpt *box = &d->rcpts->box;

	*w = (struct store_append){
		.job.op = STORE_APPEND,
		.mailbox_id = box->mailbox_id,
		.account_id = d->who->account_id,
		.name = box->name,
		.folder_key = box->folder_key,
		.id = d->m.id,
		.from = d->filing->from_key,
		.has_reply = d->m.has_reply,
		.reply = d->m.reply,
		.flags = d->filing->flags,
		.keywords = d->filing->keywords,
		.received = d->m.received,
		.size = message_size(&d->m),
		.at = now,
	};
}

struct reading {
	struct store_reader *r;
	struct store_body body;
};

static int
read_octets(void *ctx, uint64_t off, void *dst, size_t n)
{
	struct reading *rd = ctx;

	return store_body_read(rd->r, &rd->body, off, dst, n);
}

static int
load(struct store_reader *r, struct arena *a, const struct store_append *w,
     struct message *ret)
{
	struct reading rd = { .r = r };
	struct store_row row;
	int err = store_row_any(r, a, w->mailbox_id, &w->id, &row);

	if (err == 0)
		err = store_body_open(r, row.body_id, &rd.body);
	if (err == 0)
		err = mbox_message(a, rd.body.len, read_octets, &rd, ret);
	return err;
}

int
append_compare(struct store_reader *r, const struct store_append *w,
	       const uint8_t sha[static 32])
{
	CLEANUP_BUF struct buf b = { 0 };
	struct message there;
	struct arena a;
	uint8_t its[32];
	int err;

	arena_init(&a, 32u << 20, 4096);
	buf_init(&b, 4u << 20);
	err = load(r, &a, w, &there);
	if (err == 0)
		err = message_identity(&there, &b);
	arena_done(&a);
	if (err < 0)
		return err;
	sha256_once(buf_data(&b), b.n, its);
	return memcmp(its, sha, sizeof(its)) == 0 ? 0 : ERR_CONFLICT;
}
