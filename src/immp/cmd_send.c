/*
 * send: a message, its text and its attachments.
 *
 * Files are streamed; their length is what fstat() says, and one that changes
 * it while it is sent spoils the message before it is accepted, so nothing
 * half is ever delivered.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "immp/body.h"
#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/names.h"
#include "immp/target.h"
#include "immp/term.h"

#define FILES 200
#define PEOPLE 100

const struct opt cmd_send_opts[] = {
	{ 's', "subject", "TEXT", "the subject" },
	{ 'a', "attach", "FILE", "attach a file; may be repeated" },
	{ 0, "cc", "IMID", "a copy to; may be repeated" },
	{ 0, "bcc", "IMID", "a copy that the others do not see" },
	{ 0, "from", "IMID", "send for a mailbox that lets you" },
	{ 0, "reply", "UUID", "the message this answers" },
	{ 0, "html", NULL, "the text is HTML" },
	{ 0, "important", NULL, "mark it important" },
	{ 0, "secure", NULL, "only to servers whose key is proved" },
	{ 0, "anonymous", NULL, "hide the sender from the recipients" },
	{ 0, "id", "UUID", "the message's own UUID, to repeat one safely" },
	{ 0, NULL, NULL, NULL },
};

struct sending {
	struct app *a;
	struct immp *c;
	struct body body;
	struct immp_part part[FILES + 1];
	char name[FILES][16];
	char file[FILES][NAME_MAX_OCTETS + 1];
	const char *path[FILES];
	size_t nfiles;
	const char *to[PEOPLE + 1], *cc[PEOPLE + 1], *bcc[PEOPLE + 1];
	struct term_progress progress;
	struct buf refused;	/* the recipients that were */
};

/* The values of an option (NULL: the words) as a list that ends with NULL. */
static int
people(const struct app *a, const char *option, const char *list[PEOPLE + 1])
{
	size_t n = 0, at = 0;

	for (;;) {
		const char *imid = NULL;

		if (option)
			imid = app_next(a, option, &at);
		else if (at < a->nwords)
			imid = a->word[at++];
		list[n] = imid;
		if (!imid)
			return 0;
		if (!strchr(imid, '@'))
			return app_error(APP_USAGE, "%s is no IMID", imid);
		if (++n > PEOPLE)
			return app_error(APP_USAGE,
					 "more than %d recipients", PEOPLE);
	}
}

static int
open_file(struct sending *s, const char *path)
{
	struct immp_part *p = &s->part[s->nfiles + 1];
	struct stat st;
	int fd;

	if (s->nfiles == FILES)
		return app_error(APP_USAGE, "more than %d files", FILES);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		int rc = app_error(APP_REFUSED, "%s: %s", path,
				   err_text(err_from_errno(errno)));

		if (fd >= 0)
			close(fd);
		return rc;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return app_error(APP_REFUSED, "%s is no ordinary file", path);
	}
	s->path[s->nfiles] = path;
	name_shown(path, s->file[s->nfiles]);
	snprintf(s->name[s->nfiles], sizeof(s->name[0]), "file%zu",
		 s->nfiles + 1);
	*p = (struct immp_part){
		.name = s->name[s->nfiles], .type = name_type(path),
		.file = s->file[s->nfiles], .length = (uint64_t)st.st_size,
		.fd = fd,
	};
	s->nfiles++;
	return 0;
}

static int
gather(struct sending *s)
{
	const struct app *a = s->a;
	const char *path;
	size_t at = 0;
	int rc = people(a, NULL, s->to);

	if (rc == 0)
		rc = people(a, "cc", s->cc);
	if (rc == 0)
		rc = people(a, "bcc", s->bcc);
	while (rc == 0 && (path = app_next(a, "attach", &at)))
		rc = open_file(s, path);
	if (rc == 0)
		rc = body_get(&s->body);
	s->part[0] = (struct immp_part){
		.name = "text", .content = 1,
		.type = app_has(a, "html") ? "text/html; charset=utf-8"
					   : "text/plain; charset=utf-8",
		.length = s->body.length, .fd = s->body.fd,
	};
	return rc;
}

