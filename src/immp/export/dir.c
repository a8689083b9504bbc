/*
 * A file for each message: Maildir, eml, json.
 *
 * A file is written under a name of its own (in tmp/ of a Maildir, with .part
 * behind it elsewhere).  At the end of a batch one syncfs() brings all of them
 * to disk, they are renamed, and the folders are synced.  syncfs() tells of
 * failed writes since Linux 5.8.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "immp/export/out.h"

#define PART_PREFIX ".immp-"
#define PART_SUFFIX ".part"
#define WORDS "dovecot-keywords"
#define WORDS_PART PART_PREFIX "keywords" PART_SUFFIX

static const char *
suffix(const struct export_out *o)
{
	return o->form == EXPORT_JSON ? ".json" : ".eml";
}

/* Its name until it is whole. */
static void
part_name(const struct export_pending *p, char dst[static EXPORT_FILE])
{
	char text[UUID_TEXT + 1];

	uuid_format(&p->id, text);
	snprintf(dst, EXPORT_FILE, PART_PREFIX "%s" PART_SUFFIX, text);
}

static int
part_dir(const struct export_out *o)
{
	return o->form == EXPORT_MAILDIR ? o->tmp : o->dir;
}

/* --- what is there already --- */

typedef int (*entry_fn)(struct export_out *o, int dir, struct str name);

static int
each_entry(struct export_out *o, int dir, entry_fn fn)
{
	/* A place of its own in the folder. */
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	const struct dirent *e;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		rc = err_from_errno(errno);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == 0 && (errno = 0, e = readdir(d)) != NULL)
		rc = fn(o, dir, str_c(e->d_name));
	if (rc == 0 && errno)
		rc = err_from_errno(errno);
	closedir(d);
	return rc;
}

/* What a run that was killed left behind. */
static int
sweep(struct export_out *o, int dir, struct str name)
{
	(void)o;
	if (str_starts(name, STR(PART_PREFIX)) &&
	    str_ends(name, STR(PART_SUFFIX)))
		unlinkat(dir, name.p, 0);
	return 0;
}

