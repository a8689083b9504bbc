#include "immp/export_text.h"

static const char from[] = "From ";

void
export_ends_add(struct export_ends *e, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	if (s.n == 0 || e->bare)
		return;
	if (e->cr && *p != '\n')
		e->bare = true;
	if (*p == '\n') {
		e->bare |= !e->cr;
		p++;
	}
	while (p < end && !e->bare) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *stop = lf ? lf : end;
		const char *cr = memchr(p, '\r', (size_t)(stop - p));

		/* The first CR of a line is the one before its LF; without an
		 * LF it is the last octet of all. */
		if (cr ? cr + 1 != stop : lf != NULL)
			e->bare = true;
		p = lf ? lf + 1 : end;
	}
	e->cr = end[-1] == '\r';
}

bool
export_ends_crlf(const struct export_ends *e)
{
	return !e->bare && !e->cr;
}

/* Without the CRs, if they are to go. */
static int
put(struct export_lines *l, struct buf *b, struct str s)
{
	struct str piece;
	int rc = 0;

	if (!l->lf)
		rc = buf_add_str(b, s);
	for (; l->lf && rc == 0 && str_next(&s, '\r', &piece);)
		rc = buf_add_str(b, piece);
	if (b->n)
		l->last = buf_data(b)[b->n - 1];
	return rc;
}

/* What was held back goes out; the rest of the line needs no look. */
static int
let_go(struct export_lines *l, struct buf *b)
{
	int rc = 0;

	for (; l->marks && rc == 0; l->marks--)
		rc = buf_add_c(b, '>');
	if (rc == 0)
		rc = put(l, b, str_n(from, l->matched));
	if (b->n)
		l->last = buf_data(b)[b->n - 1];
	l->matched = 0;
	l->inside = true;
	return rc;
}

/* An octet at the start of a line; true if it was held back. */
static bool
hold(struct export_lines *l, char c)
{
	if (c == '>' && l->matched == 0) {
		l->marks++;
		return true;
	}
	if (c != from[l->matched])
		return false;
	l->matched++;
	return true;
}

int
export_lines_add(struct export_lines *l, struct buf *b, struct str s)
{
	int rc = 0;

	if (!l->quote)
		return put(l, b, s);
	while (s.n && rc == 0) {
		size_t n;
		ptrdiff_t lf;

		if (!l->inside && hold(l, *s.p)) {
			s = str_from(s, 1);
			if (l->matched < sizeof(from) - 1)
				continue;
			l->marks++;
			rc = let_go(l, b);
			continue;
		}
		if (!l->inside)
			rc = let_go(l, b);
		lf = str_chr(s, '\n', 0);
		n = lf < 0 ? s.n : (size_t)lf + 1;
		if (rc == 0)
			rc = put(l, b, str_sub(s, 0, n));
		l->inside = lf < 0;
		s = str_from(s, n);
	}
	return rc;
}

int
export_lines_end(struct export_lines *l, struct buf *b)
{
	return l->quote && !l->inside ? let_go(l, b) : 0;
}
