/* engine: what its files share. */
#ifndef CLIENT_ENGINE_PRIV_H
#define CLIENT_ENGINE_PRIV_H

#include "base/arena.h"
#include "base/limits.h"
#include "client/engine.h"
#include "proto/reply.h"

enum engine_method { METHOD_TLS2 = 1, METHOD_TLS3 = 2 };

/* One reply that is owed. */
struct engine_op {
	struct engine_op *next;
	uint64_t line;		/* which line it was on */
	size_t npipeline;
	char pipeline[LIMIT_PIPELINE];
	immp_reply_fn fn;
	void *ctx;
};

struct engine {
	enum engine_phase phase;
	enum immp_tls minimum;
	bool upgraded;		/* in clear at first: offered counts */
	unsigned offered;	/* in clear; enum engine_method */
	size_t greeting_lines;

	struct buf out;
	struct buf line;	/* the line so far; a block's line until its
				 * end.  NUL behind it when it is whole. */
	struct reply_line reply; /* of that line, while a block follows it */
	uint64_t block_left;
	struct engine_op *block_op;

	struct engine_op *ops, **ops_tail;
	size_t nops;
	uint64_t lines;
	uint64_t owed;
	bool quit;

	engine_raw_fn raw;
	void *raw_ctx;

	struct arena arena;	/* parsing of one line, either way */
	struct engine_info info;
	int error, code;
	char why[512];
};

/* Add a reply that is owed; pipeline is empty for the unnamed one. */
int engine_expect(struct engine *e, struct str pipeline, immp_reply_fn fn,
		  void *ctx) WARN_UNUSED;
/* Take off what is owed at *pp, which is the caller's to free. */
struct engine_op *engine_unhook(struct engine *e, struct engine_op **pp);
/* Fail with a reply of the server as the reason. */
int engine_fail_reply(struct engine *e, int error,
		      const struct reply_line *l);
/* Lines before TLS (engine_hello.c). */
int engine_greeting(struct engine *e, const struct reply_line *l);
int engine_upgrade(struct engine *e, const struct reply_line *l);

#endif
