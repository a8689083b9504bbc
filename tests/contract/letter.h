/* letter: messages to deliver, built by a few words. */
#ifndef CONTRACT_LETTER_H
#define CONTRACT_LETTER_H

#include "contract/world.h"

struct letter {
	const char *from;	/* key; default bob@b.test */
	const char *to;		/* shown recipient; default alice@a.test */
	const char *text;	/* content; default "hello" */
	const char *origin;	/* default: the domain of from */
	uint64_t size;		/* default: length of text */
	uint64_t received;	/* default: later than all before */
	bool once, important;
	struct uuid id;		/* default: a new one */
	const struct uuid *reply;
};

/* As a message that p files in INBOX. */
struct store_append letter_append(struct world *w, const struct person *p,
				  struct letter l);
/* The job, without recipients, and recipients: as such, as the sender, or as
 * both. */
struct store_deliver letter_job(struct world *w, struct letter l);
struct store_deliver_to letter_to(const struct person *p);
struct store_deliver_to letter_sent(const struct person *p);
struct store_deliver_to letter_self(const struct person *p);

/* Deliver to INBOX of one, which must succeed; its _id there. */
struct uuid letter_send(struct world *w, const struct person *p,
			struct letter l);
/* The same to any one place; the job's error. */
int letter_try(struct world *w, struct store_deliver_to *to, struct letter l);

#endif
