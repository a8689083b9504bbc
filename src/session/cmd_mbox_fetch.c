/*
 * MBOX FETCH: messages, as MIME, JSON, or one part's octets (spec: Counted
 * blocks; Mailboxes).
 *
 * A job composes about one piece of the reply: the ends of small messages, or
 * one block of a large one.  A body that fits is loaded whole, its checksum
 * verified; of a larger one only the manifest and the octets of the next block
 * are ever in memory.
 *
 * What has been told to its last octet is marked read, a few at a time, by
 * write jobs between the pieces.
 */
#include "session/mbox.h"

/* Bodies up to this are loaded at once. */
#define FETCH_WHOLE (512u << 10)
#define FETCH_MARKS 64
#define FETCH_PAGE 200

enum fetch_form { FETCH_MIME, FETCH_JSON, FETCH_PART };

struct fetch {
	struct box b;
	struct stream st;
	enum fetch_form form;
	struct str part;
	bool ranged, open_ended, data, pretty, mark, started, ended;
	uint64_t from, to;	/* RANGE, both ends included */
	/* where we are: an index in ids, or a page of places */
	size_t id;
	struct store_list q;
	struct store_pos *page;
	size_t npage, at;
	bool more;
	uint64_t found, told, damaged;
	uint64_t base;		/* where in the part the answer begins */
	/* the message under way */
	struct arena msg;
	struct store_row row;
	struct message m;
	struct store_body body;
	struct buf octets;	/* the body, when it is loaded whole */
	struct render *render;
	struct store_reader *r;	/* of the job that runs */
	bool whole;		/* content is given to its last octet */
	/* read marks to be written */
	struct uuid marks[FETCH_MARKS];
	bool missing[FETCH_MARKS];
	size_t nmarks;
	struct store_mark w;
};

/* --- parameters --- */

static int
parse_range(struct fetch *f, struct str v)
{
	struct str a, b;

	if (!str_cut(v, '-', &a, &b) ||
	    str_u64(a, UINT64_MAX, &f->from) < 0)
		return ERR_VALUE;
	f->ranged = true;
	f->open_ended = b.n == 0;
	if (f->open_ended)
		return 0;
	if (str_u64(b, UINT64_MAX, &f->to) < 0 || f->to < f->from)
		return ERR_VALUE;
	return 0;
}

static enum status
fetch_params(struct session *s, struct cmd *c, struct fetch *f)
{
	bool part, range, json = command_switch(&c->args, "JSON") > 0;
	struct str v = command_value(&c->args, "RANGE", &range);
	int read = command_switch(&c->args, "READ");

	f->part = command_value(&c->args, "PART", &part);
	f->pretty = command_switch(&c->args, "PRETTY") > 0;
	f->data = command_switch(&c->args, "DATA") == 0;
	if (range && (!part || parse_range(f, v) < 0))
		return ST_PARAM;
	if (part && (json || f->pretty || !f->data))
		return ST_PARAM;
	f->form = part ? FETCH_PART : mbox_wants_json(s, c) ? FETCH_JSON :
							     FETCH_MIME;
	if (f->pretty && f->form != FETCH_JSON)
		return ST_PARAM;
	/* ::filter marks nothing unless it is asked to. */
	f->mark = read > 0 || (read == 0 && !s->set_peek &&
			       !f->b.t.has_filter);
	return ST_NONE;
}

static enum step
fetch_check(struct session *s, struct cmd *c)
{
	struct fetch *f = cmd_data(s, c, sizeof(*f));
	enum status st;

	if (f == NULL)
		return STEP_DONE;
	stream_init(&f->st);
	arena_init(&f->msg, 32u << 20, 4096);
	buf_init(&f->octets, FETCH_WHOLE);
	st = mbox_target(c, "path", &f->b);
	if (st == ST_NONE)
		st = fetch_params(s, c, f);
	if (st != ST_NONE)
		return cmd_answer(s, c, st);
	f->page = ARENA_ARRAY(&c->arena, struct store_pos, FETCH_PAGE);
	return f->page == NULL ? cmd_answer(s, c, ST_INTERNAL) : STEP_READ;
}

/* --- one message --- */

static int
read_octets(void *ctx, uint64_t off, void *dst, size_t n)
{
	struct fetch *f = ctx;

	if (f->octets.n == 0)
		return store_body_read(f->r, &f->body, off, dst, n);
	if (off > f->octets.n || n > f->octets.n - off)
		return ERR_CORRUPT;
	memcpy(dst, buf_data(&f->octets) + off, n);
	return 0;
}

