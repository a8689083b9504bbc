/*
 * message_parse: a manifest read back (its form: message_manifest.c).
 *
 * All text of a manifest fits into as many octets as the manifest has, so the
 * arena is asked once for all of them.  What is missing is empty; what has the
 * wrong type or does not make sense is damage, and so is a nesting deeper than
 * a manifest has, which is looked for first because jansson recurses.
 */
#include "mail/message.h"

#include <jansson.h>

#include "base/hex.h"

#define MANIFEST_VERSION 1
#define MANIFEST_MAX (64u << 20)
#define MANIFEST_DEPTH 4
#define HASH_HEX 64
/* A body ends before this octet, so that sums of lengths never overflow. */
#define BODY_MAX (INT64_C(1) << 47)

struct reader {
	struct arena *a;
	char *text; /* where the next string goes */
	int err;    /* the first error; it sticks */
};

static inline void
json_cleanup(json_t **j)
{
	json_decref(*j);
}

static void
damaged(struct reader *r)
{
	if (r->err == 0)
		r->err = ERR_CORRUPT;
}

/* A copy of a JSON string that lives in the arena. */
static struct str
take_str(struct reader *r, const json_t *v)
{
	struct str s = { r->text, 0 };

	if (!json_is_string(v)) {
		damaged(r);
		return s;
	}
	s.n = json_string_length(v);
	memcpy(r->text, json_string_value(v), s.n);
	r->text += s.n;
	return s;
}

static struct str
get_str(struct reader *r, const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	return v ? take_str(r, v) : (struct str){ NULL, 0 };
}

static bool
get_bool(struct reader *r, const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	if (v && !json_is_boolean(v))
		damaged(r);
	return json_is_true(v);
}

static int64_t
get_int(struct reader *r, const json_t *obj, const char *key, int64_t min,
	int64_t max)
{
	const json_t *v = json_object_get(obj, key);
	int64_t n = 0;

	if (v && !json_is_integer(v))
		damaged(r);
	else if (v)
		n = json_integer_value(v);
	if (n >= min && n <= max)
		return n;
	damaged(r);
	return min;
}

static uint64_t
get_u64(struct reader *r, const json_t *obj, const char *key, int64_t max)
{
	return (uint64_t)get_int(r, obj, key, 0, max);
}

/* False where it is not there. */
static bool
get_uuid(struct reader *r, const json_t *obj, const char *key, struct uuid *ret)
{
	const json_t *v = json_object_get(obj, key);

	if (!v)
		return false;
	if (!json_is_string(v) ||
	    uuid_parse(str_n(json_string_value(v), json_string_length(v)),
		       ret) < 0)
		damaged(r);
	return true;
}

/* An array of that name and room for its elements; NULL for none. */
static void *
get_array(struct reader *r, const json_t *obj, const char *key, size_t size,
	  const json_t **ret_array, size_t *ret_n)
{
	const json_t *v = json_object_get(obj, key);
	void *room;

	*ret_n = 0;
	if (v && !json_is_array(v))
		damaged(r);
	if (json_array_size(v) == 0 || r->err < 0)
		return NULL;
	room = arena_calloc(r->a, json_array_size(v), size);
	if (!room) {
		r->err = ERR_NOMEM;
		return NULL;
	}
	*ret_array = v;
	*ret_n = json_array_size(v);
	return room;
}

static const struct str *
get_list(struct reader *r, const json_t *obj, const char *key, size_t *ret_n)
{
	const json_t *array = NULL;
	struct str *v = get_array(r, obj, key, sizeof(*v), &array, ret_n);

	for (size_t i = 0; i < *ret_n; i++)
		v[i] = take_str(r, json_array_get(array, i));
	return v;
}

static const struct message_header *
get_pairs(struct reader *r, const json_t *obj, const char *key, size_t *ret_n)
{
	const json_t *array = NULL;
	struct message_header *v;

	v = get_array(r, obj, key, sizeof(*v), &array, ret_n);
	for (size_t i = 0; i < *ret_n; i++) {
		const json_t *pair = json_array_get(array, i);

		if (json_array_size(pair) != 2)
			damaged(r);
		v[i].name = take_str(r, json_array_get(pair, 0));
		v[i].value = take_str(r, json_array_get(pair, 1));
	}
	return v;
}

