/*
 * The embedded store when memory, files or the disk fail: a clean error, all
 * that was acknowledged still there, and it goes on when it can.
 *
 * Each operation is run with its first allocation (of ours and of SQLite's),
 * write, sync, open ... failing, then with its second, and so on until none
 * fails any more.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "unit/store/sqlite_disk.h"
#include "unit/store/sqlite_home.h"

/* --- SQLite's memory is ours --- */

#define HEAD 16	/* octets before each block, with its size */

static void *
lite_alloc(int n)
{
	char *p = mem_alloc((size_t)n + HEAD);

	if (!p)
		return NULL;
	memcpy(p, &n, sizeof(n));
	return p + HEAD;
}

static void
lite_free(void *p)
{
	if (p)
		mem_free((char *)p - HEAD);
}

static int
lite_size(void *p)
{
	int n = 0;

	if (p)
		memcpy(&n, (char *)p - HEAD, sizeof(n));
	return n;
}

static void *
lite_realloc(void *p, int n)
{
	char *q = mem_realloc((char *)p - HEAD, (size_t)n + HEAD);

	if (!q)
		return NULL;
	memcpy(q, &n, sizeof(n));
	return q + HEAD;
}

static int
lite_round(int n)
{
	return (n + 7) & ~7;
}

static int
lite_init(void *arg)
{
	return SQLITE_OK;
}

static void
lite_shutdown(void *arg)
{
}

static const sqlite3_mem_methods lite_memory = {
	lite_alloc, lite_free, lite_realloc, lite_size, lite_round, lite_init,
	lite_shutdown, NULL
};

/* --- operations ---
 *
 * Each makes ready what it needs, and calls arm() before the store's first
 * function. */

/* What is to fail. */
static struct {
	uint64_t memory, file;
	unsigned calls;
	int errnum;
	bool sticky, hit;
} armed;

static void
arm(void)
{
	if (armed.memory)
		mem_fail_at(armed.memory);
	if (armed.file)
		disk_fail(armed.calls, armed.file, armed.errnum, armed.sticky);
}

/* Did it fail?  Nothing does any more. */
static bool
disarm(void)
{
	bool hit = armed.memory ? mem_fail_hit() : disk_failed();

	mem_fail_at(0);
	disk_fail(0, 0, 0, false);
	armed.memory = armed.file = 0;
	return hit;
}

/* What was acknowledged, and for whom. */
static uint8_t sent[4096];
static uint64_t next;

static int
op_deliver(struct home *h)
{
	struct home_letter l[3];
	struct store_job *jobs[3];
	int err = 0;

	for (unsigned i = 0; i < 3; i++) {
		home_letter_init(h, &l[i], i, next + i, 3000);
		l[i].d.to = &l[i].to;
		jobs[i] = &l[i].d.job;
	}
	arm();
	if (store_write(h->s, jobs, 3) < 0)
		assert_rc(jobs[0]->err, ERR_SYNC);
	for (unsigned i = 0; i < 3; i++) {
		sent[next + i] = jobs[i]->err == 0 ? (uint8_t)(i + 1) : 0;
		if (err == 0)
			err = jobs[i]->err;
		home_letter_done(&l[i]);
	}
	next += 3;
	return err;
}

static int
op_big(struct home *h)
{
	struct store_big *big = NULL;
	struct home_letter l;
	int err;

	home_letter_init(h, &l, 0, next, 20000);
	arm();
	err = store_big_new(h->s, &big);
	if (err == 0)
		err = store_big_write(big, l.d.body);
	if (err == 0)
		err = store_big_finish(big, STR("p0@a.test\n"));
	if (err == 0) {
		l.d.body = (struct str){ NULL, 0 };
		l.d.big = big;
		l.d.to = &l.to;
		err = home_run(h, &l.d.job);
	}
	store_big_free(big);
	home_letter_done(&l);
	sent[next++] = err == 0;
	return err;
}

/* The letter that is always there. */
static int
op_mark(struct home *h)
{
	static const struct str kw[] = { { "$work", 5 } };
	static unsigned turn;
	struct uuid id = home_id(0);
	bool missing;
	struct store_mark m = {
		.job.op = STORE_MARK, .mailbox_id = h->mailbox[0],
		.ids = &id, .nids = 1, .missing = &missing, .at = h->now,
		.add = kw, .nadd = turn % 2, .del = kw, .ndel = !(turn % 2),
	};

	*(turn % 2 ? &m.set : &m.clear) = FLAG_FLAGGED | FLAG_READ;
	turn++;
	arm();
	return home_run(h, &m.job);
}

