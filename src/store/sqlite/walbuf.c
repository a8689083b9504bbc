#include "store/sqlite/walbuf.h"

#include <sqlite3.h>
#include <string.h>

#include "base/mem.h"

/* Octets that are gathered at most. */
#define ROOM ((size_t)1 << 20)
/* Octets of one write: the unix VFS looks at 17 bits of their number only. */
#define PIECE ((size_t)0x1f000)

/* The file of the VFS below lies behind it. */
struct walbuf {
	sqlite3_file base;
	char *mem;		/* ROOM octets, from the first write on */
	size_t n;
	sqlite3_int64 at;	/* where they go */
};

static sqlite3_vfs *below;

static struct walbuf *
walbuf_of(sqlite3_file *f)
{
	return (struct walbuf *)f;
}

static sqlite3_file *
file_of(sqlite3_file *f)
{
	return (sqlite3_file *)(walbuf_of(f) + 1);
}

/* Whatever becomes of it, it is gathered no more. */
static int
flush(sqlite3_file *f)
{
	struct walbuf *w = walbuf_of(f);
	size_t n = w->n, at = 0;
	int rc = SQLITE_OK;

	w->n = 0;
	while (rc == SQLITE_OK && at < n) {
		size_t k = n - at < PIECE ? n - at : PIECE;

		rc = file_of(f)->pMethods->xWrite(
			file_of(f), w->mem + at, (int)k,
			w->at + (sqlite3_int64)at);
		at += k;
	}
	return rc;
}

static int
walbuf_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	struct walbuf *w = walbuf_of(f);
	int rc = SQLITE_OK;

	if (!w->mem)
		w->mem = mem_alloc(ROOM);
	if (w->n && (at != w->at + (sqlite3_int64)w->n ||
		     (size_t)n > ROOM - w->n))
		rc = flush(f);
	if (rc != SQLITE_OK)
		return rc;
	if (!w->mem || (size_t)n > ROOM)
		return file_of(f)->pMethods->xWrite(file_of(f), p, n, at);
	if (w->n == 0)
		w->at = at;
	memcpy(w->mem + w->n, p, (size_t)n);
	w->n += (size_t)n;
	return SQLITE_OK;
}

static int
walbuf_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	int rc = flush(f);

	return rc == SQLITE_OK ?
		file_of(f)->pMethods->xRead(file_of(f), p, n, at) : rc;
}

static int
walbuf_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc = flush(f);

	return rc == SQLITE_OK ?
		file_of(f)->pMethods->xTruncate(file_of(f), size) : rc;
}

static int
walbuf_sync(sqlite3_file *f, int flags)
{
	int rc = flush(f);

	return rc == SQLITE_OK ?
		file_of(f)->pMethods->xSync(file_of(f), flags) : rc;
}

static int
walbuf_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	int rc = flush(f);

	return rc == SQLITE_OK ?
		file_of(f)->pMethods->xFileSize(file_of(f), ret) : rc;
}

static int
walbuf_close(sqlite3_file *f)
{
	struct walbuf *w = walbuf_of(f);

	/* Of a transaction that was never committed. */
	w->n = 0;
	mem_free(w->mem);
	w->mem = NULL;
	return file_of(f)->pMethods->xClose(file_of(f));
}

static int
walbuf_lock(sqlite3_file *f, int level)
{
	return file_of(f)->pMethods->xLock(file_of(f), level);
}

static int
walbuf_unlock(sqlite3_file *f, int level)
{
	return file_of(f)->pMethods->xUnlock(file_of(f), level);
}

static int
walbuf_is_reserved(sqlite3_file *f, int *ret)
{
	return file_of(f)->pMethods->xCheckReservedLock(file_of(f), ret);
}

static int
walbuf_control(sqlite3_file *f, int op, void *arg)
{
	return file_of(f)->pMethods->xFileControl(file_of(f), op, arg);
}

static int
walbuf_sector(sqlite3_file *f)
{
	return file_of(f)->pMethods->xSectorSize(file_of(f));
}

static int
walbuf_character(sqlite3_file *f)
{
	return file_of(f)->pMethods->xDeviceCharacteristics(file_of(f));
}

/* No shared memory: that is the database's, not the log's. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = walbuf_close,
	.xRead = walbuf_read,
	.xWrite = walbuf_write,
	.xTruncate = walbuf_truncate,
	.xSync = walbuf_sync,
	.xFileSize = walbuf_size,
	.xLock = walbuf_lock,
	.xUnlock = walbuf_unlock,
	.xCheckReservedLock = walbuf_is_reserved,
	.xFileControl = walbuf_control,
	.xSectorSize = walbuf_sector,
	.xDeviceCharacteristics = walbuf_character,
};

static int
walbuf_open(sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *f, int flags,
	    int *ret_flags)
{
	int rc;

	(void)v;
	if (!(flags & SQLITE_OPEN_WAL))
		return below->xOpen(below, name, f, flags, ret_flags);
	memset(f, 0, sizeof(struct walbuf));
	rc = below->xOpen(below, name, file_of(f), flags, ret_flags);
	/* SQLite closes what has methods, also if opening failed. */
	if (file_of(f)->pMethods)
		f->pMethods = &methods;
	return rc;
}

int
walbuf_register(void)
{
	static sqlite3_vfs vfs;

	below = sqlite3_vfs_find(NULL);
	if (!below)
		return ERR_STORAGE;
	vfs = *below;
	vfs.pNext = NULL;
	vfs.zName = WALBUF_VFS;
	vfs.szOsFile += (int)sizeof(struct walbuf);
	vfs.xOpen = walbuf_open;
	return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? 0 : ERR_STORAGE;
}
