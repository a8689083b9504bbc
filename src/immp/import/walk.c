/*
 * Finding mail: a file of one message, an mbox, a Maildir with its folders, or
 * a folder with any of these.
 *
 * A file named on the command line is an mbox if it begins with a From_ line
 * and is not called .eml; in folders only *.eml, *.mbox and Maildirs count.
 * What an export of ours has put there goes to the folder that its place in
 * the tree names; all else goes to one.
 * Files are mapped, an mbox let go again as it is read; one that gets shorter
 * meanwhile is refused from there on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "immp/format/maildir.h"
#include "immp/import/import.h"
#include "immp/import/mapped.h"

#define PATH_OCTETS 4096
#define DEPTH 16
#define FOLDER_OCTETS 2048
/* What is read of an mbox before its pages are given back. */
#define WINDOW ((size_t)4 << 20)

/* Where mail goes that comes without a folder. */
static const char *
top_folder(const struct import *im)
{
	return im->to ? im->to : "/inbox";
}

/* --- files --- */

/* False where it cannot be read, which has been said. */
static bool
map_file(struct import *im, const char *path, struct mapped *ret)
{
	int rc = mapped_open(ret, path);

	if (rc < 0)
		import_refuse(im, path, rc == ERR_VALUE ? "is no file"
							: err_text(rc));
	return rc == 0;
}

static bool
has_suffix(const char *path, const char *suffix)
{
	return str_ends(str_c(path), str_c(suffix));
}

/* --- one message in a file --- */

static int
take_eml(struct import *im, const char *path, const char *folder)
{
	struct import_message m = { .where = path, .folder = folder };
	struct mapped f;
	int rc;

	if (!map_file(im, path, &f))
		return im->rc;
	m.file = &f;
	m.octets = str_n(f.p, f.n);
	m.received = f.mtime;
	rc = import_add(im, &m);
	im->done += f.n;
	mapped_done(&f);
	return rc;
}

/* --- mbox --- */

static int
take_mbox(struct import *im, const char *path, const char *folder)
{
	CLEANUP_BUF struct buf plain = { 0 };
	char where[PATH_OCTETS + 64];
	struct str from, octets;
	uint64_t base = im->done;
	char words[MBOX_FLAGS][MAILDIR_WORD];
	const char *flags[MBOX_FLAGS + 1];
	size_t n = 0, gone = 0;
	struct mapped f;
	struct mbox m;

	if (!map_file(im, path, &f))
		return im->rc;
	buf_init(&plain, (size_t)1 << 30);
	import_source(im);
	mbox_init(&m, str_n(f.p, f.n), im->kind);
	/* What is torn is no message; nor is anything behind it. */
	while (im->rc == 0 && mapped_whole(&f) &&
	       mbox_next(&m, &from, &octets)) {
		struct import_message msg = {
			.where = where, .flags = flags, .mbox = true,
			.file = &f, .folder = folder,
			.received = mbox_from_time(from),
		};

		snprintf(where, sizeof(where), "%s: message %zu", path, ++n);
		if (mbox_unquote(&m, octets, &plain, &msg.octets) < 0) {
			import_refuse(im, where, "too large");
			continue;
		}
		mbox_flags(msg.octets, words, flags);
		(void)import_add(im, &msg);
		im->done = base + m.at;
		if (m.at - gone >= 2 * WINDOW) {
			/* What lies behind is not needed any more. */
			gone = m.at;
			mapped_forget(&f, gone);
		}
	}
	if (!mapped_whole(&f) && m.at < f.n)
		import_refuse(im, path, IMPORT_TORN);
	mapped_done(&f);
	return im->rc;
}

/* --- Maildir --- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted, but those of `.` and `..`; NULL-terminated,
 * in the arena.  NULL without memory or where it cannot be read. */
