/* flags: the flags of a message and its free keywords (spec: Mailboxes). */
#ifndef MAIL_FLAGS_H
#define MAIL_FLAGS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"

enum message_flag {
	FLAG_READ = 1, FLAG_FLAGGED = 2, FLAG_IMPORTANT = 4, FLAG_ANSWERED = 8,
	FLAG_DRAFT = 16, FLAG_ALL = 31
};

/* One flag by name of any case ("read"); 0 if unknown. */
unsigned flag_by_name(struct str name);
/* `$` and 1-32 of a-z0-9._- (any case is folded into dst of 33 octets).
 * Returns its length or ERR_VALUE. */
int keyword_parse(struct str s, char dst[static 34]) WARN_UNUSED;

/* Keywords of a message are text, sorted, joined by blanks: "$a $b". */
bool keywords_has(struct str set, struct str keyword);
/* Add or remove one; *ret is in the arena.  ERR_LIMIT past 64 keywords. */
int keywords_add(struct arena *a, struct str set, struct str kw,
		 struct str *ret) WARN_UNUSED;
int keywords_del(struct arena *a, struct str set, struct str kw,
		 struct str *ret) WARN_UNUSED;

/* A JSON array of names: ["read","$work"]. */
void flags_json(struct json *j, unsigned flags, struct str keywords);
/* Joined by commas, `read,flagged,$work`; "" for none. */
int flags_text(struct buf *b, unsigned flags, struct str keywords) WARN_UNUSED;

#endif
