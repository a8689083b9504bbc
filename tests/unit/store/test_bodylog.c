#include "store/sqlite/bodylog.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/sqlite/os_file.h"
#include "unit/store/sqlite_home.h"

#define LOST (1u << 20)

struct log {
	struct home home;
	struct bodylog l;
	int dir;
	uint32_t seg;	/* the tail, as the index would know it */
	uint64_t off, salt;
};

static int
setup(void **state)
{
	struct log *t = mem_zalloc(sizeof(*t));

	assert_non_null(t);
	home_init(&t->home);
	t->dir = open(t->home.path, O_RDONLY | O_DIRECTORY);
	assert_true(t->dir >= 0);
	bodylog_init(&t->l, t->dir, 1 << 20);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct log *t = *state;

	bodylog_done(&t->l);
	(void)close(t->dir);
	home_done(&t->home);
	mem_free(t);
	return 0;
}

static struct bodyrec_place
add(struct log *t, uint64_t id, struct str payload)
{
	struct bodyrec_place at;

	assert_rc(bodylog_add(&t->l, id, payload, STR("a@a.test\n"), &at), 0);
	return at;
}

static void
commit(struct log *t)
{
	assert_rc(bodylog_write(&t->l), 0);
	bodylog_tail(&t->l, &t->seg, &t->off);
	bodylog_commit(&t->l);
	t->salt = t->l.salt;
	assert_int_equal(t->l.seg, t->seg);
	assert_int_equal(t->l.off, t->off);
}

static int
reopen(struct log *t, bool rewrite)
{
	bodylog_done(&t->l);
	bodylog_init(&t->l, t->dir, 1 << 20);
	return bodylog_open(&t->l, t->seg, t->salt, t->off, LOST, rewrite);
}

/* The file of a segment in memory. */
static struct str
load(struct log *t, uint32_t seg)
{
	char name[BODYLOG_NAME];
	uint64_t size;
	char *p;
	int fd;

	bodylog_name(seg, name);
	fd = openat(t->dir, name, O_RDONLY);
	assert_true(fd >= 0);
	assert_rc(os_file_size(fd, &size), 0);
	p = arena_alloc(&t->home.a, (size_t)size);
	assert_non_null(p);
	assert_rc(os_file_read(fd, p, (size_t)size, 0), 0);
	(void)close(fd);
	return str_n(p, (size_t)size);
}

/* How many records of a segment validate. */
static unsigned
count(struct log *t, uint32_t seg)
{
	struct str octets = load(t, seg), payload, owners;
	struct bodyrec_place at = { 0 };
	struct bodyrec r;
	unsigned n = 0;
	bool skipped;

	assert_rc(bodyrec_segment_parse(octets, &at.seg, &at.salt), 0);
	at.off = BODYREC_SEGMENT;
	while (bodyrec_next(octets, &at, &r, &payload, &owners, &skipped)) {
		at.off += bodyrec_size(r.len, r.owners);
		n++;
	}
	return n;
}

static void
test_append(void **state)
{
	struct log *t = *state;
	struct bodyrec_place a, b;

	a = add(t, 1, STR("first"));
	b = add(t, 2, STR("second"));
	assert_int_equal(a.seg, 1);
	assert_int_equal(a.off, BODYREC_SEGMENT);
	assert_int_equal(b.off, a.off + bodyrec_size(5, 9));
	commit(t);
	assert_int_equal(count(t, 1), 2);
	assert_rc(reopen(t, false), 0);
	b = add(t, 3, STR("third"));
	assert_int_equal(b.off, t->off);
	commit(t);
	assert_rc(reopen(t, true), 0);
	assert_int_equal(count(t, 1), 3);
}

/* What was written but not committed is overwritten, and what is left of it
 * is zeroed at the next open. */
static void
test_torn(void **state)
{
	struct log *t = *state;

	(void)add(t, 1, STR("first"));
	commit(t);
	(void)add(t, 2, STR("never committed"));
	(void)add(t, 3, STR("neither"));
	assert_rc(bodylog_write(&t->l), 0);
	assert_int_equal(count(t, 1), 3);
	assert_rc(reopen(t, true), 0);	/* as after a crash */
	assert_int_equal(count(t, 1), 1);

	(void)add(t, 4, STR("x"));
	commit(t);
	assert_int_equal(count(t, 1), 2);
}

static void
test_abort(void **state)
{
	struct log *t = *state;
	struct bodyrec_place at;

	(void)add(t, 1, STR("first"));
	commit(t);
	at = add(t, 2, STR("dropped"));
	assert_rc(bodylog_write(&t->l), 0);
	bodylog_abort(&t->l, true);
	assert_int_equal(count(t, 1), 1);
	assert_int_equal(add(t, 3, STR("instead")).off, at.off);
	commit(t);
	assert_int_equal(count(t, 1), 2);
}

