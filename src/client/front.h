/*
 * front: what our own program uses of a connection beyond immp.h.
 */
#ifndef CLIENT_FRONT_H
#define CLIENT_FRONT_H

#include "client/engine.h"

/*
 * The bare protocol: from now on octets of the server go to fn as they come
 * (inside immp_wait() and front_write()), and only front_write() sends.
 * Nothing may be under way.  0 or an error.
 */
int front_raw(struct immp *c, engine_raw_fn fn, void *ctx) WARN_UNUSED;
/* Send octets as they are; waits until at most a bounded number is unsent. */
int front_write(struct immp *c, struct str octets) WARN_UNUSED;

/* The commands of the protocol, for completion: "MBOX INDEX", its syntax and
 * help, by number from 0; false behind the last. */
struct front_command {
	const char *verb, *sub, *help;
	bool later;	/* brought by a later version */
};
bool front_command(size_t i, struct front_command *ret);

#endif
