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

#include "mail/message_priv.h"
#include "mail/render_priv.h"

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
		if (!is_hop(&m->headers[i]))
			message_json_pair(j, &m->headers[i]);
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
	json_key(j, "envelope");
	json_object_begin(j);
	json_kv_str(j, "from", m->from);
	message_json_text(j, "by", m->by);
	message_json_list(j, "to", m->to, m->nto);
	message_json_list(j, "cc", m->cc, m->ncc);
	json_kv_str(j, "subject", m->subject);
	message_json_time(j, "date", m->date);
	message_json_time(j, "received", m->received);
	json_key(j, "important");
	json_i64(j, m->important);
	message_json_true(j, "secure", m->secure);
	if (m->has_reply)
		message_json_uuid(j, "reply", &m->reply);
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
	json_kv_str(j, "id", p->id);
	if (p->content)
		json_kv_str(j, "class", STR("content"));
	json_kv_str(j, "type", p->type);
	json_kv_u64(j, "length", p->length);
	message_json_text(j, "file", p->file);
	message_json_text(j, "cid", p->cid);
	message_json_text(j, "in", p->in);
	message_json_true(j, "inline", p->is_inline);
	message_json_hash(j, p);
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
