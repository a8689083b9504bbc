/* save: attachments to files, each whole and under a name that is safe. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/inner.h"
#include "immp/message.h"
#include "immp/outfile.h"
#include "immp/term.h"
#include "immp/text.h"

const struct opt cmd_save_opts[] = {
	{ 'p', "part", "ID", "only this part, whatever it is" },
	{ 0, NULL, NULL, NULL },
};

struct saving {
	struct app *a;
	struct immp *c;
	const char *target, *dir;
	int fd;			/* of the folder */
	struct outfile out;
	int error;		/* of writing */
	struct term_progress progress;
	size_t saved;
	bool begun;		/* the array of JSON */
};

static int
write_piece(void *ctx, const struct immp_piece *p)
{
	struct saving *s = ctx;

	s->error = outfile_write(&s->out, str_n(p->octets, p->noctets));
	term_progress(&s->progress, p->offset + p->noctets, p->total);
	return s->error < 0;
}

static int
report(struct saving *s, const struct part_view *p)
{
	CLEANUP_BUF struct buf path = { 0 }, b = { 0 };
	struct json w;
	int rc;

	buf_init(&path, 8192);
	buf_init(&b, 65536);
	rc = buf_addf(&path, "%s%s%s", s->dir,
		      str_ends(str_c(s->dir), STR("/")) ? "" : "/",
		      s->out.name);
	if (rc < 0)
		return rc;
	if (!s->a->json) {
		rc = text_line(&b, buf_str(&path));
		if (rc == 0)
			printf("%.*s\n", STR_ARG(buf_str(&b)));
	} else {
		json_init(&w, &b);
		json_object_begin(&w);
		json_kv_str(&w, "part", p->id);
		json_kv_str(&w, "type", p->type);
		json_kv_u64(&w, "length", p->length);
		json_kv_str(&w, "file", buf_str(&path));
		json_object_end(&w);
		rc = json_err(&w);
		if (rc == 0)
			term_json_item(&s->begun, buf_str(&b));
	}
	return rc;
}

static int
failed(const struct saving *s, int error)
{
	return app_error(APP_REFUSED, "cannot save in %s: %s", s->dir,
			 err_text(error));
}

/* Whole: it gets its name, and is told. */
static int
keep(struct saving *s, const struct part_view *p)
{
	char name[NAME_MAX_OCTETS + 1];
	int rc;

	name_safe(p->file.n ? p->file : p->id, "part", name);
	rc = outfile_keep(&s->out, name);
	outfile_drop(&s->out);
	if (rc < 0)
		return failed(s, rc);
	s->saved++;
	return report(s, p) < 0 ? APP_REFUSED : 0;
}

static int
save_part(struct saving *s, const struct part_view *p)
{
	struct immp_fetch f = IMMP_FETCH_INIT;
	char id[300];
	int rc;

	if (str_copy(p->id, id, sizeof(id)) < 0)
		return app_error(APP_REFUSED, "a part has too long a name");
	rc = outfile_begin(&s->out, s->fd);
	if (rc < 0)
		return failed(s, rc);
	f.target = s->target;
	f.part = id;
	f.peek = 1;
	f.sink = write_piece;
	f.ctx = s;
	rc = immp_fetch(s->c, &f);
	term_progress_end(&s->progress);
	if (rc < 0) {
		outfile_drop(&s->out);
		return s->error < 0 ? failed(s, s->error) : app_fail(s->c, rc);
	}
	return keep(s, p);
}

/* --- of what is inside a signed part --- */

static int
save_inner_part(struct saving *s, const struct inner *i,
		const struct mime_part *p)
{
	struct part_view v = { .type = p->type, .file = p->file };
	struct mime_decode d;
	char piece[16384], id[600];
	size_t n;
	int rc = outfile_begin(&s->out, s->fd);

	snprintf(id, sizeof(id), "%s/%.*s", i->id, STR_ARG(p->id));
	v.id = str_c(id);
	mime_decode_init(&d, p);
	while (rc == 0 && (n = mime_decode(&d, piece, sizeof(piece))) > 0) {
		rc = outfile_write(&s->out, str_n(piece, n));
		v.length += n;
	}
	if (rc < 0) {
		outfile_drop(&s->out);
		return failed(s, rc);
	}
	return keep(s, &v);
}

static int
save_inner(struct saving *s, const struct part_view *outer, const char *only)
{
	struct inner i;
	int rc = inner_get(s->c, s->target, outer, true, &i);

	for (size_t k = 0; rc == 0 && k < i.mail.nparts; k++) {
		const struct mime_part *p = &i.mail.parts[k];

		if (only ? p == inner_find(&i, str_c(only))
			 : inner_is_attachment(&i, p))
			rc = save_inner_part(s, &i, p);
	}
	inner_done(&i);
	return rc;
}

static int
save_all(struct saving *s, const json_t *m)
{
	const char *only = app_value(s->a, "part");
	struct part_view p;
	int rc = 0;

	for (size_t i = 0; i < message_parts(m) && rc == 0; i++) {
		message_part(m, i, &p);
		if (only ? str_eq(p.id, str_c(only)) : part_is_attachment(&p))
			rc = save_part(s, &p);
	}
	if (rc == 0 && inner_of(m, &p) && !(only && s->saved))
		rc = save_inner(s, &p, only);
	if (rc == 0 && s->saved == 0)
		rc = only ? app_error(APP_REFUSED, "there is no part %s", only)
			  : app_error(APP_REFUSED, "%s has no attachments",
				      s->a->word[0]);
	return rc;
}

int
cmd_save(struct app *a)
{
	CLEANUP_BUF struct buf target = { 0 };
	struct saving s = { .a = a, .fd = -1,
			    .dir = a->nwords > 1 ? a->word[1] : ".",
			    .progress = { .what = "saving" } };
	json_t *m = NULL;
	int rc = message_named(a->word[0]);

	buf_init(&target, 2000);
	if (rc == 0)
		rc = conn_login(a, &s.c);
	if (rc)
		return rc;
	rc = message_get(s.c, a->word[0], &target, &m);
	if (rc == 0) {
		s.target = buf_data(&target);
		rc = outfile_folder(s.dir, &s.fd);
		if (rc < 0)
			rc = failed(&s, rc);
	}
	if (rc == 0)
		rc = save_all(&s, m);
	if (a->json)
		term_json_end(s.begun, rc == 0);
	json_decref(m);
	if (s.fd >= 0)
		close(s.fd);
	immp_free(s.c);
	return rc;
}
