/*
 * The table of commands and the index that finds a row by its words.
 *
 * The index is an open hash of upper-case keys: "VERB", "VERB SUB", and, since
 * MBOX may be left out, the second word of its rows alone.  It and the
 * compiled grammars are made before main() and only read from then on.
 */
#include <stdlib.h>

#include "proto/command_priv.h"

#define KEY_MAX 32	/* "AUTHENTICATE RESPONSE" is the longest */
#define SLOTS 512	/* a power of two, several times the keys */

struct slot {
	char key[KEY_MAX];
	size_t nkey;		/* 0: empty */
	const struct command_def *def;	/* NULL: only with a second word */
	bool subs;		/* a second word may belong to the name */
};

static const struct command_def defs[] = {
	{ .id = CMD_NONE },
#define IMMP_COMMAND(id, verb, sub, states, scope, flags, grammar, help) \
	{ CMD_##id, verb, sub, states, scope, flags, grammar, help },
#include "proto/commands.def"
#undef IMMP_COMMAND
};

static struct slot slots[SLOTS];
static struct command_grammar grammars[CMD_COUNT];

/* Append s in upper case to a key of n octets; the new length, or 0 if it
 * does not fit and so is no key. */
static size_t
key_add(char key[static KEY_MAX], size_t n, struct str s)
{
	if (s.n == 0 || s.n > KEY_MAX - n)
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		key[n++] = c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
	}
	return n;
}

/* The slot of a key, or the empty one where it would be. */
static struct slot *
slot_find(const char *key, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)key[i]) * 16777619u;
	h ^= h >> 15;
	for (;; h++) {
		struct slot *s = &slots[h & (SLOTS - 1)];

		if (s->nkey == 0 ||
		    (s->nkey == n && memcmp(s->key, key, n) == 0))
			return s;
	}
}

/* Make or find the slot of "verb" or "verb sub". */
static struct slot *
slot_make(const char *verb, const char *sub)
{
	char key[KEY_MAX];
	size_t n = key_add(key, 0, str_c(verb));
	struct slot *s;

	if (n && *sub) {
		n = key_add(key, n, STR(" "));
		n = n ? key_add(key, n, str_c(sub)) : 0;
	}
	if (n == 0)
		abort();
	s = slot_find(key, n);
	memcpy(s->key, key, n);
	s->nkey = n;
	return s;
}

/* Two rows of one name are a broken table. */
static void
slot_set(struct slot *s, const struct command_def *def)
{
	if (s->def)
		abort();
	s->def = def;
}

static void
index_row(const struct command_def *def, const char *verb)
{
	if (def->sub[0])
		slot_make(verb, "")->subs = true;
	slot_set(slot_make(verb, def->sub), def);
}

__attribute__((constructor)) static void
build_index(void)
{
	for (size_t i = 1; i < CMD_COUNT; i++) {
		const struct command_def *def = &defs[i];

		if (command_grammar_parse(def->grammar, &grammars[i]) < 0)
			abort();
		index_row(def, def->verb);
		if (strcmp(def->verb, "AUTH") == 0)
			index_row(def, "AUTHENTICATE");
		if (strcmp(def->verb, "MBOX") == 0)
			slot_set(slot_make(def->sub, ""), def);
	}
}

const struct command_def *
command_find(const struct word *w, size_t n, size_t *ret_used)
{
	char key[KEY_MAX];
	const struct slot *s, *sub;
	size_t nkey, nsub;

	if (n == 0 || w[0].quoted)
		return NULL;
	nkey = key_add(key, 0, w[0].text);
	if (nkey == 0)
		return NULL;
	s = slot_find(key, nkey);
	if (s->subs && n > 1 && !w[1].quoted) {
		nsub = key_add(key, nkey, STR(" "));
		nsub = nsub ? key_add(key, nsub, w[1].text) : 0;
		sub = nsub ? slot_find(key, nsub) : NULL;
		if (sub && sub->def) {
			*ret_used = 2;
			return sub->def;
		}
	}
	if (s->def)
		*ret_used = 1;
	return s->def;
}

const struct command_def *
command_by_id(enum command_id id)
{
	return id > CMD_NONE && id < CMD_COUNT ? &defs[id] : NULL;
}

const struct command_grammar *
command_grammar_of(const struct command_def *def)
{
	return command_by_id(def->id) == def ? &grammars[def->id] : NULL;
}

bool
command_is_data(const struct word *w, size_t n)
{
	return n > 0 && !w[0].quoted && str_eqi(w[0].text, STR("DATA"));
}

const struct command_param *
command_param(const struct command *c, const char *name)
{
	static const struct command_param none;

	for (size_t i = 0; i < c->nparam; i++)
		if (strcmp(c->param[i].name, name) == 0)
			return &c->param[i];
	return &none;
}

struct str
command_value(const struct command *c, const char *name, bool *ret_given)
{
	const struct command_param *p = command_param(c, name);

	if (ret_given)
		*ret_given = p->n > 0;
	return p->n ? p->v[0].text : (struct str){ NULL, 0 };
}

int
command_switch(const struct command *c, const char *sw)
{
	for (size_t i = 0; i < c->non; i++)
		if (strcmp(c->on[i], sw) == 0)
			return 1;
	for (size_t i = 0; i < c->noff; i++)
		if (strcmp(c->off[i], sw) == 0)
			return -1;
	return 0;
}

/* spec: DATA */
int
command_data_block(const struct command *c, const struct bind_error *e,
		   uint64_t max, enum block_form *ret_form, uint64_t *ret_n)
{
	bool base64 = command_switch(c, "BASE64") > 0;
	const struct command_param *length = command_param(c, "LENGTH");
	uint64_t n = 0;
	int r;

	/* `LENGTH -1`: a value that looks like a switch is a bad LENGTH. */
	if (e && e->problem == BIND_SWITCH && length->name && !length->n)
		return ERR_DATA;
	if (e && e->problem != BIND_MISSING)
		return ERR_VALUE;
	if (length->name) {
		/* A LENGTH without value is bound to no words. */
		r = length->n ? str_u64(length->v[0].text, max, &n) : ERR_VALUE;
		if (r < 0)
			return r == ERR_LIMIT ? ERR_TOOLARGE : ERR_DATA;
		*ret_form = base64 ? BLOCK_BASE64 : BLOCK_RAW;
	} else {
		if (!base64)
			return ERR_DATA;
		*ret_form = BLOCK_BASE64_LINES;
	}
	*ret_n = n;
	return 0;
}
