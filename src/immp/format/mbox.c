#include "immp/format/mbox.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define FROM STR("From ")

int
mbox_kind_parse(const char *s, enum mbox_kind *ret)
{
	static const char *const names[] = { "auto", "o", "rd", "cl", "cl2" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(s, names[i]) == 0) {
			*ret = (enum mbox_kind)i;
			return 0;
		}
	return ERR_VALUE;
}

/* --- From_ lines --- */

/* The line at `at`, without its end; *ret_next is behind the end. */
static struct str
line_at(struct str s, size_t at, size_t *ret_next)
{
	ptrdiff_t lf = str_chr(s, '\n', at);
	size_t end = lf < 0 ? s.n : (size_t)lf;

	*ret_next = lf < 0 ? s.n : end + 1;
	if (end > at && s.p[end - 1] == '\r')
		end--;
	return str_sub(s, at, end - at);
}

static bool
digits_at(struct str s, size_t at, size_t n)
{
	if (at > s.n || n > s.n - at)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s.p[at + i]))
			return false;
	return true;
}

/* "9:08" or "09:08:07" and a year of four digits behind it. */
static bool
has_time_and_year(struct str line)
{
	bool time = false;

	for (size_t i = 1; i + 2 < line.n; i++) {
		if (line.p[i] == ':' && digits_at(line, i - 1, 1) &&
		    digits_at(line, i + 1, 2))
			time = true;
		if (time && line.p[i] == ' ' && digits_at(line, i + 1, 4) &&
		    !digits_at(line, i + 1, 5) &&
		    (line.p[i + 1] == '1' || line.p[i + 1] == '2'))
			return true;
	}
	return false;
}

static bool
is_from_line(struct str all, size_t at)
{
	size_t next;

	return str_starts(str_from(all, at), FROM) &&
	       has_time_and_year(line_at(all, at, &next));
}

static int
month_of(struct str word)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; word.n == 3 && i < 12; i++)
		if (strncasecmp(word.p, months + 3 * (size_t)i, 3) == 0)
			return i;
	return -1;
}

/* hh:mm[:ss] */
static bool
read_clock(struct str word, struct tm *tm)
{
	struct str h, m, s;
	uint64_t v[3] = { 0, 0, 0 };

	if (!str_cut(word, ':', &h, &m))
		return false;
	(void)str_cut(m, ':', &m, &s);
	if (str_u64_any(h, 23, &v[0]) < 0 || str_u64_any(m, 59, &v[1]) < 0 ||
	    (s.n && str_u64_any(s, 60, &v[2]) < 0))
		return false;
	tm->tm_hour = (int)v[0];
	tm->tm_min = (int)v[1];
	tm->tm_sec = (int)v[2];
	return true;
}

