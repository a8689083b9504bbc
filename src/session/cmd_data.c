/*
 * DATA: a part of a message, and the block behind the line (spec: DATA).
 *
 * Whoever wrote a DATA line owes its block at once, whatever the reply.  So a
 * DATA has two lives: the command, which is checked when its turn comes and
 * answers 271 or an error; and the block, which is read then, kept or dropped.
 * Where nobody can tell whether or how long a block follows, the command is
 * fatal: it answers, and the connection ends.
 *
 * Octets that are kept go through the hash and the scan into the message's
 * buffer.  When that is full it is handed to a job that writes it to the
 * message's file, while the next octets gather; only then is the peer stopped.
 */
#include "session/cmd_data.h"

#include <assert.h>

#include "base/hex.h"
#include "base/mem.h"
#include "session/draft.h"

struct data_cmd {
	struct draft *d;	/* held while the part is being taken */
	struct block block;
	enum block_form form;
	uint64_t length;	/* of counted forms, on the wire */
	bool drop;		/* the block goes nowhere */
	bool ended;		/* the block is complete */
	size_t part;		/* index in d->parts */
	struct buf chunk;	/* what a job writes */
	enum status fail;	/* to be answered at the end of the block */
};

/* --- while parsing --- */

static void
refuse(struct cmd *c, enum status st, const char *why, bool fatal)
{
	c->verdict = st;
	c->why = why;
	c->fatal = c->fatal || fatal;
}

void
data_prepare(struct session *s, struct cmd *c, const struct bind_error *be)
{
	struct data_cmd *d = arena_alloc(&c->arena, sizeof(*d));
	int err;

	c->data = d;
	if (d == NULL) {
		refuse(c, ST_INTERNAL, NULL, true);
		return;
	}
	buf_init(&d->chunk, c->env->limits->inline_part + DATA_STEP);
	d->drop = true;
	err = command_data_block(&c->args, be, s->env->limits->message,
				 &d->form, &d->length);
	if (err == 0)
		block_init(&d->block, d->form, d->length);
	else if (err == ERR_DATA)
		refuse(c, ST_BAD_DATA, "DATA wants a LENGTH or +BASE64.", true);
	else
		refuse(c, err == ERR_TOOLARGE ? ST_TOO_LARGE : ST_PARAM,
		       c->why, true);
}

/* --- when its turn comes --- */

static bool
data_ready(struct session *s, struct cmd *c)
{
	const struct draft *d = c->pl->draft;

	if (c->pl != &s->unnamed && d == NULL) {
		if (sched_unnamed_unsettled(s, c->seq))
			return false;
		d = s->unnamed.draft;
	}
	/* One part at a time: they share hash, scan and file. */
	return d == NULL || d->taking == NULL;
}

static enum step
spoil(struct session *s, struct cmd *c, struct draft *d, enum status st,
      const char *why)
{
	draft_spoil(d, st, why);
	return cmd_answer_text(s, c, st, why != NULL ? why : status_text(st));
}

static bool
name_taken(const struct draft *d, struct str id)
{
	return message_part_by_id(&d->m, id) != NULL;
}

/* What is wrong with the parameters?  ST_NONE: nothing. */
static enum status
data_verdict(const struct cmd *c, const struct draft *d, struct str id,
	     const char **ret_why)
{
	struct str type, file, cid, in;
	bool has_type, has_file, content;

	type = command_value(&c->args, "TYPE", &has_type);
	file = command_value(&c->args, "FILE", &has_file);
	cid = command_value(&c->args, "CID", NULL);
	in = command_value(&c->args, "IN", NULL);
	content = command_switch(&c->args, "CONTENT") > 0;
	*ret_why = "A bad name of a part or a file.";
	if (message_name_check(id) < 0 ||
	    (has_file && message_name_check(file) < 0) ||
	    (cid.n > 0 && message_name_check(cid) < 0) ||
	    (in.n > 0 && message_name_check(in) < 0))
		return ST_PARAM;
	*ret_why = "A bad TYPE.";
	if (has_type && message_type_check(type) < 0)
		return ST_PARAM;
	*ret_why = "This part's name is taken.";
	if (name_taken(d, id))
		return ST_CONFLICT;
	*ret_why = "There is a content part already.";
	if (content && message_content(&d->m) != NULL)
		return ST_CONFLICT;
	*ret_why = "One part only without +MULTIPART.";
	if (!d->m.multipart && d->m.nparts > 0)
		return ST_CONFLICT;
	*ret_why = "Too many parts.";
	if (d->m.nparts >= c->env->limits->parts)
		return ST_BUSY;
	*ret_why = NULL;
	return ST_NONE;
}

