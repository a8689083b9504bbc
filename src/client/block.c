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

/* Up to cap octets of a part that are not in memory: their count, 0 at the
 * end, or -1. */
static ptrdiff_t
read_part(const struct immp_part *p, void *dst, size_t cap)
{
	ssize_t n;

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
	return p->length == 0 || p->data || read_part(p, scratch, 1) == 0;
}

/* What of the block comes at `at`: octets of the part, or zeros. */
static struct str
next_octets(const struct immp_part *p, uint64_t at, char *chunk, int *error)
{
	uint64_t left = p->length - at;
	size_t cap = left < FRONT_CHUNK ? (size_t)left : FRONT_CHUNK;
	ptrdiff_t n;

	if (*error == 0 && p->data)
		return str_n((const char *)p->data + at, cap);
	if (*error == 0) {
		n = read_part(p, chunk, cap);
		if (n > 0 && (size_t)n <= cap)
			return str_n(chunk, (size_t)n);
		*error = IMMP_E_SOURCE;
	}
	memset(chunk, 0, cap);
	return str_n(chunk, cap);
}

int
front_block(struct immp *c, const struct immp_part *p, char *chunk,
	    int *error, front_moved_fn moved, void *ctx)
{
	uint64_t at = 0;

	while (at < p->length) {
		struct str octets = next_octets(p, at, chunk, error);
		int rc = engine_block(c->e, octets);

		if (rc == 0)
			rc = front_drain(c);
		if (rc < 0)
			return rc;
		at += octets.n;
		if (*error == 0 && moved)
			*error = moved(ctx, octets.n);
	}
	if (*error == 0 && !is_exhausted(p, chunk))
		*error = IMMP_E_SOURCE;
	return 0;
}
