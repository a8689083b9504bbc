/*
 * Rebuilding the index from the bodies.
 *
 * Every record that validates in every segment, and every large body that
 * does, is taken for a message: its manifest gives the row, its owners the
 * mailboxes it goes to.  The new index is made beside the old one, as
 * index.db.new; only when it is whole is the old one moved aside and the new
 * one given its name, so that a rebuild that was interrupted is begun again.
 *
 * A record validates only where it was written (bodyrec.h), and the salt that
 * takes stands at the head of its segment; so nothing of the old index is
 * needed.  What the log cannot tell is said at the end.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/sqlite/bigfile.h"
#include "store/sqlite/os_file.h"
#include "store/sqlite/sqlite_rebuild_priv.h"

#define FRESH "index.db.new"
#define READ_CHUNK (64u << 10)

__attribute__((format(printf, 2, 3))) void
rebuild_say(struct rebuild *rb, const char *fmt, ...)
{
	char line[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	rb->say(rb->ctx, str_c(line));
}

/* --- segments --- */

static int
list_segment(void *ctx, uint32_t seg, const char *name)
{
	struct rebuild *rb = ctx;
	uint32_t *v = mem_realloc(rb->segs, (rb->nsegs + 1) * sizeof(*v));

	if (!v)
		return ERR_NOMEM;
	rb->segs = v;
	rb->segs[rb->nsegs++] = seg;
	return 0;
}

static int
compare_segs(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* All records of a segment in memory. */
static int
scan_records(struct rebuild *rb, struct str octets, struct bodyrec_place at)
{
	uint64_t records = 0, live = 0, damaged = 0;
	struct rebuild_body b;
	bool skipped;
	int rc;

	at.off = BODYREC_SEGMENT;
	while ((rc = bodyrec_next(octets, &at, &b.rec, &b.payload, &b.owners,
				  &skipped)) > 0) {
		b.seg = at.seg;
		b.off = at.off;
		damaged += skipped;
		rc = rebuild_add(rb, &b);
		if (rc < 0)
			return rc;
		live += rc ? bodyrec_size(b.rec.len, b.rec.owners) : 0;
		records++;
		at.off += bodyrec_size(b.rec.len, b.rec.owners);
	}
	damaged += skipped;
	if (damaged)
		rebuild_say(rb, "segment %u: octets that are no record were "
			    "passed over in %llu places", (unsigned)at.seg,
			    (unsigned long long)damaged);
	rebuild_say(rb, "segment %u: %llu records", (unsigned)at.seg,
		    (unsigned long long)records);
	return rebuild_segment(rb, &at, live);
}

static int
scan_mapped(struct rebuild *rb, uint32_t seg, struct str octets)
{
	struct bodyrec_place at = { 0 };

	if (bodyrec_segment_parse(octets, &at.seg, &at.salt) < 0 ||
	    at.seg != seg) {
		rebuild_say(rb, "segment %u: its head is damaged: without its "
			    "salt no record can be told from chance, and "
			    "nothing of it is recovered", (unsigned)seg);
		rb->lost_segments++;
		return 0;
	}
	return scan_records(rb, octets, at);
}

/* Read all that can be read; what cannot is zeros. */
static void
read_some(struct rebuild *rb, int fd, const char *name, char *p, size_t size)
{
	uint64_t lost = 0;

	for (size_t off = 0; off < size; off += READ_CHUNK) {
		size_t n = size - off < READ_CHUNK ? size - off : READ_CHUNK;

		if (os_file_read(fd, p + off, n, off) < 0) {
			memset(p + off, 0, n);
			lost += n;
		}
	}
	if (lost)
		rebuild_say(rb, "%s: %llu octets cannot be read", name,
			    (unsigned long long)lost);
}

/* A file as a whole in memory. */
static int
scan_file(struct rebuild *rb, int dir, const char *name,
	  int (*scan)(struct rebuild *, uint64_t, struct str), uint64_t id)
{
	CLEANUP_FILE int fd = os_file_open(dir, name, O_RDONLY);
	CLEANUP_MEM char *p = NULL;
	uint64_t size;
	int err;

	if (fd < 0)
		return fd;
	err = os_file_size(fd, &size);
	if (err < 0)
		return err;
	p = mem_alloc((size_t)size);
	if (!p)
		return ERR_NOMEM;
	read_some(rb, fd, name, p, (size_t)size);
	return scan(rb, id, str_n(p, (size_t)size));
}

static int
scan_segment(struct rebuild *rb, uint64_t id, struct str octets)
{
	return scan_mapped(rb, (uint32_t)id, octets);
}

static int
scan_segments(struct rebuild *rb)
{
	int err = bodylog_each(rb->s->log_dir, list_segment, rb);

	if (err == 0 && rb->nsegs)
		qsort(rb->segs, rb->nsegs, sizeof(*rb->segs), compare_segs);
	for (size_t i = 0; err == 0 && i < rb->nsegs; i++) {
		char name[BODYLOG_NAME];

		bodylog_name(rb->segs[i], name);
		err = scan_file(rb, rb->s->log_dir, name, scan_segment,
				rb->segs[i]);
	}
	return err;
}

/* --- large bodies --- */

/* A file that no row will name would be removed by the next open. */
static int
put_away(struct rebuild *rb, uint64_t id)
{
	char name[BIGFILE_NAME], to[BIGFILE_NAME + 8];

	bigfile_name(id, name);
	(void)snprintf(to, sizeof(to), "%s.lost", name);
	rb->lost_bigs++;
	rebuild_say(rb, "large body %s: not recovered, moved to %s", name, to);
	return renameat(rb->s->big_dir, name, rb->s->big_dir, to) < 0 ? ERR_IO :
									0;
}

static int
scan_big(struct rebuild *rb, uint64_t id, struct str octets)
{
	static const struct bodyrec_place own_file;
	struct rebuild_body b = { .seg = 0 };
	int err = bodyrec_check(octets, &own_file, &b.rec, &b.payload,
				&b.owners);

	if (err == 0 && b.rec.body_id == id)
		err = rebuild_add(rb, &b);
	else
		err = 0;
	if (err < 0)
		return err;
	return err ? 0 : put_away(rb, id);
}

static int
each_big(void *ctx, uint64_t id, const char *name)
{
	struct rebuild *rb = ctx;

	return scan_file(rb, rb->s->big_dir, name, scan_big, id);
}

/* --- files --- */

/* Move the old index and what belongs to it out of the way. */
static int
move_aside(struct rebuild *rb, int dir)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char from[64], to[64];
	struct stat st;
	unsigned n = 1;

	do
		(void)snprintf(to, sizeof(to), "index.db.lost-%u", n);
	while (fstatat(dir, to, &st, 0) == 0 && n++ < 100000);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(from, sizeof(from), "index.db%s", tails[i]);
		(void)snprintf(to, sizeof(to), "index.db.lost-%u%s", n,
			       tails[i]);
		if (renameat(dir, from, dir, to) == 0)
			rebuild_say(rb, "the old %s is now %s", from, to);
		else if (fstatat(dir, from, &st, 0) == 0)
			return ERR_IO;
	}
	return 0;
}

