/*
 * os_file: the operating system's files, as the body log uses them.
 *
 * Every write and sync of this folder that SQLite does not do itself goes
 * through a table of functions, so that a test can fail the n-th of them,
 * shorten a write, or fill the disk.  The table is for tests: it is replaced
 * before a store is opened and put back after it is closed.
 *
 * Results are 0 or: ERR_FULL (no room, file size limit, quota), ERR_IO, and
 * ERR_SYNC, which only os_file_sync() and os_file_sync_all() give: after it
 * nobody knows what the disk holds, and asking again would lie.
 */
#ifndef STORE_SQLITE_OS_FILE_H
#define STORE_SQLITE_OS_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/err.h"

struct os_file_table {
	ssize_t (*pwritev)(int fd, const struct iovec *v, int n, off_t off);
	ssize_t (*pread)(int fd, void *dst, size_t n, off_t off);
	int (*fdatasync)(int fd);
	int (*fsync)(int fd);
	int (*openat)(int dir, const char *name, int flags, mode_t mode);
	int (*linkat)(int from_dir, const char *from, int to_dir,
		      const char *to, int flags);
	int (*unlinkat)(int dir, const char *name, int flags);
};

/* The real ones. */
extern const struct os_file_table os_file_real;
/* Use another table from now on; NULL: the real one. */
void os_file_replace(const struct os_file_table *table);

/* Write all of v (which is used up) at off. */
int os_file_writev(int fd, struct iovec *v, size_t n, uint64_t off)
	WARN_UNUSED;
int os_file_write(int fd, const void *p, size_t n, uint64_t off) WARN_UNUSED;
/* n zero octets at off.  May be ignored where it is only a courtesy. */
int os_file_zero(int fd, uint64_t off, uint64_t n);
/* Exactly n octets; ERR_CORRUPT if the file ends before. */
int os_file_read(int fd, void *dst, size_t n, uint64_t off) WARN_UNUSED;
/* Octets and what is needed to find them; or all there is to know of it.
 * Folders take the second. */
int os_file_sync(int fd) WARN_UNUSED;
int os_file_sync_all(int fd) WARN_UNUSED;
/* Returns a descriptor (close-on-exec), or ERR_NOTFOUND, ERR_EXISTS or as
 * above. */
int os_file_open(int dir, const char *name, int flags) WARN_UNUSED;
/* Give the file of fd, made with O_TMPFILE, a name. */
int os_file_link(int fd, int dir, const char *name) WARN_UNUSED;
/* 0, also if it was not there.  May be ignored likewise. */
int os_file_unlink(int dir, const char *name);
/* Length of the file. */
int os_file_size(int fd, uint64_t *ret) WARN_UNUSED;
/* A folder of mode 0700, made if make is set; its parent is synced then. */
int os_file_folder(int dir, const char *name, int make) WARN_UNUSED;
/* Close if it is open (not negative), and set to -1. */
void os_file_close(int *fd);

static inline void
os_file_cleanup(int *fd)
{
	os_file_close(fd);
}
#define CLEANUP_FILE __attribute__((cleanup(os_file_cleanup)))

#endif
