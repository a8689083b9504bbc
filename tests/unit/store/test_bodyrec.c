#include "store/sqlite/bodyrec.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "lib/guard.h"
#include "lib/test.h"

#define ROOM 8192

/* A record of payload and owners at off of a segment in memory. */
static size_t
put_record(char *segment, const struct bodyrec_place *at, uint64_t id,
	   const char *payload, const char *owners)
{
	struct bodyrec r = {
		.body_id = id,
		.len = strlen(payload),
		.owners = (uint32_t)strlen(owners),
	};
	char *p = segment + at->off;
	uint32_t crc;

	crc = crc32c(0, payload, (size_t)r.len);
	crc = crc32c(crc, owners, r.owners);
	r.crc = bodyrec_crc(crc, &r, at);
	bodyrec_format(&r, (uint8_t *)p);
	memcpy(p + BODYREC_HEADER, payload, (size_t)r.len);
	memcpy(p + BODYREC_HEADER + r.len, owners, r.owners);
	return (size_t)bodyrec_size(r.len, r.owners);
}

static void
test_size(void **state)
{
	assert_int_equal(bodyrec_size(0, 0), 32);
	assert_int_equal(bodyrec_size(1, 0), 40);
	assert_int_equal(bodyrec_size(4, 4), 40);
	assert_int_equal(bodyrec_size(4, 5), 48);
}

static void
test_check(void **state)
{
	static char segment[ROOM];
	struct bodyrec_place at = { 3, 99, 64 }, other;
	struct str payload, owners;
	struct bodyrec r;
	size_t n = put_record(segment, &at, 7, "some octets", "a@a.test\n");

	assert_rc(bodyrec_check(str_n(segment, ROOM), &at, &r, &payload,
				&owners), 0);
	assert_int_equal(r.body_id, 7);
	assert_str(payload, "some octets");
	assert_str(owners, "a@a.test\n");

	/* Anywhere else it does not validate. */
	other = at;
	other.seg = 4;
	assert_rc(bodyrec_check(str_n(segment, ROOM), &other, &r, &payload,
				&owners), ERR_CORRUPT);
	other = at;
	other.salt = 98;
	assert_rc(bodyrec_check(str_n(segment, ROOM), &other, &r, &payload,
				&owners), ERR_CORRUPT);
	other = at;
	other.off = 512;
	memcpy(segment + 512, segment + 64, n);
	assert_rc(bodyrec_check(str_n(segment, ROOM), &other, &r, &payload,
				&owners), ERR_CORRUPT);
}

static void
test_every_bit(void **state)
{
	static char segment[ROOM];
	struct bodyrec_place at = { 1, 5, 0 };
	struct str payload, owners;
	struct bodyrec r;
	size_t n;

	(void)put_record(segment, &at, 1, "0123456789", "b@b.test\n");
	n = BODYREC_HEADER + 10 + 9;
	for (size_t bit = 0; bit < n * 8; bit++) {
		int err;

		segment[bit / 8] ^= (char)(1 << bit % 8);
		err = bodyrec_check(str_n(segment, ROOM), &at, &r, &payload,
				    &owners);
		segment[bit / 8] ^= (char)(1 << bit % 8);
		if (err != ERR_CORRUPT && err != ERR_MORE)
			fail_msg("bit %zu: %s", bit, err_name(err));
	}
	assert_rc(bodyrec_check(str_n(segment, ROOM), &at, &r, &payload,
				&owners), 0);
}

static int
check_prefix(struct str s, void *arg)
{
	static const struct bodyrec_place at = { 1, 5, 0 };
	struct str payload, owners;
	struct bodyrec r;

	return bodyrec_check(s, &at, &r, &payload, &owners);
}

/* Cut anywhere, it is not there yet, and nothing behind the end is read. */
static void
test_prefixes(void **state)
{
	static char segment[ROOM];
	struct bodyrec_place at = { 1, 5, 0 };

	(void)put_record(segment, &at, 1, "0123456789", "b@b.test\n");
	assert_rc(guard_more(str_n(segment, BODYREC_HEADER + 19),
			     check_prefix, NULL), 0);
}

static void
test_lengths(void **state)
{
	static char segment[ROOM];
	struct bodyrec_place at = { 1, 5, 0 };
	struct str payload, owners;
	struct bodyrec r = { .body_id = 1, .len = UINT64_MAX,
			     .owners = UINT32_MAX };

	bodyrec_format(&r, (uint8_t *)segment);
	assert_rc(bodyrec_check(str_n(segment, ROOM), &at, &r, &payload,
				&owners), ERR_MORE);
	r.len = 0;
	bodyrec_format(&r, (uint8_t *)segment);
	assert_rc(bodyrec_check(str_n(segment, ROOM), &at, &r, &payload,
				&owners), ERR_MORE);
	at.off = ROOM - 8;
	assert_rc(bodyrec_check(str_n(segment, ROOM), &at, &r, &payload,
				&owners), ERR_MORE);
	at.off = ROOM + 8;
	assert_rc(bodyrec_check(str_n(segment, ROOM), &at, &r, &payload,
				&owners), ERR_MORE);
}

/* Records in order, with damage between them. */
static void
test_next(void **state)
{
	static char segment[ROOM];
	struct bodyrec_place at = { 2, 11, 0 };
	struct str payload, owners;
	struct bodyrec r;
	uint64_t ids = 0;
	bool skipped, damaged = false;

	for (uint64_t id = 1; id <= 5; id++) {
		size_t n = put_record(segment, &at, id, "octets", "x@x.test\n");

		if (id == 3)	/* one octet of it */
			segment[at.off + BODYREC_HEADER] ^= 1;
		at.off += n;
	}
	at.off = 0;
	while (bodyrec_next(str_n(segment, ROOM), &at, &r, &payload, &owners,
			    &skipped)) {
		ids = ids * 10 + r.body_id;
		damaged |= skipped;
		at.off += bodyrec_size(r.len, r.owners);
	}
	assert_int_equal(ids, 1245);
	assert_true(damaged);
	assert_false(skipped);	/* only zeros behind the last */
}

static void
test_segment(void **state)
{
	uint8_t head[BODYREC_SEGMENT];
	uint32_t seg;
	uint64_t salt;

	bodyrec_segment_format(77, 0x123456789abcdef, head);
	assert_rc(bodyrec_segment_parse(str_n(head, sizeof(head)), &seg,
					&salt), 0);
	assert_int_equal(seg, 77);
	assert_int_equal(salt, 0x123456789abcdef);
	assert_rc(bodyrec_segment_parse(str_n(head, 31), &seg, &salt),
		  ERR_CORRUPT);
	for (size_t i = 0; i < 32; i++) {
		head[i] ^= 0x10;
		assert_rc(bodyrec_segment_parse(str_n(head, sizeof(head)),
						&seg, &salt), ERR_CORRUPT);
		head[i] ^= 0x10;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_segment),
	};

	return cmocka_run_group_tests_name("store/bodyrec", tests, NULL, NULL);
}
