#include "conf/conf.h"

static const struct conf_row limit_rows[] = {
#define IMMP_LIMIT(name_, kind_, def_, min_, max_, reason_) { \
	.section = "limits", \
	.key = #name_, \
	.type = CONF_##kind_, \
	.num = def_, \
	.min = min_, \
	.max = max_, \
	.doc = reason_, \
},
#include "base/limits.def"
#undef IMMP_LIMIT
};

struct conf_schema
conf_limits_schema(void)
{
	return (struct conf_schema){
		limit_rows, sizeof(limit_rows) / sizeof(limit_rows[0]),
	};
}

void
conf_limits_get(const struct conf *c, struct limits *ret)
{
#define IMMP_LIMIT(name, kind, def, min, max, reason) \
	ret->name = conf_num(c, "limits", #name);
#include "base/limits.def"
#undef IMMP_LIMIT
}