static int
add_part(struct cmd *c, struct draft *d, struct str id)
{
	struct data_cmd *dc = c->data;
	struct message_part *p = draft_part(d);
	struct str type = command_value(&c->args, "TYPE", NULL);

	if (p == NULL)
		return ERR_NOMEM;
	dc->part = d->m.nparts - 1;
	/* Without +MULTIPART the one part is the content. */
	p->content = !d->m.multipart ||
		     command_switch(&c->args, "CONTENT") > 0;
	p->is_inline = command_switch(&c->args, "INLINE") > 0;
	if (type.n == 0)
		type = p->content ? STR("text/plain") :
				    STR("application/octet-stream");
	p->id = arena_str(&d->arena, id);
	p->type = arena_str(&d->arena, type);
	p->file = arena_str(&d->arena, command_value(&c->args, "FILE", NULL));
	p->cid = arena_str(&d->arena, command_value(&c->args, "CID", NULL));
	p->in = arena_str(&d->arena, command_value(&c->args, "IN", NULL));
	p->offset = d->octets;
	if (!p->id.p || !p->type.p || !p->file.p || !p->cid.p || !p->in.p)
		return ERR_NOMEM;
	if (d->sha == NULL)
		d->sha = sha256_new();
	if (d->sha == NULL)
		return ERR_NOMEM;
	sha256_reset(d->sha);
	part_scan_init(&d->scan);
	return 0;
}

static struct str
part_id(struct cmd *c, struct draft *d)
{
	bool given;
	struct str id = command_value(&c->args, "name", &given);

	if (!given)
		id = arena_fmt(&c->arena, "part%zu", d->m.nparts + 1);
	return id;
}

static enum step part_end(struct session *s, struct cmd *c);

static enum step
data_check(struct session *s, struct cmd *c)
{
	struct data_cmd *dc = c->data;
	struct draft *d = c->pl->draft ? c->pl->draft : s->unnamed.draft;
	const char *why;
	enum status st;
	struct reply r;
	struct str id;

	if (d == NULL)
		return cmd_answer(s, c, s->state == SS_OPEN ? ST_AUTH_FIRST :
							      ST_STATE);
	if (d->spoiled != ST_NONE)
		return spoil(s, c, d, d->spoiled, d->why);
	id = part_id(c, d);
	st = data_verdict(c, d, id, &why);
	if (st != ST_NONE)
		return spoil(s, c, d, st, why);
	if (dc->form == BLOCK_RAW &&
	    d->octets + dc->length > c->env->limits->message)
		return spoil(s, c, d, ST_TOO_LARGE, NULL);
	if (dc->form == BLOCK_RAW && draft_reserve(d, dc->length) < 0)
		return spoil(s, c, d, ST_QUOTA, NULL);
	if (add_part(c, d, id) < 0)
		return spoil(s, c, d, ST_INTERNAL, NULL);
	dc->d = draft_ref(d);
	d->taking = c;
	dc->drop = false;
	cmd_begin(s, c, &r, ST_TAKING_PART, false);
	reply_word(&r, id);
	reply_lit(&r, d->parts[dc->part].content ? "Saving content part" :
						   "Saving part");
	cmd_end(s, &r);
	c->code = 0;	/* 271 does not close */
	if (dc->form != BLOCK_BASE64_LINES && dc->length == 0) {
		s->block = NULL;
		dc->ended = true;
		return part_end(s, c);
	}
	return STEP_BLOCK;
}

/* --- the end of a part --- */

static enum step
part_end(struct session *s, struct cmd *c)
{
	struct data_cmd *dc = c->data;
	struct draft *d = dc->d;
	struct message_part *p;
	struct reply r;
	char hex[64];

	assert(d != NULL);
	p = &d->parts[dc->part];
	d->taking = NULL;
	if (dc->fail == ST_NONE && d->spoiled != ST_NONE)
		dc->fail = d->spoiled;
	if (dc->fail == ST_NONE && block_result(&dc->block) < 0)
		dc->fail = ST_BAD_DATA;
	if (dc->fail != ST_NONE)
		return spoil(s, c, d, dc->fail, NULL);
	part_scan_finish(&d->scan, p);
	sha256_final(d->sha, p->sha256);
	hex_encode(p->sha256, sizeof(p->sha256), hex);
	cmd_begin(s, c, &r, ST_PART_SAVED, false);
	reply_word(&r, p->id);
	reply_lit(&r, "Part saved");
	reply_field(&r, "sha256", str_n(hex, sizeof(hex)));
	cmd_end(s, &r);
	return STEP_DONE;
}

/* --- octets --- */

bool
data_owes(const struct cmd *c)
{
	const struct data_cmd *dc = c->data;

	return dc != NULL && !dc->ended && !dc->block.done &&
	       (dc->form == BLOCK_BASE64_LINES || dc->length > 0);
}

bool
data_full(const struct cmd *c)
{
	const struct data_cmd *dc = c->data;

	return !dc->drop && c->in_job &&
	       dc->d->body.n >= c->env->limits->inline_part;
}

void
data_cancelled(struct cmd *c)
{
	struct data_cmd *dc = c->data;

	/* Its part stays half taken: the message cannot be sent any more. */
	if (dc != NULL && dc->d != NULL && dc->d->taking == c)
		draft_spoil(dc->d, ST_NOT_RUN, NULL);
}