uint64_t
mbox_from_time(struct str from)
{
	struct tm tm = { .tm_mon = -1 };
	struct str rest = from, word;
	bool time = false;
	uint64_t n;
	time_t t;

	/* Www Mmm dd hh:mm:ss yyyy, the zone (if there is one) passed over. */
	while (str_next(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (tm.tm_mon < 0)
			tm.tm_mon = month_of(word);
		else if (!time && word.n <= 2 && str_u64_any(word, 31, &n) == 0)
			tm.tm_mday = (int)n;
		else if (!time)
			time = read_clock(word, &tm);
		else if (word.n == 4 && str_u64_any(word, 9999, &n) == 0)
			tm.tm_year = (int)n - 1900;
	}
	if (!time || tm.tm_mday == 0 || tm.tm_year < 70)
		return 0;
	t = timegm(&tm);
	return t > 0 ? (uint64_t)t * 1000 : 0;
}

/* --- where a message ends --- */

/* The value of Content-Length in the header at the front of s, and where the
 * text begins. */
static bool
content_length(struct str s, size_t *ret_text, uint64_t *ret_length)
{
	bool found = false;
	size_t at = 0;

	while (at < s.n) {
		struct str name, value, line = line_at(s, at, &at);

		if (line.n == 0) {
			*ret_text = at;
			return found;
		}
		if (str_starts(line, FROM))
			return false;
		if (str_cut(line, ':', &name, &value) &&
		    str_eqi(name, STR("Content-Length")))
			found = str_u64_any(str_trim(value), SIZE_MAX / 2,
					    ret_length) == 0;
	}
	return false;
}

/* Does a message begin at, or behind the line ends at, `at`? */
static bool
begins_behind(struct str all, size_t at, size_t *ret_next)
{
	while (at < all.n && (all.p[at] == '\n' || all.p[at] == '\r'))
		at++;
	*ret_next = at;
	return at == all.n || is_from_line(all, at);
}

/* The end that Content-Length says, if it can be believed. */
static bool
end_by_length(const struct mbox *m, size_t begin, size_t *ret_end,
	      size_t *ret_next)
{
	struct str s = str_from(m->all, begin);
	uint64_t length;
	size_t text;

	if (!content_length(s, &text, &length) || length > s.n - text)
		return false;
	*ret_end = begin + text + (size_t)length;
	return begins_behind(m->all, *ret_end, ret_next);
}

/* Take the empty line away that stands between messages. */
static size_t
without_blank_line(struct str all, size_t begin, size_t end)
{
	if (end > begin + 1 && all.p[end - 1] == '\n' && all.p[end - 2] == '\n')
		return end - 1;
	if (end > begin + 3 && all.p[end - 1] == '\n' &&
	    all.p[end - 2] == '\r' && all.p[end - 3] == '\n')
		return end - 2;
	if (end == begin + 1 && all.p[begin] == '\n')
		return begin;
	return end;
}

static void
end_by_line(const struct mbox *m, size_t begin, size_t *ret_end,
	    size_t *ret_next)
{
	size_t at = begin;

	while (!is_from_line(m->all, at)) {
		ptrdiff_t hit = str_find(str_from(m->all, at), STR("\nFrom "));

		if (hit < 0) {
			at = m->all.n;
			break;
		}
		at += (size_t)hit + 1;
	}
	*ret_next = at;
	*ret_end = without_blank_line(m->all, begin, at);
}

/* --- which kind --- */

/* A text that Content-Length bounds and that holds a From_ line unquoted. */
static enum mbox_kind
find_kind(const struct mbox *m)
{
	size_t begin, end, next = m->at;
	bool lengths = false;

	while (next < m->all.n) {
		(void)line_at(m->all, next, &begin);
		if (!end_by_length(m, begin, &end, &next)) {
			if (!lengths)
				return MBOX_RD;
			end_by_line(m, begin, &end, &next);
			continue;
		}
		lengths = true;
		if (str_find(str_sub(m->all, begin, end - begin),
			     STR("\nFrom ")) >= 0)
			return MBOX_CL2;
		if (str_find(str_sub(m->all, begin, end - begin),
			     STR("\n>From ")) >= 0)
			return MBOX_CL;
	}
	return lengths ? MBOX_CL : MBOX_RD;
}

void
mbox_init(struct mbox *m, struct str all, enum mbox_kind kind)
{
	*m = (struct mbox){ .all = all, .kind = kind };
	while (m->at < all.n && (all.p[m->at] == '\n' || all.p[m->at] == '\r'))
		m->at++;
	if (kind == MBOX_AUTO)
		m->kind = find_kind(m);
}

bool
mbox_next(struct mbox *m, struct str *ret_from, struct str *ret_octets)
{
	size_t begin = m->at, end;

	if (m->at >= m->all.n)
		return false;
	*ret_from = str_sub(m->all, m->at, 0);
	if (str_starts(str_from(m->all, m->at), FROM))
		*ret_from = line_at(m->all, m->at, &begin);
	if ((m->kind != MBOX_CL && m->kind != MBOX_CL2) ||
	    !end_by_length(m, begin, &end, &m->at))
		end_by_line(m, begin, &end, &m->at);
	*ret_octets = str_sub(m->all, begin, end - begin);
	return true;
}

/* --- quoting --- */

/* Where in s the next quoted line begins, at or behind `at`; -1: nowhere. */
static ptrdiff_t
next_quoted(const struct mbox *m, struct str s, size_t at)
{
	while (at < s.n) {
		ptrdiff_t hit = str_find(str_from(s, at), STR(">From "));
		size_t begin;

		if (hit < 0)
			return -1;
		begin = at + (size_t)hit;
		at = begin + 1;
		while (m->kind != MBOX_O && begin > 0 && s.p[begin - 1] == '>')
			begin--;
		if (begin == 0 || s.p[begin - 1] == '\n')
			return (ptrdiff_t)begin;
	}
	return -1;
}

int
mbox_unquote(const struct mbox *m, struct str octets, struct buf *b,
	     struct str *ret)
{
	ptrdiff_t hit = -1;
	size_t done = 0;
	int rc = 0;

	if (m->kind != MBOX_CL2)
		hit = next_quoted(m, octets, 0);
	if (hit < 0) {
		*ret = octets;
		return 0;
	}
	buf_clear(b);
	while (hit >= 0 && rc == 0) {
		rc = buf_add_str(b, str_sub(octets, done, (size_t)hit - done));
		done = (size_t)hit + 1;
		/* Past the rest of this line, so that none is taken twice. */
		hit = str_chr(octets, '\n', done);
		if (hit >= 0)
			hit = next_quoted(m, octets, (size_t)hit);
	}
	if (rc == 0)
		rc = buf_add_str(b, str_from(octets, done));
	*ret = buf_str(b);
	return rc;
}

/* --- marks --- */

bool
mbox_is_mark(struct str field)
{
	static const char *const marks[] = {
		"Status", "X-Status", "X-Keywords", "X-UID", "X-IMAP",
		"X-IMAPbase", "Content-Length", "Lines",
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_eqi(field, str_c(marks[i])))
			return true;
	return false;
}

/* Is it the first line of such a field? */
static bool
is_mark(struct str line)
{
	struct str name, value;

	return str_cut(line, ':', &name, &value) && mbox_is_mark(str_trim(name));
}

/* Flags that are being gathered. */
struct flags {
	char (*words)[MAILDIR_WORD];
	const char **ret;
	size_t n;
};

static void
add_flag(struct flags *f, const char *word)
{
	if (f->n == MBOX_FLAGS || !*word)
		return;
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->words[i], word) == 0)
			return;
	snprintf(f->words[f->n], MAILDIR_WORD, "%s", word);
	f->ret[f->n] = f->words[f->n];
	f->n++;
}

