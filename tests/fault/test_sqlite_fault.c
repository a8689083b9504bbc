/*
 * The embedded store when memory, files or the disk fail: a clean error, all
 * that was acknowledged still there, and it goes on when it can.
 *
 * Each operation is run with its first allocation (of ours and of SQLite's),
 * write, sync, open ... failing, then with its second, and so on until none
 * fails any more.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "fault/sqlite_ops.h"
#include "unit/store/sqlite_disk.h"

/* --- after a fault --- */

/* Everything acknowledged is there, and what was refused is not. */
static void
check(struct home *h)
{
	for (uint64_t n = 0; n < sqlite_ops_next; n++) {
		unsigned to = sqlite_ops_sent[n] ? sqlite_ops_sent[n] - 1u : 0;
		char name[32];

		(void)snprintf(name, sizeof(name), "letter %u", (unsigned)n);
		CHECK_RC(name, home_has(h, to, n),
			 sqlite_ops_sent[n] ? 0 : ERR_NOTFOUND);
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
	memset(sqlite_ops_sent, 0, sizeof(sqlite_ops_sent));
	sqlite_ops_next = 0;
	home_open(h);
	home_people(h);
	assert_rc(sqlite_ops_deliver(h), 0);
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
	for (size_t i = 0; i < sqlite_ops_count; i++) {
		const struct sqlite_ops *o = &sqlite_ops[i];
		int64_t held = mem_held();
		struct home h;
		bool hit = true;

		begin(&h);
		for (uint64_t n = 1; hit; n = step(n)) {
			int err;

			sqlite_ops_armed.memory = n;
			err = o->run(&h);
			hit = sqlite_ops_disarm();
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
check_fault(struct home *h, const struct sqlite_ops *o, const struct fault *f,
	    int err)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s, %s", o->name, f->name);
	if (err == ERR_SYNC) {
		CHECK(name, f->calls == DISK_SYNC);
		if (h->s) {
			CHECK_RC(name, sqlite_ops_deliver(h), ERR_SYNC);
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
each_call(struct home *h, const struct sqlite_ops *o, const struct fault *f)
{
	bool hit = true;

	for (uint64_t n = 1; hit; n++) {
		int err;

		sqlite_ops_armed.file = n;
		sqlite_ops_armed.calls = f->calls;
		sqlite_ops_armed.errnum = f->errnum;
		sqlite_ops_armed.sticky = f->sticky;
		err = o->run(h);
		hit = sqlite_ops_disarm();
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
		for (size_t i = 0; i < sqlite_ops_count; i++) {
			const struct sqlite_ops *o = &sqlite_ops[i];
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

/* Making a store; what is left half made does not hinder the next one. */
static void
test_files_new(void **state)
{
	TEST_EACH(f, faults) {
		bool hit = true;

		for (uint64_t n = 1; hit; n++) {
			int64_t held = mem_held();
			struct home h;
			int err;

			home_init(&h);
			disk_fail(f->calls, n, f->errnum, f->sticky);
			err = open_close(&h);
			hit = disk_failed();
			disk_fail(0, 0, 0, false);
			CHECK(f->name, err == 0 || hit);
			home_open(&h);
			home_people(&h);
			home_verify(&h);
			home_done(&h);
			CHECK(f->name, mem_held() == held);
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
		assert_rc(sqlite_ops_deliver(&h), ERR_SYNC);
		assert_true(disk_failed());
		disk_fail(0, 0, 0, false);

		/* Not even when the disk is well again. */
		for (unsigned i = 0; i < 3; i++)
			assert_rc(sqlite_ops_deliver(&h), ERR_SYNC);
		assert_rc(sqlite_ops_big(&h), ERR_SYNC);
		assert_rc(store_tend(h.s), ERR_SYNC);
		assert_rc(home_has(&h, 0, 0), 0);
		again(&h);
		assert_rc(sqlite_ops_deliver(&h), 0);
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
		err = sqlite_ops_deliver(h);
		if (err == 0 && store_tend(h->s) == ERR_SYNC)
			fail();
		assert_true(sqlite_ops_next < sizeof(sqlite_ops_sent) - 100);
	}
	assert_true(err == ERR_FULL || err == ERR_IO);
	for (unsigned i = 0; i < 3; i++) {
		err = sqlite_ops_deliver(h);
		assert_true(err == ERR_FULL || err == ERR_IO || err == 0);
		err = sqlite_ops_big(h);
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
	assert_rc(sqlite_ops_deliver(&h), 0);
	assert_rc(sqlite_ops_big(&h), 0);
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
	memset(sqlite_ops_sent, 0, sizeof(sqlite_ops_sent));
	sqlite_ops_next = 0;
	f = fopen(home_path(&h, "ballast"), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(ballast, sizeof(ballast), 1, f), 1);
	assert_int_equal(fclose(f), 0);
	home_open(&h);
	home_people(&h);
	fill_up(&h);
	assert_int_equal(unlink(home_path(&h, "ballast")), 0);
	assert_rc(sqlite_ops_deliver(&h), 0);
	assert_rc(sqlite_ops_big(&h), 0);
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
		cmocka_unit_test(test_files_new),
		cmocka_unit_test(test_memory_new),
		cmocka_unit_test(test_memory),
	};

	sqlite_ops_memory();
	disk_install();
	return cmocka_run_group_tests_name("store/sqlite_fault", tests, NULL,
					   NULL);
}
