/*
 * session_priv: what the files of this folder share.
 *
 * A session has pipelines, a pipeline a queue of commands and perhaps an open
 * message (draft).  A command goes
 *
 *     held -> queued -> (check) -> done
 *                    \-> in a job -> (finish) -> done, or ready again
 *                    \-> taking a block (DATA) -> ...
 *
 * held: parsed, but a barrier (AUTH, SET, QUIT) or room is waited for.
 * A command owns its memory (its line's arena, shared with the other commands
 * of that line and read-only once parsed, and an arena of its own), so that a
 * job under way outlives session and cancel: it is then detached.
 */
#ifndef SESSION_SESSION_PRIV_H
#define SESSION_SESSION_PRIV_H

#include "base/list.h"
#include "proto/block.h"
#include "proto/command.h"
#include "proto/line.h"
#include "proto/reply.h"
#include "session/session.h"

#define SESSION_MAGIC 0x5e551041u
#define CMD_MAGIC 0xc03ad111u

enum sess_state {
	SS_PLAIN, SS_UPGRADING, SS_OPEN, SS_LOCAL, SS_REMOTE, SS_CLOSING,
	SS_COUNT
};

/* Who is logged in.  Shared by the session and its commands; counted by the
 * loop thread only. */
struct ident {
	unsigned refs;
	uint64_t account_id, mailbox_id;
	unsigned scopes;
	uint64_t password_at;	/* Unix ms of the password login; 0: a device */
	struct str name, key, display, device;
	char text[];		/* all strings */
};

enum step {
	STEP_DONE,	/* its reply is written */
	STEP_READ,	/* run ops->work in a reading thread, then finish */
	STEP_WRITE,	/* job.write to the writer, then finish */
	STEP_BLOCK,	/* take the block behind the line, then finish */
	STEP_MORE,	/* finish again when there is room for output */
	STEP_DELAY	/* finish again at c->until */
};

enum cmd_phase { CP_HELD, CP_QUEUED, CP_JOB, CP_BLOCK, CP_READY, CP_DELAY };

struct cmd;

struct cmd_ops {
	/* May it start?  NULL: always. */
	bool (*ready)(struct session *s, struct cmd *c);
	enum step (*check)(struct session *s, struct cmd *c);
	/* Off the loop: the command's own memory and the store, nothing else. */
	void (*work)(struct cmd *c, struct store_reader *r);
	enum step (*finish)(struct session *s, struct cmd *c);
	/* Free what is in no arena; on the loop, or when detached on any. */
	void (*release)(struct cmd *c);
};

/* A parsed line, shared by its commands. */
struct lineref {
	struct arena arena;
	unsigned refs;
	uint64_t no;
};

struct cmd {
	struct session_job job;		/* first */
	struct list link;
	struct lineref *line;
	struct pipeline *pl;		/* NULL while held, or detached */
	struct str plname;
	const struct cmd_ops *ops;
	struct command args;		/* args.def: NULL if unknown */
	enum status verdict;		/* found while parsing; ST_NONE: fine */
	const char *why;
	bool fatal;			/* answer, then close: a block that
					 * nobody can measure may follow */
	bool broken;			/* no command at all: a line that did
					 * not parse, or one pipeline too many */
	bool alone;			/* the only command of its line */
	bool cancelled, detached, in_job;
	enum cmd_phase phase;
	uint64_t seq, until;
	uint64_t unix_ms;		/* when it started */
	int code;			/* of its last reply line; 0 before */
	int err;			/* of work or of the write job */
	enum status st;			/* what work found, if it says so */
	struct arena arena;		/* its own */
	struct ident *who;
	const struct session_env *env;
	void *data;			/* the handler's own */
};

struct draft;

struct pipeline {
	struct list link;
	struct list queue;
	struct draft *draft;
	uint64_t failed_line;		/* a chain that has failed */
	uint8_t n;
	char name[LIMIT_PIPELINE];
};

