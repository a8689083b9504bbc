/*
 * One file for many messages: mboxrd.  What it says of a message stands in
 * fields of the header; such fields that the message came with are left out,
 * for they tell of the mbox where it was before.
 *
 * Beside FILE.mbox lies FILE.mbox.immp, a text that is only added to:
 *
 *	immp-mbox 1
 *	<uuid>			a message of the file
 *	open <octets>		all of the above are durable in so many octets;
 *				more may be under way behind them
 *	done <octets>		likewise, and the export ended there
 *
 * A batch is written to the mbox and synced, then its UUIDs and an `open` line
 * to the text, which is synced, too.  The next run believes the last line
 * `open` or `done` that is whole, cuts both files to it and goes on.  Behind
 * `done` nobody may have added or changed anything: then another program uses
 * the file, and it is not touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "immp/export/out.h"

#define HEAD "immp-mbox 1\n"
#define LINE_MAX_OCTETS 64

/* --- what was written down --- */

struct state {
	uint64_t octets;	/* of the mbox that count */
	off_t end;		/* of the text that counts */
	bool done;
	size_t lines;
};

/* UUIDs behind the last line that counts are of no batch that ended. */
struct unproved {
	struct uuid ids[EXPORT_BATCH];
	size_t n;
};

static int
take_line(struct export_out *o, struct state *s, struct unproved *u,
	  struct str line)
{
	bool done = str_starts(line, STR("done "));
	struct uuid id;
	int rc = 0;

	if (s->lines++ == 0)
		return str_eq(line, STR("immp-mbox 1")) ? 0 : ERR_CORRUPT;
	if (uuid_parse(line, &id) == 0) {
		if (u->n == EXPORT_BATCH)
			return ERR_CORRUPT;
		u->ids[u->n++] = id;
		return 0;
	}
	if ((!done && !str_starts(line, STR("open "))) ||
	    str_u64(str_from(line, 5), INT64_MAX, &s->octets) < 0)
		return ERR_CORRUPT;
	for (size_t i = 0; i < u->n && rc == 0; i++)
		rc = export_seen_put(&o->seen, &u->ids[i], EXPORT_THERE);
	u->n = 0;
	s->done = done;
	return rc;
}

static int
read_log(struct export_out *o, struct state *s)
{
	struct unproved u = { .n = 0 };
	char line[LINE_MAX_OCTETS];
	int fd = dup(o->log), rc = 0;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	off_t at = 0;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	while (rc == 0 && fgets(line, sizeof(line), f)) {
		size_t n = strlen(line);

		/* The end of a run that was killed. */
		if (n == 0 || line[n - 1] != '\n')
			break;
		at += (off_t)n;
		rc = take_line(o, s, &u, str_n(line, n - 1));
		if (u.n == 0 && s->lines > 1)
			s->end = at;
	}
	if (rc == 0 && ferror(f))
		rc = ERR_IO;
	fclose(f);
	return rc;
}

static int
write_log(struct export_out *o, struct str text)
{
	int rc = file_write(o->log, text);

	if (rc == 0 && fdatasync(o->log) < 0)
		rc = err_from_errno(errno);
	return rc;
}

/* --- opening --- */

static const char not_ours[] =
	"there is an mbox that was not made by an export";

static int
refuse(struct export_out *o, int error, const char *why)
{
	o->why = why;
	return error;
}

