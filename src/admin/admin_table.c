/*
 * The list of commands: finding a row by words, taking apart what follows.
 *
 * The columns `params` and `options` are read where they are needed: words
 * divided by single blanks, as admin_commands.def describes them.
 */
#include "admin/admin.h"

#include <assert.h>

static const struct admin_row admin_table[] = {
#define IMMP_ADMIN(id_, words_, params_, options_, flags_, help_) { \
	.id = ADMIN_CMD_##id_, \
	.words = words_, \
	.params = params_, \
	.options = options_, \
	.flags = flags_, \
	.help = help_, \
},
#define IMMP_ADMIN_LOCAL IMMP_ADMIN
#include "admin/admin_commands.def"
#undef IMMP_ADMIN
#undef IMMP_ADMIN_LOCAL
};

const struct admin_row *
admin_rows(size_t *ret_n)
{
	*ret_n = sizeof(admin_table) / sizeof(admin_table[0]);
	return admin_table;
}

/* The next word of a column; false behind the last. */
static bool
column_next(struct str *rest, struct str *ret)
{
	while (str_next(rest, ' ', ret)) {
		if (ret->n > 0)
			return true;
	}
	return false;
}

/* --- synopsis --- */

static int
synopsis_options(struct buf *out, struct str group)
{
	struct str one;
	const char *before = " [";

	while (str_next(&group, '|', &one)) {
		struct str name, value;
		int err;

		err = buf_add_cstr(out, before);
		if (err == 0 && str_cut(one, '=', &name, &value))
			err = buf_addf(out, "%.*s %.*s", STR_ARG(name),
				       STR_ARG(value));
		else if (err == 0)
			err = buf_add_str(out, one);
		if (err < 0)
			return err;
		before = "|";
	}
	return buf_add_c(out, ']');
}

int
admin_synopsis(const struct admin_row *row, struct buf *out)
{
	struct str rest = str_c(row->options), group;
	int err = buf_add_cstr(out, row->words);

	if (err == 0 && row->params[0] != '\0')
		err = buf_addf(out, " %s", row->params);
	while (err == 0 && column_next(&rest, &group))
		err = synopsis_options(out, group);
	return err;
}

/* --- matching --- */

bool
admin_row_starts(const struct admin_row *row, const struct str *words, size_t n)
{
	struct str rest = str_c(row->words), word;

	for (size_t i = 0; i < n; i++) {
		if (!column_next(&rest, &word) || !str_eq(word, words[i]))
			return false;
	}
	return true;
}

static size_t
row_words(const struct admin_row *row)
{
	struct str rest = str_c(row->words), word;
	size_t n = 0;

	while (column_next(&rest, &word))
		n++;
	return n;
}

static const struct admin_row *
row_find(const struct str *words, size_t n, size_t *ret_words)
{
	size_t nrows;
	const struct admin_row *rows = admin_rows(&nrows);

	for (size_t i = 0; i < nrows; i++) {
		size_t k = row_words(&rows[i]);

		if (k <= n && admin_row_starts(&rows[i], words, k)) {
			*ret_words = k;
			return &rows[i];
		}
	}
	return NULL;
}

/* No row: say what could stand there. */
static int
no_row(const struct str *words, size_t n, struct admin_fail *f)
{
	size_t nrows;
	const struct admin_row *rows = admin_rows(&nrows);
	struct str first = words[0];
	const char *sep = "";
	char list[200] = "";
	size_t used = 0;

	for (size_t i = 0; i < nrows; i++) {
		struct str rest = str_c(rows[i].words), word;

		if (!admin_row_starts(&rows[i], &first, 1) ||
		    !column_next(&rest, &word) || !column_next(&rest, &word) ||
		    used + word.n + 3 > sizeof(list))
			continue;
		memcpy(list + used, sep, strlen(sep));
		used += strlen(sep);
		memcpy(list + used, word.p, word.n);
		used += word.n;
		sep = ", ";
	}
	list[used] = '\0';
	if (used == 0)
		return admin_fail(f, ADMIN_USAGE, "no command '%.*s'",
				  STR_ARG(first));
	if (n == 1)
		return admin_fail(f, ADMIN_USAGE, "%.*s what? %s",
				  STR_ARG(first), list);
	return admin_fail(f, ADMIN_USAGE, "no command '%.*s %.*s': %s",
			  STR_ARG(first), STR_ARG(words[1]), list);
}

/*
 * Find option `name` in the column.  *ret_value: it takes one; *ret_group: the
 * options that exclude it, and itself.
 */
static bool
option_find(const struct admin_row *row, struct str name, const char **ret_name,
	    bool *ret_value, struct str *ret_group)
{
	struct str rest = str_c(row->options), group;

	while (column_next(&rest, &group)) {
		struct str alts = group, one, head, tail;

		while (str_next(&alts, '|', &one)) {
			bool value = str_cut(one, '=', &head, &tail);

			if (!str_eq(head, name))
				continue;
			*ret_name = head.p;
			*ret_value = value;
			*ret_group = group;
			return true;
		}
	}
	return false;
}

