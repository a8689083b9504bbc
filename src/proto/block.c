/*
 * A base64 group is decoded as its sextets come: the second, third and fourth
 * each complete one octet, so that one octet of room is enough to go on and a
 * block can be cut anywhere.  After the first error nothing is put out any
 * more, but lines and octets are counted to the end.
 *
 * In the form that ends with empty lines a CR belongs to the line end only
 * with LF behind it; any other CR is an octet outside the alphabet, and a line
 * that holds one is not empty.  Two sides that disagree about it could be made
 * to see the end of a block at different places.
 */
#include "proto/block.h"

#include "base/hex.h"

/* Where decoded octets go. */
struct sink {
	uint8_t *p;	/* NULL: dropped */
	size_t n, cap;
};

void
block_init(struct block *b, enum block_form form, uint64_t n)
{
	*b = (struct block){ .form = form, .at_line_start = true };
	if (form != BLOCK_BASE64_LINES) {
		b->left = n;
		b->done = n == 0;
	}
}

static size_t
feed_raw(struct block *b, struct str in, struct sink *s)
{
	size_t n = in.n;

	if (n > b->left)
		n = (size_t)b->left;
	if (n > s->cap)
		n = s->cap;
	if (s->p && n)
		memcpy(s->p, in.p, n);
	s->n = n;
	return n;
}

/* One octet that is no line end; there is room for one. */
static void
feed_sextet(struct block *b, unsigned char c, struct sink *s)
{
	int v = b64_value(c);

	if (v == -1 && b->nacc >= 2) {
		/* XX== or XXX=: no bits, but part of the group. */
		b->pad++;
		b->nacc = (b->nacc + 1) & 3;
		return;
	}
	if (v < 0 || b->pad) {
		b->bad = true;
		return;
	}
	b->acc = (b->acc << 6 | (uint32_t)v) & 0xffff;
	if (b->nacc) {
		if (s->p)
			s->p[s->n] = (uint8_t)(b->acc >> (6 - 2 * b->nacc));
		s->n++;
	}
	b->nacc = (b->nacc + 1) & 3;
}

/* A line ended: two empty ones in a row are the end of the third form. */
static void
end_line(struct block *b)
{
	b->cr = false;
	b->empty_lines = b->at_line_start ? b->empty_lines + 1 : 0;
	b->at_line_start = true;
	if (b->form == BLOCK_BASE64_LINES && b->empty_lines == 2)
		b->done = true;
}

static void
feed_octet(struct block *b, unsigned char c, struct sink *s)
{
	if (c == '\n') {
		end_line(b);
		return;
	}
	/* A CR with anything but LF behind it is data, and wrong. */
	if (b->cr) {
		b->bad = true;
		b->at_line_start = false;
	}
	b->cr = c == '\r';
	if (b->cr)
		return;
	b->at_line_start = false;
	if (b->empty_lines && b->form == BLOCK_BASE64_LINES)
		b->bad = true;
	b->empty_lines = 0;
	if (!b->bad)
		feed_sextet(b, c, s);
}

/* Whole groups of four inside a line, the bulk of every block: how many octets
 * were taken.  Whatever is not that simple is left to feed_octet(). */
static size_t
feed_groups(struct block *b, const char *p, size_t n, struct sink *s)
{
	size_t i = 0;

	if (b->nacc || b->pad || b->bad || b->cr || b->empty_lines)
		return 0;
	for (; n - i >= 4 && s->cap - s->n >= 3; i += 4) {
		int v0 = b64_value((unsigned char)p[i]);
		int v1 = b64_value((unsigned char)p[i + 1]);
		int v2 = b64_value((unsigned char)p[i + 2]);
		int v3 = b64_value((unsigned char)p[i + 3]);

		if ((v0 | v1 | v2 | v3) < 0)
			break;
		if (s->p) {
			s->p[s->n] = (uint8_t)(v0 << 2 | v1 >> 4);
			s->p[s->n + 1] = (uint8_t)(v1 << 4 | v2 >> 2);
			s->p[s->n + 2] = (uint8_t)(v2 << 6 | v3);
		}
		s->n += 3;
		b->at_line_start = false;
	}
	return i;
}

static size_t
feed_base64(struct block *b, struct str in, struct sink *s)
{
	bool counted = b->form == BLOCK_BASE64;
	size_t n = in.n, i = 0;

	if (counted && n > b->left)
		n = (size_t)b->left;
	if (n == 0 || (counted && b->bad))
		return n;
	for (;;) {
		i += feed_groups(b, in.p + i, n - i, s);
		if (i == n || b->done || (s->n == s->cap && !b->bad))
			return i;
		feed_octet(b, (unsigned char)in.p[i++], s);
	}
}

size_t
block_feed(struct block *b, struct str in, void *out, size_t out_cap,
	   size_t *ret_out)
{
	struct sink s = { out, 0, out ? out_cap : SIZE_MAX };
	size_t n;

	*ret_out = 0;
	if (b->done)
		return 0;
	n = b->form == BLOCK_RAW ? feed_raw(b, in, &s) : feed_base64(b, in, &s);
	if (b->form != BLOCK_BASE64_LINES) {
		b->left -= n;
		b->done = b->left == 0;
	}
	b->decoded += s.n;
	*ret_out = s.n;
	return n;
}

int
block_result(const struct block *b)
{
	/* A group begun, or a CR that waits for its LF, is not whole. */
	if (b->bad || (b->done && (b->nacc || b->cr)))
		return ERR_DATA;
	return b->done ? 0 : ERR_MORE;
}
