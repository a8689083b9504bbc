/*
 * export_out: where exported messages go, a folder at a time.
 *
 * A message that was put is not there yet: export_out_commit() makes all that
 * were put since the last one durable, and only then gives them their names
 * (or, in an mbox, writes down that they are there).  Killed at any moment, the
 * next run finds what was committed and nothing of the rest.
 *
 * Syncing is by the batch, one for some hundred files: an fsync() for each
 * costs as much as a revolution of a disk, or a flush of its cache, every time.
 */
#ifndef IMMP_EXPORT_OUT_H
#define IMMP_EXPORT_OUT_H

#include "immp/export/name.h"
#include "immp/export/seen.h"
#include "immp/export/spool.h"
#include "immp/export/words.h"

enum export_form { EXPORT_MAILDIR, EXPORT_MBOX, EXPORT_EML, EXPORT_JSON };

/* Messages and octets of a batch. */
#define EXPORT_BATCH 200
#define EXPORT_BATCH_OCTETS (64u << 20)

struct export_message {
	struct uuid id;
	uint64_t received;	/* Unix ms */
	struct str from;	/* an address, or empty */
	unsigned flags;		/* enum export_flag */
	struct str words;	/* keywords, blanks between them */
};

struct export_pending {
	struct uuid id;
	bool is_new;		/* to new/ of a Maildir */
	char name[EXPORT_FILE];
};

struct export_out {
	enum export_form form;
	int root;		/* the folder named; locked while open */
	int dir;		/* of the mail folder, or where the mbox is */
	int tmp, new_, cur;	/* of a Maildir */
	int mbox, log;		/* an mbox and what is written down of it */
	uint64_t at;		/* octets of the mbox */
	const char *why;	/* more of the last error, or NULL */
	struct export_seen seen;
	struct export_spool spool;
	struct export_words words;	/* of a folder of a Maildir */
	struct export_pending pending[EXPORT_BATCH];
	size_t npending;
	uint64_t octets;	/* of them */
};

/*
 * Open the folder dir, made if it is missing; lock: with no other export at
 * work in it (ERR_LOCKED).  Afterwards export_out_done(), also when this
 * failed.
 */
int export_out_init(struct export_out *o, enum export_form form,
		    const char *dir, bool lock) WARN_UNUSED;
void export_out_done(struct export_out *o);
/*
 * The folder that messages now go to; what it holds already is in o->seen.
 * path: canonical ("INBOX/Lists"); "" is the root.  Commit first.
 */
int export_out_folder(struct export_out *o, struct str path) WARN_UNUSED;
/* One file for all folders, in root. */
int export_out_file(struct export_out *o, const char *name) WARN_UNUSED;
/* Is there room in the batch?  If not, commit. */
bool export_out_full(const struct export_out *o);
/* What o->spool holds is this message; there must be room. */
int export_out_put(struct export_out *o,
		   const struct export_message *m) WARN_UNUSED;
/* The pending messages are still in o->pending afterwards, but no more
 * pending. */
int export_out_commit(struct export_out *o) WARN_UNUSED;
/* The last folder or file is complete. */
int export_out_end(struct export_out *o) WARN_UNUSED;

/* --- of the forms; export_out.c chooses --- */

/* Open or make the folder name in at; one that is new is made durable. */
int export_dir_make(int at, const char *name, int *ret) WARN_UNUSED;
int export_dir_open(struct export_out *o, struct str path) WARN_UNUSED;
int export_dir_put(struct export_out *o,
		   const struct export_message *m) WARN_UNUSED;
int export_dir_commit(struct export_out *o) WARN_UNUSED;
int export_mbox_open(struct export_out *o, const char *name) WARN_UNUSED;
int export_mbox_put(struct export_out *o,
		    const struct export_message *m) WARN_UNUSED;
int export_mbox_commit(struct export_out *o) WARN_UNUSED;
int export_mbox_end(struct export_out *o) WARN_UNUSED;

#endif
