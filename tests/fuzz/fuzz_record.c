/*
 * fuzz_record: any octets taken for a segment of the body log.
 *
 * A checksum keeps chance out, so the first octet of the input decides whether
 * what looks like a record gets a right one first.
 */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "store/sqlite/bodyrec.h"

/* Give the record that seems to be at `at` the checksum it needs. */
static void
make_right(uint8_t *p, size_t n, const struct bodyrec_place *at)
{
	struct bodyrec r;
	uint64_t left;

	if (n - at->off < BODYREC_HEADER ||
	    bodyrec_parse(p + at->off, &r) < 0)
		return;
	left = n - at->off - BODYREC_HEADER;
	if (r.len > left || r.owners > left - r.len)
		return;
	r.crc = crc32c(0, p + at->off + BODYREC_HEADER,
		       (size_t)(r.len + r.owners));
	r.crc = bodyrec_crc(r.crc, &r, at);
	bodyrec_format(&r, p + at->off);
}

/* A record that validates says what its octets say, and only here. */
static void
check_record(struct str segment, const struct bodyrec_place *at,
	     const struct bodyrec *r, struct str payload, struct str owners)
{
	uint8_t head[BODYREC_HEADER];
	struct bodyrec_place other = *at;
	struct bodyrec again;
	struct str a, b;

	FUZZ_CHECK(at->off % BODYREC_ALIGN == 0);
	FUZZ_CHECK(payload.n == r->len && owners.n == r->owners);
	FUZZ_CHECK(payload.p == segment.p + at->off + BODYREC_HEADER);
	FUZZ_CHECK(owners.p == payload.p + payload.n);
	FUZZ_CHECK(owners.p + owners.n <= segment.p + segment.n);
	bodyrec_format(r, head);
	FUZZ_CHECK(!memcmp(head, segment.p + at->off, sizeof(head)));
	other.salt ^= 1;
	FUZZ_CHECK(bodyrec_check(segment, &other, &again, &a, &b) < 0);
	other = *at;
	other.seg++;
	FUZZ_CHECK(bodyrec_check(segment, &other, &again, &a, &b) < 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bodyrec_place at = { 0, 0, 0 };
	struct str segment, payload, owners;
	struct bodyrec r;
	uint64_t behind = 0;
	bool skipped, right;
	uint8_t *p;

	if (!n)
		return 0;
	right = *data++ & 1;
	n--;
	p = mem_alloc(n);
	FUZZ_CHECK(p);
	if (n)
		memcpy(p, data, n);
	segment = str_n(p, n);
	if (bodyrec_segment_parse(segment, &at.seg, &at.salt) == 0 &&
	    n >= BODYREC_SEGMENT)
		at.off = BODYREC_SEGMENT;
	for (struct bodyrec_place w = at; right && w.off < n;
	     w.off += BODYREC_ALIGN)
		make_right(p, n, &w);
	while (bodyrec_next(segment, &at, &r, &payload, &owners, &skipped)) {
		FUZZ_CHECK(at.off >= behind);
		check_record(segment, &at, &r, payload, owners);
		behind = at.off + bodyrec_size(r.len, r.owners);
		at.off = behind;
	}
	mem_free(p);
	return 0;
}
