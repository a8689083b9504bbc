#include "store/sqlite/bodylog.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/secret.h"
#include "store/sqlite/os_file.h"

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

void
bodylog_name(uint32_t seg, char dst[static BODYLOG_NAME])
{
	(void)snprintf(dst, BODYLOG_NAME, "%08u.seg", (unsigned)seg);
}

int
bodylog_name_parse(struct str name, uint32_t *ret_seg)
{
	uint64_t seg;

	if (name.n < 12 || !str_ends(name, STR(".seg")))
		return ERR_VALUE;
	name.n -= 4;
	if (str_u64_any(name, UINT32_MAX, &seg) < 0 || seg == 0)
		return ERR_VALUE;
	*ret_seg = (uint32_t)seg;
	return 0;
}

void
bodylog_init(struct bodylog *l, int dir, uint64_t limit)
{
	memset(l, 0, sizeof(*l));
	l->dir = dir;
	l->limit = limit;
	l->fd = -1;
	/* Default attributes cannot fail with this libc. */
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->filled_more, NULL);
}

void
bodylog_done(struct bodylog *l)
{
	for (size_t i = 0; i < l->nparts; i++)
		if (l->parts[i].created)
			os_file_close(&l->parts[i].fd);
	os_file_close(&l->fd);
	mem_free(l->pending);
	mem_free(l->parts);
	(void)pthread_cond_destroy(&l->filled_more);
	(void)pthread_mutex_destroy(&l->lock);
}

int
bodylog_head(int fd, uint32_t *ret_seg, uint64_t *ret_salt)
{
	char head[32];
	int err = os_file_read(fd, head, sizeof(head), 0);

	if (err < 0)
		return err;
	return bodyrec_segment_parse(str_n(head, sizeof(head)), ret_seg,
				     ret_salt);
}

/* --- a batch --- */

static int
room_for_pending(struct bodylog *l)
{
	size_t cap = l->cap_pending ? l->cap_pending * 2 : 256;
	struct bodylog_pending *p;

	if (l->npending < l->cap_pending)
		return 0;
	p = mem_realloc(l->pending, cap * sizeof(*p));
	if (!p)
		return ERR_NOMEM;
	l->pending = p;
	l->cap_pending = cap;
	return 0;
}

static int
add_part(struct bodylog *l, const struct bodylog_part *part)
{
	if (l->nparts == l->cap_parts) {
		size_t cap = l->cap_parts ? l->cap_parts * 2 : 4;
		struct bodylog_part *p;

		p = mem_realloc(l->parts, cap * sizeof(*p));
		if (!p)
			return ERR_NOMEM;
		l->parts = p;
		l->cap_parts = cap;
	}
	l->parts[l->nparts++] = *part;
	return 0;
}

/* A file that a crash or a failed batch has left behind was never
 * acknowledged: it gives way. */
static int
create_segment(struct bodylog *l, uint32_t seg, uint64_t *ret_salt)
{
	CLEANUP_FILE int fd = -1;
	uint8_t head[BODYREC_SEGMENT];
	char name[BODYLOG_NAME];
	uint64_t salt;
	int err;

	secret_random(&salt, sizeof(salt));
	salt >>= 1;	/* the index keeps signed numbers */
	bodylog_name(seg, name);
	bodyrec_segment_format(seg, salt, head);
	err = os_file_unlink(l->dir, name);
	if (err < 0)
		return err;
	fd = os_file_open(l->dir, name, O_RDWR | O_CREAT | O_EXCL);
	if (fd < 0)
		return fd;
	err = os_file_write(fd, head, sizeof(head), 0);
	if (err == 0)
		err = os_file_sync_all(fd);
	if (err == 0)
		err = os_file_sync_all(l->dir);
	if (err < 0) {
		if (err != ERR_SYNC)
			(void)os_file_unlink(l->dir, name);	/* as above */
		return err;
	}
	*ret_salt = salt;
	err = fd;
	fd = -1;
	return err;
}

static int
next_segment(struct bodylog *l, uint32_t seg)
{
	struct bodylog_part part = { .seg = seg, .created = true };
	int err;

	part.fd = create_segment(l, seg, &part.salt);
	if (part.fd < 0)
		return part.fd;
	part.from = part.to = BODYREC_SEGMENT;
	err = add_part(l, &part);
	if (err < 0)
		os_file_close(&part.fd);
	return err;
}

