#include "base/json.h"

#include "base/utf8.h"
#include "base/word_priv.h"

void
json_init(struct json *j, struct buf *out)
{
	*j = (struct json){ .out = out };
}

static void
fail(struct json *j, int err)
{
	if (!j->err)
		j->err = err;
}

static void
put(struct json *j, const char *p, size_t n)
{
	if (!j->err)
		j->err = buf_add(j->out, p, n);
}

static bool
in_object(const struct json *j)
{
	return j->depth && j->objects >> (j->depth - 1) & 1;
}

static void
indent(struct json *j)
{
	if (!j->pretty)
		return;
	put(j, "\n", 1);
	for (int i = 0; i < j->depth; i++)
		put(j, "  ", 2);
}

/* The comma and indentation before a member or element. */
static void
begin_item(struct json *j)
{
	if (!j->depth)
		return;
	if (j->comma[j->depth - 1])
		put(j, ",", 1);
	j->comma[j->depth - 1] = true;
	indent(j);
}

/* Before every value; false when it must not be written. */
static bool
begin_value(struct json *j)
{
	if (j->err)
		return false;
	if (!in_object(j)) {
		begin_item(j);
	} else if (!j->after_key) {
		fail(j, ERR_INTERNAL);
	}
	j->after_key = false;
	return !j->err;
}

static void
open(struct json *j, bool object)
{
	if (!begin_value(j))
		return;
	if (j->depth == JSON_DEPTH) {
		fail(j, ERR_LIMIT);
		return;
	}
	put(j, object ? "{" : "[", 1);
	j->comma[j->depth] = false;
	j->objects &= ~(1u << j->depth);
	j->objects |= (uint32_t)object << j->depth;
	j->depth++;
}

static void
close(struct json *j, bool object)
{
	bool any;

	if (j->err)
		return;
	if (!j->depth || in_object(j) != object || j->after_key) {
		fail(j, ERR_INTERNAL);
		return;
	}
	any = j->comma[--j->depth];
	if (any)
		indent(j);
	put(j, object ? "}" : "]", 1);
}

void
json_object_begin(struct json *j)
{
	open(j, true);
}

void
json_object_end(struct json *j)
{
	close(j, true);
}

void
json_array_begin(struct json *j)
{
	open(j, false);
}

void
json_array_end(struct json *j)
{
	close(j, false);
}

static void
quoted(struct json *j, struct str s)
{
	put(j, "\"", 1);
	if (!j->err)
		j->err = json_escape(j->out, s);
	put(j, "\"", 1);
}

void
json_key(struct json *j, const char *key)
{
	json_key_str(j, str_c(key));
}

void
json_key_str(struct json *j, struct str key)
{
	if (j->err)
		return;
	if (!in_object(j) || j->after_key) {
		fail(j, ERR_INTERNAL);
		return;
	}
	begin_item(j);
	quoted(j, key);
	put(j, ": ", j->pretty ? 2 : 1);
	j->after_key = true;
}

void
json_str(struct json *j, struct str s)
{
	if (begin_value(j))
		quoted(j, s);
}

void
json_cstr(struct json *j, const char *s)
{
	json_str(j, str_c(s));
}

void
json_u64(struct json *j, uint64_t v)
{
	if (begin_value(j))
		j->err = buf_add_u64(j->out, v);
}

void
json_i64(struct json *j, int64_t v)
{
	if (!begin_value(j))
		return;
	if (v < 0)
		put(j, "-", 1);
	if (!j->err)
		j->err = buf_add_u64(j->out, v < 0 ? 0 - (uint64_t)v :
				     (uint64_t)v);
}

void
json_bool(struct json *j, bool v)
{
	json_raw(j, v ? STR("true") : STR("false"));
}

void
json_put_null(struct json *j)
{
	json_raw(j, STR("null"));
}

void
json_raw(struct json *j, struct str s)
{
	if (begin_value(j))
		put(j, s.p, s.n);
}

void
json_members(struct json *j, struct str s)
{
	if (j->err)
		return;
	if (!in_object(j) || j->after_key) {
		fail(j, ERR_INTERNAL);
		return;
	}
	if (!s.n)
		return;
	begin_item(j);
	put(j, s.p, s.n);
}

void
json_kv_str(struct json *j, const char *key, struct str v)
{
	json_key(j, key);
	json_str(j, v);
}

void
json_kv_u64(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

void
json_kv_bool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}

int
json_err(const struct json *j)
{
	return j->err;
}

/* Octets from i on that need no second look, in steps of eight. */
static inline size_t
skip_plain(struct str s, size_t i)
{
	while (s.n - i >= 8) {
		uint64_t w = word_load(s.p + i);

		if (word_any_high(w) | word_any_below(w, 0x20) |
		    word_any_eq(w, 0x7f) | word_any_eq(w, '"') |
		    word_any_eq(w, '\\'))
			break;
		i += 8;
	}
	return i;
}

/*
 * Look at the character at the front of s.  Returns its octets; *ret_esc is
 * the text to write in its place, empty if it can be written as it is.
 */
static size_t
escape_one(struct str s, char store[static 8], struct str *ret_esc)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t cp;
	int len = utf8_decode(s, &cp);

	if (len < 0) {
		*ret_esc = STR("\xef\xbf\xbd");
		return 1;
	}
	*ret_esc = (struct str){ store, 0 };
	if (cp == '"' || cp == '\\') {
		store[0] = '\\';
		store[1] = (char)cp;
		ret_esc->n = 2;
	} else if (utf8_is_control(cp) || utf8_is_bidi(cp)) {
		store[0] = '\\';
		store[1] = 'u';
		for (int i = 0; i < 4; i++)
			store[2 + i] = digits[cp >> (12 - 4 * i) & 15];
		ret_esc->n = 6;
	}
	return (size_t)len;
}

int
json_escape(struct buf *out, struct str s)
{
	size_t run = 0, i = 0, before = out->n;
	char store[8];
	int rc;

	while (i < s.n) {
		struct str esc;
		size_t len;

		i = skip_plain(s, i);
		if (i == s.n)
			break;
		len = escape_one(str_from(s, i), store, &esc);
		if (esc.n) {
			rc = buf_add(out, s.p + run, i - run);
			if (rc == 0)
				rc = buf_add_str(out, esc);
			if (rc < 0)
				goto fail;
			run = i + len;
		}
		i += len;
	}
	if (run == i)
		return 0;
	rc = buf_add(out, s.p + run, i - run);
	if (rc == 0)
		return 0;
fail:
	/* A failing call changes nothing. */
	buf_truncate(out, before);
	return rc;
}
