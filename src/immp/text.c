#include "immp/text.h"

#include <langinfo.h>
#include <locale.h>
#include <wchar.h>

#include "base/utf8.h"

void
text_setup(void)
{
	if (!setlocale(LC_CTYPE, "") ||
	    strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

/* Take a character off *s; what is not UTF-8 is U+FFFD, one octet of it. */
static uint32_t
take(struct str *s, struct str *ret_octets)
{
	uint32_t cp;
	int n = utf8_decode(*s, &cp);

	if (n < 0) {
		*ret_octets = STR("\xef\xbf\xbd");
		*s = str_from(*s, 1);
		return 0xfffd;
	}
	*ret_octets = str_sub(*s, 0, (size_t)n);
	*s = str_from(*s, (size_t)n);
	return cp;
}

/* Where a word may be broken, which is not done here; terminals do not agree
 * whether it takes a column. */
#define SOFT_HYPHEN 0xad

static bool
is_unsafe(uint32_t cp)
{
	return utf8_is_control(cp) || utf8_is_bidi(cp);
}

static bool
is_left_out(uint32_t cp)
{
	return is_unsafe(cp) || cp == SOFT_HYPHEN;
}

int
text_line(struct buf *b, struct str s)
{
	int rc = 0;

	while (s.n && rc == 0) {
		struct str c;
		uint32_t cp = take(&s, &c);

		if (cp == '\n' || cp == '\t')
			rc = buf_add_c(b, ' ');
		else if (!is_left_out(cp))
			rc = buf_add_str(b, c);
	}
	return rc;
}

int
text_lines(struct buf *b, struct str s)
{
	size_t column = 0;
	int rc = 0;

	while (s.n && rc == 0) {
		struct str c;
		uint32_t cp = take(&s, &c);

		if (cp == '\n') {
			column = 0;
			rc = buf_add_c(b, '\n');
		} else if (cp == '\t') {
			do {
				rc = buf_add_c(b, ' ');
			} while (++column % 8 && rc == 0);
		} else if (!is_left_out(cp)) {
			column += (size_t)text_char_width(cp);
			rc = buf_add_str(b, c);
		}
	}
	return rc;
}

size_t
text_stream(struct buf *b, struct str s, bool last)
{
	struct str rest = s;

	while (rest.n) {
		uint32_t cp;
		struct str before = rest, c;

		if (!last && utf8_decode(rest, &cp) == ERR_MORE)
			break;
		cp = take(&rest, &c);
		if (is_unsafe(cp) && cp != '\n' && cp != '\t')
			continue;
		if (buf_add_str(b, c) < 0) {
			rest = before;
			break;
		}
	}
	return s.n - rest.n;
}

int
text_char_width(uint32_t cp)
{
	int n = wcwidth((wchar_t)cp);

	return n < 0 ? 1 : n;
}

size_t
text_width(struct str s)
{
	size_t width = 0;

	while (s.n) {
		struct str c;

		width += (size_t)text_char_width(take(&s, &c));
	}
	return width;
}

/* The octets of clean text that fill at most cols columns; *ret_width. */
static size_t
clip(struct str s, size_t cols, size_t *ret_width)
{
	struct str rest = s;
	size_t width = 0;

	while (rest.n) {
		struct str before = rest, c;
		size_t w = (size_t)text_char_width(take(&rest, &c));

		if (width + w > cols) {
			rest = before;
			break;
		}
		width += w;
	}
	*ret_width = width;
	return s.n - rest.n;
}

int
text_fit(struct buf *b, struct str s, size_t cols, bool pad)
{
	CLEANUP_BUF struct buf line = { 0 };
	size_t width, n;
	int rc;

	buf_init(&line, 4 * s.n + 16);
	rc = text_line(&line, s);
	if (rc < 0)
		return rc;
	n = clip(buf_str(&line), cols, &width);
	if (n < line.n && cols > 0) {
		n = clip(buf_str(&line), cols - 1, &width);
		rc = buf_add(b, buf_data(&line), n);
		if (rc == 0)
			rc = buf_add_cstr(b, "\xe2\x80\xa6");
		width++;
	} else {
		rc = buf_add(b, buf_data(&line), n);
	}
	for (; pad && width < cols && rc == 0; width++)
		rc = buf_add_c(b, ' ');
	return rc;
}

/* --- wrapping --- */

/* The marks of a quotation at the start of a line: "> > ". */
static struct str
quote_marks(struct str line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '>')
			n = i + 1;
		else if (line.p[i] != ' ')
			break;
	}
	if (n && n < line.n && line.p[n] == ' ')
		n++;
	return str_sub(line, 0, n);
}

