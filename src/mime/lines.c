/*
 * lines: the text of a message by lines, delimiters, header blocks and fields.
 *
 * Any of CRLF, LF and CR ends a line, as in Python's email: files of old
 * systems have nothing but CR.  The place of the next LF is remembered, so
 * that a text of CRs is not searched for an LF again and again.
 */
#include "mime/mime_priv.h"

void
mime_lines_init(struct mime_lines *l, struct str text)
{
	l->at = text.p;
	l->end = text.n ? text.p + text.n : text.p;
	l->lf = NULL;
	l->nstops = 0;
}

/* The end of the line at l->at, which is not the end of the text. */
static const char *
line_end(struct mime_lines *l)
{
	const char *cr;

	if (!l->lf || l->lf < l->at) {
		l->lf = memchr(l->at, '\n', (size_t)(l->end - l->at));
		if (!l->lf)
			l->lf = l->end;
	}
	cr = memchr(l->at, '\r', (size_t)(l->lf - l->at));
	if (cr && cr + 1 != l->lf)
		return cr + 1;
	return l->lf == l->end ? l->end : l->lf + 1;
}

enum mime_delimiter
mime_delimiter(struct str boundary, struct str line)
{
	enum mime_delimiter is = DELIMITER_PART;

	line = str_from(mime_chomp(line), 2);
	if (!str_starts(line, boundary))
		return DELIMITER_NONE;
	line = str_from(line, boundary.n);
	if (str_starts(line, STR("--"))) {
		line = str_from(line, 2);
		is = DELIMITER_CLOSE;
	}
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t')
			return DELIMITER_NONE;
	return is;
}

static bool
is_stop(const struct mime_lines *l, struct str line)
{
	for (size_t i = l->nstops; i-- > 0;)
		if (mime_delimiter(l->stops[i], line) != DELIMITER_NONE)
			return true;
	return false;
}

bool
mime_lines_next(struct mime_lines *l, struct str *ret)
{
	struct str line;

	if (l->at == l->end)
		return false;
	line.p = l->at;
	line.n = (size_t)(line_end(l) - l->at);
	if (line.n >= 2 && line.p[0] == '-' && line.p[1] == '-' &&
	    is_stop(l, line))
		return false;
	l->at += line.n;
	*ret = line;
	return true;
}

void
mime_lines_back(struct mime_lines *l, struct str line)
{
	l->at = line.p;
}

struct str
mime_chomp(struct str s)
{
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	else if (s.n > 0 && s.p[s.n - 1] == '\r')
		return (struct str){ s.p, s.n - 1 };
	else
		return s;
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Fields that may have blanks before their colon: those that could have them
 * once (RFC 5322, 4.5).  In others it is more likely that a text begins. */
static bool
may_have_blanks(struct str name)
{
	static const char *const names[] = {
		"from", "to", "cc", "bcc", "subject", "date", "message-id",
		"reply-to", "sender", "in-reply-to", "references", "received",
		"return-path", "comments", "keywords", "mime-version",
		"content-type", "content-transfer-encoding",
		"content-disposition", "content-id",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eqi(name, str_c(names[i])))
			return true;
	return false;
}

/* The octets of a line before its colon, if they can be a field's name; else
 * -1. */
static ptrdiff_t
name_length(struct str line)
{
	size_t i = 0, n;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 0x7f &&
	       line.p[i] != ':')
		i++;
	n = i;
	while (i < line.n && is_blank(line.p[i]))
		i++;
	if (i == line.n || line.p[i] != ':' ||
	    (i > n && !may_have_blanks(str_sub(line, 0, n))))
		return -1;
	return (ptrdiff_t)i;
}

void
mime_head_take(struct mime_lines *l, struct str *ret_head)
{
	struct str line, head = { l->at, 0 };

	if (mime_lines_next(l, &line)) {
		if (name_length(line) < 0 && str_starts(line, STR("From ")))
			head.p = l->at;
		else
			mime_lines_back(l, line);
	}
	while (mime_lines_next(l, &line)) {
		if (mime_chomp(line).n == 0)
			break;
		if (!is_blank(line.p[0]) && name_length(line) < 0 &&
		    !str_starts(line, STR("From "))) {
			mime_lines_back(l, line);
			break;
		}
		head.n += line.n;
	}
	*ret_head = head;
}

bool
mime_field_next(struct mime_lines *rest, struct str *ret_name,
		struct str *ret_value)
{
	struct str line, name, value;
	ptrdiff_t colon = -1;

	/* A first line that continues nothing, a From_ line, and a field
	 * without a name are of no use. */
	while (colon <= 0) {
		if (!mime_lines_next(rest, &line))
			return false;
		colon = is_blank(line.p[0]) ? -1 : name_length(line);
	}
	name = str_trim(str_sub(line, 0, (size_t)colon));
	value = str_from(line, (size_t)colon + 1);
	while (mime_lines_next(rest, &line)) {
		if (!is_blank(line.p[0])) {
			mime_lines_back(rest, line);
			break;
		}
		value.n += line.n;
	}
	*ret_name = name;
	*ret_value = value;
	return true;
}

int
mime_unfold(struct arena *a, struct str value, struct str *ret)
{
	size_t n = 0;
	char *p;

	while (value.n > 0 && is_blank(value.p[0]))
		value = str_from(value, 1);
	value = mime_chomp(value);
	if (value.n == 0 || (!memchr(value.p, '\n', value.n) &&
			     !memchr(value.p, '\r', value.n))) {
		*ret = value;
		return 0;
	}
	p = arena_alloc(a, value.n);
	if (!p)
		return ERR_NOMEM;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] != '\n' && value.p[i] != '\r')
			p[n++] = value.p[i];
	*ret = str_n(p, n);
	return 0;
}

char *
mime_cstr(struct arena *a, struct str s, size_t max)
{
	char *p;

	s = str_sub(s, 0, max);
	p = arena_alloc(a, s.n + 1);
	if (!p)
		return NULL;
	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] ? s.p[i] : ' ';
	return p;
}