static char **
list_folder(struct arena *a, const char *path)
{
	size_t n = 0, cap = 64;
	char **v = ARENA_ARRAY(a, char *, cap + 1);
	DIR *d = opendir(path);
	struct dirent *e;

	while (v && d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (n == cap) {
			char **w = ARENA_ARRAY(a, char *, 2 * cap + 1);

			if (w)
				memcpy(w, v, n * sizeof(*v));
			v = w;
			cap *= 2;
		}
		if (v)
			v[n++] = (char *)(uintptr_t)
					 arena_str(a, str_c(e->d_name)).p;
		if (v && !v[n - 1])
			v = NULL;
	}
	if (d)
		closedir(d);
	if (!v || !d)
		return NULL;
	qsort(v, n, sizeof(*v), by_name);
	return v;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* path/name to dst; false if it does not fit. */
static bool
join(char dst[PATH_OCTETS], const char *path, const char *name)
{
	int n = snprintf(dst, PATH_OCTETS, "%s/%s", path, name);

	return n > 0 && n < PATH_OCTETS;
}

static bool
is_maildir(const char *path)
{
	char cur[PATH_OCTETS], new[PATH_OCTETS];

	return join(cur, path, "cur") && join(new, path, "new") &&
	       is_folder(cur) && is_folder(new);
}

struct maildir {
	const char *path, *folder;
	char keywords[MAILDIR_LETTERS][MAILDIR_WORD];
};

static int
take_file(struct import *im, struct maildir *d, const char *sub,
	  const char *name)
{
	char path[PATH_OCTETS], where[PATH_OCTETS];
	char words[MAILDIR_FLAGS][MAILDIR_WORD];
	const char *flags[MAILDIR_FLAGS + 1] = { NULL };
	struct import_message m = { .where = path, .folder = d->folder,
				    .flags = flags };
	struct mapped f;

	if (!join(where, d->path, sub) || !join(path, where, name) ||
	    !map_file(im, path, &f))
		return im->rc;
	if (strcmp(sub, "cur") == 0)
		maildir_flags(maildir_info(str_c(name)), d->keywords, words,
			      flags);
	m.file = &f;
	m.octets = str_n(f.p, f.n);
	m.received = maildir_time(str_c(name));
	if (m.received == 0)
		m.received = f.mtime;
	(void)import_add(im, &m);
	im->done += f.n;
	mapped_done(&f);
	return im->rc;
}

static void
read_keywords(struct maildir *d)
{
	CLEANUP_BUF struct buf text = { 0 };
	char path[PATH_OCTETS];

	memset(d->keywords, 0, sizeof(d->keywords));
	buf_init(&text, 65536);
	if (join(path, d->path, "dovecot-keywords") &&
	    file_read(path, false, &text) == 0)
		maildir_keywords(buf_str(&text), d->keywords);
}

/* The messages of one Maildir, without the folders below it. */
static int
take_maildir(struct import *im, const char *path, const char *folder)
{
	static const char *const subs[] = { "cur", "new" };
	struct maildir d = { .path = path, .folder = folder };
	char sub[PATH_OCTETS];
	struct arena a;
	char **names;

	import_source(im);
	read_keywords(&d);
	arena_init(&a, (size_t)1 << 30, 65536);
	for (size_t i = 0; i < 2 && im->rc == 0; i++) {
		if (!join(sub, path, subs[i]))
			continue;
		names = list_folder(&a, sub);
		if (!names)
			import_refuse(im, sub, "cannot be read");
		for (; names && *names && im->rc == 0; names++)
			if ((*names)[0] != '.')
				(void)take_file(im, &d, subs[i], *names);
	}
	arena_done(&a);
	return im->rc;
}

/* Folders that other systems name so are ours of the same role. */
static const char *
role_folder(const char *name)
{
	static const struct {
		const char *name, *path;
	} roles[] = {
		{ "inbox", "/inbox" }, { "drafts", "/drafts" },
		{ "sent", "/sent" }, { "sent messages", "/sent" },
		{ "sent items", "/sent" }, { "junk", "/junk" },
		{ "spam", "/junk" }, { "trash", "/trash" },
		{ "deleted items", "/trash" }, { "deleted messages", "/trash" },
	};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (str_eqi(str_c(name), str_c(roles[i].name)))
			return roles[i].path;
	return NULL;
}

/* Where the folder `name` in one that goes to `at` goes: below it; but at the
 * top, without --to, to what has its role or to a folder of that name. */
static int
below(const char *at, bool top, const char *name, bool ours, char *dst,
      size_t cap)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct str s = str_c(name);
	const char *role;
	int err, n;

	buf_init(&b, 8192);
	if (name[0] == '.')
		err = ours ? maildir_ours(s, &b) : maildir_folder(s, &b);
	else
		err = ours ? maildir_ours_name(s, &b)
			   : maildir_folder_name(s, &b);
	if (err < 0 || b.n == 0 || buf_add_c(&b, '\0') < 0)
		return ERR_VALUE;
	role = top ? role_folder(buf_data(&b)) : NULL;
	if (role)
		n = snprintf(dst, cap, "%s", role);
	else
		n = snprintf(dst, cap, "%s/%s", top ? "" : at, buf_data(&b));
	return n > 0 && (size_t)n < cap ? 0 : ERR_LIMIT;
}

/* Did an export of ours fill this Maildir, and so name it?  What stands in a
 * folder is only looked at where the name means two things. */
static bool
is_ours(const char *path, const char *name)
{
	static const char *const subs[] = { "cur", "new" };
	char sub[PATH_OCTETS];
	bool found = false;

	if (!strpbrk(name, "&%"))
		return false;
	for (size_t i = 0; i < 2 && !found; i++) {
		DIR *d = join(sub, path, subs[i]) ? opendir(sub) : NULL;
		struct dirent *e;

		while (d && !found && (e = readdir(d)))
			found = maildir_is_ours(str_c(e->d_name));
		if (d)
			closedir(d);
	}
	return found;
}

