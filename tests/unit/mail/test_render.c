/*
 * render: totals are exact, pulls of every size give the same octets, and JSON
 * gives back the parts.  (What MIME readers make of it: test_render_mime.py.)
 */
#include <jansson.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/mem.h"
#include "lib/fault.h"
#include "lib/test.h"
#include "mail/render.h"
#include "sample.h"

#define BODY_MAX (1 << 20)
#define PARTS_MAX 8

/* The octets of the message under test, and who reads them. */
static struct {
	char octets[BODY_MAX];
	size_t n;
	size_t reads, largest;
	int fail; /* what the next read returns, if not 0 */
} body;

static int
read_body(void *ctx, uint64_t off, void *dst, size_t n)
{
	assert_ptr_equal(ctx, &body);
	assert_true(n > 0 && n <= body.n && off <= body.n - n);
	body.reads++;
	if (n > body.largest)
		body.largest = n;
	if (body.fail)
		return body.fail;
	memcpy(dst, body.octets + off, n);
	return 0;
}

/* Pull all of r in pieces of what `size` says, into out. */
static void
pull_all(struct render *r, struct buf *out, size_t (*size)(void))
{
	for (;;) {
		size_t cap = size();
		ptrdiff_t n;

		assert_rc(buf_reserve(out, cap + 1), 0);
		buf_tail(out)[cap] = '!';
		n = render_pull(r, read_body, &body, buf_tail(out), cap);
		assert_true(n >= 0 && (size_t)n <= cap);
		assert_int_equal(buf_tail(out)[cap], '!');
		if (n == 0)
			break;
		buf_grew(out, (size_t)n);
		assert_int_equal(render_offset(r), out->n);
		/* Only the end leaves room. */
		assert_true((size_t)n == cap ||
			    render_offset(r) == render_total(r));
	}
	assert_int_equal(out->n, render_total(r));
}

static uint64_t seed;

static uint64_t
random_u64(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed >> 33;
}

static size_t
size_random(void)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 64, 100, 255,
					256, 257, 300, 1000, 4096, 65536 };

	return sizes[random_u64() % TEST_COUNT(sizes)];
}

static size_t
size_block(void)
{
	return 65536;
}

static size_t
size_huge(void)
{
	return 300000;
}

/* --- random messages --- */

enum filling { FILL_TEXT, FILL_CRLF, FILL_OCTETS, FILL_LF, FILL_COUNT };

static void
fill(char *p, size_t n, enum filling how)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t r = random_u64();

		p[i] = how == FILL_OCTETS ? (char)r : (char)('a' + r % 26);
		if (how == FILL_LF || (how != FILL_OCTETS && r % 41 == 0))
			p[i] = '\n';
		if (how == FILL_CRLF && p[i] == '\n') {
			if (i + 1 == n)
				p[i] = 'x';
			else
				p[i++] = '\r', p[i] = '\n';
		}
	}
}

/* A part with random octets at the end of the body. */
static void
random_part(struct message_part *p, size_t n)
{
	static const char *const types[] = {
		"text/plain",
		"text/html",
		"message/rfc822",
		"image/png",
		"multipart/signed; boundary=x",
		"application/json",
		"text/x",
	};
	static const size_t edges[] = { 0, 1, 2, 3, 47,
					48, 49, 56, 57, 58,
					114, 3021, 3022, 3072, 49151,
					49152, 49153, 65536, 131072 };
	size_t len = edges[random_u64() % TEST_COUNT(edges)] +
		     random_u64() % 3 * (random_u64() % 100);
	struct part_scan s;

	if (len > BODY_MAX / PARTS_MAX)
		len = 0;
	p->type = str_c(types[random_u64() % TEST_COUNT(types)]);
	p->offset = n;
	fill(body.octets + n, len, (enum filling)(random_u64() % FILL_COUNT));
	part_scan_init(&s);
	part_scan_feed(&s, str_n(body.octets + n, len));
	part_scan_finish(&s, p);
}

