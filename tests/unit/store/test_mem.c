/* What the double has beyond store.h: faults to order.  What it shares with
 * the other backends is in tests/contract. */
#include "store/mem/mem_store.h"

#include "base/mem.h"
#include "lib/fault.h"
#include "lib/test.h"

static struct limits limits;

/* Run one job; its error. */
static int
run(struct store *s, struct store_job *job)
{
	int err = store_write(s, &job, 1);

	return err < 0 ? err : job->err;
}

static int
add_domain(struct store *s, const char *name)
{
	struct store_domain_edit d = {
		.job.op = STORE_DOMAIN_ADD,
		.domain = str_c(name),
	};

	return run(s, &d.job);
}

static void
test_fail_at(void **state)
{
	struct store *s;
	struct store_reader *r;
	uint64_t id, calls;

	assert_rc(mem_store_open(&limits, &s), 0);
	assert_rc(store_reader_new(s, &r), 0);
	assert_rc(add_domain(s, "a.test"), 0);
	calls = mem_store_calls(s);

	/* The second call from now, and only that. */
	mem_store_fail_at(s, 2, ERR_IO);
	assert_rc(store_domain_find(r, STR("a.test"), &id), 0);
	assert_rc(store_domain_find(r, STR("a.test"), &id), ERR_IO);
	assert_rc(store_domain_find(r, STR("a.test"), &id), 0);
	assert_int_equal(mem_store_calls(s), calls + 3);

	/* Turned off again. */
	mem_store_fail_at(s, 1, ERR_IO);
	mem_store_fail_at(s, 0, 0);
	assert_rc(store_domain_find(r, STR("a.test"), &id), 0);

	/* A batch fails as a whole and leaves no trace. */
	mem_store_fail_at(s, 1, ERR_FULL);
	assert_rc(add_domain(s, "b.test"), ERR_FULL);
	assert_rc(store_domain_find(r, STR("b.test"), &id), ERR_NOTFOUND);
	assert_rc(add_domain(s, "b.test"), 0);

	store_reader_free(r);
	store_close(s);
}

static void
test_sync(void **state)
{
	struct store_domain_edit d[2] = {
		{ .job.op = STORE_DOMAIN_ADD, .domain = STR("a.test") },
		{ .job.op = STORE_DOMAIN_ADD, .domain = STR("b.test") },
	};
	struct store_job *jobs[] = { &d[0].job, &d[1].job };
	struct store *s;
	struct store_reader *r;
	uint64_t id;

	assert_rc(mem_store_open(&limits, &s), 0);
	assert_rc(store_reader_new(s, &r), 0);
	mem_store_fail_at(s, 1, ERR_SYNC);
	assert_rc(store_write(s, jobs, 2), ERR_SYNC);
	assert_rc(d[0].job.err, ERR_SYNC);
	assert_rc(d[1].job.err, ERR_SYNC);

	/* Nothing is written any more, but reading goes on. */
	assert_rc(add_domain(s, "c.test"), ERR_SYNC);
	assert_rc(store_domain_find(r, STR("a.test"), &id), ERR_NOTFOUND);
	store_reader_free(r);
	store_close(s);
}

/* --- allocations that fail --- */

struct world {
	struct store *s;
	struct store_account_add acc;
	struct uuid id;
};

static int
add_account(struct world *w)
{
	int err = add_domain(w->s, "a.test");

	if (err < 0)
		return err;
	w->acc = (struct store_account_add){
		.job.op = STORE_ACCOUNT_ADD,
		.name = STR("Alice@a.test"),
		.key = STR("alice@a.test"),
		.domain = STR("a.test"),
	};
	return run(w->s, &w->acc.job);
}

static int
deliver(struct world *w)
{
	struct store_deliver_to to = {
		.mailbox_id = w->acc.mailbox_id,
		.name = STR("Alice@a.test"),
		.folder_key = STR("inbox"),
		.once = STR("alice@a.test"),
		.sent = true,
	};
	struct store_deliver d = {
		.job.op = STORE_DELIVER,
		.origin = STR("b.test"),
		.once = true,
		.id = w->id,
		.from = STR("bob@b.test"),
		.received = 1000,
		.size = 5,
		.env = STR("\"subject\":\"x\""),
		.body = STR("hello{}\2\0\0\0"),
		.to = &to,
		.nto = 1,
	};

	return run(w->s, &d.job);
}

static int
change(struct world *w)
{
	struct str kw = STR("$work");
	bool missing;
	struct store_mark m = {
		.job.op = STORE_MARK,
		.mailbox_id = w->acc.mailbox_id,
		.ids = &w->id, .nids = 1,
		.set = FLAG_READ,
		.add = &kw, .nadd = 1,
		.missing = &missing,
	};
	struct store_remove rm = {
		.job.op = STORE_DELETE,
		.mailbox_id = w->acc.mailbox_id,
		.ids = &w->id, .nids = 1,
		.missing = &missing,
	};
	int err = run(w->s, &m.job);

	if (!err)
		err = run(w->s, &rm.job);
	rm.job.op = STORE_RESTORE;
	return err < 0 ? err : run(w->s, &rm.job);
}

static int
admin(struct world *w)
{
	struct store_folder_create f = {
		.job.op = STORE_FOLDER_CREATE,
		.mailbox_id = w->acc.mailbox_id,
		.path = STR("A/B"), .key = STR("a/b"),
	};
	struct store_device_edit d = {
		.job.op = STORE_DEVICE_ADD,
		.account_id = w->acc.account_id,
		.name = STR("Phone"), .key = STR("phone"),
	};
	struct store_account_edit e = {
		.job.op = STORE_ACCOUNT_SET,
		.account_id = w->acc.account_id,
		.fields = STORE_SET_NAME | STORE_SET_DISPLAY,
		.display = STR("A"),
		.name = STR("bert@a.test"), .key = STR("bert@a.test"),
		.domain = STR("a.test"),
	};
	int err = run(w->s, &f.job);

	if (!err)
		err = run(w->s, &d.job);
	return err < 0 ? err : run(w->s, &e.job);
}

static void
count_finding(void *ctx, struct str line)
{
	++*(unsigned *)ctx;
}

/* Look at everything; a store that has refused a job is whole. */
static int
look(struct world *w)
{
	struct store_reader *r;
	struct store_row row;
	struct store_folder *folders;
	struct arena a;
	unsigned findings = 0;
	size_t n;
	int err = store_reader_new(w->s, &r);

	if (err < 0)
		return err;
	arena_init(&a, 1 << 20, 0);
	err = store_row_find(r, &a, w->acc.mailbox_id, 0, &w->id, &row);
	if (!err)
		err = store_folder_list(r, &a, w->acc.mailbox_id, STR(""),
					&folders, &n);
	if (store_verify(r, count_finding, &findings) != 0 || findings)
		err = ERR_CORRUPT;
	arena_done(&a);
	store_reader_free(r);
	return err;
}

static int
try_all(void *arg)
{
	struct world w = { .id.b = { 1 } };
	int err = mem_store_open(&limits, &w.s);

	if (err < 0)
		return err;
	err = add_account(&w);
	if (!err)
		err = deliver(&w);
	if (!err)
		err = change(&w);
	if (!err)
		err = admin(&w);
	if (!err)
		err = look(&w);
	store_close(w.s);
	return err;
}

static void
test_nomem(void **state)
{
	assert_true(fault_each(try_all, NULL) > 50);
}

static int
setup(void **state)
{
	limits_init(&limits);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_at),
		cmocka_unit_test(test_sync),
		cmocka_unit_test(test_nomem),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
