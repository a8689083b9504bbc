/*
 * MBOX INDEX: a page of a folder (spec: Mailboxes).
 *
 * The first job lists the places of the page only, newest end first; the rows
 * then come in pieces, oldest first, each by a job of its own, so no reader of
 * the store stays open while the peer is slow.
 */
#include "session/mbox.h"

struct index {
	struct box b;
	struct stream st;
	struct store_list q;
	bool json, listed, more, older;
	struct store_pos *pos;
	size_t npos, at;
	uint64_t n;		/* rows told */
	struct uuid first, last;
	struct arena rows;	/* of one piece */
};

static enum status
index_params(struct session *s, struct cmd *c, struct index *x)
{
	struct str v;
	bool limit, before, after;
	uint64_t n = s->env->limits->page, asked;

	v = command_value(&c->args, "LIMIT", &limit);
	if (limit && (str_u64(v, UINT64_MAX, &asked) < 0 || asked == 0))
		return ST_PARAM;
	if (limit && asked < n)
		n = asked;
	x->q.limit = n;
	v = command_value(&c->args, "BEFORE", &before);
	if (before && uuid_parse(v, &x->q.anchor) < 0)
		return ST_PARAM;
	v = command_value(&c->args, "AFTER", &after);
	if (after && (before || uuid_parse(v, &x->q.anchor) < 0))
		return ST_PARAM;
	x->q.from = before ? STORE_BEFORE_UUID : after ? STORE_AFTER_UUID :
							STORE_NEWEST;
	x->older = !after;
	x->json = mbox_wants_json(s, c);
	return x->b.t.nids > 0 ? ST_PARAM : ST_NONE;
}

static enum step
index_check(struct session *s, struct cmd *c)
{
	struct index *x = cmd_data(s, c, sizeof(*x));
	enum status st;

	if (x == NULL)
		return STEP_DONE;
	stream_init(&x->st);
	arena_init(&x->rows, 16u << 20, 16384);
	st = mbox_target(c, "path", &x->b);
	if (st == ST_NONE)
		st = index_params(s, c, x);
	if (st != ST_NONE)
		return cmd_answer(s, c, st);
	x->q.mailbox_id = x->b.mailbox_id;
	x->q.filter = x->b.t.filter;
	x->pos = ARENA_ARRAY(&c->arena, struct store_pos, x->q.limit);
	return x->pos == NULL ? cmd_answer(s, c, ST_INTERNAL) : STEP_READ;
}

static void
index_plain(struct cmd *c, struct index *x, const struct store_row *row)
{
	struct message_row_text t = { 0 };
	CLEANUP_BUF struct buf flags = { 0 };
	struct reply r;

	buf_init(&flags, LIMIT_REPLY);
	if (message_row_read(&x->rows, row->env, &t) < 0 ||
	    flags_text(&flags, row->flags, row->keywords) < 0)
		x->st.err = ERR_INTERNAL;
	out_begin(c, &x->st, &r, ST_INDEX_LINE, true);
	reply_uuid(&r, &row->uuid);
	reply_field_u64(&r, "size", row->size);
	reply_field(&r, "flags", buf_str(&flags));
	reply_field_name(&r, "from", t.from);
	reply_field(&r, "date", t.date);
	reply_field(&r, "subject", t.subject);
	out_end(&x->st, &r);
}

static void
index_json(struct cmd *c, struct index *x, const struct store_row *row)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct reply r;

	buf_init(&b, LIMIT_REPLY);
	if (mbox_row_json(&b, &x->b, row, true) < 0)
		x->st.err = ERR_INTERNAL;
	out_begin(c, &x->st, &r, ST_JSON, true);
	reply_json(&r, buf_str(&b));
	out_end(&x->st, &r);
}

static void
index_end(struct cmd *c, struct index *x)
{
	char id[UUID_TEXT + 1];
	struct reply r;

	out_begin(c, &x->st, &r, x->json ? ST_JSON : ST_INDEX_LINE, false);
	reply_field_u64(&r, "n", x->n);
	if (x->more && x->n > 0) {
		uuid_format(x->older ? &x->first : &x->last, id);
		reply_field(&r, "more", str_n(id, UUID_TEXT));
	}
	out_end(&x->st, &r);
}

static int
index_rows(struct cmd *c, struct store_reader *r, struct index *x)
{
	struct store_row *rows;
	size_t want = x->npos - x->at, n, used, most = 100;
	int err;

	if (want > most)
		want = most;
	arena_clear(&x->rows);
	rows = ARENA_ARRAY(&x->rows, struct store_row, want);
	if (rows == NULL)
		return ERR_NOMEM;
	err = store_rows(r, &x->rows, x->b.mailbox_id, x->pos + x->at, want,
			 MBOX_PIECE, rows, &n, &used);
	if (err < 0)
		return err;
	x->at += used;
	for (size_t i = 0; i < n; i++) {
		if (x->n++ == 0)
			x->first = rows[i].uuid;
		x->last = rows[i].uuid;
		if (x->json)
			index_json(c, x, &rows[i]);
		else
			index_plain(c, x, &rows[i]);
	}
	return 0;
}

static int
index_list(struct cmd *c, struct store_reader *r, struct index *x)
{
	int err = mbox_folder(c, r, &x->b);

	if (err < 0)
		return err;
	x->q.folder_id = x->b.folder.folder_id;
	x->listed = true;
	return store_list(r, &x->q, x->pos, &x->npos, &x->more);
}

static void
index_work(struct cmd *c, struct store_reader *r)
{
	struct index *x = c->data;
	int err = 0;

	if (!x->listed)
		err = index_list(c, r, x);
	while (err == 0 && x->at < x->npos && x->st.out.n < MBOX_PIECE)
		err = index_rows(c, r, x);
	if (err < 0)
		out_err(c, &x->st, err);
	else if (x->at == x->npos)
		index_end(c, x);
}

static enum step
index_finish(struct session *s, struct cmd *c)
{
	struct index *x = c->data;

	return stream_finish(s, c, &x->st);
}

static void
index_release(struct cmd *c)
{
	struct index *x = c->data;

	if (x == NULL)
		return;
	stream_done(&x->st);
	arena_done(&x->rows);
}

const struct cmd_ops cmd_ops_MBOX_INDEX = {
	.check = index_check, .work = index_work, .finish = index_finish,
	.release = index_release,
};
