#include "unit/store/sqlite_disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/sqlite/db.h"
#include "store/sqlite/os_file.h"
#include "store/sqlite/walbuf.h"

/* --- what happens when --- */

static struct {
	unsigned calls;
	uint64_t left;
	int errnum;
	bool sticky, failed;
} plan;

static uint64_t cut_left, counted;
static unsigned cut_seed;
static bool tracking;

void
disk_fail(unsigned calls, uint64_t n, int errnum, bool sticky)
{
	plan.calls = calls;
	plan.left = n;
	plan.errnum = errnum;
	plan.sticky = sticky;
	plan.failed = false;
}

bool
disk_failed(void)
{
	return plan.failed;
}

uint64_t
disk_count(void)
{
	return counted;
}

/* Is this call to fail?  Sets errno. */
static bool
refuse(enum disk_call call)
{
	if (!plan.left || !(plan.calls & call))
		return false;
	if (plan.left > 1) {
		plan.left--;
		return false;
	}
	if (plan.failed && !plan.sticky)
		return false;
	plan.failed = true;
	errno = plan.errnum;
	return true;
}

/* --- what was not synced --- */

struct write {
	struct write *prev, *next;
	struct file *file;
	uint64_t off, old_size;
	size_t n, old_n;
	char *old, *fresh;	/* fresh NULL: a truncation to off */
};

struct file {
	struct file *next;
	dev_t dev;
	ino_t ino;
	int fd;
	struct write *first, *last;
};

/* A name that the folder has not been synced with. */
struct entry {
	struct entry *next;
	dev_t dev;
	ino_t ino;	/* of the folder */
	int dir;
	char name[64];
	char hidden[80];	/* where an unlinked file is; or empty */
};

static struct file *files;
static struct entry *entries;

static void *
must(void *p)
{
	assert(p);
	return p;
}

static struct file *
file_of(int fd, const char *path)
{
	struct stat st;
	struct file *f;
	char self[64];

	assert((path ? stat(path, &st) : fstat(fd, &st)) == 0);
	for (f = files; f; f = f->next)
		if (f->dev == st.st_dev && f->ino == st.st_ino)
			return f;
	f = must(mem_zalloc(sizeof(*f)));
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	/* Never closed: that would drop SQLite's locks. */
	f->fd = open(path ? path : self, O_RDWR | O_CLOEXEC);
	assert(f->fd >= 0);
	f->next = files;
	files = f;
	return f;
}

static void
track(struct file *f, uint64_t off, const void *p, size_t n)
{
	struct write *w = must(mem_zalloc(sizeof(*w)));
	struct stat st;
	ssize_t got;

	assert(fstat(f->fd, &st) == 0);
	w->file = f;
	w->off = off;
	w->old_size = (uint64_t)st.st_size;
	w->n = n;
	if (!p && off < w->old_size)
		n = (size_t)(w->old_size - off);
	w->old = must(mem_alloc(n));
	got = pread(f->fd, w->old, n, (off_t)off);
	w->old_n = got > 0 ? (size_t)got : 0;
	if (p) {
		w->fresh = must(mem_alloc(n));
		memcpy(w->fresh, p, n);
	}
	w->prev = f->last;
	if (f->last)
		f->last->next = w;
	else
		f->first = w;
	f->last = w;
}

static void
forget(struct file *f)
{
	while (f->first) {
		struct write *w = f->first;

		f->first = w->next;
		mem_free(w->old);
		mem_free(w->fresh);
		mem_free(w);
	}
	f->last = NULL;
}

static void
track_entry(int dir, const char *name, const char *hidden)
{
	struct entry *e = must(mem_zalloc(sizeof(*e)));
	struct stat st;

	assert(fstat(dir, &st) == 0);
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	e->dir = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	(void)snprintf(e->name, sizeof(e->name), "%s", name);
	(void)snprintf(e->hidden, sizeof(e->hidden), "%s", hidden);
	e->next = entries;
	entries = e;
}

static void
synced_folder(int dir)
{
	struct entry **at = &entries;
	struct stat st;

	assert(fstat(dir, &st) == 0);
	while (*at) {
		struct entry *e = *at;

		if (e->dev != st.st_dev || e->ino != st.st_ino) {
			at = &e->next;
			continue;
		}
		if (e->hidden[0])
			(void)unlinkat(e->dir, e->hidden, 0);
		(void)close(e->dir);
		*at = e->next;
		mem_free(e);
	}
}

