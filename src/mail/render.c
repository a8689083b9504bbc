/*
 * render: the generator that pulls a plan.
 *
 * Octets of the body are read straight into the end of the caller's room and
 * brought into their form from there to its front: what is written never
 * overtakes what is still to be read, because the room is chosen so that the
 * output of any prefix and the input behind it fit side by side.  Base64 goes
 * by way of a small buffer, so that the encoder never sees both in one place.
 * Where the room is too small for that, a few octets are made in the same
 * small buffer ("stage") and handed out from there.
 */
#include "mail/render.h"

#include "base/hex.h"
#include "mail/render_priv.h"

/* Ceiling of the literal text of one output. */
#define TEXT_MAX ((size_t)64 << 20)

#define READ_MAX 65536u
/* Octets that make a line of base64, and lines encoded at a go. */
#define LINE_RAW 57u
#define LINE_OUT 76u
#define STAGE_LINES 53u
#define STAGE (STAGE_LINES * LINE_RAW + 51u) /* 3,072: whole triples too */
/* A room smaller than this is served through the stage. */
#define SMALL_ROOM 256u
#define SMALL_RAW 48u
#define BASE64_MAX 49152u

_Static_assert(STAGE % 3 == 0, "the stage holds whole triples");

struct render {
	const char *text;
	const struct render_piece *pieces;
	size_t npieces;
	size_t at;	    /* the piece that is under way */
	size_t text_at;	    /* octets of text handed out */
	uint64_t raw, made; /* of its body: taken, and made of them */
	uint64_t total, offset;
	size_t stage_at, stage_n; /* what of the stage is to hand out */
	char stage[STAGE];
};

/* Where the octets come from. */
struct source {
	render_read_fn read;
	void *ctx;
};

/* --- plans --- */

int
render_plan_init(struct render_plan *p, struct arena *a, size_t max)
{
	*p = (struct render_plan){ .a = a, .max = max + 1 };
	buf_init(&p->text, TEXT_MAX);
	/* One more for the text behind the last body. */
	p->pieces = ARENA_ARRAY(a, struct render_piece, p->max);
	return p->pieces ? 0 : ERR_NOMEM;
}

void
render_plan_done(struct render_plan *p)
{
	buf_done(&p->text);
}

static uint64_t
form_length(enum body_form form, uint64_t n, uint64_t bare_lf)
{
	switch (form) {
	case BODY_RAW:
		return n;
	case BODY_CRLF:
		return n + bare_lf;
	case BODY_BASE64:
		return B64_LEN(n);
	case BODY_LINES:
		break;
	}
	return n == 0 ? 0 : B64_LEN(n) + 2 * ((n - 1) / LINE_RAW);
}

void
render_plan_body(struct render_plan *p, enum body_form form, uint64_t off,
		 uint64_t n, uint64_t bare_lf)
{
	p->pieces[p->npieces++] = (struct render_piece){
		.text_end = p->text.n,
		.form = form,
		.off = off,
		.n = n,
		.out = form_length(form, n, bare_lf),
	};
}

int
render_plan_finish(struct render_plan *p, struct render **ret)
{
	struct render *r = ARENA_NEW(p->a, struct render);
	struct str text = arena_str(p->a, buf_str(&p->text));

	if (!r || !text.p)
		return ERR_NOMEM;
	render_plan_body(p, BODY_RAW, 0, 0, 0);
	r->text = text.p;
	r->pieces = p->pieces;
	r->npieces = p->npieces;
	r->total = text.n;
	for (size_t i = 0; i < p->npieces; i++)
		r->total += p->pieces[i].out;
	*ret = r;
	return 0;
}

int
render_part(struct arena *a, const struct message_part *p, uint64_t from,
	    uint64_t n, struct render **ret)
{
	struct render_plan plan;
	int err;

	if (from > p->length || n > p->length - from)
		return ERR_VALUE;
	err = render_plan_init(&plan, a, 1);
	if (err == 0) {
		render_plan_body(&plan, BODY_RAW, p->offset + from, n, 0);
		err = render_plan_finish(&plan, ret);
	}
	render_plan_done(&plan);
	return err;
}

