#include "base/hex.h"

#include <assert.h>

static const char hex_digits[] = "0123456789abcdef";

void
hex_encode(const void *p, size_t n, char *dst)
{
	const uint8_t *src = p;

	for (size_t i = 0; i < n; i++) {
		*dst++ = hex_digits[src[i] >> 4];
		*dst++ = hex_digits[src[i] & 15];
	}
}

int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
is_lower_digit(char c)
{
	return hex_value(c) >= 0 && !(c >= 'A' && c <= 'F');
}

int
hex_decode(struct str s, void *ret, size_t n)
{
	uint8_t *dst = ret;

	if (s.n % 2 || s.n / 2 != n)
		return ERR_VALUE;
	/* Look first: a failing call sets nothing. */
	for (size_t i = 0; i < s.n; i++)
		if (!is_lower_digit(s.p[i]))
			return ERR_VALUE;
	for (size_t i = 0; i < n; i++)
		dst[i] = (uint8_t)(hex_value(s.p[2 * i]) * 16 +
				   hex_value(s.p[2 * i + 1]));
	return 0;
}

int
hex_add(struct buf *b, const void *p, size_t n)
{
	int rc;

	if (n == 0)
		return 0;
	if (n > SIZE_MAX / 2)
		return ERR_LIMIT;
	rc = buf_reserve(b, 2 * n);
	if (rc < 0)
		return rc;
	assert(buf_tail(b));
	hex_encode(p, n, buf_tail(b));
	buf_grew(b, 2 * n);
	return 0;
}

static const char b64_chars[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Value | B64_OK of an octet of the alphabet, 0 of any other. */
#define B64_OK 0x40
#define V(n) (B64_OK | (n))
static const uint8_t b64_values[256] = {
	['A'] = V(0), ['B'] = V(1), ['C'] = V(2), ['D'] = V(3), ['E'] = V(4),
	['F'] = V(5), ['G'] = V(6), ['H'] = V(7), ['I'] = V(8), ['J'] = V(9),
	['K'] = V(10), ['L'] = V(11), ['M'] = V(12), ['N'] = V(13),
	['O'] = V(14), ['P'] = V(15), ['Q'] = V(16), ['R'] = V(17),
	['S'] = V(18), ['T'] = V(19), ['U'] = V(20), ['V'] = V(21),
	['W'] = V(22), ['X'] = V(23), ['Y'] = V(24), ['Z'] = V(25),
	['a'] = V(26), ['b'] = V(27), ['c'] = V(28), ['d'] = V(29),
	['e'] = V(30), ['f'] = V(31), ['g'] = V(32), ['h'] = V(33),
	['i'] = V(34), ['j'] = V(35), ['k'] = V(36), ['l'] = V(37),
	['m'] = V(38), ['n'] = V(39), ['o'] = V(40), ['p'] = V(41),
	['q'] = V(42), ['r'] = V(43), ['s'] = V(44), ['t'] = V(45),
	['u'] = V(46), ['v'] = V(47), ['w'] = V(48), ['x'] = V(49),
	['y'] = V(50), ['z'] = V(51), ['0'] = V(52), ['1'] = V(53),
	['2'] = V(54), ['3'] = V(55), ['4'] = V(56), ['5'] = V(57),
	['6'] = V(58), ['7'] = V(59), ['8'] = V(60), ['9'] = V(61),
	['+'] = V(62), ['/'] = V(63),
};
#undef V

void
b64_encode(const void *p, size_t n, char *dst)
{
	const uint8_t *s = p;

	for (; n >= 3; s += 3, n -= 3) {
		uint32_t v = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];

		*dst++ = b64_chars[v >> 18];
		*dst++ = b64_chars[v >> 12 & 63];
		*dst++ = b64_chars[v >> 6 & 63];
		*dst++ = b64_chars[v & 63];
	}
	if (n) {
		uint32_t v = (uint32_t)s[0] << 16;

		if (n == 2)
			v |= (uint32_t)s[1] << 8;
		*dst++ = b64_chars[v >> 18];
		*dst++ = b64_chars[v >> 12 & 63];
		*dst++ = n == 2 ? b64_chars[v >> 6 & 63] : '=';
		*dst++ = '=';
	}
}

int
b64_add(struct buf *b, const void *p, size_t n)
{
	int rc;

	if (n == 0)
		return 0;
	if (n > SIZE_MAX / 2)
		return ERR_LIMIT;
	rc = buf_reserve(b, B64_LEN(n));
	if (rc < 0)
		return rc;
	assert(buf_tail(b));
	b64_encode(p, n, buf_tail(b));
	buf_grew(b, B64_LEN(n));
	return 0;
}

/* The last four octets, of which pad (1 or 2) are '='. */
static int
decode_last(const uint8_t *s, size_t pad, uint8_t *dst)
{
	uint8_t a = b64_values[s[0]], b = b64_values[s[1]];
	uint8_t c = pad == 1 ? b64_values[s[2]] : B64_OK;

	/* Bits that mean nothing are zero, so that a value has one text. */
	if (!(a & b & c & B64_OK) || (pad == 2 && b & 15) ||
	    (pad == 1 && c & 3))
		return ERR_VALUE;
	*dst++ = (uint8_t)((a & 63) << 2 | (b & 63) >> 4);
	if (pad == 1)
		*dst++ = (uint8_t)((b & 15) << 4 | (c & 63) >> 2);
	return 0;
}

int
b64_decode(struct str s, void *dst, size_t cap, size_t *ret_n)
{
	const uint8_t *src = (const uint8_t *)s.p;
	uint8_t *out = dst;
	size_t pad = 0, len;

	if (s.n % 4)
		return ERR_VALUE;
	if (s.n && s.p[s.n - 1] == '=')
		pad = s.p[s.n - 2] == '=' ? 2 : 1;
	len = s.n / 4 * 3 - pad;
	if (len > cap)
		return ERR_LIMIT;

	for (size_t left = s.n / 4 - (pad > 0); left; left--) {
		uint8_t a = b64_values[src[0]], b = b64_values[src[1]];
		uint8_t c = b64_values[src[2]], d = b64_values[src[3]];

		if (!(a & b & c & d & B64_OK))
			return ERR_VALUE;
		out[0] = (uint8_t)(a << 2 | (b & 63) >> 4);
		out[1] = (uint8_t)(b << 4 | (c & 63) >> 2);
		out[2] = (uint8_t)(c << 6 | (d & 63));
		src += 4;
		out += 3;
	}
	if (pad && decode_last(src, pad, out) < 0)
		return ERR_VALUE;
	*ret_n = len;
	return 0;
}

int
b64_value(unsigned char c)
{
	if (b64_values[c])
		return b64_values[c] & 63;
	return c == '=' ? -1 : -2;
}
