/*
 * Opening, closing, and the door of every call: it is counted, may be made to
 * fail, and takes the lock.
 */
#include "store/mem/mem_store.h"

#include <assert.h>

#include "store/mem/mem_priv.h"
#include "store/rcpt_cache.h"

int
mem_store_enter(struct mem_store *s)
{
	uint64_t left = atomic_load(&s->fail_at);

	atomic_fetch_add(&s->calls, 1);
	while (left && !atomic_compare_exchange_weak(&s->fail_at, &left,
						     left - 1))
		;
	return left == 1 ? atomic_load(&s->fail_err) : 0;
}

void
mem_store_fail_at(struct store *s, uint64_t n, int err)
{
	struct mem_store *m = (struct mem_store *)s;

	assert(!n || err < 0);
	atomic_store(&m->fail_err, err);
	atomic_store(&m->fail_at, n);
}

uint64_t
mem_store_calls(struct store *s)
{
	return atomic_load(&((struct mem_store *)s)->calls);
}

/* --- reading --- */

static int
lock(struct store_reader *r)
{
	int err = mem_store_enter(mem_of(r));

	if (err < 0)
		return err;
	pthread_rwlock_rdlock(&mem_of(r)->lock);
	return 0;
}

/* Gives back err. */
static int
unlock(struct store_reader *r, int err)
{
	pthread_rwlock_unlock(&mem_of(r)->lock);
	return err;
}

static int
reader_new(struct store *s, struct store_reader **ret)
{
	struct store_reader *r;
	int err = mem_store_enter((struct mem_store *)s);

	if (err < 0)
		return err;
	r = mem_zalloc(sizeof(*r));
	if (!r)
		return ERR_NOMEM;
	r->ops = s->ops;
	r->store = s;
	*ret = r;
	return 0;
}

static void
reader_free(struct store_reader *r)
{
	mem_free(r);
}

static int
domain_find(struct store_reader *r, struct str domain, uint64_t *ret_id)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_domain_find(r, domain, ret_id));
	return err;
}

static int
domain_list(struct store_reader *r, struct arena *a, struct str **ret,
	    size_t *ret_n)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_domain_list(r, a, ret, ret_n));
	return err;
}

static int
account_find(struct store_reader *r, struct arena *a, struct str key,
	     struct store_account *ret)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_account_find(r, a, key, ret));
	return err;
}

static int
account_list(struct store_reader *r, struct arena *a, struct str domain,
	     struct str after, size_t max, struct store_account **ret,
	     size_t *ret_n)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_account_list(r, a, domain, after, max, ret,
						 ret_n));
	return err;
}

static int
device_find(struct store_reader *r, struct arena *a, uint64_t account_id,
	    struct str key, struct store_device *ret)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_device_find(r, a, account_id, key, ret));
	return err;
}

static int
device_list(struct store_reader *r, struct arena *a, uint64_t account_id,
	    struct store_device **ret, size_t *ret_n)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_device_list(r, a, account_id, ret, ret_n));
	return err;
}

static int
rcpt_find(struct store_reader *r, struct arena *a, struct str key,
	  struct str folder_key, struct store_rcpt *ret)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_account_rcpt(r, a, key, folder_key, ret));
	return err;
}

static int
mailbox_get(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	    struct store_mailbox *ret)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_folder_mailbox(r, a, mailbox_id, ret));
	return err;
}

static int
folder_find(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	    struct str key, struct store_folder *ret)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_folder_find(r, a, mailbox_id, key, ret));
	return err;
}

static int
folder_list(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	    struct str key, struct store_folder **ret, size_t *ret_n)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_folder_list(r, a, mailbox_id, key, ret,
						ret_n));
	return err;
}

static int
count(struct store_reader *r, uint64_t mailbox_id, uint32_t folder_id,
	const struct filter *f, uint64_t *ret_total, uint64_t *ret_unread)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_list_count(r, mailbox_id, folder_id, f,
					       ret_total, ret_unread));
	return err;
}

