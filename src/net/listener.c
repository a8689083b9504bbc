#include "net/net_priv.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
/* Connections taken in one turn, so that those there are get theirs. */
#define ACCEPT_MAX 64

struct net_listener {
	uint32_t magic;
	bool closed;
	int fd;
	struct net_loop *loop;
	net_accept_fn fn;
	void *ctx;
	struct net_timer *pause;
	uv_poll_t poll;
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static struct net_listener *
listener_of(void *data)
{
	struct net_listener *li = data;

	NET_CHECK(li, NET_LISTENER_MAGIC);
	return li;
}

/* 0 if a is no literal address, else the length of *ret. */
static socklen_t
to_address(const struct net_addr *a, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, a->host, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(a->port);
		return sizeof(ret->v4);
	}
	if (inet_pton(AF_INET6, a->host, &ret->v6.sin6_addr) == 1) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(a->port);
		return sizeof(ret->v6);
	}
	return 0;
}

static void
from_address(const union address *u, struct net_addr *ret)
{
	*ret = (struct net_addr){ 0 };
	if (u->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &u->v4.sin_addr, ret->host,
			  sizeof(ret->host));
		ret->port = ntohs(u->v4.sin_port);
	} else if (u->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &u->v6.sin6_addr, ret->host,
			  sizeof(ret->host));
		ret->port = ntohs(u->v6.sin6_port);
	}
}

static void on_poll(uv_poll_t *h, int status, int events);

static void
on_pause_over(void *ctx)
{
	struct net_listener *li = listener_of(ctx);

	uv_poll_start(&li->poll, UV_READABLE, on_poll);
}

/* Take one connection.  False if there is none, or no taking one now. */
static bool
accept_one(struct net_listener *li)
{
	union address from = { 0 };
	socklen_t n = sizeof(from);
	struct net_addr peer;
	int fd = accept4(li->fd, &from.any, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		from_address(&from, &peer);
		li->fn(li->ctx, fd, &peer);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		/* It would be readable all the time, and we busy. */
		uv_poll_stop(&li->poll);
		net_timer_start(li->pause, NET_PAUSE_MS);
		return false;
	default:
		/* That one has gone; the next may be fine. */
		return true;
	}
}

static void
on_poll(uv_poll_t *h, int status, int events)
{
	struct net_listener *li = listener_of(h->data);

	for (int i = 0; i < ACCEPT_MAX && !li->closed; i++)
		if (!accept_one(li))
			break;
}

/* A listening socket, or -1 and errno. */
static int
listen_socket(const struct net_addr *a, union address *u)
{
	socklen_t n = to_address(a, u);
	int on = 1, fd, saved;

	if (n == 0) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(u->any.sa_family,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		goto fail;
	if (u->any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		goto fail;
	if (bind(fd, &u->any, n) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, &u->any, &n) < 0)
		goto fail;
	return fd;
fail:
	saved = errno;
	(void)close(fd); /* nothing was done with it */
	errno = saved;
	return -1;
}

int
net_listen(struct net_loop *l, const struct net_addr *a, net_accept_fn fn,
	   void *ctx, struct net_listener **ret, struct net_addr *ret_bound,
	   int *reterr_errno)
{
	struct net_listener *li = mem_zalloc(sizeof(*li));
	union address u;
	int rc;

	if (!li)
		return ERR_NOMEM;
	li->magic = NET_LISTENER_MAGIC;
	li->loop = l;
	li->fn = fn;
	li->ctx = ctx;
	li->fd = -1;
	li->pause = net_timer_new(l, on_pause_over, li);
	if (!li->pause) {
		mem_free(li);
		return ERR_NOMEM;
	}
	li->fd = listen_socket(a, &u);
	rc = li->fd < 0 ? -errno : uv_poll_init(&l->uv, &li->poll, li->fd);
	if (rc < 0) {
		if (li->fd >= 0)
			(void)close(li->fd); /* nothing was done with it */
		net_timer_free(li->pause);
		mem_free(li);
		*reterr_errno = -rc;
		return ERR_IO;
	}
	li->poll.data = li;
	uv_poll_start(&li->poll, UV_READABLE, on_poll);
	from_address(&u, ret_bound);
	*ret = li;
	return 0;
}

static void
on_closed(uv_handle_t *h)
{
	struct net_listener *li = listener_of(h->data);

	li->magic = 0;
	mem_free(li);
}

void
net_listener_close(struct net_listener *li)
{
	if (!li)
		return;
	NET_CHECK(li, NET_LISTENER_MAGIC);
	if (li->closed)
		return;
	li->closed = true;
	net_timer_free(li->pause);
	uv_close((uv_handle_t *)&li->poll, on_closed);
	(void)close(li->fd); /* nothing is pending in it */
}
