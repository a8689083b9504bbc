/*
 * Words to parameters, by the compiled grammar of the row.
 *
 * Positional items take their words from the left; what remains is keywords
 * with their values, and switches, in any order.  A value is a run of the
 * caller's words and is never copied, but for keywords that may repeat and
 * for +* switches, whose runs may be apart.
 */
#include <strings.h>

#include "proto/command_priv.h"

struct binder {
	struct arena *arena;
	const struct command_grammar *g;
	const struct word *w;
	size_t n, at;
	struct command *c;
	struct bind_error *err;
	uint32_t seen;		/* items given, by index */
	struct word *copies;	/* +* switches, if apart; else NULL */
};

_Static_assert(COMMAND_PARAMS <= 32, "seen has a bit for each item");

bool
command_names(struct str w, const char *name, size_t n)
{
	return w.n == n && strncasecmp(w.p, name, n) == 0;
}

static bool
is_switch(const struct word *w)
{
	return !w->quoted && w->text.n > 0 &&
	       (w->text.p[0] == '+' || w->text.p[0] == '-');
}

/* The keyword item a word names, or NULL. */
static const struct command_item *
find_keyword(const struct command_grammar *g, const struct word *w)
{
	if (w->quoted)
		return NULL;
	for (size_t i = 0; i < g->n; i++) {
		const struct command_item *it = &g->item[i];

		if (it->key && it->kind != ITEM_SWITCH &&
		    command_names(w->text, it->key, it->nkey))
			return it;
	}
	return NULL;
}

/* Does the next word end a list, or stand where an optional one is not? */
static bool
at_end(const struct binder *b)
{
	return b->at == b->n || is_switch(&b->w[b->at]) ||
	       find_keyword(b->g, &b->w[b->at]);
}

static int
refuse(struct binder *b, enum bind_problem problem, const struct word *w,
       const char *key)
{
	b->err->problem = problem;
	b->err->word = w ? w->text : (struct str){ NULL, 0 };
	b->err->key = key;
	return ERR_VALUE;
}

/* A missing word is noted, the first one only, and the binding goes on. */
static void
note_missing(struct binder *b, const char *key)
{
	if (b->err->problem == BIND_OK)
		(void)refuse(b, BIND_MISSING,	/* told at the end */
			     b->at < b->n ? &b->w[b->at] : NULL, key);
}

static struct command_param *
add_param(struct binder *b, const struct command_item *it, size_t n)
{
	struct command_param *p = &b->c->param[b->c->nparam++];

	p->name = it->name;
	p->v = n ? b->w + b->at : NULL;
	p->n = n;
	b->at += n;
	b->seen |= 1u << (it - b->g->item);
	return p;
}

/* Words from here on: `must` of them unless a switch stands there, and then,
 * for a list, all up to its end.  0 if fewer than must are there; those few
 * are passed over, so that half a pair is no unknown word. */
static size_t
count_words(struct binder *b, size_t must, bool list)
{
	size_t start = b->at, n;

	while (b->at < b->n && b->at - start < must &&
	       !is_switch(&b->w[b->at]))
		b->at++;
	if (b->at - start < must)
		return 0;
	while (list && !at_end(b))
		b->at++;
	n = b->at - start;
	b->at = start;
	return n;
}

/* Positional words.  spec: Line */
static void
bind_positional(struct binder *b, const struct command_item *it)
{
	bool list = it->kind == ITEM_ANY || it->kind == ITEM_MANY;
	size_t n;

	if (it->kind == ITEM_OPT)
		n = !at_end(b);
	else
		n = count_words(b, it->required, list);
	if (n)
		(void)add_param(b, it, n);	/* nothing to add to it */
	else if (it->required)
		note_missing(b, it->name);
}

/* One more pair for a keyword that has some already. */
static int
append_pair(struct binder *b, const struct command_item *it, size_t n)
{
	struct command_param *p = NULL;
	struct word *v;

	for (size_t i = 0; i < b->c->nparam && !p; i++)
		if (b->c->param[i].name == it->name)
			p = &b->c->param[i];
	if (!p || n == 0)
		return 0;
	v = ARENA_ARRAY(b->arena, struct word, p->n + n);
	if (!v)
		return ERR_NOMEM;
	if (p->n)
		memcpy(v, p->v, p->n * sizeof(*v));
	memcpy(v + p->n, b->w + b->at, n * sizeof(*v));
	p->v = v;
	p->n += n;
	b->at += n;
	return 0;
}