/* Both files are cut to what counts, and writing goes on there. */
static int
go_on(struct export_out *o, const struct state *s)
{
	CLEANUP_BUF struct buf text = { 0 };
	struct stat st;
	int rc;

	if (fstat(o->mbox, &st) < 0)
		return err_from_errno(errno);
	/* Nothing was written to the mbox before the text was durable. */
	if (s->end == 0 && st.st_size > 0)
		return refuse(o, ERR_EXISTS, not_ours);
	if ((uint64_t)st.st_size < s->octets ||
	    (s->done && (uint64_t)st.st_size != s->octets))
		return refuse(o, ERR_CONFLICT,
			      "the mbox was changed by another program since "
			      "it was exported");
	if (ftruncate(o->mbox, (off_t)s->octets) < 0 ||
	    ftruncate(o->log, s->end) < 0 ||
	    lseek(o->mbox, 0, SEEK_END) < 0 || lseek(o->log, 0, SEEK_END) < 0)
		return err_from_errno(errno);
	o->at = s->octets;
	buf_init(&text, 256);
	rc = buf_addf(&text, "%sopen %" PRIu64 "\n", s->end ? "" : HEAD, o->at);
	return rc == 0 ? write_log(o, buf_str(&text)) : rc;
}

int
export_mbox_open(struct export_out *o, const char *name)
{
	struct state s = { 0 };
	char log[EXPORT_NAME + 32];
	bool had;
	int rc;

	if ((size_t)snprintf(log, sizeof(log), "%s.immp", name) >= sizeof(log))
		return ERR_TOOLONG;
	had = faccessat(o->dir, log, F_OK, 0) == 0;
	if (!had && faccessat(o->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return refuse(o, ERR_EXISTS, not_ours);
	o->log = openat(o->dir, log, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			0600);
	if (o->log < 0)
		return err_from_errno(errno);
	if (flock(o->log, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? ERR_LOCKED
					    : err_from_errno(errno);
	rc = read_log(o, &s);
	if (rc == ERR_CORRUPT)
		return refuse(o, rc, "the .immp beside it makes no sense");
	if (rc < 0)
		return rc;
	/* The text first, so that no mbox is without one. */
	if (fsync(o->dir) < 0)
		return err_from_errno(errno);
	o->mbox = openat(o->dir, name,
			 O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (o->mbox < 0 || fsync(o->dir) < 0)
		return err_from_errno(errno);
	return go_on(o, &s);
}

/* --- a batch --- */

int
export_mbox_put(struct export_out *o, const struct export_message *m)
{
	struct export_pending *p = &o->pending[o->npending];
	CLEANUP_BUF struct buf head = { 0 };
	struct export_lines l = { .quote = true, .fields = true };
	uint64_t n = 0;
	int rc;

	l.lf = export_ends_crlf(&o->spool.ends);
	buf_init(&head, 2048 + m->words.n);
	rc = export_from_line(&head, str_sub(m->from, 0, 1000), m->received);
	if (rc == 0)
		rc = export_status(&head, m->flags, m->words, !l.lf);
	if (rc == 0)
		rc = export_spool_write(&o->spool, buf_str(&head), &l, o->mbox,
					&n);
	if (rc == 0)
		rc = file_write(o->mbox,
				  l.last == '\n' ? STR("\n") : STR("\n\n"));
	if (rc < 0)
		return rc;
	n += l.last == '\n' ? 1 : 2;
	p->id = m->id;
	o->npending++;
	o->octets += n;
	o->at += n;
	return 0;
}

int
export_mbox_commit(struct export_out *o)
{
	CLEANUP_BUF struct buf text = { 0 };
	char id[UUID_TEXT + 1];
	int rc = 0;

	if (fdatasync(o->mbox) < 0)
		return err_from_errno(errno);
	buf_init(&text, EXPORT_BATCH * (UUID_TEXT + 1) + LINE_MAX_OCTETS);
	for (size_t i = 0; i < o->npending && rc == 0; i++) {
		uuid_format(&o->pending[i].id, id);
		rc = buf_addf(&text, "%s\n", id);
	}
	if (rc == 0)
		rc = buf_addf(&text, "open %" PRIu64 "\n", o->at);
	return rc == 0 ? write_log(o, buf_str(&text)) : rc;
}

int
export_mbox_end(struct export_out *o)
{
	char line[LINE_MAX_OCTETS];

	if (o->log < 0)
		return 0;
	snprintf(line, sizeof(line), "done %" PRIu64 "\n", o->at);
	return write_log(o, str_c(line));
}
