#include "store/sqlite/sqlite_priv.h"

int
sqlite_verify(struct store_reader *r, store_say_fn say, void *ctx)
{
	return ERR_UNSUPPORTED;
}
