#include "contract/oracle.h"

#include <stdlib.h>

struct oracle *
oracle_new(struct world *w)
{
	static const char *const names[] = { "alice@a.test", "bob@b.test",
					     "carol@a.test" };
	static const char *const paths[] = { "INBOX", "DRAFTS", "SENT", "JUNK",
					     "TRASH" };
	struct oracle *o = ARENA_NEW(&w->a, struct oracle);

	assert_non_null(o);
	o->w = w;
	for (int i = 0; i < ORACLE_BOXES; i++) {
		struct oracle_box *box = &o->boxes[i];

		box->p = world_person(w, names[i]);
		box->quota = WORLD_QUOTA;
		box->modseq = world_box(w, &box->p).modseq;
		for (int f = 0; f < 5; f++) {
			struct str key = world_fold(w, str_c(paths[f]));

			box->folders[f] = (struct oracle_folder){
				.path = paths[f], .key = key.p,
				.id = world_folder_id(w, &box->p, key.p),
				.modseq = world_find(w, &box->p, key.p).modseq,
			};
		}
		box->nfolders = 5;
	}
	return o;
}

int
oracle_folder(const struct oracle_box *box, const char *key)
{
	for (size_t f = 0; f < box->nfolders; f++)
		if (!strcmp(box->folders[f].key, key))
			return (int)f;
	return F_NONE;
}

bool
oracle_in(const struct oracle_msg *m, int folder)
{
	return !m->purged && (folder == F_NONE ? m->in != 0 :
			      (m->in >> folder & 1) != 0);
}

bool
oracle_matches(const struct oracle_msg *m, const struct filter *f)
{
	bool read = (m->flags & FLAG_READ) != 0;

	return !((f->bits & FILTER_UNREAD) && read) &&
	       !((f->bits & FILTER_READ) && !read) &&
	       !((f->bits & FILTER_FLAGGED) && !(m->flags & FLAG_FLAGGED)) &&
	       !((f->bits & FILTER_IMPORTANT) &&
		 !(m->flags & FLAG_IMPORTANT)) &&
	       !((f->bits & FILTER_THREAD) && !uuid_eq(&m->thread, &f->thread));
}

struct oracle_msg *
oracle_msg(struct oracle_box *box, const struct uuid *id)
{
	for (size_t i = 0; i < box->n; i++)
		if (!box->msgs[i].purged && uuid_eq(&box->msgs[i].uuid, id))
			return &box->msgs[i];
	return NULL;
}

const char *
oracle_keywords(struct world *w, unsigned keywords)
{
	struct str text = STR("");

	for (int k = 0; k < ORACLE_KEYWORDS; k++)
		if (keywords >> k & 1)
			text = arena_fmt(&w->a, "%.*s%s$%c", STR_ARG(text),
					 text.n ? " " : "", 'a' + k);
	return arena_str(&w->a, text).p;
}

/* By time received, then by arrival, which the addresses are in. */
static int
compare(const void *a, const void *b)
{
	const struct oracle_msg *x = *(struct oracle_msg *const *)a;
	const struct oracle_msg *y = *(struct oracle_msg *const *)b;

	if (x->ord != y->ord)
		return x->ord < y->ord ? -1 : 1;
	return (x > y) - (x < y);
}

size_t
oracle_list(struct oracle_box *box, int folder, const struct filter *f,
	    struct oracle_msg **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < box->n; i++)
		if (oracle_in(&box->msgs[i], folder) &&
		    oracle_matches(&box->msgs[i], f))
			ret[n++] = &box->msgs[i];
	qsort(ret, n, sizeof(*ret), compare);
	return n;
}

/* One change of a message: it has the next modseq, and so have the folders it
 * is in or was in. */
static void
bump(struct oracle_box *box, struct oracle_msg *m, uint32_t before)
{
	m->modseq = ++box->modseq;
	for (size_t f = 0; f < box->nfolders; f++)
		if ((m->in | before) >> f & 1)
			box->folders[f].modseq = box->modseq;
}

/* --- DELIVER --- */

static uint64_t
used(const struct oracle_box *box)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < box->n; i++)
		if (oracle_in(&box->msgs[i], F_NONE))
			sum += box->msgs[i].size;
	return sum;
}

