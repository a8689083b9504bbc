#include "base/file.h"

#include "base/hex.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int
file_write(int fd, struct str s)
{
	while (s.n > 0) {
		ssize_t put = write(fd, s.p, s.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return err_from_errno(errno);
		s = str_from(s, (size_t)put);
	}
	return 0;
}

static int
write_new(const char *path, mode_t mode, struct str content)
{
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  mode);
	if (fd < 0)
		return err_from_errno(errno);
	/* Whatever the umask says. */
	if (fchmod(fd, mode) < 0)
		err = err_from_errno(errno);
	if (err == 0)
		err = file_write(fd, content);
	if (err == 0 && fsync(fd) < 0)
		err = ERR_SYNC;
	if (close(fd) < 0 && err == 0)
		err = err_from_errno(errno);
	return err;
}

static int
sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	struct str s = str_c(path);
	ptrdiff_t slash = str_rchr(s, '/');
	int fd, err = 0;

	s = slash < 0 ? STR(".") : str_sub(s, 0, slash > 0 ? (size_t)slash : 1);
	if (str_copy(s, folder, sizeof(folder)) < 0)
		return ERR_VALUE;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_from_errno(errno);
	if (fsync(fd) < 0)
		err = ERR_SYNC;
	(void)close(fd); /* was only synced */
	return err;
}

int
file_create(const char *path, mode_t mode, struct str content)
{
	char temp[PATH_MAX], tag[17];
	uint8_t rnd[8];
	int n, err;

	secret_random(rnd, sizeof(rnd));
	hex_encode(rnd, sizeof(rnd), tag);
	tag[16] = '\0';
	n = snprintf(temp, sizeof(temp), "%s.%s", path, tag);
	if (n < 0 || (size_t)n >= sizeof(temp))
		return ERR_VALUE;

	/* link(), unlike rename(), gives a name only if nobody has it. */
	err = write_new(temp, mode, content);
	if (err == 0 && link(temp, path) < 0)
		err = err_from_errno(errno);
	(void)unlink(temp); /* at worst it lies about */
	return err < 0 ? err : sync_folder_of(path);
}

static int
read_to_end(int fd, struct buf *b)
{
	for (;;) {
		char chunk[4096];
		ssize_t got = read(fd, chunk, sizeof(chunk));
		int err;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_from_errno(errno);
		if (got == 0)
			return 0;
		err = buf_add(b, chunk, (size_t)got);
		secret_wipe(chunk, (size_t)got);
		if (err < 0)
			return err;
	}
}

int
file_read(const char *path, bool private, struct buf *b)
{
	return file_read_at(AT_FDCWD, path, private, b);
}

int
file_read_at(int dir, const char *path, bool private, struct buf *b)
{
	/* O_NONBLOCK: a pipe in its place must not stop us. */
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
	struct stat st;
	int fd, err = 0;

	fd = openat(dir, path, private ? flags | O_NOFOLLOW : flags);
	if (fd < 0)
		return errno == ELOOP ? ERR_DENIED : err_from_errno(errno);
	if (fstat(fd, &st) < 0)
		err = err_from_errno(errno);
	else if (!S_ISREG(st.st_mode))
		err = ERR_DENIED;
	else if (private && (st.st_mode & 077) != 0)
		err = ERR_DENIED;
	if (err == 0)
		err = read_to_end(fd, b);
	(void)close(fd); /* was only read */
	return err;
}