static int
render_of_part(struct fetch *f)
{
	const struct message_part *p = message_part_by_id(&f->m, f->part);
	uint64_t from = 0, n;

	if (p == NULL)
		return ERR_NOTFOUND;
	n = p->length;
	if (f->ranged) {
		from = f->from < p->length ? f->from : p->length;
		n = p->length - from;
		if (!f->open_ended && f->to - from + 1 < n)
			n = f->to - from + 1;
	}
	f->whole = p->content && from == 0 && n == p->length;
	f->base = from;
	return render_part(&f->msg, p, from, n, &f->render);
}

static int
render_of_message(struct fetch *f)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct render_state state;
	struct str text;
	int err;

	f->whole = f->data;
	if (f->form == FETCH_MIME)
		return render_mime(&f->msg, &f->m, !f->data, read_octets, f,
				   &f->render);
	buf_init(&b, LIMIT_REPLY * 2);
	err = mbox_row_json(&b, &f->b, &f->row, false);
	if (err < 0)
		return err;
	text = arena_str(&f->msg, buf_str(&b));
	if (text.p == NULL)
		return ERR_NOMEM;
	state.members = str_sub(text, 1, text.n - 2);
	return render_json(&f->msg, &f->m, &state, f->data, f->pretty,
			   &f->render);
}

static int
open_message(struct fetch *f)
{
	int err = store_body_open(f->r, f->row.body_id, &f->body);

	if (err < 0)
		return err;
	buf_clear(&f->octets);
	if (f->body.len <= FETCH_WHOLE)
		err = store_body_load(f->r, &f->body, &f->octets);
	if (err == 0)
		err = mbox_message(&f->msg, f->body.len, read_octets, f,
				   &f->m);
	if (err == 0)
		err = f->form == FETCH_PART ? render_of_part(f) :
					      render_of_message(f);
	return err;
}

/* --- which is next --- */

static int
next_by_id(struct cmd *c, struct fetch *f)
{
	const struct uuid *u;
	int err;

	while (f->id < f->b.t.nids) {
		u = &f->b.t.ids[f->id++];
		err = store_row_find(f->r, &f->msg, f->b.mailbox_id,
				     f->b.folder.folder_id, u, &f->row);
		if (err == 0 && mbox_row_matches(&f->b, &f->row))
			return 1;
		if (err < 0 && err != ERR_NOTFOUND)
			return err;
		out_missing(c, &f->st, u);
	}
	return 0;
}

static int
next_by_place(struct fetch *f)
{
	size_t n, used;
	int err;

	for (;;) {
		if (f->at == f->npage) {
			if (f->started && !f->more)
				return 0;
			f->q.limit = FETCH_PAGE;
			f->at = 0;
			f->started = true;
			err = store_list(f->r, &f->q, f->page, &f->npage,
					 &f->more);
			if (err < 0 || f->npage == 0)
				return err;
			f->q.pos = f->page[f->npage - 1];
		}
		err = store_rows(f->r, &f->msg, f->b.mailbox_id,
				 &f->page[f->at++], 1, SIZE_MAX, &f->row, &n,
				 &used);
		if (err < 0)
			return err;
		if (n > 0)
			return 1;
	}
}

static void
damaged(struct cmd *c, struct fetch *f)
{
	struct reply r;

	f->damaged++;
	out_begin(c, &f->st, &r, ST_STORAGE, true);
	reply_uuid(&r, &f->row.uuid);
	out_end(&f->st, &r);
}

/* 1: a message is open; 0: there are no more. */
static int
next_message(struct cmd *c, struct fetch *f)
{
	int err;

	arena_clear(&f->msg);
	f->render = NULL;
	err = f->b.t.nids > 0 ? next_by_id(c, f) : next_by_place(f);
	if (err != 1)
		return err;
	f->found++;
	err = open_message(f);
	if (err == ERR_NOTFOUND) {
		/* no such part, or purged since it was listed */
		out_missing(c, &f->st, &f->row.uuid);
		f->found--;
	} else if (err == ERR_CORRUPT) {
		damaged(c, f);	/* the others go on */
	} else if (err < 0) {
		return err;
	} else {
		return 1;
	}
	f->render = NULL;
	return 1;
}

/* --- what is told --- */

static enum status
fetch_code(const struct fetch *f)
{
	return f->form == FETCH_MIME ? ST_MIME :
	       f->form == FETCH_JSON ? ST_JSON : ST_RAW;
}

static void
block_line(struct cmd *c, struct fetch *f, uint64_t off, uint64_t n)
{
	struct reply r;

	out_begin(c, &f->st, &r, fetch_code(f), true);
	reply_uuid(&r, &f->row.uuid);
	if (f->form == FETCH_PART)
		reply_field_name(&r, "part", f->part);
	reply_field_u64(&r, "offset", f->base + off);
	reply_field_u64(&r, "length", n);
	reply_field_u64(&r, "total", f->base + render_total(f->render));
	out_end(&f->st, &r);
}

