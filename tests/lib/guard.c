#include "lib/guard.h"

#include <sys/mman.h>
#include <unistd.h>

#include "lib/test.h"

void
guard_init(struct guard *g, size_t max)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	g->room = max / page * page + page;
	g->size = g->room + page;
	g->map = mmap(NULL, g->size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(g->map != MAP_FAILED);
	assert_int_equal(mprotect(g->map + g->room, page, PROT_NONE), 0);
	memset(g->map, 0xa5, g->room);
}

void
guard_done(struct guard *g)
{
	if (g->map)
		(void)munmap(g->map, g->size);	/* only costs pages */
	*g = (struct guard){ 0 };
}

struct str
guard_put(struct guard *g, struct str s)
{
	char *p;

	assert_true(s.n <= g->room);
	p = g->map + g->room - s.n;
	memset(g->map, 0xa5, g->room - s.n);
	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

int
guard_whole(struct str s, guard_fn *fn, void *arg)
{
	struct guard g;
	int rc;

	guard_init(&g, s.n);
	rc = fn(guard_put(&g, s), arg);
	guard_done(&g);
	return rc;
}

int
guard_prefixes(struct str s, guard_fn *fn, void *arg, int *ret_rc)
{
	struct guard g;
	int rc = 0;

	guard_init(&g, s.n);
	for (size_t n = 0; n <= s.n; n++) {
		rc = fn(guard_put(&g, str_sub(s, 0, n)), arg);
		if (ret_rc && n < s.n)
			ret_rc[n] = rc;
	}
	guard_done(&g);
	return rc;
}

int
guard_more(struct str s, guard_fn *fn, void *arg)
{
	struct guard g;
	int rc = 0;

	guard_init(&g, s.n);
	for (size_t n = 0; n <= s.n; n++) {
		rc = fn(guard_put(&g, str_sub(s, 0, n)), arg);
		if (n < s.n && rc != ERR_MORE)
			fail_msg("%d (%s) for %zu of %zu octets", rc,
				 err_name(rc), n, s.n);
	}
	guard_done(&g);
	return rc;
}