bool
admin_option(const struct admin_call *call, const char *name,
	     struct str *ret_value)
{
	for (size_t i = 0; i < call->noptions; i++) {
		struct str is = str_n(call->option[i].name, call->option[i].n);

		if (!str_eq(is, str_c(name)))
			continue;
		if (ret_value)
			*ret_value = call->option[i].value;
		return true;
	}
	return false;
}

/* Was one of the group given before? */
static bool
group_given(const struct admin_call *call, struct str group, struct str *ret)
{
	for (size_t i = 0; i < call->noptions; i++) {
		const char *p = call->option[i].name;

		if (p >= group.p && p < group.p + group.n) {
			*ret = str_n(p, call->option[i].n);
			return true;
		}
	}
	return false;
}

/* The option at *at, with its value perhaps behind it. */
static int
take_option(const struct str *words, size_t n, size_t *at,
	    struct admin_call *call, struct admin_fail *f)
{
	struct str name, value, group, other;
	bool joined = str_cut(words[*at], '=', &name, &value);
	const char *known;
	bool wants;

	if (!option_find(call->row, name, &known, &wants, &group))
		return admin_fail(f, ADMIN_USAGE, "%s has no option %.*s",
				  call->row->words, STR_ARG(name));
	if (group_given(call, group, &other)) {
		if (str_eq(other, name))
			return admin_fail(f, ADMIN_USAGE, "%.*s twice",
					  STR_ARG(name));
		return admin_fail(f, ADMIN_USAGE,
				  "either %.*s or %.*s, not both",
				  STR_ARG(other), STR_ARG(name));
	}
	if (joined && !wants)
		return admin_fail(f, ADMIN_USAGE, "%.*s takes no value",
				  STR_ARG(name));
	if (wants && !joined) {
		if (++*at >= n)
			return admin_fail(f, ADMIN_USAGE, "%.*s wants a value",
					  STR_ARG(name));
		value = words[*at];
	}
	assert(call->noptions < ADMIN_OPTIONS);
	call->option[call->noptions].name = known;
	call->option[call->noptions].n = name.n;
	call->option[call->noptions++].value = value;
	return ADMIN_DONE;
}

static bool
one_of(struct str list, struct str word)
{
	struct str one;

	while (str_next(&list, '|', &one)) {
		if (str_eq(one, word))
			return true;
	}
	return false;
}

/* Are there as many parameters as the row wants, and its words among them? */
static int
check_params(const struct admin_call *call, struct admin_fail *f)
{
	struct str rest = str_c(call->row->params), p;
	size_t i = 0;

	for (; column_next(&rest, &p); i++) {
		bool optional = p.p[0] == '[';
		struct str inside = optional ? str_sub(p, 1, p.n - 2) : p;

		if (i >= call->nparams) {
			if (optional)
				continue;
			return admin_fail(f, ADMIN_USAGE, "%s wants %.*s",
					  call->row->words, STR_ARG(p));
		}
		if (str_chr(inside, '|', 0) >= 0 &&
		    !one_of(inside, call->param[i]))
			return admin_fail(f, ADMIN_USAGE,
					  "'%.*s' is not one of %.*s",
					  STR_ARG(call->param[i]),
					  STR_ARG(inside));
		if (call->param[i].n == 0)
			return admin_fail(f, ADMIN_USAGE, "an empty %.*s",
					  STR_ARG(inside));
	}
	if (call->nparams > i)
		return admin_fail(f, ADMIN_USAGE, "%s wants no '%.*s'",
				  call->row->words, STR_ARG(call->param[i]));
	return ADMIN_DONE;
}

int
admin_match(const struct str *words, size_t n, struct admin_call *ret,
	    struct admin_fail *reterr)
{
	struct admin_call call = { 0 };
	bool options = true;
	size_t at = 0;
	int rc;

	*ret = call;
	if (n == 0)
		return admin_fail(reterr, ADMIN_USAGE, "no command");
	if (n > ADMIN_WORDS)
		return admin_fail(reterr, ADMIN_USAGE, "too many words");
	call.row = row_find(words, n, &at);
	if (!call.row)
		return no_row(words, n, reterr);
	ret->row = call.row;
	for (; at < n; at++) {
		if (options && str_eq(words[at], STR("--"))) {
			options = false;
			continue;
		}
		if (options && str_starts(words[at], STR("-"))) {
			rc = take_option(words, n, &at, &call, reterr);
			if (rc != ADMIN_DONE)
				return rc;
			continue;
		}
		if (call.nparams == ADMIN_PARAMS)
			return admin_fail(reterr, ADMIN_USAGE,
					  "too many words");
		call.param[call.nparams++] = words[at];
	}
	rc = check_params(&call, reterr);
	if (rc == ADMIN_DONE)
		*ret = call;
	return rc;
}
