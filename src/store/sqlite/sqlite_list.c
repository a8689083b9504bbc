#include "store/sqlite/sqlite_list.h"

#include "base/mem.h"
#include "store/sqlite/sqlite_msg.h"

/* Memory for the rows of a conversation. */
#define ROW_ARENA (1u << 20)

int
sqlite_pos_cmp(struct store_pos a, struct store_pos b)
{
	if (a.ord != b.ord)
		return a.ord < b.ord ? -1 : 1;
	return (a.no > b.no) - (a.no < b.no);
}

/* The places found so far, in the order of the search, each once. */
struct found {
	struct store_pos *v;
	size_t n, max;
	bool before;	/* newest first */
};

/* Does a come before b in the order of the search? */
static bool
sooner(const struct found *f, struct store_pos a, struct store_pos b)
{
	int c = sqlite_pos_cmp(a, b);

	return f->before ? c > 0 : c < 0;
}

/* Put pos where it belongs; what is past max falls off.  False if it is
 * itself past max: nothing that comes later in the search has room. */
static bool
found_add(struct found *f, struct store_pos pos)
{
	size_t low = 0, high = f->n;

	if (f->n && !sooner(f, pos, f->v[f->n - 1])) {
		/* The usual case: behind all there are. */
		if (sqlite_pos_cmp(pos, f->v[f->n - 1]) == 0)
			return true;
		low = f->n;
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sooner(f, f->v[mid], pos))
			low = mid + 1;
		else
			high = mid;
	}
	if (low == f->max)
		return false;
	if (low < f->n && sqlite_pos_cmp(f->v[low], pos) == 0)
		return true;
	if (f->n == f->max)
		f->n--;
	memmove(f->v + low + 1, f->v + low, (f->n - low) * sizeof(*f->v));
	f->v[low] = pos;
	f->n++;
	return true;
}

/* --- by flags --- */

/* The statement with the narrowest index. */
static enum sql
places(const struct filter *f, bool before)
{
	if (f->bits & FILTER_FLAGGED)
		return before ? SQL_PLACE_BEFORE_FLAGGED :
				SQL_PLACE_AFTER_FLAGGED;
	if (f->bits & FILTER_IMPORTANT)
		return before ? SQL_PLACE_BEFORE_IMPORTANT :
				SQL_PLACE_AFTER_IMPORTANT;
	if (f->bits & FILTER_UNREAD)
		return before ? SQL_PLACE_BEFORE_UNREAD :
				SQL_PLACE_AFTER_UNREAD;
	return before ? SQL_PLACE_BEFORE : SQL_PLACE_AFTER;
}

bool
sqlite_list_flags(const struct filter *f, uint64_t *ret_mask,
		  uint64_t *ret_want)
{
	uint64_t set = 0, clear = 0;

	if (f->bits & FILTER_UNREAD)
		set |= PLACE_UNREAD;
	if (f->bits & FILTER_READ)
		clear |= PLACE_UNREAD;
	if (f->bits & FILTER_FLAGGED)
		set |= PLACE_FLAGGED;
	if (f->bits & FILTER_IMPORTANT)
		set |= PLACE_IMPORTANT;
	*ret_mask = set | clear;
	*ret_want = set;
	return !(set & clear);
}

static int
list_folder(struct db *db, const struct sqlite_list *q, uint32_t folder_id,
	    struct found *f)
{
	enum sql id = places(q->filter, q->before);
	uint64_t mask, want;
	int rc;

	if (!sqlite_list_flags(q->filter, &mask, &want))
		return 0;
	rc = db_bind(db, id, "iiiiiii", q->mailbox_id, U64(folder_id),
		     q->pos.ord, U64(q->pos.no), mask, want, U64(f->max));
	while (rc >= 0 && (rc = db_row(db, id)) > 0) {
		struct store_pos pos = { db_u64(db, id, 0),
					 (uint32_t)db_u64(db, id, 1) };

		if (!found_add(f, pos)) {
			db_reset(db, id);
			return 0;
		}
	}
	return rc;
}

