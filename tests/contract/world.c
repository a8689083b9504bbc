#include "contract/world.h"

#include <stdlib.h>

#include "base/mem.h"

static const struct backend *backend;

void
world_init(int argc, char **argv)
{
	backend = backend_by_name(argc > 1 ? argv[1] : "mem");
	if (!backend) {
		print_error("no such backend: %s\n", argv[1]);
		exit(2);
	}
}

const char *
world_name(void)
{
	return backend->name;
}

static void
open_store(struct world *w)
{
	assert_rc(w->backend->open(w, &w->s), 0);
	assert_rc(store_reader_new(w->s, &w->r), 0);
}

static void
close_store(struct world *w)
{
	store_reader_free(w->r);
	store_close(w->s);
	w->r = NULL;
	w->s = NULL;
}

int
world_setup(void **state)
{
	struct world *w = mem_zalloc(sizeof(*w));

	assert_non_null(w);
	w->backend = backend;
	w->now = 1700000000000;
	arena_init(&w->a, SIZE_MAX, 65536);
	limits_init(&w->limits);
	w->limits.folders = WORLD_FOLDERS;
	w->limits.devices = WORLD_DEVICES;
	w->limits.quota = WORLD_QUOTA;
	w->limits.segment = 1024 * 1024;
	open_store(w);
	*state = w;
	return 0;
}

static void
check_reopened(struct world *w)
{
	struct str before = world_dump(w), after;

	world_reopen(w);
	after = world_dump(w);
	if (!str_eq(before, after))
		fail_msg("not the same after reopening:\n%.*s\n----\n%.*s",
			 STR_ARG(before), STR_ARG(after));
	world_check(w);
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	world_check(w);
	if (w->backend->durable)
		check_reopened(w);
	close_store(w);
	w->backend->drop(w);
	arena_done(&w->a);
	mem_free(w);
	return 0;
}

void
world_reopen(struct world *w)
{
	assert_true(w->backend->durable);
	close_store(w);
	open_store(w);
}

/* --- writing --- */

void
world_write(struct world *w, struct store_job **jobs, size_t n)
{
	/* What is not set by store_write() is seen by this. */
	for (size_t i = 0; i < n; i++)
		jobs[i]->err = 1;
	assert_rc(store_write(w->s, jobs, n), 0);
	for (size_t i = 0; i < n; i++)
		assert_true(jobs[i]->err <= 0);
}

int
world_run(struct world *w, struct store_job *job)
{
	world_write(w, &job, 1);
	return job->err;
}

struct str
world_fold(struct world *w, struct str s)
{
	char *p = arena_alloc(&w->a, s.n + 1);

	assert_non_null(p);
	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) :
		       s.p[i];
	return str_n(p, s.n);
}

uint64_t
world_domain(struct world *w, const char *name)
{
	struct store_domain_edit d = {
		.job.op = STORE_DOMAIN_ADD,
		.domain = str_c(name),
		.at = w->now,
	};
	uint64_t id;

	if (store_domain_find(w->r, str_c(name), &id) == ERR_NOTFOUND) {
		world_must(w, &d);
		assert_rc(store_domain_find(w->r, str_c(name), &id), 0);
	}
	return id;
}

struct person
world_person(struct world *w, const char *name)
{
	struct str text = arena_str(&w->a, str_c(name));
	struct person p = { .name = text, .key = world_fold(w, text) };
	struct store_account_add add = {
		.job.op = STORE_ACCOUNT_ADD,
		.name = p.name,
		.key = p.key,
		.at = w->now,
	};

	p.domain = str_from(p.key, (size_t)(str_chr(p.key, '@', 0) + 1));
	add.domain = p.domain;
	(void)world_domain(w, p.domain.p);	/* only has to be there */
	world_must(w, &add);
	p.account_id = add.account_id;
	p.mailbox_id = add.mailbox_id;
	return p;
}

void
world_quota(struct world *w, const struct person *p, uint64_t quota)
{
	struct store_account_edit e = {
		.job.op = STORE_ACCOUNT_SET,
		.account_id = p->account_id,
		.fields = STORE_SET_QUOTA,
		.quota = quota,
		.at = w->now,
	};

	world_must(w, &e);
}

uint32_t
world_folder(struct world *w, const struct person *p, const char *path)
{
	struct store_folder_create f = {
		.job.op = STORE_FOLDER_CREATE,
		.mailbox_id = p->mailbox_id,
		.account_id = p->account_id,
		.path = str_c(path),
		.key = world_fold(w, str_c(path)),
		.at = w->now,
	};

	world_must(w, &f);
	assert_true(f.folder_id != 0);
	return f.folder_id;
}

int
world_mark(struct world *w, const struct person *p, const struct uuid *id,
	   unsigned set, unsigned clear)
{
	bool missing = false;
	struct store_mark m = {
		.job.op = STORE_MARK,
		.mailbox_id = p->mailbox_id,
		.account_id = p->account_id,
		.ids = id, .nids = 1,
		.set = set, .clear = clear,
		.at = w->now,
		.missing = &missing,
	};
	int err = world_run(w, &m.job);

	if (err < 0)
		return err;
	return missing ? ERR_NOTFOUND : (int)m.changed;
}

int
world_remove(struct world *w, enum store_op op, const struct person *p,
	     const char *folder_key, const struct uuid *id)
{
	bool missing = false;
	struct store_remove rm = {
		.job.op = op,
		.mailbox_id = p->mailbox_id,
		.account_id = p->account_id,
		.folder_id = world_folder_id(w, p, folder_key),
		.ids = id, .nids = 1,
		.at = w->now,
		.missing = &missing,
	};
	int err = world_run(w, &rm.job);

	if (err < 0)
		return err;
	return missing ? ERR_NOTFOUND : (int)rm.changed;
}

/* --- reading --- */

struct store_mailbox
world_box(struct world *w, const struct person *p)
{
	struct store_mailbox box;

	assert_rc(store_mailbox_get(w->r, &w->a, p->mailbox_id, &box), 0);
	return box;
}

struct store_folder
world_find(struct world *w, const struct person *p, const char *key)
{
	struct store_folder f;

	CHECK_RC(key, store_folder_find(w->r, &w->a, p->mailbox_id, str_c(key),
					&f), 0);
	return f;
}

uint32_t
world_folder_id(struct world *w, const struct person *p, const char *key)
{
	return key[0] ? world_find(w, p, key).folder_id : 0;
}

struct store_row
world_row(struct world *w, const struct person *p, const struct uuid *id)
{
	struct store_row row;

	assert_rc(store_row_find(w->r, &w->a, p->mailbox_id, 0, id, &row), 0);
	return row;
}

bool
world_has(struct world *w, const struct person *p, const char *key,
	  const struct uuid *id)
{
	struct store_row row;
	int err = store_row_find(w->r, &w->a, p->mailbox_id,
				 world_folder_id(w, p, key), id, &row);

	assert_true(!err || err == ERR_NOTFOUND);
	return !err;
}

struct store_stats
world_stats(struct world *w)
{
	struct store_stats st;

	assert_rc(store_stats_get(w->r, &st), 0);
	return st;
}

struct uuid
world_uuid(struct world *w)
{
	uint8_t rnd[10] = { 0 };

	w->ids++;
	memcpy(rnd + 6, &w->ids, sizeof(w->ids));
	return uuid_v7(w->now, rnd);
}