static const struct oracle_once *
find_once(const struct oracle *o, const struct oracle_step *s, int box)
{
	const struct store_deliver *d = &s->job.deliver;

	/* The newest counts. */
	for (size_t i = o->nonces; i-- > 0;) {
		const struct oracle_once *x = &o->onces[i];

		if (!x->purged && x->origin == s->origin && x->box == box &&
		    uuid_eq(&x->id, &d->id))
			return d->received > x->at + o->w->limits.once ? NULL :
			       x;
	}
	return NULL;
}

/* What becomes of recipient i: an error, 1 for a repeat (of *ret), or 0. */
static int
foretell(struct oracle *o, const struct oracle_step *s, size_t i,
	 struct uuid *ret)
{
	const struct store_deliver *d = &s->job.deliver;
	struct oracle_box *box = &o->boxes[s->to_box[i]];
	bool rcpt = d->to[i].folder_key.n > 0;
	const struct oracle_once *x;

	x = d->once && rcpt ? find_once(o, s, s->to_box[i]) : NULL;
	if (x) {
		*ret = x->got;
		return strcmp(x->text, s->text) != 0 ? ERR_CONFLICT : 1;
	}
	if (!rcpt) {
		*ret = d->id;
		return oracle_msg(box, &d->id) ? 1 : 0;
	}
	return used(box) + d->size > box->quota ? ERR_QUOTA : 0;
}

/* Does the sender, or somebody of his domain, take part in it? */
static bool
takes_part(const struct oracle_box *box, const struct oracle_step *s,
	   const struct uuid *thread)
{
	for (size_t i = 0; i < box->n; i++)
		if (!box->msgs[i].purged &&
		    uuid_eq(&box->msgs[i].thread, thread) &&
		    (box->msgs[i].parties & s->from))
			return true;
	return false;
}

static struct uuid
thread_for(struct oracle_box *box, const struct oracle_step *s,
	   const struct uuid *reply, struct uuid own)
{
	const struct oracle_msg *m = reply ? oracle_msg(box, reply) : NULL;

	if (!reply)
		return own;
	if (m && takes_part(box, s, &m->thread))
		return m->thread;
	for (size_t i = 0; i < box->n; i++) {
		m = &box->msgs[i];
		if (m->purged || !m->has_origin || !uuid_eq(&m->origin, reply))
			continue;
		return takes_part(box, s, &m->thread) ? m->thread : own;
	}
	return own;
}

static void
give(struct oracle *o, const struct oracle_step *s, size_t i)
{
	const struct store_deliver *d = &s->job.deliver;
	struct oracle_box *box = &o->boxes[s->to_box[i]];
	bool rcpt = d->to[i].folder_key.n > 0;
	bool taken = oracle_msg(box, &d->id) != NULL;
	struct oracle_msg m = { .uuid = d->to[i].uuid, .ord = d->received,
				.size = d->size, .flags = d->flags,
				.parties = s->parties };

	if (taken) {
		assert_null(oracle_msg(box, &m.uuid));
		assert_int_equal(m.uuid.b[6] >> 4, 7);
		m.has_origin = true;
		m.origin = d->id;
	} else {
		assert_true(uuid_eq(&m.uuid, &d->id));
	}
	m.thread = thread_for(box, s, d->has_reply ? &d->reply : NULL, m.uuid);
	if (rcpt)
		m.in |= 1u << s->to_folder[i];
	else
		m.flags |= FLAG_READ;
	if (d->to[i].sent && !taken)
		m.in |= 1u << F_SENT;
	assert_true(box->n < ORACLE_MSGS);
	box->msgs[box->n] = m;
	bump(box, &box->msgs[box->n++], 0);
	if (d->once && rcpt)
		o->onces[o->nonces++] = (struct oracle_once){
			.origin = s->origin, .box = s->to_box[i],
			.text = s->text, .id = d->id, .got = m.uuid,
			.at = d->received,
		};
}

