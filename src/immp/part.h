/*
 * part: the parts of a message as a reader sees them.  Pure.
 *
 * The texts of a message are its parts of type text/... without a file name.
 * Of those in one multipart/alternative, at whatever depth, one is shown: plain
 * text rather than another form.
 */
#ifndef IMMP_PART_H
#define IMMP_PART_H

#include "base/str.h"

/* A part: views into what describes it. */
struct part_view {
	struct str id, type, file, in;
	uint64_t length;
	bool content, is_inline;
	bool source;		/* the whole as it was before it was imported */
};

/* Something to save (mail/message.h). */
bool part_is_attachment(const struct part_view *p);
/* Does the type begin so ("text/html")?  Without regard to case. */
bool part_type_is(const struct part_view *p, const char *type);
/* A parameter of the type, such as charset; copied, lower case, "" if it is
 * missing. */
void part_param(const struct part_view *p, const char *name, char *dst,
		size_t cap);

/* More texts are not looked for; nor are any in a message of more parts. */
#define PART_TEXTS 100
#define PART_LOOKED 1000
/* The text that stands for the content; n: the content is none. */
size_t part_first_text(const struct part_view *v, size_t n);
/* Which parts to show, that one first, the others in their order.  Returns how
 * many. */
size_t part_texts(const struct part_view *v, size_t n,
		  size_t ret[static PART_TEXTS]);
/* The HTML that says the same as text i, for where that is empty; n: none. */
size_t part_other_form(const struct part_view *v, size_t n, size_t i);

#endif
