#include <sqlite3.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fault/sqlite_ops.h"

#define HEAD 16	/* octets before each block, with its size */

static void *
lite_alloc(int n)
{
	char *p = mem_alloc((size_t)n + HEAD);

	if (!p)
		return NULL;
	memcpy(p, &n, sizeof(n));
	return p + HEAD;
}

static void
lite_free(void *p)
{
	if (p)
		mem_free((char *)p - HEAD);
}

static int
lite_size(void *p)
{
	int n = 0;

	if (p)
		memcpy(&n, (char *)p - HEAD, sizeof(n));
	return n;
}

static void *
lite_realloc(void *p, int n)
{
	char *q = mem_realloc((char *)p - HEAD, (size_t)n + HEAD);

	if (!q)
		return NULL;
	memcpy(q, &n, sizeof(n));
	return q + HEAD;
}

static int
lite_round(int n)
{
	return (n + 7) & ~7;
}

static int
lite_init(void *arg)
{
	return SQLITE_OK;
}

static void
lite_shutdown(void *arg)
{
}

static const sqlite3_mem_methods lite_memory = {
	lite_alloc, lite_free, lite_realloc, lite_size, lite_round, lite_init,
	lite_shutdown, NULL
};

void
sqlite_ops_memory(void)
{
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &lite_memory) != SQLITE_OK)
		abort();
}