static void
get_hash(struct reader *r, const json_t *obj, uint8_t ret[static 32])
{
	const json_t *v = json_object_get(obj, "sha256");

	if (!json_is_string(v) || json_string_length(v) != HASH_HEX ||
	    hex_decode(str_n(json_string_value(v), HASH_HEX), ret, 32) < 0)
		damaged(r);
}

static void
get_part(struct reader *r, const json_t *obj, struct message_part *p)
{
	p->id = get_str(r, obj, "id");
	p->type = get_str(r, obj, "type");
	p->file = get_str(r, obj, "file");
	p->cid = get_str(r, obj, "cid");
	p->in = get_str(r, obj, "in");
	p->content = get_bool(r, obj, "content");
	p->is_inline = get_bool(r, obj, "inline");
	p->offset = get_u64(r, obj, "offset", BODY_MAX);
	p->length = get_u64(r, obj, "length", BODY_MAX);
	get_hash(r, obj, p->sha256);
	p->shape = (enum part_shape)get_int(r, obj, "shape", SHAPE_7BIT,
					    SHAPE_BINARY);
	p->bare_lf = get_u64(r, obj, "bare_lf", (int64_t)p->length);
	p->ends_lf = get_bool(r, obj, "ends_lf");
	/* In anything but an object every member is missing. */
	if (p->id.n == 0 || p->type.n == 0)
		damaged(r);
}

static const struct message_part *
get_parts(struct reader *r, const json_t *obj, size_t *ret_n)
{
	const json_t *array = NULL;
	struct message_part *v;
	uint64_t sum = 0;

	v = get_array(r, obj, "parts", sizeof(*v), &array, ret_n);
	for (size_t i = 0; i < *ret_n && r->err == 0; i++) {
		get_part(r, json_array_get(array, i), &v[i]);
		sum += v[i].length;
		if (sum > BODY_MAX)
			damaged(r);
	}
	/* No message is without a content part. */
	if (*ret_n == 0)
		damaged(r);
	return v;
}

static void
get_message(struct reader *r, const json_t *obj, struct message *m)
{
	(void)get_int(r, obj, "v", 1, MANIFEST_VERSION); /* only checked */
	if (!get_uuid(r, obj, "id", &m->id))
		damaged(r);
	m->from = get_str(r, obj, "from");
	m->by = get_str(r, obj, "by");
	m->to = get_list(r, obj, "to", &m->nto);
	m->cc = get_list(r, obj, "cc", &m->ncc);
	m->subject = get_str(r, obj, "subject");
	m->date = get_u64(r, obj, "date", INT64_MAX);
	m->received = get_u64(r, obj, "received", INT64_MAX);
	m->important = (int)get_int(r, obj, "important", -1, 1);
	m->secure = get_bool(r, obj, "secure");
	m->has_reply = get_uuid(r, obj, "reply", &m->reply);
	m->multipart = get_bool(r, obj, "multipart");
	m->imported = get_bool(r, obj, "imported");
	m->headers = get_pairs(r, obj, "headers", &m->nheaders);
	m->names = get_pairs(r, obj, "names", &m->nnames);
	m->preview = get_str(r, obj, "preview");
	m->parts = get_parts(r, obj, &m->nparts);
}

/* Does the text nest no deeper than a manifest? */
static bool
shallow(struct str s)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"')
			quoted = !quoted;
		else if (quoted)
			i += c == '\\';
		else if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		if (depth > MANIFEST_DEPTH)
			return false;
	}
	return true;
}

int
message_parse(struct arena *a, struct str manifest, struct message *ret)
{
	__attribute__((cleanup(json_cleanup))) json_t *obj = NULL;
	struct reader r = { .a = a };
	struct message m = { 0 };
	json_error_t why;

	if (manifest.n > MANIFEST_MAX || !shallow(manifest))
		return ERR_CORRUPT;
	obj = json_loadb(manifest.n ? manifest.p : "", manifest.n, 0, &why);
	if (!obj && json_error_code(&why) == json_error_out_of_memory)
		return ERR_NOMEM;
	if (!json_is_object(obj))
		return ERR_CORRUPT;
	r.text = arena_alloc(a, manifest.n);
	if (!r.text)
		return ERR_NOMEM;
	get_message(&r, obj, &m);
	if (r.err == 0)
		*ret = m;
	return r.err;
}
