/*
 * Undo, newest first.  An entry is either octets to put back, or memory to
 * free, or something to take out of a table again.  Putting back never
 * allocates: it cannot fail.
 */
#include <assert.h>

#include "store/mem/mem_priv.h"

enum undo_kind { UNDO_BYTES, UNDO_ALLOC, UNDO_INSERT, UNDO_PUT };

struct mem_undo {
	struct mem_undo *next;
	enum undo_kind kind;
	void *table;	/* array or map */
	void *p;	/* what it is about; UNDO_PUT: the value before */
	struct str octets;	/* as they were; UNDO_PUT: the key */
};

void
mem_tx_begin(struct mem_tx *tx, struct mem_store *s)
{
	*tx = (struct mem_tx){ .store = s };
	arena_init(&tx->arena, SIZE_MAX, 4096);
}

static struct mem_undo *
undo_new(struct mem_tx *tx, enum undo_kind kind)
{
	struct mem_undo *u = ARENA_NEW(&tx->arena, struct mem_undo);

	if (!u)
		return NULL;
	u->kind = kind;
	return u;
}

static void
undo_push(struct mem_tx *tx, struct mem_undo *u)
{
	u->next = tx->last;
	tx->last = u;
}

void
mem_tx_commit(struct mem_tx *tx)
{
	for (struct mem_undo *u = tx->drops; u; u = u->next)
		mem_free(u->p);
	arena_done(&tx->arena);
}

/* An empty table holds no memory: it may be one in an object that is about to
 * be freed. */
static void
take_out(struct mem_ptrs *a, const void *p)
{
	mem_ptrs_remove(a, mem_ptrs_find(a, p));
	if (!a->n)
		mem_ptrs_done(a);
}

static void
put_back(struct map *m, struct str key, void *old)
{
	int err;

	if (old) {
		/* The key is there: nothing is allocated. */
		err = map_put(m, key, old, NULL);
		assert(!err);
		return;
	}
	(void)map_del(m, key);	/* the value is freed by its own entry */
	if (!m->n)
		map_done(m);
}

static void
take_back(struct mem_undo *u)
{
	switch (u->kind) {
	case UNDO_BYTES:
		memcpy(u->p, u->octets.p, u->octets.n);
		break;
	case UNDO_ALLOC:
		mem_free(u->p);
		break;
	case UNDO_INSERT:
		take_out(u->table, u->p);
		break;
	case UNDO_PUT:
		put_back(u->table, u->octets, u->p);
		break;
	}
}

void
mem_tx_rollback(struct mem_tx *tx)
{
	for (struct mem_undo *u = tx->last; u; u = u->next)
		take_back(u);
	arena_done(&tx->arena);
}

int
mem_tx_save(struct mem_tx *tx, void *p, size_t n)
{
	struct mem_undo *u = undo_new(tx, UNDO_BYTES);

	if (!u)
		return ERR_NOMEM;
	u->p = p;
	u->octets = arena_str(&tx->arena, str_n(p, n));
	if (!u->octets.p)
		return ERR_NOMEM;
	undo_push(tx, u);
	return 0;
}

void *
mem_tx_alloc(struct mem_tx *tx, size_t n)
{
	struct mem_undo *u = undo_new(tx, UNDO_ALLOC);

	if (!u)
		return NULL;
	u->p = mem_zalloc(n);
	if (!u->p)
		return NULL;
	undo_push(tx, u);
	return u->p;
}

struct str
mem_tx_str(struct mem_tx *tx, struct str s)
{
	char *p = mem_tx_alloc(tx, s.n + 1);

	if (!p)
		return (struct str){ NULL, 0 };
	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

int
mem_tx_free(struct mem_tx *tx, const void *p)
{
	struct mem_undo *u;

	if (!p)
		return 0;
	u = ARENA_NEW(&tx->arena, struct mem_undo);
	if (!u)
		return ERR_NOMEM;
	u->p = (void *)p;
	u->next = tx->drops;
	tx->drops = u;
	return 0;
}

static int
ptrs_reserve(struct mem_ptrs *a)
{
	size_t cap = a->cap ? a->cap * 2 : 8;
	void **v;

	if (a->n < a->cap)
		return 0;
	v = mem_realloc(a->v, cap * sizeof(*v));
	if (!v)
		return ERR_NOMEM;
	a->v = v;
	a->cap = cap;
	return 0;
}

int
mem_tx_insert(struct mem_tx *tx, struct mem_ptrs *a, size_t at, void *p)
{
	struct mem_undo *u = undo_new(tx, UNDO_INSERT);

	assert(at <= a->n);
	if (!u || ptrs_reserve(a) < 0)
		return ERR_NOMEM;
	memmove(a->v + at + 1, a->v + at, (a->n - at) * sizeof(*a->v));
	a->v[at] = p;
	a->n++;
	u->table = a;
	u->p = p;
	undo_push(tx, u);
	return 0;
}

int
mem_tx_put(struct mem_tx *tx, struct map *m, struct str key, void *value)
{
	struct mem_undo *u = undo_new(tx, UNDO_PUT);

	assert(value);
	if (!u)
		return ERR_NOMEM;
	u->table = m;
	u->octets = arena_str(&tx->arena, key);
	if (!u->octets.p || map_put(m, key, value, &u->p) < 0)
		return ERR_NOMEM;
	undo_push(tx, u);
	return 0;
}

size_t
mem_ptrs_find(const struct mem_ptrs *a, const void *p)
{
	size_t at = 0;

	while (at < a->n && a->v[at] != p)
		at++;
	assert(at < a->n);
	return at;
}

void
mem_ptrs_remove(struct mem_ptrs *a, size_t at)
{
	assert(at < a->n);
	a->n--;
	memmove(a->v + at, a->v + at + 1, (a->n - at) * sizeof(*a->v));
}

void
mem_ptrs_done(struct mem_ptrs *a)
{
	mem_free(a->v);
	*a = (struct mem_ptrs){ 0 };
}
