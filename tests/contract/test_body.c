/* Bodies, small and large. */
#include "contract/letter.h"

#define BIG (700 * 1000)

/* Octets that are not the same anywhere. */
static void
fill(char *p, size_t n)
{
	uint64_t x = 88172645463325252u;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (char)x;
	}
}

static struct store_body
open_body(struct world *w, const struct person *p, const struct uuid *id)
{
	struct store_body b;

	assert_rc(store_body_open(w->r, world_row(w, p, id).body_id, &b), 0);
	return b;
}

static void
check_body(struct world *w, struct store_body *b, struct str want)
{
	struct buf out;

	/* Whole, behind what is in the buffer already. */
	assert_int_equal(b->len, want.n);
	buf_init(&out, SIZE_MAX);
	assert_rc(buf_add_cstr(&out, "before "), 0);
	assert_rc(store_body_load(w->r, b, &out), 0);
	assert_int_equal(out.n, want.n + 7);
	assert_memory_equal(buf_data(&out), "before ", 7);
	assert_memory_equal(buf_data(&out) + 7, want.p, want.n);
	buf_done(&out);
}

/* In pieces of some size. */
static void
check_pieces(struct world *w, struct store_body *b, struct str want,
	     size_t piece)
{
	char *got = arena_alloc(&w->a, piece + 1);

	assert_non_null(got);
	for (size_t off = 0; off < want.n; off += piece) {
		size_t n = want.n - off < piece ? want.n - off : piece;

		got[n] = 'x';
		assert_rc(store_body_read(w->r, b, off, got, n), 0);
		assert_memory_equal(got, want.p + off, n);
		assert_int_equal(got[n], 'x');
	}
}

static void
test_read(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct letter l = { .text = "Hello, this is the text." };
	struct store_deliver d = letter_job(w, l);
	struct store_deliver_to to = letter_to(&p);
	struct store_body b;
	char dst[16];

	d.to = &to;
	d.nto = 1;
	world_must(w, &d);
	b = open_body(w, &p, &d.id);
	check_body(w, &b, d.body);
	check_pieces(w, &b, d.body, 1);
	check_pieces(w, &b, d.body, 7);
	check_pieces(w, &b, d.body, d.body.n);

	/* Exactly n octets, and never more than there are. */
	assert_rc(store_body_read(w->r, &b, b.len, dst, 0), 0);
	assert_rc(store_body_read(w->r, &b, b.len, dst, 1), ERR_CORRUPT);
	assert_rc(store_body_read(w->r, &b, b.len - 4, dst, 5), ERR_CORRUPT);
	assert_rc(store_body_read(w->r, &b, UINT64_MAX, dst, 2), ERR_CORRUPT);
	assert_rc(store_body_read(w->r, &b, b.len - 4, dst, 4), 0);
	assert_rc(store_body_open(w->r, b.body_id + 1000, &b), ERR_NOTFOUND);
	assert_rc(store_body_open(w->r, 0, &b), ERR_NOTFOUND);
}

static void
test_many(void **state)
{
	enum { N = 40 };
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver d[N];
	struct store_deliver_to to[N];
	struct store_job *jobs[N];
	uint64_t octets = 0;

	/* More than a segment of them, in one batch and one by one. */
	for (int i = 0; i < N; i++) {
		size_t n = 20000 + (size_t)i * 1001;
		char *body = arena_alloc(&w->a, n);

		assert_non_null(body);
		d[i] = letter_job(w, (struct letter){ 0 });
		fill(body, n);
		d[i].body = str_n(body, n);
		octets += n;
		to[i] = letter_to(&p);
		d[i].to = &to[i];
		d[i].nto = 1;
		jobs[i] = &d[i].job;
	}
	world_write(w, jobs, N / 2);
	for (int i = N / 2; i < N; i++)
		world_must(w, &d[i]);
	for (int i = 0; i < N; i++) {
		struct store_body b = open_body(w, &p, &d[i].id);

		check_body(w, &b, d[i].body);
		check_pieces(w, &b, d[i].body, 65536);
	}
	assert_int_equal(world_stats(w).bodies, N);
	assert_int_equal(world_stats(w).body_octets, octets);
}

