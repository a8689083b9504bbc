#include "admin/admin_wire.h"

#include <jansson.h>

#include "base/hex.h"

#define WIRE_VERSION 1

static void
tree_cleanup(json_t **j)
{
	json_decref(*j);
}
#define CLEANUP_TREE __attribute__((cleanup(tree_cleanup)))

static int
end_line(struct buf *out, const struct json *j)
{
	int err = json_err(j);

	return err < 0 ? err : buf_add_c(out, '\n');
}

/* --- requests --- */

static void
kv_hex(struct json *j, const char *key, const void *p, size_t n)
{
	char hex[65];

	hex_encode(p, n, hex);
	json_kv_str(j, key, str_n(hex, 2 * n));
	secret_wipe(hex, sizeof(hex));
}

int
admin_wire_request(struct buf *out, const struct str *words, size_t n,
		   const struct admin_secret *secret)
{
	struct json j;

	json_init(&j, out);
	json_object_begin(&j);
	json_kv_u64(&j, "v", WIRE_VERSION);
	json_key(&j, "words");
	json_array_begin(&j);
	for (size_t i = 0; i < n; i++)
		json_str(&j, words[i]);
	json_array_end(&j);
	if (secret && secret->has_key) {
		json_key(&j, "secret");
		json_object_begin(&j);
		json_kv_str(&j, "key", str_c(secret->key.hex));
		if (secret->has_kdf) {
			kv_hex(&j, "salt", secret->kdf.salt,
			       sizeof(secret->kdf.salt));
			json_kv_u64(&j, "t", secret->kdf.t);
			json_kv_u64(&j, "m", secret->kdf.m);
		}
		json_object_end(&j);
	}
	json_object_end(&j);
	return end_line(out, &j);
}

static struct str
text_of(const json_t *v)
{
	return json_is_string(v) ? str_n(json_string_value(v),
					 json_string_length(v)) :
				   (struct str){ NULL, 0 };
}

static int
parse_words(struct arena *a, const json_t *v, struct admin_request *ret)
{
	size_t n = json_array_size(v);

	if (n == 0 || n > ADMIN_WORDS)
		return ERR_VALUE;
	for (size_t i = 0; i < n; i++) {
		struct str s = text_of(json_array_get(v, i));

		if (!s.p)
			return ERR_VALUE;
		ret->words[i] = arena_str(a, s);
		if (!ret->words[i].p)
			return ERR_NOMEM;
	}
	ret->nwords = n;
	return 0;
}

/* Every number is checked as PASSWD checks it (spec: Authentication). */
static int
parse_secret(const json_t *v, struct admin_secret *ret)
{
	struct str key = text_of(json_object_get(v, "key"));
	struct str salt = text_of(json_object_get(v, "salt"));
	const json_t *t = json_object_get(v, "t");
	const json_t *m = json_object_get(v, "m");
	uint8_t raw[32];
	int err = key.p != NULL ? hex_decode(key, raw, sizeof(raw)) : ERR_VALUE;

	secret_wipe(raw, sizeof(raw));
	if (err < 0)
		return err;
	memcpy(ret->key.hex, key.p, 64);
	ret->has_key = true;
	/* No formatter and no freed memory keeps it. */
	secret_wipe((void *)key.p, key.n);
	if (!salt.p)
		return 0;
	if (hex_decode(salt, ret->kdf.salt, sizeof(ret->kdf.salt)) < 0 ||
	    json_integer_value(t) < KDF_T_MIN ||
	    json_integer_value(t) > KDF_T_MAX ||
	    json_integer_value(m) < KDF_M_MIN ||
	    json_integer_value(m) > KDF_M_MAX)
		return ERR_VALUE;
	ret->kdf.t = (uint32_t)json_integer_value(t);
	ret->kdf.m = (uint32_t)json_integer_value(m);
	ret->has_kdf = true;
	return 0;
}

