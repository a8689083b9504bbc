#include "fault/sqlite_ops.h"

#include <stdio.h>

#include "base/mem.h"
#include "unit/store/sqlite_disk.h"

struct sqlite_ops_armed sqlite_ops_armed;

static void
arm(void)
{
	if (sqlite_ops_armed.memory)
		mem_fail_at(sqlite_ops_armed.memory);
	if (sqlite_ops_armed.file)
		disk_fail(sqlite_ops_armed.calls, sqlite_ops_armed.file,
			  sqlite_ops_armed.errnum,
			  sqlite_ops_armed.sticky);
}

bool
sqlite_ops_disarm(void)
{
	bool hit = sqlite_ops_armed.memory ? mem_fail_hit() : disk_failed();

	mem_fail_at(0);
	disk_fail(0, 0, 0, false);
	sqlite_ops_armed.memory = sqlite_ops_armed.file = 0;
	return hit;
}

uint8_t sqlite_ops_sent[SQLITE_OPS_LETTERS];
uint64_t sqlite_ops_next;

int
sqlite_ops_deliver(struct home *h)
{
	struct home_letter l[3];
	struct store_job *jobs[3];
	int err = 0;

	for (unsigned i = 0; i < 3; i++) {
		home_letter_init(h, &l[i], i, sqlite_ops_next + i, 3000);
		l[i].d.to = &l[i].to;
		jobs[i] = &l[i].d.job;
	}
	arm();
	if (store_write(h->s, jobs, 3) < 0)
		assert_rc(jobs[0]->err, ERR_SYNC);
	for (unsigned i = 0; i < 3; i++) {
		sqlite_ops_sent[sqlite_ops_next + i] =
			jobs[i]->err == 0 ? (uint8_t)(i + 1) : 0;
		if (err == 0)
			err = jobs[i]->err;
		home_letter_done(&l[i]);
	}
	sqlite_ops_next += 3;
	return err;
}

int
sqlite_ops_big(struct home *h)
{
	struct store_big *big = NULL;
	struct home_letter l;
	int err;

	home_letter_init(h, &l, 0, sqlite_ops_next, 20000);
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
	sqlite_ops_sent[sqlite_ops_next++] = err == 0;
	return err;
}

static int
op_append(struct home *h)
{
	struct home_letter l;
	struct store_append j;
	int err;

	home_letter_init(h, &l, 1, sqlite_ops_next, 3000);
	j = (struct store_append){
		.job.op = STORE_APPEND, .mailbox_id = h->mailbox[1],
		.name = l.to.name, .folder_key = STR("inbox"), .id = l.d.id,
		.keywords = STR("$a"), .received = l.d.received,
		.size = l.d.size, .at = h->now, .env = l.d.env,
		.body = l.d.body,
	};
	arm();
	err = home_run(h, &j.job);
	home_letter_done(&l);
	sqlite_ops_sent[sqlite_ops_next++] = err == 0 ? 2 : 0;
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
	int err = home_send(h, 0, sqlite_ops_next, 30000);

	sqlite_ops_sent[sqlite_ops_next++] = err == 0;
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

const struct sqlite_ops sqlite_ops[] = {
	{ "deliver", sqlite_ops_deliver },
	{ "big", sqlite_ops_big },
	{ "append", op_append },
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
const size_t sqlite_ops_count = TEST_COUNT(sqlite_ops);
