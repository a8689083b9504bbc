/*
 * message: one message as FETCH +JSON -DATA tells it.
 */
#ifndef IMMP_MESSAGE_H
#define IMMP_MESSAGE_H

#include <jansson.h>

#include "base/buf.h"
#include "immp/app.h"

/* Octets of the JSON of a message without its parts' octets. */
#define MESSAGE_JSON (32u << 20)

/*
 * Ask for the message that word names (UUID or PATH#UUID) without marking it
 * read.  *ret is for json_decref(); target (NUL-terminated) is what to call it
 * in further commands.  0 or an exit code; the reason has been said.
 */
int message_get(struct immp *c, const char *word, struct buf *target,
		json_t **ret);

/* Does word name one message?  0 or APP_USAGE, said.  Asks nobody. */
int message_named(const char *word);

/* A part: views into the JSON. */
struct part_view {
	struct str id, type, file, in;
	uint64_t length;
	bool content, is_inline;
	bool source;		/* the whole as it was before it was imported */
};
size_t message_parts(const json_t *m);
void message_part(const json_t *m, size_t i, struct part_view *ret);
/* Something to save (mail/message.h). */
bool part_is_attachment(const struct part_view *p);
/* Does the type begin so ("text/html")?  Without regard to case. */
bool part_type_is(const struct part_view *p, const char *type);
/* A parameter of the type, such as charset; copied, lower case, "" if it is
 * missing. */
void part_param(const struct part_view *p, const char *name, char *dst,
		size_t cap);
/* The part whose text is to be shown: plain text rather than HTML where one is
 * the alternative of the other.  False if the message has none. */
bool message_text_part(const json_t *m, struct part_view *ret);

/*
 * Gather the octets of what is fetched in b.  A sink for immp_fetch(); stops,
 * with b full, at b's ceiling.
 */
int message_gather(void *ctx, const struct immp_piece *p);

#endif
