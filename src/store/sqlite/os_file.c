#include "store/sqlite/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define ZERO_CHUNK (64 * 1024)

static int
real_openat(int dir, const char *name, int flags, mode_t mode)
{
	return openat(dir, name, flags, mode);
}

const struct os_file_table os_file_real = {
	.pwritev = pwritev,
	.pread = pread,
	.fdatasync = fdatasync,
	.fsync = fsync,
	.openat = real_openat,
	.linkat = linkat,
	.unlinkat = unlinkat,
};

static const struct os_file_table *_Atomic os_file_now = &os_file_real;

static const struct os_file_table *
table(void)
{
	return atomic_load_explicit(&os_file_now, memory_order_acquire);
}

void
os_file_replace(const struct os_file_table *t)
{
	atomic_store_explicit(&os_file_now, t ? t : &os_file_real,
			      memory_order_release);
}

/* What an errno value means here. */
static int
failed(int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERR_FULL;
	case ENOENT:
		return ERR_NOTFOUND;
	case EEXIST:
		return ERR_EXISTS;
	case ENOMEM:
		return ERR_NOMEM;
	default:
		return ERR_IO;
	}
}

/* Take n written octets off the front of *v.  Returns how many are left of
 * its *count pieces. */
static void
advance(struct iovec **v, size_t *count, size_t n)
{
	while (*count && n >= (*v)->iov_len) {
		n -= (*v)->iov_len;
		(*v)++;
		(*count)--;
	}
	if (n) {
		(*v)->iov_base = (char *)(*v)->iov_base + n;
		(*v)->iov_len -= n;
	}
}

int
os_file_writev(int fd, struct iovec *v, size_t n, uint64_t off)
{
	advance(&v, &n, 0);
	while (n) {
		int count = n > IOV_MAX ? IOV_MAX : (int)n;
		ssize_t done = table()->pwritev(fd, v, count, (off_t)off);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return failed(errno);
		if (done == 0)
			return ERR_FULL;
		off += (uint64_t)done;
		advance(&v, &n, (size_t)done);
	}
	return 0;
}

int
os_file_write(int fd, const void *p, size_t n, uint64_t off)
{
	struct iovec v = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };

	return os_file_writev(fd, &v, 1, off);
}

int
os_file_zero(int fd, uint64_t off, uint64_t n)
{
	static const char zeros[ZERO_CHUNK];

	while (n) {
		struct iovec v[64];
		size_t count = 0, sum = 0;
		int err;

		while (count < 64 && sum < n) {
			size_t piece = n - sum < ZERO_CHUNK ?
					       (size_t)(n - sum) :
					       ZERO_CHUNK;

			v[count].iov_base = (void *)(uintptr_t)zeros;
			v[count++].iov_len = piece;
			sum += piece;
		}
		err = os_file_writev(fd, v, count, off);
		if (err < 0)
			return err;
		off += sum;
		n -= sum;
	}
	return 0;
}

int
os_file_read(int fd, void *dst, size_t n, uint64_t off)
{
	char *p = dst;

	while (n) {
		ssize_t got = table()->pread(fd, p, n, (off_t)off);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERR_IO;
		if (got == 0)
			return ERR_CORRUPT;
		p += got;
		n -= (size_t)got;
		off += (uint64_t)got;
	}
	return 0;
}

int
os_file_sync(int fd)
{
	return table()->fdatasync(fd) < 0 ? ERR_SYNC : 0;
}

int
os_file_sync_all(int fd)
{
	return table()->fsync(fd) < 0 ? ERR_SYNC : 0;
}

int
os_file_open(int dir, const char *name, int flags)
{
	int fd;

	do
		fd = table()->openat(dir, name, flags | O_CLOEXEC, 0600);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? failed(errno) : fd;
}

int
os_file_link(int fd, int dir, const char *name)
{
	char path[64];

	/* AT_EMPTY_PATH would need a capability; this way needs none. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (table()->linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) < 0)
		return failed(errno);
	return 0;
}

int
os_file_unlink(int dir, const char *name)
{
	if (table()->unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return failed(errno);
	return 0;
}

int
os_file_size(int fd, uint64_t *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ERR_IO;
	*ret = (uint64_t)st.st_size;
	return 0;
}

/* Make the entry `name` of a folder durable; it may be a path. */
static int
sync_parent(int dir, const char *name)
{
	CLEANUP_FILE int fd = -1;
	struct str path = str_c(name);
	char parent[PATH_MAX];
	ptrdiff_t slash;

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	slash = str_rchr(path, '/');
	path = slash < 0 ? STR(".") :
			   str_sub(path, 0, slash ? (size_t)slash : 1);
	if (str_copy(path, parent, sizeof(parent)) < 0)
		return ERR_VALUE;
	fd = os_file_open(dir, parent, O_RDONLY | O_DIRECTORY);
	return fd < 0 ? fd : os_file_sync_all(fd);
}

int
os_file_folder(int dir, const char *name, int make)
{
	int err = 0;

	if (make && mkdirat(dir, name, 0700) == 0)
		err = sync_parent(dir, name);
	else if (make && errno != EEXIST)
		err = failed(errno);
	if (err < 0)
		return err;
	return os_file_open(dir, name, O_RDONLY | O_DIRECTORY);
}

void
os_file_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);	/* nothing unsynced is trusted */
	*fd = -1;
}
