/*
 * Whatever the text comes from, it ends up in a file without a name (or is the
 * file that standard input is): its length is known before it is sent, and it
 * is never whole in memory.
 */
#include "immp/body.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"
#include "immp/app.h"

extern char **environ;

static int
fail(const char *what)
{
	return app_error(APP_REFUSED, "%s: %s", what,
			 err_text(err_from_errno(errno)));
}

static const char *
temp_folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

/* A file without a name. */
static int
temp_file(void)
{
	char path[4096];
	int fd = open(temp_folder(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "%s/immp-XXXXXX", temp_folder());
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* Is the file UTF-8 from its place to its end?  Its place stays. */
static bool
is_utf8(int fd, uint64_t *ret_length)
{
	off_t start = lseek(fd, 0, SEEK_CUR), at = start;
	char chunk[65536];
	size_t kept = 0;
	bool good = true;

	for (;;) {
		ssize_t n = pread(fd, chunk + kept, sizeof(chunk) - kept, at);
		struct str s;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += n;
		s = str_n(chunk, kept + (size_t)n);
		/* A character may be cut by the end of the piece. */
		kept = 0;
		for (size_t back = 1; back <= 3 && back <= s.n; back++) {
			unsigned char c = (unsigned char)s.p[s.n - back];

			if (c >= 0xc0 && (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2) >
					 (int)back)
				kept = back;
			if (c < 0x80 || c >= 0xc0)
				break;
		}
		good = good && utf8_valid(str_sub(s, 0, s.n - kept));
		memmove(chunk, chunk + s.n - kept, kept);
	}
	*ret_length = (uint64_t)(at - start);
	return good && kept == 0;
}

/* All of standard input into a file. */
static int
spool(int *ret)
{
	char chunk[65536];
	int fd = temp_file();

	if (fd < 0)
		return fail("no temporary file");
	for (;;) {
		ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			break;
		if (n < 0) {
			close(fd);
			return fail("standard input");
		}
		if (file_write(fd, str_n(chunk, (size_t)n)) < 0) {
			close(fd);
			return fail("no room for the text");
		}
	}
	lseek(fd, 0, SEEK_SET);
	*ret = fd;
	return 0;
}

/* Run the user's editor on a file.  It may be a command with arguments, so a
 * shell takes it apart; the file's name is no part of what it reads. */
static int
run_editor(char *path)
{
	const char *editor = getenv("VISUAL");
	char sh[] = "sh", flag[] = "-c", name[] = "immp", script[1024];
	char *argv[] = { sh, flag, script, name, path, NULL };
	int status = 0;
	pid_t pid;

	if (!editor || !*editor)
		editor = getenv("EDITOR");
	if (!editor || !*editor)
		editor = "vi";
	if ((size_t)snprintf(script, sizeof(script), "%s \"$1\"", editor) >=
	    sizeof(script))
		return app_error(APP_USAGE, "EDITOR is too long");
	if (posix_spawnp(&pid, "sh", NULL, NULL, argv, environ) != 0)
		return app_error(APP_REFUSED, "the editor cannot be started");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return app_error(APP_REFUSED,
				 "the editor failed; nothing was sent");
	return 0;
}

static int
edit(int *ret)
{
	char path[4096];
	int fd, rc;

	snprintf(path, sizeof(path), "%s/immp-XXXXXX.txt", temp_folder());
	fd = mkostemps(path, 4, O_CLOEXEC);
	if (fd < 0)
		return fail("no temporary file");
	close(fd);
	rc = run_editor(path);
	/* An editor may have put a new file in its place. */
	fd = rc == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	unlink(path);
	if (rc == 0 && fd < 0)
		rc = fail("the text is gone");
	*ret = fd;
	return rc;
}

int
body_get(struct body *b)
{
	struct stat st;
	int rc = 0;

	*b = (struct body){ .fd = -1 };
	if (isatty(STDIN_FILENO))
		rc = edit(&b->fd);
	else if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		b->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		rc = spool(&b->fd);
	if (rc == 0 && b->fd < 0)
		rc = fail("standard input");
	if (rc == 0 && !is_utf8(b->fd, &b->length))
		rc = app_error(APP_REFUSED, "the text is not UTF-8; send it "
					    "as a file with -a");
	if (rc == 0 && b->length == 0 && isatty(STDIN_FILENO))
		rc = app_error(APP_REFUSED, "no text; nothing was sent");
	if (rc)
		body_done(b);
	return rc;
}

void
body_done(struct body *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}
