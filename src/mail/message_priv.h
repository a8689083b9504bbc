/*
 * message_priv: what the files of messages and their rendering share.
 */
#ifndef MAIL_MESSAGE_PRIV_H
#define MAIL_MESSAGE_PRIV_H

#include "base/json.h"
#include "mail/message.h"

/* Multiparts in multiparts; readers of MIME give up not far behind it. */
#define MESSAGE_DEPTH 32

/* "type/subtype" of a media type, without parameters and blanks. */
struct str message_type_base(struct str type);

/* Without blanks and tabs at the front. */
struct str message_skip_blanks(struct str s);

/*
 * Take the next parameter off *rest, which is first what stands behind the
 * base.  *ret_value is as written, with its quotes.
 * Returns 1, 0 at the end, or ERR_VALUE.
 */
int message_type_next(struct str *rest, struct str *ret_name,
		      struct str *ret_value) WARN_UNUSED;

/* The value of a parameter, as written, without its quotes; p is NULL where
 * it is missing. */
struct str message_type_param(struct str type, struct str name);

/* Take the next line off *rest, without the LF that ends it and the CR before
 * that. */
struct str message_line(struct str *rest);

/* A part that holds others: a multipart without octets. */
bool message_is_container(const struct message_part *p);

/* The header block a message came with; all of it as it came (spec: APPEND). */
bool message_is_header(const struct message_part *p);
bool message_is_original(const struct message_part *p, bool imported);

#define PARENT_TOP (-1) /* the part names no other */
#define PARENT_BAD (-2) /* it names one that is no container here */

/*
 * The index of the container of each part, for parent[0..nparts).
 * *ret_twice tells whether two parts have one id (the first is then meant).
 * Returns 0 or ERR_NOMEM.
 */
int message_parents(const struct message *m, int32_t *parent, bool *ret_twice)
	WARN_UNUSED;

/* Members of JSON.  An empty text, and what is not true, is left out. */
void message_json_text(struct json *j, const char *key, struct str s);
void message_json_true(struct json *j, const char *key, bool v);
void message_json_uuid(struct json *j, const char *key, const struct uuid *u);
/* RFC 3339. */
void message_json_time(struct json *j, const char *key, uint64_t unix_ms);
/* The member "sha256". */
void message_json_hash(struct json *j, const struct message_part *p);
void message_json_list(struct json *j, const char *key, const struct str *v,
		       size_t n);
/* An element, [name,value]. */
void message_json_pair(struct json *j, const struct message_header *h);

#endif