/* --- the power goes --- */

static unsigned
dice(void)
{
	cut_seed = cut_seed * 1103515245 + 12345;
	return cut_seed >> 16 & 0x7fff;
}

static void
undo_write(const struct write *w)
{
	if (w->old_n)
		assert(pwrite(w->file->fd, w->old, w->old_n,
			      (off_t)w->off) == (ssize_t)w->old_n);
	assert(ftruncate(w->file->fd, (off_t)w->old_size) == 0);
}

/* Some of what was written reached the disk, in any order, some halfway. */
static void
redo_some(const struct file *f, unsigned keep)
{
	for (const struct write *w = f->first; w; w = w->next) {
		size_t n = w->n;

		if (dice() % 8 >= keep)
			continue;
		if (!w->fresh) {
			assert(ftruncate(f->fd, (off_t)w->off) == 0);
			continue;
		}
		if (dice() % 4 == 0)
			n = n * (dice() % 8) / 8 / 512 * 512;
		assert(pwrite(f->fd, w->fresh, n, (off_t)w->off) ==
		       (ssize_t)n);
	}
}

__attribute__((noreturn)) static void
cut(void)
{
	unsigned keep = dice() % 9;	/* of eight: none to all */

	for (struct file *f = files; f; f = f->next) {
		for (struct write *w = f->last; w; w = w->prev)
			undo_write(w);
		redo_some(f, keep);
	}
	/* Newest first; a name may have come and gone. */
	for (struct entry *e = entries; e; e = e->next) {
		if (dice() % 8 < keep)
			continue;
		if (e->hidden[0])
			(void)renameat(e->dir, e->hidden, e->dir, e->name);
		else
			(void)unlinkat(e->dir, e->name, 0);
	}
	_exit(DISK_CUT);
}

void
disk_cut_at(uint64_t n, unsigned seed)
{
	cut_left = n;
	cut_seed = seed;
	tracking = true;
}

static void
step(void)
{
	counted++;
	if (cut_left && --cut_left == 0)
		cut();
}

/* --- our own files --- */

static ssize_t
disk_pwritev(int fd, const struct iovec *v, int n, off_t off)
{
	struct iovec half = v[0];

	if (refuse(DISK_WRITE)) {
		/* What a full disk does: first short, then nothing. */
		half.iov_len /= 2;
		if (plan.errnum == ENOSPC && half.iov_len)
			return pwritev(fd, &half, 1, off);
		return -1;
	}
	if (tracking) {
		uint64_t at = (uint64_t)off;

		for (int i = 0; i < n; i++) {
			track(file_of(fd, NULL), at, v[i].iov_base,
			      v[i].iov_len);
			at += v[i].iov_len;
		}
	}
	step();
	return pwritev(fd, v, n, off);
}

static ssize_t
disk_pread(int fd, void *dst, size_t n, off_t off)
{
	return refuse(DISK_READ) ? -1 : pread(fd, dst, n, off);
}

static int
disk_sync(int fd)
{
	struct stat st;

	if (refuse(DISK_SYNC))
		return -1;
	step();
	if (tracking) {
		assert(fstat(fd, &st) == 0);
		if (S_ISDIR(st.st_mode))
			synced_folder(fd);
		else
			forget(file_of(fd, NULL));
	}
	return 0;	/* nothing is in danger but by cut() */
}

static int
disk_openat(int dir, const char *name, int flags, mode_t mode)
{
	bool there;
	int fd;

	if (refuse(DISK_OPEN))
		return -1;
	there = !(flags & O_CREAT) || faccessat(dir, name, F_OK, 0) == 0;
	fd = openat(dir, name, flags, mode);
	if (tracking && fd >= 0 && !there && dir != AT_FDCWD)
		track_entry(dir, name, "");
	return fd;
}

static int
disk_linkat(int from_dir, const char *from, int dir, const char *name,
	    int flags)
{
	int rc;

	if (refuse(DISK_LINK))
		return -1;
	rc = linkat(from_dir, from, dir, name, flags);
	if (tracking && rc == 0)
		track_entry(dir, name, "");
	return rc;
}

static int
disk_unlinkat(int dir, const char *name, int flags)
{
	static unsigned n;
	char hidden[80];

	if (refuse(DISK_LINK))
		return -1;
	if (!tracking)
		return unlinkat(dir, name, flags);
	(void)snprintf(hidden, sizeof(hidden), ".gone-%u", n++);
	if (renameat(dir, name, dir, hidden) < 0)
		return -1;
	track_entry(dir, name, hidden);
	return 0;
}

