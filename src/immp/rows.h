/* rows: commands that answer with JSON rows, and fields of those. */
#ifndef IMMP_ROWS_H
#define IMMP_ROWS_H

#include <jansson.h>

#include "base/str.h"
#include "immp/app.h"

/* Called with each row.  Non-zero stops. */
typedef int (*rows_fn)(void *ctx, json_t *row);

/*
 * Send line and hand on its rows; with a->json they are printed instead, as an
 * array.  ret_more (may be NULL; IMMP_UUID_SIZE octets) is more= of the last
 * line, or "".  0 or an error of the library.
 */
int rows_get(const struct app *a, struct immp *c, const char *line, rows_fn fn,
	     void *ctx, char *ret_more);

/*
 * The same for the last n rows before a message (NULL: of all) where the server
 * gives fewer at a time, the newest: index is an INDEX of them without LIMIT
 * and BEFORE, of pages that are older it is asked twice.
 */
int rows_get_last(const struct app *a, struct immp *c, const char *index,
		  uint64_t n, const char *before, rows_fn fn, void *ctx,
		  char *ret_more);

/* Members; "" or 0 where they are missing or of another type. */
struct str row_str(const json_t *row, const char *key);
uint64_t row_u64(const json_t *row, const char *key);
/* Does the array `key` hold this string? */
bool row_has(const json_t *row, const char *key, const char *value);
/* A time in RFC 3339 as Unix ms; 0 where there is none. */
uint64_t row_time(const json_t *row, const char *key);
/* The display name of an IMID, else the IMID. */
struct str row_name(const json_t *row, struct str imid);

#endif
