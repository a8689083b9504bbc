/*
 * read: show a message.
 *
 * The message is asked for twice: once without its octets, for the head and
 * the list of its parts, then the text alone, which marks it read.  A huge
 * text is shown in part; a pipe gets it whole with --raw.
 *
 * --raw, --part and --mime hand out octets as they are.  On a terminal they
 * are cleaned, and what is no text is not shown at all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/html.h"
#include "immp/inner.h"
#include "immp/message.h"
#include "immp/rows.h"
#include "immp/term.h"
#include "immp/text.h"
#include "immp/when.h"

/* Octets of a text that is shown. */
#define TEXT_SHOWN (1u << 20)
#define TEXT_COLS 100

const struct opt cmd_read_opts[] = {
	{ 'p', "part", "ID", "only this part, as it is" },
	{ 0, "raw", NULL, "only the text, as it is" },
	{ 0, "mime", NULL, "the whole message as MIME" },
	{ 0, "peek", NULL, "do not mark it read" },
	{ 0, NULL, NULL, NULL },
};

/* --- octets as they are --- */

struct copying {
	struct buf rest;	/* on a terminal: the end of a character */
	bool clean;
	uint64_t done, total;
	struct term_progress progress;
};

static int
copy_piece(void *ctx, const struct immp_piece *p)
{
	struct copying *k = ctx;
	bool last = p->offset + p->noctets == p->total;

	if (!k->clean) {
		fwrite(p->octets, 1, p->noctets, stdout);
	} else {
		CLEANUP_BUF struct buf out = { 0 };
		size_t used;

		buf_init(&out, 4u << 20);
		if (buf_add(&k->rest, p->octets, p->noctets) < 0)
			return 1;
		used = text_stream(&out, buf_str(&k->rest), last);
		buf_consume(&k->rest, used);
		fwrite(buf_data(&out), 1, out.n, stdout);
	}
	if (!k->clean)
		term_progress(&k->progress, p->offset + p->noctets, p->total);
	return ferror(stdout) ? 1 : 0;
}

static int
copy(struct immp *c, struct immp_fetch *f)
{
	struct copying k = { .clean = term_out(),
			     .progress = { .what = "reading" } };
	int rc;

	buf_init(&k.rest, 2u << 20);
	f->sink = copy_piece;
	f->ctx = &k;
	rc = immp_fetch(c, f);
	term_progress_end(&k.progress);
	buf_done(&k.rest);
	if (rc == IMMP_E_STOPPED && ferror(stdout))
		return APP_DONE; /* main() says so */
	return rc < 0 ? app_fail(c, rc) : APP_DONE;
}

/* A part of what is inside a signed one. */
static int
copy_inner(struct app *a, struct immp *c, const char *target,
	   const struct part_view *outer, const char *id)
{
	CLEANUP_BUF struct buf octets = { 0 };
	const struct mime_part *p;
	struct inner i;
	int rc = inner_get(c, target, outer, app_has(a, "peek"), &i);

	if (rc == 0 && (p = inner_find(&i, str_c(id))) == NULL)
		rc = app_error(APP_REFUSED, "there is no part %s", id);
	if (rc == 0) {
		buf_init(&octets, i.octets.max);
		if (!inner_decode(p, &octets))
			rc = app_error(APP_REFUSED, "out of memory");
	}
	if (rc == 0)
		term_write(buf_str(&octets));
	inner_done(&i);
	return rc;
}

static int
copy_part(struct app *a, struct immp *c, const char *target, const json_t *m,
	  const char *id)
{
	struct immp_fetch f = IMMP_FETCH_INIT;
	struct part_view p;

	for (size_t i = 0; i < message_parts(m); i++) {
		message_part(m, i, &p);
		if (!str_eq(p.id, str_c(id)))
			continue;
		if (term_out() && !part_type_is(&p, "text/"))
			return app_error(APP_REFUSED,
					 "part %s is no text (%.*s); use save, "
					 "or > FILE", id, STR_ARG(p.type));
		f.target = target;
		f.part = id;
		f.peek = app_has(a, "peek");
		return copy(c, &f);
	}
	if (inner_of(m, &p) && strchr(id, '/'))
		return copy_inner(a, c, target, &p, id);
	return app_error(APP_REFUSED, "there is no part %s", id);
}

static int
copy_whole(struct app *a, struct immp *c, const char *target,
	   enum immp_form form)
{
	struct immp_fetch f = IMMP_FETCH_INIT;
	int rc;

	f.target = target;
	f.form = form;
	f.peek = app_has(a, "peek");
	rc = copy(c, &f);
	if (rc == 0 && form == IMMP_JSON)
		putchar('\n');
	return rc;
}

/* --- the head --- */

static void
print_line(const char *name, struct str value)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, 4 * value.n + 16);
	if (value.n == 0 || text_line(&b, value) < 0)
		return;
	printf("%s%-8s%s %.*s\n", term_style(TERM_DIM), name,
	       term_style(TERM_PLAIN), STR_ARG(buf_str(&b)));
}

