/*
 * render_mime: a message as MIME.
 *
 * Structure.  Parts of a multipart type without octets are containers and hold
 * the parts that name them with IN.  What is then at the top is the message's
 * body if it is one entity; several become a multipart/mixed of ours, the one
 * with the content first.  A part `header` of type text/rfc822-headers is the
 * original header block of an imported message: it is no entity.  If its owner
 * imported it, its fields are the header (render_replay.c); else anybody could
 * write a From of his own, and the envelope's fields are.  Behind the header of
 * the message it may have one for each other part.  If there are just as many,
 * they are the fields of the parts, as far as they fit (render_choose.c).
 *
 * Encodings.  A text goes as 7bit or 8bit if its lines allow it, with its line
 * ends made CRLF.  Composite types (message/rfc822, a signed multipart that
 * came whole) may not be encoded and go as they are, if need be as binary.
 * All else is base64.  A container has the widest encoding of what it holds.
 *
 * Boundaries are made of the id and of all hashes of the parts: nobody can
 * write one into a part, for the part's own hash is in it.
 */
#include "mail/render.h"

#include <stdio.h>

#include "mail/message_priv.h"
#include "mail/render_priv.h"

enum encoding { ENC_7BIT, ENC_8BIT, ENC_BINARY, ENC_BASE64 };

static const char *const encoding_names[] = { "7bit", "8bit", "binary",
					      "base64" };

#define PART_LEFT_OUT (-3)
#define BOUNDARY_WORDS 3
#define BOUNDARY_TEXT 80

struct mime {
	const struct message *m;
	struct render_plan plan;
	struct head h;
	/* Per part and, at nparts, for the multipart/mixed of ours: */
	int32_t *parent, *child, *last, *next;
	uint8_t *encoding;
	int32_t root;
	bool replayed;	/* its header is the one it came with */
	struct buf header;
	struct str *blocks; /* of each part; p is NULL: none */
	uint64_t hash[BOUNDARY_WORDS];
};

/* --- the tree --- */

/* A part for the original header, or the whole original, is no entity. */
static bool
is_left_out(const struct message *m, const struct message_part *p)
{
	return message_is_header(p) || message_is_original(p, m->imported);
}

/* Of imported mail a multipart that holds nothing is a leaf, as it was. */
static bool
is_container(const struct mime *x, int32_t i)
{
	return i == (int32_t)x->m->nparts ||
	       (message_is_container(&x->m->parts[i]) &&
		(!x->m->imported || x->child[i] >= 0));
}

/* That of octets as they are. */
static enum encoding
plain_encoding(const struct message_part *p)
{
	return p->shape == SHAPE_BINARY ? ENC_BINARY :
	       p->shape == SHAPE_8BIT	? ENC_8BIT :
					  ENC_7BIT;
}

static enum encoding
leaf_encoding(const struct message_part *p)
{
	enum encoding plain = plain_encoding(p);

	if (p->length == 0)
		return ENC_7BIT;
	if (message_type_is(p->type, "message", NULL) ||
	    message_type_is(p->type, "multipart", NULL))
		return plain;
	if (message_type_is(p->type, "text", NULL) && plain != ENC_BINARY)
		return plain;
	return ENC_BASE64;
}

/* Those above a part must admit what it has. */
static void
widen(struct mime *x, int32_t i)
{
	uint8_t enc = x->encoding[i];

	if (enc == ENC_BASE64)
		return;
	/* Stops where it is wide enough already, so also in a circle. */
	for (i = x->parent[i]; i >= 0 && x->encoding[i] < enc; i = x->parent[i])
		x->encoding[i] = enc;
}

/* Hang a part under another, behind those that are there or before them. */
static void
hang(struct mime *x, int32_t part, int32_t under, bool first)
{
	x->parent[part] = under;
	if (x->child[under] < 0) {
		x->child[under] = x->last[under] = part;
	} else if (first) {
		x->next[part] = x->child[under];
		x->child[under] = part;
	} else {
		x->next[x->last[under]] = part;
		x->last[under] = part;
	}
}

