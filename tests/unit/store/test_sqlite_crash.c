/*
 * What was acknowledged is there after a crash, and nothing is out of order.
 *
 * A child writes and tells through a pipe what store_write() has acknowledged;
 * then it is gone, and the store is opened and held against what was told.
 * Two ways to go: the power is cut at some write or sync (sqlite_disk.h), so
 * that what was not synced is lost or torn; or the process is killed at some
 * moment, with its other threads at work.
 *
 * IMMP_KILLS sets how many of each (default 10), IMMP_SEED how they begin.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit/store/sqlite_disk.h"
#include "unit/store/sqlite_home.h"

#define LETTERS 100000
/* The store begins anew every so many rounds. */
#define FRESH 5

enum told { TOLD_SENT = 1, TOLD_FLAGGED = 2, TOLD_TRASHED = 4, TOLD_BIG = 8 };

/* What the child says of letter n. */
struct note {
	uint32_t n;
	uint32_t told;
};

static unsigned seed;
static uint8_t told[LETTERS];
static uint32_t next_letter;

static unsigned
dice(unsigned sides)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16 & 0x7fff) % sides;
}

static unsigned
owner(uint32_t n)
{
	return n % HOME_PEOPLE;
}

static size_t
length(uint32_t n)
{
	return n % 7 == 0 ? 30000 : 50 + n % 5000;
}

/* --- the child --- */

static int pipe_end;

static void
tell(uint32_t n, uint32_t what)
{
	struct note note = { n, what };

	if (write(pipe_end, &note, sizeof(note)) != sizeof(note))
		_exit(3);
}

static void
send_batch(struct home *h, uint32_t *n)
{
	enum { MOST = 12 };
	struct home_letter l[MOST];
	struct store_job *jobs[MOST];
	unsigned count = 1 + dice(MOST);

	for (unsigned i = 0; i < count; i++) {
		home_letter_init(h, &l[i], owner(*n + i), *n + i,
				 length(*n + i));
		l[i].d.to = &l[i].to;
		jobs[i] = &l[i].d.job;
	}
	if (store_write(h->s, jobs, count) < 0)
		_exit(4);
	for (unsigned i = 0; i < count; i++) {
		if (jobs[i]->err < 0)
			_exit(5);
		tell(*n + i, TOLD_SENT);
		home_letter_done(&l[i]);
	}
	*n += count;
}

static void
mark_one(struct home *h, uint32_t n)
{
	struct uuid id = home_id(n);
	bool missing;
	struct store_mark m = {
		.job.op = STORE_MARK, .mailbox_id = h->mailbox[owner(n)],
		.ids = &id, .nids = 1, .missing = &missing,
		.set = FLAG_FLAGGED, .at = h->now,
	};

	if (home_run(h, &m.job) < 0)
		_exit(6);
	if (!missing)
		tell(n, TOLD_FLAGGED);
}

static void
remove_one(struct home *h, uint32_t n)
{
	struct uuid id = home_id(n);
	bool missing;
	struct store_remove rm = {
		.job.op = STORE_DELETE, .mailbox_id = h->mailbox[owner(n)],
		.folder_id = ROLE_INBOX, .ids = &id, .nids = 1,
		.missing = &missing, .at = h->now,
	};

	if (home_run(h, &rm.job) < 0)
		_exit(7);
	if (!missing)
		tell(n, TOLD_TRASHED);
}

static void
work(struct home *h, uint32_t n, bool tend)
{
	for (;;) {
		unsigned what = dice(20);

		if (what == 0 && n) {
			mark_one(h, dice(n));
		} else if (what == 1 && n) {
			remove_one(h, dice(n));
		} else if (what == 2) {
			if (home_send_big(h, owner(n), n, 100000) < 0)
				_exit(8);
			tell(n++, TOLD_SENT | TOLD_BIG);
		} else if (what == 3) {
			home_close(h);
			home_open(h);
		} else {
			send_batch(h, &n);
		}
		if (tend && dice(4) == 0 && store_tend(h->s) < 0)
			_exit(9);
	}
}

static void *
tend_thread(void *arg)
{
	struct home *h = arg;

	while (store_tend(h->s) >= 0)
		(void)sched_yield();
	return NULL;
}

static void *
read_thread(void *arg)
{
	struct home *h = arg;
	struct store_reader *r;
	struct store_mailbox box;

	if (store_reader_new(h->s, &r) < 0)
		return NULL;
	for (;;) {
		struct arena a;

		arena_init(&a, SIZE_MAX, 0);
		(void)(store_mailbox_get(r, &a, h->mailbox[0], &box) == 0);
		arena_done(&a);
	}
}

/* Small limits, so that segments and checkpoints come often. */
static void
small(struct home *h)
{
	h->limits.segment = 1 << 20;
	h->limits.wal_soft = 100000;
	h->limits.wal_hard = 400000;
}

static void
cut_child(struct home *h, uint32_t n, unsigned at, bool fresh)
{
	disk_install();
	disk_cut_at(at, seed);
	home_open(h);
	if (fresh)
		home_people(h);
	work(h, n, true);
}

