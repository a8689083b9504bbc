#include "immp/export/index.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "immp/export/name.h"
#include "immp/rows.h"
#include "mail/imid.h"

/* Octets of all senders' addresses and lists of keywords; past it mail is from
 * MAILER-DAEMON, and has no keywords. */
#define TEXTS_MAX (8u << 20)
#define PAGE 500

/* rows_get() is not to print. */
static const struct app quiet;

void
export_index_init(struct export_index *x)
{
	*x = (struct export_index){ 0 };
	map_init(&x->known);
	arena_init(&x->texts, TEXTS_MAX, 16384);
}

void
export_index_done(struct export_index *x)
{
	mem_free(x->rows);
	map_done(&x->known);
	arena_done(&x->texts);
	*x = (struct export_index){ 0 };
}

/* A text, each only once. */
static const char *
once(struct export_index *x, struct str s)
{
	const char *known = map_get(&x->known, s);
	struct str copy;

	if (known)
		return known;
	copy = arena_str(&x->texts, s);
	if (!copy.p || map_put(&x->known, s, (char *)(uintptr_t)copy.p,
			       NULL) < 0)
		return "";
	return copy.p;
}

static unsigned
flags_of(const json_t *row)
{
	return (row_has(row, "flags", "read") ? EXPORT_READ : 0u) |
	       (row_has(row, "flags", "flagged") ? EXPORT_FLAGGED : 0u) |
	       (row_has(row, "flags", "answered") ? EXPORT_ANSWERED : 0u) |
	       (row_has(row, "flags", "draft") ? EXPORT_DRAFT : 0u) |
	       (row_has(row, "flags", "$forwarded") ? EXPORT_FORWARDED : 0u) |
	       (row_has(row, "flags", "$deleted") ? EXPORT_DELETED : 0u);
}

/* The keywords that are no flags of the formats. */
static const char *
words_of(struct export_index *x, const json_t *row)
{
	CLEANUP_BUF struct buf b = { 0 };
	const json_t *v;
	size_t i;
	int rc = 0;

	buf_init(&b, 65536);
	json_array_foreach(json_object_get(row, "flags"), i, v) {
		struct str word = str_c(json_is_string(v) ?
					json_string_value(v) : "");

		if (!str_starts(word, STR("$")) || str_chr(word, ' ', 0) >= 0 ||
		    utf8_has_unsafe(word) ||
		    str_eq(word, STR("$forwarded")) ||
		    str_eq(word, STR("$deleted")))
			continue;
		if (rc == 0 && b.n)
			rc = buf_add_c(&b, ' ');
		if (rc == 0)
			rc = buf_add_str(&b, word);
	}
	return b.n && rc == 0 ? once(x, buf_str(&b)) : "";
}

static int
grow(struct export_index *x)
{
	size_t cap = x->cap + x->cap / 2 + PAGE;
	struct export_row *rows = mem_realloc(x->rows, cap * sizeof(*rows));

	if (!rows)
		return ERR_NOMEM;
	x->rows = rows;
	x->cap = cap;
	return 0;
}

static int
add_row(void *ctx, json_t *row)
{
	struct export_index *x = ctx;
	struct export_row *r;

	if (x->n == x->cap && grow(x) < 0) {
		x->err = ERR_NOMEM;
		return 1;
	}
	r = &x->rows[x->n];
	*r = (struct export_row){ .received = row_time(row, "received") };
	if (uuid_parse(row_str(row, "_id"), &r->id) < 0)
		return 0;
	r->size = row_u64(row, "size") & ((UINT64_C(1) << 56) - 1);
	r->flags = flags_of(row) & 0xffu;
	r->from = once(x, row_str(row, "from"));
	r->words = words_of(x, row);
	x->n++;
	return 0;
}

static void
reverse(struct export_row *rows, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct export_row r = rows[i];

		rows[i] = rows[n - 1 - i];
		rows[n - 1 - i] = r;
	}
}