/* The top entity that holds the content part, or PARENT_TOP. */
static int32_t
content_top(const struct mime *x)
{
	const struct message_part *content = message_content(x->m);
	int32_t at;

	if (!content)
		return PARENT_TOP;
	at = (int32_t)(content - x->m->parts);
	for (int i = 0; i <= MESSAGE_DEPTH && x->parent[at] >= 0; i++)
		at = x->parent[at];
	return at;
}

/* Give every part its place; what hangs in a circle is never reached. */
static void
build_tree(struct mime *x)
{
	int32_t n = (int32_t)x->m->nparts, first;
	int32_t tops = 0;

	for (int32_t i = 0; i <= n; i++)
		x->child[i] = x->last[i] = x->next[i] = -1;
	for (int32_t i = 0; i < n; i++) {
		if (is_left_out(x->m, &x->m->parts[i]))
			x->parent[i] = PART_LEFT_OUT;
		else if (x->parent[i] < 0)
			x->parent[i] = PARENT_TOP;
	}
	x->parent[n] = PARENT_TOP;

	first = content_top(x);
	x->root = n;
	for (int32_t i = 0; i < n; i++) {
		if (x->parent[i] >= 0) {
			hang(x, i, x->parent[i], false);
		} else if (x->parent[i] == PARENT_TOP) {
			x->root = i;
			tops++;
		}
	}
	if (tops != 1) {
		x->root = n;
		for (int32_t i = 0; i < n; i++) {
			if (x->parent[i] == PARENT_TOP)
				hang(x, i, n, i == first);
		}
	}
	for (int32_t i = 0; i < n; i++) {
		if (!is_container(x, i))
			x->encoding[i] =
				(uint8_t)leaf_encoding(&x->m->parts[i]);
	}
	for (int32_t i = 0; i < n; i++) {
		if (!is_container(x, i))
			widen(x, i);
	}
}

/* --- boundaries --- */

static uint64_t
mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static void
hash_message(struct mime *x)
{
	uint64_t w[4];

	memcpy(w, x->m->id.b, sizeof(x->m->id.b));
	for (int k = 0; k < BOUNDARY_WORDS; k++)
		x->hash[k] = mix(mix((uint64_t)k + 1, w[0]), w[1]);
	for (size_t i = 0; i < x->m->nparts; i++) {
		memcpy(w, x->m->parts[i].sha256, sizeof(w));
		for (int k = 0; k < BOUNDARY_WORDS; k++) {
			uint64_t *h = &x->hash[k];

			*h = mix(mix(*h, w[k]), w[k + 1]);
		}
	}
}

/* "--" and the boundary of a container. */
static struct str
delimiter(const struct mime *x, int32_t container, char dst[BOUNDARY_TEXT])
{
	int n = snprintf(dst, BOUNDARY_TEXT, "--=_%016llx%016llx%016llx-%08x",
			 (unsigned long long)x->hash[0],
			 (unsigned long long)x->hash[1],
			 (unsigned long long)x->hash[2], (unsigned)container);

	return str_n(dst, (size_t)n);
}

/* --- fields of a part --- */

/* One parameter of Content-Type. */
static void
put_param(struct head *h, struct str name, struct str value)
{
	head_lit(h, ";");
	if (h->col + name.n + value.n + 2 > 76)
		head_fold(h);
	else
		head_lit(h, " ");
	head_put(h, name);
	head_lit(h, "=");
	head_put(h, value);
}

static void
put_boundary(struct mime *x, int32_t i)
{
	char text[BOUNDARY_TEXT];
	struct str b = delimiter(x, i, text);

	head_lit(&x->h, ";");
	head_fold(&x->h);
	head_lit(&x->h, "boundary=\"");
	head_put(&x->h, str_from(b, 2));
	head_lit(&x->h, "\"");
}

