#include "immp/export/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

#define IN_MEMORY (256u << 10)
#define PIECE (64u << 10)
#define FILE_NAME ".immp-spool.part"

void
export_spool_init(struct export_spool *s, int dir)
{
	*s = (struct export_spool){ .dir = dir, .fd = -1 };
	buf_init(&s->mem, IN_MEMORY);
}

void
export_spool_clear(struct export_spool *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->n = 0;
	s->ends = (struct export_ends){ 0 };
	buf_clear(&s->mem);
}

void
export_spool_done(struct export_spool *s)
{
	export_spool_clear(s);
	buf_done(&s->mem);
}

/* A file without a name; where there is no such thing it loses its name at
 * once. */
static int
make_file(int dir)
{
	int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	unlinkat(dir, FILE_NAME, 0); /* of a run that was killed */
	fd = openat(dir, FILE_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd >= 0)
		unlinkat(dir, FILE_NAME, 0);
	return fd;
}

/* What memory holds goes to the file. */
static int
spill(struct export_spool *s)
{
	int rc;

	if (s->fd < 0)
		s->fd = make_file(s->dir);
	if (s->fd < 0)
		return err_from_errno(errno);
	rc = file_write(s->fd, buf_str(&s->mem));
	if (rc == 0)
		buf_clear(&s->mem);
	return rc;
}

int
export_spool_add(struct export_spool *s, struct str octets)
{
	int rc = 0;

	export_ends_add(&s->ends, octets);
	s->n += octets.n;
	if (octets.n > IN_MEMORY - s->mem.n)
		rc = spill(s);
	if (rc == 0 && octets.n > IN_MEMORY)
		return file_write(s->fd, octets);
	return rc == 0 ? buf_add_str(&s->mem, octets) : rc;
}

/* The next piece, from the file or from memory; empty at the end. */
static int
next(struct export_spool *s, uint64_t at, char *dst, struct str *ret)
{
	uint64_t in_file = s->n - s->mem.n;
	ssize_t n;

	if (at >= in_file) {
		*ret = str_sub(buf_str(&s->mem), (size_t)(at - in_file), PIECE);
		return 0;
	}
	do {
		n = pread(s->fd, dst, PIECE, (off_t)at);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? err_from_errno(errno) : ERR_IO;
	*ret = str_n(dst, (size_t)n);
	return 0;
}

int
export_spool_write(struct export_spool *s, struct str head,
		   struct export_lines *l, int fd, uint64_t *ret_n)
{
	CLEANUP_BUF struct buf out = { 0 };
	char piece[PIECE];
	struct str p = STR("");
	int rc;

	*ret_n = 0;
	/* Quoting adds an octet to a line of five, and what a piece held back
	 * comes with the next. */
	buf_init(&out, s->n + s->n / 4 + head.n + PIECE);
	rc = buf_add_str(&out, head);
	for (uint64_t at = 0; rc == 0 && at < s->n; at += p.n) {
		rc = next(s, at, piece, &p);
		if (rc == 0)
			rc = l ? export_lines_add(l, &out, p)
			       : buf_add_str(&out, p);
		if (rc == 0 && out.n >= PIECE) {
			rc = file_write(fd, buf_str(&out));
			*ret_n += out.n;
			buf_clear(&out);
		}
	}
	if (rc == 0 && l)
		rc = export_lines_end(l, &out);
	if (rc == 0)
		rc = file_write(fd, buf_str(&out));
	*ret_n += out.n;
	return rc;
}
