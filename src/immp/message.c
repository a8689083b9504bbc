#include "immp/message.h"

#include <stdio.h>
#include <string.h>

#include "immp/rows.h"
#include "immp/target.h"
#include "mail/message.h"

int
message_gather(void *ctx, const struct immp_piece *p)
{
	struct buf *b = ctx;
	size_t room = b->max - b->n;
	bool fits = p->noctets <= room;

	return buf_add(b, p->octets, fits ? p->noctets : room) < 0 || !fits;
}

int
message_named(const char *word)
{
	if (target_is_one(word))
		return 0;
	return app_error(APP_USAGE, "%s is neither a UUID nor PATH#UUID", word);
}

int
message_get(struct immp *c, const char *word, struct buf *target,
	    json_t **ret)
{
	CLEANUP_BUF struct buf text = { 0 };
	struct immp_fetch f = IMMP_FETCH_INIT;
	json_error_t error;
	int rc;

	buf_init(&text, MESSAGE_JSON);
	if (target_text(target, word) < 0)
		return app_error(APP_USAGE, "%s is too long", word);
	f.target = buf_data(target);
	f.form = IMMP_JSON;
	f.peek = 1;
	f.no_data = 1;
	f.sink = message_gather;
	f.ctx = &text;
	rc = immp_fetch(c, &f);
	if (rc == IMMP_E_NOT_FOUND)
		return app_error(APP_REFUSED, "there is no message %s", word);
	if (rc < 0)
		return app_fail(c, rc);
	*ret = json_loadb(text.n ? buf_data(&text) : "", text.n,
			  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!*ret)
		return app_error(APP_REFUSED,
				 "the server's description of %s makes no "
				 "sense", word);
	return 0;
}

size_t
message_parts(const json_t *m)
{
	return json_array_size(json_object_get(m, "parts"));
}

/* What is imported has a part with the header it came with. */
static bool
has_header(const json_t *m)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(m, "parts"), i, v)
		if (str_eq(row_str(v, "id"), STR("header")))
			return true;
	return false;
}

void
message_part(const json_t *m, size_t i, struct part_view *ret)
{
	const json_t *p = json_array_get(json_object_get(m, "parts"), i);

	*ret = (struct part_view){
		.id = row_str(p, "id"), .type = row_str(p, "type"),
		.file = row_str(p, "file"), .in = row_str(p, "in"),
		.length = row_u64(p, "length"),
		.content = str_eq(row_str(p, "class"), STR("content")),
		.is_inline = json_is_true(json_object_get(p, "inline")),
	};
	ret->source = str_eq(ret->id, STR("original")) && has_header(m);
}

bool
part_type_is(const struct part_view *p, const char *type)
{
	struct str t = str_c(type);

	return str_eqi(str_sub(p->type, 0, t.n), t);
}

bool
part_is_attachment(const struct part_view *p)
{
	const struct message_part part = {
		.id = p->id, .type = p->type, .file = p->file,
		.content = p->content, .length = p->length,
	};

	return message_part_is_attachment(&part, p->source);
}

void
part_param(const struct part_view *p, const char *name, char *dst, size_t cap)
{
	struct str rest = p->type, field, key, value;

	dst[0] = '\0';
	while (str_next(&rest, ';', &field)) {
		if (!str_cut(field, '=', &key, &value) ||
		    !str_eqi(str_trim(key), str_c(name)))
			continue;
		value = str_trim(value);
		if (value.n >= 2 && value.p[0] == '"' &&
		    value.p[value.n - 1] == '"')
			value = str_sub(value, 1, value.n - 2);
		if (str_copy(value, dst, cap) < 0)
			dst[0] = '\0';
		break;
	}
	for (; *dst; dst++)
		if (*dst >= 'A' && *dst <= 'Z')
			*dst = (char)(*dst + 32);
}

/* Another form of the content: a text in the same multipart/alternative. */
static bool
is_alternative(const json_t *m, const struct part_view *content,
	       const struct part_view *p)
{
	struct part_view holder;

	if (content->in.n == 0 || !str_eq(content->in, p->in))
		return false;
	for (size_t i = 0; i < message_parts(m); i++) {
		message_part(m, i, &holder);
		if (str_eq(holder.id, content->in))
			return part_type_is(&holder, "multipart/alternative");
	}
	return false;
}

bool
message_text_part(const json_t *m, struct part_view *ret)
{
	struct part_view content, p;
	size_t n = message_parts(m), i;

	for (i = 0; i < n; i++) {
		message_part(m, i, &content);
		if (content.content)
			break;
	}
	if (i == n)
		return false;
	*ret = content;
	if (part_type_is(&content, "text/plain"))
		return true;
	for (i = 0; i < n; i++) {
		message_part(m, i, &p);
		if (part_type_is(&p, "text/plain") && p.file.n == 0 &&
		    is_alternative(m, &content, &p)) {
			*ret = p;
			return true;
		}
	}
	return part_type_is(ret, "text/");
}
