#include "admin/admin.h"

#include <stdio.h>

static const char units[] = "KMGT";

int
admin_size_parse(struct str s, uint64_t *ret)
{
	uint64_t factor = 1, n;
	const char *u = NULL;

	if (s.n > 1 && s.p[s.n - 1] != '\0')
		u = strchr(units, s.p[s.n - 1]);
	if (u) {
		factor = 1ull << (10 * (u - units + 1));
		s.n--;
	}
	if (str_u64(s, UINT64_MAX / factor, &n) < 0)
		return ERR_VALUE;
	*ret = n * factor;
	return 0;
}

void
admin_size_format(uint64_t octets, char dst[static ADMIN_SIZE_TEXT])
{
	uint64_t whole = octets, unit = 1;
	int u = -1;

	while (whole >= 10000 ||
	       (whole >= 1024 && octets % (unit << 10) == 0)) {
		if (u + 1 >= (int)sizeof(units) - 1)
			break;
		unit <<= 10;
		whole = octets / unit;
		u++;
	}
	if (u < 0 || octets % unit == 0 || whole >= 100)
		(void)snprintf(dst, ADMIN_SIZE_TEXT, "%llu%.1s",
			       (unsigned long long)whole,
			       u < 0 ? "" : units + u);
	else
		(void)snprintf(dst, ADMIN_SIZE_TEXT, "%llu.%llu%c",
			       (unsigned long long)whole,
			       (unsigned long long)(octets % unit * 10 / unit),
			       units[u]);
}
