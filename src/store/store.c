/*
 * The wrappers check what our own callers must not get wrong (asserts) and
 * call the backend; what a peer can cause is checked by the backend and comes
 * back as an error.
 */
#include "store/store.h"

#include <assert.h>

#include "store/rcpt_cache.h"
#include "store/store_ops.h"

/* --- reading --- */

int
store_reader_new(struct store *s, struct store_reader **ret)
{
	int err;

	assert(s && ret);
	err = s->ops->reader_new(s, ret);
	if (err == 0)
		(*ret)->store = s;
	return err;
}

void
store_reader_free(struct store_reader *r)
{
	if (r)
		r->ops->reader_free(r);
}

void
store_reader_hold(struct store_reader *r)
{
	assert(r);
	if (r->ops->reader_hold)
		r->ops->reader_hold(r, true);
}

void
store_reader_release(struct store_reader *r)
{
	assert(r);
	if (r->ops->reader_hold)
		r->ops->reader_hold(r, false);
}

int
store_domain_find(struct store_reader *r, struct str domain, uint64_t *ret_id)
{
	assert(r && domain.n && ret_id);
	return r->ops->domain_find(r, domain, ret_id);
}

int
store_domain_list(struct store_reader *r, struct arena *a, struct str **ret,
		  size_t *ret_n)
{
	assert(r && a && ret && ret_n);
	return r->ops->domain_list(r, a, ret, ret_n);
}

int
store_account_find(struct store_reader *r, struct arena *a, struct str key,
		   struct store_account *ret)
{
	assert(r && a && ret);
	return r->ops->account_find(r, a, key, ret);
}

int
store_account_list(struct store_reader *r, struct arena *a, struct str domain,
		   struct str after, size_t max, struct store_account **ret,
		   size_t *ret_n)
{
	assert(r && a && max && ret && ret_n);
	return r->ops->account_list(r, a, domain, after, max, ret, ret_n);
}

int
store_device_find(struct store_reader *r, struct arena *a, uint64_t account_id,
		  struct str key, struct store_device *ret)
{
	assert(r && a && ret);
	return r->ops->device_find(r, a, account_id, key, ret);
}

int
store_device_list(struct store_reader *r, struct arena *a, uint64_t account_id,
		  struct store_device **ret, size_t *ret_n)
{
	assert(r && a && account_id && ret && ret_n);
	return r->ops->device_list(r, a, account_id, ret, ret_n);
}

int
store_rcpt_find(struct store_reader *r, struct arena *a, struct str key,
		struct str folder_key, struct store_rcpt *ret)
{
	struct rcpt_cache *cache;
	uint64_t age;
	int err;

	assert(r && a && ret);
	cache = r->store->rcpts;
	age = cache ? rcpt_cache_age(cache) : 0;
	err = r->ops->rcpt_find(r, a, key, folder_key, ret);
	if (err == 0 && cache)
		rcpt_cache_put(cache, age, key, folder_key, ret);
	return err;
}

bool
store_rcpt_known(struct store *s, struct arena *a, struct str key,
		 struct str folder_key, struct store_rcpt *ret)
{
	assert(s && a && ret);
	return s->rcpts && rcpt_cache_get(s->rcpts, a, key, folder_key, ret);
}

int
store_mailbox_get(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		  struct store_mailbox *ret)
{
	assert(r && a && mailbox_id && ret);
	return r->ops->mailbox_get(r, a, mailbox_id, ret);
}

int
store_folder_find(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		  struct str key, struct store_folder *ret)
{
	assert(r && a && mailbox_id && ret);
	return r->ops->folder_find(r, a, mailbox_id, key, ret);
}

int
store_folder_list(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
		  struct str key, struct store_folder **ret, size_t *ret_n)
{
	assert(r && a && mailbox_id && ret && ret_n);
	return r->ops->folder_list(r, a, mailbox_id, key, ret, ret_n);
}

int
store_count(struct store_reader *r, uint64_t mailbox_id, uint32_t folder_id,
	    const struct filter *f, uint64_t *ret_total, uint64_t *ret_unread)
{
	assert(r && mailbox_id && f && ret_total && ret_unread);
	return r->ops->count(r, mailbox_id, folder_id, f, ret_total,
			     ret_unread);
}

int
store_list(struct store_reader *r, const struct store_list *q,
	   struct store_pos *ret, size_t *ret_n, bool *ret_more)
{
	assert(r && q && q->mailbox_id && q->limit);
	assert(ret && ret_n && ret_more);
	return r->ops->list(r, q, ret, ret_n, ret_more);
}

int
store_rows(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	   const struct store_pos *pos, size_t n, size_t octets,
	   struct store_row *ret, size_t *ret_n, size_t *ret_used)
{
	assert(r && a && mailbox_id && ret_n && ret_used);
	assert(!n || (pos && ret));
	return r->ops->rows(r, a, mailbox_id, pos, n, octets, ret, ret_n,
			    ret_used);
}