static void
test_segments(void **state)
{
	struct log *t = *state;
	static char octets[300000];
	struct bodyrec_place at;
	uint64_t salt;
	char *large;

	for (uint64_t id = 1; id <= 3; id++)
		at = add(t, id, str_n(octets, sizeof(octets)));
	assert_int_equal(at.seg, 1);
	salt = at.salt;
	at = add(t, 4, str_n(octets, sizeof(octets)));
	assert_int_equal(at.seg, 2);
	assert_int_equal(at.off, BODYREC_SEGMENT);
	assert_true(at.salt != salt);
	commit(t);
	assert_int_equal(t->seg, 2);
	assert_int_equal(count(t, 1), 3);
	assert_int_equal(count(t, 2), 1);

	/* One larger than a segment has one of its own. */
	large = arena_alloc(&t->home.a, 3 << 20);
	assert_non_null(large);
	at = add(t, 5, str_n(large, 3 << 20));
	assert_int_equal(at.seg, 3);
	commit(t);
	assert_int_equal(count(t, 3), 1);

	/* A batch that is dropped takes its new segment with it. */
	at = add(t, 6, str_n(octets, sizeof(octets)));
	assert_int_equal(at.seg, 4);
	salt = at.salt;
	bodylog_abort(&t->l, true);
	assert_int_equal(faccessat(t->dir, "00000004.seg", F_OK, 0), -1);
	at = add(t, 6, str_n(octets, sizeof(octets)));
	assert_int_equal(at.seg, 4);
	assert_true(at.salt != salt);
	assert_rc(bodylog_write(&t->l), 0);

	/* After a crash it is found and removed. */
	assert_rc(reopen(t, true), 0);
	assert_int_equal(faccessat(t->dir, "00000004.seg", F_OK, 0), -1);
	assert_int_equal(count(t, 3), 1);
}

/* A record of another life of the file does not validate in this one. */
static void
test_stale(void **state)
{
	struct log *t = *state;
	char name[BODYLOG_NAME];
	struct str old;
	int fd;

	for (uint64_t id = 1; id <= 20; id++)
		(void)add(t, id, STR("from another life"));
	commit(t);
	old = load(t, 1);

	/* The same number, another salt, and the old octets behind it. */
	bodylog_done(&t->l);
	bodylog_init(&t->l, t->dir, 1 << 20);
	(void)add(t, 1, STR("from this one"));
	commit(t);
	bodylog_name(1, name);
	fd = openat(t->dir, name, O_RDWR);
	assert_true(fd >= 0);
	assert_rc(os_file_write(fd, old.p + t->off, old.n - (size_t)t->off,
				t->off), 0);
	(void)close(fd);
	assert_int_equal(count(t, 1), 1);
}

static void
test_open_refused(void **state)
{
	struct log *t = *state;
	static char octets[300000];
	uint64_t salt;

	(void)add(t, 1, STR("first"));
	commit(t);
	salt = t->salt;
	t->salt++;
	assert_rc(reopen(t, false), ERR_CORRUPT);
	t->salt = salt;
	t->off += 1 << 20;
	assert_rc(reopen(t, false), ERR_CORRUPT);
	t->off -= 1 << 20;
	t->seg = 2;
	assert_rc(reopen(t, false), ERR_CORRUPT);
	t->seg = 1;
	assert_rc(reopen(t, false), 0);

	/* An index that is older than the log by more than a batch. */
	for (uint64_t id = 2; id < 10; id++)
		(void)add(t, id, str_n(memset(octets, 'x', sizeof(octets)),
				       sizeof(octets)));
	assert_rc(bodylog_write(&t->l), 0);
	bodylog_commit(&t->l);
	assert_rc(reopen(t, true), ERR_CONFLICT);
	assert_int_equal(count(t, 1), 4);
	assert_int_equal(count(t, 2), 3);
	assert_int_equal(count(t, 3), 2);
}

static void
test_fill(void **state)
{
	struct log *t = *state;
	char name[BODYLOG_NAME];
	struct stat st;

	assert_rc(bodylog_fill(&t->l), 0);	/* nothing to fill yet */
	(void)add(t, 1, STR("first"));
	commit(t);
	while (bodylog_fill(&t->l) > 0)
		;
	bodylog_name(1, name);
	assert_int_equal(fstatat(t->dir, name, &st, 0), 0);
	assert_int_equal(st.st_size, 1 << 20);
	assert_int_equal(count(t, 1), 1);
	assert_rc(bodylog_fill(&t->l), 0);
}

/* --- beside each other --- */

static _Atomic bool stop;

static void *
filler(void *arg)
{
	struct bodylog *l = arg;

	while (!atomic_load(&stop))
		assert_true(bodylog_fill(l) >= 0);
	return NULL;
}

static void
test_fill_beside(void **state)
{
	struct log *t = *state;
	static char octets[20000];
	uint64_t total = 0;
	pthread_t thread;

	atomic_store(&stop, false);
	memset(octets, 'o', sizeof(octets));
	assert_int_equal(pthread_create(&thread, NULL, filler, &t->l), 0);
	for (unsigned batch = 0; batch < 200; batch++) {
		for (unsigned i = 0; i < 1 + batch % 9; i++) {
			total++;
			(void)add(t, total, str_n(octets, total * 997 %
							  sizeof(octets)));
		}
		commit(t);
	}
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	for (uint32_t seg = 1; seg <= t->seg; seg++)
		total -= count(t, seg);
	assert_int_equal(total, 0);
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(test_append),
		LOG_TEST(test_torn),
		LOG_TEST(test_abort),
		LOG_TEST(test_segments),
		LOG_TEST(test_stale),
		LOG_TEST(test_open_refused),
		LOG_TEST(test_fill),
		LOG_TEST(test_fill_beside),
	};

	return cmocka_run_group_tests_name("store/bodylog", tests, NULL, NULL);
}
