/* admin_priv: what the files of this folder share. */
#ifndef ADMIN_ADMIN_PRIV_H
#define ADMIN_ADMIN_PRIV_H

#include "admin/admin.h"

/* Octets of one object of an answer. */
#define ADMIN_DOC (256u << 10)
/* The same, of one that says what was done. */
#define ADMIN_SMALL 4096
/* Octets that a command may gather; lists clear theirs page by page. */
#define ADMIN_MEMORY (64u << 20)
/* Rows that are read at once. */
#define ADMIN_PAGE 500

/* One command that runs. */
struct admin_run {
	const struct admin_env *env;
	const struct admin_call *call;
	const struct admin_secret *secret;	/* or NULL */
	const struct admin_out *out;
	struct admin_fail *fail;
	struct arena arena;
	struct buf doc;
	struct json json;	/* writes to doc */
};

/* Handlers: an admin_exit, and the reason in r->fail. */
typedef int (*admin_cmd_fn)(struct admin_run *r);

#define IMMP_ADMIN(id, words, params, options, flags, help) \
	int admin_cmd_##id(struct admin_run *r);
#define IMMP_ADMIN_LOCAL(id, words, params, options, flags, help)
#include "admin/admin_commands.def"
#undef IMMP_ADMIN
#undef IMMP_ADMIN_LOCAL

/* --- admin.c --- */

/* Fail with a reason. */
#define admin_no(r, code, ...) admin_fail((r)->fail, (code), __VA_ARGS__)
/* Fail with an error of the store or of memory. */
int admin_no_err(struct admin_run *r, int err);

/* Begin an object of the answer, and give it. */
struct json *admin_begin(struct admin_run *r);
int admin_end(struct admin_run *r, enum admin_kind kind) WARN_UNUSED;
/* {"done":how, what:name} */
int admin_done(struct admin_run *r, const char *how, const char *what,
	       struct str name) WARN_UNUSED;
int admin_note(struct admin_run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));
int admin_progress(struct admin_run *r, const char *text) WARN_UNUSED;
/* A time as a member, RFC 3339. */
void admin_kv_time(struct json *j, const char *key, uint64_t unix_ms);
/* What kind of storage a mailbox has, and its retention. */
void admin_kv_storage(struct json *j, const struct store_account *acc);

/* The n-th parameter as a domain, as an address of an account. */
int admin_domain_arg(struct admin_run *r, size_t n, struct str *ret)
	WARN_UNUSED;
int admin_imid_arg(struct admin_run *r, size_t n, struct imid *ret)
	WARN_UNUSED;
/* The account that the n-th parameter names. */
int admin_account_arg(struct admin_run *r, size_t n, struct store_account *ret)
	WARN_UNUSED;

#endif