/* What letters of a field mean. */
struct letter {
	char c;
	const char *word;
};

static void
add_letters(struct flags *f, struct str value, const struct letter *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_chr(value, v[i].c, 0) >= 0)
			add_flag(f, v[i].word);
}

/* A line of the field X-Keywords. */
static void
add_keywords(struct flags *f, struct str line)
{
	struct str one;
	char word[MAILDIR_WORD];

	while (str_next(&line, ' ', &one)) {
		maildir_keyword(str_trim(one), word);
		add_flag(f, word);
	}
}

void
mbox_flags(struct str octets, char words[MBOX_FLAGS][MAILDIR_WORD],
	   const char *ret[MBOX_FLAGS + 1])
{
	static const struct letter status[] = { { 'R', "read" } };
	static const struct letter x_status[] = {
		{ 'A', "answered" }, { 'D', "$deleted" }, { 'F', "flagged" },
		{ 'T', "draft" },
	};
	struct flags f = { .words = words, .ret = ret };
	struct str line, name, value;
	bool keywords = false;

	while (str_next(&octets, '\n', &line) && str_trim(line).n > 0) {
		if (line.p[0] == ' ' || line.p[0] == '\t') {
			if (keywords)
				add_keywords(&f, line);
			continue;
		}
		keywords = false;
		if (!str_cut(line, ':', &name, &value))
			continue;
		name = str_trim(name);
		keywords = str_eqi(name, STR("X-Keywords"));
		if (keywords)
			add_keywords(&f, value);
		else if (str_eqi(name, STR("Status")))
			add_letters(&f, value, status, 1);
		else if (str_eqi(name, STR("X-Status")))
			add_letters(&f, value, x_status, 4);
	}
	ret[f.n] = NULL;
}

void
mbox_unmarked(struct str octets, mbox_run_fn take, void *ctx)
{
	size_t at = 0, next, kept = 0;
	bool drop = false;

	while (at < octets.n) {
		struct str line = line_at(octets, at, &next);
		bool before = drop;

		if (line.n == 0)
			break;
		/* A line that is folded goes with its field. */
		if (line.p[0] != ' ' && line.p[0] != '\t')
			drop = is_mark(line);
		if (drop && !before && at > kept)
			take(ctx, str_sub(octets, kept, at - kept));
		if (drop)
			kept = next;
		at = next;
	}
	if (kept < octets.n)
		take(ctx, str_from(octets, kept));
}