static void
message_told(struct fetch *f)
{
	f->told++;
	f->render = NULL;
	if (f->mark && f->whole && !(f->row.flags & FLAG_READ))
		f->marks[f->nmarks++] = f->row.uuid;
}

/* The next block of the message that is open. */
static int
tell_block(struct cmd *c, struct fetch *f)
{
	uint64_t off = render_offset(f->render);
	uint64_t left = render_total(f->render) - off;
	size_t n = left < LIMIT_BLOCK ? (size_t)left : LIMIT_BLOCK;
	size_t before = f->st.out.n;
	ptrdiff_t got = 0;

	block_line(c, f, off, n);
	if (buf_reserve(&f->st.out, n) < 0)
		got = ERR_NOMEM;
	else if (n > 0)
		got = render_pull(f->render, read_octets, f,
				  buf_tail(&f->st.out), n);
	if (got < 0 || (size_t)got != n) {
		/* A line that promises octets must not stand alone. */
		buf_truncate(&f->st.out, before);
		return got < 0 ? (int)got : ERR_CORRUPT;
	}
	buf_grew(&f->st.out, n);
	if (left == n)
		message_told(f);
	return 0;
}

static void
fetch_end(struct cmd *c, struct fetch *f)
{
	struct reply r;

	if (f->found == 0 && f->b.t.nids > 0) {
		out_status(c, &f->st, ST_NOT_FOUND);
		return;
	}
	if (f->told == 0 && f->damaged > 0) {
		out_status(c, &f->st, ST_STORAGE);
		return;
	}
	out_begin(c, &f->st, &r, fetch_code(f), false);
	reply_field_u64(&r, "n", f->told);
	out_end(&f->st, &r);
}

/* --- steps --- */

static int
fetch_piece(struct cmd *c, struct fetch *f)
{
	int err;

	while (f->st.out.n < MBOX_PIECE && f->nmarks < FETCH_MARKS) {
		if (f->render == NULL) {
			err = next_message(c, f);
			if (err < 0)
				return err;
			f->ended = err == 0;
			if (f->ended)
				return 0;
		}
		if (f->render == NULL)
			continue;
		err = tell_block(c, f);
		if (err < 0)
			return err;
	}
	return 0;
}

static void
fetch_work(struct cmd *c, struct store_reader *r)
{
	struct fetch *f = c->data;
	int err = 0;

	f->r = r;
	if (f->q.mailbox_id == 0) {
		err = mbox_folder(c, r, &f->b);
		f->q.mailbox_id = f->b.mailbox_id;
		f->q.folder_id = f->b.folder.folder_id;
		f->q.filter = f->b.t.filter;
		f->q.from = STORE_AFTER_POS;
	}
	if (err == 0)
		err = fetch_piece(c, f);
	if (err < 0) {
		c->err = err;
		f->ended = true;
	}
	f->r = NULL;
}

static enum step
fetch_mark(struct session *s, struct cmd *c, struct fetch *f)
{
	memset(&f->w, 0, sizeof(f->w));
	f->w.job.op = STORE_MARK;
	f->w.mailbox_id = f->b.mailbox_id;
	f->w.account_id = c->who->account_id;
	f->w.ids = f->marks;
	f->w.nids = f->nmarks;
	f->w.missing = f->missing;
	f->w.set = FLAG_READ;
	f->w.at = s->unix_ms;
	c->job.write = &f->w.job;
	return STEP_WRITE;
}

static enum step
fetch_finish(struct session *s, struct cmd *c)
{
	struct fetch *f = c->data;

	if (c->job.write != NULL) {
		/* Whoever cannot be marked has been read all the same: what
		 * was asked for is told, so that is no failure of FETCH. */
		f->nmarks = 0;
		c->job.write = NULL;
	}
	if (f->nmarks > 0 && (f->ended || f->nmarks == FETCH_MARKS))
		return fetch_mark(s, c, f);
	if (f->ended && !f->st.end) {
		if (c->err < 0)
			out_err(c, &f->st, c->err);
		else
			fetch_end(c, f);
	}
	return stream_finish(s, c, &f->st);
}

static void
fetch_release(struct cmd *c)
{
	struct fetch *f = c->data;

	if (f == NULL)
		return;
	stream_done(&f->st);
	buf_done(&f->octets);
	arena_done(&f->msg);
}

const struct cmd_ops cmd_ops_MBOX_FETCH = {
	.check = fetch_check, .work = fetch_work, .finish = fetch_finish,
	.release = fetch_release,
};
