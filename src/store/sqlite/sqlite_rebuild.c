#include "store/sqlite/sqlite_store.h"

int
sqlite_store_rebuild(const char *data, const struct sqlite_store_options *o,
		     store_say_fn say, void *ctx)
{
	return ERR_UNSUPPORTED;
}