static int
note_mail(struct export_out *o, int dir, struct str name)
{
	enum export_mark mark = EXPORT_THERE;
	struct uuid id;
	uint64_t size;
	struct stat st;

	if (!export_maildir_uuid(name, &id))
		return 0;
	if (fstatat(dir, name.p, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_from_errno(errno);
	if (!S_ISREG(st.st_mode) || st.st_size == 0 ||
	    (export_maildir_size(name, &size) && (uint64_t)st.st_size < size))
		mark = EXPORT_DAMAGED;
	return export_seen_put(&o->seen, &id, mark);
}

static int
note_file(struct export_out *o, int dir, struct str name)
{
	struct str end = str_c(suffix(o));
	struct uuid id;

	(void)dir;
	if (name.n != UUID_TEXT + end.n || !str_ends(name, end) ||
	    uuid_parse(str_sub(name, 0, UUID_TEXT), &id) < 0)
		return 0;
	return export_seen_put(&o->seen, &id, EXPORT_THERE);
}

/* A Maildir++ says so in its subfolders. */
static int
mark_subfolder(int dir)
{
	int fd = openat(dir, "maildirfolder", O_WRONLY | O_CREAT | O_CLOEXEC,
			0600);

	if (fd < 0)
		return err_from_errno(errno);
	close(fd);
	return 0;
}

/* Their letters stand in the names of what is there. */
static int
read_words(struct export_out *o)
{
	CLEANUP_BUF struct buf b = { 0 };
	int rc;

	buf_init(&b, 32768);
	rc = file_read_at(o->dir, WORDS, false, &b);
	if (rc < 0 && rc != ERR_NOTFOUND)
		return rc;
	return export_words_set(&o->words, buf_str(&b));
}

/* Beside its place: syncfs() and the name come later. */
static int
write_words(const struct export_out *o)
{
	int fd = openat(o->dir, WORDS_PART,
			O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			0600);
	int rc;

	if (fd < 0)
		return err_from_errno(errno);
	rc = file_write(fd, buf_str(&o->words.text));
	if (close(fd) < 0 && rc == 0)
		rc = err_from_errno(errno);
	return rc;
}

/* No name may have a letter before it has a word, whenever we are killed. */
static int
place_words(struct export_out *o)
{
	if (renameat(o->dir, WORDS_PART, o->dir, WORDS) < 0 ||
	    fsync(o->dir) < 0)
		return err_from_errno(errno);
	o->words.changed = false;
	return 0;
}

static int
open_maildir(struct export_out *o, struct str path)
{
	char name[EXPORT_NAME + 1];
	int rc;

	export_maildir_folder(path.n ? path : STR("INBOX"), name);
	rc = export_dir_make(o->root, name[0] ? name : ".", &o->dir);
	if (rc == 0 && name[0])
		rc = mark_subfolder(o->dir);
	if (rc == 0)
		rc = export_dir_make(o->dir, "tmp", &o->tmp);
	if (rc == 0)
		rc = export_dir_make(o->dir, "new", &o->new_);
	if (rc == 0)
		rc = export_dir_make(o->dir, "cur", &o->cur);
	if (rc == 0)
		rc = read_words(o);
	if (rc == 0)
		rc = each_entry(o, o->tmp, sweep);
	if (rc == 0)
		rc = each_entry(o, o->new_, note_mail);
	if (rc == 0)
		rc = each_entry(o, o->cur, note_mail);
	/* A run that was killed may have renamed and not synced. */
	if (rc == 0 && (fsync(o->new_) < 0 || fsync(o->cur) < 0))
		rc = err_from_errno(errno);
	return rc;
}

int
export_dir_open(struct export_out *o, struct str path)
{
	int rc;

	if (o->form == EXPORT_MAILDIR)
		return open_maildir(o, path);
	rc = each_entry(o, o->dir, sweep);
	return rc == 0 ? each_entry(o, o->dir, note_file) : rc;
}

/* --- a batch --- */

static int
write_file(struct export_out *o, const struct export_message *m, int fd,
	   uint64_t *ret_size)
{
	struct export_lines lines = { .lf = true };
	struct timespec times[2];
	bool lf = o->form == EXPORT_MAILDIR &&
		  export_ends_crlf(&o->spool.ends);
	int rc = export_spool_write(&o->spool, STR(""), lf ? &lines : NULL, fd,
				    ret_size);

	times[0] = times[1] = (struct timespec){
		.tv_sec = (time_t)(m->received / 1000),
		.tv_nsec = (long)(m->received % 1000) * 1000000,
	};
	if (rc == 0 && futimens(fd, times) < 0)
		rc = err_from_errno(errno);
	return rc;
}

int
export_dir_put(struct export_out *o, const struct export_message *m)
{
	struct export_pending *p = &o->pending[o->npending];
	char part[EXPORT_FILE], text[UUID_TEXT + 1];
	char letters[MAILDIR_LETTERS + 1] = "";
	uint64_t size = 0;
	int fd, rc;

	if (o->form == EXPORT_MAILDIR) {
		rc = export_words_letters(&o->words, m->words, letters);
		if (rc < 0)
			return rc;
	}
	p->id = m->id;
	part_name(p, part);
	fd = openat(part_dir(o), part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return err_from_errno(errno);
	rc = write_file(o, m, fd, &size);
	if (close(fd) < 0 && rc == 0)
		rc = err_from_errno(errno);
	if (rc < 0) {
		unlinkat(part_dir(o), part, 0);
		return rc;
	}
	uuid_format(&m->id, text);
	if (o->form == EXPORT_MAILDIR)
		p->is_new = !export_maildir_file(&m->id, m->received, size,
						 m->flags, letters, p->name);
	else
		snprintf(p->name, sizeof(p->name), "%s%s", text, suffix(o));
	o->npending++;
	o->octets += size;
	return 0;
}

static int
sync_folders(const struct export_out *o)
{
	int rc;

	if (o->form == EXPORT_MAILDIR)
		rc = fsync(o->new_) < 0 || fsync(o->cur) < 0;
	else
		rc = fsync(o->dir) < 0;
	return rc ? err_from_errno(errno) : 0;
}

int
export_dir_commit(struct export_out *o)
{
	char part[EXPORT_FILE];
	int rc = o->words.changed ? write_words(o) : 0;

	if (rc == 0 && syncfs(o->dir) < 0)
		rc = err_from_errno(errno);
	if (rc == 0 && o->words.changed)
		rc = place_words(o);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < o->npending; i++) {
		const struct export_pending *p = &o->pending[i];
		int to = o->form != EXPORT_MAILDIR ? o->dir :
			 p->is_new		   ? o->new_ :
						     o->cur;

		part_name(p, part);
		if (renameat(part_dir(o), part, to, p->name) < 0)
			return err_from_errno(errno);
	}
	return sync_folders(o);
}