static void
put_type(struct mime *x, int32_t i)
{
	struct head *h = &x->h;
	bool container = is_container(x, i), text;
	struct str type = STR("multipart/mixed"), rest, name, value;

	if (i < (int32_t)x->m->nparts)
		type = x->m->parts[i].type;
	if (message_type_check(type) < 0)
		type = container ? STR("multipart/mixed") :
				   STR("application/octet-stream");
	head_lit(h, "Content-Type: ");
	head_put(h, message_type_base(type));
	rest = str_from(type, message_type_base(type).n);
	while (message_type_next(&rest, &name, &value) > 0) {
		if (!container || !str_eqi(name, STR("boundary")))
			put_param(h, name, value);
	}
	/* Text of this protocol is UTF-8 unless it says otherwise; that of
	 * others, which comes with its header, is what they left open. */
	text = message_type_is(type, "text", NULL) && !x->replayed;
	if (text && x->encoding[i] != ENC_7BIT &&
	    !message_type_param(type, STR("charset")).p)
		put_param(h, STR("charset"), STR("utf-8"));
	if (container)
		put_boundary(x, i);
	head_end(h);
}

/* A name that we gave: "part" and digits. */
static bool
is_made_up(struct str id)
{
	uint64_t number;

	return str_starts(id, STR("part")) &&
	       str_u64(str_from(id, 4), UINT64_MAX, &number) == 0;
}

/* Is a part something a reader should offer to save? */
static bool
is_attachment(const struct mime *x, int32_t i)
{
	const struct message_part *p = &x->m->parts[i];
	int32_t under = x->parent[i];

	if (p->is_inline || p->content)
		return false;
	if (p->file.n > 0)
		return true;
	/* A multipart that came whole is shown as it says itself. */
	if (message_type_is(p->type, "multipart", NULL))
		return false;
	/* In an alternative or related multipart it belongs to the text. */
	return under == (int32_t)x->m->nparts ||
	       (under >= 0 &&
		message_type_is(x->m->parts[under].type, "multipart", "mixed"));
}

static void
put_disposition(struct mime *x, int32_t i)
{
	const struct message_part *p = &x->m->parts[i];
	bool attached = is_attachment(x, i);
	struct str file = p->file;

	if (!attached && !p->is_inline && file.n == 0)
		return;
	if (attached && file.n == 0 && !is_made_up(p->id))
		file = p->id;
	head_lit(&x->h, "Content-Disposition: ");
	head_lit(&x->h, attached ? "attachment" : "inline");
	if (file.n > 0)
		head_filename(&x->h, file);
	head_end(&x->h);
}

/* Those of its block, and what is left to us. */
static void
put_block(struct mime *x, int32_t i, struct header_choice *ret)
{
	bool container = is_container(x, i);
	struct str block = x->blocks[i];
	int err = 0;

	*ret = (struct header_choice){ .own_disposition = true };
	if (!block.p)
		return;
	if (i < (int32_t)x->m->nparts)
		err = header_choose(block, &x->m->parts[i], container, ret);
	if (x->h.err == 0)
		x->h.err = err;
	head_replay(&x->h, block, ret);
	if (i == x->root) {
		head_lit(&x->h, "MIME-Version: 1.0");
		head_end(&x->h);
	}
}

static void
put_part_fields(struct mime *x, int32_t i)
{
	enum encoding enc = (enum encoding)x->encoding[i];
	const struct message_part *p;
	struct header_choice choice;
	char id[300];

	put_block(x, i, &choice);
	if (!choice.given[HEADER_TYPE])
		put_type(x, i);
	if (!is_container(x, i) || enc != ENC_7BIT) {
		head_lit(&x->h, "Content-Transfer-Encoding: ");
		head_lit(&x->h, encoding_names[enc]);
		head_end(&x->h);
	}
	if (i == (int32_t)x->m->nparts)
		return;
	p = &x->m->parts[i];
	if (!is_container(x, i) && choice.own_disposition)
		put_disposition(x, i);
	if (p->cid.n > 0 && !choice.given[HEADER_ID]) {
		int n = snprintf(id, sizeof(id), "<%.*s>", STR_ARG(p->cid));

		if (n > 0 && (size_t)n < sizeof(id))
			head_field(&x->h, STR("Content-ID"),
				   str_n(id, (size_t)n));
	}
}