/* `Name <imid>`, or the IMID alone. */
static int
add_person(struct buf *b, const json_t *envelope, struct str imid)
{
	struct str name = row_name(envelope, imid);
	int rc;

	if (str_eq(name, imid))
		return text_line(b, imid);
	rc = text_line(b, name);
	if (rc == 0)
		rc = buf_add_cstr(b, " <");
	if (rc == 0)
		rc = text_line(b, imid);
	return rc == 0 ? buf_add_c(b, '>') : rc;
}

static void
print_people(const char *name, const json_t *envelope, const char *key)
{
	CLEANUP_BUF struct buf b = { 0 };
	const json_t *list = json_object_get(envelope, key), *v;
	size_t i;
	int rc = 0;

	buf_init(&b, 4u << 20);
	if (json_is_string(list))
		rc = add_person(&b, envelope, row_str(envelope, key));
	json_array_foreach(list, i, v) {
		if (rc == 0 && i)
			rc = buf_add_cstr(&b, ", ");
		if (rc == 0 && json_is_string(v))
			rc = add_person(&b, envelope,
					str_c(json_string_value(v)));
	}
	if (rc == 0)
		print_line(name, buf_str(&b));
}

static void
print_head(const json_t *m)
{
	const json_t *envelope = json_object_get(m, "envelope");
	uint64_t date = row_time(envelope, "date");
	char full[48], ago[16], line[80];

	print_people("From:", envelope, "from");
	print_people("Sent by:", envelope, "by");
	print_people("To:", envelope, "to");
	print_people("Cc:", envelope, "cc");
	if (date) {
		when_full(date, full);
		when_relative(date, clock_unix_ms(), ago);
		snprintf(line, sizeof(line), "%s (%s)", full, ago);
		print_line("Date:", str_c(line));
	}
	print_line("Subject:", row_str(envelope, "subject"));
	if (json_integer_value(json_object_get(envelope, "important")) > 0 ||
	    row_has(m, "flags", "important"))
		print_line("Flags:", STR("important"));
}

/* --- the text --- */

static bool
is_flowed(const struct part_view *p, bool *ret_delsp)
{
	char value[16];

	part_param(p, "delsp", value, sizeof(value));
	*ret_delsp = strcmp(value, "yes") == 0;
	part_param(p, "format", value, sizeof(value));
	return part_type_is(p, "text/plain") && strcmp(value, "flowed") == 0;
}

static void
print_text(struct str text, const struct part_view *p)
{
	CLEANUP_BUF struct buf utf8 = { 0 }, plain = { 0 }, wrapped = { 0 };
	char charset[64];
	size_t cols = term_width();
	bool delsp;

	buf_init(&utf8, 8u << 20);
	buf_init(&plain, 16u << 20);
	buf_init(&wrapped, 64u << 20);
	part_param(p, "charset", charset, sizeof(charset));
	mime_init();
	if (mime_utf8(str_c(charset), text, &utf8) == 0)
		text = buf_str(&utf8);
	if (part_type_is(p, "text/html") && html_text(&plain, text) == 0)
		text = buf_str(&plain);
	else if (is_flowed(p, &delsp) && text_flowed(&plain, text, delsp) == 0)
		text = buf_str(&plain);
	if (cols > TEXT_COLS)
		cols = TEXT_COLS;
	putchar('\n');
	if (str_trim(text).n == 0)
		printf("(the text is empty)\n");
	else if (text_wrap(&wrapped, text, cols) == 0)
		fwrite(buf_data(&wrapped), 1, wrapped.n, stdout);
}

static void
print_cut(void)
{
	printf("\n(cut here; the rest of the text: read --raw)\n");
}

static void
print_no_text(void)
{
	printf("\n(no text; see the attachments)\n");
}

/* Of what is inside a signed part. */
static void
show_inner_text(const struct inner *i)
{
	const struct mime_part *p = inner_text(i);
	CLEANUP_BUF struct buf text = { 0 };
	struct part_view v;
	bool whole;

	if (!p) {
		print_no_text();
		return;
	}
	buf_init(&text, TEXT_SHOWN);
	whole = inner_decode(p, &text);
	v = (struct part_view){ .type = p->type };
	print_text(buf_str(&text), &v);
	if (!whole)
		print_cut();
}

static int
show_text(struct app *a, struct immp *c, const char *target,
	  const json_t *m)
{
	CLEANUP_BUF struct buf text = { 0 };
	struct immp_fetch f = IMMP_FETCH_INIT;
	struct part_view p;
	char id[300];
	int rc;

	buf_init(&text, TEXT_SHOWN);
	if (!message_text_part(m, &p) ||
	    str_copy(p.id, id, sizeof(id)) < 0) {
		print_no_text();
		return 0;
	}
	f.target = target;
	f.part = id;
	f.peek = app_has(a, "peek");
	/* Whole, or not to be marked as if it had been read whole. */
	f.count = p.length > TEXT_SHOWN ? TEXT_SHOWN : 0;
	f.sink = message_gather;
	f.ctx = &text;
	rc = immp_fetch(c, &f);
	if (rc < 0)
		return app_fail(c, rc);
	print_text(buf_str(&text), &p);
	if (f.count)
		print_cut();
	return 0;
}

