/*
 * fuzz_show: any text, page or line of a peer becomes clean text of a
 * terminal: UTF-8 without control characters, in lines of their width.
 */
#include <string.h>

#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "immp/html.h"
#include "immp/text.h"

/* Room enough for any output of the largest input. */
#define ROOM (64u << 20)

/* others: what stands beside clean characters. */
static void
check_clean(struct str s, const char *others)
{
	uint32_t cp;

	FUZZ_CHECK(utf8_valid(s));
	while (s.n > 0) {
		int n = utf8_decode(s, &cp);

		FUZZ_CHECK((cp < 0x80 && cp > 0 && strchr(others, (int)cp)) ||
			   (!utf8_is_control(cp) && !utf8_is_bidi(cp)));
		s = str_from(s, (size_t)n);
	}
}

/* No line is wider than cols, unless it is one word or a mark and a word. */
static void
check_width(struct str s, size_t cols)
{
	struct str line;

	while (str_next(&s, '\n', &line)) {
		struct str text = str_trim(line);

		FUZZ_CHECK(text_width(line) <= cols || cols < 20 ||
			   str_chr(text, ' ', 0) < 20);
	}
}

static void
check_wrap(struct str s, size_t cols)
{
	CLEANUP_BUF struct buf wrapped = { 0 }, again = { 0 };

	buf_init(&wrapped, ROOM);
	buf_init(&again, ROOM);
	FUZZ_CHECK(text_wrap(&wrapped, s, cols) == 0);
	check_clean(buf_str(&wrapped), "\n");
	check_width(buf_str(&wrapped), cols);
	FUZZ_CHECK(wrapped.n == 0 || str_ends(buf_str(&wrapped), STR("\n")));
	FUZZ_CHECK(text_hang(&again, s, cols, cols / 4) == 0);
	check_clean(buf_str(&again), "\n");
}

static void
check_fit(struct str s, size_t cols)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, ROOM);
	FUZZ_CHECK(text_fit(&b, s, cols, true) == 0);
	check_clean(buf_str(&b), "");
	FUZZ_CHECK(text_width(buf_str(&b)) == cols);
}

/* The same in pieces as in one. */
static void
check_stream(struct str s, size_t piece)
{
	CLEANUP_BUF struct buf one = { 0 }, many = { 0 };
	size_t at = 0, used;

	buf_init(&one, ROOM);
	buf_init(&many, ROOM);
	FUZZ_CHECK(text_stream(&one, s, true) == s.n);
	check_clean(buf_str(&one), "\n\t");
	while (at < s.n) {
		struct str part = str_sub(s, at, piece + 8);
		bool last = at + part.n == s.n;

		used = text_stream(&many, part, last);
		FUZZ_CHECK(used <= part.n && (used == part.n || !last));
		FUZZ_CHECK(used > 0);
		at += used;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	CLEANUP_BUF struct buf page = { 0 }, flowed = { 0 };
	struct str s = str_n(p, n);
	size_t cols = 10 + n % 120;

	text_setup();
	buf_init(&page, ROOM);
	buf_init(&flowed, ROOM);
	check_wrap(s, cols);
	check_fit(s, cols);
	check_stream(s, n % 50);
	FUZZ_CHECK(html_text(&page, s) == 0);
	check_wrap(buf_str(&page), cols);
	FUZZ_CHECK(text_flowed(&flowed, s, n % 2) == 0);
	check_wrap(buf_str(&flowed), cols);
	return 0;
}
