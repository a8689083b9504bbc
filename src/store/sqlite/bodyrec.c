#include "store/sqlite/bodyrec.h"

#include "base/crc32c.h"

#define MAGIC_RECORD 0x31726269u	/* "ibr1" */
#define MAGIC_SEGMENT 0x31736269u	/* "ibs1" */
#define VERSION 1

static void
put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void
put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint64_t
get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

uint64_t
bodyrec_size(uint64_t len, uint64_t owners)
{
	uint64_t n = BODYREC_HEADER + len + owners;

	return (n + BODYREC_ALIGN - 1) & ~(uint64_t)(BODYREC_ALIGN - 1);
}

uint32_t
bodyrec_crc(uint32_t crc, const struct bodyrec *r,
	    const struct bodyrec_place *at)
{
	uint8_t head[BODYREC_HEADER];
	uint8_t place[20];

	bodyrec_format(r, head);
	put32(place, at->seg);
	put64(place + 4, at->salt);
	put64(place + 12, at->off);
	crc = crc32c(crc, head + 8, sizeof(head) - 8);
	return crc32c(crc, place, sizeof(place));
}

void
bodyrec_format(const struct bodyrec *r, uint8_t dst[static BODYREC_HEADER])
{
	put32(dst, MAGIC_RECORD);
	put32(dst + 4, r->crc);
	put64(dst + 8, r->body_id);
	put64(dst + 16, r->len);
	put32(dst + 24, r->owners);
	put32(dst + 28, VERSION);
}

int
bodyrec_parse(const uint8_t src[static BODYREC_HEADER], struct bodyrec *ret)
{
	if (get32(src) != MAGIC_RECORD || get32(src + 28) != VERSION)
		return ERR_CORRUPT;
	ret->crc = get32(src + 4);
	ret->body_id = get64(src + 8);
	ret->len = get64(src + 16);
	ret->owners = get32(src + 24);
	return 0;
}

int
bodyrec_check(struct str segment, const struct bodyrec_place *at,
	      struct bodyrec *ret, struct str *ret_payload,
	      struct str *ret_owners)
{
	struct bodyrec r;
	const uint8_t *p;
	uint64_t left;
	uint32_t crc;

	if (at->off > segment.n || segment.n - at->off < BODYREC_HEADER)
		return ERR_MORE;
	p = (const uint8_t *)segment.p + at->off;
	if (bodyrec_parse(p, &r) < 0)
		return ERR_CORRUPT;

	/* Neither length can overflow once it is known to be there. */
	left = segment.n - at->off - BODYREC_HEADER;
	if (r.len > left || r.owners > left - r.len)
		return ERR_MORE;
	crc = crc32c(0, p + BODYREC_HEADER, (size_t)(r.len + r.owners));
	if (bodyrec_crc(crc, &r, at) != r.crc)
		return ERR_CORRUPT;
	*ret = r;
	*ret_payload = str_n(p + BODYREC_HEADER, (size_t)r.len);
	*ret_owners = str_n(p + BODYREC_HEADER + r.len, r.owners);
	return 0;
}

int
bodyrec_next(struct str segment, struct bodyrec_place *at, struct bodyrec *ret,
	     struct str *ret_payload, struct str *ret_owners,
	     bool *ret_skipped)
{
	struct bodyrec_place here = *at;

	*ret_skipped = false;
	here.off = (here.off + BODYREC_ALIGN - 1) &
		   ~(uint64_t)(BODYREC_ALIGN - 1);
	while (here.off < segment.n &&
	       segment.n - here.off >= BODYREC_HEADER) {
		const uint8_t *p = (const uint8_t *)segment.p + here.off;

		if (get32(p) == MAGIC_RECORD &&
		    bodyrec_check(segment, &here, ret, ret_payload,
				  ret_owners) == 0) {
			*at = here;
			return 1;
		}
		if (get64(p))
			*ret_skipped = true;
		here.off += BODYREC_ALIGN;
	}
	return 0;
}

void
bodyrec_segment_format(uint32_t seg, uint64_t salt,
		       uint8_t dst[static BODYREC_SEGMENT])
{
	memset(dst, 0, BODYREC_SEGMENT);
	put32(dst, MAGIC_SEGMENT);
	put32(dst + 8, VERSION);
	put32(dst + 12, seg);
	put64(dst + 16, salt);
	put32(dst + 4, crc32c(0, dst + 8, 24));
}

int
bodyrec_segment_parse(struct str head, uint32_t *ret_seg, uint64_t *ret_salt)
{
	const uint8_t *p = (const uint8_t *)head.p;

	if (head.n < 32 || get32(p) != MAGIC_SEGMENT ||
	    get32(p + 8) != VERSION || get32(p + 4) != crc32c(0, p + 8, 24))
		return ERR_CORRUPT;
	*ret_seg = get32(p + 12);
	*ret_salt = get64(p + 16);
	return 0;
}
