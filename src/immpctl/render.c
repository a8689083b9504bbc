/*
 * The answer on standard output, as JSON or for people.
 *
 * For people an object is lines `key: value`, one that tells what was done a
 * sentence; a list is a table, whose columns are as wide as the rows of a page
 * need.  What a peer may have written loses its control characters.
 */
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "immpctl/immpctl.h"

enum format { F_TEXT, F_SIZE, F_LIMIT };

struct column {
	enum admin_id id;
	const char *key, *head;
	enum format format;
};

/* Columns of tables; what has none here is in the JSON only. */
static const struct column columns[] = {
	{ ADMIN_CMD_DOMAIN_LIST, "domain", "DOMAIN", F_TEXT },
	{ ADMIN_CMD_DOMAIN_LIST, "own", "OWN", F_TEXT },
	{ ADMIN_CMD_ACCOUNT_LIST, "account", "ACCOUNT", F_TEXT },
	{ ADMIN_CMD_ACCOUNT_LIST, "messages", "MESSAGES", F_TEXT },
	{ ADMIN_CMD_ACCOUNT_LIST, "used", "USED", F_SIZE },
	{ ADMIN_CMD_ACCOUNT_LIST, "quota", "QUOTA", F_SIZE },
	{ ADMIN_CMD_ACCOUNT_LIST, "disabled", "DISABLED", F_TEXT },
	{ ADMIN_CMD_ACCOUNT_LIST, "password", "PASSWORD", F_TEXT },
	{ ADMIN_CMD_ACCOUNT_LIST, "proof_only", "PROOF-ONLY", F_TEXT },
	{ ADMIN_CMD_DEVICE_LIST, "device", "DEVICE", F_TEXT },
	{ ADMIN_CMD_DEVICE_LIST, "scope", "SCOPE", F_TEXT },
	{ ADMIN_CMD_DEVICE_LIST, "created", "CREATED", F_TEXT },
	{ ADMIN_CMD_LIMITS, "limit", "LIMIT", F_TEXT },
	{ ADMIN_CMD_LIMITS, "value", "VALUE", F_LIMIT },
	{ ADMIN_CMD_LIMITS, "default", "DEFAULT", F_LIMIT },
	{ ADMIN_CMD_LIMITS, "reason", "REASON", F_TEXT },
	{ ADMIN_CMD_VERIFY, "finding", NULL, F_TEXT },
};
#define NCOLUMNS (sizeof(columns) / sizeof(columns[0]))
#define COLUMNS_MAX 8

/* Members of objects that are octets. */
static const char *const sizes[] = { "used", "quota", "body_octets",
				     "wal_octets", "inline_octets" };

#define PAGE 500
#define CELL 400

struct row {
	char *cell[COLUMNS_MAX];
};

struct render {
	const struct admin_row *row;
	bool json;
	size_t items;		/* given so far */
	const char *key, *value;	/* to be added to the document */
	size_t ncols;
	const struct column *cols[COLUMNS_MAX];
	size_t width[COLUMNS_MAX];
	bool headed;
	struct row rows[PAGE];
	size_t nrows;
};

struct render *
render_new(const struct admin_row *row, bool json)
{
	struct render *r = mem_zalloc(sizeof(*r));

	if (!r)
		return NULL;
	r->row = row;
	r->json = json;
	for (size_t i = 0; i < NCOLUMNS; i++) {
		if (columns[i].id == row->id)
			r->cols[r->ncols++] = &columns[i];
	}
	return r;
}

static void
forget_rows(struct render *r)
{
	for (size_t i = 0; i < r->nrows; i++) {
		for (size_t c = 0; c < r->ncols; c++)
			mem_free(r->rows[i].cell[c]);
	}
	r->nrows = 0;
}

void
render_free(struct render *r)
{
	if (!r)
		return;
	forget_rows(r);
	mem_free(r);
}

void
render_extra(struct render *r, const char *key, const char *value)
{
	r->key = key;
	r->value = value;
}

/* --- values as text --- */

/* Add s, what a terminal should not be sent as '?'. */
static int
add_clean(struct buf *b, struct str s)
{
	while (s.n > 0) {
		uint32_t cp;
		int n = utf8_decode(s, &cp), err;

		if (n <= 0 || utf8_is_control(cp) || utf8_is_bidi(cp))
			err = buf_add_c(b, '?');
		else
			err = buf_add(b, s.p, (size_t)n);
		if (err < 0)
			return err;
		s = str_from(s, n > 0 ? (size_t)n : 1);
	}
	return 0;
}

static int
add_size(struct buf *b, json_int_t n)
{
	char text[ADMIN_SIZE_TEXT];

	admin_size_format(n > 0 ? (uint64_t)n : 0, text);
	return buf_add_cstr(b, text);
}

