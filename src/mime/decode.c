/*
 * decode: base64, quoted-printable and uuencode, piece by piece.
 *
 * The encoded octets are all there, so what is kept between calls is a place
 * in them and what of a group was already seen.  Broken input is read as
 * Python reads it: base64 passes over what is not of its alphabet and ends at
 * padding, a '=' that means nothing stands for itself, and text that is called
 * base64 and cannot be it stays text.
 */
#include "mime/mime_priv.h"

#include "base/hex.h"

/* States of base64: how many of a group's four were seen, and behind that how
 * many '=' followed.  DONE: no more will come. */
enum {
	STATE_START = 0,
	STATE_DONE = 1 << 16,
	UU_LINES = 1,	/* "begin" came */
	UU_NONE = 2	/* it never will */
};

/* Nothing behind this is needed of a line. */
#define LINE_MAX 1024
#define NO 0xff

static const unsigned char base64_values[256] = {
#define X NO
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
#undef X
};

void
mime_decode_init(struct mime_decode *d, const struct mime_part *p)
{
	*d = (struct mime_decode){ .part = p };
}

static size_t
identity(struct mime_decode *d, unsigned char *dst, size_t cap)
{
	struct str s = str_sub(d->part->raw, d->at, cap);

	if (s.n)
		memcpy(dst, s.p, s.n);
	d->at += s.n;
	return s.n;
}

/* Whole groups of four, as many as there are and fit. */
static size_t
base64_groups(struct mime_decode *d, unsigned char *dst, size_t cap)
{
	const unsigned char *p = (const unsigned char *)d->part->raw.p;
	size_t at = d->at, end = d->part->raw.n, n = 0;

	while (end - at >= 4 && cap - n >= 3) {
		unsigned char a = base64_values[p[at]];
		unsigned char b = base64_values[p[at + 1]];
		unsigned char c = base64_values[p[at + 2]];
		unsigned char e = base64_values[p[at + 3]];

		if ((a | b | c | e) == NO)
			break;
		dst[n] = (unsigned char)(a << 2 | b >> 4);
		dst[n + 1] = (unsigned char)(b << 4 | c >> 2);
		dst[n + 2] = (unsigned char)(c << 6 | e);
		n += 3;
		at += 4;
	}
	d->at = at;
	return n;
}

/* One octet of input outside the fast loop; what it gave, 0 or 1 octets. */
static size_t
base64_octet(struct mime_decode *d, unsigned char c, unsigned char *dst)
{
	int seen = d->state & 3, pads = d->state >> 2;
	unsigned char v = base64_values[c];

	if (c == '=') {
		if (seen >= 2 && seen + pads + 1 >= 4)
			d->state = STATE_DONE;
		else if (seen >= 2)
			d->state = (pads + 1) << 2 | seen;
		return 0;
	}
	if (v == NO)
		return 0;
	d->save = d->save << 6 | v;
	d->state = (seen + 1) & 3;
	if (seen == 0)
		return 0;
	*dst = (unsigned char)(d->save >> (6 - 2 * seen));
	return 1;
}

static size_t
base64(struct mime_decode *d, unsigned char *dst, size_t cap)
{
	struct str raw = d->part->raw;
	size_t n = 0;

	while (n < cap && d->at < raw.n && d->state != STATE_DONE) {
		if (d->state == STATE_START) {
			n += base64_groups(d, dst + n, cap - n);
			if (n == cap || d->at == raw.n)
				break;
		}
		n += base64_octet(d, (unsigned char)raw.p[d->at++], dst + n);
	}
	return n;
}

/*
 * No encoder makes 4n+1 digits.  Where they are lines of nothing else an end was
 * cut off; one line of them, or other characters between them, are words.
 */
bool
mime_may_be_base64(struct str raw)
{
	struct str text = str_trim(raw);
	bool others = str_chr(text, '\n', 0) < 0;
	size_t digits = 0;

	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (base64_values[(unsigned char)c] != NO)
			digits++;
		else if (c == '=' && digits % 4 >= 2)
			return true;
		else
			others |= c != '\r' && c != '\n';
	}
	return digits % 4 != 1 || !others;
}

int
mime_escaped(struct str s)
{
	if (s.n < 3 || s.p[0] != '=' || hex_value(s.p[1]) < 0 || hex_value(s.p[2]) < 0)
		return -1;
	return hex_value(s.p[1]) << 4 | hex_value(s.p[2]);
}

/* The octets of a soft line break at the front of s, 0 if it is none: '=',
 * blanks that a relay added, and a line end or the end. */
