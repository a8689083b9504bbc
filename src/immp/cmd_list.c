/*
 * list: the messages of a folder, the newest last.
 *
 * On a wide terminal a message is one line, on a narrow one two (its UUID is
 * 36 columns, and is never cut: it is what the other commands take).  A pipe
 * gets fields with tabs between them, a time in RFC 3339.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/rows.h"
#include "immp/term.h"
#include "immp/text.h"
#include "immp/when.h"

#define UUID_COLS 36
#define WIDE 110	/* columns from which on a message is one line */
#define FROM_COLS 22

const struct opt cmd_list_opts[] = {
	{ 'n', "limit", "N", "at most N messages, the newest (500)" },
	{ 0, "before", "UUID", "only those before this one" },
	{ 'u', "unread", NULL, "only unread ones" },
	{ 0, NULL, NULL, NULL },
};

struct listing {
	size_t width;
	uint64_t now;
};

/* Rows that servers made before they counted attachments have parts only. */
static bool
has_attachments(const json_t *row)
{
	if (json_object_get(row, "attachments"))
		return row_u64(row, "attachments") > 0;
	return row_u64(row, "parts") > 1;
}

/* Four marks: unread, important, flagged or answered, has attachments. */
static void
marks(const json_t *row, char dst[static 5])
{
	bool important = row_has(row, "flags", "important") ||
			 json_integer_value(json_object_get(row,
							    "important")) > 0;

	dst[0] = row_has(row, "flags", "read") ? ' ' : 'N';
	dst[1] = important ? '!' : ' ';
	dst[2] = ' ';
	if (row_has(row, "flags", "answered"))
		dst[2] = 'A';
	if (row_has(row, "flags", "flagged"))
		dst[2] = 'F';
	dst[3] = has_attachments(row) ? '@' : ' ';
	dst[4] = '\0';
}

static int
add_flags(struct buf *b, const json_t *row)
{
	const json_t *v;
	size_t i;
	int rc = 0;

	json_array_foreach(json_object_get(row, "flags"), i, v) {
		if (rc == 0 && i)
			rc = buf_add_c(b, ',');
		if (rc == 0 && json_is_string(v))
			rc = text_line(b, str_c(json_string_value(v)));
	}
	return rc;
}

static int
show_fields(const json_t *row)
{
	CLEANUP_BUF struct buf b = { 0 };
	int rc;

	buf_init(&b, 1u << 20);
	rc = text_line(&b, row_str(row, "_id"));
	if (rc == 0)
		rc = buf_add_c(&b, '\t');
	if (rc == 0)
		rc = add_flags(&b, row);
	if (rc == 0)
		rc = buf_add_c(&b, '\t');
	if (rc == 0)
		rc = text_line(&b, row_str(row, "date"));
	if (rc == 0)
		rc = buf_addf(&b, "\t%" PRIu64 "\t", row_u64(row, "size"));
	if (rc == 0)
		rc = text_line(&b, row_str(row, "from"));
	if (rc == 0)
		rc = buf_add_c(&b, '\t');
	if (rc == 0)
		rc = text_line(&b, row_str(row, "subject"));
	if (rc == 0)
		printf("%.*s\n", STR_ARG(buf_str(&b)));
	return rc < 0;
}

static struct str
subject_of(const json_t *row)
{
	struct str s = str_trim(row_str(row, "subject"));

	return s.n ? s : STR("(no subject)");
}

static struct str
sender_of(const json_t *row)
{
	struct str from = row_str(row, "from"), s = row_name(row, from);

	if (str_trim(s).n == 0)
		s = from;
	return s.n ? s : STR("(no sender)");
}

static int
show_wide(const struct listing *l, const json_t *row, struct buf *b)
{
	char mark[5], when[16], size[16];
	/* uuid, marks, date, size and the blanks between */
	size_t left = l->width - UUID_COLS - 1 - 5 - 11 - 7 - FROM_COLS - 1;
	int rc;

	marks(row, mark);
	when_relative(row_time(row, "date"), l->now, when);
	when_size(row_u64(row, "size"), size);
	rc = text_fit(b, row_str(row, "_id"), UUID_COLS, true);
	if (rc == 0)
		rc = buf_addf(b, " %s %10s %6s ", mark, when, size);
	if (rc == 0)
		rc = text_fit(b, sender_of(row), FROM_COLS, true);
	if (rc == 0)
		rc = buf_add_c(b, ' ');
	return rc == 0 ? text_fit(b, subject_of(row), left, false) : rc;
}

