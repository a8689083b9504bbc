/*
 * type: Content-Type and Content-Disposition, and the TYPE that comes of one.
 *
 * Plain parameters are read here; GMime reads those with anything more to
 * them: RFC 2231, encoded words, comments, and what is broken.
 */
#include <gmime/gmime.h>

#include "base/utf8.h"
#include "mail/message.h"
#include "mime/mime_priv.h"

/* Of a value with parameters, no more is read. */
#define VALUE_MAX 16384
/* Of a type and of a subtype (RFC 6838). */
#define BASE_MAX 127
#define FILE_MAX 255

static bool
is_token(struct str s)
{
	return s.n > 0 && message_token(s) == s.n;
}

static struct str
skip_blanks(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_from(s, 1);
	return s;
}

/* The plain value at the front of *s: a token, or quoted without escapes,
 * controls and encoded words.  Octets above 127 are plain: GMime loses some. */
static bool
plain_value(struct str *s, struct str *ret)
{
	size_t n = message_token(*s);
	ptrdiff_t close;

	if (n > 0) {
		*ret = str_sub(*s, 0, n);
		*s = str_from(*s, n);
		return true;
	}
	if (!str_starts(*s, STR("\"")))
		return false;
	close = str_chr(*s, '"', 1);
	if (close < 0)
		return false;
	*ret = str_sub(*s, 1, (size_t)close - 1);
	for (size_t i = 0; i < ret->n; i++)
		if ((unsigned char)ret->p[i] < ' ' || ret->p[i] == 0x7f ||
		    ret->p[i] == '\\')
			return false;
	*s = str_from(*s, (size_t)close + 1);
	return str_find(*ret, STR("=?")) < 0;
}

/* Parameters of the usual form; false if there is one that is not. */
static bool
plain_params(struct str s, struct mime_value *v)
{
	struct mime_param p;

	for (s = skip_blanks(s); s.n > 0; s = skip_blanks(s)) {
		size_t n;

		if (s.p[0] != ';')
			return false;
		s = skip_blanks(str_from(s, 1));
		if (s.n == 0)
			break;
		n = message_token(s);
		p.name = str_sub(s, 0, n);
		s = str_from(s, n);
		if (n == 0 || memchr(p.name.p, '*', n) ||
		    !str_starts(s, STR("=")))
			return false;
		s = str_from(s, 1);
		if (v->nparams == MIME_PARAMS || !plain_value(&s, &p.value))
			return false;
		v->params[v->nparams++] = p;
	}
	return true;
}

/* The same through GMime. */
static int
any_params(struct arena *a, struct str s, struct mime_value *v)
{
	char *text = mime_cstr(a, s, VALUE_MAX);
	GMimeParamList *list;
	int n;

	v->nparams = 0;
	if (!text)
		return ERR_NOMEM;
	list = g_mime_param_list_parse(NULL, text);
	n = list ? g_mime_param_list_length(list) : 0;
	for (int i = 0; i < n && v->nparams < MIME_PARAMS; i++) {
		GMimeParam *param = g_mime_param_list_get_parameter_at(list, i);
		struct mime_param *p = &v->params[v->nparams];

		p->name = arena_str(a, str_c(g_mime_param_get_name(param)));
		p->value = arena_str(a, str_c(g_mime_param_get_value(param)));
		if (!p->name.p || !p->value.p)
			break;
		v->nparams++;
	}
	if (list)
		g_object_unref(list);
	return 0;
}

/* Split a value into what stands before the first ';', in lower case, and
 * its parameters. */
static int
value_read(struct arena *a, struct str raw, struct mime_value *ret)
{
	struct str value, base, params;
	char *low;
	int err = mime_unfold(a, raw, &value);

	ret->nparams = 0;
	if (err < 0)
		return err;
	if (!str_cut(value, ';', &base, &params))
		params = str_from(value, value.n);
	else
		params = str_n(params.p - 1, params.n + 1);
	base = str_trim(base);
	low = arena_alloc(a, base.n + 1);
	if (!low)
		return ERR_NOMEM;
	for (size_t i = 0; i < base.n; i++)
		low[i] = base.p[i] >= 'A' && base.p[i] <= 'Z' ?
				 (char)(base.p[i] | 0x20) :
				 base.p[i];
	ret->base = str_n(low, base.n);
	if (plain_params(params, ret))
		return 0;
	return any_params(a, str_from(params, 1), ret);
}

