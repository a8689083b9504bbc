/*
 * The octets go to a hidden name of our own; when they are all there and on
 * disk, the file is given its real name by link(), which fails rather than
 * replace.  A crash leaves at most the hidden file.
 */
#include "immp/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"

#define TRIES 10000

int
outfile_folder(const char *dir, int *ret)
{
	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return err_from_errno(errno);
	*ret = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? err_from_errno(errno) : 0;
}

int
outfile_begin(struct outfile *o, int dir)
{
	uint8_t rnd[8];
	char hex[17] = "";

	*o = (struct outfile){ .dir = dir, .fd = -1 };
	secret_random(rnd, sizeof(rnd));
	hex_encode(rnd, sizeof(rnd), hex);
	snprintf(o->temp, sizeof(o->temp), ".immp-%s.part", hex);
	o->fd = openat(dir, o->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		       0666);
	return o->fd < 0 ? err_from_errno(errno) : 0;
}

int
outfile_write(struct outfile *o, struct str octets)
{
	return file_write(o->fd, octets);
}

/* 0, or the errno. */
static int
give_name(struct outfile *o)
{
	if (linkat(o->dir, o->temp, o->dir, o->name, 0) == 0) {
		unlinkat(o->dir, o->temp, 0);
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return errno;
	/* A file system without links. */
	if (renameat2(o->dir, o->temp, o->dir, o->name, RENAME_NOREPLACE) == 0)
		return 0;
	return errno;
}

int
outfile_keep(struct outfile *o, const char *name)
{
	int err = EEXIST;

	if (fsync(o->fd) < 0)
		return err_from_errno(errno);
	for (unsigned n = 0; n < TRIES && err == EEXIST; n++) {
		name_numbered(name, n, o->name);
		err = give_name(o);
	}
	if (err)
		return err_from_errno(err);
	err = close(o->fd) < 0 ? err_from_errno(errno) : 0;
	o->fd = -1;
	if (err == 0 && fsync(o->dir) < 0)
		err = err_from_errno(errno);
	return err;
}

void
outfile_drop(struct outfile *o)
{
	if (o->fd < 0)
		return;
	close(o->fd);
	o->fd = -1;
	unlinkat(o->dir, o->temp, 0);
}