/* --- bodies --- */

/* The octets of a leaf in that encoding. */
static void
put_octets(struct render_plan *plan, const struct message_part *p,
	   enum encoding enc)
{
	enum body_form form = BODY_RAW;

	if (enc == ENC_BASE64)
		form = BODY_LINES;
	else if (enc != ENC_BINARY && p->bare_lf > 0)
		form = BODY_CRLF;
	render_plan_body(plan, form, p->offset, p->length, p->bare_lf);
}

static void
put_body(struct mime *x, int32_t i)
{
	enum encoding enc = (enum encoding)x->encoding[i];

	put_octets(&x->plan, &x->m->parts[i], enc);
	/* Lines of base64 have no end behind the last; a message has one. */
	if (i == x->root && enc == ENC_BASE64)
		head_end(&x->h);
}

/* The delimiter of a container; `before` and `behind` stand around it. */
static void
put_delimiter(struct mime *x, int32_t i, const char *before, const char *behind)
{
	char text[BOUNDARY_TEXT];

	head_lit(&x->h, before);
	head_put(&x->h, delimiter(x, i, text));
	head_lit(&x->h, behind);
	x->h.col = 0;
}

/* What stands before the delimiter behind entity i.  A broken multipart that
 * was imported has no end of its own: readers count the line end before the
 * next delimiter to it, so it is in its octets already. */
static const char *
end_of(const struct mime *x, int32_t i)
{
	const struct message_part *p;

	if (is_container(x, i) || !x->m->imported)
		return "\r\n";
	p = &x->m->parts[i];
	return message_type_is(p->type, "multipart", NULL) &&
	       !message_type_is_sealed(p->type) && p->ends_lf ? "" : "\r\n";
}

/* Entity by entity: down to the first child, else over to the next, else up,
 * closing what is left behind. */
static void
put_entities(struct mime *x)
{
	int32_t at = x->root;
	const char *end;

	put_part_fields(x, at);
	for (;;) {
		head_end(&x->h);
		if (!is_container(x, at)) {
			put_body(x, at);
		} else if (x->child[at] >= 0) {
			put_delimiter(x, at, "", "\r\n");
			at = x->child[at];
			put_part_fields(x, at);
			continue;
		} else {
			/* An entity without fields or body: a multipart has
			 * one at least. */
			put_delimiter(x, at, "", "\r\n\r\n");
			put_delimiter(x, at, "\r\n", "--\r\n");
		}
		end = end_of(x, at);
		while (at != x->root && x->next[at] < 0) {
			at = x->parent[at];
			put_delimiter(x, at, end, "--\r\n");
			end = "\r\n";
		}
		if (at == x->root)
			return;
		put_delimiter(x, x->parent[at], end, "\r\n");
		at = x->next[at];
		put_part_fields(x, at);
	}
}

static int
mime_init(struct mime *x, struct arena *a, const struct message *m)
{
	size_t n = m->nparts + 1;
	int32_t *links;
	bool twice;
	int err;

	*x = (struct mime){ .m = m, .replayed = render_header_part(m) != NULL };
	buf_init(&x->header, MESSAGE_HEADER_MAX);
	err = render_plan_init(&x->plan, a, m->nparts);
	if (err < 0)
		return err;
	x->h.out = &x->plan.text;
	links = ARENA_ARRAY(a, int32_t, 4 * n);
	x->encoding = arena_alloc(a, n);
	x->blocks = ARENA_ARRAY(a, struct str, n);
	if (!links || !x->encoding || !x->blocks)
		return ERR_NOMEM;
	x->parent = links;
	x->child = links + n;
	x->last = links + 2 * n;
	x->next = links + 3 * n;
	err = message_parents(m, x->parent, &twice);
	if (err < 0)
		return err;
	build_tree(x);
	hash_message(x);
	return 0;
}

