/* MBOX MARK, DELETE, RESTORE: what happens to messages (spec: Mailboxes). */
#include "session/mbox.h"

/* --- MARK --- */

struct mark {
	struct box b;
	struct store_mark w;
	struct str *add, *del;
};

#define MARK_CHUNK 500

static enum status
mark_switch(struct cmd *c, struct mark *m, struct str sw)
{
	bool on = sw.p[0] == '+';
	struct str name = str_from(sw, 1), kw;
	unsigned bit = flag_by_name(name);
	char word[34];
	int n;

	if (bit != 0) {
		if ((m->w.set | m->w.clear) & bit)
			return ST_PARAM;	/* twice, or both ways */
		*(on ? &m->w.set : &m->w.clear) |= bit;
		return ST_NONE;
	}
	n = keyword_parse(name, word);
	if (n < 0)
		return ST_PARAM;
	kw = arena_str(&c->arena, str_n(word, (size_t)n));
	if (kw.p == NULL)
		return ST_INTERNAL;
	for (size_t i = 0; i < m->w.nadd; i++)
		if (str_eq(m->add[i], kw))
			return ST_PARAM;
	for (size_t i = 0; i < m->w.ndel; i++)
		if (str_eq(m->del[i], kw))
			return ST_PARAM;
	if (on)
		m->add[m->w.nadd++] = kw;
	else
		m->del[m->w.ndel++] = kw;
	return ST_NONE;
}

static enum status
mark_switches(struct cmd *c, struct mark *m)
{
	size_t n = c->args.nfree;
	enum status st = ST_NONE;

	if (n == 0)
		return ST_PARAM;
	m->add = ARENA_ARRAY(&c->arena, struct str, n);
	m->del = ARENA_ARRAY(&c->arena, struct str, n);
	if (m->add == NULL || m->del == NULL)
		return ST_INTERNAL;
	for (size_t i = 0; i < n && st == ST_NONE; i++)
		st = mark_switch(c, m, c->args.free[i].text);
	m->w.add = m->add;
	m->w.del = m->del;
	return st;
}

static enum step
mark_check(struct session *s, struct cmd *c)
{
	struct mark *m = cmd_data(s, c, sizeof(*m));
	enum status st;

	if (m == NULL)
		return STEP_DONE;
	st = mbox_target(c, "path", &m->b);
	/* Exactly one of path#uuid and path::filter. */
	if (st == ST_NONE && m->b.t.has_filter == (m->b.t.nids > 0))
		st = ST_PARAM;
	if (st == ST_NONE)
		st = mark_switches(c, m);
	if (st != ST_NONE)
		return cmd_answer(s, c, st);
	m->w.job.op = STORE_MARK;
	m->w.mailbox_id = m->b.mailbox_id;
	m->w.account_id = c->who->account_id;
	m->w.ids = m->b.t.ids;
	m->w.nids = m->b.t.nids;
	m->w.by_filter = m->b.t.has_filter;
	m->w.filter = m->b.t.filter;
	m->w.limit = MARK_CHUNK;
	m->w.at = s->unix_ms;
	m->w.missing = ARENA_ARRAY(&c->arena, bool, m->w.nids + 1);
	return m->w.missing == NULL ? cmd_answer(s, c, ST_INTERNAL) : STEP_READ;
}

static void
mark_work(struct cmd *c, struct store_reader *r)
{
	struct mark *m = c->data;

	c->err = mbox_folder(c, r, &m->b);
	m->w.folder_id = m->b.folder.folder_id;
}

static enum step
mark_finish(struct session *s, struct cmd *c)
{
	struct mark *m = c->data;

	if (c->err < 0)
		return cmd_answer_err(s, c, c->err);
	if (c->job.write == NULL || (m->w.job.err == 0 && m->w.more)) {
		c->job.write = &m->w.job;
		return STEP_WRITE;
	}
	if (m->w.job.err < 0)
		return cmd_answer_err(s, c, m->w.job.err);
	return mbox_changed(s, c, &m->b, m->w.missing, m->w.changed);
}

const struct cmd_ops cmd_ops_MBOX_MARK = {
	.check = mark_check, .work = mark_work, .finish = mark_finish,
};

/* --- DELETE, RESTORE --- */

struct removal {
	struct box b;
	struct store_remove w;
};

static enum step
removal_check(struct session *s, struct cmd *c)
{
	struct removal *m = cmd_data(s, c, sizeof(*m));
	bool restore = c->args.def->id == CMD_MBOX_RESTORE;
	enum status st;

	if (m == NULL)
		return STEP_DONE;
	st = mbox_target(c, "path", &m->b);
	if (st == ST_NONE && (m->b.t.has_filter || m->b.t.nids == 0 ||
			      (restore && m->b.t.path.n > 0)))
		st = ST_PARAM;
	if (st != ST_NONE)
		return cmd_answer(s, c, st);
	m->w.job.op = restore ? STORE_RESTORE : STORE_DELETE;
	m->w.mailbox_id = m->b.mailbox_id;
	m->w.account_id = c->who->account_id;
	m->w.ids = m->b.t.ids;
	m->w.nids = m->b.t.nids;
	m->w.at = s->unix_ms;
	m->w.missing = ARENA_ARRAY(&c->arena, bool, m->w.nids);
	if (m->w.missing == NULL)
		return cmd_answer(s, c, ST_INTERNAL);
	return STEP_READ;
}

static void
removal_work(struct cmd *c, struct store_reader *r)
{
	struct removal *m = c->data;

	c->err = mbox_folder(c, r, &m->b);
	m->w.folder_id = m->b.folder.folder_id;
}

static enum step
removal_finish(struct session *s, struct cmd *c)
{
	struct removal *m = c->data;

	if (c->err < 0)
		return cmd_answer_err(s, c, c->err);
	if (c->job.write == NULL) {
		c->job.write = &m->w.job;
		return STEP_WRITE;
	}
	if (m->w.job.err < 0)
		return cmd_answer_err(s, c, m->w.job.err);
	return mbox_changed(s, c, &m->b, m->w.missing, m->w.changed);
}

const struct cmd_ops cmd_ops_MBOX_DELETE = {
	.check = removal_check, .work = removal_work,
	.finish = removal_finish,
};
const struct cmd_ops cmd_ops_MBOX_RESTORE = {
	.check = removal_check, .work = removal_work,
	.finish = removal_finish,
};
