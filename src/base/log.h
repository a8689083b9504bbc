/*
 * log: one line an event, key=value, to standard error.
 *
 * Only the outer layers log.  A value with a blank, quote, '=' or control
 * character, or anything but ASCII, is quoted and escaped, so peer text cannot
 * forge a line; octets that are not UTF-8 become \xNN.
 * Thread-safe: a line is in one write.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/str.h"

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

/* Lowest importance that is written (default LOG_INFO); prefix lines with
 * "<3>" and so on for journald. */
void log_setup(enum log_level max, bool journald);
bool log_on(enum log_level level);

/*
 * From now on lines of this thread below LOG_WARN wait for log_flush(), some
 * kilobytes at most: for a thread that comes by often, so that many lines are
 * one write.  It calls log_flush() before it ends.
 */
void log_gather(void);
void log_flush(void);

struct log_line {
	enum log_level level;
	size_t n;
	bool off;	/* level not written, or ended */
	bool cut;	/* full: the rest is dropped */
	char text[1024];	/* what does not fit is cut, marked "..." */
};

/* log_begin(&l, LOG_INFO, "auth-fail"); log_str(&l, "account", who);
 * log_end(&l);  gives: time=... level=info event=auth-fail account=... */
void log_begin(struct log_line *l, enum log_level level, const char *event);
void log_str(struct log_line *l, const char *key, struct str v);
void log_cstr(struct log_line *l, const char *key, const char *v);
void log_u64(struct log_line *l, const char *key, uint64_t v);
void log_hex(struct log_line *l, const char *key, uint64_t v);
void log_err(struct log_line *l, int err);	/* err=NAME */
void log_end(struct log_line *l);

#endif