static void
apply_deliver(struct oracle *o, struct oracle_step *s)
{
	const struct store_deliver *d = &s->job.deliver;
	struct uuid got[ORACLE_BOXES];
	int err[ORACLE_BOXES], first = 0;

	for (size_t i = 0; i < d->nto; i++) {
		err[i] = foretell(o, s, i, &got[i]);
		assert_rc(d->to[i].err, err[i] < 0 ? err[i] : 0);
		if (err[i] < 0 && !first)
			first = err[i];
	}
	assert_rc(d->job.err, first);
	for (size_t i = 0; !first && i < d->nto; i++) {
		assert_int_equal(d->to[i].repeat, err[i]);
		if (err[i])
			assert_true(uuid_eq(&d->to[i].uuid, &got[i]));
		else
			give(o, s, i);
		assert_int_equal(d->to[i].modseq,
				 o->boxes[s->to_box[i]].modseq);
	}
}

static void
apply_append(struct oracle *o, struct oracle_step *s)
{
	const struct store_append *j = &s->job.append;
	struct oracle_box *box = &o->boxes[s->box];
	struct oracle_msg m = { .uuid = j->id, .ord = j->received,
				.size = j->size, .flags = j->flags,
				.keywords = s->add, .parties = s->parties,
				.in = s->folder == F_NONE ? 0 :
				      1u << s->folder };

	if (oracle_msg(box, &j->id)) {
		assert_rc(j->job.err, ERR_EXISTS);
		return;
	}
	if (s->folder == F_NONE) {
		assert_rc(j->job.err, ERR_NOTFOUND);
		return;
	}
	if (used(box) + j->size > box->quota) {
		assert_rc(j->job.err, ERR_QUOTA);
		return;
	}
	assert_rc(j->job.err, 0);
	m.thread = thread_for(box, s, j->has_reply ? &j->reply : NULL, j->id);
	assert_true(box->n < ORACLE_MSGS);
	box->msgs[box->n] = m;
	bump(box, &box->msgs[box->n++], 0);
	assert_int_equal(j->modseq, box->modseq);
}

/* --- changes --- */

static bool
mark_one(struct oracle_box *box, struct oracle_msg *m,
	 const struct oracle_step *s)
{
	unsigned flags = (m->flags | s->job.mark.set) & ~s->job.mark.clear;
	unsigned keywords = (m->keywords | s->add) & ~s->del;

	if (flags == m->flags && keywords == m->keywords)
		return false;
	m->flags = flags;
	m->keywords = keywords;
	bump(box, m, 0);
	return true;
}

static void
apply_mark(struct oracle *o, struct oracle_step *s)
{
	struct oracle_box *box = &o->boxes[s->box];
	struct store_mark *j = &s->job.mark;
	struct oracle_msg *list[ORACLE_MSGS];
	uint64_t changed = 0;
	size_t n = 0, all;

	assert_rc(j->job.err, 0);
	if (j->by_filter) {
		all = oracle_list(box, s->folder, &j->filter, list);
		n = all < j->limit ? all : j->limit;
		assert_int_equal(j->more, n < all);
		if (n)
			assert_int_equal(j->pos.ord, list[n - 1]->ord);
	}
	for (size_t i = 0; !j->by_filter && i < j->nids; i++) {
		struct oracle_msg *m = oracle_msg(box, &j->ids[i]);
		bool there = m && oracle_in(m, s->folder);

		assert_int_equal(j->missing[i], !there);
		if (there)
			list[n++] = m;
	}
	for (size_t i = 0; i < n; i++)
		changed += mark_one(box, list[i], s);
	assert_int_equal(j->changed, changed);
	assert_int_equal(j->modseq, box->modseq);
}

static void
delete_one(struct oracle *o, struct oracle_box *box, struct oracle_msg *m,
	   int folder)
{
	uint32_t before = m->in;

	if (folder != F_NONE && (m->in & ~(1u << folder))) {
		m->in &= ~(1u << folder);
	} else if (m->in >> F_TRASH & 1) {
		m->in = 0;
		m->gone_at = o->w->now;
	} else {
		m->was = m->in;
		m->in = 1u << F_TRASH;
	}
	bump(box, m, before);
}

