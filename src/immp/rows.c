#include "immp/rows.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "immp/term.h"

struct rows {
	const struct app *a;
	rows_fn fn;
	void *ctx;
	char *more;
	bool begun;		/* of the array in JSON */
};

static int
hear(void *ctx, const struct immp_reply *r)
{
	struct rows *s = ctx;
	json_error_t error;
	json_t *row;
	int rc;

	if (r->code < 0)
		return 0;
	if (r->last && s->more &&
	    immp_field(r->text, "more", s->more, IMMP_UUID_SIZE) < 0)
		s->more[0] = '\0';
	if (r->text[0] != '{')
		return 0;
	if (s->a->json) {
		term_json_item(&s->begun, str_n(r->text, r->length));
		return ferror(stdout) ? 1 : 0;
	}
	row = json_loadb(r->text, r->length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	/* A row that makes no sense is as good as none. */
	if (!row)
		return 0;
	rc = s->fn(s->ctx, row);
	json_decref(row);
	return rc;
}

int
rows_get(const struct app *a, struct immp *c, const char *line, rows_fn fn,
	 void *ctx, char *ret_more)
{
	struct rows s = { .a = a, .fn = fn, .ctx = ctx, .more = ret_more };
	int rc;

	if (ret_more)
		ret_more[0] = '\0';
	rc = immp_command(c, line, hear, &s);
	if (a->json)
		term_json_end(s.begun, rc == 0);
	return rc;
}

struct str
row_str(const json_t *row, const char *key)
{
	const json_t *v = json_object_get(row, key);

	if (!json_is_string(v))
		return STR("");
	return str_n(json_string_value(v), json_string_length(v));
}

uint64_t
row_u64(const json_t *row, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(row, key));

	return n < 0 ? 0 : (uint64_t)n;
}

bool
row_has(const json_t *row, const char *key, const char *value)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(row, key), i, v) {
		if (json_is_string(v) &&
		    strcmp(json_string_value(v), value) == 0)
			return true;
	}
	return false;
}

uint64_t
row_time(const json_t *row, const char *key)
{
	uint64_t t;

	return clock_parse(row_str(row, key), &t) < 0 ? 0 : t;
}

struct str
row_name(const json_t *row, struct str imid)
{
	char key[400];
	struct str name;

	if (str_copy(imid, key, sizeof(key)) < 0)
		return imid;
	name = row_str(json_object_get(row, "names"), key);
	return name.n ? name : imid;
}