static int
add_time(struct buf *b, json_int_t ms)
{
	static const struct {
		json_int_t ms;
		const char *unit;
	} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" },
		      { 1000, "s" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ms > 0 && ms % units[i].ms == 0)
			return buf_addf(b, "%lld%s",
					(long long)(ms / units[i].ms),
					units[i].unit);
	}
	return buf_addf(b, "%lldms", (long long)ms);
}

static int add_value(struct buf *b, const json_t *v, enum format f,
		     const json_t *row);

static int
add_array(struct buf *b, const json_t *v)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < json_array_size(v); i++) {
		if (i > 0)
			err = buf_add_c(b, ',');
		if (err == 0)
			err = add_value(b, json_array_get(v, i), F_TEXT, NULL);
	}
	return err;
}

static int
add_number(struct buf *b, json_int_t n, enum format f, const json_t *row)
{
	const char *unit = json_string_value(json_object_get(row, "unit"));

	if (f == F_LIMIT && unit && strcmp(unit, "octets") == 0)
		f = F_SIZE;
	if (f == F_SIZE)
		return add_size(b, n);
	if (f == F_LIMIT && unit && strcmp(unit, "ms") == 0)
		return add_time(b, n);
	return buf_addf(b, "%lld", (long long)n);
}

static int
add_value(struct buf *b, const json_t *v, enum format f, const json_t *row)
{
	if (json_is_string(v))
		return add_clean(b, str_n(json_string_value(v),
					  json_string_length(v)));
	if (json_is_boolean(v))
		return buf_add_cstr(b, json_is_true(v) ? "yes" : "no");
	if (json_is_array(v))
		return add_array(b, v);
	if (json_is_integer(v))
		return add_number(b, json_integer_value(v), f, row);
	return buf_add_c(b, '-');
}

/* --- tables --- */

/* Places on a terminal, about: one a character. */
static size_t
width_of(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
print_cell(const struct render *r, size_t c, const char *text)
{
	size_t n = width_of(text);

	(void)fputs(text, stdout);
	if (c + 1 == r->ncols) {
		(void)putchar('\n');
		return;
	}
	for (; n < r->width[c] + 2; n++)
		(void)putchar(' ');
}

static void
print_rows(struct render *r)
{
	for (size_t c = 0; !r->headed && c < r->ncols; c++) {
		size_t n = r->cols[c]->head ? width_of(r->cols[c]->head) : 0;

		if (n > r->width[c])
			r->width[c] = n;
	}
	for (size_t c = 0; !r->headed && c < r->ncols; c++) {
		if (r->cols[c]->head)
			print_cell(r, c, r->cols[c]->head);
	}
	r->headed = true;
	for (size_t i = 0; i < r->nrows; i++) {
		for (size_t c = 0; c < r->ncols; c++)
			print_cell(r, c, r->rows[i].cell[c]);
	}
	forget_rows(r);
}

static int
take_row(struct render *r, const json_t *v)
{
	struct row *row = &r->rows[r->nrows];
	size_t unused;

	memset(row, 0, sizeof(*row));
	r->nrows++;
	for (size_t c = 0; c < r->ncols; c++) {
		struct buf b;
		size_t n;
		int err;

		buf_init(&b, ADMIN_ANSWER_MAX);
		err = add_value(&b, json_object_get(v, r->cols[c]->key),
				r->cols[c]->format, v);
		if (err == 0)
			err = buf_steal(&b, &row->cell[c], &unused);
		buf_done(&b);
		if (err < 0)
			return err;
		n = width_of(row->cell[c]);
		if (n > r->width[c] && n < CELL)
			r->width[c] = n;
	}
	if (r->nrows == PAGE)
		print_rows(r);
	return 0;
}

/* --- objects --- */

static bool
is_size(const char *key)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (strcmp(sizes[i], key) == 0)
			return true;
	}
	return false;
}

/* {"done":"added","account":"a@b"}: "account a@b: added". */
static int
print_done(const struct render *r, const json_t *v, struct buf *b)
{
	const char *sep = "", *key;
	json_t *one;
	int err = 0;

	json_object_foreach((json_t *)v, key, one) {
		if (strcmp(key, "done") == 0)
			continue;
		if (err == 0)
			err = buf_addf(b, "%s%s ", sep, key);
		if (err == 0)
			err = add_value(b, one, F_TEXT, NULL);
		sep = " of ";
	}
	if (err == 0)
		err = buf_add_cstr(b, ": ");
	if (err == 0)
		err = add_value(b, json_object_get(v, "done"), F_TEXT, NULL);
	if (err == 0)
		err = buf_add_c(b, '\n');
	if (err == 0 && r->value)
		err = buf_addf(b, "%s: %s\n", r->key, r->value);
	return err;
}