static const struct os_file_table disk_table = {
	.pwritev = disk_pwritev,
	.pread = disk_pread,
	.fdatasync = disk_sync,
	.fsync = disk_sync,
	.openat = disk_openat,
	.linkat = disk_linkat,
	.unlinkat = disk_unlinkat,
};

/* --- SQLite's --- */

struct shim {
	sqlite3_file base;
	const char *path;	/* SQLite keeps it; NULL: nobody's business */
	sqlite3_file *real;	/* lies behind this */
};

static sqlite3_vfs shim_vfs, *real_vfs;

static sqlite3_file *
real_of(sqlite3_file *file)
{
	return ((struct shim *)file)->real;
}

static int
shim_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int
shim_read(sqlite3_file *file, void *p, int n, sqlite3_int64 off)
{
	if (refuse(DISK_READ))
		return SQLITE_IOERR_READ;
	return real_of(file)->pMethods->xRead(real_of(file), p, n, off);
}

static int
shim_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 off)
{
	struct shim *s = (struct shim *)file;
	sqlite3_file *real = s->real;

	if (refuse(DISK_WRITE)) {
		(void)real->pMethods->xWrite(real, p, n / 2, off);
		return plan.errnum == ENOSPC ? SQLITE_FULL :
					       SQLITE_IOERR_WRITE;
	}
	if (tracking && s->path)
		track(file_of(-1, s->path), (uint64_t)off, p, (size_t)n);
	step();
	return real->pMethods->xWrite(real, p, n, off);
}

static int
shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct shim *s = (struct shim *)file;

	if (refuse(DISK_WRITE))
		return SQLITE_IOERR_TRUNCATE;
	if (tracking && s->path)
		track(file_of(-1, s->path), (uint64_t)size, NULL, 0);
	step();
	return s->real->pMethods->xTruncate(s->real, size);
}

static int
shim_sync(sqlite3_file *file, int flags)
{
	struct shim *s = (struct shim *)file;

	if (refuse(DISK_SYNC))
		return SQLITE_IOERR_FSYNC;
	step();
	if (tracking && s->path)
		forget(file_of(-1, s->path));
	return SQLITE_OK;
}

static int
shim_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int
shim_lock(sqlite3_file *file, int lock)
{
	return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int
shim_unlock(sqlite3_file *file, int lock)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int
shim_reserved(sqlite3_file *file, int *ret)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int
shim_control(sqlite3_file *file, int op, void *arg)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int
shim_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int
shim_traits(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int
shim_map(sqlite3_file *file, int page, int size, int extend,
	 void volatile **ret)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), page, size,
						extend, ret);
}

static int
shim_shm_lock(sqlite3_file *file, int off, int n, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), off, n, flags);
}

static void
shim_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int
shim_unmap(sqlite3_file *file, int drop)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), drop);
}

static const sqlite3_io_methods shim_methods = {
	.iVersion = 2,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_reserved,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_traits,
	.xShmMap = shim_map,
	.xShmLock = shim_shm_lock,
	.xShmBarrier = shim_barrier,
	.xShmUnmap = shim_unmap,
};

static int
shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
	  int *ret_flags)
{
	struct shim *s = (struct shim *)file;
	int rc;

	s->base.pMethods = NULL;
	s->real = (sqlite3_file *)(s + 1);
	s->path = name;
	if (refuse(DISK_OPEN))
		return SQLITE_CANTOPEN;
	rc = real_vfs->xOpen(real_vfs, name, s->real, flags, ret_flags);
	if (rc == SQLITE_OK)
		s->base.pMethods = &shim_methods;
	return rc;
}

void
disk_install(void)
{
	/* Registering a VFS starts SQLite; its settings come first. */
	if (db_global_init() < 0)
		abort();
	os_file_replace(&disk_table);
	real_vfs = sqlite3_vfs_find(NULL);
	assert(real_vfs);
	shim_vfs = *real_vfs;
	shim_vfs.pNext = NULL;
	shim_vfs.zName = "disk";
	shim_vfs.szOsFile = (int)sizeof(struct shim) + real_vfs->szOsFile;
	shim_vfs.xOpen = shim_open;
	if (sqlite3_vfs_register(&shim_vfs, 1) != SQLITE_OK ||
	    walbuf_register() < 0)
		abort();
}
