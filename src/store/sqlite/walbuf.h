/*
 * walbuf: a VFS of SQLite that gathers what is written to a write-ahead log.
 *
 * SQLite writes a log in two calls a page.  A transaction of many messages is
 * some hundred of them, which cost more than all else where a call into the
 * kernel is dear.  Here they are gathered and go out in one call, when the log
 * is synced.
 *
 * Why nobody sees a difference: other connections read only frames that the
 * index of the log tells of, and with synchronous=FULL that is written behind
 * the sync.  The connection that writes reads its own log through the same
 * file, which goes out before it is read.  What fails then fails as the sync's
 * call: the transaction is rolled back, and what was gathered is forgotten.
 *
 * All other files are the default VFS's.
 */
#ifndef STORE_SQLITE_WALBUF_H
#define STORE_SQLITE_WALBUF_H

#include "base/err.h"

/* The name to open a database with. */
#define WALBUF_VFS "immp-walbuf"

/* Make it known to SQLite, over the VFS that is the default now; before it is
 * used, and again if there is another default.  0 or ERR_STORAGE. */
int walbuf_register(void) WARN_UNUSED;

#endif
