/*
 * play: an engine against a server that is only text.
 */
#ifndef UNIT_CLIENT_PLAY_H
#define UNIT_CLIENT_PLAY_H

#include "client/engine.h"
#include "lib/test.h"

struct play {
	struct engine *e;
	bool bytes;		/* feed octet by octet */
	struct buf heard;	/* what play_hear() was told, a line each */
	int stop_at;		/* the call at which it says stop; 0: never */
	int calls;
	bool open;		/* the last note is of a piece, which ends at */
	uint64_t next;
};

void play_init(struct play *p, bool bytes);
void play_done(struct play *p);
/* A new engine, past greeting, TLS and HELLO. */
void play_ready(struct play *p, bool bytes);
/* Octets of the server; the engine's result. */
int play_feed(struct play *p, struct str octets);
int play_say(struct play *p, const char *text);
/* What the engine wrote since the last time is this. */
void play_wrote(struct play *p, const char *want);
/* Submit a line for play_hear(); it must be taken. */
void play_send(struct play *p, const char *line);
/*
 * A reply function; its ctx is the play.  Notes "[id: ]CODE[*] TEXT" for a line
 * (with * if it is the last) and "@OFFSET/TOTAL OCTETS" for a piece.  Pieces
 * that follow one another are noted as one.
 */
int play_hear(void *ctx, const struct immp_reply *r);
/* What was heard since the last time is this. */
void play_heard(struct play *p, const char *want);

#endif