static void
hear_recipient(void *ctx, const char *imid, int code, const char *text)
{
	struct sending *s = ctx;

	/* Of those that are taken there is nothing to say. */
	if (code < 400 /* lint-ok code: a class, not a code */)
		return;
	if (buf_addf(&s->refused, "%s%s", s->refused.n ? ", " : "", imid) < 0)
		buf_truncate(&s->refused, s->refused.n);
}

static int
show_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct sending *s = ctx;

	term_progress(&s->progress, done, total);
	return 0;
}

/* Which file did change?  The first whose length is another now. */
static int
changed(const struct sending *s)
{
	struct stat st;

	for (size_t i = 0; i < s->nfiles; i++)
		if (fstat(s->part[i + 1].fd, &st) < 0 ||
		    (uint64_t)st.st_size != s->part[i + 1].length)
			return app_error(APP_REFUSED,
					 "%s changed while it was sent; nothing "
					 "was sent", s->path[i]);
	return app_error(APP_REFUSED, "a file could not be read to its end; "
				      "nothing was sent");
}

static int
explain(struct sending *s, const struct immp_sent *sent, int error)
{
	if (error == IMMP_E_SOURCE)
		return changed(s);
	if (error == IMMP_E_UNKNOWN)
		return app_error(APP_LATER,
				 "%s; send it again with --id %s",
				 immp_strerror(error), sent->id);
	if (s->refused.n)
		return app_error(app_exit_of(error), "not sent, because of "
				 "%.*s: %s", STR_ARG(buf_str(&s->refused)),
				 immp_message(s->c));
	if (app_has(s->a, "anonymous") && error == IMMP_E_REFUSED)
		return app_error(APP_REFUSED, "not sent: the server does not "
					      "send anonymously (%s)",
				 immp_message(s->c));
	return app_error(app_exit_of(error), "not sent: %s",
			 *immp_message(s->c) ? immp_message(s->c)
					     : immp_strerror(error));
}

static void
report(const struct app *a, const struct immp_sent *sent)
{
	if (a->json)
		printf("{\"uuid\":\"%s\",\"queued\":%s}\n", sent->id,
		       sent->queued ? "true" : "false");
	else
		printf("%s\n", sent->id);
}

static int
send_it(struct sending *s)
{
	const struct app *a = s->a;
	struct immp_mail m = IMMP_MAIL_INIT;
	struct immp_sent sent = { "", 0 };
	const char *reply = app_value(a, "reply");
	int rc;

	m.to = s->to;
	m.cc = s->cc;
	m.bcc = s->bcc;
	m.from = app_value(a, "from");
	m.subject = app_value(a, "subject");
	m.id = app_value(a, "id");
	/* Of PATH#UUID the message counts. */
	m.reply = reply && strchr(reply, '#') ? strrchr(reply, '#') + 1 : reply;
	m.importance = app_has(a, "important");
	m.flags = (app_has(a, "secure") ? IMMP_SECURE : 0) |
		  (app_has(a, "anonymous") ? IMMP_ANONYMOUS : 0);
	m.parts = s->part;
	m.nparts = s->nfiles + 1;
	m.recipient = hear_recipient;
	m.progress = show_progress;
	m.ctx = s;
	rc = immp_send(s->c, &m, &sent);
	term_progress_end(&s->progress);
	if (rc < 0)
		return explain(s, &sent, rc);
	report(a, &sent);
	return APP_DONE;
}

int
cmd_send(struct app *a)
{
	static struct sending s;
	int rc;

	s.a = a;
	s.body.fd = -1;
	s.progress.what = "sending";
	buf_init(&s.refused, 65536);
	rc = gather(&s);
	if (rc == 0)
		rc = conn_login(a, &s.c);
	if (rc == 0)
		rc = send_it(&s);
	immp_free(s.c);
	for (size_t i = 0; i < s.nfiles; i++)
		close(s.part[i + 1].fd);
	body_done(&s.body);
	buf_done(&s.refused);
	return rc;
}
