#include "immp/export/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int
export_dir_make(int at, const char *name, int *ret)
{
	/* Mail is private. */
	bool made = mkdirat(at, name, 0700) == 0;
	int fd, above, rc = 0;

	if (!made && errno != EEXIST)
		return err_from_errno(errno);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_from_errno(errno);
	if (made) {
		above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (above < 0 || fsync(above) < 0)
			rc = err_from_errno(errno);
		shut(&above);
	}
	if (rc < 0) {
		close(fd);
		return rc;
	}
	shut(ret);
	*ret = fd;
	return 0;
}

int
export_out_init(struct export_out *o, enum export_form form, const char *dir,
		bool lock)
{
	int rc;

	*o = (struct export_out){ .form = form, .root = -1, .dir = -1,
				  .tmp = -1, .new_ = -1, .cur = -1,
				  .mbox = -1, .log = -1 };
	export_spool_init(&o->spool, -1);
	export_words_init(&o->words);
	rc = export_dir_make(AT_FDCWD, dir, &o->root);
	if (rc < 0)
		return rc;
	if (lock && flock(o->root, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return ERR_LOCKED;
		return err_from_errno(errno);
	}
	o->spool.dir = o->root;
	return 0;
}

static void
leave_folder(struct export_out *o)
{
	shut(&o->dir);
	shut(&o->tmp);
	shut(&o->new_);
	shut(&o->cur);
	shut(&o->mbox);
	shut(&o->log);
	export_seen_done(&o->seen);
}

void
export_out_done(struct export_out *o)
{
	leave_folder(o);
	export_spool_done(&o->spool);
	export_words_done(&o->words);
	shut(&o->root);
}

/* Walk down the folders of a path but the last name, which is *ret_last. */
static int
descend(struct export_out *o, struct str path, struct str *ret_last)
{
	char name[EXPORT_NAME + 1];
	struct str head = path;
	int at = dup(o->root), rc = at < 0 ? err_from_errno(errno) : 0;

	while (rc == 0 && str_cut(path, '/', &head, &path)) {
		export_tree_name(head, name);
		rc = export_dir_make(at, name, &at);
	}
	*ret_last = head;
	if (rc < 0)
		shut(&at);
	else
		o->dir = at;
	return rc;
}

int
export_out_folder(struct export_out *o, struct str path)
{
	char name[EXPORT_NAME + 1], file[EXPORT_NAME + 16];
	struct str last = STR("");
	int rc;

	leave_folder(o);
	o->why = NULL;
	if (o->form == EXPORT_MAILDIR)
		return export_dir_open(o, path);
	rc = descend(o, path, &last);
	if (rc < 0)
		return rc;
	export_tree_name(last, name);
	if (o->form == EXPORT_MBOX) {
		snprintf(file, sizeof(file), "%s.mbox", name);
		return export_mbox_open(o, file);
	}
	rc = export_dir_make(o->dir, name, &o->dir);
	return rc == 0 ? export_dir_open(o, path) : rc;
}

int
export_out_file(struct export_out *o, const char *name)
{
	leave_folder(o);
	o->why = NULL;
	o->dir = dup(o->root);
	if (o->dir < 0)
		return err_from_errno(errno);
	return export_mbox_open(o, name);
}

bool
export_out_full(const struct export_out *o)
{
	return o->npending == EXPORT_BATCH ||
	       o->octets >= EXPORT_BATCH_OCTETS;
}

int
export_out_put(struct export_out *o, const struct export_message *m)
{
	int rc;

	o->why = NULL;
	if (o->npending == EXPORT_BATCH)
		return ERR_INTERNAL;
	rc = o->form == EXPORT_MBOX ? export_mbox_put(o, m)
				    : export_dir_put(o, m);
	if (rc == 0)
		rc = export_seen_put(&o->seen, &m->id, EXPORT_THERE);
	return rc;
}

int
export_out_commit(struct export_out *o)
{
	int rc = 0;

	o->why = NULL;
	if (o->npending)
		rc = o->form == EXPORT_MBOX ? export_mbox_commit(o)
					    : export_dir_commit(o);
	o->npending = 0;
	o->octets = 0;
	return rc;
}

int
export_out_end(struct export_out *o)
{
	int rc = export_out_commit(o);

	if (rc == 0 && o->form == EXPORT_MBOX)
		rc = export_mbox_end(o);
	return rc;
}
