/* export_index: what there is to export. */
#ifndef IMMP_EXPORT_INDEX_H
#define IMMP_EXPORT_INDEX_H

#include "base/arena.h"
#include "base/map.h"
#include "base/uuid.h"
#include "immp/app.h"

struct export_row {
	struct uuid id;
	uint64_t received;	/* Unix ms */
	uint64_t size : 56;	/* as INDEX tells it */
	uint64_t flags : 8;	/* enum export_flag */
	const char *from;
	const char *words;	/* keywords, blanks between them; "" */
};

/* The rows of a folder, the oldest first. */
struct export_index {
	struct export_row *rows;
	size_t n, cap;
	struct map known;	/* each address and list of keywords once */
	struct arena texts;
	int err;
};

void export_index_init(struct export_index *x);
void export_index_done(struct export_index *x);
/* List a folder, called as the server calls it.  0, or an error of the library;
 * IMMP_E_NOT_FOUND: there is none. */
int export_index_get(struct export_index *x, struct immp *c, const char *path);

struct export_folder {
	struct str asked;	/* as the server calls it */
	struct str path;	/* canonical: "INBOX/Lists" */
};
struct export_folders {
	struct export_folder *v;
	size_t n;
	bool alone;		/* a folder was named */
};
/*
 * The folders that path means: that folder alone, or (without a path in it)
 * all.
 * Memory is a's.  0 or an exit code, said.
 */
int export_folders_get(struct immp *c, struct arena *a, const char *path,
		       struct export_folders *ret);
/* Does a word ("/inbox") name one of them? */
bool export_folders_has(const struct export_folders *f, struct arena *a,
			const char *word);

#endif
