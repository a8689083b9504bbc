#include "immp/export/export.h"

#include <inttypes.h>
#include <stdio.h>

#include "immp/target.h"
#include "immp/term.h"

#define AHEAD 4			/* commands under way */
#define IDS 50			/* messages of a command */
#define LINE_ROOM 8000		/* octets that a server takes in a line */
#define DURABLE_MAX (64u << 20)	/* octets of ids */
#define SILENCE 120000		/* ms */

struct run {
	struct immp *c;
	struct export_out *out;
	const struct export_options *opts;
	struct export_counts *counts;
	struct export_index index;
	const char *path;	/* of the folder, as the server calls it */
	size_t next;		/* row to be asked for */
	size_t first;		/* row that an answer may be about */
	unsigned under_way;
	/* the message that is coming */
	const struct export_row *row;
	uint64_t at, total;
	struct buf durable;	/* ids to be deleted on the server */
	int error;		/* of writing here */
	int lost;		/* of the connection, or the server's refusal */
	char why[300];
	struct term_progress progress;
	uint64_t done, all;	/* octets */
};

/* --- what the server says --- */

/* lint-ok code: programs see the numbers of proto, not its names */
enum says { SAYS_DONE = 200, SAYS_ABSENT = 404, SAYS_DAMAGED = 720 };

/* 42x, 45x, 71x and 72x: it may go well another time. */
static int
refusal_of(int code)
{
	int tens = code / 10;

	return tens == 42 || tens == 45 || tens == 71 || tens == 72 ?
		       IMMP_E_LATER :
		       IMMP_E_REFUSED;
}

static bool
stopped(const struct run *r)
{
	return r->error < 0 || r->lost < 0;
}

static const struct export_row *
find_row(struct run *r, struct str text)
{
	struct uuid id;

	if (uuid_parse(str_sub(text, 0, UUID_TEXT), &id) < 0)
		return NULL;
	for (size_t i = r->first; i < r->next; i++)
		if (uuid_eq(&r->index.rows[i].id, &id)) {
			r->first = i;
			return &r->index.rows[i];
		}
	/* Answers may come in another order than was asked. */
	for (size_t i = r->first; i-- > 0;)
		if (uuid_eq(&r->index.rows[i].id, &id))
			return &r->index.rows[i];
	return NULL;
}

/* The batch becomes durable.  Also inside callbacks. */
static void
commit(struct run *r)
{
	size_t n = r->out->npending;
	int rc = export_out_commit(r->out);

	if (rc < 0)
		r->counts->exported -= n;
	for (size_t i = 0; r->opts->remove && i < n && rc == 0; i++)
		rc = buf_add(&r->durable, &r->out->pending[i].id,
			     sizeof(struct uuid));
	if (r->error == 0)
		r->error = rc;
}

static void
message_came(struct run *r)
{
	const struct export_row *row = r->row;
	struct export_message m = { .id = row->id, .received = row->received,
				    .from = str_c(row->from),
				    .words = str_c(row->words),
				    .flags = row->flags };

	r->row = NULL;
	r->done += row->size;
	if (export_out_full(r->out))
		commit(r);
	if (r->error == 0)
		r->error = export_out_put(r->out, &m);
	if (r->error == 0)
		r->counts->exported++;
	term_progress(&r->progress, r->done, r->all);
}

static bool
begin_message(struct run *r, const struct immp_reply *p)
{
	r->row = p->offset == 0 ? find_row(r, str_n(p->text, p->length)) : NULL;
	r->at = 0;
	r->total = p->total;
	export_spool_clear(&r->out->spool);
	return r->row != NULL;
}

static void
piece_came(struct run *r, const struct immp_reply *p)
{
	if ((!r->row && !begin_message(r, p)) || p->offset != r->at ||
	    p->total != r->total || p->noctets > r->total - r->at) {
		r->lost = IMMP_E_PROTOCOL;
		return;
	}
	r->error = export_spool_add(&r->out->spool,
				    str_n(p->octets, p->noctets));
	r->at += p->noctets;
	if (r->error == 0 && r->at == r->total)
		message_came(r);
}

