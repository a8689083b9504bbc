/*
 * Readers beside the writer.  What one call tells must fit together, and what
 * a later one tells must not be older; bodies are always whole.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "contract/letter.h"

#define READERS 3
#define ROUNDS 60
#define PAGE 20

struct shared {
	struct world *w;
	struct person p;
	_Atomic bool stop;
	_Atomic unsigned looks, bad;
	const char *_Atomic what;	/* the last thing that was bad */
};

struct view {
	struct shared *s;
	struct store_reader *r;
	struct arena a;
	uint64_t modseq;	/* the last one seen */
};

static void
expect(struct shared *s, bool ok, const char *what)
{
	if (ok)
		return;
	s->bad++;
	s->what = what;
}

static void
look_at_row(struct view *v, const struct store_row *row, uint64_t *top)
{
	struct store_body body;
	struct buf out;
	int err;

	expect(v->s, row->nfolders > 0, "row without a folder");
	if (row->modseq > *top)
		*top = row->modseq;
	err = store_body_open(v->r, row->body_id, &body);
	if (err == ERR_NOTFOUND)
		return;	/* purged meanwhile */
	expect(v->s, !err, "body cannot be opened");
	if (err < 0)
		return;
	buf_init(&out, SIZE_MAX);
	err = store_body_load(v->r, &body, &out);
	expect(v->s, !err || err == ERR_NOTFOUND, "body cannot be read");
	expect(v->s, err < 0 || (out.n == body.len &&
				 str_starts(buf_str(&out), STR("hello"))),
	       "not the body that was written");
	buf_done(&out);
}

static void
look_at_page(struct view *v)
{
	struct store_list q = {
		.mailbox_id = v->s->p.mailbox_id,
		.from = STORE_NEWEST,
		.limit = PAGE,
	};
	struct store_pos pos[PAGE];
	struct store_row rows[PAGE];
	struct store_mailbox box;
	uint64_t top = 0;
	size_t n, got, used;
	bool more;

	if (store_list(v->r, &q, pos, &n, &more) < 0) {
		expect(v->s, false, "list");
		return;
	}
	for (size_t i = 1; i < n; i++)
		expect(v->s, pos[i - 1].ord < pos[i].ord ||
				     (pos[i - 1].ord == pos[i].ord &&
				      pos[i - 1].no < pos[i].no),
		       "places out of order");
	if (store_rows(v->r, &v->a, q.mailbox_id, pos, n, 100000, rows, &got,
		       &used) < 0) {
		expect(v->s, false, "rows");
		return;
	}
	for (size_t i = 0; i < got; i++)
		look_at_row(v, &rows[i], &top);
	expect(v->s, !store_mailbox_get(v->r, &v->a, q.mailbox_id, &box),
	       "mailbox");
	expect(v->s, box.modseq >= top, "row newer than its mailbox");
	expect(v->s, box.modseq >= v->modseq, "modseq went back");
	v->modseq = box.modseq;
}

static void
look_at_folders(struct view *v)
{
	struct store_folder *f;
	size_t n;

	if (store_folder_list(v->r, &v->a, v->s->p.mailbox_id, STR(""), &f,
			      &n) < 0) {
		expect(v->s, false, "folder list");
		return;
	}
	expect(v->s, n >= 5, "folders");
	for (size_t i = 0; i < n; i++)
		expect(v->s, f[i].unread <= f[i].total &&
				     f[i].flagged <= f[i].total &&
				     !f[i].total == !f[i].octets,
		       "counters of a folder");
}

static void
say(void *ctx, struct str line)
{
	print_error("verify: %.*s\n", STR_ARG(line));
}

static void *
read_on(void *arg)
{
	struct view v = { .s = arg };
	unsigned looks = 0;

	if (store_reader_new(v.s->w->s, &v.r) < 0) {
		expect(v.s, false, "reader");
		return NULL;
	}
	arena_init(&v.a, SIZE_MAX, 65536);
	while (!v.s->stop) {
		look_at_page(&v);
		look_at_folders(&v);
		if (++looks % 16 == 1)
			expect(v.s, !store_verify(v.r, say, NULL), "verify");
		arena_clear(&v.a);
		v.s->looks++;
	}
	arena_done(&v.a);
	store_reader_free(v.r);
	return NULL;
}

/* Large bodies are written beside all others. */
static void *
write_big(void *arg)
{
	struct shared *s = arg;
	char octets[4096] = "big";

	while (!s->stop) {
		struct store_big *big;

		if (store_big_new(s->w->s, &big) < 0) {
			expect(s, false, "big");
			return NULL;
		}
		for (int i = 0; i < 100; i++)
			expect(s, !store_big_write(big, str_n(octets, 4096)),
			       "big write");
		expect(s, !store_big_finish(big, STR("alice@a.test\n")),
		       "big finish");
		store_big_free(big);
	}
	return NULL;
}

/* Deliver a batch, change and remove some of it, purge. */
static void
write_round(struct world *w, const struct person *p)
{
	enum { N = 8 };
	struct store_deliver d[N];
	struct store_deliver_to to[N];
	struct store_job *jobs[N];
	struct store_purge purge = {
		.job.op = STORE_PURGE,
		.now = w->now + w->limits.undelete + WORLD_DAY,
		.limit = 100,
	};

	for (int i = 0; i < N; i++) {
		d[i] = letter_job(w, (struct letter){ 0 });
		to[i] = letter_self(p);
		d[i].to = &to[i];
		d[i].nto = 1;
		jobs[i] = &d[i].job;
	}
	world_write(w, jobs, N);
	assert_int_equal(world_mark(w, p, &d[0].id, FLAG_FLAGGED, 0), 1);
	assert_int_equal(world_mark(w, p, &d[1].id, FLAG_READ, 0), 1);
	for (int i = 2; i < 7; i++)
		assert_int_equal(world_remove(w, STORE_DELETE, p, "",
					      &d[i].id), 1);
	assert_int_equal(world_remove(w, STORE_RESTORE, p, "", &d[2].id), 1);
	for (int i = 3; i < 7; i++)
		assert_int_equal(world_remove(w, STORE_DELETE, p, "",
					      &d[i].id), 1);
	world_must(w, &purge);
	assert_true(store_tend(w->s) >= 0);
}

static void
test_beside_writer(void **state)
{
	static struct shared s;
	struct world *w = *state;
	pthread_t readers[READERS], big;

	s.w = w;
	s.p = world_person(w, "alice@a.test");
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on,
						&s), 0);
	assert_int_equal(pthread_create(&big, NULL, write_big, &s), 0);
	for (int i = 0; i < ROUNDS; i++)
		write_round(w, &s.p);
	while (s.looks < READERS * 4)
		(void)sched_yield();	/* never fails */
	s.stop = true;
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	assert_int_equal(pthread_join(big, NULL), 0);
	if (s.bad)
		fail_msg("%u times, the last: %s", s.bad, s.what);
	assert_int_equal(world_box(w, &s.p).total, ROUNDS * 4);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_beside_writer),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