/* What a Maildir has of its own. */
static bool
is_own(const char *name)
{
	return strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 ||
	       strcmp(name, "tmp") == 0;
}

/* A Maildir, or a folder that only holds some, and to a bounded depth those in
 * it. */
static int
take_maildirs(struct import *im, const char *path, const char *folder,
	      unsigned depth)
{
	bool top = !im->to && depth == DEPTH;
	char sub[PATH_OCTETS], to[FOLDER_OCTETS];
	struct arena a;
	char **names;

	if (is_maildir(path))
		(void)take_maildir(im, path, folder);
	if (depth == 0)
		return im->rc;
	arena_init(&a, (size_t)64 << 20, 65536);
	names = list_folder(&a, path);
	if (!names)
		import_refuse(im, path, "cannot be read");
	for (; names && *names && im->rc == 0; names++) {
		if (is_own(*names) || !join(sub, path, *names) ||
		    !is_folder(sub))
			continue;
		if (below(folder, top, *names, is_ours(sub, *names), to,
			  sizeof(to)) < 0)
			import_refuse(im, sub, "no name for a folder");
		else
			(void)take_maildirs(im, sub, to, depth - 1);
	}
	arena_done(&a);
	return im->rc;
}

/* --- anything --- */

static bool
begins_with_from(const char *path)
{
	char head[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));
	struct str line = str_n(head, n < 0 ? 0 : (size_t)n);

	if (fd >= 0)
		close(fd);
	/* Not a field whose colon stands apart. */
	return str_starts(line, STR("From ")) &&
	       !str_starts(str_trim(str_from(line, 5)), STR(":"));
}

/* "<uuid>.eml" is what our export calls a message. */
static bool
is_our_eml(const char *name)
{
	struct str s = str_c(name);
	struct uuid u;

	return s.n == UUID_TEXT + 4 &&
	       uuid_parse(str_sub(s, 0, UUID_TEXT), &u) == 0;
}

/* Beside NAME.mbox lies NAME.mbox.immp. */
static bool
is_our_mbox(const char *path)
{
	char beside[PATH_OCTETS + 8];

	snprintf(beside, sizeof(beside), "%s.immp", path);
	return access(beside, F_OK) == 0;
}

/* An mbox in a folder that goes to `at`. */
static int
take_box(struct import *im, const char *path, const char *name, const char *at,
	 bool top)
{
	char plain[PATH_OCTETS], to[FOLDER_OCTETS];

	if (!is_our_mbox(path))
		return take_mbox(im, path, top_folder(im));
	snprintf(plain, sizeof(plain), "%.*s", (int)(strlen(name) - 5), name);
	if (below(at, top, plain, true, to, sizeof(to)) < 0) {
		import_refuse(im, path, "no name for a folder");
		return im->rc;
	}
	return take_mbox(im, path, to);
}

/* A folder of anything.  What is ours in it goes to `at`. */
static int
walk_folder(struct import *im, const char *path, const char *at, unsigned depth)
{
	char sub[PATH_OCTETS], to[FOLDER_OCTETS];
	bool top = !im->to && depth == DEPTH;
	struct arena a;
	char **names;

	arena_init(&a, (size_t)1 << 30, 65536);
	names = list_folder(&a, path);
	if (!names)
		import_refuse(im, path, "cannot be read");
	import_source(im);
	/* The single messages first: together they are one source. */
	for (char **p = names; p && *p && im->rc == 0; p++)
		if (join(sub, path, *p) && has_suffix(*p, ".eml") &&
		    !is_folder(sub))
			(void)take_eml(im, sub,
				       is_our_eml(*p) ? at : top_folder(im));
	for (char **p = names; p && *p && im->rc == 0; p++) {
		if (!join(sub, path, *p))
			continue;
		if (is_maildir(sub))
			(void)take_maildirs(im, sub, top_folder(im), DEPTH);
		else if (is_folder(sub) && depth &&
			 below(at, top, *p, true, to, sizeof(to)) == 0)
			(void)walk_folder(im, sub, to, depth - 1);
		else if (is_folder(sub) && depth)
			(void)walk_folder(im, sub, at, depth - 1);
		else if (has_suffix(*p, ".mbox"))
			(void)take_box(im, sub, *p, at, top);
	}
	arena_done(&a);
	return im->rc;
}

int
import_walk(struct import *im, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		import_refuse(im, path, err_text(err_from_errno(errno)));
		return im->rc;
	}
	if (is_maildir(path))
		return take_maildirs(im, path, top_folder(im), DEPTH);
	if (S_ISDIR(st.st_mode))
		return walk_folder(im, path, top_folder(im), DEPTH);
	if (!S_ISREG(st.st_mode)) {
		import_refuse(im, path, "is neither a file nor a folder");
		return im->rc;
	}
	if (!has_suffix(path, ".eml") && begins_with_from(path))
		return take_mbox(im, path, top_folder(im));
	return take_eml(im, path, top_folder(im));
}