static void
give_up(struct data_cmd *dc, enum status st)
{
	dc->fail = st;
	dc->drop = true;
	draft_spoil(dc->d, st, NULL);
}

/* Decoded octets [at, at + n) of the message's buffer are new. */
static void
new_octets(struct session *s, struct cmd *c, size_t at, size_t n)
{
	struct data_cmd *dc = c->data;
	struct draft *d = dc->d;
	struct str got = str_sub(buf_str(&d->body), at, n);
	size_t room = sizeof(d->head) - d->nhead;

	d->octets += n;
	if (d->octets > s->env->limits->message) {
		give_up(dc, ST_TOO_LARGE);
		return;
	}
	if (dc->form != BLOCK_RAW && draft_reserve(d, n) < 0) {
		give_up(dc, ST_QUOTA);
		return;
	}
	sha256_update(d->sha, got.p, got.n);
	part_scan_feed(&d->scan, got);
	if (d->parts[dc->part].content && room > 0) {
		room = n < room ? n : room;
		memcpy(d->head + d->nhead, got.p, room);
		d->nhead += room;
	}
}

static size_t
take_and_drop(struct session *s, struct cmd *c, struct str in)
{
	struct data_cmd *dc = c->data;
	size_t got, used = block_feed(&dc->block, in, NULL, 0, &got);

	/* Only its end says how long it is: over max there is none. */
	if (dc->form == BLOCK_BASE64_LINES &&
	    dc->block.decoded > s->env->limits->message) {
		if (c->code == 0)
			(void)cmd_answer(s, c, ST_TOO_LARGE);
		sess_set_state(s, SS_CLOSING);
		return in.n;
	}
	return used;
}

static size_t
take_and_keep(struct session *s, struct cmd *c, struct str in)
{
	struct data_cmd *dc = c->data;
	struct draft *d = dc->d;
	size_t at = d->body.n, want = in.n < DATA_STEP ? in.n : DATA_STEP;
	size_t used, got = 0;

	if (buf_reserve(&d->body, want) < 0) {
		give_up(dc, ST_INTERNAL);
		return take_and_drop(s, c, in);
	}
	used = block_feed(&dc->block, in, buf_tail(&d->body), want, &got);
	buf_grew(&d->body, got);
	if (got > 0)
		new_octets(s, c, at, got);
	return used;
}

/* Too much in memory: let a job write it to the message's file. */
static void
maybe_spill(struct session *s, struct cmd *c)
{
	struct data_cmd *dc = c->data;
	struct draft *d = dc->d;
	bool room = draft_count(d);

	if (dc->drop || c->in_job || d->body.n == 0 ||
	    (room && d->body.n < s->env->limits->inline_part))
		return;
	if (buf_add_str(&dc->chunk, buf_str(&d->body)) < 0) {
		give_up(dc, ST_INTERNAL);
		return;
	}
	buf_clear(&d->body);
	(void)draft_count(d);	/* less than before */
	sched_submit(s, c, STEP_READ);
}

static void
data_work(struct cmd *c, struct store_reader *r)
{
	struct data_cmd *dc = c->data;
	struct draft *d = dc->d;

	(void)r;
	if (d->big == NULL)
		c->err = store_big_new(c->env->store, &d->big);
	if (c->err == 0)
		c->err = store_big_write(d->big, buf_str(&dc->chunk));
}

static void
block_ended(struct session *s, struct cmd *c)
{
	struct data_cmd *dc = c->data;

	dc->ended = true;
	s->block = NULL;
	if (c->in_job)
		c->phase = CP_JOB;	/* finish comes with its answer */
	else
		sched_apply(s, c, c->code != 0 ? STEP_DONE : part_end(s, c));
}

size_t
data_take(struct session *s, struct cmd *c, struct str in)
{
	struct data_cmd *dc = c->data;
	size_t used;

	used = dc->drop ? take_and_drop(s, c, in) : take_and_keep(s, c, in);
	if (s->state == SS_CLOSING)
		return used;
	if (dc->d != NULL)
		maybe_spill(s, c);
	if (dc->block.done)
		block_ended(s, c);
	return used;
}

/* A job has written a chunk. */
static enum step
data_finish(struct session *s, struct cmd *c)
{
	struct data_cmd *dc = c->data;

	buf_done(&dc->chunk);
	if (c->err < 0) {
		give_up(dc, status_of_err(c->err));
		c->err = 0;
	}
	if (dc->ended)
		return part_end(s, c);
	maybe_spill(s, c);
	return STEP_BLOCK;
}

static void
data_release(struct cmd *c)
{
	struct data_cmd *dc = c->data;

	if (dc == NULL)
		return;
	buf_done(&dc->chunk);
	if (dc->d != NULL && dc->d->taking == c)
		dc->d->taking = NULL;
	draft_unref(dc->d);
}

const struct cmd_ops cmd_ops_DATA = {
	.ready = data_ready, .check = data_check, .work = data_work,
	.finish = data_finish, .release = data_release,
};
