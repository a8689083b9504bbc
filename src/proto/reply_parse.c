/*
 * Reading reply lines.  A line is id, code and text; the words of a text are
 * quoted as in commands, but a text may also be free, so a quote that is
 * never closed is no error here: such a word just has no value.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "proto/reply.h"

static inline bool
is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Octets of a leading `id: `, or 0. */
static size_t
pipeline_len(struct str s)
{
	size_t n = 0;

	while (n < s.n && n < LIMIT_PIPELINE &&
	       (is_alnum((unsigned char)s.p[n]) || s.p[n] == '_' ||
		s.p[n] == '-'))
		n++;
	if (n == 0 || !str_starts(str_from(s, n), STR(": ")))
		return 0;
	return n + 2;
}

/* Three digits, 100 to 999; or ERR_SYNTAX. */
static int
take_code(struct str *s)
{
	int code = 0;

	if (s->n < 3)
		return ERR_SYNTAX;
	for (size_t i = 0; i < 3; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return ERR_SYNTAX;
		code = code * 10 + (s->p[i] - '0');
	}
	*s = str_from(*s, 3);
	return code >= 100 ? code : ERR_SYNTAX;
}

static bool
is_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return utf8_valid(s);
}

/* Octets from an opening quote to behind the closing one; 0: not closed. */
static size_t
quoted_len(struct str s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

/*
 * Take the next word off *rest.  For name=value *ret_name is the name and
 * *ret_value what stands behind the sign, quotes and escapes still on; else
 * *ret_name is empty.  False at the end.
 */
static bool
next_word(struct str *rest, struct str *ret_name, struct str *ret_value)
{
	size_t i = 0, eq = 0, n;

	while (rest->n && (*rest->p == ' ' || *rest->p == '\t'))
		*rest = str_from(*rest, 1);
	if (rest->n == 0)
		return false;
	while (i < rest->n && (is_alnum((unsigned char)rest->p[i]) ||
			       rest->p[i] == '_' || rest->p[i] == '.'))
		i++;
	if (i > 0 && i < rest->n && rest->p[i] == '=')
		eq = i++;
	if (i < rest->n && rest->p[i] == '"' && (eq || i == 0)) {
		n = quoted_len(str_from(*rest, i));
		/* Unclosed: the rest is free text. */
		if (n == 0)
			return false;
		i += n;
	}
	while (i < rest->n && rest->p[i] != ' ' && rest->p[i] != '\t')
		i++;
	*ret_name = str_sub(*rest, 0, eq);
	*ret_value = str_sub(*rest, eq ? eq + 1 : 0, i - (eq ? eq + 1 : 0));
	*rest = str_from(*rest, i);
	return true;
}

/* The raw value of name=; p is NULL where it is missing. */
static struct str
find_value(struct str text, struct str name)
{
	struct str n, value;

	while (next_word(&text, &n, &value))
		if (n.n && str_eq(n, name))
			return value;
	return (struct str){ NULL, 0 };
}

static int
find_u64(struct str text, struct str name, uint64_t *ret)
{
	struct str v = find_value(text, name);

	if (!v.p || str_u64(v, UINT64_MAX, ret) < 0)
		return ERR_SYNTAX;
	return 0;
}

/* spec: Counted blocks */
static int
take_block(struct reply_line *l)
{
	if (!l->dash || l->code < ST_JSON || l->code > ST_RAW ||
	    str_starts(l->text, STR("{")) ||
	    !find_value(l->text, STR("length")).p)
		return 0;
	if (find_u64(l->text, STR("length"), &l->block) < 0 ||
	    find_u64(l->text, STR("offset"), &l->offset) < 0 ||
	    find_u64(l->text, STR("total"), &l->total) < 0)
		return ERR_SYNTAX;
	if (l->block > LIMIT_BLOCK)
		return ERR_LIMIT;
	if (l->offset > l->total || l->block > l->total - l->offset)
		return ERR_SYNTAX;
	l->has_block = true;
	return 0;
}

/* spec: Reply */
int
reply_parse(struct str line, struct reply_line *ret)
{
	struct reply_line l = { 0 };
	size_t n = pipeline_len(line);
	int r;

	if (line.n > LIMIT_REPLY || !is_text(line))
		return ERR_SYNTAX;
	if (n) {
		l.pipeline = str_sub(line, 0, n - 2);
		line = str_from(line, n);
	}
	l.code = take_code(&line);
	if (l.code < 0)
		return l.code;
	if (line.n && *line.p == '-') {
		l.dash = true;
		line = str_from(line, 1);
	}
	if (line.n && *line.p != ' ')
		return ERR_SYNTAX;
	l.text = str_from(line, 1);
	r = take_block(&l);
	if (r < 0)
		return r;
	*ret = l;
	return 0;
}

struct str
reply_get(struct arena *a, struct str text, const char *name)
{
	struct str v = find_value(text, str_c(name));
	char *d;
	size_t n = 0;

	if (v.n < 2 || v.p[0] != '"' || quoted_len(v) != v.n)
		return v;
	v = str_sub(v, 1, v.n - 2);
	if (str_chr(v, '\\', 0) < 0)
		return v;
	d = arena_alloc(a, v.n);
	if (!d)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\\' && i + 1 < v.n)
			i++;
		d[n++] = v.p[i];
	}
	return str_n(d, n);
}
