/*
 * Opening the body log: what the tail does not cover goes, what it does cover
 * is made durable once more.
 */
#include "store/sqlite/bodylog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "base/mem.h"
#include "store/sqlite/os_file.h"

#define COPY_CHUNK (1u << 20)
#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* Make the system write all up to the tail again: after a sync that failed
 * before a crash, it may hold octets as clean that the disk does not have. */
static int
rewrite_to(int fd, uint64_t end)
{
	CLEANUP_MEM char *chunk = mem_alloc(COPY_CHUNK);
	int err;

	if (!chunk)
		return ERR_NOMEM;
	for (uint64_t off = 0; off < end; off += COPY_CHUNK) {
		size_t n = (size_t)MIN(end - off, COPY_CHUNK);

		err = os_file_read(fd, chunk, n, off);
		if (err < 0)
			return err;
		err = os_file_write(fd, chunk, n, off);
		if (err < 0)
			return err;
	}
	return 0;
}

/* Zero what is not, from off to the end (only_look: leave it); *ret_last: the
 * end of what was not. */
static int
clear_from(int fd, uint64_t off, uint64_t end, bool only_look,
	   uint64_t *ret_last)
{
	CLEANUP_MEM char *chunk = mem_alloc(COPY_CHUNK);

	if (!chunk)
		return ERR_NOMEM;
	*ret_last = off;
	while (off < end) {
		size_t n = (size_t)MIN(end - off, COPY_CHUNK), used = n;
		int err = os_file_read(fd, chunk, n, off);

		if (err < 0)
			return err;
		while (used && !chunk[used - 1])
			used--;
		if (used)
			*ret_last = off + used;
		if (used && !only_look)
			err = os_file_zero(fd, off, used);
		if (err < 0)
			return err;
		off += n;
	}
	return 0;
}

int
bodylog_each(int dir, bodylog_each_fn fn, void *ctx)
{
	struct dirent *e;
	int fd, err = 0;
	DIR *d;

	fd = os_file_open(dir, ".", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d) {
		os_file_close(&fd);
		return ERR_NOMEM;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): d is this thread's own */
	while (err >= 0 && (errno = 0, e = readdir(d))) {
		uint32_t seg;

		if (bodylog_name_parse(str_c(e->d_name), &seg) == 0)
			err = fn(ctx, seg, e->d_name);
	}
	if (err >= 0 && errno)
		err = ERR_IO;
	(void)closedir(d);	/* only read from */
	return err < 0 ? err : 0;
}

/* What lies behind the tail. */
struct behind {
	int dir;
	uint32_t seg;
	uint64_t octets;
	bool unlink, any;
};

static int
behind_one(void *ctx, uint32_t seg, const char *name)
{
	CLEANUP_FILE int fd = -1;
	struct behind *b = ctx;
	uint64_t size, last = 0;
	int err;

	if (seg <= b->seg)
		return 0;
	b->any = true;
	if (b->unlink)
		return os_file_unlink(b->dir, name);
	fd = os_file_open(b->dir, name, O_RDONLY);
	if (fd < 0)
		return fd;
	err = os_file_size(fd, &size);
	if (err == 0 && size > BODYREC_SEGMENT)
		err = clear_from(fd, BODYREC_SEGMENT, size, true, &last);
	if (last > BODYREC_SEGMENT)
		b->octets += last - BODYREC_SEGMENT;
	return err;
}

/* Make away with what was never committed, if it is no more than `lost`. */
static int
clear_behind(struct bodylog *l, int fd, uint32_t seg, uint64_t off,
	     uint64_t lost)
{
	struct behind b = { .dir = l->dir, .seg = seg };
	uint64_t size = 0, last = 0;
	int err = bodylog_each(l->dir, behind_one, &b);

	if (err == 0 && fd >= 0)
		err = os_file_size(fd, &size);
	if (err == 0 && fd >= 0)
		err = clear_from(fd, off, size, true, &last);
	if (err < 0)
		return err;
	if (fd >= 0)
		b.octets += last - off;
	if (b.octets > lost)
		return ERR_CONFLICT;
	if (fd >= 0 && last > off) {
		err = clear_from(fd, off, size, false, &last);
		if (err == 0)
			err = os_file_sync(fd);
	}
	if (err == 0 && b.any) {
		b.unlink = true;
		err = bodylog_each(l->dir, behind_one, &b);
		if (err == 0)
			err = os_file_sync_all(l->dir);
	}
	return err;
}

/* The file of the active segment, checked. */
static int
open_active(struct bodylog *l, uint32_t seg, uint64_t salt, uint64_t off)
{
	CLEANUP_FILE int fd = -1;
	char name[BODYLOG_NAME];
	uint32_t has_seg = 0;
	uint64_t has_salt = 0, size = 0;
	int err;

	bodylog_name(seg, name);
	fd = os_file_open(l->dir, name, O_RDWR);
	if (fd < 0)
		return fd == ERR_NOTFOUND ? ERR_CORRUPT : fd;
	err = bodylog_head(fd, &has_seg, &has_salt);
	if (err == 0)
		err = os_file_size(fd, &size);
	if (err < 0)
		return err;
	if (has_seg != seg || has_salt != salt || size < off)
		return ERR_CORRUPT;
	err = fd;
	fd = -1;
	return err;
}

int
bodylog_open(struct bodylog *l, uint32_t seg, uint64_t salt, uint64_t off,
	     uint64_t lost, bool rewrite)
{
	CLEANUP_FILE int fd = -1;
	int err;

	if (seg) {
		fd = open_active(l, seg, salt, off);
		if (fd < 0)
			return fd;
	}
	err = clear_behind(l, fd, seg, off, lost);
	if (err == 0 && seg && rewrite) {
		err = rewrite_to(fd, off);
		if (err == 0)
			err = os_file_sync_all(fd);
	}
	if (err == 0 && seg)
		err = os_file_size(fd, &l->filled);
	if (err < 0 || !seg)
		return err;
	l->seg = seg;
	l->salt = salt;
	l->off = off;
	l->fd = fd;
	fd = -1;
	return 0;
}
