/*
 * sqlite_disk: a disk that fails to order, and one that forgets what was not
 * synced when the power goes.
 *
 * Stands below the embedded store: below its own files by os_file_replace(),
 * and below SQLite by a VFS that becomes the default one.  For one thread.
 */
#ifndef STORE_SQLITE_DISK_H
#define STORE_SQLITE_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum disk_call {
	DISK_WRITE = 1,		/* also truncating */
	DISK_SYNC = 2,
	DISK_READ = 4,
	DISK_OPEN = 8,
	DISK_LINK = 16,		/* also unlinking */
	DISK_ALL = 31
};

/* Before the first store is opened. */
void disk_install(void);

/*
 * The n-th call from now (1: the next) of these kinds fails once with errnum;
 * sticky: and all of these kinds after it, until this is called again.  A write
 * that fails has written half.  n 0 turns it off.
 */
void disk_fail(unsigned calls, uint64_t n, int errnum, bool sticky);
/* Has one failed since? */
bool disk_failed(void);

/* The power goes with the n-th write or sync from now: of what was not synced
 * a part stays, chosen by seed, and the process ends with DISK_CUT. */
void disk_cut_at(uint64_t n, unsigned seed);
#define DISK_CUT 77
/* Writes and syncs so far. */
uint64_t disk_count(void);

#endif
