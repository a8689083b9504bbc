/*
 * settings: the accounts this user has logged in to.
 *
 * One file for each, mode 0600, in $XDG_CONFIG_HOME/immp/accounts (else
 * ~/.config/immp/accounts); the folders are 0700.  A file is lines of
 * `key = value`.  It holds the key of a device, never a password.
 */
#ifndef IMMP_SETTINGS_H
#define IMMP_SETTINGS_H

#include "base/buf.h"

struct account {
	char name[321];		/* alice@example.org */
	char server[300];	/* HOST:PORT */
	char fingerprint[65];	/* of the server's key when it was accepted */
	bool vouched;		/* a CA vouched for it then: a new key that one
				 * vouches for is as good */
	char device[128];
	char key[65];
	bool proof;		/* the server has proved itself: never send it
				 * the draft's key */
};

/* Wipe what is secret. */
void account_wipe(struct account *a);

/* `path` below the settings folder, NUL-terminated, to dst.  0, ERR_LIMIT, or
 * ERR_NOTFOUND without HOME. */
int settings_path(const char *name, char *dst, size_t cap) WARN_UNUSED;
/* Make the settings folder (0700).  0 or an error of the system. */
int settings_make(void) WARN_UNUSED;

/* The account of this name; 0, ERR_NOTFOUND, ERR_DENIED (others can read the
 * file), ERR_CORRUPT, or an error of the system. */
int account_load(const char *name, struct account *ret) WARN_UNUSED;
/* Replace its file, whole or not at all, synced. */
int account_save(const struct account *a) WARN_UNUSED;
int account_remove(const char *name) WARN_UNUSED;
/*
 * The name of the only account.  0; ERR_NOTFOUND if there is none; ERR_EXISTS
 * if there are several.
 */
int account_only(char *dst, size_t cap) WARN_UNUSED;

/* Reading and writing the file's content; pure.  ERR_CORRUPT for what makes no
 * sense; unknown keys are left out. */
int account_parse(struct str text, struct account *ret) WARN_UNUSED;
int account_format(const struct account *a, struct buf *b) WARN_UNUSED;

#endif