static int
list_mailbox(struct db *db, const struct sqlite_list *q, struct found *f)
{
	int rc = db_bind(db, SQL_FOLDER_IDS, "i", q->mailbox_id);

	while (rc >= 0 && (rc = db_row(db, SQL_FOLDER_IDS)) > 0) {
		int err = list_folder(db, q, (uint32_t)db_u64(
					      db, SQL_FOLDER_IDS, 0), f);

		if (err < 0) {
			db_reset(db, SQL_FOLDER_IDS);
			return err;
		}
	}
	return rc;
}

/* --- conversations --- */

typedef int (*thread_fn)(void *ctx, const struct sqlite_msg *m);

/* Each message of the conversation that the folder has and the filter takes. */
static int
thread_each(struct db *db, uint64_t mailbox_id, uint32_t folder_id,
	    const struct filter *f, thread_fn fn, void *ctx)
{
	static const enum sql ids[] = { SQL_MESSAGE_FIND, SQL_MESSAGE_THREAD };
	struct arena a;
	int rc = 0;

	arena_init(&a, ROW_ARENA, 0);
	for (size_t i = 0; rc >= 0 && i < 2; i++) {
		rc = db_bind(db, ids[i], "iu", mailbox_id, &f->thread);
		while (rc >= 0 && (rc = db_row(db, ids[i])) > 0) {
			struct sqlite_msg m;

			arena_clear(&a);
			rc = sqlite_msg_take(db, ids[i], &a, &m);
			if (rc == 0 && sqlite_msg_in(&m, folder_id) &&
			    sqlite_msg_matches(&m, f))
				rc = fn(ctx, &m);
			if (rc < 0)
				db_reset(db, ids[i]);
		}
	}
	arena_done(&a);
	return rc;
}

struct thread_list {
	const struct sqlite_list *q;
	struct found *found;
};

static int
thread_take(void *ctx, const struct sqlite_msg *m)
{
	struct thread_list *t = ctx;
	int c = sqlite_pos_cmp(m->pos, t->q->pos);

	if (t->q->before ? c < 0 : c > 0)
		(void)found_add(t->found, m->pos);	/* they come unsorted */
	return 0;
}

struct thread_sum {
	uint64_t total, unread;
};

static int
thread_add(void *ctx, const struct sqlite_msg *m)
{
	struct thread_sum *s = ctx;

	s->total++;
	s->unread += !(m->flags & FLAG_READ);
	return 0;
}

int
sqlite_list_thread_count(struct db *db, uint64_t mailbox_id,
			 uint32_t folder_id, const struct filter *f,
			 uint64_t *ret_total, uint64_t *ret_unread)
{
	struct thread_sum sum = { 0, 0 };
	int err = thread_each(db, mailbox_id, folder_id, f, thread_add, &sum);

	if (err < 0)
		return err;
	*ret_total = sum.total;
	*ret_unread = sum.unread;
	return 0;
}

/* --- */

int
sqlite_list_run(struct db *db, const struct sqlite_list *q,
		struct store_pos *ret, size_t *ret_n, bool *ret_more)
{
	/* One more than asked for tells whether there is more. */
	struct found f = { .max = q->limit + 1, .before = q->before };
	int err;

	f.v = mem_calloc(f.max, sizeof(*f.v));
	if (!f.v)
		return ERR_NOMEM;
	if (q->filter->bits & FILTER_THREAD) {
		struct thread_list t = { q, &f };

		err = thread_each(db, q->mailbox_id, q->folder_id, q->filter,
				  thread_take, &t);
	} else if (q->folder_id) {
		err = list_folder(db, q, q->folder_id, &f);
	} else {
		err = list_mailbox(db, q, &f);
	}
	if (err == 0) {
		size_t n = f.n > q->limit ? q->limit : f.n;

		for (size_t i = 0; i < n; i++)
			ret[q->before ? n - 1 - i : i] = f.v[i];
		*ret_n = n;
		*ret_more = f.n > q->limit;
	}
	mem_free(f.v);
	return err;
}