/* What a command's end means for the whole. */
static void
command_ended(struct run *r, const struct immp_reply *p, bool good)
{
	r->under_way--;
	if (p->code < 0)
		r->lost = p->code;
	else if (r->row)
		r->lost = IMMP_E_PROTOCOL;
	/* All that were asked for are gone, or were damaged: told already. */
	if (good || r->lost < 0 || p->code == SAYS_ABSENT ||
	    p->code == SAYS_DAMAGED)
		return;
	r->lost = refusal_of(p->code);
	snprintf(r->why, sizeof(r->why), "%d %.*s", p->code,
		 (int)(p->length > 250 ? 250 : p->length), p->text);
}

static int
hear_fetch(void *ctx, const struct immp_reply *p)
{
	struct run *r = ctx;

	if (!stopped(r)) {
		if (p->octets)
			piece_came(r, p);
		else if (p->code == SAYS_DAMAGED && !p->last)
			r->counts->damaged++;
	}
	if (p->last)
		command_ended(r, p, p->code / 100 == 2);
	return stopped(r);
}

static int
hear_delete(void *ctx, const struct immp_reply *p)
{
	struct run *r = ctx;
	char n[24];
	uint64_t count;

	if (!p->last)
		return 0;
	if (p->code == SAYS_DONE &&
	    immp_field(p->text, "n", n, sizeof(n)) > 0 &&
	    str_u64(str_c(n), UINT64_MAX, &count) == 0)
		r->counts->deleted += count;
	command_ended(r, p, p->code == SAYS_DONE);
	return 0;
}

/* --- what it is asked --- */

/* `verb "path#uuid,uuid"switches` for n ids, each `step` octets behind the one
 * before. */
static int
submit(struct run *r, const char *verb, const void *ids, size_t n,
       size_t step, const char *switches, immp_reply_fn fn)
{
	char target[LINE_ROOM], quoted[LINE_ROOM + 200], line[LINE_ROOM + 300];
	size_t at = (size_t)snprintf(target, sizeof(target), "%s#", r->path);
	int rc;

	for (size_t i = 0; i < n; i++) {
		char text[UUID_TEXT + 1];
		struct uuid id;

		memcpy(&id, (const char *)ids + i * step, sizeof(id));
		uuid_format(&id, text);
		at += (size_t)snprintf(target + at, sizeof(target) - at, "%s%s",
				       i ? "," : "", text);
	}
	if (immp_quote(target, quoted, sizeof(quoted)) < 0)
		return IMMP_E_USAGE;
	snprintf(line, sizeof(line), "MBOX %s %s%s", verb, quoted, switches);
	rc = immp_submit(r->c, line, fn, r);
	if (rc == 0)
		r->under_way++;
	return rc;
}

/* How many ids go into a line with the folder's path. */
static size_t
ids_of_line(const struct run *r)
{
	size_t room = LINE_ROOM - 200 - 2 * strlen(r->path);
	size_t n = room / (UUID_TEXT + 1);

	return n < IDS ? n : IDS;
}

static void
ask_more(struct run *r)
{
	const char *switches = r->out->form == EXPORT_JSON ? " +JSON -READ"
							   : " -READ";

	while (!stopped(r) && r->under_way < AHEAD && r->next < r->index.n) {
		const struct export_row *row = &r->index.rows[r->next];
		size_t n = r->index.n - r->next, most = ids_of_line(r);

		if (n > most)
			n = most;
		/* Callbacks of earlier commands may run inside. */
		r->next += n;
		r->lost = submit(r, "FETCH", &row->id, n, sizeof(*row),
				 switches, hear_fetch);
	}
}

static void
wait_some(struct run *r)
{
	int rc = immp_wait(r->c, SILENCE);

	if (r->lost == 0 && rc <= 0)
		r->lost = rc < 0 ? rc : IMMP_E_TIMEOUT;
}

/* Wait until at most so many commands are under way.  After an error nobody
 * takes the answers any more. */
static void
wait_for(struct run *r, unsigned left)
{
	while (r->under_way > left && !stopped(r))
		wait_some(r);
}

/* Delete what is durable here. */
static void
delete_durable(struct run *r)
{
	size_t size = sizeof(struct uuid), most = ids_of_line(r);

	while (r->durable.n && !stopped(r)) {
		size_t n = r->durable.n / size;

		if (n > most)
			n = most;
		wait_for(r, 2 * AHEAD);
		if (!stopped(r))
			r->lost = submit(r, "DELETE", buf_data(&r->durable), n,
					 size, "", hear_delete);
		buf_consume(&r->durable, n * size);
	}
}

/* --- a folder --- */

