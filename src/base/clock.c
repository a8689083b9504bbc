#include "base/clock.h"

#include <time.h>

/* The first millisecond of the year 10000. */
#define CLOCK_END 253402300800000ull
#define DAY_MS 86400000ull

static uint64_t
read_us(clockid_t id)
{
	struct timespec ts;

	/* Cannot fail: both clocks exist and ts is ours. */
	(void)clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
clock_mono_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

uint64_t
clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

uint64_t
clock_unix_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

/*
 * Days are counted in years that begin on 1 March, so that the leap day is the
 * last of its year: month m (0 = March) begins on day (153 * m + 2) / 5, and
 * a year y begins on day 365 * y + y / 4 - y / 100 + y / 400.
 * Day 719468 of that count is 1 January 1970.
 */
#define DAYS_TO_1970 719468u
#define DAYS_400Y 146097u

static uint32_t
days_of(uint32_t year, uint32_t month, uint32_t day)
{
	uint32_t y = month <= 2 ? year - 1 : year;
	uint32_t m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 +
	       day - 1 - DAYS_TO_1970;
}

static void
date_of(uint32_t days, uint32_t *ret_year, uint32_t *ret_month,
	uint32_t *ret_day)
{
	uint32_t d = days + DAYS_TO_1970;
	uint32_t era = d / DAYS_400Y;
	uint32_t doe = d % DAYS_400Y;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t m = (5 * doy + 2) / 153;

	*ret_day = doy - (153 * m + 2) / 5 + 1;
	*ret_month = m < 10 ? m + 3 : m - 9;
	*ret_year = era * 400 + yoe + (m >= 10);
}

/* Write v with exactly n digits; returns the end. */
static char *
put_digits(char *p, uint32_t v, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		p[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return p + n;
}

void
clock_format(uint64_t unix_ms, char dst[static CLOCK_TEXT + 1])
{
	uint32_t year, month, day, ms;
	char *p = dst;

	if (unix_ms >= CLOCK_END)
		unix_ms = CLOCK_END - 1;
	date_of((uint32_t)(unix_ms / DAY_MS), &year, &month, &day);
	ms = (uint32_t)(unix_ms % DAY_MS);

	p = put_digits(p, year, 4);
	*p++ = '-';
	p = put_digits(p, month, 2);
	*p++ = '-';
	p = put_digits(p, day, 2);
	*p++ = 'T';
	p = put_digits(p, ms / 3600000, 2);
	*p++ = ':';
	p = put_digits(p, ms / 60000 % 60, 2);
	*p++ = ':';
	p = put_digits(p, ms / 1000 % 60, 2);
	*p++ = '.';
	p = put_digits(p, ms % 1000, 3);
	*p++ = 'Z';
	*p = '\0';
}

/* Take exactly n digits, a value of min to max, from the front of s. */
static bool
take_num(struct str *s, size_t n, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint32_t v = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(s->p[i] - '0');
	}
	if (v < min || v > max)
		return false;
	*s = str_from(*s, n);
	*ret = v;
	return true;
}

/* Take one octet out of set from the front of s; 0 if it is another. */
static char
take_c(struct str *s, const char *set)
{
	char c;

	if (!s->n || !*s->p || !strchr(set, *s->p))
		return 0;
	c = *s->p;
	*s = str_from(*s, 1);
	return c;
}

static uint32_t
month_days(uint32_t year, uint32_t month)
{
	if (month == 2)
		return year % 4 == 0 && (year % 100 || year % 400 == 0) ?
		       29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static bool
take_date(struct str *s, uint32_t *ret_days)
{
	uint32_t year, month, day;

	if (!take_num(s, 4, 1969, 9999, &year) || !take_c(s, "-") ||
	    !take_num(s, 2, 1, 12, &month) || !take_c(s, "-") ||
	    !take_num(s, 2, 1, month_days(year, month), &day))
		return false;
	/* 1969 is taken only for its last day: an offset may reach 1970. */
	if (year == 1969 && (month != 12 || day != 31))
		return false;
	*ret_days = days_of(year, month, day);
	return true;
}

/* The fraction of a second, cut to milliseconds. */
static bool
take_fraction(struct str *s, uint32_t *ret_ms)
{
	uint32_t ms = 0, scale = 100, digit;
	int n = 0;

	if (take_c(s, ".")) {
		for (; n < 9 && take_num(s, 1, 0, 9, &digit); n++) {
			ms += digit * scale;
			scale /= 10;
		}
		if (!n)
			return false;
	}
	*ret_ms = ms;
	return true;
}

/* "Z" or "+hh:mm": minutes to take off for UTC. */
static bool
take_offset(struct str *s, int32_t *ret_min)
{
	uint32_t h, m;
	char sign;

	if (take_c(s, "Zz")) {
		*ret_min = 0;
		return true;
	}
	sign = take_c(s, "+-");
	if (!sign || !take_num(s, 2, 0, 23, &h) || !take_c(s, ":") ||
	    !take_num(s, 2, 0, 59, &m))
		return false;
	*ret_min = (int32_t)(h * 60 + m) * (sign == '-' ? -1 : 1);
	return true;
}

int
clock_parse(struct str s, uint64_t *ret_unix_ms)
{
	uint32_t days, hour, min, sec, ms;
	bool leap = false;
	int32_t offset;
	int64_t t;

	if (!take_date(&s, &days) || !take_c(&s, "Tt") ||
	    !take_num(&s, 2, 0, 23, &hour) || !take_c(&s, ":") ||
	    !take_num(&s, 2, 0, 59, &min) || !take_c(&s, ":") ||
	    !take_num(&s, 2, 0, 60, &sec) || !take_fraction(&s, &ms) ||
	    !take_offset(&s, &offset) || s.n)
		return ERR_VALUE;
	if (sec == 60) {
		leap = true;
		sec = 59;
	}
	t = (int32_t)days * (int64_t)86400 + hour * 3600 + min * 60 + sec -
	    (int64_t)offset * 60;

	/* A leap second ends a day of UTC; Unix time has no place for it. */
	if (leap && t % 86400 != 86399)
		return ERR_VALUE;
	t = (t + leap) * 1000 + ms;
	if (t < 0 || (uint64_t)t >= CLOCK_END)
		return ERR_VALUE;
	*ret_unix_ms = (uint64_t)t;
	return 0;
}
