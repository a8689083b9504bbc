/*
 * flags: the fixed flags by one table, and sets of free keywords as text
 * (spec: Mailboxes).
 */
#include "mail/flags.h"

/* Keywords of one message. */
#define KEYWORDS_MAX 64
#define KEYWORD_MIN 2
#define KEYWORD_MAX 33

static const struct {
	const char *name;
	unsigned bit;
} table[] = {
	{ "read", FLAG_READ },		 { "flagged", FLAG_FLAGGED },
	{ "important", FLAG_IMPORTANT }, { "answered", FLAG_ANSWERED },
	{ "draft", FLAG_DRAFT },
};

#define NFLAGS (sizeof(table) / sizeof(table[0]))

unsigned
flag_by_name(struct str name)
{
	for (size_t i = 0; i < NFLAGS; i++) {
		if (str_eqi(name, str_c(table[i].name)))
			return table[i].bit;
	}
	return 0;
}

int
keyword_parse(struct str s, char dst[static 34])
{
	if (s.n < KEYWORD_MIN || s.n > KEYWORD_MAX || s.p[0] != '$')
		return ERR_VALUE;
	for (size_t i = 1; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
			return ERR_VALUE;
	}
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		dst[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	dst[s.n] = '\0';
	return (int)s.n;
}

/* Take the next keyword from *rest; runs of blanks count as one. */
static bool
next_keyword(struct str *rest, struct str *ret)
{
	while (str_next(rest, ' ', ret)) {
		if (ret->n > 0)
			return true;
	}
	return false;
}

bool
keywords_has(struct str set, struct str keyword)
{
	struct str word;

	while (next_keyword(&set, &word)) {
		if (str_eq(word, keyword))
			return true;
	}
	return false;
}

/* Append a word to the text at *p. */
static void
put_keyword(char **p, const char *start, struct str word)
{
	if (*p != start)
		*(*p)++ = ' ';
	memcpy(*p, word.p, word.n);
	*p += word.n;
}

int
keywords_add(struct arena *a, struct str set, struct str kw, struct str *ret)
{
	char *start = arena_alloc(a, set.n + kw.n + 2), *p = start;
	struct str word;
	bool placed = false;
	size_t n = 0;

	if (!start)
		return ERR_NOMEM;
	while (next_keyword(&set, &word)) {
		if (!placed && str_cmp(kw, word) <= 0) {
			put_keyword(&p, start, kw);
			placed = true;
			n++;
			if (str_eq(kw, word))
				continue;
		}
		put_keyword(&p, start, word);
		n++;
	}
	if (!placed) {
		put_keyword(&p, start, kw);
		n++;
	}
	if (n > KEYWORDS_MAX)
		return ERR_LIMIT;
	*ret = str_n(start, (size_t)(p - start));
	return 0;
}

int
keywords_del(struct arena *a, struct str set, struct str kw, struct str *ret)
{
	char *start = arena_alloc(a, set.n + 1), *p = start;
	struct str word;

	if (!start)
		return ERR_NOMEM;
	while (next_keyword(&set, &word)) {
		if (!str_eq(kw, word))
			put_keyword(&p, start, word);
	}
	*ret = str_n(start, (size_t)(p - start));
	return 0;
}

void
flags_json(struct json *j, unsigned flags, struct str keywords)
{
	struct str word;

	json_array_begin(j);
	for (size_t i = 0; i < NFLAGS; i++) {
		if (flags & table[i].bit)
			json_cstr(j, table[i].name);
	}
	while (next_keyword(&keywords, &word))
		json_str(j, word);
	json_array_end(j);
}

int
flags_text(struct buf *b, unsigned flags, struct str keywords)
{
	size_t before = b->n;
	struct str word;
	int err = 0;

	for (size_t i = 0; i < NFLAGS && err == 0; i++) {
		if ((flags & table[i].bit) == 0)
			continue;
		err = buf_addf(b, "%s%s", b->n > before ? "," : "",
			       table[i].name);
	}
	while (err == 0 && next_keyword(&keywords, &word)) {
		if (b->n > before)
			err = buf_add_c(b, ',');
		if (err == 0)
			err = buf_add_str(b, word);
	}
	if (err < 0)
		buf_truncate(b, before);
	return err;
}
