/*
 * The octets of a part, from where its owner has them.
 *
 * A DATA line owes its block, whatever happens.  If a source runs dry, has too
 * much, or somebody stops, the rest is made up with zeros; the caller forgets
 * the message afterwards.
 */
#include "client/front_priv.h"

#include <errno.h>
#include <unistd.h>

/* Up to cap octets of a part: their count, 0 at the end, or -1. */
static ptrdiff_t
read_part(const struct immp_part *p, uint64_t at, void *dst, size_t cap)
{
	ssize_t n;

	if (p->data) {
		if (cap > p->length - at)
			cap = (size_t)(p->length - at);
		if (cap)
			memcpy(dst, (const char *)p->data + at, cap);
		return (ptrdiff_t)cap;
	}
	if (p->read)
		return p->read(p->ctx, dst, cap);
	do {
		n = read(p->fd, dst, cap);
	} while (n < 0 && errno == EINTR);
	return n;
}

/* The length was right if there is nothing more. */
static bool
is_exhausted(const struct immp_part *p, void *scratch)
{
	return p->length == 0 || p->data ||
	       read_part(p, p->length, scratch, 1) == 0;
}

int
front_block(struct immp *c, const struct immp_part *p, char *chunk,
	    int *error, front_moved_fn moved, void *ctx)
{
	uint64_t at = 0;

	while (at < p->length) {
		uint64_t left = p->length - at;
		size_t cap = left < FRONT_CHUNK ? (size_t)left : FRONT_CHUNK;
		ptrdiff_t n = 0;
		int rc;

		if (*error == 0) {
			n = read_part(p, at, chunk, cap);
			if (n <= 0 || (size_t)n > cap)
				*error = IMMP_E_SOURCE;
		}
		if (*error) {
			memset(chunk, 0, cap);
			n = (ptrdiff_t)cap;
		}
		rc = engine_block(c->e, str_n(chunk, (size_t)n));
		if (rc == 0)
			rc = front_drain(c);
		if (rc < 0)
			return rc;
		at += (uint64_t)n;
		if (*error == 0 && moved)
			*error = moved(ctx, (uint64_t)n);
	}
	if (*error == 0 && !is_exhausted(p, chunk))
		*error = IMMP_E_SOURCE;
	return 0;
}
