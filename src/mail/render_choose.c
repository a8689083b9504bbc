/*
 * render_choose: which of the fields that a part came with are given again.
 *
 * A reader must find in a part's fields what we know of it: its octets are
 * encoded for the TYPE that is stored, and are text in its charset.  So the
 * Content-Type it came with is given again only if it says the same, and has
 * no octet that must be replaced; else ours stands.  A file name may be in it
 * as well as in Content-Disposition, so one that stood in a Content-Type that
 * is ours goes into a Content-Disposition of ours.
 */
#include "mail/message_priv.h"
#include "mail/render_priv.h"

struct fields {
	/* The first field of each name. */
	struct field {
		bool there, clean;
	} first[HEADER_ONCE];
	struct buf value; /* of the type, unfolded */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The field of that name if it is the first one, or NULL. */
static struct field *
field_begin(struct fields *f, struct str name)
{
	enum header_once which = header_once(name);
	struct field *ret;

	if (which == HEADER_ONCE || f->first[which].there)
		return NULL;
	ret = &f->first[which];
	*ret = (struct field){ true, true };
	return ret;
}

static int
fields_read(struct str block, struct fields *f)
{
	struct header_lines lines = { .block = block };
	const struct field *type = &f->first[HEADER_TYPE];
	struct field *at = NULL;
	struct str name, line;
	int err = 0;

	while (err == 0 && header_next(&lines, &name, &line)) {
		if (name.p) {
			at = field_begin(f, name);
			line = str_from(line, at == type);
		}
		if (!at)
			continue;
		at->clean = at->clean && header_is_clean(line);
		if (at == type)
			err = buf_add_str(&f->value, line);
	}
	return err;
}

/* --- what a type says --- */

/* Take the next parameter off *rest; what it makes no sense of has a name, but
 * no value.  *ret_value is as written, without quotes.  False at the end. */
static bool
param_next(struct str *rest, struct str *ret_name, struct str *ret_value)
{
	struct str s = *rest;
	size_t n = 0;

	while (s.n > 0 && (is_blank(s.p[0]) || s.p[0] == ';'))
		s = str_from(s, 1);
	if (s.n == 0)
		return false;
	while (n < s.n && s.p[n] != '=' && s.p[n] != ';' && !is_blank(s.p[n]))
		n++;
	*ret_name = str_sub(s, 0, n);
	*ret_value = STR("");
	*rest = message_skip_blanks(str_from(s, n));
	if (!str_starts(*rest, STR("=")))
		return true;
	s = message_skip_blanks(str_from(*rest, 1));
	n = 0;
	if (str_starts(s, STR("\""))) {
		s = str_from(s, 1);
		while (n < s.n && s.p[n] != '"')
			n += s.p[n] == '\\' && n + 1 < s.n ? 2 : 1;
		*rest = str_from(s, n + 1);
	} else {
		while (n < s.n && s.p[n] != ';' && !is_blank(s.p[n]))
			n++;
		*rest = str_from(s, n);
	}
	*ret_value = str_sub(s, 0, n);
	return true;
}

/* Its first value; p is NULL if there is none. */
static struct str
param_of(struct str params, struct str wanted)
{
	struct str name, value;

	while (param_next(&params, &name, &value))
		if (str_eqi(name, wanted))
			return value;
	return (struct str){ NULL, 0 };
}

/* "name", or a piece of it (RFC 2231). */
static bool
has_file_name(struct str params)
{
	struct str name, value;

	while (param_next(&params, &name, &value))
		if (str_eqi(str_sub(name, 0, 4), STR("name")) && value.n > 0)
			return true;
	return false;
}

static bool
same_value(struct str a, struct str b, bool any_case)
{
	if (!a.p || !b.p)
		return !a.p && !b.p;
	return any_case ? str_eqi(a, b) : str_eq(a, b);
}

/* Does the value of a Content-Type say what type says?  *ret_params is what it
 * has behind the base. */
static bool
says(struct str value, struct str type, struct str *ret_params)
{
	struct str base = message_type_base(type), params;

	value = message_skip_blanks(value);
	if (!str_eqi(str_sub(value, 0, base.n), base))
		return false;
	params = message_skip_blanks(str_from(value, base.n));
	if (params.n > 0 && params.p[0] != ';')
		return false;
	*ret_params = params;
	return same_value(param_of(params, STR("charset")),
			  message_type_param(type, STR("charset")), true) &&
	       same_value(param_of(params, STR("boundary")),
			  message_type_param(type, STR("boundary")), false);
}

/* --- the choice --- */

enum header_once
header_once(struct str name)
{
	static const char *const names[HEADER_ONCE] = {
		[HEADER_TYPE] = "Content-Type",
		[HEADER_DISPOSITION] = "Content-Disposition",
		[HEADER_ID] = "Content-ID",
	};
	size_t i = 0;

	while (i < HEADER_ONCE && !str_eqi(name, str_c(names[i])))
		i++;
	return (enum header_once)i;
}

static void
choose(const struct fields *f, const struct message_part *p, bool container,
       struct header_choice *ret)
{
	const struct field *type = &f->first[HEADER_TYPE];
	const struct field *disposition = &f->first[HEADER_DISPOSITION];
	const struct field *id = &f->first[HEADER_ID];
	struct str params = STR("");
	bool *given = ret->given;
	bool named, lost;

	*ret = (struct header_choice){ .mime = true };
	given[HEADER_TYPE] = !container && type->there && type->clean &&
			     message_type_check(p->type) == 0 &&
			     says(buf_str(&f->value), p->type, &params);
	named = given[HEADER_TYPE] && has_file_name(params);
	/* A name in the type counts where the disposition has none; where that
	 * is ours, it must not come to count. */
	if (named && p->file.n == 0 && disposition->there &&
	    !disposition->clean)
		named = given[HEADER_TYPE] = false;
	lost = !container && type->there && !given[HEADER_TYPE] &&
	       p->file.n > 0;
	given[HEADER_DISPOSITION] = disposition->there && disposition->clean &&
				    !lost;
	if (disposition->there)
		ret->own_disposition = !given[HEADER_DISPOSITION];
	else
		ret->own_disposition = p->file.n > 0 && !named;
	given[HEADER_ID] = id->there && id->clean;
}

int
header_choose(struct str block, const struct message_part *p, bool container,
	      struct header_choice *ret)
{
	struct fields f = { 0 };
	int err;

	buf_init(&f.value, MESSAGE_HEADER_MAX);
	err = fields_read(block, &f);
	if (err == 0)
		choose(&f, p, container, ret);
	buf_done(&f.value);
	return err;
}
