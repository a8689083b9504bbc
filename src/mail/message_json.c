/*
 * message_json: the members that the manifest, an index row and rendered JSON
 * write alike.
 */
#include "base/clock.h"
#include "base/hex.h"
#include "mail/message_priv.h"

void
message_json_text(struct json *j, const char *key, struct str s)
{
	if (s.n > 0)
		json_kv_str(j, key, s);
}

void
message_json_true(struct json *j, const char *key, bool v)
{
	if (v)
		json_kv_bool(j, key, true);
}

void
message_json_uuid(struct json *j, const char *key, const struct uuid *u)
{
	char text[UUID_TEXT + 1];

	uuid_format(u, text);
	json_kv_str(j, key, str_n(text, UUID_TEXT));
}

void
message_json_time(struct json *j, const char *key, uint64_t unix_ms)
{
	char text[CLOCK_TEXT + 1];

	clock_format(unix_ms, text);
	json_kv_str(j, key, str_n(text, CLOCK_TEXT));
}

void
message_json_hash(struct json *j, const struct message_part *p)
{
	char hash[2 * sizeof(p->sha256)];

	hex_encode(p->sha256, sizeof(p->sha256), hash);
	json_kv_str(j, "sha256", str_n(hash, sizeof(hash)));
}

void
message_json_list(struct json *j, const char *key, const struct str *v,
		  size_t n)
{
	json_key(j, key);
	json_array_begin(j);
	for (size_t i = 0; i < n; i++)
		json_str(j, v[i]);
	json_array_end(j);
}

void
message_json_pair(struct json *j, const struct message_header *h)
{
	json_array_begin(j);
	json_str(j, h->name);
	json_str(j, h->value);
	json_array_end(j);
}
