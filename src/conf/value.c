/* Texts to typed values. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>

#include "conf/conf_priv.h"

struct unit {
	struct str name;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ { "", 0 }, 1 },
	{ { "K", 1 }, 1ull << 10 },
	{ { "M", 1 }, 1ull << 20 },
	{ { "G", 1 }, 1ull << 30 },
	{ { NULL, 0 }, 0 },
};

static const struct unit time_units[] = {
	{ { "", 0 }, 1000 },
	{ { "ms", 2 }, 1 },
	{ { "s", 1 }, 1000 },
	{ { "m", 1 }, 60 * 1000 },
	{ { "h", 1 }, 60 * 60 * 1000 },
	{ { "d", 1 }, 24 * 60 * 60 * 1000 },
	{ { NULL, 0 }, 0 },
};

static const struct unit count_units[] = {
	{ { "", 0 }, 1 },
	{ { NULL, 0 }, 0 },
};

static const char *
say(struct conf *c, struct str s)
{
	if (s.p == NULL)
		c->no_mem = true;
	return s.p != NULL ? s.p : "out of memory";
}

/* --- numbers --- */

static const struct unit *
units_of(enum conf_type t)
{
	if (t == CONF_SIZE)
		return size_units;
	return t == CONF_TIME ? time_units : count_units;
}

/* How a number would be written, in the largest unit that leaves no rest. */
static struct str
number_text(struct conf *c, enum conf_type t, uint64_t n)
{
	const struct unit *units = units_of(t), *best = NULL;

	assert(units->factor > 0);
	for (const struct unit *u = units; u->factor > 0; u++)
		if ((best == NULL || u->factor >= best->factor) &&
		    (n > 0 ? n % u->factor == 0 : u->factor == 1) &&
		    (t != CONF_TIME || u->name.n > 0))
			best = u;
	if (best == NULL)
		best = units;
	return arena_fmt(&c->arena, "%llu%.*s",
			 (unsigned long long)(n / best->factor),
			 STR_ARG(best->name));
}

static const char *
number_kind(enum conf_type t)
{
	if (t == CONF_SIZE)
		return "is no size such as 10, 10K, 10M or 10G";
	if (t == CONF_TIME)
		return "is no time such as 500ms, 10s, 10m, 10h or 10d";
	return "is no number";
}

static const char *
parse_number(struct conf *c, struct conf_value *v, struct str text)
{
	const struct conf_row *row = v->row;
	const struct unit *u;
	size_t digits = 0;
	uint64_t n;

	while (digits < text.n && text.p[digits] >= '0' &&
	       text.p[digits] <= '9')
		digits++;
	for (u = units_of(row->type); u->factor > 0; u++)
		if (str_eq(u->name, str_from(text, digits)))
			break;
	if (u->factor == 0)
		return number_kind(row->type);
	switch (str_u64(str_sub(text, 0, digits), UINT64_MAX, &n)) {
	case 0:
		break;
	case ERR_LIMIT:
		n = UINT64_MAX;
		break;
	default:
		return number_kind(row->type);
	}
	n = n > UINT64_MAX / u->factor ? UINT64_MAX : n * u->factor;
	if (n < row->min || n > row->max)
		return say(c, arena_fmt(&c->arena, "must be %s to %s",
			say(c, number_text(c, row->type, row->min)),
			say(c, number_text(c, row->type, row->max))));
	v->num = n;
	return NULL;
}

/* --- words --- */

static const char *
parse_bool(struct conf_value *v, struct str text)
{
	static const char *const words[] = { "no", "yes", "false", "true",
					     "off", "on" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(str_c(words[i]), text)) {
			v->num = i & 1;
			return NULL;
		}
	return "is neither yes nor no";
}

static const char *
parse_enum(struct conf *c, struct conf_value *v, struct str text)
{
	const char *const *w = v->row->words;
	struct str all = STR("must be");

	for (size_t i = 0; w[i] != NULL; i++) {
		if (str_eq(str_c(w[i]), text)) {
			v->num = i;
			return NULL;
		}
		all = arena_fmt(&c->arena, "%.*s %s%s", STR_ARG(all),
				i > 0 ? "or " : "", w[i]);
	}
	return say(c, all);
}

