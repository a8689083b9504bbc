#include "immp/rows.h"

#include <inttypes.h>
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
give(struct rows *s, struct str text)
{
	json_error_t error;
	json_t *row;
	int rc;

	if (s->a->json) {
		term_json_item(&s->begun, text);
		return ferror(stdout) ? 1 : 0;
	}
	row = json_loadb(text.p, text.n,
			 JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	/* A row that makes no sense is as good as none. */
	if (!row)
		return 0;
	rc = s->fn(s->ctx, row);
	json_decref(row);
	return rc;
}

static int
hear(void *ctx, const struct immp_reply *r)
{
	struct rows *s = ctx;

	if (r->code < 0)
		return 0;
	if (r->last && s->more &&
	    immp_field(r->text, "more", s->more, IMMP_UUID_SIZE) < 0)
		s->more[0] = '\0';
	return r->text[0] == '{' ? give(s, str_n(r->text, r->length)) : 0;
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

/* --- more than one page --- */

/* Rows of a page, a line each. */
struct page {
	struct buf rows;
	uint64_t n;
	char more[IMMP_UUID_SIZE];
};

/* The pages there are, from the newest on: of each but the first the message
 * that it ends before. */
struct pages {
	struct immp *c;
	const char *index;
	struct buf before;	/* IMMP_UUID_SIZE octets each */
	struct page first, now;
};

static int
keep(void *ctx, const struct immp_reply *r)
{
	struct page *p = ctx;

	if (r->code < 0)
		return 0;
	if (r->last &&
	    immp_field(r->text, "more", p->more, sizeof(p->more)) < 0)
		p->more[0] = '\0';
	if (r->text[0] != '{')
		return 0;
	p->n++;
	return buf_add(&p->rows, r->text, r->length) < 0 ||
	       buf_add_c(&p->rows, '\n') < 0;
}

static int
page_get(const struct pages *g, const char *before, uint64_t n, struct page *p)
{
	CLEANUP_BUF struct buf line = { 0 };
	char id[100];
	int rc = 0;

	buf_init(&line, 8192);
	buf_clear(&p->rows);
	p->n = 0;
	p->more[0] = '\0';
	if (before && immp_quote(before, id, sizeof(id)) < 0)
		rc = IMMP_E_USAGE;
	if (rc == 0 &&
	    (buf_addf(&line, "%s LIMIT %" PRIu64, g->index, n) < 0 ||
	     (before && buf_addf(&line, " BEFORE %s", id) < 0) ||
	     buf_addf(&line, " +JSON%c", '\0') < 0))
		rc = IMMP_E_MEMORY;
	return rc ? rc : immp_command(g->c, buf_data(&line), keep, p);
}

static int
page_give(struct rows *s, const struct page *p)
{
	struct str rest = buf_str(&p->rows), row;
	int rc = 0;

	while (rc == 0 && rest.n && str_next(&rest, '\n', &row))
		rc = row.n ? give(s, row) : 0;
	return rc ? IMMP_E_STOPPED : 0;
}

/* Go back until n rows are passed, or there are no more; the oldest page is
 * then g->now, unless it is the first. */
static int
go_back(struct pages *g, uint64_t n, const char *before)
{
	struct page *p = &g->first;
	int rc = page_get(g, before, n, p);

	while (rc == 0 && p->more[0] && p->n && p->n < n) {
		char id[IMMP_UUID_SIZE];

		n -= p->n;
		memcpy(id, p->more, sizeof(id));
		if (buf_add(&g->before, id, sizeof(id)) < 0)
			return IMMP_E_MEMORY;
		p = &g->now;
		rc = page_get(g, id, n, p);
	}
	return rc;
}

/* And forth. */
static int
come_forth(struct pages *g, struct rows *s)
{
	size_t n = g->before.n / IMMP_UUID_SIZE;
	int rc = 0;

	if (n)
		rc = page_give(s, &g->now);
	while (rc == 0 && n-- > 1) {
		const char *id = buf_data(&g->before) +
				 (n - 1) * IMMP_UUID_SIZE;

		rc = page_get(g, id, UINT32_MAX, &g->now);
		if (rc == 0)
			rc = page_give(s, &g->now);
	}
	return rc == 0 ? page_give(s, &g->first) : rc;
}

int
rows_get_last(const struct app *a, struct immp *c, const char *index,
	      uint64_t n, const char *before, rows_fn fn, void *ctx,
	      char *ret_more)
{
	struct rows s = { .a = a, .fn = fn, .ctx = ctx };
	struct pages g = { .c = c, .index = index };
	int rc;

	buf_init(&g.before, 64u << 20);
	buf_init(&g.first.rows, 256u << 20);
	buf_init(&g.now.rows, 256u << 20);
	rc = go_back(&g, n, before);
	memcpy(ret_more, g.before.n ? g.now.more : g.first.more,
	       IMMP_UUID_SIZE);
	if (rc == 0)
		rc = come_forth(&g, &s);
	if (a->json)
		term_json_end(s.begun, rc == 0);
	buf_done(&g.before);
	buf_done(&g.first.rows);
	buf_done(&g.now.rows);
	return rc;
}

/* --- members --- */

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