/* A text that is only another form of the content does not mark the message
 * read by being fetched. */
static void
mark_read(struct app *a, struct immp *c, const char *target, const json_t *m)
{
	char quoted[4200], line[4300];
	struct part_view p;

	if (app_has(a, "peek") || row_has(m, "flags", "read") ||
	    !message_text_part(m, &p) || p.content ||
	    immp_quote(target, quoted, sizeof(quoted)) < 0)
		return;
	snprintf(line, sizeof(line), "MBOX MARK %s +READ", quoted);
	(void)immp_command(c, line, NULL, NULL); /* a courtesy */
}

/* One line of the list; outer: the part that p is in, or empty. */
static void
print_attachment(struct str outer, const struct part_view *p, bool *first)
{
	CLEANUP_BUF struct buf b = { 0 };
	char size[16];

	buf_init(&b, 1u << 20);
	when_size(p->length, size);
	if (text_line(&b, outer) < 0 ||
	    (outer.n && buf_add_c(&b, '/') < 0) ||
	    text_line(&b, p->id) < 0 || buf_add_cstr(&b, "  ") < 0 ||
	    text_line(&b, p->file) < 0 ||
	    buf_addf(&b, "%s(", p->file.n ? " " : "") < 0 ||
	    text_line(&b, p->type) < 0 || buf_addf(&b, ", %s)", size) < 0)
		return;
	printf("%s  %.*s\n", *first ? "\nAttachments:\n" : "",
	       STR_ARG(buf_str(&b)));
	*first = false;
}

static void
print_attachments(const json_t *m, const struct inner *i)
{
	bool first = true;

	for (size_t k = 0; k < message_parts(m); k++) {
		struct part_view p;

		message_part(m, k, &p);
		if (part_is_attachment(&p))
			print_attachment(STR(""), &p, &first);
	}
	for (size_t k = 0; i && k < i->mail.nparts; k++) {
		const struct mime_part *p = &i->mail.parts[k];
		struct part_view v = { .id = p->id, .type = p->type,
				       .file = p->file };

		if (!inner_is_attachment(i, p))
			continue;
		v.length = mime_decoded_length(p);
		print_attachment(str_c(i->id), &v, &first);
	}
}

/* A message whose content is a signed one. */
static int
show_inner(struct app *a, struct immp *c, const char *target, const json_t *m,
	   const struct part_view *p)
{
	struct inner i;
	int rc = inner_get(c, target, p, app_has(a, "peek"), &i);

	if (rc == 0) {
		show_inner_text(&i);
		print_attachments(m, &i);
	}
	inner_done(&i);
	return rc;
}

static int
show(struct app *a, struct immp *c, const char *target, const json_t *m)
{
	struct part_view p;
	int rc;

	print_head(m);
	if (inner_of(m, &p))
		return show_inner(a, c, target, m, &p);
	rc = show_text(a, c, target, m);
	if (rc)
		return rc;
	mark_read(a, c, target, m);
	print_attachments(m, NULL);
	return APP_DONE;
}

static int
run(struct app *a, struct immp *c)
{
	CLEANUP_BUF struct buf target = { 0 };
	const char *part = app_value(a, "part");
	struct part_view p;
	json_t *m = NULL;
	char id[300];
	int rc;

	buf_init(&target, 2000);
	rc = message_get(c, a->word[0], &target, &m);
	if (rc)
		return rc;
	if (part) {
		rc = copy_part(a, c, buf_data(&target), m, part);
	} else if (app_has(a, "mime")) {
		rc = copy_whole(a, c, buf_data(&target), IMMP_MIME);
	} else if (app_has(a, "raw")) {
		if (message_text_part(m, &p) &&
		    str_copy(p.id, id, sizeof(id)) == 0)
			rc = copy_part(a, c, buf_data(&target), m, id);
		else
			rc = app_error(APP_REFUSED, "the message has no text");
	} else if (a->json) {
		rc = copy_whole(a, c, buf_data(&target), IMMP_JSON);
	} else {
		rc = show(a, c, buf_data(&target), m);
	}
	json_decref(m);
	return rc;
}

int
cmd_read(struct app *a)
{
	struct immp *c;
	int rc;

	if (app_has(a, "raw") + app_has(a, "mime") + app_has(a, "part") +
		    (a->json && !app_has(a, "part")) > 1)
		return app_error(APP_USAGE,
				 "one of --part, --raw, --mime, --json");
	rc = message_named(a->word[0]);
	if (rc == 0)
		rc = conn_login(a, &c);
	if (rc)
		return rc;
	rc = run(a, c);
	immp_free(c);
	return rc;
}