int
admin_wire_request_parse(struct arena *a, struct str line,
			 struct admin_request *ret)
{
	CLEANUP_TREE json_t *root = NULL;
	struct admin_request req = { 0 };
	const json_t *secret;
	json_int_t v;
	int err;

	root = json_loadb(line.p ? line.p : "", line.n, JSON_REJECT_DUPLICATES,
			  NULL);
	secret_wipe((void *)line.p, line.n);
	if (!json_is_object(root))
		return ERR_VALUE;
	v = json_integer_value(json_object_get(root, "v"));
	if (v != WIRE_VERSION)
		return v > WIRE_VERSION ? ERR_VERSION : ERR_VALUE;
	err = parse_words(a, json_object_get(root, "words"), &req);
	secret = json_object_get(root, "secret");
	if (err == 0 && secret)
		err = parse_secret(secret, &req.secret);
	if (err == 0)
		*ret = req;
	secret_wipe(&req.secret, sizeof(req.secret));
	return err;
}

/* --- answers --- */

static const char *const kinds[] = {
	[ADMIN_OBJECT] = "object", [ADMIN_ITEM] = "item",
	[ADMIN_NOTE] = "note", [ADMIN_PROGRESS] = "progress",
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool
is_json(enum admin_kind kind)
{
	return kind == ADMIN_OBJECT || kind == ADMIN_ITEM;
}

int
admin_wire_answer(struct buf *out, enum admin_kind kind, struct str text)
{
	struct json j;

	json_init(&j, out);
	json_object_begin(&j);
	json_key(&j, kinds[kind]);
	if (is_json(kind))
		json_raw(&j, text);
	else
		json_str(&j, text);
	json_object_end(&j);
	return end_line(out, &j);
}

int
admin_wire_end(struct buf *out, int code, const char *why)
{
	struct json j;

	json_init(&j, out);
	json_object_begin(&j);
	json_kv_u64(&j, "end", (uint64_t)code);
	if (why) {
		json_key(&j, "why");
		json_cstr(&j, why);
	}
	json_object_end(&j);
	return end_line(out, &j);
}

static int
parse_end(const json_t *root, struct admin_answer *ret)
{
	json_int_t code = json_integer_value(json_object_get(root, "end"));
	struct str why = text_of(json_object_get(root, "why"));

	if (code < 0 || code > 255)
		return ERR_VALUE;
	ret->end = true;
	ret->code = admin_fail(&ret->fail, (int)code, "%.*s", STR_ARG(why));
	return 0;
}

int
admin_wire_answer_parse(struct arena *a, struct str line,
			struct admin_answer *ret)
{
	CLEANUP_TREE json_t *root = NULL;
	struct admin_answer out = { 0 };
	const json_t *v = NULL;
	size_t kind;
	int err;

	root = json_loadb(line.p ? line.p : "", line.n, 0, NULL);
	if (!json_is_object(root) || json_object_size(root) == 0)
		return ERR_VALUE;
	if (json_object_get(root, "end")) {
		err = parse_end(root, &out);
		if (err == 0)
			*ret = out;
		return err;
	}
	for (kind = 0; kind < KINDS && !v; kind++)
		v = json_object_get(root, kinds[kind]);
	if (!v || json_object_size(root) != 1)
		return ERR_VALUE;
	out.kind = (enum admin_kind)(kind - 1);
	if (is_json(out.kind)) {
		/* Behind {"object": up to the last brace: as it was sent. */
		size_t skip = strlen(kinds[out.kind]) + 4;

		if (!json_is_object(v) || line.n <= skip + 1)
			return ERR_VALUE;
		out.text = arena_str(a, str_sub(line, skip,
						line.n - skip - 1));
	} else {
		if (!json_is_string(v))
			return ERR_VALUE;
		out.text = arena_str(a, text_of(v));
	}
	if (!out.text.p)
		return ERR_NOMEM;
	*ret = out;
	return 0;
}
