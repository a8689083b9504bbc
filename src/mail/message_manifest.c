/*
 * message_manifest: what is stored of a message beside its octets.
 *
 * One line of JSON.  A member that says nothing (no recipient, no file name,
 * false) is left out.  Times are Unix milliseconds, hashes lower-case hex.
 *
 *     {"v":1,"id":uuid,"from":imid,"by":imid,"to":[imid..],"cc":[imid..],
 *      "subject":text,"date":ms,"received":ms,"important":1|-1,"secure":true,
 *      "reply":uuid,"multipart":true,"imported":true,"headers":[[name,value]..],
 *      "names":[[imid,name]..],"preview":text,
 *      "parts":[{"id":name,"type":type,"file":text,"cid":text,"in":name,
 *       "content":true,"inline":true,"offset":n,"length":n,"sha256":hex,
 *       "shape":1|2|3,"bare_lf":n,"ends_lf":true}..]}
 *
 * "v" grows when an older reader would misread what a newer writer means; a
 * member that may be ignored is added without that.
 *
 * The writer runs once a delivery and uses no memory but the buffer's.
 */
#include "mail/message_priv.h"

#define MANIFEST_VERSION 1

static void
write_list(struct json *j, const char *key, const struct str *v, size_t n)
{
	if (n > 0)
		message_json_list(j, key, v, n);
}

static void
write_pairs(struct json *j, const char *key, const struct message_header *v,
	    size_t n)
{
	if (n == 0)
		return;
	json_key(j, key);
	json_array_begin(j);
	for (size_t i = 0; i < n; i++)
		message_json_pair(j, &v[i]);
	json_array_end(j);
}

static void
write_part(struct json *j, const struct message_part *p)
{
	json_object_begin(j);
	json_kv_str(j, "id", p->id);
	json_kv_str(j, "type", p->type);
	message_json_text(j, "file", p->file);
	message_json_text(j, "cid", p->cid);
	message_json_text(j, "in", p->in);
	message_json_true(j, "content", p->content);
	message_json_true(j, "inline", p->is_inline);
	json_kv_u64(j, "offset", p->offset);
	json_kv_u64(j, "length", p->length);
	message_json_hash(j, p);
	json_kv_u64(j, "shape", p->shape);
	if (p->bare_lf > 0)
		json_kv_u64(j, "bare_lf", p->bare_lf);
	message_json_true(j, "ends_lf", p->ends_lf);
	json_object_end(j);
}

int
message_manifest(const struct message *m, struct buf *out)
{
	size_t before = out->n;
	struct json j;
	int err;

	json_init(&j, out);
	json_object_begin(&j);
	json_kv_u64(&j, "v", MANIFEST_VERSION);
	message_json_uuid(&j, "id", &m->id);
	message_json_text(&j, "from", m->from);
	message_json_text(&j, "by", m->by);
	write_list(&j, "to", m->to, m->nto);
	write_list(&j, "cc", m->cc, m->ncc);
	message_json_text(&j, "subject", m->subject);
	json_kv_u64(&j, "date", m->date);
	json_kv_u64(&j, "received", m->received);
	if (m->important != 0) {
		json_key(&j, "important");
		json_i64(&j, m->important > 0 ? 1 : -1);
	}
	message_json_true(&j, "secure", m->secure);
	if (m->has_reply)
		message_json_uuid(&j, "reply", &m->reply);
	message_json_true(&j, "multipart", m->multipart);
	message_json_true(&j, "imported", m->imported);
	write_pairs(&j, "headers", m->headers, m->nheaders);
	write_pairs(&j, "names", m->names, m->nnames);
	message_json_text(&j, "preview", m->preview);
	json_key(&j, "parts");
	json_array_begin(&j);
	for (size_t i = 0; i < m->nparts; i++)
		write_part(&j, &m->parts[i]);
	json_array_end(&j);
	json_object_end(&j);

	err = json_err(&j);
	if (err < 0)
		buf_truncate(out, before);
	return err;
}

int
message_trailer(const struct message *m, struct buf *out)
{
	size_t before = out->n, n;
	int err = message_manifest(m, out);

	if (err < 0)
		return err;
	n = out->n - before;
	if (n > UINT32_MAX)
		err = ERR_LIMIT;
	for (size_t i = 0; i < MESSAGE_TRAILER && err == 0; i++)
		err = buf_add_c(out, (char)(n >> 8 * i & 0xff));
	if (err < 0)
		buf_truncate(out, before);
	return err;
}
