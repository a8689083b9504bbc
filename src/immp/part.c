#include "immp/part.h"

#include "mail/message.h"

#define DEPTH 32	/* of multiparts, as of messages */

bool
part_type_is(const struct part_view *p, const char *type)
{
	struct str t = str_c(type);

	return str_eqi(str_sub(p->type, 0, t.n), t);
}

bool
part_is_attachment(const struct part_view *p)
{
	const struct message_part part = {
		.id = p->id, .type = p->type, .file = p->file,
		.content = p->content, .length = p->length,
	};

	return message_part_is_attachment(&part, p->source);
}

void
part_param(const struct part_view *p, const char *name, char *dst, size_t cap)
{
	struct str rest = p->type, field, key, value;

	dst[0] = '\0';
	while (str_next(&rest, ';', &field)) {
		if (!str_cut(field, '=', &key, &value) ||
		    !str_eqi(str_trim(key), str_c(name)))
			continue;
		value = str_trim(value);
		if (value.n >= 2 && value.p[0] == '"' &&
		    value.p[value.n - 1] == '"')
			value = str_sub(value, 1, value.n - 2);
		if (str_copy(value, dst, cap) < 0)
			dst[0] = '\0';
		break;
	}
	for (; *dst; dst++)
		if (*dst >= 'A' && *dst <= 'Z')
			*dst = (char)(*dst + 32);
}

/* --- texts --- */

/* A text to be shown, if no other form of it is. */
static bool
is_text(const struct part_view *p)
{
	return part_type_is(p, "text/") && !p->source &&
	       (p->content || (p->file.n == 0 && !part_is_attachment(p) &&
			       !part_type_is(p, "text/rfc822-headers")));
}

/* The outermost multipart/alternative around part i; n: there is none. */
static size_t
alternative_of(const struct part_view *v, size_t n, size_t i)
{
	size_t found = n;

	for (int depth = 0; v[i].in.n && depth < DEPTH; depth++) {
		size_t up = 0;

		while (up < n && !str_eq(v[up].id, v[i].in))
			up++;
		if (up == n)
			break;
		i = up;
		if (part_type_is(&v[i], "multipart/alternative"))
			found = i;
	}
	return found;
}

/* Of the forms in the alternative `group` the one to show: the first that is
 * plain, else the content, else the first. */
static size_t
best_form(const struct part_view *v, size_t n, size_t group)
{
	size_t best = n;

	for (size_t i = 0; i < n; i++) {
		if (!is_text(&v[i]) || alternative_of(v, n, i) != group)
			continue;
		if (part_type_is(&v[i], "text/plain"))
			return i;
		if (best == n || v[i].content)
			best = i;
	}
	return best;
}

size_t
part_first_text(const struct part_view *v, size_t n)
{
	size_t i = 0, group;

	while (i < n && !v[i].content)
		i++;
	if (i == n || !part_type_is(&v[i], "text/"))
		return n;
	if (part_type_is(&v[i], "text/plain"))
		return i;
	group = alternative_of(v, n, i);
	return group == n ? i : best_form(v, n, group);
}

size_t
part_texts(const struct part_view *v, size_t n, size_t ret[static PART_TEXTS])
{
	size_t first = part_first_text(v, n), group = n, count = 0;

	if (first < n) {
		ret[count++] = first;
		group = alternative_of(v, n, first);
	}
	for (size_t i = 0; n <= PART_LOOKED && i < n && count < PART_TEXTS;
	     i++) {
		size_t other;

		if (i == first || !is_text(&v[i]))
			continue;
		other = alternative_of(v, n, i);
		if (other == n ||
		    (other != group && best_form(v, n, other) == i))
			ret[count++] = i;
	}
	return count;
}

size_t
part_other_form(const struct part_view *v, size_t n, size_t i)
{
	size_t group = alternative_of(v, n, i);

	for (size_t k = 0; group < n && k < n; k++) {
		if (k != i && is_text(&v[k]) &&
		    part_type_is(&v[k], "text/html") &&
		    alternative_of(v, n, k) == group)
			return k;
	}
	return n;
}