static const struct message *
random_message(void)
{
	static struct message_part parts[PARTS_MAX];
	static char ids[PARTS_MAX][24];
	static struct message m;

	m = *sample_full();
	m.parts = parts;
	m.nparts = 1 + random_u64() % PARTS_MAX;
	body.n = 0;
	for (size_t i = 0; i < m.nparts; i++) {
		struct message_part *p = &parts[i];

		snprintf(ids[i], sizeof(ids[i]), "p%zu", i);
		*p = (struct message_part){ .id = str_c(ids[i]) };
		random_part(p, body.n);
		body.n += p->length;
		if (i > 0 && random_u64() % 3 == 0)
			p->in = parts[random_u64() % i].id;
		if (random_u64() % 4 == 0) {
			body.n -= p->length;
			p->length = p->bare_lf = 0;
			p->type = STR("multipart/mixed; boundary=theirs");
		}
		p->is_inline = random_u64() % 4 == 0;
	}
	parts[random_u64() % m.nparts].content = true;
	return &m;
}

/* --- checks --- */

static int
make(struct arena *a, const struct message *m, int kind, struct render **ret)
{
	struct render_state st = { STR("\"_id\":\"x\",\"flags\":[]") };

	if (kind < 2)
		return render_mime(a, m, kind == 1, read_body, &body, ret);
	return render_json(a, m, &st, kind % 2 == 0, kind >= 4, ret);
}

static const char *const kinds[] = { "mime", "mime headers",
				     "json", "json -data",
				     "json pretty", "json pretty -data" };

static void
check_kind(const struct message *m, int kind, struct buf *out)
{
	size_t (*const sizes[])(void) = { size_huge, size_block, size_random };
	struct arena a;

	arena_init(&a, 64 << 20, 4096);
	for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
		CLEANUP_BUF struct buf again = { 0 };
		struct render *r;

		buf_init(&again, 64 << 20);
		body.largest = 0;
		CHECK_RC(kinds[kind], make(&a, m, kind, &r), 0);
		pull_all(r, i == 0 ? out : &again, sizes[i]);
		CHECK(kinds[kind], body.largest <= 65536);
		CHECK(kinds[kind],
		      i == 0 || str_eq(buf_str(out), buf_str(&again)));
	}
	arena_done(&a);
}

/* The parts of rendered JSON are those of the message. */
static void
check_json(const struct message *m, struct str text, bool data)
{
	json_error_t why;
	json_t *obj = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
	json_t *parts = json_object_get(obj, "parts");

	assert_non_null(obj);
	assert_string_equal(json_string_value(json_object_get(obj, "_id")),
			    "x");
	assert_int_equal(json_array_size(parts), m->nparts);
	for (size_t i = 0; i < m->nparts; i++) {
		json_t *p = json_array_get(parts, i);
		json_t *d = json_object_get(p, "data");
		CLEANUP_MEM char *back = NULL;
		size_t n, len = m->parts[i].length;

		assert_int_equal(json_integer_value(
					 json_object_get(p, "length")),
				 len);
		assert_true(!d == !data);
		if (!d)
			continue;
		back = mem_alloc(len + 1);
		assert_rc(b64_decode(str_n(json_string_value(d),
					   json_string_length(d)),
				     back, len, &n),
			  0);
		assert_int_equal(n, len);
		assert_memory_equal(back, body.octets + m->parts[i].offset,
				    len);
	}
	json_decref(obj);
}

static void
check_message(const struct message *m)
{
	for (int kind = 0; kind < (int)TEST_COUNT(kinds); kind++) {
		CLEANUP_BUF struct buf out = { 0 };

		buf_init(&out, 64 << 20);
		check_kind(m, kind, &out);
		if (kind >= 2)
			check_json(m, buf_str(&out), kind % 2 == 0);
		/* Plain JSON is one line. */
		if (kind == 2 || kind == 3)
			assert_true(str_chr(buf_str(&out), '\n', 0) < 0);
	}
}