static int
op_mark_filter(struct home *h)
{
	static unsigned turn;
	struct store_mark m = {
		.job.op = STORE_MARK, .mailbox_id = h->mailbox[1],
		.by_filter = true, .limit = 2, .at = h->now,
	};
	int err;

	*(turn++ % 2 ? &m.set : &m.clear) = FLAG_READ;
	arm();
	do
		err = home_run(h, &m.job);
	while (err == 0 && m.more);
	return err;
}

static int
op_remove(struct home *h)
{
	struct uuid id = home_id(0);
	bool missing;
	struct store_remove rm = {
		.job.op = STORE_DELETE, .mailbox_id = h->mailbox[0],
		.ids = &id, .nids = 1, .missing = &missing, .at = h->now,
	};
	int err;

	arm();
	err = home_run(h, &rm.job);
	if (err < 0)
		return err;
	rm.job.op = STORE_RESTORE;
	return home_run(h, &rm.job);
}

static int
op_account(struct home *h)
{
	static unsigned n;
	char name[32];
	struct store_account_add add = {
		.job.op = STORE_ACCOUNT_ADD, .domain = STR("a.test"),
		.at = h->now,
	};
	struct store_account_edit e = { .job.op = STORE_ACCOUNT_REMOVE };
	struct store_folder_create f = {
		.job.op = STORE_FOLDER_CREATE, .path = STR("a/b"),
		.key = STR("a/b"), .at = h->now,
	};
	int err;

	(void)snprintf(name, sizeof(name), "x%u@a.test", n++);
	add.name = add.key = str_c(name);
	arm();
	err = home_run(h, &add.job);
	f.mailbox_id = add.mailbox_id;
	if (err == 0)
		err = home_run(h, &f.job);
	e.account_id = add.account_id;
	if (err == 0)
		err = home_run(h, &e.job);
	return err;
}

static int
op_purge(struct home *h)
{
	struct store_purge p = { .job.op = STORE_PURGE, .limit = 10,
				 .now = h->now };

	arm();
	return home_run(h, &p.job);
}

static int
op_tend(struct home *h)
{
	/* So that there is something to do. */
	int err = home_send(h, 0, next, 30000);

	sent[next++] = err == 0;
	if (err < 0)
		return err;
	arm();
	return store_tend(h->s);
}

static int
op_reader(struct home *h)
{
	struct store_reader *r;
	int err;

	arm();
	err = store_reader_new(h->s, &r);
	if (err == 0)
		store_reader_free(r);
	return err;
}

static int
op_read(struct home *h)
{
	struct store_list q = {
		.mailbox_id = h->mailbox[0], .from = STORE_NEWEST, .limit = 5,
	};
	struct store_pos pos[5];
	struct store_row rows[5];
	struct store_stats st;
	struct store_body body;
	struct buf octets;
	size_t n, used;
	bool more;
	int err;

	buf_init(&octets, SIZE_MAX);
	arena_clear(&h->a);
	arm();
	err = store_list(h->r, &q, pos, &n, &more);
	if (err == 0)
		err = store_rows(h->r, &h->a, h->mailbox[0], pos, n, SIZE_MAX,
				 rows, &n, &used);
	if (err == 0)
		err = store_body_open(h->r, rows[0].body_id, &body);
	if (err == 0)
		err = store_body_load(h->r, &body, &octets);
	if (err == 0)
		err = store_stats_get(h->r, &st);
	buf_done(&octets);
	return err;
}

static void
nothing(void *ctx, struct str line)
{
}

static int
op_verify(struct home *h)
{
	int found;

	arm();
	found = store_verify(h->r, nothing, NULL);
	return found < 0 ? found : 0;
}

static int
op_reopen(struct home *h)
{
	arm();
	home_close(h);
	return home_try(h);
}