/* Read the header it came with.  Its first block is that of the message, those
 * behind it are of the other parts in their order: all of them, or none. */
static int
read_blocks(struct mime *x, render_read_fn read, void *ctx)
{
	const struct message_part *p = render_header_part(x->m);
	struct str rest;
	bool all = true;
	int err;

	if (!p)
		return 0;
	err = header_read(p, read, ctx, &x->header);
	if (err < 0)
		return err;
	rest = x->header.n > 0 ? buf_str(&x->header) : STR("");
	(void)header_block(&rest, &x->blocks[x->root]);
	for (int32_t i = 0; i < (int32_t)x->m->nparts && all; i++)
		if (i != x->root && x->parent[i] != PART_LEFT_OUT)
			all = header_block(&rest, &x->blocks[i]);
	for (int32_t i = 0; i < (int32_t)x->m->nparts; i++)
		if (i != x->root && (!all || rest.p))
			x->blocks[i] = (struct str){ NULL, 0 };
	return 0;
}

/* The octets that the message came with, instead of any that we would make. */
static int
render_original(struct arena *a, const struct message_part *p,
		bool headers_only, struct render **ret)
{
	struct render_plan plan;
	struct head h = { .out = &plan.text };
	int err = render_plan_init(&plan, a, 1);

	if (err == 0) {
		put_octets(&plan, p, plain_encoding(p));
		if (headers_only)
			head_end(&h);
		err = h.err;
	}
	if (err == 0)
		err = render_plan_finish(&plan, ret);
	render_plan_done(&plan);
	return err;
}

/* Of them the header of the message. */
static int
render_original_header(struct arena *a, const struct message_part *header,
		       render_read_fn read, void *ctx, struct render **ret)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct message_part top = *header;
	struct part_scan scan;
	struct str rest, block = STR("");
	int err;

	buf_init(&b, MESSAGE_HEADER_MAX);
	err = header_read(header, read, ctx, &b);
	if (err < 0)
		return err;
	rest = buf_str(&b);
	(void)header_block(&rest, &block);
	part_scan_init(&scan);
	part_scan_feed(&scan, block);
	part_scan_finish(&scan, &top);
	return render_original(a, &top, true, ret);
}

static int
render_made(struct arena *a, const struct message *m, bool headers_only,
	    render_read_fn read, void *ctx, struct render **ret)
{
	struct mime x;
	int err = mime_init(&x, a, m);

	if (err == 0)
		err = read_blocks(&x, read, ctx);
	if (err == 0) {
		if (!x.replayed)
			head_envelope(&x.h, m);
		if (headers_only) {
			put_part_fields(&x, x.root);
			head_end(&x.h);
		} else {
			put_entities(&x);
		}
		err = x.h.err;
	}
	if (err == 0)
		err = render_plan_finish(&x.plan, ret);
	render_plan_done(&x.plan);
	buf_done(&x.header);
	return err;
}

int
render_mime(struct arena *a, const struct message *m, bool headers_only,
	    render_read_fn read, void *ctx, struct render **ret)
{
	const struct message_part *original, *header;
	int err;

	if (m->nparts == 0 || m->nparts >= INT32_MAX)
		return ERR_VALUE;
	original = render_original_part(m);
	header = render_header_part(m);
	if (original && !headers_only)
		err = render_original(a, original, false, ret);
	else if (original && header)
		err = render_original_header(a, header, read, ctx, ret);
	else
		err = render_made(a, m, headers_only, read, ctx, ret);
	return err == ERR_LIMIT ? ERR_VALUE : err;
}
