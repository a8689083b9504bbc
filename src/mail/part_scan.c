/*
 * part_scan: what a part's octets are, found while they come in.
 *
 * Every octet that enters passes here, so it is looked at in runs of a cache's
 * size: one pass by words tells whether the run has octets above 127, NUL or
 * CR; a second one goes from LF to LF for the lengths of lines.  Once it is
 * certain that the part is binary nothing but the length is counted.
 */
#include "mail/message.h"

#define RUN 8192
/* Octets of a line without its end (RFC 5322, 2.1.1). */
#define LINE_MAX_OCTETS 998

#define ONES 0x0101010101010101ull
#define HIGHS 0x8080808080808080ull

/* What is anywhere in a run. */
struct run_has {
	bool high, nul, cr;
};

static struct run_has
look(const char *p, size_t n)
{
	uint64_t high = 0, nul = 0, cr = 0;
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t w, x;

		memcpy(&w, p + i, 8);
		x = w ^ ONES * '\r';
		high |= w;
		nul |= (w - ONES) & ~w;
		cr |= (x - ONES) & ~x;
	}
	struct run_has has = { (high & HIGHS) != 0, (nul & HIGHS) != 0,
			       (cr & HIGHS) != 0 };
	for (; i < n; i++) {
		has.high |= (unsigned char)p[i] > 127;
		has.nul |= p[i] == '\0';
		has.cr |= p[i] == '\r';
	}
	return has;
}

/* One line end at p[at], of the line that began at p[start]. */
static void
line_end(struct part_scan *s, const char *p, size_t start, size_t at)
{
	bool crlf = at > 0 ? p[at - 1] == '\r' : s->cr;
	uint64_t length = s->line + (at - start) - crlf;

	if (length > LINE_MAX_OCTETS)
		s->bad = true;
	if (crlf)
		s->crlf = true;
	else
		s->bare_lf++;
	s->line = 0;
}

/* The lines of a run without NUL; has_cr: it or the octet before it is CR. */
static void
lines(struct part_scan *s, const char *p, size_t n, bool has_cr)
{
	size_t start = 0;

	if (s->cr && p[0] != '\n')
		s->bad = true;
	while (start < n && !s->bad) {
		const char *lf = memchr(p + start, '\n', n - start);
		size_t at = lf ? (size_t)(lf - p) : n;

		if (has_cr && at > start) {
			const char *cr = memchr(p + start, '\r', at - start);

			/* A CR stands before the line's end, or is bare. */
			if (cr && cr != p + at - 1)
				s->bad = true;
		}
		if (!lf) {
			s->line += n - start;
			break;
		}
		line_end(s, p, start, at);
		start = at + 1;
	}
	/* One octet of grace: the last may be the CR of a line's end. */
	if (s->line > LINE_MAX_OCTETS + 1)
		s->bad = true;
	s->cr = p[n - 1] == '\r';
}

void
part_scan_init(struct part_scan *s)
{
	*s = (struct part_scan){ 0 };
}

void
part_scan_feed(struct part_scan *s, struct str octets)
{
	if (octets.n == 0)
		return;
	s->started = true;
	s->length += octets.n;
	s->last_lf = octets.p[octets.n - 1] == '\n';
	for (size_t i = 0; i < octets.n && !s->bad; i += RUN) {
		size_t n = octets.n - i < RUN ? octets.n - i : RUN;
		struct run_has has = look(octets.p + i, n);

		s->high |= has.high;
		s->bad |= has.nul;
		if (!s->bad)
			lines(s, octets.p + i, n, has.cr);
	}
}

void
part_scan_finish(struct part_scan *s, struct message_part *p)
{
	bool binary = s->bad || s->cr || s->line > LINE_MAX_OCTETS ||
		      (s->crlf && s->bare_lf > 0);

	p->length = s->length;
	p->ends_lf = !s->started || s->last_lf;
	p->bare_lf = binary ? 0 : s->bare_lf;
	if (binary)
		p->shape = SHAPE_BINARY;
	else
		p->shape = s->high ? SHAPE_8BIT : SHAPE_7BIT;
}