uint64_t
render_total(const struct render *r)
{
	return r->total;
}

uint64_t
render_offset(const struct render *r)
{
	return r->offset;
}

/* --- the forms --- */

static size_t
least(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

/* Read the next n octets of the current body. */
static int
take(struct render *r, const struct source *src, char *dst, size_t n)
{
	return src->read(src->ctx, r->pieces[r->at].off + r->raw, dst, n);
}

static ptrdiff_t
make_raw(struct render *r, const struct source *src, char *dst, size_t room)
{
	size_t n = least(least(r->pieces[r->at].n - r->raw, room), READ_MAX);
	int err = take(r, src, dst, n);

	if (err < 0)
		return err;
	r->raw += n;
	return (ptrdiff_t)n;
}

/* LF to CRLF from in to out, which may lie before in in the same memory, with
 * `room` octets up to the end of in.  Returns the octets written; *ret_n were
 * taken: fewer than n where the output would have overtaken the input. */
static size_t
expand(const char *in, size_t n, char *out, size_t room, size_t *ret_n)
{
	size_t i = 0, o = 0;

	while (i < n) {
		const char *lf = memchr(in + i, '\n', n - i);
		size_t len = lf ? (size_t)(lf - in) - i : n - i;

		memmove(out + o, in + i, len);
		i += len;
		o += len;
		if (!lf || o + 2 > room - n + i + 1)
			break;
		out[o++] = '\r';
		out[o++] = '\n';
		i++;
	}
	*ret_n = i;
	return o;
}

static ptrdiff_t
make_crlf(struct render *r, const struct source *src, char *dst, size_t room)
{
	const struct render_piece *p = &r->pieces[r->at];
	uint64_t left = p->n - r->raw;
	size_t n, made, taken;
	int err;

	/* By its share of line ends about this much fills the room; less than
	 * the room, because a piece in this form has at least one. */
	room = least(room, READ_MAX);
	n = least(left, (uint64_t)room * p->n / p->out);
	if (n == 0)
		n = 1;
	err = take(r, src, dst + room - n, n);
	if (err < 0)
		return err;
	made = expand(dst + room - n, n, dst, room, &taken);
	r->raw += taken;
	return (ptrdiff_t)made;
}

static ptrdiff_t
make_base64(struct render *r, const struct source *src, char *dst, size_t room)
{
	uint64_t left = r->pieces[r->at].n - r->raw;
	size_t n = least(left, least(room / 4 * 3, BASE64_MAX));
	size_t out = B64_LEN(n);
	const char *in = dst + out - n;
	int err = take(r, src, dst + out - n, n);

	if (err < 0)
		return err;
	for (size_t i = 0; i < n; i += STAGE) {
		size_t k = least(n - i, STAGE);

		memcpy(r->stage, in + i, k);
		b64_encode(r->stage, k, dst + i / 3 * 4);
	}
	r->raw += n;
	return (ptrdiff_t)out;
}

/* n octets as lines of base64; `first` has no CRLF before it.  Returns the
 * octets written. */
static size_t
encode_lines(const char *in, size_t n, char *out, bool first)
{
	char *start = out;

	for (size_t i = 0; i < n; i += LINE_RAW) {
		size_t k = least(n - i, LINE_RAW);

		if (!first) {
			*out++ = '\r';
			*out++ = '\n';
		}
		first = false;
		b64_encode(in + i, k, out);
		out += B64_LEN(k);
	}
	return (size_t)(out - start);
}

static ptrdiff_t
make_lines(struct render *r, const struct source *src, char *dst, size_t room)
{
	uint64_t left = r->pieces[r->at].n - r->raw;
	size_t lines = least(room / (LINE_OUT + 2), BASE64_MAX / LINE_RAW);
	size_t n = least(left, lines * LINE_RAW);
	size_t most = (n + LINE_RAW - 1) / LINE_RAW * (LINE_OUT + 2);
	const char *in = dst + most - n;
	char *out = dst;
	int err = take(r, src, dst + most - n, n);

	if (err < 0)
		return err;
	for (size_t i = 0; i < n; i += STAGE_LINES * LINE_RAW) {
		size_t k = least(n - i, STAGE_LINES * LINE_RAW);

		memcpy(r->stage, in + i, k);
		out += encode_lines(r->stage, k, out, r->raw + i == 0);
	}
	r->raw += n;
	return out - dst;
}

/* A few octets of a body, made in the stage. */
static ptrdiff_t
make_staged(struct render *r, const struct source *src)
{
	enum body_form form = r->pieces[r->at].form;
	uint64_t left = r->pieces[r->at].n - r->raw;
	char raw[LINE_RAW];
	size_t n = least(left, form == BODY_LINES ? LINE_RAW : SMALL_RAW);
	size_t made = 0;
	int err = take(r, src, raw, n);

	if (err < 0)
		return err;
	if (form == BODY_CRLF) {
		made = expand(raw, n, r->stage, STAGE, &n);
	} else if (form == BODY_BASE64) {
		b64_encode(raw, n, r->stage);
		made = B64_LEN(n);
	} else {
		made = encode_lines(raw, n, r->stage, r->raw == 0);
	}
	r->raw += n;
	return (ptrdiff_t)made;
}

/* --- pulling --- */

/* The next octets of the current body, at least one and at most room. */
static ptrdiff_t
next_body(struct render *r, const struct source *src, char *dst, size_t room)
{
	const struct render_piece *p = &r->pieces[r->at];
	bool staged = room < SMALL_ROOM && p->form != BODY_RAW;
	ptrdiff_t n;

	if (staged)
		n = make_staged(r, src);
	else if (p->form == BODY_RAW)
		n = make_raw(r, src, dst, room);
	else if (p->form == BODY_CRLF)
		n = make_crlf(r, src, dst, room);
	else if (p->form == BODY_BASE64)
		n = make_base64(r, src, dst, room);
	else
		n = make_lines(r, src, dst, room);
	if (n < 0)
		return n;

	/* A body that is not what its manifest says must not change a total
	 * that was told before. */
	r->made += (uint64_t)n;
	if (r->made > p->out || (r->raw == p->n && r->made != p->out))
		return ERR_CORRUPT;
	if (!staged)
		return n;
	r->stage_at = 0;
	r->stage_n = (size_t)n;
	return 0;
}

/* Copy what is at hand: the stage, or text before the next body. */
static size_t
next_text(struct render *r, char *dst, size_t room)
{
	const char *from = r->stage + r->stage_at;
	size_t n = least(r->stage_n - r->stage_at, room);

	if (n > 0) {
		r->stage_at += n;
	} else {
		from = r->text + r->text_at;
		n = least(r->pieces[r->at].text_end - r->text_at, room);
		r->text_at += n;
	}
	memcpy(dst, from, n);
	return n;
}

ptrdiff_t
render_pull(struct render *r, render_read_fn read, void *ctx, void *dst,
	    size_t cap)
{
	struct source src = { read, ctx };
	char *p = dst;
	size_t n = 0;

	while (n < cap && r->at < r->npieces) {
		size_t copied = next_text(r, p + n, cap - n);
		ptrdiff_t made;

		n += copied;
		if (copied > 0)
			continue;
		if (r->raw == r->pieces[r->at].n) {
			r->at++;
			r->raw = 0;
			r->made = 0;
			continue;
		}
		made = next_body(r, &src, p + n, cap - n);
		if (made < 0)
			return made;
		n += (size_t)made;
	}
	r->offset += n;
	return (ptrdiff_t)n;
}
