#include "session/mbox.h"

#include "base/json.h"

enum status
mbox_target(struct cmd *c, const char *param, struct box *ret)
{
	struct str key;
	bool given;
	struct str s = command_value(&c->args, param, &given);
	int err;

	err = target_parse(&c->arena, given ? s : STR(""), &ret->t);
	if (err == ERR_NOMEM)
		return ST_INTERNAL;
	if (err < 0)
		return ST_PARAM;
	ret->mailbox_id = c->who->mailbox_id;
	if (!ret->t.has_account)
		return ST_NONE;
	key = imid_key(&c->arena, &ret->t.account);
	if (key.p == NULL)
		return ST_INTERNAL;
	/* What is another's looks like what is not there. */
	return str_eq(key, c->who->key) ? ST_NONE : ST_NOT_FOUND;
}

int
mbox_folder(struct cmd *c, struct store_reader *r, struct box *b)
{
	if (b->t.path.n == 0 || b->folder.folder_id != 0)
		return 0;
	return store_folder_find(r, &c->arena, b->mailbox_id, b->t.key,
				 &b->folder);
}

/* --- streams --- */

void
stream_init(struct stream *st)
{
	buf_init(&st->out, MBOX_PIECE * 3 + LIMIT_REPLY);
}

void
stream_done(struct stream *st)
{
	buf_done(&st->out);
}

void
out_begin(struct cmd *c, struct stream *st, struct reply *r, enum status code,
	  bool dash)
{
	st->have = true;
	reply_begin(r, &st->out, c->plname, code, dash);
	if (!dash) {
		st->code = code;
		st->end = true;
	}
}

void
out_end(struct stream *st, struct reply *r)
{
	int err = reply_end(r);

	if (err < 0 && st->err == 0)
		st->err = err;
}

void
out_status(struct cmd *c, struct stream *st, enum status code)
{
	struct reply r;

	out_begin(c, st, &r, code, false);
	reply_lit(&r, status_text(code));
	out_end(st, &r);
}

void
out_err(struct cmd *c, struct stream *st, int err)
{
	out_status(c, st, status_of_err(err));
}

void
out_missing(struct cmd *c, struct stream *st, const struct uuid *u)
{
	struct reply r;

	out_begin(c, st, &r, ST_NOT_FOUND, true);
	reply_uuid(&r, u);
	out_end(st, &r);
}

enum step
stream_finish(struct session *s, struct cmd *c, struct stream *st)
{
	if (!st->have && !st->end && st->err == 0)
		return STEP_READ;
	if (st->err < 0)
		return cmd_answer_err(s, c, st->err);
	if (s->out_since == 0)
		s->out_since = s->now;
	if (buf_add_str(&s->out, buf_str(&st->out)) < 0)
		sess_no_memory(s);
	buf_clear(&st->out);
	st->have = false;
	if (!st->end)
		return STEP_MORE;
	c->code = st->code;
	return STEP_DONE;
}

/* --- rows --- */

/* What of a canonical path lies below its first n names. */
static struct str
below(struct str path, size_t n)
{
	ptrdiff_t at;

	for (; n > 0; n--) {
		at = str_chr(path, '/', 0);
		if (at < 0)
			return STR("");
		path = str_from(path, (size_t)at + 1);
	}
	return path;
}

static size_t
names_in(struct str path)
{
	size_t n = path.n > 0 ? 1 : 0;

	for (size_t i = 0; i < path.n; i++)
		n += path.p[i] == '/';
	return n;
}

int
mbox_path(struct buf *b, const struct box *box, const struct store_folder *f)
{
	struct str rest = below(f->path, names_in(box->t.path));
	int err = buf_add_str(b, box->t.asked);

	if (err < 0 || rest.n == 0)
		return err;
	/* `:inbox` and `alice@d:inbox` go on with a slash below it. */
	err = buf_add_c(b, box->t.path.n == 0 && box->t.lead != 0 ?
			box->t.lead : '/');
	return err < 0 ? err : buf_add_str(b, rest);
}

