#include "contract/oracle.h"

#define PAGE 64

static void
check_row(struct oracle *o, struct oracle_box *box, const struct oracle_msg *m,
	  const struct store_row *row)
{
	uint32_t in = 0;

	assert_true(uuid_eq(&row->uuid, &m->uuid));
	assert_true(uuid_eq(&row->thread, &m->thread));
	assert_int_equal(row->has_origin, m->has_origin);
	if (m->has_origin)
		assert_true(uuid_eq(&row->origin, &m->origin));
	assert_int_equal(row->pos.ord, m->ord);
	assert_int_equal(row->flags, m->flags);
	assert_str(row->keywords, oracle_keywords(o->w, m->keywords));
	assert_int_equal(row->modseq, m->modseq);
	assert_int_equal(row->size, m->size);
	for (size_t i = 0; i < row->nfolders; i++) {
		struct str key = world_fold(o->w, row->folders[i]);
		int f = oracle_folder(box, key.p);

		assert_true(f != F_NONE && !(in >> f & 1));
		assert_str(row->folders[i], box->folders[f].path);
		in |= 1u << f;
	}
	assert_int_equal(in, m->in);
}

/* A folder, or the mailbox, row by row. */
static void
check_rows(struct oracle *o, struct oracle_box *box, int folder)
{
	static const struct filter all;
	struct oracle_msg *list[ORACLE_MSGS];
	size_t want = oracle_list(box, folder, &all, list), n;
	struct store_row *rows;

	rows = world_rows(o->w, box->p.mailbox_id,
			  folder == F_NONE ? 0 : box->folders[folder].id, &n);
	assert_int_equal(n, want);
	for (size_t i = 0; i < n; i++)
		check_row(o, box, list[i], &rows[i]);
}

static void
check_folder(struct oracle *o, struct oracle_box *box, int folder)
{
	struct oracle_folder *want = &box->folders[folder];
	struct store_folder f = world_find(o->w, &box->p, want->key);
	uint64_t total = 0, unread = 0, flagged = 0, octets = 0;

	for (size_t i = 0; i < box->n; i++) {
		const struct oracle_msg *m = &box->msgs[i];

		if (!oracle_in(m, folder))
			continue;
		total++;
		unread += !(m->flags & FLAG_READ);
		flagged += !!(m->flags & FLAG_FLAGGED);
		octets += m->size;
	}
	assert_int_equal(f.folder_id, want->id);
	assert_str(f.path, want->path);
	assert_int_equal(f.total, total);
	assert_int_equal(f.unread, unread);
	assert_int_equal(f.flagged, flagged);
	assert_int_equal(f.octets, octets);
	CHECK(want->key, f.modseq == want->modseq);
	check_rows(o, box, folder);
}

void
oracle_check(struct oracle *o)
{
	for (int b = 0; b < ORACLE_BOXES; b++) {
		struct oracle_box *box = &o->boxes[b];
		struct store_folder *v;
		size_t n;

		assert_int_equal(world_box(o->w, &box->p).modseq, box->modseq);
		assert_rc(store_folder_list(o->w->r, &o->w->a,
					    box->p.mailbox_id, STR(""), &v,
					    &n), 0);
		assert_int_equal(n, box->nfolders);
		for (size_t f = 0; f < box->nfolders; f++)
			check_folder(o, box, (int)f);
		check_rows(o, box, F_NONE);
	}
}

/* --- one listing --- */

/* Is m before (-1), at (0) or behind (1) the anchor? */
static int
side(const struct oracle_msg *m, const struct oracle_msg *anchor)
{
	if (m->ord != anchor->ord)
		return m->ord < anchor->ord ? -1 : 1;
	return (m > anchor) - (m < anchor);
}

/* What of the n in list is asked for: [*ret_from, *ret_to), and whether there
 * is more beyond. */
static bool
cut(struct oracle_msg **list, size_t n, const struct store_list *q,
    const struct oracle_msg *anchor, size_t *ret_from, size_t *ret_to)
{
	size_t from = 0, to = n;

	if (q->from == STORE_BEFORE_UUID)
		for (to = 0; to < n && side(list[to], anchor) < 0; to++)
			;
	if (q->from == STORE_AFTER_UUID)
		while (from < n && side(list[from], anchor) <= 0)
			from++;
	*ret_from = from;
	*ret_to = to;
	if (to - from <= q->limit)
		return false;
	if (q->from == STORE_NEWEST || q->from == STORE_BEFORE_UUID)
		*ret_from = to - q->limit;
	else
		*ret_to = from + q->limit;
	return true;
}

void
oracle_check_list(struct oracle *o, int b, int folder, struct store_list q)
{
	struct oracle_box *box = &o->boxes[b];
	struct oracle_msg *list[ORACLE_MSGS], *anchor;
	struct store_pos pos[PAGE];
	struct store_row rows[PAGE];
	size_t all, n, from, to, got, used;
	bool more, want_more;
	int err;

	assert_true(q.limit <= PAGE);
	q.mailbox_id = box->p.mailbox_id;
	q.folder_id = folder == F_NONE ? 0 : box->folders[folder].id;
	err = store_list(o->w->r, &q, pos, &n, &more);
	anchor = oracle_msg(box, &q.anchor);
	if ((q.from == STORE_BEFORE_UUID || q.from == STORE_AFTER_UUID) &&
	    !anchor) {
		/* Of what is purged nothing need be known. */
		assert_true(!err || err == ERR_NOTFOUND);
		return;
	}
	assert_rc(err, 0);
	all = oracle_list(box, folder, &q.filter, list);
	want_more = cut(list, all, &q, anchor, &from, &to);
	assert_int_equal(n, to - from);
	assert_int_equal(more, want_more);
	assert_rc(store_rows(o->w->r, &o->w->a, q.mailbox_id, pos, n, 1 << 24,
			     rows, &got, &used), 0);
	assert_true(got == n && used == n);
	for (size_t i = 0; i < n; i++)
		check_row(o, box, list[from + i], &rows[i]);
}