static const struct operation {
	const char *name;
	int (*run)(struct home *h);
} operations[] = {
	{ "deliver", op_deliver },
	{ "big", op_big },
	{ "mark", op_mark },
	{ "mark by filter", op_mark_filter },
	{ "remove", op_remove },
	{ "account", op_account },
	{ "purge", op_purge },
	{ "tend", op_tend },
	{ "reader", op_reader },
	{ "read", op_read },
	{ "verify", op_verify },
	{ "reopen", op_reopen },
};

/* --- after a fault --- */

/* Everything acknowledged is there, and what was refused is not. */
static void
check(struct home *h)
{
	for (uint64_t n = 0; n < next; n++) {
		unsigned to = sent[n] ? sent[n] - 1u : 0;
		char name[32];

		(void)snprintf(name, sizeof(name), "letter %u", (unsigned)n);
		CHECK_RC(name, home_has(h, to, n), sent[n] ? 0 : ERR_NOTFOUND);
	}
	home_verify(h);
}

/* Open again, whatever state it is in. */
static void
again(struct home *h)
{
	home_close(h);
	home_open(h);
}

static void
begin(struct home *h)
{
	home_init(h);
	h->limits.segment = 1 << 20;
	h->limits.wal_soft = 20000;
	h->limits.wal_hard = 60000;
	memset(sent, 0, sizeof(sent));
	next = 0;
	home_open(h);
	home_people(h);
	assert_rc(op_deliver(h), 0);
}

/* Where there are many places to fail, not all of them are tried. */
static uint64_t
step(uint64_t n)
{
	return n + 1 + (getenv("IMMP_FAULTS") ? 0 : n / 20);
}

/* --- memory --- */

static void
test_memory(void **state)
{
	TEST_EACH(o, operations) {
		int64_t held = mem_held();
		struct home h;
		bool hit = true;

		begin(&h);
		for (uint64_t n = 1; hit; n = step(n)) {
			int err;

			armed.memory = n;
			err = o->run(&h);
			hit = disarm();
			if (err < 0)
				CHECK(o->name, hit && err == ERR_NOMEM);
			if (!h.s || !h.r)
				again(&h);
		}
		CHECK(o->name, o->run(&h) >= 0);
		check(&h);
		again(&h);
		check(&h);
		home_done(&h);
		CHECK(o->name, mem_held() == held);
	}
}

static int
open_close(struct home *h)
{
	int err = home_try(h);

	home_close(h);
	return err;
}

/* Making a store; nothing may be left allocated. */
static void
test_memory_new(void **state)
{
	bool hit = true;

	for (uint64_t n = 1; hit; n = step(n)) {
		struct home h;
		int64_t held;
		int err;

		home_init(&h);
		held = mem_held();
		mem_fail_at(n);
		err = open_close(&h);
		hit = mem_fail_hit();
		mem_fail_at(0);
		if (err < 0)
			assert_true(hit && err == ERR_NOMEM);
		assert_int_equal(mem_held(), held);
		home_open(&h);	/* whatever was made before */
		home_people(&h);
		home_verify(&h);
		home_done(&h);
	}
}

/* --- files --- */

static const struct fault {
	const char *name;
	unsigned calls;
	int errnum;
	bool sticky;
} faults[] = {
	{ "full", DISK_WRITE, ENOSPC, false },
	{ "full for long", DISK_WRITE, ENOSPC, true },
	{ "write", DISK_WRITE, EIO, false },
	{ "sync", DISK_SYNC, EIO, false },
	{ "read", DISK_READ, EIO, false },
	{ "open", DISK_OPEN, EACCES, false },
	{ "link", DISK_LINK, EIO, false },
};

/* A reader that has an error may be asked again at once; a writer too, unless
 * a sync has failed: then never. */
static void
check_fault(struct home *h, const struct operation *o, const struct fault *f,
	    int err)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s, %s", o->name, f->name);
	if (err == ERR_SYNC) {
		CHECK(name, f->calls == DISK_SYNC);
		if (h->s) {
			CHECK_RC(name, op_deliver(h), ERR_SYNC);
			CHECK_RC(name, store_tend(h->s), ERR_SYNC);
		}
		again(h);
	} else if (f->errnum == ENOSPC) {
		CHECK(name, err == ERR_FULL || err == ERR_IO);
	} else {
		CHECK(name, err == ERR_IO || err == ERR_STORAGE);
	}
	if (!h->s || !h->r)
		again(h);
	CHECK(name, o->run(h) >= 0);
}

