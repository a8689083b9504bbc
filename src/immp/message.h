/*
 * message: one message as FETCH +JSON -DATA tells it.
 */
#ifndef IMMP_MESSAGE_H
#define IMMP_MESSAGE_H

#include <jansson.h>

#include "base/buf.h"
#include "immp/app.h"
#include "immp/part.h"

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

/* Its parts: views into the JSON. */
size_t message_parts(const json_t *m);
void message_part(const json_t *m, size_t i, struct part_view *ret);
/* All of them, for mem_free().  0 or an exit code, said. */
int message_views(const json_t *m, struct part_view **ret, size_t *ret_n);
/* The part whose text is to be shown first.  False if the message has none. */
bool message_text_part(const json_t *m, struct part_view *ret);

/*
 * Gather the octets of what is fetched in b.  A sink for immp_fetch(); stops,
 * with b full, at b's ceiling.
 */
int message_gather(void *ctx, const struct immp_piece *p);

#endif
