/*
 * Compiling the grammar of a row (see command.h), and saying it to a user.
 */
#include "proto/command_priv.h"

/* A copy of s in the grammar's own room; NULL if it is empty or too much. */
static const char *
keep_name(struct command_grammar *g, struct str s)
{
	char *p = g->names + g->nnames;

	if (s.n == 0 || s.n >= sizeof(g->names) - g->nnames)
		return NULL;
	memcpy(p, s.p, s.n);
	p[s.n] = 0;
	g->nnames += s.n + 1;
	return p;
}

/* +SW, -SW or +/-SW. */
static int
parse_switch(struct command_grammar *g, struct str s, struct command_item *it)
{
	it->kind = ITEM_SWITCH;
	if (str_starts(s, STR("+/-"))) {
		it->plus = it->minus = true;
		s = str_from(s, 3);
	} else {
		it->plus = s.p[0] == '+';
		it->minus = s.p[0] == '-';
		s = str_from(s, 1);
	}
	it->name = it->key = keep_name(g, s);
	it->nkey = s.n;
	return it->name ? 0 : ERR_INTERNAL;
}

/* [name] or [KEY]:name. */
static int
parse_optional(struct command_grammar *g, struct str s, struct command_item *it)
{
	ptrdiff_t end = str_chr(s, ']', 1);

	if (end < 0)
		return ERR_INTERNAL;
	struct str in = str_sub(s, 1, (size_t)end - 1);
	struct str rest = str_from(s, (size_t)end + 1);
	it->kind = ITEM_OPT;
	if (rest.n == 0) {
		it->name = keep_name(g, in);
		return it->name ? 0 : ERR_INTERNAL;
	}
	if (rest.p[0] != ':')
		return ERR_INTERNAL;
	it->key = keep_name(g, in);
	it->nkey = in.n;
	it->name = keep_name(g, str_from(rest, 1));
	return it->key && it->name ? 0 : ERR_INTERNAL;
}

/* KEY= and what may stand behind the equals sign. */
static int
parse_keyword(struct command_grammar *g, struct str key, struct str how,
	      struct command_item *it)
{
	it->required = str_ends(how, STR("!"));
	if (it->required)
		how.n--;
	if (how.n == 0)
		it->kind = ITEM_VALUE;
	else if (str_eq(how, STR("2*")))
		it->kind = ITEM_PAIRS;
	else if (str_eq(how, STR("+")))
		it->kind = ITEM_LIST;
	else
		return ERR_INTERNAL;
	it->name = it->key = keep_name(g, key);
	it->nkey = key.n;
	return it->name ? 0 : ERR_INTERNAL;
}

/* name, name* or name+. */
static int
parse_positional(struct command_grammar *g, struct str s,
		 struct command_item *it)
{
	it->kind = ITEM_ONE;
	if (str_ends(s, STR("*")) || str_ends(s, STR("+"))) {
		it->kind = s.p[s.n - 1] == '*' ? ITEM_ANY : ITEM_MANY;
		s.n--;
	}
	it->required = it->kind != ITEM_ANY;
	it->name = keep_name(g, s);
	return it->name ? 0 : ERR_INTERNAL;
}

int
command_grammar_parse(const char *text, struct command_grammar *ret)
{
	struct str rest = str_c(text), s, key, how;

	*ret = (struct command_grammar){ 0 };
	while (str_next(&rest, ' ', &s)) {
		struct command_item *it = &ret->item[ret->n];
		int r;

		if (s.n == 0)
			continue;
		if (str_eq(s, STR("+*"))) {
			ret->free = true;
			continue;
		}
		if (ret->n == COMMAND_PARAMS)
			return ERR_INTERNAL;
		if (s.p[0] == '+' || s.p[0] == '-')
			r = parse_switch(ret, s, it);
		else if (s.p[0] == '[')
			r = parse_optional(ret, s, it);
		else if (str_cut(s, '=', &key, &how))
			r = parse_keyword(ret, key, how, it);
		else
			r = parse_positional(ret, s, it);
		if (r < 0)
			return r;
		/* Positional items stand before all others. */
		if (it->kind < ITEM_VALUE && ret->npos++ != ret->n)
			return ERR_INTERNAL;
		ret->n++;
	}
	return 0;
}

/* The name of a keyword's value for the user: the keyword in small letters. */
static int
add_lower(struct buf *out, const char *key)
{
	int r = 0;

	for (; *key && r == 0; key++)
		r = buf_add_c(out, *key >= 'A' && *key <= 'Z' ?
			      (char)(*key | 0x20) : *key);
	return r;
}

/* KEY key, with what stands before and behind it. */
static int
add_keyword(struct buf *out, const struct command_item *it)
{
	int r = buf_addf(out, " %s%s ", it->required ? "" : "[", it->key);

	if (r == 0)
		r = add_lower(out, it->key);
	if (r == 0 && it->kind == ITEM_PAIRS)
		r = buf_add_cstr(out, " value");
	if (r == 0 && it->kind == ITEM_LIST)
		r = buf_add_cstr(out, "...");
	if (r == 0 && !it->required)
		r = buf_add_c(out, ']');
	if (r == 0 && it->kind == ITEM_PAIRS)
		r = buf_add_cstr(out, "...");
	return r;
}

static int
add_item(struct buf *out, const struct command_item *it)
{
	switch (it->kind) {
	case ITEM_ONE:
		return buf_addf(out, " %s", it->name);
	case ITEM_OPT:
		if (it->key)
			return buf_addf(out, " [[%s] %s]", it->key, it->name);
		return buf_addf(out, " [%s]", it->name);
	case ITEM_ANY:
		return buf_addf(out, " [%s...]", it->name);
	case ITEM_MANY:
		return buf_addf(out, " %s...", it->name);
	case ITEM_VALUE:
	case ITEM_PAIRS:
	case ITEM_LIST:
		return add_keyword(out, it);
	case ITEM_SWITCH:
		if (it->plus && it->minus)
			return buf_addf(out, " [+%s|-%s]", it->name, it->name);
		return buf_addf(out, " [%c%s]", it->plus ? '+' : '-', it->name);
	}
	return ERR_INTERNAL;
}

int
command_syntax(const struct command_def *def, struct buf *out)
{
	struct command_grammar g;
	size_t start = out->n;
	int r = command_grammar_parse(def->grammar, &g);

	if (r < 0)
		return r;
	r = buf_add_cstr(out, def->verb);
	if (r == 0 && def->sub[0])
		r = buf_addf(out, " %s", def->sub);
	for (size_t i = 0; i < g.n && r == 0; i++)
		r = add_item(out, &g.item[i]);
	if (r == 0 && g.free)
		r = buf_add_cstr(out, " [+flag|-flag]...");
	if (r < 0)
		buf_truncate(out, start);
	return r;
}
