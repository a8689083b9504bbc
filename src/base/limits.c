#include "base/limits.h"

static const struct limit_row limit_rows[] = {
#define IMMP_LIMIT(name_, kind_, def_, min_, max_, reason_) { \
	.name = #name_, \
	.kind = LIMIT_##kind_, \
	.def = def_, \
	.min = min_, \
	.max = max_, \
	.reason = reason_, \
	.offset = offsetof(struct limits, name_), \
},
#include "base/limits.def"
#undef IMMP_LIMIT
};

/* A default outside its own range does not compile. */
#define IMMP_LIMIT(name, kind, def, min, max, reason) \
	_Static_assert((def) >= (min) + 0ull && (def) <= (max) + 0ull, #name);
#include "base/limits.def"
#undef IMMP_LIMIT

const struct limit_row *
limits_rows(size_t *ret_n)
{
	*ret_n = sizeof(limit_rows) / sizeof(limit_rows[0]);
	return limit_rows;
}

void
limits_init(struct limits *l)
{
#define IMMP_LIMIT(name, kind, def, min, max, reason) l->name = def;
#include "base/limits.def"
#undef IMMP_LIMIT
}