/* type/subtype of tokens at the front of base, or "text/plain". */
static struct str
type_base(struct str base)
{
	struct str major, minor;

	if (!str_cut(base, '/', &major, &minor) ||
	    str_chr(minor, '/', 0) >= 0)
		return STR("text/plain");
	minor = str_sub(minor, 0, message_token(minor));
	if (!is_token(major) || minor.n == 0 || major.n > BASE_MAX)
		return STR("text/plain");
	if (minor.n > BASE_MAX)
		minor.n = BASE_MAX;
	return str_sub(base, 0, major.n + 1 + minor.n);
}

int
mime_type_read(struct arena *a, struct str value, const char *def,
	       struct mime_value *ret)
{
	int err;

	if (!value.p) {
		ret->base = str_c(def);
		ret->nparams = 0;
		return 0;
	}
	err = value_read(a, value, ret);
	if (err == 0)
		ret->base = type_base(ret->base);
	return err;
}

int
mime_disposition_read(struct arena *a, struct str value, struct mime_value *ret)
{
	ret->base = STR("");
	ret->nparams = 0;
	if (!value.p)
		return 0;
	return value_read(a, value, ret);
}

struct str
mime_value_param(const struct mime_value *v, const char *name)
{
	for (size_t i = 0; i < v->nparams; i++)
		if (str_eqi(v->params[i].name, str_c(name)))
			return v->params[i].value;
	return (struct str){ NULL, 0 };
}

/* Append "; name=value" to the n octets in dst; n if it cannot be written or
 * would not fit. */
static size_t
param_format(char dst[static MESSAGE_TYPE_MAX], size_t n, const struct mime_param *p)
{
	size_t at = n + 3 + p->name.n;
	bool token = is_token(p->value);

	/* Each octet may take two, and there are quotes. */
	if (!is_token(p->name) || at > MESSAGE_TYPE_MAX || p->value.n > MESSAGE_TYPE_MAX)
		return n;
	memcpy(dst + n, "; ", 2);
	memcpy(dst + n + 2, p->name.p, p->name.n);
	dst[at - 1] = '=';
	if (token) {
		if (p->value.n > MESSAGE_TYPE_MAX - at)
			return n;
		memcpy(dst + at, p->value.p, p->value.n);
		return at + p->value.n;
	}
	if (at + 2 > MESSAGE_TYPE_MAX)
		return n;
	dst[at++] = '"';
	for (size_t i = 0; i < p->value.n; i++) {
		char c = p->value.p[i];

		if (c < ' ' || c > '~' || at + 3 > MESSAGE_TYPE_MAX)
			return n;
		if (c == '"' || c == '\\')
			dst[at++] = '\\';
		dst[at++] = c;
	}
	dst[at++] = '"';
	return at;
}

/* Which parameters come first: they must not be lost when there is no room. */
static bool
is_first(struct str name)
{
	return str_eqi(name, STR("charset")) || str_eqi(name, STR("boundary"));
}

/* Of parameters of one name the first counts, also if it cannot be written:
 * else another would take its place. */
static bool
is_repeated(const struct mime_value *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eqi(v->params[k].name, v->params[i].name))
			return true;
	return false;
}

int
mime_type_format(struct arena *a, const struct mime_value *v,
		 bool with_boundary, struct str *ret)
{
	char text[MESSAGE_TYPE_MAX];
	size_t n = v->base.n;

	memcpy(text, v->base.p, n);
	for (size_t turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < v->nparams; i++) {
			const struct mime_param *p = &v->params[i];

			if (is_first(p->name) != (turn == 0) ||
			    str_eqi(p->name, STR("name")) || is_repeated(v, i))
				continue;
			if (!with_boundary &&
			    str_eqi(p->name, STR("boundary")))
				continue;
			n = param_format(text, n, p);
		}
	}
	*ret = n == v->base.n ? v->base : arena_str(a, str_n(text, n));
	return ret->p ? 0 : ERR_NOMEM;
}

int
mime_file_clean(struct arena *a, struct str name, struct str *ret)
{
	size_t n = 0;
	uint32_t cp;
	char *p;

	/* At worst each octet becomes three. */
	p = arena_alloc(a, 3 * name.n);
	if (!p)
		return ERR_NOMEM;
	while (name.n > 0) {
		int len = utf8_decode(name, &cp);

		if (len <= 0) {
			memcpy(p + n, MIME_REPLACEMENT.p, MIME_REPLACEMENT.n);
			n += MIME_REPLACEMENT.n;
			len = (int)utf8_bad_length(name);
		} else if (!utf8_is_control(cp) && !utf8_is_bidi(cp)) {
			memcpy(p + n, name.p, (size_t)len);
			n += (size_t)len;
		}
		name = str_from(name, (size_t)len);
	}
	name = str_trim(str_n(p, n));
	name.n = utf8_clip(name, FILE_MAX);
	*ret = str_trim(name);
	return 0;
}
