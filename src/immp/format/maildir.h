/*
 * maildir: what the names of a Maildir say.  Pure.
 *
 * A message's file is `unique` in new/ or `unique:2,FLAGS` in cur/; a folder
 * is a folder `.Name.Below` beside them (Maildir++, names in the modified
 * UTF-7 of IMAP) or one whose name is its own.
 */
#ifndef IMMP_FORMAT_MAILDIR_H
#define IMMP_FORMAT_MAILDIR_H

#include "base/buf.h"

#define MAILDIR_FLAGS 40
/* Keywords that a folder has letters for, and the octets of one with its end:
 * "$" and 32 at most. */
#define MAILDIR_LETTERS 26
#define MAILDIR_WORD 40

/* Letters behind ":2," (also ";2," and "!2,", where ':' cannot be); "" if
 * there are none. */
struct str maildir_info(struct str name);
/* Seconds at the front of a name as Unix ms; 0 if there are none. */
uint64_t maildir_time(struct str name);
/*
 * Flags of ours for letters: "read", "flagged", "answered", "draft",
 * "$deleted", "$forwarded"; a to z are words of the list `keywords` (each
 * empty or as "$word"), else "$maildir-a".  words must have room for
 * MAILDIR_FLAGS of them.  Ended by NULL in ret.
 */
void maildir_flags(struct str letters,
		   char keywords[MAILDIR_LETTERS][MAILDIR_WORD],
		   char words[MAILDIR_FLAGS][MAILDIR_WORD],
		   const char *ret[MAILDIR_FLAGS + 1]);
/* "$Work" and "Work" to "$work"; what no keyword of ours can hold becomes '-'.
 * dst is empty if there is nothing of it. */
void maildir_keyword(struct str s, char dst[static MAILDIR_WORD]);
/* Read dovecot-keywords (lines `N word`). */
void maildir_keywords(struct str text,
		      char keywords[MAILDIR_LETTERS][MAILDIR_WORD]);
/*
 * A folder name of Maildir++, ".Lists.c" to "Lists/c", decoded, with what the
 * protocol has a meaning for as %XX, appended to b.  0, ERR_NOMEM, ERR_LIMIT.
 */
int maildir_folder(struct str name, struct buf *b) WARN_UNUSED;
/* One name of a folder as UTF-8 likewise. */
int maildir_folder_name(struct str name, struct buf *b) WARN_UNUSED;
/* The same two for names that an export of ours made: in UTF-8, with %XX for
 * what may not stand in the name of a file. */
int maildir_ours(struct str name, struct buf *b) WARN_UNUSED;
int maildir_ours_name(struct str name, struct buf *b) WARN_UNUSED;
/* Is it a file that an export of ours put into a Maildir? */
bool maildir_is_ours(struct str file);

#endif
