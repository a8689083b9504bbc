/*
 * limits: every bound that a peer can run into, with its reason.
 *
 * limits.def is the only list.  A struct limits is filled with the defaults
 * and then by the configuration; it is read-only once the server runs.
 * LIMIT_* below are fixed by the protocol and no configuration changes them.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct limits {
#define IMMP_LIMIT(name, kind, def, min, max, reason) uint64_t name;
#include "base/limits.def"
#undef IMMP_LIMIT
};

enum limit_kind { LIMIT_SIZE, LIMIT_COUNT, LIMIT_TIME };

struct limit_row {
	const char *name;
	enum limit_kind kind;
	uint64_t def, min, max;
	const char *reason;
	size_t offset;	/* of the uint64_t in struct limits */
};

/* All rows in the order of limits.def, *ret_n of them. */
const struct limit_row *limits_rows(size_t *ret_n);
/* Fill with the defaults. */
void limits_init(struct limits *l);

/* Octets of one counted block of a FETCH (spec: Counted blocks). */
#define LIMIT_BLOCK 65536
/* Octets of a reply line (spec: Reply). */
#define LIMIT_REPLY 65536
/* Octets of an IMID, of a node, of a folder name; depth of folders. */
#define LIMIT_IMID 320
#define LIMIT_NODE 64
#define LIMIT_FOLDER 255
#define LIMIT_DEPTH 16
/* Octets of peer text in a reply outside JSON. */
#define LIMIT_TEXT 255
/* Octets of a pipeline id. */
#define LIMIT_PIPELINE 32

#endif
