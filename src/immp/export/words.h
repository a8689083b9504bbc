/*
 * export_words: the keywords of a Maildir folder, as Dovecot keeps them.
 *
 * Beside cur/ lies `dovecot-keywords`, lines `N word`; a message that has the
 * word has the letter a + N among its flags.  There are 26 letters: further
 * words are not told.  A word keeps its letter for ever.
 */
#ifndef IMMP_EXPORT_WORDS_H
#define IMMP_EXPORT_WORDS_H

#include "base/buf.h"
#include "immp/format/maildir.h"

struct export_words {
	char words[MAILDIR_LETTERS][MAILDIR_WORD];	/* "$work" or empty */
	struct buf text;	/* of the file */
	bool changed;		/* since it was read */
};

void export_words_init(struct export_words *w);
void export_words_done(struct export_words *w);
/* What the file says, which may be empty. */
int export_words_set(struct export_words *w, struct str text) WARN_UNUSED;
/* The letters of words with blanks between them, in order; what has none yet
 * gets one. */
int export_words_letters(struct export_words *w, struct str words,
			 char dst[static MAILDIR_LETTERS + 1]) WARN_UNUSED;

#endif
