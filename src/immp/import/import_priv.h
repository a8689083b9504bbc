/* import_priv: what the files of import share. */
#ifndef IMMP_IMPORT_PRIV_H
#define IMMP_IMPORT_PRIV_H

#include "immp/import/import.h"

struct import_item {
	char id[IMMP_UUID_SIZE];
	struct str octets;
	char *copy;		/* where they lie, mem_alloc()ed; NULL: with
				 * who gave the message */
	const struct mapped *file; /* NULL if there is a copy */
	char *where;
	const char *folder;	/* of im->names */
	const char **flags;	/* mem_alloc()ed, with its words */
	uint64_t received;
	bool present;
};

/* Envelope and parts of one message to the server.  0 or im->rc. */
int import_send(struct import *im, const struct import_item *it);

/* Ends the run; each says why and returns im->rc. */
int import_no_memory(struct import *im);
int import_lost(struct import *im, int error);

#endif