int
bodylog_begin(struct bodylog *l, uint32_t seg)
{
	int err = next_segment(l, seg);

	if (err == 0)
		bodylog_commit(l);
	return err;
}

/* The part that takes a record of n octets. */
static int
part_for(struct bodylog *l, uint64_t n)
{
	struct bodylog_part *last;
	int err;

	if (!l->nparts && l->seg) {
		struct bodylog_part part = {
			.seg = l->seg, .fd = l->fd, .salt = l->salt,
			.from = l->off, .to = l->off
		};

		err = add_part(l, &part);
		if (err < 0)
			return err;
	}
	if (!l->nparts)
		return next_segment(l, 1);
	last = &l->parts[l->nparts - 1];

	/* A record larger than a segment gets a larger segment. */
	if (last->to + n > l->limit && last->to > BODYREC_SEGMENT)
		return next_segment(l, last->seg + 1);
	return 0;
}

int
bodylog_add(struct bodylog *l, uint64_t body_id, struct str payload,
	    struct str owners, struct bodyrec_place *ret)
{
	uint64_t n = bodyrec_size(payload.n, owners.n);
	struct bodylog_pending *p;
	struct bodylog_part *part;
	int err;

	if (owners.n > UINT32_MAX)
		return ERR_LIMIT;
	err = room_for_pending(l);
	if (err < 0)
		return err;
	err = part_for(l, n);
	if (err < 0)
		return err;
	part = &l->parts[l->nparts - 1];
	p = &l->pending[l->npending++];
	p->payload = payload;
	p->owners = owners;
	p->part = l->nparts - 1;
	p->at = (struct bodyrec_place){ part->seg, part->salt, part->to };
	p->rec = (struct bodyrec){ .body_id = body_id, .len = payload.n,
				   .owners = (uint32_t)owners.n };
	part->to += n;
	*ret = p->at;
	return 0;
}

/* The pieces of one record.  Returns how many there are. */
static size_t
pieces(struct bodylog_pending *p, struct iovec *v)
{
	static const uint8_t zeros[BODYREC_ALIGN];
	uint64_t bare = BODYREC_HEADER + p->payload.n + p->owners.n;
	uint64_t pad = bodyrec_size(p->payload.n, p->owners.n) - bare;
	uint32_t crc = crc32c(0, p->payload.p, p->payload.n);

	crc = crc32c(crc, p->owners.p, p->owners.n);
	p->rec.crc = bodyrec_crc(crc, &p->rec, &p->at);
	bodyrec_format(&p->rec, p->head);
	v[0] = (struct iovec){ p->head, BODYREC_HEADER };
	v[1] = (struct iovec){ (void *)(uintptr_t)p->payload.p, p->payload.n };
	v[2] = (struct iovec){ (void *)(uintptr_t)p->owners.p, p->owners.n };
	v[3] = (struct iovec){ (void *)(uintptr_t)zeros, (size_t)pad };
	return 4;
}

/*
 * Claim what the part needs past `filled`, once the filler is out of the way,
 * and fill a little ahead, since the filler was too slow or is not there.
 */
static void
make_room(struct bodylog *l, const struct bodylog_part *part)
{
	uint64_t end = MAX(part->to, MIN(part->to + BODYLOG_STEP_SMALL,
					 l->limit));
	bool enough = false;

	if (!part->created) {
		(void)pthread_mutex_lock(&l->lock);
		while (l->filling && part->to > l->filled)
			(void)pthread_cond_wait(&l->filled_more, &l->lock);
		enough = part->to <= l->filled;
		if (!enough)
			l->filled = end;
		(void)pthread_mutex_unlock(&l->lock);
	}

	/* Without room for zeros there may still be some for the records. */
	if (!enough)
		(void)os_file_zero(part->fd, part->to, end - part->to);
}

