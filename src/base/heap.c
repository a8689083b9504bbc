#include "base/heap.h"

#include <assert.h>

#include "base/mem.h"

#define HEAP_FIRST 64

void
heap_init(struct heap *h)
{
	*h = (struct heap){ 0 };
}

void
heap_done(struct heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		h->v[i]->pos = 0;
	mem_free(h->v);
	heap_init(h);
}

static void
place(struct heap *h, size_t i, struct heap_node *node)
{
	h->v[i] = node;
	node->pos = i + 1;
}

/* Put node into the hole at i, or above it. */
static void
sift_up(struct heap *h, size_t i, struct heap_node *node)
{
	while (i) {
		size_t parent = (i - 1) / 2;

		if (h->v[parent]->at <= node->at)
			break;
		place(h, i, h->v[parent]);
		i = parent;
	}
	place(h, i, node);
}

/* Put node into the hole at i, or below it. */
static void
sift_down(struct heap *h, size_t i, struct heap_node *node)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->n)
			break;
		if (child + 1 < h->n &&
		    h->v[child + 1]->at < h->v[child]->at)
			child++;
		if (node->at <= h->v[child]->at)
			break;
		place(h, i, h->v[child]);
		i = child;
	}
	place(h, i, node);
}

/* Put node into the hole at i, wherever it belongs from there. */
static void
settle(struct heap *h, size_t i, struct heap_node *node)
{
	if (i && h->v[(i - 1) / 2]->at > node->at)
		sift_up(h, i, node);
	else
		sift_down(h, i, node);
}

static int
make_room(struct heap *h)
{
	struct heap_node **v;
	size_t cap;

	if (h->n < h->cap)
		return 0;
	if (h->cap > PTRDIFF_MAX / sizeof(struct heap_node *) / 2)
		return ERR_NOMEM;
	cap = h->cap ? h->cap * 2 : HEAP_FIRST;
	v = mem_realloc(h->v, cap * sizeof(struct heap_node *));
	if (!v)
		return ERR_NOMEM;
	h->v = v;
	h->cap = cap;
	return 0;
}

int
heap_set(struct heap *h, struct heap_node *node, uint64_t at)
{
	int rc;

	if (node->pos) {
		assert(node->pos <= h->n && h->v[node->pos - 1] == node);
		node->at = at;
		settle(h, node->pos - 1, node);
		return 0;
	}
	rc = make_room(h);
	if (rc < 0)
		return rc;
	node->at = at;
	sift_up(h, h->n++, node);
	return 0;
}

void
heap_del(struct heap *h, struct heap_node *node)
{
	struct heap_node *last;
	size_t i;

	if (!node->pos)
		return;
	assert(node->pos <= h->n && h->v[node->pos - 1] == node);
	i = node->pos - 1;
	node->pos = 0;
	last = h->v[--h->n];
	if (last != node)
		settle(h, i, last);
}

struct heap_node *
heap_min(const struct heap *h)
{
	return h->n ? h->v[0] : NULL;
}
