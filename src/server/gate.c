#include "server/gate.h"

#include <assert.h>

void
gate_init(struct gate *g, uint64_t max, uint64_t max_peer)
{
	(void)pthread_mutex_init(&g->lock, NULL); /* cannot fail on Linux */
	map_init(&g->peers);
	g->n = 0;
	g->max = max;
	g->max_peer = max_peer;
}

void
gate_done(struct gate *g)
{
	map_done(&g->peers);
	(void)pthread_mutex_destroy(&g->lock);
}

static int
enter(struct gate *g, struct str prefix)
{
	uintptr_t count = (uintptr_t)map_get(&g->peers, prefix);
	int err;

	if (g->n >= g->max || count >= g->max_peer)
		return ERR_BUSY;
	err = map_put(&g->peers, prefix, (void *)(count + 1), NULL);
	if (err == 0)
		g->n++;
	return err;
}

int
gate_enter(struct gate *g, struct str prefix)
{
	int err;

	pthread_mutex_lock(&g->lock);
	err = enter(g, prefix);
	pthread_mutex_unlock(&g->lock);
	return err;
}

void
gate_leave(struct gate *g, struct str prefix)
{
	uintptr_t count;
	int err;

	pthread_mutex_lock(&g->lock);
	count = (uintptr_t)map_get(&g->peers, prefix);
	assert(count > 0 && g->n > 0);
	g->n--;
	if (count == 1) {
		(void)map_del(&g->peers, prefix);
	} else {
		/* What is there is only set anew. */
		err = map_put(&g->peers, prefix, (void *)(count - 1), NULL);
		assert(err == 0);
		(void)err;
	}
	pthread_mutex_unlock(&g->lock);
}