static int
list(struct store_reader *r, const struct store_list *q, struct store_pos *ret,
	size_t *ret_n, bool *ret_more)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_list_list(r, q, ret, ret_n, ret_more));
	return err;
}

static int
rows(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	const struct store_pos *pos, size_t n, size_t octets,
	struct store_row *ret, size_t *ret_n, size_t *ret_used)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_list_rows(r, a, mailbox_id, pos, n, octets,
					      ret, ret_n, ret_used));
	return err;
}

static int
row_find(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	 uint32_t folder_id, const struct uuid *uuid, struct store_row *ret)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_list_row_find(r, a, mailbox_id, folder_id,
						  uuid, ret));
	return err;
}

static int
row_any(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	const struct uuid *uuid, struct store_row *ret)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_list_row_any(r, a, mailbox_id, uuid, ret));
	return err;
}

static int
body_open(struct store_reader *r, uint64_t body_id, struct store_body *ret)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_body_open(r, body_id, ret));
	return err;
}

static int
body_read(struct store_reader *r, struct store_body *b, uint64_t off,
	  void *dst, size_t n)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_body_read(r, b, off, dst, n));
	return err;
}

static int
body_load(struct store_reader *r, struct store_body *b, struct buf *out)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_body_load(r, b, out));
	return err;
}

static int
verify(struct store_reader *r, store_say_fn say, void *ctx)
{
	int err = lock(r);

	if (!err)
		err = unlock(r, mem_verify(r, say, ctx));
	return err;
}

static void
count_bodies(const struct mem_store *s, struct store_stats *st)
{
	size_t pos = 0;
	void *value;

	st->bodies = s->bodies.n;
	while (map_next(&s->bodies, &pos, NULL, &value)) {
		const struct mem_body *b = value;

		st->body_octets += b->n;
		st->big_files += b->big;
	}
}

static int
stats(struct store_reader *r, struct store_stats *ret)
{
	struct mem_store *s = mem_of(r);
	int err = lock(r);

	if (err < 0)
		return err;
	*ret = (struct store_stats){
		.accounts = s->accounts.n,
		.domains = s->domains.n,
		.batches = s->batches,
		.jobs = s->jobs,
	};
	for (size_t i = 0; i < s->accounts.n; i++) {
		const struct mem_account *acc = s->accounts.v[i];

		ret->messages += acc->box->msgs.n;
	}
	count_bodies(s, ret);
	return unlock(r, 0);
}

/* --- writing --- */

static int
run(struct mem_tx *tx, struct store_job *job)
{
	void *j = job;

	switch (job->op) {
	case STORE_DELIVER:
		return mem_deliver(tx, j);
	case STORE_APPEND:
		return mem_append(tx, j);
	case STORE_MARK:
		return mem_mark(tx, j);
	case STORE_DELETE:
		return mem_delete(tx, j);
	case STORE_RESTORE:
		return mem_restore(tx, j);
	case STORE_FOLDER_CREATE:
		return mem_folder_create(tx, j);
	case STORE_DOMAIN_ADD:
		return mem_domain_add(tx, j);
	case STORE_DOMAIN_REMOVE:
		return mem_domain_remove(tx, j);
	case STORE_ACCOUNT_ADD:
		return mem_account_add(tx, j);
	case STORE_ACCOUNT_REMOVE:
		return mem_account_remove(tx, j);
	case STORE_ACCOUNT_SET:
		return mem_account_set(tx, j);
	case STORE_DEVICE_ADD:
		return mem_device_add(tx, j);
	case STORE_DEVICE_REVOKE:
		return mem_device_revoke(tx, j);
	case STORE_PURGE:
		return mem_purge(tx, j);
	case STORE_OP_COUNT:
		break;
	}
	return ERR_INTERNAL;
}

