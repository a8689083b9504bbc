#include "store/sqlite/bigfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/secret.h"
#include "store/sqlite/bodyrec.h"
#include "store/sqlite/os_file.h"
#include "store/sqlite/sqlite_priv.h"

void
bigfile_name(uint64_t body_id, char dst[static BIGFILE_NAME])
{
	(void)snprintf(dst, BIGFILE_NAME, "%016llx",
		       (unsigned long long)body_id);
}

int
bigfile_name_parse(struct str name, uint64_t *ret_id)
{
	uint64_t id = 0;

	if (name.n != BIGFILE_NAME - 1)
		return ERR_VALUE;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c >= '0' && c <= '9')
			id = id << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			id = id << 4 | (uint64_t)(c - 'a' + 10);
		else
			return ERR_VALUE;
	}
	if (id >> 62 != 1)
		return ERR_VALUE;
	*ret_id = id;
	return 0;
}

int
bigfile_new(struct store *store, struct store_big **ret)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	struct bigfile *b = mem_zalloc(sizeof(*b));
	uint64_t id;
	int err = ERR_NOMEM;

	if (!b)
		return ERR_NOMEM;
	b->head.ops = store->ops;
	b->store = s;
	b->fd = -1;
	secret_random(&id, sizeof(id));
	b->body_id = BIGFILE_ID | (id & (BIGFILE_ID - 1));
	b->fd = os_file_open(s->big_dir, ".", O_RDWR | O_TMPFILE);
	if (b->fd < 0) {
		err = b->fd;
		goto fail;
	}
	*ret = &b->head;
	return 0;

fail:
	bigfile_free(&b->head);
	return err;
}

int
bigfile_write(struct store_big *big, struct str octets)
{
	struct bigfile *b = (struct bigfile *)big;
	int err;

	err = os_file_write(b->fd, octets.p, octets.n,
			    BODYREC_HEADER + b->len);
	if (err < 0)
		return err;
	b->crc = crc32c(b->crc, octets.p, octets.n);
	b->len += octets.n;
	return 0;
}

/* Owners and header, then the sync that makes the file whole. */
static int
complete(struct bigfile *b, struct str owners)
{
	static const struct bodyrec_place own_file;
	struct bodyrec rec = { .body_id = b->body_id, .len = b->len,
			       .owners = (uint32_t)owners.n };
	uint8_t head[BODYREC_HEADER];
	uint32_t crc = crc32c(b->crc, owners.p, owners.n);
	int err;

	rec.crc = bodyrec_crc(crc, &rec, &own_file);
	bodyrec_format(&rec, head);
	err = os_file_write(b->fd, owners.p, owners.n,
			    BODYREC_HEADER + b->len);
	if (err == 0)
		err = os_file_write(b->fd, head, sizeof(head), 0);
	if (err == 0)
		err = os_file_sync_all(b->fd);
	return err;
}

int
bigfile_finish(struct store_big *big, struct str owners)
{
	struct bigfile *b = (struct bigfile *)big;
	char name[BIGFILE_NAME];
	int err;

	if (owners.n > UINT32_MAX)
		return ERR_LIMIT;
	err = complete(b, owners);
	if (err == 0) {
		bigfile_name(b->body_id, name);
		err = os_file_link(b->fd, b->store->big_dir, name);
		b->linked = err == 0;
	}
	if (err == 0)
		err = os_file_sync_all(b->store->big_dir);
	if (err == ERR_SYNC)
		sqlite_store_break(b->store);
	return err;
}

uint64_t
bigfile_length(const struct store_big *big)
{
	return ((const struct bigfile *)big)->len;
}

void
bigfile_free(struct store_big *big)
{
	struct bigfile *b = (struct bigfile *)big;
	char name[BIGFILE_NAME];

	if (!b)
		return;
	os_file_close(&b->fd);
	if (b->linked && !b->committed && !sqlite_store_broken(b->store)) {
		/* If this fails, the next open finds it. */
		bigfile_name(b->body_id, name);
		(void)os_file_unlink(b->store->big_dir, name);
		if (os_file_sync_all(b->store->big_dir) < 0)
			sqlite_store_break(b->store);
	}
	mem_free(b);
}

int
bigfile_each(int dir, bigfile_each_fn fn, void *ctx)
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
		uint64_t id;

		if (bigfile_name_parse(str_c(e->d_name), &id) == 0)
			err = fn(ctx, id, e->d_name);
	}
	if (err >= 0 && errno)
		err = ERR_IO;
	(void)closedir(d);	/* only read from */
	return err < 0 ? err : 0;
}

struct sweep {
	int dir;
	bigfile_known_fn known;
	void *ctx;
	bool any;
};

static int
sweep_one(void *ctx, uint64_t body_id, const char *name)
{
	struct sweep *w = ctx;
	int err = w->known(w->ctx, body_id);

	if (err)
		return err < 0 ? err : 0;
	w->any = true;
	return os_file_unlink(w->dir, name);
}

int
bigfile_sweep(int dir, bigfile_known_fn known, void *ctx)
{
	struct sweep w = { .dir = dir, .known = known, .ctx = ctx };
	int err = bigfile_each(dir, sweep_one, &w);

	if (err == 0 && w.any)
		err = os_file_sync_all(dir);
	return err;
}
