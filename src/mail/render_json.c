/*
 * render_json: a message as JSON (spec: Mailboxes), in the draft's shape.
 *
 *     {members,
 *      "envelope":{"from","by"?,"to":[],"cc":[],"subject","date","received",
 *       "important","secure"?,"reply"?,"names":{},"headers":[[name,value]],
 *       "hops":[domain]},
 *      "parts":[{"id","class":"content"?,"type","length","file"?,"cid"?,"in"?,
 *       "inline"?,"sha256","encoding":"base64","data"}]}
 *
 * The text is written with empty strings for data; where they stand is where
 * the octets go.
 */
#include "mail/render.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "mail/render_priv.h"

static void
write_text(struct json *j, const char *key, struct str s)
{
	if (s.n > 0)
		json_kv_str(j, key, s);
}

static void
write_time(struct json *j, const char *key, uint64_t unix_ms)
{
	char text[CLOCK_TEXT + 1];

	clock_format(unix_ms, text);
	json_kv_str(j, key, str_n(text, CLOCK_TEXT));
}

static void
write_list(struct json *j, const char *key, const struct str *v, size_t n)
{
	json_key(j, key);
	json_array_begin(j);
	for (size_t i = 0; i < n; i++)
		json_str(j, v[i]);
	json_array_end(j);
}

static bool
is_hop(const struct message_header *h)
{
	return str_eqi(h->name, STR("Via"));
}

static void
write_headers(struct json *j, const struct message *m)
{
	json_key(j, "headers");
	json_array_begin(j);
	for (size_t i = 0; i < m->nheaders; i++) {
		if (is_hop(&m->headers[i]))
			continue;
		json_array_begin(j);
		json_str(j, m->headers[i].name);
		json_str(j, m->headers[i].value);
		json_array_end(j);
	}
	json_array_end(j);

	json_key(j, "hops");
	json_array_begin(j);
	for (size_t i = 0; i < m->nheaders; i++) {
		if (is_hop(&m->headers[i]))
			json_str(j, m->headers[i].value);
	}
	json_array_end(j);
}

static void
write_envelope(struct json *j, const struct message *m)
{
	char reply[UUID_TEXT + 1];

	json_key(j, "envelope");
	json_object_begin(j);
	json_kv_str(j, "from", m->from);
	write_text(j, "by", m->by);
	write_list(j, "to", m->to, m->nto);
	write_list(j, "cc", m->cc, m->ncc);
	json_kv_str(j, "subject", m->subject);
	write_time(j, "date", m->date);
	write_time(j, "received", m->received);
	json_key(j, "important");
	json_i64(j, m->important);
	if (m->secure)
		json_kv_bool(j, "secure", true);
	if (m->has_reply) {
		uuid_format(&m->reply, reply);
		json_kv_str(j, "reply", str_n(reply, UUID_TEXT));
	}
	json_key(j, "names");
	json_object_begin(j);
	for (size_t i = 0; i < m->nnames; i++) {
		json_key_str(j, m->names[i].name);
		json_str(j, m->names[i].value);
	}
	json_object_end(j);
	write_headers(j, m);
	json_object_end(j);
}

static void
write_part(struct json *j, const struct message_part *p)
{
	char hash[2 * sizeof(p->sha256)];

	json_kv_str(j, "id", p->id);
	if (p->content)
		json_kv_str(j, "class", STR("content"));
	json_kv_str(j, "type", p->type);
	json_kv_u64(j, "length", p->length);
	write_text(j, "file", p->file);
	write_text(j, "cid", p->cid);
	write_text(j, "in", p->in);
	if (p->is_inline)
		json_kv_bool(j, "inline", true);
	hex_encode(p->sha256, sizeof(p->sha256), hash);
	json_kv_str(j, "sha256", str_n(hash, sizeof(hash)));
	json_kv_str(j, "encoding", STR("base64"));
}

/* The string for data, between whose quotes the octets go. */
static void
write_data(struct json *j, struct render_plan *plan,
	   const struct message_part *p)
{
	json_key(j, "data");
	json_raw(j, STR("\""));
	if (json_err(j) < 0)
		return;
	render_plan_body(plan, BODY_BASE64, p->offset, p->length, 0);
	j->err = buf_add_c(&plan->text, '"');
}

static int
write_message(struct render_plan *plan, const struct message *m,
	      const struct render_state *st, bool data, bool pretty)
{
	struct json j;

	json_init(&j, &plan->text);
	j.pretty = pretty;
	json_object_begin(&j);
	if (st)
		json_members(&j, st->members);
	write_envelope(&j, m);
	json_key(&j, "parts");
	json_array_begin(&j);
	for (size_t i = 0; i < m->nparts; i++) {
		json_object_begin(&j);
		write_part(&j, &m->parts[i]);
		if (data)
			write_data(&j, plan, &m->parts[i]);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	return json_err(&j);
}

int
render_json(struct arena *a, const struct message *m,
	    const struct render_state *st, bool data, bool pretty,
	    struct render **ret)
{
	struct render_plan plan;
	int err = render_plan_init(&plan, a, m->nparts);

	if (err == 0)
		err = write_message(&plan, m, st, data, pretty);
	if (err == 0)
		err = render_plan_finish(&plan, ret);
	render_plan_done(&plan);
	return err == ERR_LIMIT ? ERR_VALUE : err;
}
