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
#include "base/mem.h"
#include "immp/attached.h"
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

	buf_init(&b, 64u << 20);
	if (str_trim(value).n == 0 ||
	    text_hang(&b, value, term_text_width(), 9) < 0)
		return;
	printf("%s%-8s%s %.*s", term_style(TERM_DIM), name,
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
	struct str subject = row_str(envelope, "subject");
	uint64_t date = row_time(envelope, "date"), now = clock_unix_ms();
	char full[48], ago[16], line[80];

	if (row_str(envelope, "from").n)
		print_people("From:", envelope, "from");
	else
		print_line("From:", STR("(no sender)"));
	print_people("Sent by:", envelope, "by");
	print_people("To:", envelope, "to");
	print_people("Cc:", envelope, "cc");
	if (date) {
		when_full(date, full);
		when_relative(date, now, ago);
		snprintf(line, sizeof(line), "%s (%s ago)", full, ago);
		print_line("Date:", str_c(now - date < 7 * 86400000ull &&
							  strcmp(ago, "now") != 0 ?
						  line : full));
	}
	print_line("Subject:", str_trim(subject).n ? subject
						   : STR("(no subject)"));
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

/* False if there is nothing to see. */
static bool
print_text(struct str text, const struct part_view *p)
{
	CLEANUP_BUF struct buf utf8 = { 0 }, plain = { 0 }, wrapped = { 0 };
	char charset[64];
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
	if (text_wrap(&wrapped, text, term_text_width()) < 0 || wrapped.n == 0)
		return false;
	putchar('\n');
	fwrite(buf_data(&wrapped), 1, wrapped.n, stdout);
	return true;
}

/* What is shown of a message's texts, from wherever they come. */
struct showing {
	struct immp *c;
	const char *target;
	const struct inner *inner;	/* or NULL */
	const struct part_view *v;
	size_t n;
	bool peek, seen, cut, attached, deep;
};

static int
get_text(struct showing *s, const struct part_view *p, struct buf *text)
{
	struct immp_fetch f = IMMP_FETCH_INIT;
	char id[300];
	int rc;

	buf_clear(text);
	if (s->inner) {
		s->cut |= !inner_decode(&s->inner->mail.parts[p - s->v], text);
		return 0;
	}
	if (p->length == 0)
		return 0;
	if (str_copy(p->id, id, sizeof(id)) < 0)
		return app_error(APP_REFUSED, "a part has too long a name");
	f.target = s->target;
	f.part = id;
	f.peek = s->peek;
	/* Whole, or not to be marked as if it had been read whole. */
	f.count = p->length > TEXT_SHOWN ? TEXT_SHOWN : 0;
	f.sink = message_gather;
	f.ctx = text;
	rc = immp_fetch(s->c, &f);
	s->cut |= f.count > 0;
	return rc < 0 ? app_fail(s->c, rc) : 0;
}

static int
show_part(struct showing *s, size_t i)
{
	CLEANUP_BUF struct buf text = { 0 };
	const struct part_view *p = &s->v[i];
	int rc;

	buf_init(&text, TEXT_SHOWN);
	rc = get_text(s, p, &text);
	if (rc || print_text(buf_str(&text), p)) {
		s->seen = true;
		return rc;
	}
	/* Some write nothing but HTML, and an empty text beside it. */
	i = part_type_is(p, "text/plain") ? part_other_form(s->v, s->n, i)
					  : s->n;
	if (i < s->n) {
		rc = get_text(s, &s->v[i], &text);
		s->seen |= rc || print_text(buf_str(&text), &s->v[i]);
	}
	return rc;
}

static int
show_texts(struct showing *s)
{
	size_t texts[PART_TEXTS], n = part_texts(s->v, s->n, texts);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = show_part(s, texts[i]);
	for (size_t i = 0; i < s->n; i++)
		s->attached |= part_is_attachment(&s->v[i]);
	return rc;
}

static void
print_mime_people(const char *name, const struct mime_addr *v, size_t n)
{
	CLEANUP_BUF struct buf b = { 0 };
	int rc = 0;

	buf_init(&b, 4u << 20);
	for (size_t i = 0; i < n && rc == 0; i++) {
		bool both = v[i].name.n && v[i].addr.n;

		rc = i ? buf_add_cstr(&b, ", ") : 0;
		if (rc == 0)
			rc = buf_add_str(&b, v[i].name);
		if (rc == 0 && both)
			rc = buf_add_cstr(&b, " <");
		if (rc == 0)
			rc = buf_add_str(&b, v[i].addr);
		if (rc == 0 && both)
			rc = buf_add_c(&b, '>');
	}
	if (rc == 0)
		print_line(name, buf_str(&b));
}

static void
print_inner_head(const struct mime_mail *m)
{
	char date[48];

	printf("\nForwarded message:\n\n");
	print_mime_people("From:", &m->from, 1);
	print_mime_people("To:", m->to, m->nto);
	print_mime_people("Cc:", m->cc, m->ncc);
	if (m->has_date) {
		when_full(m->date, date);
		print_line("Date:", str_c(date));
	}
	print_line("Subject:", m->subject);
}

/* Of what is inside a part that came whole. */
static int
show_inner_texts(struct showing *s, const struct inner *i)
{
	const struct mime_part *broken = inner_broken(i);
	struct part_view *v;
	int rc = inner_views(i, &v);

	if (rc)
		return rc;
	if (i->message)
		print_inner_head(&i->mail);
	s->inner = i;
	s->v = v;
	s->n = i->mail.nparts;
	/* It says it has parts, but not where: all of it is text. */
	if (broken)
		v[0] = (struct part_view){ .type = STR("text/plain"),
					   .content = true,
					   .length = broken->raw.n };
	rc = show_texts(s);
	for (size_t k = 0; k < s->n; k++)
		s->deep |= !broken && !i->mail.parts[k].container &&
			   part_type_is(&v[k], "multipart/");
	mem_free(v);
	s->inner = NULL;
	return rc;
}

/* All of a message's; i: what is inside its content, or NULL. */
static int
show_message_texts(struct app *a, struct immp *c, const char *target,
		   const json_t *m, const struct inner *i)
{
	struct showing s = { .c = c, .target = target,
			     .peek = app_has(a, "peek") };
	struct part_view *v;
	size_t n;
	int rc = message_views(m, &v, &n);

	if (rc)
		return rc;
	if (i)
		rc = show_inner_texts(&s, i);
	s.v = v;
	s.n = n;
	if (rc == 0)
		rc = show_texts(&s);
	mem_free(v);
	if (s.cut)
		printf("\n(cut here; the rest of the text: read --raw)\n");
	if (s.deep)
		printf("\n(some parts lie too deep in others to be shown; all "
		       "of it: read --mime)\n");
	else if (!s.seen)
		printf("\n(no text%s)\n", s.attached ? "; see the attachments"
						     : "");
	return rc;
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

/* A message whose content is another one. */
static int
show_inner(struct app *a, struct immp *c, const char *target, const json_t *m,
	   const struct part_view *p)
{
	struct inner i;
	int rc = inner_get(c, target, p, app_has(a, "peek"), &i);

	if (rc == 0) {
		rc = show_message_texts(a, c, target, m, &i);
		attached_print(m, &i);
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
	rc = show_message_texts(a, c, target, m, NULL);
	if (rc)
		return rc;
	mark_read(a, c, target, m);
	attached_print(m, NULL);
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
		    a->json > 1)
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
