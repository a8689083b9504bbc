/*
 * Timers of a loop: one heap, one timer of libuv for its earliest.
 *
 * An idle timer is moved forward with every command and hardly ever fires.
 * So moving to a later time only notes the time; the heap is touched when the
 * old one comes, and moves the timer then.  Cancelling notes "never" in the
 * same way.  A timer is in the heap from the day it is made, so that starting
 * it needs no memory.
 */
#include "net/net_priv.h"

#include "base/mem.h"

#define NEVER UINT64_MAX

struct net_timer {
	uint32_t magic;
	struct net_loop *loop;
	struct heap_node node; /* at: not after `at` below */
	uint64_t at;	       /* when to fire, or NEVER */
	void (*fn)(void *ctx);
	void *ctx;
};

struct net_timer *
net_timer_new(struct net_loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct net_timer *t = mem_zalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->magic = NET_TIMER_MAGIC;
	t->loop = l;
	t->at = NEVER;
	t->fn = fn;
	t->ctx = ctx;
	if (heap_set(&l->timers, &t->node, NEVER) < 0) {
		mem_free(t);
		return NULL;
	}
	return t;
}

static void
move(struct net_timer *t, uint64_t at)
{
	/* It is in the heap already: nothing to allocate. */
	if (heap_set(&t->loop->timers, &t->node, at) < 0)
		abort();
}

void
net_timer_start(struct net_timer *t, uint64_t ms)
{
	uint64_t now = uv_now(&t->loop->uv);

	NET_CHECK(t, NET_TIMER_MAGIC);
	/* Never in the same turn: the callback is no part of this call. */
	if (ms == 0)
		ms = 1;
	t->at = ms < NEVER - 1 - now ? now + ms : NEVER - 1;
	if (t->at < t->node.at)
		move(t, t->at);
}

void
net_timer_cancel(struct net_timer *t)
{
	NET_CHECK(t, NET_TIMER_MAGIC);
	t->at = NEVER;
}

void
net_timer_free(struct net_timer *t)
{
	if (!t)
		return;
	NET_CHECK(t, NET_TIMER_MAGIC);
	heap_del(&t->loop->timers, &t->node);
	t->magic = 0;
	mem_free(t);
}

void
net_timer_run(struct net_loop *l)
{
	uint64_t now = uv_now(&l->uv);
	struct heap_node *node;

	while ((node = heap_min(&l->timers)) && node->at <= now) {
		struct net_timer *t = LIST_ENTRY(node, struct net_timer, node);

		NET_CHECK(t, NET_TIMER_MAGIC);
		if (t->at > now) {
			move(t, t->at);
			continue;
		}
		t->at = NEVER;
		move(t, NEVER);
		/* Whatever it does to t, we are through with it. */
		t->fn(t->ctx);
	}
}

static void
on_clock(uv_timer_t *h)
{
	struct net_loop *l = h->data;

	NET_CHECK(l, NET_LOOP_MAGIC);
	l->clock_at = NEVER;
	net_timer_run(l);
}

void
net_timer_arm(struct net_loop *l)
{
	struct heap_node *node = heap_min(&l->timers);
	uint64_t at = node ? node->at : NEVER;
	uint64_t now = uv_now(&l->uv);

	if (at == l->clock_at)
		return;
	l->clock_at = at;
	/* Neither fails for a handle that is set up. */
	if (at == NEVER)
		uv_timer_stop(&l->clock);
	else
		uv_timer_start(&l->clock, on_clock, at > now ? at - now : 0, 0);
}
