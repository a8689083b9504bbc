/*
 * message_type: media types, `type/subtype *( ";" name "=" value )` of RFC
 * 2045, where a value is a token or a quoted string of printable ASCII.
 */
#include "mail/message.h"
#include "mail/message_priv.h"

static bool
token_char(char c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

size_t
message_token(struct str s)
{
	size_t n = 0;

	while (n < s.n && token_char(s.p[n]))
		n++;
	return n;
}

/* Length of the quoted string at the front of s, 0 if it is none. */
static size_t
quoted_length(struct str s)
{
	if (s.n == 0 || s.p[0] != '"')
		return 0;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\' && ++i == s.n)
			return 0;
		if (s.p[i] < ' ' || s.p[i] > '~')
			return 0;
	}
	return 0;
}

struct str
message_skip_blanks(struct str s)
{
	while (s.p && s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_from(s, 1);
	return s;
}

struct str
message_type_base(struct str type)
{
	struct str base, params;

	(void)str_cut(type, ';', &base, &params);
	return str_trim(base);
}

int
message_type_next(struct str *rest, struct str *ret_name, struct str *ret_value)
{
	struct str s = message_skip_blanks(*rest), name;
	size_t n;

	if (s.n == 0)
		return 0;
	if (s.p[0] != ';')
		return ERR_VALUE;
	s = message_skip_blanks(str_from(s, 1));
	n = message_token(s);
	if (n == 0 || n == s.n || s.p[n] != '=')
		return ERR_VALUE;
	name = str_sub(s, 0, n);
	s = str_from(s, n + 1);
	n = message_token(s);
	if (n == 0)
		n = quoted_length(s);
	if (n == 0)
		return ERR_VALUE;
	*ret_name = name;
	*ret_value = str_sub(s, 0, n);
	*rest = str_from(s, n);
	return 1;
}

struct str
message_type_param(struct str type, struct str name)
{
	ptrdiff_t at = str_chr(type, ';', 0);
	struct str rest, key, value;

	if (at < 0)
		return (struct str){ NULL, 0 };
	rest = str_from(type, (size_t)at);
	while (message_type_next(&rest, &key, &value) > 0) {
		if (!str_eqi(key, name))
			continue;
		if (value.p[0] == '"')
			value = str_sub(value, 1, value.n - 2);
		return value;
	}
	return (struct str){ NULL, 0 };
}

int
message_type_check(struct str type)
{
	struct str rest, name, value;
	size_t major, minor;
	int more;

	if (type.n > MESSAGE_TYPE_MAX)
		return ERR_VALUE;
	major = message_token(type);
	if (major == 0 || major == type.n || type.p[major] != '/')
		return ERR_VALUE;
	minor = message_token(str_from(type, major + 1));
	if (minor == 0)
		return ERR_VALUE;
	rest = str_from(type, major + 1 + minor);
	do {
		more = message_type_next(&rest, &name, &value);
	} while (more > 0);
	return more;
}

bool
message_type_is_sealed(struct str type)
{
	return message_type_is(type, "multipart", "signed") ||
	       message_type_is(type, "multipart", "encrypted");
}

bool
message_type_is(struct str type, const char *major, const char *minor)
{
	struct str left, right;

	if (!str_cut(message_type_base(type), '/', &left, &right))
		return false;
	return str_eqi(left, str_c(major)) &&
	       (!minor || str_eqi(right, str_c(minor)));
}
