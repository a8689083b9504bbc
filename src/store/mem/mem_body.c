#include <assert.h>

#include "base/crc32c.h"
#include "store/mem/mem_priv.h"

struct mem_big {
	struct store_big head;
	struct mem_store *store;
	struct buf octets;
	uint64_t n;
	bool finished;
};

struct mem_body *
mem_body_get(const struct mem_store *s, uint64_t id)
{
	return map_get(&s->bodies, mem_id(&id));
}

/* Take the octets of a finished large body; it gets them back if the job
 * fails. */
static int
take_big(struct mem_tx *tx, struct mem_big *big, struct mem_body *b)
{
	assert(big->finished && big->n == big->octets.n);
	if (mem_tx_save(tx, &big->octets, sizeof(big->octets)) < 0)
		return ERR_NOMEM;
	/* The body's octets are at the start of what is allocated: nothing was
	 * ever consumed. */
	b->p = big->octets.mem;
	b->n = big->octets.n;
	b->big = true;
	big->octets = (struct buf){ .max = big->octets.max };
	return 0;
}

int
mem_body_new(struct mem_tx *tx, struct str octets, struct store_big *big,
	     struct mem_body **ret)
{
	struct mem_body *b = mem_tx_alloc(tx, sizeof(*b));
	struct str copy;
	int err;

	if (!b)
		return ERR_NOMEM;
	if (big) {
		err = take_big(tx, (struct mem_big *)big, b);
		if (err < 0)
			return err;
	} else {
		copy = mem_tx_str(tx, octets);
		if (!copy.p)
			return ERR_NOMEM;
		b->p = (char *)copy.p;
		b->n = copy.n;
	}
	b->id = ++tx->store->next_id;
	b->crc = crc32c(0, b->p, b->n);
	err = mem_tx_put(tx, &tx->store->bodies, mem_id(&b->id), b);
	if (err < 0)
		return err;
	*ret = b;
	return 0;
}

void
mem_body_unref(struct mem_store *s, struct mem_body *b)
{
	assert(b->refs);
	if (--b->refs)
		return;
	(void)map_del(&s->bodies, mem_id(&b->id));	/* is b */
	mem_free(b->p);
	mem_free(b);
}

int
mem_body_open(struct store_reader *r, uint64_t body_id, struct store_body *ret)
{
	const struct mem_body *b = mem_body_get(mem_of(r), body_id);

	if (!b)
		return ERR_NOTFOUND;
	*ret = (struct store_body){ .body_id = b->id, .len = b->n };
	return 0;
}

int
mem_body_read(struct store_reader *r, struct store_body *b, uint64_t off,
	      void *dst, size_t n)
{
	const struct mem_body *body = mem_body_get(mem_of(r), b->body_id);

	if (!body)
		return ERR_NOTFOUND;
	if (off > body->n || n > body->n - off)
		return ERR_CORRUPT;
	if (n)
		memcpy(dst, body->p + off, n);
	return 0;
}

int
mem_body_load(struct store_reader *r, struct store_body *b, struct buf *out)
{
	const struct mem_body *body = mem_body_get(mem_of(r), b->body_id);

	if (!body)
		return ERR_NOTFOUND;
	if (crc32c(0, body->p, body->n) != body->crc)
		return ERR_CORRUPT;
	return buf_add(out, body->p, body->n);
}

/* --- large bodies --- */

int
mem_big_new(struct store *s, struct store_big **ret)
{
	struct mem_big *big;
	int err = mem_store_enter((struct mem_store *)s);

	if (err < 0)
		return err;
	big = mem_zalloc(sizeof(*big));
	if (!big)
		return ERR_NOMEM;
	big->head.ops = s->ops;
	big->store = (struct mem_store *)s;
	buf_init(&big->octets, SIZE_MAX);
	*ret = &big->head;
	return 0;
}

int
mem_big_write(struct store_big *b, struct str octets)
{
	struct mem_big *big = (struct mem_big *)b;
	int err = mem_store_enter(big->store);

	assert(!big->finished);
	if (!err)
		err = buf_add_str(&big->octets, octets);
	if (!err)
		big->n += octets.n;
	return err;
}

int
mem_big_finish(struct store_big *b, struct str owners)
{
	struct mem_big *big = (struct mem_big *)b;
	int err = mem_store_enter(big->store);

	assert(!big->finished);
	big->finished = !err;
	return err;
}

uint64_t
mem_big_length(const struct store_big *b)
{
	return ((const struct mem_big *)b)->n;
}

void
mem_big_free(struct store_big *b)
{
	struct mem_big *big = (struct mem_big *)b;

	buf_done(&big->octets);
	mem_free(big);
}
