/*
 * conf: a configuration file against a typed schema.
 *
 * The syntax is inih's: [section] or [section argument], `key = value`,
 * comments behind a semicolon that begins a line or has a blank before it.
 * What inih would cut or guess is refused: lines over CONF_LINE octets,
 * indented (continued) lines, text behind a section's bracket, a key given
 * twice, control characters, what is not UTF-8.
 *
 * What the file may say is a schema: rows, one a key, put together by the
 * program.  conf knows no module.  Loading collects every problem of the file,
 * each as one line that names file, line, section and key; the values of a
 * file with problems are not to be used.
 *
 * A struct conf is read-only once it is loaded and checked; all it hands out
 * lives as long as it does.  It belongs to one thread at a time.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

/* Octets of a line, its end not counted. */
#define CONF_LINE 198
/* Octets of a file. */
#define CONF_FILE (1u << 20)

enum conf_type {
	CONF_STRING,	/* any text */
	CONF_PATH,	/* a file name; a relative one is relative to the
			 * configuration file */
	CONF_BOOL,	/* yes, no (also true, false, on, off) */
	CONF_SIZE,	/* octets: 10, 10K, 10M, 10G */
	CONF_TIME,	/* 500ms, 10s, 10m, 10h, 10d; bare: seconds */
	CONF_COUNT,	/* a number */
	CONF_ENUM,	/* one of some words */
	CONF_ADDRS	/* 1.2.3.4:1025, [::1]:1025: literal, by commas */
};

enum conf_flag {
	CONF_RELOAD = 1,	/* a running server takes a new value */
	CONF_REQUIRED = 2,	/* must be written */
	CONF_ARG = 4,		/* [section argument] may have it */
	CONF_ARG_ONLY = 8	/* only [section argument] may have it */
};

/* A judge beyond the type: NULL if v may stand, else why not, in a phrase
 * such as "is no domain name". */
typedef const char *(*conf_check_fn)(struct str v);

struct conf_row {
	const char *section, *key;
	enum conf_type type;
	unsigned flags;
	const char *def;	/* default as it would be written; NULL: num
				 * for numbers, else the empty text */
	uint64_t num;
	uint64_t min, max;	/* of numbers; times in milliseconds */
	const char *const *words;	/* of ENUM; ends with NULL */
	conf_check_fn check;	/* NULL: none; not asked about "" */
	const char *doc;	/* one line for people */
};

struct conf_schema {
	const struct conf_row *rows;
	size_t n;
};

struct conf_value {
	const struct conf_row *row;
	struct str arg;		/* of its section; empty: none */
	unsigned line;		/* where it stands; 0: the default */
	struct str text;	/* as written; of a PATH the whole path; NUL
				 * behind its end */
	uint64_t num;		/* SIZE, TIME (ms), COUNT; BOOL 0 or 1; ENUM
				 * the index of the word */
	const struct str *list;	/* ADDRS, each as text */
	size_t nlist;
};

struct conf;

/*
 * Read file `path` against the n schemas (which must outlive the result).
 * Returns 0, also when there are problems, and *ret for conf_free(); or
 * ERR_NOMEM.  A file that cannot be read is a problem.
 */
int conf_load(const char *path, const struct conf_schema *schemas, size_t n,
	      struct conf **ret) WARN_UNUSED;
/* Takes NULL. */
void conf_free(struct conf *c);

/* The lines of all problems, in the order they were met; *ret_n of them. */
const struct str *conf_problems(const struct conf *c, size_t *ret_n);
/* One more, found by the program: at the place of v.  what: a phrase. */
void conf_problem_at(struct conf *c, const struct conf_value *v,
		     const char *what);
/* One that has no place in the file. */
void conf_problem(struct conf *c, const char *what);

/* The value of a key, written or default.  NULL if [section arg] is not in the
 * file; without arg never NULL for a key of the schemas. */
const struct conf_value *conf_get(const struct conf *c, const char *section,
				  struct str arg, const char *key);
/* Shorthands for sections without argument. */
struct str conf_text(const struct conf *c, const char *section,
		     const char *key);
uint64_t conf_num(const struct conf *c, const char *section, const char *key);
/* The i-th argument with which a section stands in the file; p is NULL behind
 * the last. */
struct str conf_arg(const struct conf *c, const char *section, size_t i);

/* dir/name, living as long as c; p is NULL without memory. */
struct str conf_join(struct conf *c, const char *dir, const char *name);

/* Call fn for every value that is not the same in both; v is the new one, or
 * the old one where the new file lacks its section. */
typedef void (*conf_diff_fn)(void *ctx, const struct conf_value *v);
void conf_diff(const struct conf *from, const struct conf *to, conf_diff_fn fn,
	       void *ctx);

/* --- conf_limits.c: base/limits.def as a section [limits] --- */

/* A row for each limit. */
struct conf_schema conf_limits_schema(void);
void conf_limits_get(const struct conf *c, struct limits *ret);

#endif