static void
test_random(void **state)
{
	for (seed = 1; seed < 25; seed++) {
		uint64_t start = seed;

		check_message(random_message());
		seed = start;
	}
}

/* Each form at every length around its units, in every size of pull. */
static void
test_lengths(void **state)
{
	static const char *const types[] = { "text/plain", "image/png" };

	for (size_t n = 0; n < 180; n++) {
		struct message_part p = { .id = STR("a"), .content = true };
		struct message m = { .parts = &p, .nparts = 1 };
		struct part_scan s;

		seed = n;
		fill(body.octets, n, n % 2 ? FILL_TEXT : FILL_LF);
		body.n = n;
		p.type = str_c(types[n / 2 % 2]);
		part_scan_init(&s);
		part_scan_feed(&s, str_n(body.octets, n));
		part_scan_finish(&s, &p);
		check_message(&m);
	}
}

/* --- single cases --- */

static void
test_part(void **state)
{
	static const struct {
		uint64_t from, n;
		int rc;
	} ranges[] = {
		{ 0, 1000, 0 },
		{ 0, 0, 0 },
		{ 1000, 0, 0 },
		{ 7, 13, 0 },
		{ 999, 1, 0 },
		{ 0, 1001, ERR_VALUE },
		{ 1000, 1, ERR_VALUE },
		{ 1001, 0, ERR_VALUE },
		{ 1, UINT64_MAX, ERR_VALUE },
	};
	struct message_part p = { .offset = 50, .length = 1000 };
	struct arena a;

	arena_init(&a, 1 << 20, 0);
	body.n = 2000;
	fill(body.octets, body.n, FILL_OCTETS);
	TEST_EACH(c, ranges) {
		CLEANUP_BUF struct buf out = { 0 };
		struct render *r;

		buf_init(&out, 1 << 20);
		assert_rc(render_part(&a, &p, c->from, c->n, &r), c->rc);
		if (c->rc < 0)
			continue;
		assert_int_equal(render_total(r), c->n);
		pull_all(r, &out, size_random);
		assert_true(str_eq(buf_str(&out),
				   str_n(body.octets + 50 + c->from, c->n)));
	}
	arena_done(&a);
}

/* A message of one text part with these octets. */
static void
one_text(struct message *m, struct message_part *p, const char *octets)
{
	struct part_scan s;

	body.n = strlen(octets);
	memcpy(body.octets, octets, body.n);
	*p = (struct message_part){ .id = STR("part1"),
				    .content = true,
				    .type = STR("text/plain") };
	part_scan_init(&s);
	part_scan_feed(&s, str_c(octets));
	part_scan_finish(&s, p);
	*m = (struct message){ .from = STR("a@b"), .parts = p, .nparts = 1 };
}

static void
test_golden(void **state)
{
	CLEANUP_BUF struct buf out = { 0 };
	struct message m;
	struct message_part p;

	buf_init(&out, 64 << 20);
	one_text(&m, &p, "Hello,\n\n.\nBob");
	m.subject = STR("Hi");
	m.date = 1381978910006;
	check_kind(&m, 0, &out);
	assert_str(buf_str(&out),
		   "From: a@b\r\n"
		   "Subject: Hi\r\n"
		   "Date: Thu, 17 Oct 2013 03:01:50 +0000\r\n"
		   "Message-ID: <00000000-0000-0000-0000-000000000000@b>\r\n"
		   "MIME-Version: 1.0\r\n"
		   "Content-Type: text/plain\r\n"
		   "Content-Transfer-Encoding: 7bit\r\n"
		   "\r\n"
		   "Hello,\r\n\r\n.\r\nBob");
	buf_clear(&out);
	check_kind(&m, 2, &out);
	assert_str(buf_str(&out),
		   "{\"_id\":\"x\",\"flags\":[],\"envelope\":{\"from\":\"a@b\","
		   "\"to\":[],\"cc\":[],\"subject\":\"Hi\","
		   "\"date\":\"2013-10-17T03:01:50.006Z\","
		   "\"received\":\"1970-01-01T00:00:00.000Z\",\"important\":0,"
		   "\"names\":{},\"headers\":[],\"hops\":[]},"
		   "\"parts\":[{\"id\":\"part1\",\"class\":\"content\","
		   "\"type\":\"text/plain\",\"length\":13,\"sha256\":"
		   "\"00000000000000000000000000000000000000000000000000000000"
		   "00000000\",\"encoding\":\"base64\","
		   "\"data\":\"SGVsbG8sCgouCkJvYg==\"}]}");
}

