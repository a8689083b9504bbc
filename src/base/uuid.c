#include "base/uuid.h"

#include "base/hex.h"

/* Offsets of the dashes in the text. */
static bool
is_dash(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

int
uuid_parse(struct str s, struct uuid *ret)
{
	char digits[32];
	size_t n = 0;

	if (s.n != UUID_TEXT)
		return ERR_VALUE;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_dash(i)) {
			if (c != '-')
				return ERR_VALUE;
			continue;
		}
		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		digits[n++] = c;
	}
	return hex_decode(str_n(digits, n), ret->b, sizeof(ret->b));
}

void
uuid_format(const struct uuid *u, char dst[static UUID_TEXT + 1])
{
	char digits[32];
	size_t n = 0;

	hex_encode(u->b, sizeof(u->b), digits);
	for (size_t i = 0; i < UUID_TEXT; i++)
		dst[i] = is_dash(i) ? '-' : digits[n++];
	dst[UUID_TEXT] = '\0';
}

bool
uuid_eq(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* Set the version and the variant of RFC 9562. */
static void
stamp(struct uuid *u, uint8_t version)
{
	u->b[6] = (uint8_t)((u->b[6] & 0x0f) | version << 4);
	u->b[8] = (uint8_t)((u->b[8] & 0x3f) | 0x80);
}

struct uuid
uuid_v7(uint64_t unix_ms, const uint8_t rnd[static 10])
{
	struct uuid u;

	for (int i = 0; i < 6; i++)
		u.b[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
	memcpy(u.b + 6, rnd, 10);
	stamp(&u, 7);
	return u;
}

struct uuid
uuid_v4(const uint8_t rnd[static 16])
{
	struct uuid u;

	memcpy(u.b, rnd, sizeof(u.b));
	stamp(&u, 4);
	return u;
}