/* Blanks that begin a line are its indentation and stay, up to a bound. */
static struct str
indentation(struct str line, size_t cols)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == ' ' && n < cols / 2)
		n++;
	return str_sub(line, 0, n);
}

static struct str
trim_end(struct str s)
{
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

/*
 * Octets of a word at the start of s: up to a blank, or up to where a line may
 * be broken without one, before and behind characters of two columns (Chinese
 * and Japanese have no blanks).
 */
static size_t
word_length(struct str s)
{
	struct str rest = s, c;
	bool wide = false;

	while (rest.n && *rest.p != ' ') {
		struct str before = rest;
		int w = text_char_width(take(&rest, &c));

		if (before.n < s.n && w && (wide || w == 2))
			return s.n - before.n;
		wide = w == 2 || (wide && w == 0);
	}
	return s.n - rest.n;
}

/* The mark of a list's item, "* " or "12. ". */
static size_t
item_mark(struct str line)
{
	size_t n = 0;

	if (str_starts(line, STR("* ")) || str_starts(line, STR("- ")))
		return 2;
	while (n < 3 && n < line.n && line.p[n] >= '0' && line.p[n] <= '9')
		n++;
	return n && str_starts(str_from(line, n), STR(". ")) ? n + 2 : 0;
}

/*
 * Words of a clean line.  One and the blanks before it go on the current line,
 * of which `width` columns are filled, if they fit; else on a new one, which
 * begins with `next`, and the blanks are left out.
 */
static int
wrap_words(struct buf *b, struct str rest, size_t cols, size_t width,
	   struct str next)
{
	bool empty = true;	/* no word on the current line */
	int rc = 0;

	while (rest.n && rc == 0) {
		size_t blanks = 0, n;
		struct str word;

		while (rest.p[blanks] == ' ')
			blanks++;
		n = blanks + word_length(str_from(rest, blanks));
		word = str_sub(rest, blanks, n - blanks);
		if (!empty && width + blanks + text_width(word) > cols) {
			rc = buf_add_c(b, '\n');
			if (rc == 0)
				rc = buf_add_str(b, next);
			width = text_width(next);
			blanks = 0;
		}
		if (rc == 0)
			rc = buf_add_str(b, str_sub(rest, n - word.n - blanks,
						    word.n + blanks));
		width += blanks + text_width(word);
		empty = false;
		rest = str_from(rest, n);
	}
	return rc == 0 ? buf_add_c(b, '\n') : rc;
}

static int
add_blanks(struct buf *b, size_t n)
{
	int rc = 0;

	while (n-- && rc == 0)
		rc = buf_add_c(b, ' ');
	return rc;
}

/* One clean line.  What it begins with, marks of a quotation and indentation,
 * each line of it begins with; a list's mark is told once. */
static int
wrap_line(struct buf *b, struct str line, size_t cols)
{
	CLEANUP_BUF struct buf next = { 0 };
	struct str marks = quote_marks(line), rest = str_from(line, marks.n);
	struct str indent = indentation(rest, cols), text;
	size_t item;
	int rc;

	rest = trim_end(str_from(rest, indent.n));
	item = item_mark(rest);
	text = str_from(rest, item);
	rc = buf_add_str(b, rest.n ? marks : trim_end(marks));
	if (rest.n == 0)
		return rc == 0 ? buf_add_c(b, '\n') : rc;
	buf_init(&next, line.n + cols + 16);
	if (rc == 0)
		rc = buf_add_str(b, indent);
	if (rc == 0)
		rc = buf_add_str(b, str_sub(rest, 0, item));
	if (rc == 0)
		rc = buf_add_str(&next, marks);
	if (rc == 0)
		rc = add_blanks(&next, indent.n + item);
	return rc == 0 ? wrap_words(b, text, cols,
				    text_width(marks) + indent.n + item,
				    buf_str(&next)) :
			 rc;
}

int
text_hang(struct buf *b, struct str s, size_t cols, size_t hang)
{
	CLEANUP_BUF struct buf line = { 0 }, next = { 0 };
	int rc;

	buf_init(&line, 4 * s.n + 16);
	buf_init(&next, hang + 16);
	rc = text_line(&line, s);
	if (rc == 0)
		rc = add_blanks(&next, hang);
	return rc == 0 ? wrap_words(b, str_trim(buf_str(&line)),
				    cols < hang + 20 ? hang + 20 : cols, hang,
				    buf_str(&next)) :
			 rc;
}

/* Nothing to see: blanks of any kind, and what has no width. */
static bool
is_blank(struct str line)
{
	while (line.n) {
		struct str c;
		uint32_t cp = take(&line, &c);

		if (cp != ' ' && cp != 0xa0 && cp != 0x3000 &&
		    text_char_width(cp) > 0)
			return false;
	}
	return true;
}

int
text_wrap(struct buf *b, struct str s, size_t cols)
{
	CLEANUP_BUF struct buf clean = { 0 };
	struct str rest, line;
	size_t before = b->n, empty = 0;
	int rc;

	buf_init(&clean, 8 * s.n + 16);
	rc = text_lines(&clean, s);
	rest = buf_str(&clean);
	while (rc == 0 && str_next(&rest, '\n', &line)) {
		if (is_blank(line)) {
			empty++;
			continue;
		}
		if (b->n == before)
			empty = 0;
		for (empty = empty > 2 ? 2 : empty; empty && rc == 0; empty--)
			rc = buf_add_c(b, '\n');
		if (rc == 0)
			rc = wrap_line(b, line, cols < 20 ? 20 : cols);
		empty = 0;
	}
	return rc;
}

/* --- format=flowed --- */

/* A line without its end, its marks of quotation and the blank put before
 * what might be taken for some. */
static struct str
unstuff(struct str line, size_t *ret_depth)
{
	size_t depth = 0;

	if (str_ends(line, STR("\r")))
		line.n--;
	while (depth < line.n && line.p[depth] == '>')
		depth++;
	*ret_depth = depth;
	line = str_from(line, depth);
	return str_starts(line, STR(" ")) ? str_from(line, 1) : line;
}

int
text_flowed(struct buf *b, struct str s, bool delsp)
{
	size_t depth, before = 0;
	bool flows = false;	/* the last line goes on */
	struct str line;
	int rc = 0;

	if (str_ends(s, STR("\n")))
		s.n--;
	while (rc == 0 && str_next(&s, '\n', &line)) {
		bool signature;

		line = unstuff(line, &depth);
		signature = str_eq(line, STR("-- "));
		if (b->n && (!flows || depth != before || signature))
			rc = buf_add_c(b, '\n');
		if (rc == 0 && (!flows || depth != before || signature)) {
			for (size_t i = 0; i < depth && rc == 0; i++)
				rc = buf_add_c(b, '>');
			if (rc == 0 && depth)
				rc = buf_add_c(b, ' ');
		}
		flows = !signature && str_ends(line, STR(" "));
		if (flows && delsp)
			line.n--;
		if (rc == 0)
			rc = buf_add_str(b, line);
		before = depth;
	}
	return rc == 0 ? buf_add_c(b, '\n') : rc;
}
