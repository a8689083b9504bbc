/*
 * oracle: a second opinion on what a store should hold.
 *
 * It shares no code with any backend: mailboxes are plain arrays that are
 * walked for everything, folders are bits, keywords are bits.  A step is a job
 * and what the oracle must know to foretell its outcome; after the store has
 * run it, oracle_apply() checks the results and takes the step itself.
 */
#ifndef CONTRACT_ORACLE_H
#define CONTRACT_ORACLE_H

#include "contract/letter.h"

#define ORACLE_BOXES 3
#define ORACLE_FOLDERS 20
#define ORACLE_MSGS 4000
#define ORACLE_IDS 6
#define ORACLE_KEYWORDS 4

enum oracle_domain { DOMAIN_A = 1, DOMAIN_B = 2, DOMAIN_C = 4 };

struct oracle_msg {
	bool purged;
	struct uuid uuid, origin, thread;
	bool has_origin;
	uint64_t ord, size, modseq, gone_at;
	unsigned flags, keywords;
	unsigned parties;	/* domains of from and to */
	uint32_t in, was;	/* bit f: in folder f */
};

struct oracle_folder {
	const char *path, *key;
	uint32_t id;
	uint64_t modseq;
};

/* Messages are in the order of arrival. */
struct oracle_box {
	struct person p;
	uint64_t modseq, quota;
	struct oracle_folder folders[ORACLE_FOLDERS];
	size_t nfolders, n;
	struct oracle_msg msgs[ORACLE_MSGS];
};

struct oracle_once {
	bool purged;
	int origin, box;
	const char *text;
	struct uuid id, got;
	uint64_t at;
};

struct oracle {
	struct world *w;
	struct oracle_box boxes[ORACLE_BOXES];
	struct oracle_once onces[ORACLE_MSGS * 2];
	size_t nonces;
};

/* INBOX, DRAFTS, SENT, JUNK, TRASH are folders 0 to 4. */
enum { F_INBOX, F_DRAFTS, F_SENT, F_JUNK, F_TRASH, F_NONE = -1 };

struct oracle_step {
	enum store_op op;
	int box;
	int folder;		/* F_NONE: anywhere */
	union {
		struct store_job head;
		struct store_deliver deliver;
		struct store_append append;
		struct store_mark mark;
		struct store_remove remove;
		struct store_folder_create create;
		struct store_purge purge;
	} job;
	/* of a delivery */
	struct store_deliver_to to[ORACLE_BOXES];
	int to_box[ORACLE_BOXES], to_folder[ORACLE_BOXES];
	int origin;
	unsigned from, parties;	/* domains */
	const char *text;
	/* of changes */
	struct uuid ids[ORACLE_IDS];
	bool missing[ORACLE_IDS];
	unsigned add, del;	/* keywords */
	struct str adds[ORACLE_KEYWORDS], dels[ORACLE_KEYWORDS];
};

/* Three accounts in two domains, and what they begin with. */
struct oracle *oracle_new(struct world *w);
/* The step has been run by the store. */
void oracle_apply(struct oracle *o, struct oracle_step *s);
/* The folder of that key, or F_NONE. */
int oracle_folder(const struct oracle_box *box, const char *key);
bool oracle_matches(const struct oracle_msg *m, const struct filter *f);
/* Is it in the folder (F_NONE: in any)? */
bool oracle_in(const struct oracle_msg *m, int folder);
/* The message of that _id that is not purged, or NULL. */
struct oracle_msg *oracle_msg(struct oracle_box *box, const struct uuid *id);
/* Keywords as text. */
const char *oracle_keywords(struct world *w, unsigned keywords);
/* Messages of a folder that the filter takes, in the order of listings. */
size_t oracle_list(struct oracle_box *box, int folder, const struct filter *f,
		   struct oracle_msg **ret);

/* Compare everything. */
void oracle_check(struct oracle *o);
/* Compare one listing. */
void oracle_check_list(struct oracle *o, int box, int folder,
		       struct store_list q);

#endif