static void
test_errors(void **state)
{
	struct message m;
	struct message_part p;
	struct arena a;
	struct render *r;
	char out[2000];

	arena_init(&a, 1 << 20, 0);
	one_text(&m, &p, "a\nb\nc\n");
	assert_rc(render_mime(&a, &m, false, read_body, &body, &r), 0);
	body.fail = ERR_IO;
	assert_rc((int)render_pull(r, read_body, &body, out, sizeof(out)),
		  ERR_IO);
	body.fail = 0;

	/* The body is not what the manifest says: never another total. */
	for (p.bare_lf = 0; p.bare_lf < 6; p.bare_lf++) {
		ptrdiff_t n;

		assert_rc(render_mime(&a, &m, false, read_body, &body, &r), 0);
		n = render_pull(r, read_body, &body, out, sizeof(out));
		assert_true(p.bare_lf == 0 || p.bare_lf == 3 ?
				    n == (ptrdiff_t)render_total(r) :
				    n == ERR_CORRUPT);
	}
	m.nparts = 0;
	assert_rc(render_mime(&a, &m, false, read_body, &body, &r), ERR_VALUE);
	arena_done(&a);
	arena_init(&a, 3000, 0);
	m.nparts = 1;
	assert_rc(render_mime(&a, &m, false, read_body, &body, &r), ERR_NOMEM);
	assert_rc(render_json(&a, &m, NULL, true, false, &r), ERR_NOMEM);
	arena_done(&a);
}

/* Boundaries change with any part, and are the same every time. */
static void
test_boundary(void **state)
{
	struct message_part parts[2] = {
		{ .id = STR("a"),
		  .type = STR("text/plain"),
		  .content = true,
		  .shape = SHAPE_7BIT },
		{ .id = STR("b"),
		  .type = STR("text/plain"),
		  .shape = SHAPE_7BIT },
	};
	struct message m = { .from = STR("a@b"),
			     .multipart = true,
			     .parts = parts,
			     .nparts = 2 };
	CLEANUP_BUF struct buf first = { 0 }, second = { 0 }, third = { 0 };

	buf_init(&first, 64 << 20);
	buf_init(&second, 64 << 20);
	buf_init(&third, 64 << 20);
	check_kind(&m, 0, &first);
	parts[1].sha256[31] = 1;
	check_kind(&m, 0, &second);
	parts[1].sha256[31] = 0;
	check_kind(&m, 0, &third);
	assert_true(str_find(buf_str(&first), STR("boundary=\"=_")) > 0);
	assert_false(str_eq(buf_str(&first), buf_str(&second)));
	assert_true(str_eq(buf_str(&first), buf_str(&third)));
}

static int
use_render(void *arg)
{
	const struct message *m = sample_full();
	struct render *r;
	struct arena a;
	int err;

	arena_init(&a, 1 << 20, 64);
	err = render_mime(&a, m, false, read_body, &body, &r);
	if (err == 0)
		err = render_json(&a, m, NULL, true, true, &r);
	if (err == 0)
		err = render_part(&a, &m->parts[1], 0, 5, &r);
	arena_done(&a);
	return err;
}

static void
test_fault(void **state)
{
	assert_true(fault_each(use_render, NULL) >= 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random), cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_part),   cmocka_unit_test(test_golden),
		cmocka_unit_test(test_errors), cmocka_unit_test(test_boundary),
		cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