/* Write the records of one part, which begin at *i. */
static int
write_part(struct bodylog *l, size_t part_no, size_t *i)
{
	struct bodylog_part *part = &l->parts[part_no];
	struct iovec v[4 * 200];
	uint64_t off = part->from;
	int err;

	make_room(l, part);
	while (*i < l->npending && l->pending[*i].part == part_no) {
		uint64_t sum = 0;
		size_t n = 0;

		for (; *i < l->npending && n + 4 <= 4 * 200; ++*i) {
			struct bodylog_pending *p = &l->pending[*i];

			if (p->part != part_no)
				break;
			n += pieces(p, v + n);
			sum += bodyrec_size(p->rec.len, p->rec.owners);
		}
		err = os_file_writev(part->fd, v, n, off);
		if (err < 0)
			return err;
		off += sum;
	}
	return os_file_sync(part->fd);
}

int
bodylog_write(struct bodylog *l)
{
	size_t i = 0;
	int err;

	for (size_t part = 0; part < l->nparts; part++) {
		if (l->parts[part].from == l->parts[part].to)
			continue;
		err = write_part(l, part, &i);
		if (err < 0)
			return err;
	}
	return 0;
}

void
bodylog_tail(const struct bodylog *l, uint32_t *ret_seg, uint64_t *ret_off)
{
	if (l->nparts) {
		*ret_seg = l->parts[l->nparts - 1].seg;
		*ret_off = l->parts[l->nparts - 1].to;
	} else {
		*ret_seg = l->seg;
		*ret_off = l->off;
	}
}

static void
forget_batch(struct bodylog *l)
{
	l->npending = 0;
	l->nparts = 0;
}

void
bodylog_commit(struct bodylog *l)
{
	struct bodylog_part *last;
	uint64_t size;

	if (!l->nparts)
		return;
	last = &l->parts[l->nparts - 1];
	for (size_t i = 0; i + 1 < l->nparts; i++)
		if (l->parts[i].created)
			os_file_close(&l->parts[i].fd);
	(void)pthread_mutex_lock(&l->lock);
	if (last->created) {
		while (l->filling)
			(void)pthread_cond_wait(&l->filled_more, &l->lock);
		os_file_close(&l->fd);
		l->fd = last->fd;
		l->seg = last->seg;
		l->salt = last->salt;
		l->filled = last->to;
		if (os_file_size(l->fd, &size) == 0)
			l->filled = MAX(size, last->to);
	}
	l->off = last->to;
	(void)pthread_mutex_unlock(&l->lock);
	forget_batch(l);
}

void
bodylog_abort(struct bodylog *l, bool touch)
{
	for (size_t i = 0; i < l->nparts; i++) {
		struct bodylog_part *part = &l->parts[i];
		char name[BODYLOG_NAME];

		if (part->created) {
			os_file_close(&part->fd);
			bodylog_name(part->seg, name);
			if (touch)	/* else it is found at the next open */
				(void)os_file_unlink(l->dir, name);
		} else if (touch && part->to > part->from) {
			/* Best effort: what is left would at worst come back
			 * in a rebuild. */
			(void)os_file_zero(part->fd, part->from,
					   part->to - part->from);
		}
	}
	forget_batch(l);
}

/* --- filling ahead --- */

int
bodylog_fill(struct bodylog *l)
{
	CLEANUP_FILE int fd = -1;
	char name[BODYLOG_NAME];
	uint64_t from, n = 0;
	int err = 0;

	(void)pthread_mutex_lock(&l->lock);
	from = l->filled;
	if (l->seg && from < l->limit && from - l->off < BODYLOG_STEP) {
		n = MIN(BODYLOG_STEP, l->limit - from);
		l->filling = true;
		bodylog_name(l->seg, name);
	}
	(void)pthread_mutex_unlock(&l->lock);
	if (!n)
		return 0;

	/* The segment cannot be left while `filling` is set. */
	fd = os_file_open(l->dir, name, O_RDWR);
	err = fd < 0 ? fd : os_file_zero(fd, from, n);
	if (err == 0)
		err = os_file_sync(fd);

	(void)pthread_mutex_lock(&l->lock);
	if (err == 0)
		l->filled = from + n;
	l->filling = false;
	(void)pthread_cond_broadcast(&l->filled_more);
	(void)pthread_mutex_unlock(&l->lock);
	return err < 0 ? err : 1;
}
