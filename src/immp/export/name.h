/*
 * export_name: what exported mail is called on disk, and the lines that go
 * around it in an mbox.  Pure.
 *
 * A folder's name becomes a file's by one rule that loses nothing: what may not
 * stand in a name is written %XX, so two folders never become one.  A name too
 * long for the file system is cut and ends in a checksum of the whole.
 */
#ifndef IMMP_EXPORT_NAME_H
#define IMMP_EXPORT_NAME_H

#include "base/buf.h"
#include "base/uuid.h"

/* Flags that the formats know. */
enum export_flag {
	EXPORT_READ = 1, EXPORT_FLAGGED = 2, EXPORT_ANSWERED = 4,
	EXPORT_DRAFT = 8, EXPORT_FORWARDED = 16, EXPORT_DELETED = 32
};

/* Octets of a folder's name on disk. */
#define EXPORT_NAME 240

/*
 * The name of the subfolder of a Maildir++ for the folder `path` (canonical,
 * "INBOX/Lists"): ".INBOX.Lists"; "" for INBOX itself, which is the Maildir.
 */
void export_maildir_folder(struct str path, char dst[static EXPORT_NAME + 1]);
/* One component of a path, as a folder's name; never one of our files. */
void export_tree_name(struct str component, char dst[static EXPORT_NAME + 1]);

#define EXPORT_FILE 160
/*
 * "<seconds>.<uuid>.immp,S=<size>" and, where it goes to cur/, ":2,<flags>",
 * the letters of keywords behind the others.  True: to cur/.  New mail is that
 * without flags and letters.
 */
bool export_maildir_file(const struct uuid *id, uint64_t received_ms,
			 uint64_t size, unsigned flags, const char *letters,
			 char dst[static EXPORT_FILE]);
/* A UUID behind a dot of a file's name, or at its start. */
bool export_maildir_uuid(struct str file, struct uuid *ret);
/* The S= of a name; false without one. */
bool export_maildir_size(struct str file, uint64_t *ret);

/* `From addr asctime` and LF; an address with blanks, or none, is
 * MAILER-DAEMON. */
int export_from_line(struct buf *b, struct str addr,
		     uint64_t received_ms) WARN_UNUSED;
/* Status, X-Status and X-Keywords (words with blanks between them), each with
 * its line end: nothing for new mail. */
int export_status(struct buf *b, unsigned flags, struct str words,
		  bool crlf) WARN_UNUSED;

#endif