struct session {
	uint32_t magic;
	enum sess_state state;
	const struct session_env *env;
	const struct session_ports *ports;
	void *ctx;
	uint64_t id, now, unix_ms;
	struct str peer_prefix, peer_addr;	/* mem_strndup'ed */
	struct ident *who;
	struct challenge *challenge;
	struct ident *candidate;		/* who answers it */
	struct str challenge_account;		/* mem_strndup'ed */
	struct str server_name;			/* SNI; mem_strndup'ed */
	struct pipeline unnamed;
	struct list pipelines;			/* named ones */
	struct list held;
	struct cmd *barrier;			/* the one that runs now */
	struct cmd *block;			/* DATA whose block is next */
	struct cmd *hold;			/* nothing is read behind it */
	struct buf line;			/* an unfinished line */
	size_t line_from;
	struct buf out;
	uint64_t line_no, seq;
	uint64_t since, progress, out_since;	/* monotonic ms, for time-outs */
	uint32_t nheld, nqueued, npipelines, nauth_failed;
	bool greeted_tls, tls3, abort, stopping, no_more, no_mem;
	bool set_json, set_peek;
};

/* --- session.c --- */
void sess_set_state(struct session *s, enum sess_state to);
void sess_no_memory(struct session *s);
void sess_login(struct session *s, struct ident *who);
/* What the session knows of its account has changed. */
int sess_rename(struct session *s, const struct store_account *acc) WARN_UNUSED;
/* NULL without memory. */
struct ident *ident_new(const struct store_account *acc, struct str device,
			unsigned scopes, uint64_t password_at);
struct ident *ident_ref(struct ident *i);
void ident_unref(struct ident *i);

/* --- intake.c: octets to commands --- */
size_t intake(struct session *s, struct str in);
bool intake_stalled(const struct session *s);
/* A command of ours without a line of the peer's.  NULL without memory. */
struct cmd *intake_internal(struct session *s, enum command_id id);

/* --- schedule.c: which command runs when --- */
void sched_add(struct session *s, struct cmd *c);
void sched_run(struct session *s);
/* Is anything unfinished? */
bool sched_busy(const struct session *s);
void sched_resume(struct session *s, struct cmd *c);
/* Do what a handler said. */
void sched_apply(struct session *s, struct cmd *c, enum step step);
/* Send a job off (STEP_READ or STEP_WRITE) without leaving the phase. */
void sched_submit(struct session *s, struct cmd *c, enum step step);
void sched_drop_all(struct session *s);
struct pipeline *sched_pipeline(struct session *s, struct str name);
/* An unfinished command of the unnamed pipeline, before seq, that opens or
 * ends a message. */
bool sched_unnamed_unsettled(const struct session *s, uint64_t seq);
/* An unfinished DATA of another pipeline, before seq, that belongs to the
 * unnamed pipeline's message. */
bool sched_foreign_data(const struct session *s, uint64_t seq);
/* Octets of output above which nothing new is made. */
bool sched_has_room(const struct session *s);

/* --- cmd.c: one command --- */
struct cmd *cmd_new(struct session *s, struct lineref *line);
void cmd_free(struct cmd *c);
const struct cmd_ops *cmd_ops_of(enum command_id id);
/* A struct of the handler's, zeroed, as c->data.  NULL without memory (the
 * command has then answered 700 and the handler returns STEP_DONE). */
void *cmd_data(struct session *s, struct cmd *c, size_t n);

/* Replies.  The last line of a reply (no dash, a closing code) sets c->code. */
void cmd_begin(struct session *s, struct cmd *c, struct reply *r,
	       enum status st, bool dash);
void cmd_end(struct session *s, struct reply *r);
enum step cmd_answer(struct session *s, struct cmd *c, enum status st);
/* With words of our own. */
enum step cmd_answer_text(struct session *s, struct cmd *c, enum status st,
			  const char *text);
/* For an error code (err.def says which status). */
enum step cmd_answer_err(struct session *s, struct cmd *c, int err);
/* One unasked line in no pipeline. */
void sess_say(struct session *s, enum status st, const char *text);

#endif