/* Pages come from the newest to the oldest, each with its newest last: every
 * page is turned, and at the end all of them. */
int
export_index_get(struct export_index *x, struct immp *c, const char *path)
{
	char quoted[8192], line[8192 + 100], more[IMMP_UUID_SIZE] = "";
	int rc;

	x->n = 0;
	if (immp_quote(path, quoted, sizeof(quoted)) < 0)
		return IMMP_E_USAGE;
	do {
		size_t before = x->n;

		snprintf(line, sizeof(line), "MBOX INDEX %s LIMIT %d%s%s +JSON",
			 quoted, PAGE, more[0] ? " BEFORE " : "", more);
		rc = rows_get(&quiet, c, line, add_row, x, more);
		reverse(x->rows + before, x->n - before);
		/* A server that goes on for ever with nothing is left. */
		if (rc == 0 && x->n == before && more[0])
			rc = IMMP_E_PROTOCOL;
	} while (rc == 0 && more[0]);
	reverse(x->rows, x->n);
	return x->err == ERR_NOMEM ? IMMP_E_MEMORY : rc;
}

/* --- folders --- */

struct finding {
	struct arena *a;
	struct target want;
	struct export_folder *list;
	size_t n, cap;
	bool failed;
};

static int
add_folder(void *ctx, json_t *row)
{
	struct finding *f = ctx;
	struct str path = row_str(row, "path");
	struct export_folder *list = f->list;
	struct target t;

	if (target_parse(f->a, path, &t) < 0 || t.path.n == 0 ||
	    (f->want.path.n && !str_eq(t.key, f->want.key)))
		return 0;
	if (f->n == f->cap) {
		f->cap = 2 * f->cap + 16;
		list = ARENA_ARRAY(f->a, struct export_folder, f->cap);
		f->failed = !list;
		if (!list)
			return 1;
		if (f->n)
			memcpy(list, f->list, f->n * sizeof(*list));
		f->list = list;
	}
	list[f->n].asked = arena_str(f->a, path);
	list[f->n].path = t.path;
	f->failed = !list[f->n].asked.p;
	f->n++;
	return f->failed;
}

int
export_folders_get(struct immp *c, struct arena *a, const char *path,
		   struct export_folders *ret)
{
	struct finding f = { .a = a };
	char quoted[700], line[800];
	int rc = 0;

	if (path && (target_parse(a, str_c(path), &f.want) < 0 ||
		     f.want.has_filter || f.want.nids))
		return app_error(APP_USAGE, "%s is no folder", path);
	snprintf(line, sizeof(line), "MBOX LIST");
	if (f.want.prefix.n) {
		char account[400];

		if (str_copy(f.want.prefix, account, sizeof(account)) < 0 ||
		    immp_quote(account, quoted, sizeof(quoted)) < 0)
			return app_error(APP_USAGE, "%s is no folder", path);
		snprintf(line, sizeof(line), "MBOX LIST %s", quoted);
	}
	rc = rows_get(&quiet, c, line, add_folder, &f, NULL);
	if (f.failed)
		return app_fail(NULL, IMMP_E_MEMORY);
	if (rc < 0)
		return app_fail(c, rc);
	if (f.n == 0)
		return app_error(APP_REFUSED, "there is no folder %s",
				 path ? path : "/");
	*ret = (struct export_folders){ f.list, f.n, f.want.path.n > 0 };
	return 0;
}

bool
export_folders_has(const struct export_folders *f, struct arena *a,
		   const char *word)
{
	struct str s = str_c(word);
	struct target t, have;

	while (str_ends(s, STR("/")))
		s.n--;
	if (!str_starts(s, STR("/")) || target_parse(a, s, &t) < 0 ||
	    t.prefix.n || t.path.n == 0)
		return false;
	for (size_t i = 0; i < f->n; i++)
		if (target_parse(a, f->v[i].asked, &have) == 0 &&
		    str_eq(have.key, t.key))
			return true;
	return false;
}
