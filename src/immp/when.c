#include "immp/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define MINUTE 60000ull
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* strftime of local time, in English whatever the locale. */
static void
local(uint64_t t, struct tm *ret)
{
	time_t s = (time_t)(t / 1000);

	if (!localtime_r(&s, ret))
		*ret = (struct tm){ .tm_mday = 1, .tm_year = 70 };
}

static const char *const months[12] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const days[7] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri",
				 "Sat" };

void
when_relative(uint64_t t, uint64_t now, char dst[static 16])
{
	uint64_t ago = now > t ? now - t : 0;
	struct tm tm;

	if (t > now + 5 * MINUTE)
		ago = UINT64_MAX;
	if (ago < MINUTE) {
		snprintf(dst, 16, "now");
	} else if (ago < HOUR) {
		snprintf(dst, 16, "%d min", (int)(ago / MINUTE));
	} else if (ago < DAY) {
		snprintf(dst, 16, "%d h", (int)(ago / HOUR));
	} else if (ago < 7 * DAY) {
		snprintf(dst, 16, "%d d", (int)(ago / DAY));
	} else {
		local(t, &tm);
		if (ago < 330 * DAY)
			snprintf(dst, 16, "%d %s", tm.tm_mday % 100,
				 months[tm.tm_mon % 12]);
		else
			snprintf(dst, 16, "%04d-%02d-%02d",
				 (tm.tm_year + 1900) % 10000,
				 (tm.tm_mon + 1) % 100, tm.tm_mday % 100);
	}
}

void
when_full(uint64_t t, char dst[static 48])
{
	struct tm tm;
	long off;

	local(t, &tm);
	off = tm.tm_gmtoff / 60;
	snprintf(dst, 48, "%s, %d %s %d %02d:%02d:%02d %c%02ld%02ld",
		 days[tm.tm_wday % 7], tm.tm_mday, months[tm.tm_mon % 12],
		 tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 off < 0 ? '-' : '+', (off < 0 ? -off : off) / 60 % 100,
		 (off < 0 ? -off : off) % 60);
}

void
when_size(uint64_t octets, char dst[static 16])
{
	static const char units[] = "KMGTPE";
	uint64_t tenths;
	size_t u = 0;

	if (octets < 1000) {
		snprintf(dst, 16, "%" PRIu64, octets);
		return;
	}
	/* In tenths of the unit, rounded; never 1000 or more of one. */
	for (; u < 5 && octets >= 1000 * 1024; u++)
		octets /= 1024;
	tenths = (octets * 10 + 512) / 1024;
	if (tenths < 100)
		snprintf(dst, 16, "%d.%d%c", (int)(tenths / 10),
			 (int)(tenths % 10), units[u]);
	else
		snprintf(dst, 16, "%d%c", (int)(tenths / 10), units[u]);
}