static int
show_narrow(const struct listing *l, const json_t *row, struct buf *b)
{
	char mark[5], when[16], size[16];
	size_t from = l->width / 3, left = l->width - 5 - from - 1;
	int rc;

	marks(row, mark);
	when_relative(row_time(row, "date"), l->now, when);
	when_size(row_u64(row, "size"), size);
	rc = buf_addf(b, "%s ", mark);
	if (rc == 0)
		rc = text_fit(b, sender_of(row), from, true);
	if (rc == 0)
		rc = buf_add_c(b, ' ');
	if (rc == 0)
		rc = text_fit(b, subject_of(row), left, false);
	if (rc == 0)
		rc = buf_addf(b, "%s\n     %s", term_style(TERM_PLAIN),
			      term_style(TERM_DIM));
	if (rc == 0)
		rc = text_fit(b, row_str(row, "_id"), UUID_COLS, true);
	return rc == 0 ? buf_addf(b, " %10s %6s", when, size) : rc;
}

static int
show(void *ctx, json_t *row)
{
	const struct listing *l = ctx;
	CLEANUP_BUF struct buf b = { 0 };
	bool unread = !row_has(row, "flags", "read");
	int rc;

	buf_init(&b, 65536);
	if (!term_out())
		return show_fields(row);
	rc = l->width >= WIDE ? show_wide(l, row, &b) : show_narrow(l, row, &b);
	if (rc == 0)
		printf("%s%.*s%s\n", unread ? term_style(TERM_BOLD) : "",
		       STR_ARG(buf_str(&b)), term_style(TERM_PLAIN));
	return rc < 0;
}

static int
compose(const struct app *a, const char *path, struct buf *b, uint64_t *ret_n)
{
	const char *limit = app_value(a, "limit");
	const char *before = app_value(a, "before");
	char full[1100], quoted[2300], id[100] = "";
	const char *unread = "";
	struct uuid u;
	uint64_t n = 0;

	if (limit && (str_u64(str_c(limit), 1000000, &n) < 0 || n == 0))
		return app_error(APP_USAGE, "%s is no number of messages",
				 limit);
	*ret_n = n;
	if (before && uuid_parse(str_c(before), &u) < 0)
		return app_error(APP_USAGE, "--before: %s is no UUID", before);
	if (app_has(a, "unread"))
		unread = strstr(path, "::") ? ",unread" : "::unread";
	snprintf(full, sizeof(full), "%s%s", path, unread);
	if (strlen(path) > 1000 ||
	    immp_quote(full, quoted, sizeof(quoted)) < 0 ||
	    (before && immp_quote(before, id, sizeof(id)) < 0))
		return app_error(APP_USAGE, "%s is no folder", path);
	if (buf_addf(b, "MBOX INDEX %s", quoted) < 0 ||
	    (!limit && before && buf_addf(b, " BEFORE %s", id) < 0) ||
	    (!limit && buf_add_cstr(b, " +JSON") < 0) ||
	    buf_add_c(b, '\0') < 0)
		return app_error(APP_REFUSED, "out of memory");
	return 0;
}

int
cmd_list(struct app *a)
{
	CLEANUP_BUF struct buf line = { 0 };
	struct listing l = { term_width(), clock_unix_ms() };
	const char *path = a->nwords ? a->word[0] : "/inbox";
	char more[IMMP_UUID_SIZE] = "";
	struct immp *c = NULL;
	uint64_t n = 0;
	int rc;

	buf_init(&line, 8192);
	rc = compose(a, path, &line, &n);
	if (rc == 0)
		rc = conn_login(a, &c);
	if (rc)
		return rc;
	rc = n ? rows_get_last(a, c, buf_data(&line), n,
			       app_value(a, "before"), show, &l, more) :
		 rows_get(a, c, buf_data(&line), show, &l, more);
	if (rc == IMMP_E_NOT_FOUND)
		rc = app_error(APP_REFUSED, "there is no folder %s", path);
	else if (rc < 0)
		rc = app_fail(c, rc);
	else if (more[0] && term_out() && term_err())
		fprintf(stderr, "%sThere is more: --before %.36s%s\n",
			term_style(TERM_DIM), more, term_style(TERM_PLAIN));
	immp_free(c);
	return rc;
}