static int
bind_keyword(struct binder *b, const struct command_item *it)
{
	bool twice = b->seen & 1u << (it - b->g->item);
	bool pairs = it->kind == ITEM_PAIRS;
	size_t n;

	if (twice && !pairs)
		return refuse(b, BIND_DOUBLED, &b->w[b->at], it->key);
	b->at++;
	n = count_words(b, pairs ? 2 : 1, it->kind == ITEM_LIST);
	if (n == 0)
		note_missing(b, it->key);
	if (twice)
		return append_pair(b, it, n);
	(void)add_param(b, it, n);	/* nothing to add to it */
	return 0;
}

/* A +* switch: they are one run unless something stands between them. */
static int
bind_free(struct binder *b)
{
	struct command *c = b->c;
	const struct word *w = &b->w[b->at];

	if (w->text.n < 2)
		return refuse(b, BIND_SWITCH, w, NULL);
	for (size_t i = 0; i < c->nfree; i++)
		if (str_eqi(str_from(c->free[i].text, 1),
			    str_from(w->text, 1)))
			return refuse(b, BIND_DOUBLED, w, NULL);
	if (c->nfree == 0) {
		c->free = w;
	} else if (!b->copies && c->free + c->nfree != w) {
		b->copies = ARENA_ARRAY(b->arena, struct word, b->n);
		if (!b->copies)
			return ERR_NOMEM;
		memcpy(b->copies, c->free, c->nfree * sizeof(*w));
		c->free = b->copies;
	}
	if (b->copies)
		b->copies[c->nfree] = *w;
	c->nfree++;
	b->at++;
	return 0;
}

static int
bind_switch(struct binder *b)
{
	const struct word *w = &b->w[b->at];
	bool plus = w->text.p[0] == '+';
	const struct command_item *it;
	struct command *c = b->c;

	for (it = b->g->item; it < b->g->item + b->g->n; it++)
		if (it->kind == ITEM_SWITCH &&
		    command_names(str_from(w->text, 1), it->key, it->nkey))
			break;
	if (it == b->g->item + b->g->n)
		return b->g->free ? bind_free(b) :
				    refuse(b, BIND_SWITCH, w, NULL);
	if (plus ? !it->plus : !it->minus)
		return refuse(b, BIND_SWITCH, w, it->name);
	if (b->seen & 1u << (it - b->g->item))
		return refuse(b, BIND_DOUBLED, w, it->name);
	b->seen |= 1u << (it - b->g->item);
	if (plus)
		c->on[c->non++] = it->name;
	else
		c->off[c->noff++] = it->name;
	b->at++;
	return 0;
}

static int
bind_words(struct binder *b)
{
	const struct command_grammar *g = b->g;
	int r = 0;

	for (size_t i = 0; i < g->npos; i++)
		bind_positional(b, &g->item[i]);
	while (b->at < b->n && r == 0) {
		const struct word *w = &b->w[b->at];
		const struct command_item *it = find_keyword(g, w);

		if (is_switch(w))
			r = bind_switch(b);
		else if (it)
			r = bind_keyword(b, it);
		else
			r = refuse(b, BIND_UNKNOWN_WORD, w, NULL);
	}
	if (r < 0)
		return r;
	for (size_t i = g->npos; i < g->n; i++)
		if (g->item[i].required && !(b->seen & 1u << i))
			note_missing(b, g->item[i].key);
	return b->err->problem == BIND_OK ? 0 : ERR_VALUE;
}

int
command_bind(struct arena *a, const struct command_def *def,
	     const struct word *w, size_t n, struct command *ret,
	     struct bind_error *reterr)
{
	struct binder b = { .arena = a, .w = w, .n = n, .c = ret,
			    .err = reterr };

	b.g = command_grammar_of(def);
	if (!b.g) {
		struct command_grammar *g = ARENA_NEW(a,
						      struct command_grammar);

		if (!g)
			return ERR_NOMEM;
		if (command_grammar_parse(def->grammar, g) < 0)
			return ERR_INTERNAL;
		b.g = g;
	}
	ret->def = def;
	ret->nparam = ret->non = ret->noff = ret->nfree = 0;
	ret->free = NULL;
	*reterr = (struct bind_error){ 0 };
	return bind_words(&b);
}
