/*
 * export: the messages of a mailbox, brought here.
 *
 * A folder is listed first (some 50 octets of memory a message), then what is
 * not there yet is fetched, some dozens of messages a command and some commands
 * ahead, so that neither side waits for the other.  Nothing is marked read.
 */
#ifndef IMMP_EXPORT_H
#define IMMP_EXPORT_H

#include "immp/app.h"
#include "immp/export/index.h"
#include "immp/export/out.h"

struct export_counts {
	uint64_t exported;
	uint64_t skipped;	/* were there already */
	uint64_t deleted;	/* on the server */
	uint64_t kept;		/* not deleted: what is here is not whole */
	uint64_t damaged;	/* the server could not read them */
};

struct export_options {
	const char *file;	/* one mbox for all; NULL */
	bool remove;		/* delete on the server what is durable here */
};

/*
 * Export folders to out, which is open but has no folder yet.  0 or an exit
 * code; the reason has been said.  *counts is right in both cases.
 */
int export_run(struct immp *c, struct export_out *out,
	       const struct export_folders *folders,
	       const struct export_options *opts,
	       struct export_counts *counts);

/* Why writing failed, said; returns the exit code. */
int export_failed(const struct export_out *out, const char *what, int error);

#endif