/* --- paths --- */

static const char *
parse_path(struct conf *c, struct conf_value *v, struct str text)
{
	if (text.n > 0 && text.p[0] != '/' && c->dir.n > 0) {
		v->text = arena_fmt(&c->arena, "%.*s%.*s", STR_ARG(c->dir),
				    STR_ARG(text));
		if (v->text.p == NULL)
			c->no_mem = true;
	}
	return NULL;
}

/* --- addresses --- */

/* A literal address and a port: 1.2.3.4:1025 or [::1]:1025. */
static bool
is_addr(struct str s)
{
	ptrdiff_t colon = str_rchr(s, ':');
	unsigned char octets[sizeof(struct in6_addr)];
	int family = AF_INET;
	char host[INET6_ADDRSTRLEN];
	struct str h;
	uint64_t port;

	if (colon < 0 ||
	    str_u64(str_from(s, (size_t)colon + 1), 65535, &port) < 0)
		return false;
	h = str_sub(s, 0, (size_t)colon);
	if (str_starts(h, STR("[")) && str_ends(h, STR("]"))) {
		h = str_sub(h, 1, h.n - 2);
		family = AF_INET6;
	}
	return str_copy(h, host, sizeof(host)) == 0 &&
	       inet_pton(family, host, octets) == 1;
}

static const char *
parse_addrs(struct conf *c, struct conf_value *v, struct str text)
{
	struct str rest = text, field, *list;
	size_t n = 0;

	if (text.n == 0)
		return NULL;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == ',';
	list = ARENA_ARRAY(&c->arena, struct str, n + 1);
	if (list == NULL) {
		c->no_mem = true;
		return NULL;
	}
	n = 0;
	while (str_next(&rest, ',', &field)) {
		field = str_trim(field);
		if (!is_addr(field))
			return say(c, arena_fmt(&c->arena, "%.*s is no "
				"address with a port, such as 192.0.2.1:1025 "
				"or [::1]:1025", STR_ARG(field)));
		list[n] = arena_str(&c->arena, field);
		if (list[n].p == NULL)
			c->no_mem = true;
		n++;
	}
	v->list = list;
	v->nlist = n;
	return NULL;
}

/* --- all of them --- */

static const char *
parse_typed(struct conf *c, struct conf_value *v, struct str text)
{
	switch (v->row->type) {
	case CONF_STRING:
		return NULL;
	case CONF_PATH:
		return parse_path(c, v, text);
	case CONF_BOOL:
		return parse_bool(v, text);
	case CONF_SIZE:
	case CONF_TIME:
	case CONF_COUNT:
		return parse_number(c, v, text);
	case CONF_ENUM:
		return parse_enum(c, v, text);
	case CONF_ADDRS:
		return parse_addrs(c, v, text);
	}
	return "has no type";
}

const char *
conf_value_parse(struct conf *c, struct conf_value *v, struct str text)
{
	const char *why;

	v->text = arena_str(&c->arena, text);
	if (v->text.p == NULL) {
		c->no_mem = true;
		return NULL;
	}
	if (text.n == 0 && v->row->flags & CONF_REQUIRED)
		return "may not be empty";
	why = parse_typed(c, v, text);
	if (why == NULL && v->row->check != NULL && text.n > 0)
		why = v->row->check(v->text);
	return why;
}

/* A default is right, for the tests of the schema parse it too. */
void
conf_value_default(struct conf *c, struct conf_value *v)
{
	const struct conf_row *row = v->row;
	const char *why = NULL;

	if (row->def != NULL) {
		why = conf_value_parse(c, v, str_c(row->def));
	} else if (row->type == CONF_SIZE || row->type == CONF_TIME ||
		   row->type == CONF_COUNT) {
		v->num = row->num;
		v->text = number_text(c, row->type, row->num);
	} else {
		v->text = STR("");
	}
	if (v->text.p == NULL)
		c->no_mem = true;
	v->line = 0;
	if (why != NULL && !(row->flags & CONF_REQUIRED))
		conf_problem_at(c, v, why);
}