/* An array of objects: a line for each, its values only. */
static bool
is_lines(const json_t *v)
{
	return json_is_object(json_array_get(v, 0));
}

static int
add_lines(struct buf *b, const char *key, const json_t *v)
{
	int err = buf_addf(b, "%s:\n", key);

	for (size_t i = 0; i < json_array_size(v); i++) {
		const char *unused, *sep = "  ";
		json_t *one;

		json_object_foreach(json_array_get(v, i), unused, one) {
			if (err == 0)
				err = buf_add_cstr(b, sep);
			if (err == 0)
				err = add_value(b, one, F_TEXT, NULL);
			sep = " ";
		}
		if (err == 0)
			err = buf_add_c(b, '\n');
	}
	return err;
}

static int
add_member(struct buf *b, const char *key, size_t wide, const json_t *v)
{
	int pad = wide > strlen(key) ? (int)(wide - strlen(key)) : 0;
	int err = buf_addf(b, "%s:%*s", key, pad + 1, "");

	if (err == 0)
		err = add_value(b, v, is_size(key) ? F_SIZE : F_TEXT, NULL);
	return err == 0 ? buf_add_c(b, '\n') : err;
}

/* Plain members first, then what was made, then lists. */
static int
print_members(const struct render *r, const json_t *v, struct buf *b)
{
	const char *key;
	json_t *one;
	size_t wide = 0;
	int err = 0;

	json_object_foreach((json_t *)v, key, one) {
		if (!is_lines(one) && strlen(key) > wide)
			wide = strlen(key);
	}
	if (r->value && strlen(r->key) > wide)
		wide = strlen(r->key);
	json_object_foreach((json_t *)v, key, one) {
		if (err == 0 && !is_lines(one))
			err = add_member(b, key, wide, one);
	}
	if (err == 0 && r->value)
		err = buf_addf(b, "%s:%*s%s\n", r->key,
			       (int)(wide - strlen(r->key) + 1), "", r->value);
	json_object_foreach((json_t *)v, key, one) {
		if (err == 0 && is_lines(one))
			err = add_lines(b, key, one);
	}
	return err;
}

static int
print_object(struct render *r, const json_t *v)
{
	CLEANUP_BUF struct buf b = { 0 };
	int err;

	buf_init(&b, ADMIN_ANSWER_MAX);
	if (json_object_get(v, "done"))
		err = print_done(r, v, &b);
	else
		err = print_members(r, v, &b);
	if (err == 0)
		(void)fwrite(buf_data(&b), 1, b.n, stdout);
	if (b.n > 0)
		secret_wipe(buf_data(&b), b.n);
	return err;
}

/* --- the sink --- */

static void
print_json(struct render *r, enum admin_kind kind, struct str text)
{
	if (kind == ADMIN_ITEM) {
		(void)printf("%s%.*s", r->items == 0 ? "[" : ",\n",
			     STR_ARG(text));
	} else if (r->value) {
		/* The value has no character that JSON would escape. */
		(void)printf("%.*s,\"%s\":\"%s\"}\n", (int)text.n - 1, text.p,
			     r->key, r->value);
	} else {
		(void)printf("%.*s\n", STR_ARG(text));
	}
}

static int
print_text(struct render *r, enum admin_kind kind, struct str text)
{
	json_t *v = json_loadb(text.p, text.n, 0, NULL);
	int err;

	if (!v)
		return ERR_VALUE;
	err = kind == ADMIN_ITEM ? take_row(r, v) : print_object(r, v);
	json_decref(v);
	return err;
}

static int
put(void *ctx, enum admin_kind kind, struct str text)
{
	struct render *r = ctx;
	int err = 0;

	switch (kind) {
	case ADMIN_NOTE:
		(void)fprintf(stderr, "immpctl: %.*s\n", STR_ARG(text));
		return 0;
	case ADMIN_PROGRESS:
		if (isatty(STDERR_FILENO))
			(void)fprintf(stderr, "%.*s\n", STR_ARG(text));
		return 0;
	case ADMIN_OBJECT:
	case ADMIN_ITEM:
		break;
	}
	if (r->json)
		print_json(r, kind, text);
	else
		err = print_text(r, kind, text);
	r->items++;
	return err == 0 && ferror(stdout) ? ERR_IO : err;
}

struct admin_out
render_out(struct render *r)
{
	return (struct admin_out){ put, r };
}

int
render_end(struct render *r, int code)
{
	if (r->row->flags & ADMIN_LIST && r->json &&
	    (r->items > 0 || code == ADMIN_DONE))
		(void)printf("%s]\n", r->items == 0 ? "[" : "");
	if (!r->json && r->nrows > 0)
		print_rows(r);
	return fflush(stdout) != 0 || ferror(stdout) ? ERR_IO : 0;
}
