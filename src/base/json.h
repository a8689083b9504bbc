/*
 * json: writing JSON into a buf.
 *
 * A writer nests at most JSON_DEPTH deep and inserts commas itself.  Strings
 * must be UTF-8 (an octet that is not becomes U+FFFD); control and bidi
 * characters are written as \uXXXX, so that a line of JSON is always one
 * printable line.
 * Errors stick: call json_err() once at the end.  They are those of buf,
 * ERR_LIMIT for too deep, ERR_INTERNAL for a wrong order of calls.
 *
 * No name here is one of jansson's, which reads JSON in the same programs.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

#define JSON_DEPTH 32

struct json {
	struct buf *out;
	int err;
	int depth;
	uint32_t objects;	/* bit d: level d is an object */
	bool comma[JSON_DEPTH];
	bool pretty;	/* indent by two blanks, one member a line */
	bool after_key;
};

void json_init(struct json *j, struct buf *out);
void json_object_begin(struct json *j);
void json_object_end(struct json *j);
void json_array_begin(struct json *j);
void json_array_end(struct json *j);
void json_key(struct json *j, const char *key);
void json_key_str(struct json *j, struct str key);
void json_str(struct json *j, struct str s);
void json_cstr(struct json *j, const char *s);
void json_u64(struct json *j, uint64_t v);
void json_i64(struct json *j, int64_t v);
void json_bool(struct json *j, bool v);
void json_put_null(struct json *j);
/* Already JSON; copied as it is as one value (or as members: json_members). */
void json_raw(struct json *j, struct str s);
/* s is `"a":1,"b":2` without braces; added to the open object. */
void json_members(struct json *j, struct str s);
/* Shorthands: key and value. */
void json_kv_str(struct json *j, const char *key, struct str v);
void json_kv_u64(struct json *j, const char *key, uint64_t v);
void json_kv_bool(struct json *j, const char *key, bool v);
/* 0, or the first error. */
int json_err(const struct json *j) WARN_UNUSED;

/* Only the escaped inside of a string, without quotes. */
int json_escape(struct buf *out, struct str s) WARN_UNUSED;

#endif