static void
run_all(struct mem_store *s, struct store_job **jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mem_tx tx;

		mem_tx_begin(&tx, s);
		jobs[i]->err = run(&tx, jobs[i]);
		if (jobs[i]->err < 0)
			mem_tx_rollback(&tx);
		else
			mem_tx_commit(&tx);
	}
	s->batches++;
	s->jobs += n;
}

static int
write_batch(struct store *store, struct store_job **jobs, size_t n)
{
	struct mem_store *s = (struct mem_store *)store;
	int err = mem_store_enter(s);

	pthread_rwlock_wrlock(&s->lock);
	if (err == ERR_SYNC)
		s->broken = true;
	if (s->broken)
		err = ERR_SYNC;
	if (!err)
		run_all(s, jobs, n);
	pthread_rwlock_unlock(&s->lock);
	for (size_t i = 0; err && i < n; i++)
		jobs[i]->err = err;
	return err == ERR_SYNC ? err : 0;
}

static int
tend(struct store *s)
{
	return mem_store_enter((struct mem_store *)s);
}

/* --- opening --- */

static void
close_store(struct store *store)
{
	struct mem_store *s = (struct mem_store *)store;
	size_t pos = 0;
	void *once;

	while (s->accounts.n)
		mem_account_free(s, s->accounts.v[s->accounts.n - 1]);
	for (size_t i = 0; i < s->domains.n; i++)
		mem_domain_free(s->domains.v[i]);
	while (map_next(&s->onces, &pos, NULL, &once))
		mem_once_free(once);
	assert(!s->bodies.n && !s->boxes.n && !s->account_ids.n);
	map_done(&s->onces);
	map_done(&s->bodies);
	map_done(&s->boxes);
	map_done(&s->account_ids);
	mem_ptrs_done(&s->accounts);
	mem_ptrs_done(&s->domains);
	(void)pthread_rwlock_destroy(&s->lock);	/* nobody holds it */
	rcpt_cache_free(s->head.rcpts);
	mem_free(s);
}

static const struct store_ops mem_ops = {
	.name = "mem",
	.close = close_store,
	.reader_new = reader_new,
	.reader_free = reader_free,
	.domain_find = domain_find,
	.domain_list = domain_list,
	.account_find = account_find,
	.account_list = account_list,
	.device_find = device_find,
	.device_list = device_list,
	.rcpt_find = rcpt_find,
	.mailbox_get = mailbox_get,
	.folder_find = folder_find,
	.folder_list = folder_list,
	.count = count,
	.list = list,
	.rows = rows,
	.row_find = row_find,
	.row_any = row_any,
	.body_open = body_open,
	.body_read = body_read,
	.body_load = body_load,
	.big_new = mem_big_new,
	.big_write = mem_big_write,
	.big_finish = mem_big_finish,
	.big_length = mem_big_length,
	.big_free = mem_big_free,
	.write = write_batch,
	.tend = tend,
	.stats = stats,
	.verify = verify,
};

/* A lock that lets a waiting writer pass: readers that never stop would keep
 * it out for ever otherwise. */
static int
lock_init(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;
	int err = pthread_rwlockattr_init(&attr);

	if (err)
		return err_from_errno(err);
	err = pthread_rwlockattr_setkind_np(&attr,
		PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	if (!err)
		err = pthread_rwlock_init(lock, &attr);
	(void)pthread_rwlockattr_destroy(&attr);	/* never fails */
	return err ? err_from_errno(err) : 0;
}

int
mem_store_open(const struct limits *l, struct store **ret)
{
	struct mem_store *s = mem_zalloc(sizeof(*s));
	int err;

	assert(l && ret);
	if (!s)
		return ERR_NOMEM;
	err = rcpt_cache_new(&s->head.rcpts);
	if (err == 0)
		err = lock_init(&s->lock);
	if (err < 0) {
		rcpt_cache_free(s->head.rcpts);
		mem_free(s);
		return err;
	}
	s->head.ops = &mem_ops;
	s->limits = l;
	*ret = &s->head;
	return 0;
}