static void
each_call(struct home *h, const struct operation *o, const struct fault *f)
{
	bool hit = true;

	for (uint64_t n = 1; hit; n++) {
		int err;

		armed.file = n;
		armed.calls = f->calls;
		armed.errnum = f->errnum;
		armed.sticky = f->sticky;
		err = o->run(h);
		hit = disarm();
		if (err < 0) {
			CHECK(o->name, hit);
			check_fault(h, o, f, err);
		} else if (hit && f->calls == DISK_SYNC) {
			/* It may have come behind the commit. */
			again(h);
		}
	}
}

static void
test_files(void **state)
{
	TEST_EACH(f, faults) {
		TEST_EACH(o, operations) {
			struct home h;

			begin(&h);
			each_call(&h, o, f);
			check(&h);
			again(&h);
			check(&h);
			home_done(&h);
		}
	}
}

/* --- a sync that fails --- */

static void
test_sync(void **state)
{
	struct home h;

	/* The log's is the first of a batch, SQLite's the second. */
	for (uint64_t n = 1; n <= 2; n++) {
		begin(&h);
		disk_fail(DISK_SYNC, n, EIO, false);
		assert_rc(op_deliver(&h), ERR_SYNC);
		assert_true(disk_failed());
		disk_fail(0, 0, 0, false);

		/* Not even when the disk is well again. */
		for (unsigned i = 0; i < 3; i++)
			assert_rc(op_deliver(&h), ERR_SYNC);
		assert_rc(op_big(&h), ERR_SYNC);
		assert_rc(op_tend(&h), ERR_SYNC);
		assert_rc(home_has(&h, 0, 0), 0);
		again(&h);
		assert_rc(op_deliver(&h), 0);
		assert_rc(home_has(&h, 0, 0), 0);
		home_verify(&h);
		home_done(&h);
	}
}

/* --- a full disk --- */

static void
fill_up(struct home *h)
{
	int err = 0;

	while (err == 0) {
		err = op_deliver(h);
		if (err == 0 && store_tend(h->s) == ERR_SYNC)
			fail();
		assert_true(next < sizeof(sent) - 100);
	}
	assert_true(err == ERR_FULL || err == ERR_IO);
	for (unsigned i = 0; i < 3; i++) {
		err = op_deliver(h);
		assert_true(err == ERR_FULL || err == ERR_IO || err == 0);
		err = op_big(h);
		assert_true(err == ERR_FULL || err == ERR_IO || err == 0);
	}
	check(h);
}

static void
test_file_size(void **state)
{
	struct rlimit old, small;
	struct home h;

	(void)signal(SIGXFSZ, SIG_IGN);
	begin(&h);
	h.limits.segment = 256 << 20;
	again(&h);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 600000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	fill_up(&h);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_rc(op_deliver(&h), 0);
	assert_rc(op_big(&h), 0);
	check(&h);
	again(&h);
	check(&h);
	home_done(&h);
}

static void
test_small_disk(void **state)
{
	static char ballast[300000];
	struct home h;
	FILE *f;

	home_init(&h);
	if (mount("tmpfs", h.path, "tmpfs", 0, "size=3m") < 0) {
		home_done(&h);
		print_message("no right to mount: skipped\n");
		skip();
	}
	memset(sent, 0, sizeof(sent));
	next = 0;
	f = fopen(home_path(&h, "ballast"), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(ballast, sizeof(ballast), 1, f), 1);
	assert_int_equal(fclose(f), 0);
	home_open(&h);
	home_people(&h);
	fill_up(&h);
	assert_int_equal(unlink(home_path(&h, "ballast")), 0);
	assert_rc(op_deliver(&h), 0);
	assert_rc(op_big(&h), 0);
	check(&h);
	again(&h);
	check(&h);
	home_close(&h);
	assert_int_equal(umount(h.path), 0);
	home_done(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sync),
		cmocka_unit_test(test_file_size),
		cmocka_unit_test(test_small_disk),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_memory_new),
		cmocka_unit_test(test_memory),
	};

	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &lite_memory) != SQLITE_OK)
		return 2;
	disk_install();
	return cmocka_run_group_tests_name("store/sqlite_fault", tests, NULL,
					   NULL);
}