/* Of the rows those stay that are not here; the others are counted and, with
 * remove, deleted. */
static void
sort_out(struct run *r)
{
	size_t kept = 0;

	r->all = r->done;
	for (size_t i = 0; i < r->index.n && !stopped(r); i++) {
		struct export_row *row = &r->index.rows[i];
		enum export_mark mark = export_seen_get(&r->out->seen,
							&row->id);

		if (mark == EXPORT_ABSENT) {
			r->all += row->size;
			r->index.rows[kept++] = *row;
			continue;
		}
		r->counts->skipped++;
		r->counts->kept += mark == EXPORT_DAMAGED;
		if (r->opts->remove && mark == EXPORT_THERE)
			r->error = buf_add(&r->durable, &row->id,
					   sizeof(row->id));
	}
	r->index.n = kept;
}

static void
fetch_all(struct run *r)
{
	r->next = r->first = 0;
	while (!stopped(r)) {
		ask_more(r);
		if (stopped(r) || r->under_way == 0)
			break;
		wait_some(r);
		if (export_out_full(r->out))
			commit(r);
		delete_durable(r);
	}
	/* What came whole stays, whatever happened to the rest. */
	commit(r);
	delete_durable(r);
	wait_for(r, 0);
}

static int
lost(struct run *r)
{
	if (r->why[0])
		return app_error(app_exit_of(r->lost), "%s", r->why);
	return app_fail(r->c, r->lost);
}

int
export_failed(const struct export_out *out, const char *what, int error)
{
	enum app_exit code = error == ERR_LOCKED ? APP_LATER : APP_REFUSED;

	return app_error(code, "cannot write %s: %s", what,
			 out->why ? out->why : err_text(error));
}

static int
export_folder(struct run *r, const struct export_folder *f, bool alone)
{
	struct str to = alone && r->out->form == EXPORT_MAILDIR ? STR("")
								: f->path;
	int rc = 0;

	r->path = f->asked.p;
	if (f->asked.n > LINE_ROOM / 4)
		return app_error(APP_REFUSED, "the name of %s is too long",
				 r->path);
	if (!r->opts->file)
		rc = export_out_folder(r->out, to);
	if (rc < 0)
		return export_failed(r->out, r->path, rc);
	r->lost = export_index_get(&r->index, r->c, r->path);
	/* It went away since it was listed. */
	if (r->lost == IMMP_E_NOT_FOUND && !alone)
		r->lost = r->index.n = 0;
	if (r->lost == 0)
		sort_out(r);
	fetch_all(r);
	term_progress_end(&r->progress);
	if (r->error == 0 && r->lost == 0)
		r->error = r->opts->file ? export_out_commit(r->out)
					 : export_out_end(r->out);
	if (r->error < 0)
		return export_failed(r->out, r->path, r->error);
	return r->lost < 0 ? lost(r) : 0;
}

/* What is no failure of the whole, and still must be known. */
static int
conclude(const struct export_counts *n)
{
	if (n->damaged)
		return app_error(APP_REFUSED,
				 "the server could not read %" PRIu64
				 " messages; they are not here", n->damaged);
	if (n->kept)
		return app_error(APP_REFUSED,
				 "%" PRIu64 " messages here are shorter than "
				 "they were; delete these files and try again",
				 n->kept);
	return 0;
}

int
export_run(struct immp *c, struct export_out *out,
	   const struct export_folders *folders,
	   const struct export_options *opts, struct export_counts *counts)
{
	struct run r = { .c = c, .out = out, .opts = opts, .counts = counts,
			 .progress = { .what = "exporting" } };
	int rc = 0;

	*counts = (struct export_counts){ 0 };
	export_index_init(&r.index);
	buf_init(&r.durable, DURABLE_MAX);
	if (opts->file) {
		rc = export_out_file(out, opts->file);
		if (rc < 0)
			rc = export_failed(out, opts->file, rc);
	}
	for (size_t i = 0; i < folders->n && rc == 0; i++)
		rc = export_folder(&r, &folders->v[i], folders->alone);
	/* Answers that are under way go nowhere: r ends here. */
	if (r.under_way)
		immp_disconnect(c);
	if (rc == 0 && opts->file) {
		rc = export_out_end(out);
		if (rc < 0)
			rc = export_failed(out, opts->file, rc);
	}
	export_index_done(&r.index);
	buf_done(&r.durable);
	return rc ? rc : conclude(counts);
}
