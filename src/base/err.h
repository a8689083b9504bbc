/*
 * err: the error codes of the whole program.
 *
 * A fallible function returns int: 0 or positive is success, negative is one
 * of enum err.  err.def is the only list; the wire status each maps to is
 * expanded by the session layer.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
	ERR_OK = 0,
	ERR_FIRST_ = -1000,
#define IMMP_ERR(name, text, status) ERR_##name,
#include "base/err.def"
#undef IMMP_ERR
	ERR_LAST_
};

#define WARN_UNUSED __attribute__((warn_unused_result))

/* The symbol of a code, such as "NOMEM"; "OK" for 0 and above. */
const char *err_name(int err);

/* One English phrase for a code, without full stop. */
const char *err_text(int err);

/* The code that stands for an errno value (ENOSPC -> ERR_FULL, ...). */
int err_from_errno(int errnum);

#endif