static void
kill_child(struct home *h, uint32_t n)
{
	pthread_t tend, reader;

	home_open(h);
	if (pthread_create(&tend, NULL, tend_thread, h) ||
	    pthread_create(&reader, NULL, read_thread, h))
		_exit(10);
	for (;;) {
		send_batch(h, &n);
		if (n && dice(5) == 0)
			mark_one(h, dice(n));
	}
}

/* --- the parent --- */

static void
listen_to(int fd)
{
	struct note note;
	ssize_t got;

	while ((got = read(fd, &note, sizeof(note))) == sizeof(note)) {
		assert_true(note.n < LETTERS);
		told[note.n] |= (uint8_t)note.told;
		if (note.n >= next_letter)
			next_letter = note.n + 1;
	}
	assert_int_equal(got, 0);
}

static void
check_letter(struct home *h, uint32_t n)
{
	struct uuid id = home_id(n);
	struct store_row row;
	char name[32];

	(void)snprintf(name, sizeof(name), "letter %u", n);
	CHECK_RC(name, home_has(h, owner(n), n), 0);
	CHECK_RC(name, store_row_find(h->r, &h->a, h->mailbox[owner(n)], 0,
				      &id, &row), 0);
	if (told[n] & TOLD_FLAGGED)
		CHECK(name, row.flags & FLAG_FLAGGED);
	if (told[n] & TOLD_TRASHED)
		CHECK(name, str_eq(row.folders[0], STR("TRASH")));
	arena_clear(&h->a);
}

static void
check(struct home *h)
{
	/* Letters of a batch that was not acknowledged may be there, or not. */
	home_open(h);
	for (uint32_t n = 0; n < next_letter; n++)
		if (told[n] & TOLD_SENT)
			check_letter(h, n);
	home_verify(h);
	home_close(h);
}

/* One round; the child ends in the way that is asked for. */
static void
round_of(struct home *h, bool cut, bool fresh)
{
	unsigned at = 1 + dice(dice(3) ? 400 : 30);
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		(void)close(ends[0]);
		pipe_end = ends[1];
		if (cut)
			cut_child(h, next_letter, at, fresh);
		else
			kill_child(h, next_letter);
	}
	(void)close(ends[1]);
	if (!cut) {
		struct timespec t = { 0, 1000000l * (20 + dice(400)) };

		(void)nanosleep(&t, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
	}
	listen_to(ends[0]);
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (cut && (!WIFEXITED(status) || WEXITSTATUS(status) != DISK_CUT))
		fail_msg("the child ended with %x", (unsigned)status);

	/* Numbers that may have been written are not used again. */
	next_letter += 1000;
	assert_true(next_letter < LETTERS - 2000);
}

static void
begin(struct home *h)
{
	home_init(h);
	small(h);
	memset(told, 0, sizeof(told));
	next_letter = 0;
}

static unsigned
rounds(void)
{
	const char *text = getenv("IMMP_KILLS");
	uint64_t n = 10;

	if (text && str_u64(str_c(text), 100000, &n) < 0)
		fail_msg("IMMP_KILLS=%s", text);
	return (unsigned)n;
}

static void
check_cut(struct home *h, bool fresh)
{
	/* The power may have gone before the first commit. */
	if (!fresh) {
		check(h);
		return;
	}
	home_open(h);
	for (unsigned i = 0; i < HOME_PEOPLE; i++) {
		struct store_account acc;
		char key[32];
		int err;

		(void)snprintf(key, sizeof(key), "p%u@a.test", i);
		err = store_account_find(h->r, &h->a, str_c(key), &acc);
		if (err == 0)
			h->mailbox[i] = acc.mailbox_id;
		else
			assert_rc(err, ERR_NOTFOUND);
	}
	home_close(h);
	if (h->mailbox[HOME_PEOPLE - 1])
		check(h);
}

static void
test_power_cut(void **state)
{
	struct home h;

	for (unsigned i = 0, n = rounds(); i < n; i++) {
		bool fresh = i % FRESH == 0 || !h.mailbox[HOME_PEOPLE - 1];

		if (fresh) {
			if (i)
				home_done(&h);
			begin(&h);
		}
		round_of(&h, true, fresh);
		check_cut(&h, fresh);
	}
	home_done(&h);
}

static void
test_killed(void **state)
{
	struct home h;

	for (unsigned i = 0, n = rounds(); i < n; i++) {
		if (i % FRESH == 0) {
			if (i)
				home_done(&h);
			begin(&h);
			home_open(&h);
			home_people(&h);
			home_close(&h);
		}
		round_of(&h, false, false);
		check(&h);
	}
	home_done(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cut),
		cmocka_unit_test(test_killed),
	};
	const char *text = getenv("IMMP_SEED");
	uint64_t n = (uint64_t)time(NULL);

	if (text && str_u64(str_c(text), UINT32_MAX, &n) < 0)
		return 2;
	seed = (unsigned)n;
	print_message("IMMP_SEED=%u\n", seed);
	return cmocka_run_group_tests_name("store/sqlite_crash", tests, NULL,
					   NULL);
}
