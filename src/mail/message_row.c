/*
 * message_row: the constant part of an index row, made once at delivery and
 * kept in the index (spec: Mailboxes).
 *
 * A row is written whole; only if it is too long it is taken back and written
 * with short lists and clipped texts, so the common case costs nothing.
 */
#include "mail/message.h"

#include <jansson.h>

#include "base/utf8.h"
#include "mail/message_priv.h"

#define ROW_MAX 60000

/* What is kept of a row that would be too long.  An octet is at most six in
 * JSON; with these the sum stays under ROW_MAX whatever the texts are. */
#define CUT_LIST 10000
#define CUT_NAMES 4000
#define CUT_ITEM 500
#define CUT_SUBJECT 2000
#define CUT_PREVIEW 160

struct row {
	struct json j;
	bool cut; /* write the short form */
};

static struct str
clip(const struct row *r, struct str s, size_t max)
{
	return r->cut ? str_sub(s, 0, utf8_clip(s, max)) : s;
}

/* Is the list that began at `start` of the output long enough? */
static bool
full(const struct row *r, size_t start, size_t max)
{
	return r->cut && r->j.out->n - start > max;
}

static void
write_list(struct row *r, const char *key, const struct str *v, size_t n)
{
	size_t start = r->j.out->n;

	json_key(&r->j, key);
	json_array_begin(&r->j);
	for (size_t i = 0; i < n && !full(r, start, CUT_LIST); i++)
		json_str(&r->j, clip(r, v[i], CUT_ITEM));
	json_array_end(&r->j);
}

static void
write_names(struct row *r, const struct message *m)
{
	size_t start = r->j.out->n;

	json_key(&r->j, "names");
	json_object_begin(&r->j);
	for (size_t i = 0; i < m->nnames && !full(r, start, CUT_NAMES); i++) {
		json_key_str(&r->j, clip(r, m->names[i].name, CUT_ITEM));
		json_str(&r->j, clip(r, m->names[i].value, CUT_ITEM));
	}
	json_object_end(&r->j);
}

static int
write_row(const struct message *m, bool cut, struct buf *out)
{
	struct row r = { .cut = cut };

	json_init(&r.j, out);
	json_object_begin(&r.j);
	json_kv_str(&r.j, "from", clip(&r, m->from, CUT_ITEM));
	message_json_text(&r.j, "by", clip(&r, m->by, CUT_ITEM));
	write_list(&r, "to", m->to, m->nto);
	write_list(&r, "cc", m->cc, m->ncc);
	json_kv_str(&r.j, "subject", clip(&r, m->subject, CUT_SUBJECT));
	message_json_time(&r.j, "date", m->date);
	message_json_time(&r.j, "received", m->received);
	json_kv_u64(&r.j, "size", message_size(m));
	json_kv_u64(&r.j, "parts", m->nparts);
	json_kv_u64(&r.j, "attachments", message_attachments(m));
	write_names(&r, m);
	json_kv_str(&r.j, "preview", clip(&r, m->preview, CUT_PREVIEW));
	json_key(&r.j, "important");
	json_i64(&r.j, m->important);
	if (m->has_reply)
		message_json_uuid(&r.j, "reply", &m->reply);
	message_json_true(&r.j, "cut", cut);
	json_object_end(&r.j);
	return json_err(&r.j);
}

int
message_row(const struct message *m, struct buf *out)
{
	size_t before = out->n, n;
	int err = write_row(m, false, out);

	if (err == ERR_LIMIT || (err == 0 && out->n - before > ROW_MAX)) {
		buf_truncate(out, before);
		err = write_row(m, true, out);
	}
	if (err < 0) {
		buf_truncate(out, before);
		return err;
	}

	/* The members alone: both braces go. */
	n = out->n - before - 2;
	memmove(buf_data(out) + before, buf_data(out) + before + 1, n);
	buf_truncate(out, before + n);
	return 0;
}

static int
read_member(struct arena *a, const json_t *obj, const char *key,
	    struct str *ret)
{
	const json_t *v = json_object_get(obj, key);

	if (!json_is_string(v))
		return ERR_CORRUPT;
	*ret = arena_str(a, str_n(json_string_value(v), json_string_length(v)));
	return ret->p ? 0 : ERR_NOMEM;
}

int
message_row_read(struct arena *a, struct str members,
		 struct message_row_text *ret)
{
	struct message_row_text t;
	struct str text;
	json_error_t why;
	json_t *obj;
	int err;

	if (members.n > ROW_MAX)
		return ERR_CORRUPT;
	text = arena_fmt(a, "{%.*s}", STR_ARG(members));
	if (!text.p)
		return ERR_NOMEM;
	obj = json_loadb(text.p, text.n, 0, &why);
	if (!obj)
		return json_error_code(&why) == json_error_out_of_memory ?
			       ERR_NOMEM :
			       ERR_CORRUPT;
	err = read_member(a, obj, "from", &t.from);
	if (err == 0)
		err = read_member(a, obj, "date", &t.date);
	if (err == 0)
		err = read_member(a, obj, "subject", &t.subject);
	json_decref(obj);
	if (err == 0)
		*ret = t;
	return err;
}