static int
put_folders(struct json *j, const struct box *box, const struct store_row *row)
{
	CLEANUP_BUF struct buf p = { 0 };
	int err = 0;

	buf_init(&p, LIMIT_REPLY);
	json_key(j, "folders");
	json_array_begin(j);
	for (size_t i = 0; i < row->nfolders && err == 0; i++) {
		buf_clear(&p);
		err = buf_add_str(&p, box->t.prefix);
		if (err == 0)
			err = buf_add_c(&p, '/');
		if (err == 0)
			err = buf_add_str(&p, row->folders[i]);
		json_str(j, buf_str(&p));
	}
	json_array_end(j);
	return err;
}

int
mbox_row_json(struct buf *b, const struct box *box,
	      const struct store_row *row, bool env)
{
	char id[UUID_TEXT + 1];
	struct json j;
	int err;

	json_init(&j, b);
	json_object_begin(&j);
	uuid_format(&row->uuid, id);
	json_kv_str(&j, "_id", str_n(id, UUID_TEXT));
	json_key(&j, "flags");
	flags_json(&j, row->flags, row->keywords);
	err = put_folders(&j, box, row);
	uuid_format(&row->thread, id);
	json_kv_str(&j, "thread", str_n(id, UUID_TEXT));
	json_kv_u64(&j, "modseq", row->modseq);
	if (row->has_origin) {
		uuid_format(&row->origin, id);
		json_kv_str(&j, "origin", str_n(id, UUID_TEXT));
	}
	if (env)
		json_members(&j, row->env);
	json_object_end(&j);
	return err < 0 ? err : json_err(&j);
}

int
mbox_message(struct arena *a, uint64_t len, render_read_fn read, void *ctx,
	     struct message *ret)
{
	uint8_t le[MESSAGE_TRAILER];
	uint64_t end, n;
	char *text;
	int err;

	if (len < MESSAGE_TRAILER)
		return ERR_CORRUPT;
	end = len - MESSAGE_TRAILER;
	err = read(ctx, end, le, sizeof(le));
	if (err < 0)
		return err;
	n = le[0] | (uint64_t)le[1] << 8 | (uint64_t)le[2] << 16 |
	    (uint64_t)le[3] << 24;
	if (n > end)
		return ERR_CORRUPT;
	text = arena_alloc(a, n + 1);
	if (text == NULL)
		return ERR_NOMEM;
	err = read(ctx, end - n, text, n);
	return err < 0 ? err : message_parse(a, str_n(text, n), ret);
}

bool
mbox_row_matches(const struct box *box, const struct store_row *row)
{
	const struct filter *f = &box->t.filter;

	if (!box->t.has_filter)
		return true;
	if ((f->bits & FILTER_UNREAD) && (row->flags & FLAG_READ))
		return false;
	if ((f->bits & FILTER_READ) && !(row->flags & FLAG_READ))
		return false;
	if ((f->bits & FILTER_IMPORTANT) && !(row->flags & FLAG_IMPORTANT))
		return false;
	if ((f->bits & FILTER_FLAGGED) && !(row->flags & FLAG_FLAGGED))
		return false;
	return !(f->bits & FILTER_THREAD) ||
	       uuid_eq(&f->thread, &row->thread);
}

bool
mbox_wants_json(const struct session *s, const struct cmd *c)
{
	int sw = command_switch(&c->args, "JSON");

	return sw != 0 ? sw > 0 : s->set_json;
}

enum step
mbox_changed(struct session *s, struct cmd *c, const struct box *b,
	     const bool *missing, uint64_t changed)
{
	size_t nmissing = 0;
	struct reply r;

	for (size_t i = 0; i < b->t.nids; i++) {
		if (!missing[i])
			continue;
		nmissing++;
		cmd_begin(s, c, &r, ST_NOT_FOUND, true);
		reply_uuid(&r, &b->t.ids[i]);
		cmd_end(s, &r);
	}
	if (b->t.nids > 0 && nmissing == b->t.nids)
		return cmd_answer(s, c, ST_NOT_FOUND);
	cmd_begin(s, c, &r, ST_DONE, false);
	reply_field_u64(&r, "n", changed);
	cmd_end(s, &r);
	return STEP_DONE;
}
