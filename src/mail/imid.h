/*
 * imid: Internet Messaging IDs and mailbox paths (spec: IMID).
 *
 * Parsing normalises: the local part to NFC, the domain to its lower-case
 * A-label (IDNA2008), percent escapes in folder names to their canonical form.
 * Two IMIDs are the same where their keys (imid_key) are equal octets.
 * Pure; memory is the arena's.
 *
 * Folder paths inside the program are canonical text: names joined by '/',
 * without one at the start, NFC, with `/ : # ? , % +` and a blank at either end
 * of a name written %XX (upper-case hex).  "INBOX/Lists".  A first name that is
 * a role's in any case is written as the role's path.
 * The key of a path is that text case-folded.
 */
#ifndef MAIL_IMID_H
#define MAIL_IMID_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"

/* Message flags that CHECK, INDEX, FETCH and MARK can filter by. */
enum filter_bit {
	FILTER_UNREAD = 1, FILTER_READ = 2, FILTER_IMPORTANT = 4,
	FILTER_FLAGGED = 8, FILTER_THREAD = 16
};

struct filter {
	unsigned bits;		/* all must hold; 0 is `*` */
	struct uuid thread;	/* with FILTER_THREAD */
};

struct imid {
	struct str local;	/* as written, NFC, without +folder */
	struct str folder;	/* behind the first +, canonical; empty: none */
	struct str domain;	/* lower-case A-label */
	struct str path;	/* behind the domain, canonical; empty: none */
	bool has_filter;
	struct filter filter;
	const struct uuid *ids;	/* #uuid,uuid */
	size_t nids;
	struct str options;	/* behind ?, as written */
};

/*
 * Parse a whole IMID with anything that may follow it, and any of the schemes
 * `imid:`, `immp:`, `immp://` before it.  Returns 0, ERR_NOMEM, ERR_UTF8,
 * ERR_TOOLONG past LIMIT_IMID (of the address) or ERR_VALUE.
 */
int imid_parse(struct arena *a, struct str s, struct imid *ret) WARN_UNUSED;

/* Only an address, local[+folder]@domain: path, filter, ids and options are
 * ERR_VALUE. */
int imid_parse_address(struct arena *a, struct str s, struct imid *ret)
	WARN_UNUSED;

/* local@domain as written; local@domain case-folded (the key); with +folder. */
struct str imid_text(struct arena *a, const struct imid *i);
struct str imid_key(struct arena *a, const struct imid *i);
struct str imid_text_folder(struct arena *a, const struct imid *i);
/* The key of the local part alone. */
struct str imid_local_key(struct arena *a, const struct imid *i);

/* May an account be called so?  False for postmaster, mailer-daemon,
 * anonymous, anonymous-*, UUIDs, and what lies below one of them
 * (postmaster/a); a local part with a folder is no name either. */
bool imid_may_be_account(const struct imid *i);

/* A domain to its lower-case A-label, at most 253 octets, without a dot at the
 * end.  One whose last label is a number is an IPv4 address and no domain.
 * Returns 0, ERR_NOMEM or ERR_VALUE. */
int imid_domain(struct arena *a, struct str s, struct str *ret) WARN_UNUSED;

/*
 * What MBOX commands name: [account](/path|:path|)[::filter][#uuid,...].
 * An empty path, also a lone '/', is the whole mailbox.
 */
struct target {
	bool has_account;
	struct imid account;	/* only local and domain */
	struct str prefix;	/* the account part as asked, "" without */
	char lead;		/* '/' or ':' as asked, 0 if there is none */
	struct str path;	/* canonical; empty: whole mailbox */
	struct str key;		/* its key */
	struct str asked;	/* account and path as asked, without filter */
	struct str filter_text;	/* as asked, without "::"; "*" if none */
	bool has_filter;
	struct filter filter;
	const struct uuid *ids;
	size_t nids;
};

/* Returns 0, ERR_NOMEM, or ERR_VALUE (a bad name, filter, uuid...). */
int target_parse(struct arena *a, struct str s, struct target *ret) WARN_UNUSED;

/* One folder name as a peer wrote it (percent escapes allowed) to canonical
 * form: 1-255 octets decoded, no control or bidi characters, not . or .. */
int folder_name(struct arena *a, struct str s, struct str *ret) WARN_UNUSED;
/* Case-fold canonical text. */
struct str folder_key(struct arena *a, struct str canonical);
/* A whole path, at most LIMIT_DEPTH names; one '/' or ':' may lead it. */
int folder_path(struct arena *a, struct str s, struct str *ret) WARN_UNUSED;

/* NFC (for passwords and names), and the case fold used by all keys.
 * p is NULL on failure of memory or invalid UTF-8. */
struct str text_nfc(struct arena *a, struct str s);
struct str text_fold(struct arena *a, struct str s);

/* Folders every mailbox has; role 0 is an ordinary folder.  They are made with
 * the mailbox in this order and cannot be reached by alice+folder@. */
enum folder_role { ROLE_NONE, ROLE_INBOX, ROLE_DRAFTS, ROLE_SENT, ROLE_JUNK,
		   ROLE_TRASH, ROLE_COUNT };
/* "INBOX", ...; NULL for ROLE_NONE. */
const char *folder_role_path(enum folder_role role);
/* "inbox", ..., "" for ROLE_NONE; as LIST tells it. */
const char *folder_role_name(enum folder_role role);
enum folder_role folder_role_of(struct str path_key);

#endif
