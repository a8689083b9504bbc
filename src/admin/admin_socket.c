#include "admin/admin_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

#define BACKLOG 16

static void
fd_cleanup(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing was written to it */
}
#define CLEANUP_FD __attribute__((cleanup(fd_cleanup)))

/* The address of path; *ret_dir is a descriptor that must stay open while it
 * is used, or -1. */
static int
address(const char *path, struct sockaddr_un *ret, int *ret_dir)
{
	struct str s = str_c(path), folder;
	ptrdiff_t slash = str_rchr(s, '/');
	char dir[PATH_MAX];
	int n;

	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	*ret_dir = -1;
	if (s.n == 0)
		return ERR_VALUE;
	if (str_copy(s, ret->sun_path, sizeof(ret->sun_path)) == 0)
		return 0;
	if (slash < 0)
		return ERR_VALUE;
	folder = str_sub(s, 0, slash > 0 ? (size_t)slash : 1);
	if (str_copy(folder, dir, sizeof(dir)) < 0)
		return ERR_VALUE;
	*ret_dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return err_from_errno(errno);
	n = snprintf(ret->sun_path, sizeof(ret->sun_path),
		     "/proc/self/fd/%d/%s", *ret_dir, path + slash + 1);
	return n > 0 && (size_t)n < sizeof(ret->sun_path) ? 0 : ERR_VALUE;
}

static int
new_socket(int flags)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}

/* Does somebody answer there?  1, 0, or an error. */
static int
answers(const struct sockaddr_un *addr)
{
	CLEANUP_FD int fd = new_socket(SOCK_NONBLOCK);

	if (fd < 0)
		return err_from_errno(errno);
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0)
		return 1;
	switch (errno) {
	case EAGAIN:	/* more wait for it than may */
		return 1;
	case ECONNREFUSED:
	case ENOENT:
		return 0;
	default:
		return err_from_errno(errno);
	}
}

/* Take away what nobody listens at any more. */
static int
remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int rc;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : err_from_errno(errno);
	if (!S_ISSOCK(st.st_mode))
		return ERR_EXISTS;
	rc = answers(addr);
	if (rc != 0)
		return rc > 0 ? ERR_LOCKED : rc;
	if (unlink(addr->sun_path) < 0 && errno != ENOENT)
		return err_from_errno(errno);
	return 0;
}

static int
bind_there(int fd, const struct sockaddr_un *addr)
{
	int err;

	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return err_from_errno(errno);
	err = remove_stale(addr);
	if (err < 0)
		return err;
	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0)
		return 0;
	/* Another one was faster. */
	return errno == EADDRINUSE ? ERR_LOCKED : err_from_errno(errno);
}

int
admin_socket_listen(const char *path, int *ret_fd, ino_t *ret_ino)
{
	struct sockaddr_un addr;
	CLEANUP_FD int dir = -1;
	CLEANUP_FD int fd = -1;
	struct stat st;
	int err = address(path, &addr, &dir);

	if (err < 0)
		return err;
	fd = new_socket(SOCK_NONBLOCK);
	/* The place gets the mode of the socket, so that it is nobody else's
	 * from its first moment on. */
	if (fd < 0 || fchmod(fd, 0600) < 0)
		return err_from_errno(errno);
	err = bind_there(fd, &addr);
	if (err < 0)
		return err;
	if (chmod(addr.sun_path, 0600) < 0 || lstat(addr.sun_path, &st) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		err = err_from_errno(errno);
		(void)unlink(addr.sun_path); /* it failed anyway */
		return err;
	}
	*ret_ino = st.st_ino;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

void
admin_socket_unlink(const char *path, ino_t ino)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_ino == ino)
		(void)unlink(path); /* the next start replaces it */
}

int
admin_socket_connect(const char *path, int *ret_fd)
{
	struct sockaddr_un addr;
	CLEANUP_FD int dir = -1;
	CLEANUP_FD int fd = -1;
	int err = address(path, &addr, &dir);

	if (err < 0)
		return err;
	fd = new_socket(0);
	if (fd < 0)
		return err_from_errno(errno);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		if (errno == ECONNREFUSED || errno == ENOENT ||
		    errno == ENOTDIR)
			return ERR_NOTFOUND;
		return err_from_errno(errno);
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}
