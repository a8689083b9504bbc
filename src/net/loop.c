/*
 * A turn of the loop: events come (messages, sockets, timers), then its end:
 *
 *	1. streams that were resumed are given what they kept,
 *	2. the owner's on_turn(),
 *	3. streams with output send it, each once, however often it was
 *	   written to.
 *
 * The end is libuv's "prepare", the last thing before it waits: timers run in
 * front of it and sockets behind, so nothing that either wrote waits for the
 * other.  If the end itself caused callbacks, the wait is left out, so that
 * what they asked for gets its own end of a turn.
 *
 * A message is pushed on a stack by one compare-and-swap; who finds the stack
 * empty wakes the loop, which takes the whole stack and turns it round.  So a
 * thousand messages cost one wake-up.
 */
#include "net/net_priv.h"

#include "base/mem.h"

static struct net_loop *
loop_of(const void *data)
{
	struct net_loop *l = (struct net_loop *)data;

	NET_CHECK(l, NET_LOOP_MAGIC);
	return l;
}

static void
run_posted(struct net_loop *l)
{
	struct net_msg *m, *oldest = NULL;

	m = atomic_exchange_explicit(&l->posted, NULL, memory_order_acquire);
	while (m) {
		struct net_msg *next = m->next;

		m->next = oldest;
		oldest = m;
		m = next;
	}
	while (oldest) {
		/* fn owns the message: it may be gone afterwards. */
		m = oldest;
		oldest = m->next;
		m->next = NULL;
		m->fn(l, m);
	}
}

static void
end_turn(struct net_loop *l)
{
	l->again = false;
	net_stream_resume_all(l);
	if (l->on_turn)
		l->on_turn(l->on_turn_ctx);
	net_stream_flush_all(l);
	net_timer_arm(l);
}

static void
on_wake(uv_async_t *h)
{
	run_posted(loop_of(h->data));
}

static void
on_idle(uv_idle_t *h)
{
	/* It only keeps the loop from waiting. */
}

static void
on_end(uv_prepare_t *h)
{
	struct net_loop *l = loop_of(h->data);

	end_turn(l);
	/* Neither fails for a handle that is set up. */
	if (l->again || !list_empty(&l->resume) || !list_empty(&l->flush))
		uv_idle_start(&l->idle, on_idle);
	else
		uv_idle_stop(&l->idle);
}

static int
init_uv(struct net_loop *l)
{
	if (uv_loop_init(&l->uv) < 0)
		return ERR_NOMEM;
	if (uv_async_init(&l->uv, &l->wake, on_wake) < 0) {
		(void)uv_loop_close(&l->uv); /* has no handles */
		return ERR_LIMIT;
	}
	/* These cannot fail. */
	uv_prepare_init(&l->uv, &l->end);
	uv_idle_init(&l->uv, &l->idle);
	uv_timer_init(&l->uv, &l->clock);
	l->wake.data = l->end.data = l->idle.data = l->clock.data = l;
	uv_prepare_start(&l->end, on_end);
	return 0;
}

int
net_loop_new(struct net_loop **ret)
{
	struct net_loop *l = mem_zalloc(sizeof(*l));
	int err = ERR_NOMEM;

	if (!l)
		return ERR_NOMEM;
	l->magic = NET_LOOP_MAGIC;
	l->clock_at = UINT64_MAX;
	heap_init(&l->timers);
	list_init(&l->streams);
	list_init(&l->flush);
	list_init(&l->resume);
	buf_init(&l->plain, NET_PLAIN);
	buf_init(&l->cipher, NET_CIPHER);
	l->read = mem_alloc(NET_READ);
	if (!l->read || buf_reserve(&l->plain, NET_PLAIN) < 0 ||
	    buf_reserve(&l->cipher, NET_CIPHER) < 0)
		goto fail;
	err = init_uv(l);
	if (err < 0)
		goto fail;
	*ret = l;
	return 0;
fail:
	buf_done(&l->plain);
	buf_done(&l->cipher);
	mem_free(l->read);
	mem_free(l);
	return err;
}

void
net_loop_free(struct net_loop *l)
{
	if (!l)
		return;
	/* Those that were closed and are still taking leave. */
	LIST_EACH(it, &l->streams)
		net_stream_abort(LIST_ENTRY(it, struct net_stream, all));
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_close((uv_handle_t *)&l->end, NULL);
	uv_close((uv_handle_t *)&l->idle, NULL);
	uv_close((uv_handle_t *)&l->clock, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	/* A listener that was not closed is our own mistake. */
	if (uv_loop_close(&l->uv) < 0)
		abort();
	heap_done(&l->timers);
	buf_done(&l->plain);
	buf_done(&l->cipher);
	mem_free(l->read);
	l->magic = 0;
	mem_free(l);
}

void
net_loop_run(struct net_loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
	/* Nothing that was asked for before the stop is left undone. */
	run_posted(l);
	end_turn(l);
}

void
net_loop_stop(struct net_loop *l)
{
	uv_stop(&l->uv);
}

uint64_t
net_loop_now(struct net_loop *l)
{
	return uv_now(&l->uv);
}

void
net_loop_post(struct net_loop *l, struct net_msg *m)
{
	struct net_msg *top;

	top = atomic_load_explicit(&l->posted, memory_order_relaxed);
	do {
		m->next = top;
	} while (!atomic_compare_exchange_weak_explicit(&l->posted, &top, m,
							memory_order_release,
							memory_order_relaxed));
	/* The loop may run m and be freed from here on, unless m was the one
	 * that has to wake it. */
	if (!top)
		uv_async_send(&l->wake);
}

void
net_loop_on_turn(struct net_loop *l, void (*fn)(void *ctx), void *ctx)
{
	l->on_turn = fn;
	l->on_turn_ctx = ctx;
}