int
store_row_find(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	       uint32_t folder_id, const struct uuid *uuid,
	       struct store_row *ret)
{
	assert(r && a && mailbox_id && uuid && ret);
	return r->ops->row_find(r, a, mailbox_id, folder_id, uuid, ret);
}

int
store_row_any(struct store_reader *r, struct arena *a, uint64_t mailbox_id,
	      const struct uuid *uuid, struct store_row *ret)
{
	assert(r && a && mailbox_id && uuid && ret);
	return r->ops->row_any(r, a, mailbox_id, uuid, ret);
}

int
store_body_open(struct store_reader *r, uint64_t body_id,
		struct store_body *ret)
{
	assert(r && ret);
	return r->ops->body_open(r, body_id, ret);
}

int
store_body_read(struct store_reader *r, struct store_body *b, uint64_t off,
		void *dst, size_t n)
{
	assert(r && b && b->body_id && (dst || !n));
	return r->ops->body_read(r, b, off, dst, n);
}

int
store_body_load(struct store_reader *r, struct store_body *b, struct buf *out)
{
	assert(r && b && b->body_id && out);
	return r->ops->body_load(r, b, out);
}

/* --- large bodies --- */

int
store_big_new(struct store *s, struct store_big **ret)
{
	assert(s && ret);
	return s->ops->big_new(s, ret);
}

int
store_big_write(struct store_big *b, struct str octets)
{
	assert(b && (octets.p || !octets.n));
	return b->ops->big_write(b, octets);
}

int
store_big_finish(struct store_big *b, struct str owners)
{
	assert(b && (!owners.n || owners.p[owners.n - 1] == '\n'));
	return b->ops->big_finish(b, owners);
}

uint64_t
store_big_length(const struct store_big *b)
{
	assert(b);
	return b->ops->big_length(b);
}

void
store_big_free(struct store_big *b)
{
	if (b)
		b->ops->big_free(b);
}

/* --- writing --- */

static void
check_deliver(const struct store_deliver *d)
{
	/* Either octets or a large body; a body is never empty, for it ends
	 * in its trailer. */
	assert(!d->big == (d->body.n > 0));
	assert(d->origin.n && !(d->flags & ~(unsigned)FLAG_IMPORTANT));
	assert(d->to || !d->nto);
	for (size_t i = 0; i < d->nto; i++) {
		const struct store_deliver_to *to = &d->to[i];

		assert(to->mailbox_id && (to->folder_key.n || to->sent));
		assert(!d->once || !to->folder_key.n || to->once.n);
	}
}

static void
check_append(const struct store_append *j)
{
	assert(!j->big == (j->body.n > 0));
	assert(j->mailbox_id && j->name.n && j->folder_key.n);
	assert(!(j->flags & ~(unsigned)FLAG_ALL));
}

static void
check_mark(const struct store_mark *m)
{
	assert(m->mailbox_id && !(m->set & m->clear));
	assert(!((m->set | m->clear) & ~(unsigned)FLAG_ALL));
	assert(m->add || !m->nadd);
	assert(m->del || !m->ndel);
	if (m->by_filter)
		assert(m->limit);
	else
		assert(!m->nids || (m->ids && m->missing));
}

static void
check_job(const struct store_job *job)
{
	const struct store_remove *rm = (const void *)job;
	const struct store_folder_create *fc = (const void *)job;

	assert((unsigned)job->op < STORE_OP_COUNT);
	switch (job->op) {
	case STORE_DELIVER:
		check_deliver((const void *)job);
		break;
	case STORE_APPEND:
		check_append((const void *)job);
		break;
	case STORE_MARK:
		check_mark((const void *)job);
		break;
	case STORE_DELETE:
	case STORE_RESTORE:
		assert(rm->mailbox_id);
		assert(!rm->nids || (rm->ids && rm->missing));
		break;
	case STORE_FOLDER_CREATE:
		assert(fc->mailbox_id && fc->path.n && fc->key.n);
		break;
	case STORE_PURGE:
		assert(((const struct store_purge *)job)->limit);
		break;
	default:
		break;
	}
}

int
store_write(struct store *s, struct store_job **jobs, size_t n)
{
	int err;

	assert(s && (jobs || !n));
	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++)
		check_job(jobs[i]);
	err = s->ops->write(s, jobs, n);
	if (s->rcpts)
		rcpt_cache_wrote(s->rcpts, jobs, n);
	return err;
}

/* --- care --- */

int
store_tend(struct store *s)
{
	assert(s);
	return s->ops->tend(s);
}

int
store_stats_get(struct store_reader *r, struct store_stats *ret)
{
	assert(r && ret);
	return r->ops->stats(r, ret);
}

int
store_verify(struct store_reader *r, store_say_fn say, void *ctx)
{
	assert(r && say);
	return r->ops->verify(r, say, ctx);
}

void
store_close(struct store *s)
{
	if (s)
		s->ops->close(s);
}
