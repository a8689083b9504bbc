/*
 * Gumbo makes the tree, and a walk without recursion writes the text.
 *
 * Some steps of a parser look through all open elements, so that a page of
 * elements within elements costs the square of its length; and Gumbo frees its
 * tree by recursion.  So all its memory is an arena's, which is freed as one,
 * and asking for memory ends the parsing when it has taken too much of it, or
 * too long: Gumbo holds nothing but memory, so it may be left by longjmp().
 * Such a page is shown without its tags (html_strip.c).
 */
#include "immp/html.h"

#include <gumbo.h>
#include <setjmp.h>
#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "immp/html_priv.h"

#define PARSE_MEMORY (192u << 20)
#define PARSE_MS 250		/* of the processor */
#define LOOK_EVERY 256		/* allocations between looks at the clock */

/* --- the tree --- */

struct parsing {
	struct arena a;
	jmp_buf out;
	uint64_t until;
	unsigned count;
};

static uint64_t
cpu_ms(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void *
allocate(void *ctx, size_t n)
{
	struct parsing *p = ctx;
	void *got = arena_alloc(&p->a, n ? n : 1);

	if (!got || (++p->count % LOOK_EVERY == 0 && cpu_ms() > p->until))
		longjmp(p->out, 1);
	return got;
}

static void
forget(void *ctx, void *old)
{
	(void)ctx;
	(void)old; /* the arena's */
}

/* NULL: too much.  The tree is p->a's. */
static const GumboNode *
parse(struct parsing *p, struct str s)
{
	GumboOptions o = kGumboDefaultOptions;

	o.allocator = allocate;
	o.deallocator = forget;
	o.userdata = p;
	o.max_errors = 0;
	p->until = cpu_ms() + PARSE_MS;
	if (setjmp(p->out))
		return NULL;
	return gumbo_parse_with_options(&o, s.p ? s.p : "", s.n)->root;
}

/* --- the walk --- */

struct walk {
	struct html_out o;
	unsigned pre;		/* elements around where blanks count */
	size_t link_at;		/* where the text of the open link began */
};

enum effect { PLAIN, HIDDEN, BREAK, BLOCK, PARAGRAPH, LIST, ITEM, CELL, RULE,
	      QUOTE, PRE, LINK, IMAGE };

static enum effect
effect_of(GumboTag tag)
{
	switch (tag) {
	case GUMBO_TAG_HEAD: case GUMBO_TAG_SCRIPT: case GUMBO_TAG_STYLE:
	case GUMBO_TAG_TITLE: case GUMBO_TAG_TEMPLATE: case GUMBO_TAG_OBJECT:
	case GUMBO_TAG_SVG: case GUMBO_TAG_SELECT:
		return HIDDEN;
	case GUMBO_TAG_BR:
		return BREAK;
	case GUMBO_TAG_DIV: case GUMBO_TAG_TR: case GUMBO_TAG_BODY:
	case GUMBO_TAG_SECTION: case GUMBO_TAG_ARTICLE: case GUMBO_TAG_HEADER:
	case GUMBO_TAG_FOOTER: case GUMBO_TAG_MAIN: case GUMBO_TAG_NAV:
	case GUMBO_TAG_ASIDE: case GUMBO_TAG_CENTER: case GUMBO_TAG_ADDRESS:
	case GUMBO_TAG_FORM: case GUMBO_TAG_CAPTION: case GUMBO_TAG_DT:
	case GUMBO_TAG_DD: case GUMBO_TAG_FIGURE: case GUMBO_TAG_FIGCAPTION:
		return BLOCK;
	case GUMBO_TAG_P: case GUMBO_TAG_TABLE: case GUMBO_TAG_DL:
	case GUMBO_TAG_H1: case GUMBO_TAG_H2: case GUMBO_TAG_H3:
	case GUMBO_TAG_H4: case GUMBO_TAG_H5: case GUMBO_TAG_H6:
		return PARAGRAPH;
	case GUMBO_TAG_UL: case GUMBO_TAG_OL: case GUMBO_TAG_MENU:
		return LIST;
	case GUMBO_TAG_LI:
		return ITEM;
	case GUMBO_TAG_TD: case GUMBO_TAG_TH:
		return CELL;
	case GUMBO_TAG_HR:
		return RULE;
	case GUMBO_TAG_BLOCKQUOTE:
		return QUOTE;
	case GUMBO_TAG_PRE: case GUMBO_TAG_TEXTAREA:
		return PRE;
	case GUMBO_TAG_A:
		return LINK;
	case GUMBO_TAG_IMG:
		return IMAGE;
	default:
		return PLAIN;
	}
}

static struct str
attribute(const GumboNode *n, const char *name)
{
	const GumboAttribute *a =
		gumbo_get_attribute(&n->v.element.attributes, name);

	return a ? str_trim(str_c(a->value)) : STR("");
}

/* Not for readers: `hidden`, or a style that says so. */
static bool
is_hidden(const GumboNode *n)
{
	static const char want[] = "display:none";
	struct str style = attribute(n, "style");
	size_t at = 0;

	if (gumbo_get_attribute(&n->v.element.attributes, "hidden"))
		return true;
	for (size_t i = 0; i < style.n && want[at]; i++) {
		char c = style.p[i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (c == want[at])
			at++;
		else if (c != ' ')
			at = c == want[0];
	}
	return want[at] == '\0';
}

static bool
is_parent(const GumboNode *n, GumboTag tag)
{
	return n->parent && n->parent->type == GUMBO_NODE_ELEMENT &&
	       n->parent->v.element.tag == tag;
}

static void
begin_item(struct walk *w, const GumboNode *n)
{
	char mark[32] = "* ";
	unsigned number = 1;

	if (is_parent(n, GUMBO_TAG_OL)) {
		const GumboVector *all = &n->parent->v.element.children;

		/* An element costs its place once: lists are short. */
		for (size_t i = 0; i < n->index_within_parent &&
				   i < all->length && i < 1000;
		     i++) {
			const GumboNode *sibling = all->data[i];

			number += sibling->type == GUMBO_NODE_ELEMENT &&
				  sibling->v.element.tag == GUMBO_TAG_LI;
		}
		snprintf(mark, sizeof(mark), "%u. ", number);
	}
	html_breaks(&w->o, 1);
	html_put(&w->o, str_c(mark));
	w->o.marked = true;
}

static void
end_link(struct walk *w, const GumboNode *n)
{
	struct str href = attribute(n, "href"), shown, bare = href;

	if (href.n == 0 || href.n > 500 || w->o.err < 0 ||
	    w->link_at > w->o.b->n || str_starts(href, STR("#")))
		return;
	if (str_starts(bare, STR("mailto:")))
		bare = str_from(bare, 7);
	/* A link that shows where it leads needs no telling; one that shows
	 * nothing, a picture without a name, is there once more as a text. */
	shown = str_from(buf_str(w->o.b), w->link_at);
	if (str_trim(shown).n == 0 || str_find(shown, bare) >= 0)
		return;
	w->o.blank = true;
	html_put(&w->o, STR("<"));
	html_flow(&w->o, href);
	html_put(&w->o, STR(">"));
}

static void
begin(struct walk *w, const GumboNode *n, enum effect e)
{
	struct str alt;

	switch (e) {
	case BREAK:
		if (w->o.breaks < 20)
			w->o.breaks++;
		break;
	case BLOCK:
		html_breaks(&w->o, 1);
		break;
	case LIST:
		html_breaks(&w->o, is_parent(n, GUMBO_TAG_LI) ? 1 : 2);
		w->o.indent += w->o.indent < 8 && is_parent(n, GUMBO_TAG_LI);
		break;
	case PARAGRAPH:
		html_breaks(&w->o, 2);
		break;
	case QUOTE:
		html_breaks(&w->o, 2);
		w->o.quotes += w->o.quotes < 8;
		break;
	case PRE:
		html_breaks(&w->o, 2);
		w->pre++;
		break;
	case ITEM:
		begin_item(w, n);
		break;
	case CELL:
		w->o.cell = w->o.begun && w->o.breaks == 0;
		break;
	case RULE:
		html_breaks(&w->o, 1);
		html_put(&w->o, STR("----"));
		html_breaks(&w->o, 1);
		break;
	case LINK:
		w->link_at = w->o.b->n;
		break;
	case IMAGE:
		alt = attribute(n, "alt");
		if (alt.n == 0)
			break;
		html_put(&w->o, STR("["));
		html_flow(&w->o, alt);
		html_put(&w->o, STR("]"));
		break;
	case PLAIN:
	case HIDDEN:
		break;
	}
}

static void
end(struct walk *w, const GumboNode *n, enum effect e)
{
	switch (e) {
	case PARAGRAPH:
		html_breaks(&w->o, 2);
		break;
	case LIST:
		w->o.marked = false;
		if (is_parent(n, GUMBO_TAG_LI) && w->o.indent)
			w->o.indent--;
		html_breaks(&w->o, w->o.indent ||
				   is_parent(n, GUMBO_TAG_LI) ? 1 : 2);
		break;
	case QUOTE:
		w->o.quotes -= w->o.quotes > 0;
		html_breaks(&w->o, 2);
		break;
	case PRE:
		w->pre--;
		html_breaks(&w->o, 2);
		break;
	case ITEM:
		w->o.marked = false;
		html_breaks(&w->o, 1);
		break;
	case BLOCK:
		html_breaks(&w->o, 1);
		break;
	case LINK:
		end_link(w, n);
		break;
	default:
		break;
	}
}

static void
text(struct walk *w, const GumboNode *n)
{
	struct str s = str_c(n->v.text.text), line;
	bool first = true;

	if (!w->pre) {
		html_flow(&w->o, s);
		return;
	}
	while (str_next(&s, '\n', &line)) {
		if (!first)
			w->o.breaks++;
		first = false;
		if (str_ends(line, STR("\r")))
			line.n--;
		if (line.n)
			html_put(&w->o, line);
	}
}

/* Is there something inside it to walk through? */
static bool
enter(struct walk *w, const GumboNode *n)
{
	enum effect e;

	if (n->type == GUMBO_NODE_TEXT || n->type == GUMBO_NODE_CDATA ||
	    n->type == GUMBO_NODE_WHITESPACE)
		text(w, n);
	if (n->type != GUMBO_NODE_ELEMENT)
		return false;
	e = effect_of(n->v.element.tag);
	if (e == HIDDEN || is_hidden(n))
		return false;
	begin(w, n, e);
	if (n->v.element.children.length)
		return true;
	end(w, n, e);
	return false;
}

static void
walk(struct walk *w, const GumboNode *root)
{
	const GumboNode *n = root;
	bool down = enter(w, n);

	while (w->o.err == 0) {
		const GumboVector *all = &n->v.element.children;
		size_t next = 0;

		if (!down) {
			if (n == root)
				return;
			next = n->index_within_parent + 1;
			n = n->parent;
			all = &n->v.element.children;
		}
		if (next == all->length) {
			end(w, n, effect_of(n->v.element.tag));
			down = false;
			continue;
		}
		n = all->data[next];
		down = enter(w, n);
	}
}

int
html_text(struct buf *b, struct str s)
{
	struct walk w = { .o = { .b = b } };
	struct parsing p = { .count = 0 };
	const GumboNode *root;

	arena_init(&p.a, PARSE_MEMORY, 65536);
	root = parse(&p, s);
	if (root)
		walk(&w, root);
	else
		html_strip(&w.o, s);
	arena_done(&p.a);
	if (w.o.err == 0 && w.o.begun)
		w.o.err = buf_add_c(b, '\n');
	return w.o.err;
}
