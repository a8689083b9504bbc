/*
 * status: the reply codes by name.  status.def is the only list.
 * spec: Codes
 */
#ifndef PROTO_STATUS_H
#define PROTO_STATUS_H

#include <stdbool.h>

#include "base/err.h"

enum status {
	ST_NONE = 0,
#define IMMP_STATUS(name, number, text) ST_##name = number,
#include "proto/status.def"
#undef IMMP_STATUS
};

/* Default text of a code, "" for one without or unknown. */
const char *status_text(enum status st);
/* The status an error maps to when nobody says better (err.def). */
enum status status_of_err(int err);
/* 4xx and 7xx. */
static inline bool
status_failed(int code)
{
	return code >= 400;
}
/* 42x, 45x, 71x and 72x: the same command may succeed later. */
bool status_temporary(int code);
/*
 * Does a line without dash and with this code end a reply?  Not 100, 271,
 * 281, 301, 302, 31x, 38x, nor an unknown 1xx or 3xx.  (HELP and the greeting
 * rely on it: their 100 lines are followed by 200 and 101.)  spec: Reply
 */
bool status_closes(int code);

#endif
