#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "contract/world.h"
#include "store/mem/mem_store.h"
#ifdef CONTRACT_SQLITE
#include "store/sqlite/sqlite_store.h"
#endif

static int
mem_open(struct world *w, struct store **ret)
{
	return mem_store_open(&w->limits, ret);
}

static void
mem_drop(struct world *w)
{
}

#ifdef CONTRACT_SQLITE

static int
sqlite_open(struct world *w, struct store **ret)
{
	struct sqlite_store_options o = { .limits = &w->limits };
	char why[256] = "";
	int err;

	if (!w->place[0]) {
		const char *tmp = getenv("TMPDIR");

		(void)snprintf(w->place, sizeof(w->place), "%s/contract-XXXXXX",
			       tmp ? tmp : "/tmp");
		if (!mkdtemp(w->place))
			return err_from_errno(errno);
		o.create = true;
	}
	err = sqlite_store_open(w->place, &o, ret, why, sizeof(why));
	if (err < 0)
		print_error("%s: %s\n", err_name(err), why);
	return err;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void
sqlite_drop(struct world *w)
{
	if (w->place[0])
		(void)nftw(w->place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	w->place[0] = '\0';
}

#endif

static const struct backend backends[] = {
	{ "mem", false, mem_open, mem_drop },
#ifdef CONTRACT_SQLITE
	{ "sqlite", true, sqlite_open, sqlite_drop },
#endif
};

const struct backend *
backend_by_name(const char *name)
{
	for (size_t i = 0; i < TEST_COUNT(backends); i++)
		if (!strcmp(backends[i].name, name))
			return &backends[i];
	return NULL;
}
