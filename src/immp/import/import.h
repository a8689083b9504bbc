/*
 * import: mail of other systems into folders of ours.
 *
 *	import_walk()  files, mboxes, Maildirs -> one message after the other
 *	import_add()   -> its ID, gathered into batches
 *	               -> who is there already (one question a batch)
 *	               -> envelope and parts (mime) -> immp_append()
 *
 * The ID of a message is a hash of its octets (out of an mbox, without the
 * marks of its readers), its folder, and which of several equal ones of its
 * source it is.  So a second run files nothing twice
 * and goes on where an interrupted one ended, and two equal messages of one
 * mbox are two.
 */
#ifndef IMMP_IMPORT_H
#define IMMP_IMPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/uuid.h"
#include "immp/app.h"
#include "immp/format/mbox.h"
#include "immp/term.h"

struct import_item;
struct mapped;
struct sha256;

/* Their IDs fit into one line. */
#define IMPORT_BATCH 128

/* A message as it is found. */
struct import_message {
	struct str octets;
	const char *where;	/* for people: "a.mbox: message 3" */
	const char *folder;	/* "/inbox/lists" */
	const char *const *flags; /* ended by NULL; may be NULL */
	uint64_t received;	/* Unix ms where the source knows; 0: not */
	const struct mapped *file; /* where the octets lie, or came from */
	bool mbox;		/* out of one: its marks are not of it */
};

/* Why a message of a file that got shorter is not taken. */
#define IMPORT_TORN "was changed while it was read"

struct import {
	const struct app *a;
	struct immp *c;
	const char *to;		/* --to, or NULL */
	enum mbox_kind kind;
	bool original, all_read;
	int rc;			/* an exit code that ends the run, and why */
	char why[600];
	int broken;		/* the error that lost the connection */

	struct map folders;	/* those that are there; no values */
	struct map seen;	/* hash of octets and folder -> struct equals */
	uint64_t source;	/* number of the source under way */
	struct map ids;		/* Message-ID -> UUID, for conversations */
	struct sha256 *hash;	/* for one message after the other */
	struct arena names;	/* what lives as long as the run */

	struct import_item *items; /* the batch */
	size_t nitems, octets;

	uint64_t found;		/* messages, and what was refused */
	uint64_t filed, present, refused;
	uint64_t done, total;	/* octets, for the bar */
	struct term_progress progress;
	struct buf failures;	/* in JSON */
};

/* 0 or an exit code, said. */
int import_init(struct import *im, const struct app *a, struct immp *c);
void import_done(struct import *im);
/* End the run: say why, and keep it for JSON.  The code. */
int import_end(struct import *im, enum app_exit code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Everything below path.  0, or an exit code that ends the run. */
int import_walk(struct import *im, const char *path);
/* Equal messages are counted anew from here on. */
void import_source(struct import *im);
/* One message; the same results.  m is copied or used before it returns. */
int import_add(struct import *im, const struct import_message *m);
/* Send what is gathered. */
int import_flush(struct import *im);
/* Wait until all is filed. */
int import_finish(struct import *im);
/* Say why a message, or a file, was not taken; counts it. */
void import_refuse(struct import *im, const char *where, const char *why);

#endif