static bool
restore_one(struct oracle_box *box, struct oracle_msg *m)
{
	uint32_t before = m->in;

	if (m->in && !(m->in >> F_TRASH & 1))
		return false;
	/* One that was filed in TRASH was nowhere before. */
	m->in = m->was ? m->was : 1u << F_INBOX;
	bump(box, m, before);
	return true;
}

static void
apply_remove(struct oracle *o, struct oracle_step *s)
{
	struct oracle_box *box = &o->boxes[s->box];
	const struct store_remove *j = &s->job.remove;
	uint64_t changed = 0;

	assert_rc(j->job.err, 0);
	for (size_t i = 0; i < j->nids; i++) {
		struct oracle_msg *m = oracle_msg(box, &j->ids[i]);
		bool there = m && (s->op == STORE_RESTORE ||
				   oracle_in(m, s->folder));

		assert_int_equal(j->missing[i], !there);
		if (!there)
			continue;
		if (s->op == STORE_RESTORE) {
			changed += restore_one(box, m);
		} else {
			delete_one(o, box, m, s->folder);
			changed++;
		}
	}
	assert_int_equal(j->changed, changed);
	assert_int_equal(j->modseq, box->modseq);
}

static void
apply_create(struct oracle *o, struct oracle_step *s)
{
	struct oracle_box *box = &o->boxes[s->box];
	const struct store_folder_create *j = &s->job.create;
	struct str path = j->path, key = j->key;

	if (oracle_folder(box, key.p) != F_NONE) {
		assert_rc(j->job.err, ERR_EXISTS);
		return;
	}
	assert_rc(j->job.err, 0);
	for (size_t n = 1; n <= path.n; n++) {
		const char *part;

		if (n < path.n && path.p[n] != '/')
			continue;
		part = arena_str(&o->w->a, str_sub(key, 0, n)).p;
		if (oracle_folder(box, part) != F_NONE)
			continue;
		assert_true(box->nfolders < ORACLE_FOLDERS);
		box->folders[box->nfolders++] = (struct oracle_folder){
			.path = arena_str(&o->w->a, str_sub(path, 0, n)).p,
			.key = part,
			.id = world_folder_id(o->w, &box->p, part),
			.modseq = ++box->modseq,
		};
	}
	assert_int_equal(j->folder_id, box->folders[box->nfolders - 1].id);
	assert_int_equal(j->modseq, box->modseq);
}

static void
apply_purge(struct oracle *o, struct oracle_step *s)
{
	const struct store_purge *j = &s->job.purge;
	uint64_t messages = 0, ids = 0;

	assert_rc(j->job.err, 0);
	for (int b = 0; b < ORACLE_BOXES; b++)
		for (size_t i = 0; i < o->boxes[b].n; i++) {
			struct oracle_msg *m = &o->boxes[b].msgs[i];

			if (m->purged || m->in ||
			    j->now <= m->gone_at + o->w->limits.undelete)
				continue;
			m->purged = true;
			messages++;
		}
	for (size_t i = 0; i < o->nonces; i++) {
		struct oracle_once *x = &o->onces[i];
		bool newer = false;

		/* One that was given again stands for both. */
		for (size_t k = i + 1; k < o->nonces; k++)
			newer |= !o->onces[k].purged &&
				 o->onces[k].origin == x->origin &&
				 o->onces[k].box == x->box &&
				 uuid_eq(&o->onces[k].id, &x->id);
		if (x->purged || (!newer && j->now <= x->at +
						    o->w->limits.once))
			continue;
		x->purged = true;
		ids += !newer;
	}
	assert_int_equal(j->messages, messages);
	assert_int_equal(j->ids, ids);
	assert_false(j->more);
}

void
oracle_apply(struct oracle *o, struct oracle_step *s)
{
	switch (s->op) {
	case STORE_DELIVER:
		apply_deliver(o, s);
		break;
	case STORE_APPEND:
		apply_append(o, s);
		break;
	case STORE_MARK:
		apply_mark(o, s);
		break;
	case STORE_DELETE:
	case STORE_RESTORE:
		apply_remove(o, s);
		break;
	case STORE_FOLDER_CREATE:
		apply_create(o, s);
		break;
	case STORE_PURGE:
		apply_purge(o, s);
		break;
	default:
		fail_msg("no such step: %d", s->op);
	}
}
