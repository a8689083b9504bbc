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

static bool
is_unsafe(uint32_t cp)
{
	return utf8_is_control(cp) || utf8_is_bidi(cp);
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
		else if (!is_unsafe(cp))
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
		} else if (!is_unsafe(cp)) {
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

/*
 * One clean line.  A word and the blanks before it go on the current line if
 * they fit, else on a new one, where the blanks are left out.
 */
static int
wrap_line(struct buf *b, struct str line, size_t cols)
{
	struct str marks = quote_marks(line);
	size_t first = text_width(marks), width = 0;
	struct str indent = indentation(str_from(line, marks.n), cols);
	struct str rest = trim_end(str_from(line, marks.n + indent.n));
	bool empty = true;	/* no word on the current line */
	int rc = buf_add_str(b, marks);

	width = first + indent.n;
	if (rc == 0 && rest.n)
		rc = buf_add_str(b, indent);
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
				rc = buf_add_str(b, marks);
			width = first;
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

int
text_wrap(struct buf *b, struct str s, size_t cols)
{
	CLEANUP_BUF struct buf clean = { 0 };
	struct str rest, line;
	int rc;

	buf_init(&clean, 8 * s.n + 16);
	rc = text_lines(&clean, s);
	rest = buf_str(&clean);
	if (str_ends(rest, STR("\n")))
		rest.n--;
	while (rc == 0 && str_next(&rest, '\n', &line))
		rc = wrap_line(b, line, cols < 20 ? 20 : cols);
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
