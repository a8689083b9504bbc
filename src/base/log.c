#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/utf8.h"

/* What is kept free for the mark of a cut, a closing quote, the line end. */
#define LOG_TAIL 5

static _Atomic int log_max = LOG_INFO;
static _Atomic bool log_journald;

/* Lines of this thread; what a pipe takes in one piece. */
static _Thread_local struct {
	bool on;
	size_t n;
	char text[PIPE_BUF];
} log_waiting;

static const char log_digits[] = "0123456789abcdef";

void
log_setup(enum log_level max, bool journald)
{
	atomic_store_explicit(&log_max, (int)max, memory_order_relaxed);
	atomic_store_explicit(&log_journald, journald, memory_order_relaxed);
}

bool
log_on(enum log_level level)
{
	return (int)level <=
	       atomic_load_explicit(&log_max, memory_order_relaxed);
}

static const char *
level_name(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "error";
	case LOG_WARN:
		return "warn";
	case LOG_INFO:
		return "info";
	case LOG_DEBUG:
		return "debug";
	}
	return "unknown";
}

/* Append all of s, or nothing and return false. */
static bool
put(struct log_line *l, struct str s)
{
	if (s.n > sizeof(l->text) - LOG_TAIL - l->n)
		return false;
	if (s.n)
		memcpy(l->text + l->n, s.p, s.n);
	l->n += s.n;
	return true;
}

/* Mark the line as cut; there is always room for that. */
static void
cut(struct log_line *l, bool quoted)
{
	memcpy(l->text + l->n, "...", 3);
	l->n += 3;
	if (quoted)
		l->text[l->n++] = '"';
	l->cut = true;
}

/* A value that can stand without quotes. */
static bool
is_plain(struct str v)
{
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return v.n > 0;
}

/* As much of a plain value as fits. */
static void
put_plain(struct log_line *l, struct str v)
{
	size_t room = sizeof(l->text) - LOG_TAIL - l->n;

	(void)put(l, str_sub(v, 0, room));	/* was clipped to the room */
	if (v.n > room)
		cut(l, false);
}

/* How the character at the front of s is written inside quotes; returns its
 * octets. */
static size_t
escape_one(struct str s, char store[static 8], struct str *ret)
{
	uint32_t cp;
	int len = utf8_decode(s, &cp);

	if (len < 0) {
		uint8_t c = (uint8_t)*s.p;

		memcpy(store, "\\x", 2);
		store[2] = log_digits[c >> 4];
		store[3] = log_digits[c & 15];
		*ret = str_n(store, 4);
		return 1;
	}
	*ret = str_sub(s, 0, (size_t)len);
	if (cp == '"' || cp == '\\') {
		store[0] = '\\';
		store[1] = (char)cp;
		*ret = str_n(store, 2);
	} else if (utf8_is_control(cp) || utf8_is_bidi(cp)) {
		memcpy(store, "\\u", 2);
		for (int i = 0; i < 4; i++)
			store[2 + i] = log_digits[cp >> (12 - 4 * i) & 15];
		*ret = str_n(store, 6);
	}
	return (size_t)len;
}

static void
put_quoted(struct log_line *l, struct str v)
{
	char store[8];

	if (!put(l, STR("\""))) {
		cut(l, false);
		return;
	}
	while (v.n) {
		struct str text;
		size_t len = escape_one(v, store, &text);

		if (!put(l, text)) {
			cut(l, true);
			return;
		}
		v = str_from(v, len);
	}
	if (!put(l, STR("\"")))
		cut(l, true);
}

/* " key=", or without its blank at the front; false when nothing more is to
 * be written. */
static bool
put_key(struct log_line *l, const char *key, bool first)
{
	size_t before = l->n;

	if (l->off || l->cut)
		return false;
	if ((first || put(l, STR(" "))) && put(l, str_c(key)) &&
	    put(l, STR("=")))
		return true;
	l->n = before;
	cut(l, false);
	return false;
}

void
log_begin(struct log_line *l, enum log_level level, const char *event)
{
	char now[CLOCK_TEXT + 1], prefix[3] = { '<', 0, '>' };

	l->level = level;
	l->n = 0;
	l->cut = false;
	l->off = !log_on(level);
	if (l->off)
		return;

	/* An empty line has room for all of this but a silly event. */
	if (atomic_load_explicit(&log_journald, memory_order_relaxed)) {
		prefix[1] = (char)('0' + (int)level);
		(void)put(l, str_n(prefix, sizeof(prefix)));
	}
	clock_format(clock_unix_ms(), now);
	if (put_key(l, "time", true))
		put_plain(l, str_n(now, CLOCK_TEXT));
	log_cstr(l, "level", level_name(level));
	log_cstr(l, "event", event);
}

void
log_str(struct log_line *l, const char *key, struct str v)
{
	if (!put_key(l, key, false))
		return;
	if (is_plain(v))
		put_plain(l, v);
	else
		put_quoted(l, v);
}

void
log_cstr(struct log_line *l, const char *key, const char *v)
{
	log_str(l, key, str_c(v));
}

static void
log_num(struct log_line *l, const char *key, uint64_t v, unsigned base)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = log_digits[v % base];
		v /= base;
	} while (v);
	log_str(l, key, str_n(digits + i, sizeof(digits) - i));
}

void
log_u64(struct log_line *l, const char *key, uint64_t v)
{
	log_num(l, key, v, 10);
}

void
log_hex(struct log_line *l, const char *key, uint64_t v)
{
	log_num(l, key, v, 16);
}

void
log_err(struct log_line *l, int err)
{
	log_cstr(l, "err", err_name(err));
}

static void
write_out(const char *p, size_t n)
{
	int saved = errno;
	ssize_t rc;

	do {
		rc = write(STDERR_FILENO, p, n);
	} while (rc < 0 && errno == EINTR);
	/* Nobody could be told of a lost line; and it is written once only. */
	errno = saved;
}

void
log_gather(void)
{
	log_waiting.on = true;
}

void
log_flush(void)
{
	if (log_waiting.n)
		write_out(log_waiting.text, log_waiting.n);
	log_waiting.n = 0;
}

void
log_end(struct log_line *l)
{
	if (l->off)
		return;
	l->text[l->n++] = '\n';
	l->off = true;
	if (l->n > sizeof(log_waiting.text) - log_waiting.n)
		log_flush();
	if (!log_waiting.on || l->level <= LOG_WARN) {
		log_flush();
		write_out(l->text, l->n);
		return;
	}
	memcpy(log_waiting.text + log_waiting.n, l->text, l->n);
	log_waiting.n += l->n;
}
