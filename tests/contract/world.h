/*
 * world: what every test of the contract suite stands on.
 *
 * A test gets a fresh store of the backend that is the program's argument, a
 * reader, and an arena for results.  When it ends, whatever it has made is
 * checked once more: no findings of store_verify(), all counters as counted by
 * hand, and a store that is durable is the same after it was closed and opened.
 *
 * Limits are small (world_limits), so that tests reach them.
 */
#ifndef CONTRACT_WORLD_H
#define CONTRACT_WORLD_H

#include "lib/test.h"
#include "store/store.h"

struct world;

/* open makes a new store or opens that of before (w->place tells); close ends
 * it; drop removes what it has left behind. */
struct backend {
	const char *name;
	bool durable;
	int (*open)(struct world *w, struct store **ret);
	void (*drop)(struct world *w);
};

/* The backend of that name, or NULL. */
const struct backend *backend_by_name(const char *name);

#define WORLD_FOLDERS 20
#define WORLD_DEVICES 3
#define WORLD_QUOTA (1024 * 1024)
#define WORLD_DAY 86400000ull

struct world {
	const struct backend *backend;
	char place[256];	/* folder of a durable store; or empty */
	struct limits limits;
	struct store *s;
	struct store_reader *r;
	struct arena a;
	uint64_t now;		/* grows with every letter */
	uint32_t ids;		/* uuids made so far */
};

/* Use in main(): names the backend by argv[1]. */
void world_init(int argc, char **argv);
/* A name for the group of tests: that of the backend. */
const char *world_name(void);
int world_setup(void **state);
int world_teardown(void **state);

#define WORLD_TEST(f) \
	cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

/* Close the store and open it again; durable backends only. */
void world_reopen(struct world *w);

/* --- writing --- */

/* One job in a batch of its own; its error. */
int world_run(struct world *w, struct store_job *job);
void world_write(struct world *w, struct store_job **jobs, size_t n);
/* world_run() that must succeed, for any job struct. */
#define world_must(w, j) assert_rc(world_run((w), &(j)->job), 0)

/* Somebody with an account, in a domain that exists or is made. */
struct person {
	struct str name, key, domain;
	uint64_t account_id, mailbox_id;
};
struct person world_person(struct world *w, const char *name);
void world_quota(struct world *w, const struct person *p, uint64_t quota);
uint64_t world_domain(struct world *w, const char *name);
/* Makes a folder by its path; its id. */
uint32_t world_folder(struct world *w, const struct person *p,
		      const char *path);
/* ASCII text, case-folded; in the arena. */
struct str world_fold(struct world *w, struct str s);

/* Flags of one message. */
int world_mark(struct world *w, const struct person *p, const struct uuid *id,
	       unsigned set, unsigned clear);
/* DELETE or RESTORE of one message; how many changed, or an error.  What is
 * missing gives ERR_NOTFOUND. */
int world_remove(struct world *w, enum store_op op, const struct person *p,
		 const char *folder_key, const struct uuid *id);

/* --- reading; what is asked for must be there --- */

struct store_mailbox world_box(struct world *w, const struct person *p);
struct store_folder world_find(struct world *w, const struct person *p,
			       const char *key);
/* 0 for the empty key: the whole mailbox. */
uint32_t world_folder_id(struct world *w, const struct person *p,
			 const char *key);
struct store_row world_row(struct world *w, const struct person *p,
			   const struct uuid *id);
/* Is it in the folder ("": in any)? */
bool world_has(struct world *w, const struct person *p, const char *key,
	       const struct uuid *id);
/* The folders of a row, sorted, joined by blanks. */
const char *world_folders(struct world *w, const struct store_row *row);
/* All rows of a folder (0: of the mailbox), oldest first. */
struct store_row *world_rows(struct world *w, uint64_t mailbox_id,
			     uint32_t folder_id, size_t *ret_n);
struct store_stats world_stats(struct world *w);

/* --- checking --- */

/* No findings, counters as counted. */
void world_check(struct world *w);
/* Everything that can be read, as text in the arena. */
struct str world_dump(struct world *w);

struct uuid world_uuid(struct world *w);

#endif
