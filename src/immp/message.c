#include "immp/message.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "immp/rows.h"
#include "immp/target.h"

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

int
message_views(const json_t *m, struct part_view **ret, size_t *ret_n)
{
	size_t n = message_parts(m);
	struct part_view *v = mem_calloc(n + 1, sizeof(*v));

	if (!v)
		return app_error(APP_REFUSED, "out of memory");
	for (size_t i = 0; i < n; i++)
		message_part(m, i, &v[i]);
	*ret = v;
	*ret_n = n;
	return 0;
}

bool
message_text_part(const json_t *m, struct part_view *ret)
{
	struct part_view *v = NULL;
	size_t n = 0, first;
	bool found = false;

	if (message_views(m, &v, &n))
		return false;
	first = part_first_text(v, n);
	found = first < n;
	if (found)
		*ret = v[first];
	mem_free(v);
	return found;
}
