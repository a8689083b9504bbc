/* MBOX LIST, CHECK, CREATE: folders (spec: Mailboxes). */
#include "base/json.h"
#include "session/mbox.h"

struct folders {
	struct box b;
	struct stream st;
	bool recursive;
	struct store_folder *v;
	size_t n, i;
};

static struct folders *
folders_begin(struct session *s, struct cmd *c, enum status *ret)
{
	struct folders *f = cmd_data(s, c, sizeof(*f));

	if (f == NULL)
		return NULL;
	stream_init(&f->st);
	*ret = mbox_target(c, "path", &f->b);
	return f;
}

static void
folders_release(struct cmd *c)
{
	struct folders *f = c->data;

	if (f != NULL)
		stream_done(&f->st);
}

static enum step
folders_finish(struct session *s, struct cmd *c)
{
	struct folders *f = c->data;

	return stream_finish(s, c, &f->st);
}

/* The folder that was named and all below it, or all; false: answered. */
static bool
folders_load(struct cmd *c, struct store_reader *r, struct folders *f,
	     bool subfolders)
{
	int err;

	if (f->v != NULL)
		return true;
	err = mbox_folder(c, r, &f->b);
	if (err == 0 && subfolders)
		err = store_folder_list(r, &c->arena, f->b.mailbox_id,
					f->b.t.key, &f->v, &f->n);
	if (err < 0) {
		out_err(c, &f->st, err);
		return false;
	}
	if (!subfolders) {
		f->v = &f->b.folder;
		f->n = 1;
	}
	return true;
}

/* --- LIST --- */

static enum step
list_check(struct session *s, struct cmd *c)
{
	enum status st = ST_NONE;
	struct folders *f = folders_begin(s, c, &st);

	if (f == NULL)
		return STEP_DONE;
	if (st == ST_NONE && (f->b.t.has_filter || f->b.t.nids > 0))
		st = ST_PARAM;
	return st != ST_NONE ? cmd_answer(s, c, st) : STEP_READ;
}

static void
list_row(struct cmd *c, struct folders *f, const struct store_folder *fo)
{
	CLEANUP_BUF struct buf b = { 0 }, p = { 0 };
	struct reply r;
	struct json j;
	int err;

	buf_init(&b, LIMIT_REPLY);
	buf_init(&p, LIMIT_REPLY);
	err = mbox_path(&p, &f->b, fo);
	json_init(&j, &b);
	json_object_begin(&j);
	json_kv_str(&j, "path", buf_str(&p));
	json_kv_str(&j, "role", str_c(folder_role_name(fo->role)));
	json_kv_u64(&j, "total", fo->total);
	json_kv_u64(&j, "unread", fo->unread);
	json_kv_u64(&j, "flagged", fo->flagged);
	json_kv_u64(&j, "octets", fo->octets);
	json_kv_u64(&j, "modseq", fo->modseq);
	json_kv_str(&j, "rights", STR("lwidksa"));
	json_object_end(&j);
	if (err == 0)
		err = json_err(&j);
	if (err < 0)
		f->st.err = err;
	out_begin(c, &f->st, &r, ST_FOLDER, true);
	reply_json(&r, buf_str(&b));
	out_end(&f->st, &r);
}

static void
list_work(struct cmd *c, struct store_reader *r)
{
	struct folders *f = c->data;

	if (!folders_load(c, r, f, true))
		return;
	while (f->i < f->n && f->st.out.n < MBOX_PIECE)
		list_row(c, f, &f->v[f->i++]);
	if (f->i == f->n)
		out_status(c, &f->st, ST_FOLDER);
}

const struct cmd_ops cmd_ops_MBOX_LIST = {
	.check = list_check, .work = list_work, .finish = folders_finish,
	.release = folders_release,
};

/* --- CHECK --- */

static enum step
check_check(struct session *s, struct cmd *c)
{
	enum status st = ST_NONE;
	struct folders *f = folders_begin(s, c, &st);

	if (f == NULL)
		return STEP_DONE;
	f->recursive = command_switch(&c->args, "RECURSIVE") > 0;
	if (st == ST_NONE && f->b.t.nids > 0)
		st = ST_PARAM;
	return st != ST_NONE ? cmd_answer(s, c, st) : STEP_READ;
}

static void
check_row(struct cmd *c, struct store_reader *r, struct folders *f,
	  const struct store_folder *fo, bool last)
{
	CLEANUP_BUF struct buf p = { 0 };
	uint64_t total = 0, unread = 0;
	struct reply rp;
	int err;

	buf_init(&p, LIMIT_REPLY);
	err = store_count(r, f->b.mailbox_id, fo->folder_id, &f->b.t.filter,
			  &total, &unread);
	if (err == 0)
		err = mbox_path(&p, &f->b, fo);
	if (err == 0)
		err = buf_addf(&p, "::%.*s", STR_ARG(f->b.t.filter_text));
	if (err < 0)
		f->st.err = err;
	out_begin(c, &f->st, &rp, ST_BOX_STATUS, !last);
	reply_name(&rp, buf_str(&p));
	reply_field_u64(&rp, "u", unread);
	reply_field_u64(&rp, "t", total);
	out_end(&f->st, &rp);
}

static void
check_work(struct cmd *c, struct store_reader *r)
{
	struct folders *f = c->data;
	bool whole = f->b.t.path.n == 0, last;

	if (!folders_load(c, r, f, f->recursive))
		return;
	/* The whole mailbox stands before its folders. */
	if (whole && f->recursive && !f->b.folder.modseq) {
		f->b.folder.modseq = 1;
		check_row(c, r, f, &(struct store_folder){ 0 }, f->n == 0);
	}
	while (f->i < f->n && f->st.out.n < MBOX_PIECE) {
		last = f->i + 1 == f->n;
		check_row(c, r, f, &f->v[f->i++], last);
	}
}

const struct cmd_ops cmd_ops_MBOX_CHECK = {
	.check = check_check, .work = check_work, .finish = folders_finish,
	.release = folders_release,
};

/* --- CREATE --- */

struct create {
	struct box b;
	struct store_folder_create w;
};

static enum step
create_check(struct session *s, struct cmd *c)
{
	struct create *k = cmd_data(s, c, sizeof(*k));
	enum status st;

	if (k == NULL)
		return STEP_DONE;
	st = mbox_target(c, "path", &k->b);
	if (st == ST_NONE && (k->b.t.path.n == 0 || k->b.t.has_filter ||
			      k->b.t.nids > 0))
		st = ST_PARAM;
	if (st != ST_NONE)
		return cmd_answer(s, c, st);
	k->w.job.op = STORE_FOLDER_CREATE;
	k->w.mailbox_id = k->b.mailbox_id;
	k->w.account_id = c->who->account_id;
	k->w.path = k->b.t.path;
	k->w.key = k->b.t.key;
	k->w.at = s->unix_ms;
	c->job.write = &k->w.job;
	return STEP_WRITE;
}

static enum step
create_finish(struct session *s, struct cmd *c)
{
	struct create *k = c->data;

	if (k->w.job.err < 0)
		return cmd_answer_err(s, c, k->w.job.err);
	return cmd_answer(s, c, ST_DONE);
}

const struct cmd_ops cmd_ops_MBOX_CREATE = {
	.check = create_check, .finish = create_finish,
};