/* The closed, whole index takes its place. */
static int
put_in_place(struct rebuild *rb, int dir)
{
	CLEANUP_FILE int fd = os_file_open(dir, FRESH, O_RDONLY);
	int err;

	if (fd < 0)
		return fd;
	err = os_file_sync_all(fd);
	if (err == 0)
		err = move_aside(rb, dir);
	if (err == 0 && renameat(dir, FRESH, dir, "index.db") < 0)
		err = ERR_IO;
	return err == 0 ? os_file_sync_all(dir) : err;
}

static void
tell_limits(struct rebuild *rb)
{
	static const char *const unknown[] = {
		"Not known and not recovered:",
		"- flags and keywords: all mail is unread",
		"- folders: all mail is in RECOVERED, SENT copies too",
		"- deletions: mail that was deleted but whose octets were "
		"still there is back",
		"- passwords, devices, display names, quotas: nobody can log "
		"in before a password is set",
		"- which mailboxes were temporary: all are central",
		"- accounts without mail, and who had been disabled",
		"- which IDs were delivered lately: a sender that repeats one "
		"delivers it again",
		"- whether the last records were ever acknowledged: what was "
		"written but never committed is recovered as well",
	};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		rebuild_say(rb, "%s", unknown[i]);
}

/* All that is found, in transactions of moderate size. */
static int
fill(struct rebuild *rb)
{
	int err = rebuild_begin(rb);

	if (err == 0)
		err = scan_segments(rb);
	if (err == 0)
		err = bigfile_each(rb->s->big_dir, each_big, rb);
	if (err == 0)
		err = rebuild_end(rb);
	return err;
}

int
sqlite_store_rebuild(const char *data, const struct sqlite_store_options *opt,
		     store_say_fn say, void *ctx)
{
	struct rebuild rb = { .say = say, .ctx = ctx };
	struct sqlite_store_options o = *opt;
	char why[300] = "";
	struct sqlite_opening opening = {
		.data = data, .index = FRESH, .options = &o, .rebuild = true,
		.reterr = why, .cap = sizeof(why),
	};
	CLEANUP_FILE int dir = os_file_folder(AT_FDCWD, data, 0);
	CLEANUP_FILE int lock = -1;
	int err;

	o.create = true;
	if (dir < 0) {
		rebuild_say(&rb, "%s: %s", data, err_text(dir));
		return dir;
	}
	err = sqlite_store_open_as(&opening, &rb.s);
	if (err < 0) {
		rebuild_say(&rb, "%s", why);
		return err;
	}
	/* The lock outlives the store, until the index has its name. */
	lock = fcntl(rb.s->lock, F_DUPFD_CLOEXEC, 0);
	err = lock < 0 ? ERR_IO : fill(&rb);
	mem_free(rb.segs);
	store_close(&rb.s->head);
	if (err == 0)
		err = put_in_place(&rb, dir);
	if (err < 0)
		rebuild_say(&rb, "failed: %s; the old index is where it was",
			    err_text(err));
	else
		tell_limits(&rb);
	return err;
}
