#include "immp/export/text.h"

#include "immp/format/mbox.h"

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

static int
add_text(struct export_lines *l, struct buf *b, struct str s)
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

/* --- the header --- */

/* What was held back of a name goes out, unless its field is left out. */
static int
let_name_go(struct export_lines *l, struct buf *b)
{
	struct str name = str_n(l->name, l->nname);

	l->named = true;
	l->nname = 0;
	return l->left_out ? 0 : add_text(l, b, name);
}

/* An octet of a line whose field is not known yet. */
static int
take_name(struct export_lines *l, struct buf *b, char c)
{
	bool first = l->nname == 0, folded = first && (c == ' ' || c == '\t');
	struct str name;

	l->name[l->nname++] = c;
	/* What is folded belongs to the field before it. */
	if (!folded && c != ':' && c != '\n' && l->nname < EXPORT_FIELD)
		return 0;
	name = str_trim(str_n(l->name, l->nname - 1));
	if (c == '\n' && name.n == 0)
		l->fields = false;
	if (!folded)
		l->left_out = c == ':' && mbox_is_mark(name);
	return let_name_go(l, b);
}

/* The octets of a header that come next; *s goes on behind them. */
static int
add_field(struct export_lines *l, struct buf *b, struct str *s)
{
	struct str piece;
	ptrdiff_t lf;
	int rc;

	if (!l->named) {
		char c = *s->p;

		*s = str_from(*s, 1);
		rc = take_name(l, b, c);
		l->named &= c != '\n';
		return rc;
	}
	lf = str_chr(*s, '\n', 0);
	piece = lf < 0 ? *s : str_sub(*s, 0, (size_t)lf + 1);
	*s = str_from(*s, piece.n);
	l->named = lf < 0;
	return l->left_out ? 0 : add_text(l, b, piece);
}

int
export_lines_add(struct export_lines *l, struct buf *b, struct str s)
{
	int rc = 0;

	while (l->fields && s.n && rc == 0)
		rc = add_field(l, b, &s);
	return rc == 0 ? add_text(l, b, s) : rc;
}

int
export_lines_end(struct export_lines *l, struct buf *b)
{
	int rc = 0;

	/* A name that never came to its end is none. */
	if (l->nname) {
		l->left_out = false;
		rc = let_name_go(l, b);
	}
	if (rc == 0 && l->quote && !l->inside)
		rc = let_go(l, b);
	return rc;
}