static struct store_big *
big_new(struct world *w, struct str octets)
{
	struct store_big *big;
	size_t done = 0;

	assert_rc(store_big_new(w->s, &big), 0);
	assert_int_equal(store_big_length(big), 0);
	while (done < octets.n) {
		struct str piece = str_sub(octets, done, 65536);

		assert_rc(store_big_write(big, piece), 0);
		done += piece.n;
		assert_int_equal(store_big_length(big), done);
	}
	return big;
}

static struct str
big_octets(struct world *w)
{
	char *p = arena_alloc(&w->a, BIG);

	assert_non_null(p);
	fill(p, BIG);
	return str_n(p, BIG);
}

static void
test_big(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	struct str octets = big_octets(w);
	struct store_big *big = big_new(w, octets);
	struct store_deliver d = letter_job(w, (struct letter){ 0 });
	struct store_deliver_to to[] = { letter_to(&alice), letter_to(&bob) };
	struct store_body b;

	assert_rc(store_big_finish(big, STR("alice@a.test\nbob@a.test\n")), 0);
	assert_int_equal(world_stats(w).big_files, 0);
	d.body = (struct str){ 0 };
	d.big = big;
	d.to = to;
	d.nto = 2;
	world_must(w, &d);
	assert_int_equal(store_big_length(big), BIG);
	store_big_free(big);	/* it is the mailboxes' now */

	b = open_body(w, &bob, &d.id);
	check_body(w, &b, octets);
	check_pieces(w, &b, octets, 65536);
	check_pieces(w, &b, octets, 99991);
	assert_int_equal(open_body(w, &alice, &d.id).body_id, b.body_id);
	assert_int_equal(world_stats(w).bodies, 1);
	assert_int_equal(world_stats(w).big_files, 1);
	assert_int_equal(world_stats(w).body_octets, BIG);
}

static void
test_big_unused(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct str octets = big_octets(w);
	struct store_big *big;
	struct store_deliver d;
	struct store_deliver_to to = letter_to(&p);

	/* Given up in the middle, and finished but named by no job. */
	store_big_free(NULL);
	store_big_free(big_new(w, octets));
	big = big_new(w, octets);
	assert_rc(store_big_finish(big, STR("alice@a.test\n")), 0);
	store_big_free(big);
	assert_int_equal(world_stats(w).bodies, 0);

	/* Named by a job that failed, and then by one that did not. */
	big = big_new(w, octets);
	assert_rc(store_big_finish(big, STR("alice@a.test\n")), 0);
	d = letter_job(w, (struct letter){ .size = 100 });
	d.body = (struct str){ 0 };
	d.big = big;
	d.to = &to;
	d.nto = 1;
	world_quota(w, &p, 50);
	assert_rc(world_run(w, &d.job), ERR_QUOTA);
	assert_int_equal(world_stats(w).bodies, 0);
	world_quota(w, &p, 100);
	world_must(w, &d);
	store_big_free(big);
	assert_int_equal(world_stats(w).bodies, 1);
	assert_int_equal(open_body(w, &p, &d.id).len, BIG);
}

static void
test_big_repeat(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct str octets = big_octets(w);
	struct letter l = { .once = true, .id = world_uuid(w) };
	struct store_big *big = big_new(w, octets);
	struct store_deliver d = letter_job(w, l);
	struct store_deliver_to to = letter_to(&p);

	/* Nobody needs it: all have the message. */
	assert_rc(letter_try(w, &to, l), 0);
	assert_rc(store_big_finish(big, STR("alice@a.test\n")), 0);
	d.body = (struct str){ 0 };
	d.big = big;
	d.to = &to;
	d.nto = 1;
	world_must(w, &d);
	assert_true(to.repeat);
	store_big_free(big);
	assert_int_equal(world_stats(w).bodies, 1);
	assert_int_equal(world_stats(w).big_files, 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_read),
		WORLD_TEST(test_many),
		WORLD_TEST(test_big),
		WORLD_TEST(test_big_unused),
		WORLD_TEST(test_big_repeat),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