static size_t
soft_break(struct str s)
{
	size_t n = 1;

	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	if (n == s.n)
		return n;
	if (s.p[n] == '\r')
		return n + 1 < s.n && s.p[n + 1] == '\n' ? n + 2 : n + 1;
	return s.p[n] == '\n' ? n + 1 : 0;
}

/* A '=' at the front of s: what of s it takes, and what it gave. */
static size_t
escape(struct str s, unsigned char *dst, size_t *n)
{
	size_t soft = soft_break(s);
	int octet = mime_escaped(s);

	if (soft > 0)
		return soft;
	dst[(*n)++] = octet < 0 ? '=' : (unsigned char)octet;
	return octet < 0 ? 1 : 3;
}

static size_t
quoted(struct mime_decode *d, unsigned char *dst, size_t cap)
{
	struct str raw = d->part->raw;
	size_t n = 0;

	while (n < cap && d->at < raw.n) {
		struct str s = str_from(raw, d->at);
		size_t run = s.n < cap - n ? s.n : cap - n;
		const char *eq = memchr(s.p, '=', run);

		if (eq)
			run = (size_t)(eq - s.p);
		memcpy(dst + n, s.p, run);
		n += run;
		d->at += run;
		if (eq && n < cap)
			d->at += escape(str_from(s, run), dst, &n);
	}
	return n;
}

/* The line at d->at, without its end; d->at goes behind it.  A line longer
 * than any of this encoding counts as several. */
static struct str
uu_line(struct mime_decode *d)
{
	struct mime_lines l;
	struct str line = STR("");

	mime_lines_init(&l, str_sub(d->part->raw, d->at, LINE_MAX));
	if (mime_lines_next(&l, &line))
		d->at += line.n;
	return mime_chomp(line);
}

/* "begin", a mode in octal, and a name. */
static bool
is_begin(struct str line)
{
	size_t n = 6;

	if (!str_starts(line, STR("begin ")))
		return false;
	while (n < line.n && line.p[n] >= '0' && line.p[n] <= '7')
		n++;
	return n > 6 && (n == line.n || line.p[n] == ' ');
}

/* Is there anything encoded?  If not, the octets are what they are. */
static void
uu_begin(struct mime_decode *d)
{
	while (d->at < d->part->raw.n) {
		if (is_begin(uu_line(d))) {
			d->state = UU_LINES;
			return;
		}
	}
	d->at = 0;
	d->state = UU_NONE;
}

/* A line into d->rest: the number of its octets, then groups of four. */
static void
uu_decode_line(struct mime_decode *d, struct str line)
{
	size_t want = (size_t)(line.p[0] - ' ') & 63, n = 0;

	for (size_t i = 1; n < want; i += 4) {
		uint32_t group = 0;

		for (size_t k = i; k < i + 4; k++) {
			char c = k < line.n ? line.p[k] : ' ';

			group = group << 6 | ((uint32_t)(c - ' ') & 63);
		}
		for (int shift = 16; shift >= 0 && n < want; shift -= 8)
			d->rest[n++] = (unsigned char)(group >> shift);
	}
	d->rest_at = 0;
	d->rest_n = n;
}

static size_t
uu(struct mime_decode *d, unsigned char *dst, size_t cap)
{
	size_t n = 0;

	if (d->state == STATE_START)
		uu_begin(d);
	if (d->state == UU_NONE)
		return identity(d, dst, cap);
	while (n < cap) {
		size_t take = d->rest_n - d->rest_at;
		struct str line;

		take = take < cap - n ? take : cap - n;
		memcpy(dst + n, d->rest + d->rest_at, take);
		d->rest_at += take;
		n += take;
		if (d->rest_at < d->rest_n)
			break;
		if (d->state == STATE_DONE || d->at == d->part->raw.n)
			break;
		line = uu_line(d);
		if (line.n == 0 || str_eq(str_trim(line), STR("end")))
			d->state = STATE_DONE;
		else
			uu_decode_line(d, line);
	}
	return n;
}

size_t
mime_decode(struct mime_decode *d, void *dst, size_t cap)
{
	switch (d->part->encoding) {
	case MIME_BASE64:
		return base64(d, dst, cap);
	case MIME_QUOTED:
		return quoted(d, dst, cap);
	case MIME_UUENCODE:
		return uu(d, dst, cap);
	default:
		return identity(d, dst, cap);
	}
}

uint64_t
mime_decoded_length(const struct mime_part *p)
{
	struct mime_decode d;
	unsigned char chunk[8192];
	uint64_t total = 0;
	size_t n;

	if (p->encoding == MIME_IDENTITY)
		return p->raw.n;
	mime_decode_init(&d, p);
	while ((n = mime_decode(&d, chunk, sizeof(chunk))) > 0)
		total += n;
	return total;
}
