/*
 * libimmp: talk to an IMMP/1.0 server.
 *
 * A struct immp is one connection.  It is made with immp_new(), connected with
 * immp_connect(), and after immp_login() it sends, lists and fetches mail:
 *
 *	struct immp_options o = IMMP_OPTIONS_INIT;
 *	struct immp_login l = IMMP_LOGIN_INIT;
 *	struct immp *c = immp_new();
 *
 *	o.host = "mail.example.org";
 *	l.account = "alice@example.org";
 *	l.password = password;
 *	if (c && immp_connect(c, &o) == 0 && immp_login(c, &l) == 0)
 *		immp_command(c, "MBOX CHECK /inbox", print, NULL);
 *	else
 *		fprintf(stderr, "%s\n", immp_message(c));
 *	immp_free(c);
 *
 * Results.  A function that returns int returns 0 or a negative enum
 * immp_error.  immp_message() then says in one line what happened, and
 * immp_code() gives the status code where the server refused something.  After
 * IMMP_E_MEMORY, _REFUSED, _NOT_FOUND, _AUTH (but of a server's failed proof),
 * _LATER, _USAGE, _STOPPED, _SOURCE and _TOO_LARGE the connection goes on;
 * after any other error it has ended, and immp_connect() may start it anew.
 *
 * Text is UTF-8 and NUL-terminated unless said otherwise.  Strings that are
 * given are copied or used before the call returns.  Strings handed out belong
 * to the library.  Text that comes from the server is what the server wrote:
 * it may hold control characters, and is yours to clean before a terminal sees
 * it.
 *
 * Threads.  A struct immp is used by one thread at a time; different ones may
 * be used in different threads at once.  The library installs no signal
 * handlers, raises no SIGPIPE, and writes nothing to standard output or error.
 *
 * Structs that you fill begin with their size, so that a later version can add
 * members: start from the ..._INIT macro.
 */
#ifndef IMMP_IMMP_H
#define IMMP_IMMP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- errors --- */

enum immp_error {
	IMMP_OK = 0,
	IMMP_E_MEMORY = -1,	/* out of memory */
	IMMP_E_USAGE = -2,	/* the call, or what it was given, is wrong */
	IMMP_E_CONNECT = -3,	/* host unknown, or none of its addresses
				 * takes connections */
	IMMP_E_TIMEOUT = -4,	/* the server is too slow */
	IMMP_E_CLOSED = -5,	/* the connection was lost, or is not open */
	IMMP_E_TLS = -6,	/* no encryption could be agreed on */
	IMMP_E_CERTIFICATE = -7, /* nobody vouches for the server's key */
	IMMP_E_DOWNGRADE = -8,	/* somebody hid what the server offers */
	IMMP_E_PROTOCOL = -9,	/* the server broke the protocol */
	IMMP_E_AUTH = -10,	/* account, password or device key refused */
	IMMP_E_PROOF = -11,	/* the server did not prove that it knows the
				 * account: it may be an impostor */
	IMMP_E_WEAK = -12,	/* the server asks for an unsafe login */
	IMMP_E_REFUSED = -13,	/* refused for good; see immp_code() */
	IMMP_E_NOT_FOUND = -14,	/* no such account, folder, message */
	IMMP_E_LATER = -15,	/* refused for now: it may succeed later */
	IMMP_E_STOPPED = -16,	/* one of your callbacks said stop */
	IMMP_E_SOURCE = -17,	/* a part could not be read, or changed its
				 * length; nothing was sent */
	IMMP_E_TOO_LARGE = -18,	/* larger than the server takes */
	IMMP_E_UNKNOWN = -19	/* lost behind DONE: the message may have been
				 * delivered; send it again with the same id */
};

/* One English phrase for an error, without full stop.  Static. */
const char *immp_strerror(int error);

/* The version of the library, as "0.1.0".  Static. */
const char *immp_version(void);

/* --- a connection --- */

struct immp;

/* Not connected.  NULL without memory. */
struct immp *immp_new(void);
/* Ends the connection, if there is one, and frees all.  Takes NULL. */
void immp_free(struct immp *c);

/*
 * What went wrong last, in one line without full stop; "" if nothing did.
 * Where the server refused something it is the server's own text, such as
 * "404 No such thing here."  Valid until the next call with c.  Takes NULL.
 */
const char *immp_message(const struct immp *c);
/* The status code that belongs to it; 0 where the server gave none. */
int immp_code(const struct immp *c);

/* What is known of a server's key before anything is told to it. */
struct immp_certificate {
	const char *host;	/* as in the options */
	const char *domain;	/* the name that was asked for */
	const char *fingerprint; /* SHA-256 of its SubjectPublicKeyInfo, 64
				 * lower-case hex digits */
	int vouched;		/* non-zero: a CA of the system vouches for
				 * the key and the name */
	const char *tls;	/* "TLSv1.3" */
};

/*
 * Decide whether to go on with a server.  Non-zero: yes.  It is called once a
 * connection, inside immp_connect(), also where a CA vouches for the key.
 */
typedef int (*immp_trust_fn)(void *ctx, const struct immp_certificate *cert);

enum immp_tls { IMMP_TLS2 = 2, IMMP_TLS3 = 3 };	/* TLS 1.2, TLS 1.3 */

struct immp_options {
	size_t size;		/* sizeof(struct immp_options) */
	const char *host;	/* name or address; required */
	uint16_t port;		/* 0: 1025, or 1026 with tls_first */
	const char *domain;	/* name to ask for and to find in the
				 * certificate: the domain behind the @.
				 * NULL: host */
	int tls_first;		/* the port speaks TLS from the first octet */
	enum immp_tls minimum;	/* IMMP_TLS3 unless you say otherwise */
	int connect_timeout;	/* ms until TLS is up, all addresses together;
				 * 0: 20,000 */
	int timeout;		/* ms of silence from a server that owes an
				 * answer; 0: 120,000; -1: for ever */
	const char *pin;	/* a fingerprint: the only one that is taken */
	immp_trust_fn trust;	/* NULL: the pin if there is one, else what a
				 * CA vouches for */
	void *trust_ctx;
};
#define IMMP_OPTIONS_INIT { sizeof(struct immp_options), NULL, 0, NULL, 0, \
	IMMP_TLS3, 0, 0, NULL, NULL, NULL }

/*
 * Connect: TCP, greeting, UPGRADE, TLS, HELLO.  Nothing that came before TLS
 * is believed; a server that was made to offer less there than it offers is
 * IMMP_E_DOWNGRADE.  With both pin and trust, both must agree.
 * An earlier connection of c is ended first.
 * Errors: _USAGE, _MEMORY, _CONNECT, _TIMEOUT, _CLOSED, _TLS, _CERTIFICATE,
 * _DOWNGRADE, _PROTOCOL, _LATER, _REFUSED.
 */
int immp_connect(struct immp *c, const struct immp_options *o);

/* Say QUIT and end the connection; c may connect again.  Takes NULL. */
void immp_disconnect(struct immp *c);

/* What the server says of itself, valid while the connection lasts. */
struct immp_server {
	const char *domain;	/* its d= */
	const char *version;	/* its v=, as "1.0" */
	const char *features;	/* its f=, as "proof,search"; "" for none */
	uint64_t max;		/* octets of the largest message; 0: not said */
	const char *fingerprint; /* as in struct immp_certificate */
	int vouched;
	const char *tls;
};
/* NULL without a connection. */
const struct immp_server *immp_server(const struct immp *c);
/* Non-zero if f= names the feature. */
int immp_has(const struct immp *c, const char *feature);

/* --- login --- */

struct immp_login {
	size_t size;		/* sizeof(struct immp_login) */
	const char *account;	/* alice@example.org; required */
	const char *password;	/* either this */
	const char *key;	/* or the key of a device: 64 hex digits */
	const char *device;	/* the device's name; required with key, with
				 * a password only a label (may be NULL) */
	int allow_1_0;		/* see below */
};
#define IMMP_LOGIN_INIT { sizeof(struct immp_login), NULL, NULL, NULL, NULL, 0 }

/*
 * Log in.  Both sides prove that they know the password (or key) and that they
 * are the two ends of this very TLS connection; the password itself is never
 * sent, and takes a derivation of about a tenth of a second.
 *
 * allow_1_0: where the server knows no such proof, send the key of IMMP 1.0
 * instead, which the draft defines and which proves nothing about the server.
 * It is sent only if the certificate is vouched for by a CA or by a pin.  Do
 * not set it for an account that ever logged in with a proof (immp_proved()).
 *
 * Errors: _AUTH; _PROOF and _WEAK (the connection has ended); _LATER; _USAGE;
 * and those of a lost connection.
 */
int immp_login(struct immp *c, const struct immp_login *l);
/* Non-zero if the login of this connection was one with a proof. */
int immp_proved(const struct immp *c);

#define IMMP_KEY_SIZE 65	/* 64 hex digits and a NUL */

/*
 * Make a device with a key of its own, for later logins without the password.
 * scope: "read,send,push" or some of these; NULL: all.  ret_key is told once
 * and is worth as much as a password.  Wants a login by password in the last
 * five minutes (else _REFUSED with code 403); a name that is taken is _REFUSED
 * with code 409.
 */
int immp_device_add(struct immp *c, const char *name, const char *scope,
		    char ret_key[IMMP_KEY_SIZE]);
/* End a device's sessions and delete its key. */
int immp_device_revoke(struct immp *c, const char *name);
/*
 * Give the account a new password.  Wants a login by password in the last five
 * minutes.  Ends all other sessions of the account.
 */
int immp_passwd(struct immp *c, const char *password);

/* --- commands --- */

/*
 * One line of a reply, or a piece of a counted block.
 *
 * A reply is any number of lines, the last of which has `last` set.  A line
 * that announces a counted block comes first; then its octets in one or more
 * pieces.  If the connection is lost, or the reply is cut off for another
 * reason, the final call has a negative `code` (enum immp_error) and `last`:
 * so every command sees `last` exactly once.
 */
struct immp_reply {
	int code;		/* status code of the line */
	int last;		/* this line closes the reply */
	const char *pipeline;	/* "" for the unnamed one */
	const char *text;	/* behind the code; NUL-terminated */
	size_t length;		/* octets of text */
	const void *octets;	/* NULL, or a piece of the block */
	size_t noctets;
	uint64_t offset;	/* where the piece (block) lies ... */
	uint64_t total;		/* ... in an answer of so many octets */
};

/*
 * 0 to go on.  Anything else stops: the rest of the reply is read and dropped,
 * and the waiting call returns IMMP_E_STOPPED.  Inside a callback only
 * immp_submit() and functions that do not wait may be called with c.
 */
typedef int (*immp_reply_fn)(void *ctx, const struct immp_reply *r);

/*
 * Send a line and wait until it is answered.  The line has no line end; it may
 * begin with "AS id" and may hold several commands joined by ';' (the result
 * is that of the first that failed).  fn may be NULL.  DATA, UPGRADE and QUIT
 * are _USAGE, and so is a line that cannot be parsed: nothing is sent then.
 */
int immp_command(struct immp *c, const char *line, immp_reply_fn fn, void *ctx);

/*
 * Send a line without waiting for its answer: any number may be under way.  fn
 * is called by a later call with c that reads from the server; never inside
 * this one for this line, but perhaps for earlier ones, when a bounded number
 * is waiting already.  fn may be NULL.
 */
int immp_submit(struct immp *c, const char *line, immp_reply_fn fn, void *ctx);

/* Wait until everything submitted is answered.  0, or the error that ended the
 * connection; the commands' own results went to their callbacks. */
int immp_finish(struct immp *c);

/*
 * Wait at most timeout ms (-1: for ever) for something from the server, handle
 * it, return.  1 if something came, 0 if not, or an error.  For WATCH, with
 * poll() on immp_fd(), which is readable when there is something to handle.
 */
int immp_wait(struct immp *c, int timeout);
/* The socket, for poll() only; -1 without a connection. */
int immp_fd(const struct immp *c);

/*
 * Write s to dst of cap octets as a quoted word of a command, NUL-terminated.
 * Returns its length; IMMP_E_USAGE if it does not fit or holds a control
 * character, which no command may.  3 + twice the length of s always suffices.
 */
int immp_quote(const char *s, char *dst, size_t cap);

/*
 * The value of name= in the text of a reply, unquoted, to dst of cap octets,
 * NUL-terminated.  Returns its length, IMMP_E_NOT_FOUND, or IMMP_E_USAGE if it
 * does not fit.
 */
int immp_field(const char *text, const char *name, char *dst, size_t cap);

/* --- sending --- */

/*
 * Give the next octets of a part, at most cap, to dst.  Returns their count, 0
 * at the end, -1 on failure.  Never called inside a callback.
 */
typedef ptrdiff_t (*immp_read_fn)(void *ctx, void *dst, size_t cap);

/*
 * A part of a message.  Its octets come from data, from read, or from the file
 * fd (from its place on; it is not closed); the first that is set counts.
 * `length` octets are sent; a read or fd that has less or more is _SOURCE.  A
 * part of length 0 is not read at all.
 */
struct immp_part {
	const char *name;	/* unique in the message; NULL: one is made */
	const char *type;	/* "text/plain; charset=utf-8" */
	const char *file;	/* the name a reader sees, or NULL */
	const char *cid;	/* content id, without <>, or NULL */
	const char *in;		/* name of the multipart around it, or NULL */
	int content;		/* the text itself: exactly one part */
	int is_inline;		/* shown in the text, not as an attachment */
	uint64_t length;
	const void *data;
	immp_read_fn read;
	void *ctx;		/* of read */
	int fd;			/* if data and read are NULL */
};

struct immp_header {
	const char *name, *value;
};

/* Called for each recipient, at most once: code 273 (delivered) or 274
 * (queued), or why it was refused.  text is the server's. */
typedef void (*immp_recipient_fn)(void *ctx, const char *imid, int code,
				  const char *text);
/* Called now and then: octets done of total.  Non-zero stops. */
typedef int (*immp_progress_fn)(void *ctx, uint64_t done, uint64_t total);

#define IMMP_SECURE 1		/* only to servers whose key is proved */
#define IMMP_ANONYMOUS 2	/* hide the sender from the recipients */

struct immp_mail {
	size_t size;		/* sizeof(struct immp_mail) */
	const char *const *to;	/* IMIDs, ended by NULL */
	const char *const *cc, *const *bcc; /* the same; may be NULL */
	const char *from;	/* NULL: the account */
	const char *subject;	/* NULL: none */
	const char *id;		/* a UUID; NULL: a new one is made */
	const char *reply;	/* UUID of what this answers, or NULL */
	int importance;		/* 1, 0, -1 */
	unsigned flags;		/* IMMP_SECURE, IMMP_ANONYMOUS */
	const struct immp_header *headers;
	size_t nheaders;
	const struct immp_part *parts;
	size_t nparts;
	immp_recipient_fn recipient;
	immp_progress_fn progress;
	void *ctx;		/* of both */
};
#define IMMP_MAIL_INIT { sizeof(struct immp_mail), NULL, NULL, NULL, NULL, \
	NULL, NULL, NULL, 0, 0, NULL, 0, NULL, 0, NULL, NULL, NULL }

#define IMMP_UUID_SIZE 37	/* 36 and a NUL */

struct immp_sent {
	char id[IMMP_UUID_SIZE]; /* the message's UUID, also after an error
				 * (to send it again with) */
	int queued;		/* at least one recipient is of another domain
				 * and not reached yet */
};

/*
 * Send a message; when it returns 0 the server has it for good.  ret may be
 * NULL.  All recipients are taken or none.  On _SOURCE, _STOPPED, _TOO_LARGE,
 * _REFUSED, _NOT_FOUND and _LATER nothing was sent and the connection goes on
 * (what was announced of a part is made up with zeros first, then forgotten).
 * Submitted commands are finished first.
 */
int immp_send(struct immp *c, const struct immp_mail *m, struct immp_sent *ret);

/* --- filing --- */

/*
 * What became of a message that was filed: error 0, and it is durable in the
 * folder; else an enum immp_error, with the server's code (0 where it gave
 * none).  text is the server's; with error 0 its field known= (immp_field())
 * is "1" where it was filed before, and perhaps deleted since.  Called once,
 * inside immp_append() or a later call with c; it may call what any callback
 * may.
 */
typedef void (*immp_filed_fn)(void *ctx, const char *id, int error, int code,
			      const char *text);

/*
 * A message for a folder of the account itself: a draft, or mail of another
 * system.  Of mail these count: to, cc and from (any address, or
 * "name <address>"; they are only shown, and there may be none; from "" is an
 * unknown sender), subject, id, reply, importance, headers, parts.
 */
struct immp_append {
	size_t size;		/* sizeof(struct immp_append) */
	const char *folder;	/* "/inbox/lists"; it must be there */
	const struct immp_mail *mail;
	const char *date;	/* RFC 3339, also the message's place in the
				 * folder; NULL: now */
	const char *const *flags; /* "read", "flagged", "answered", "draft",
				 * "$word", ended by NULL; may be NULL */
	immp_filed_fn filed;	/* required */
	void *ctx;
};
#define IMMP_APPEND_INIT { sizeof(struct immp_append), NULL, NULL, NULL, NULL, \
	NULL, NULL }

/*
 * File a message.  Returns when it is sent: up to 24 are under way at once and
 * are made durable together, so filing many is fast; further ones wait.  All
 * that is given is used before the call returns.  immp_finish() waits until
 * the last is filed.
 *
 * A message whose id the mailbox has, or still keeps deleted, is not filed
 * again and counts as filed; with other content it is refused with code 409.
 *
 * 0 if `filed` has been or will be called.  An error if it will not: _USAGE,
 * _TOO_LARGE, _SOURCE (nothing is filed, the connection goes on), or that of a
 * lost connection (which the messages under way are told as well).
 */
int immp_append(struct immp *c, const struct immp_append *a);

/* --- fetching --- */

/* A piece of a message as it comes, in order. */
struct immp_piece {
	const char *id;		/* UUID of the message */
	const void *octets;
	size_t noctets;		/* may be 0 for an empty one */
	uint64_t offset;	/* of these octets in the message (or part) */
	uint64_t total;		/* where it ends: offset + noctets == total
				 * in its last piece */
};
/* Non-zero stops; the rest is read and dropped. */
typedef int (*immp_sink_fn)(void *ctx, const struct immp_piece *p);

enum immp_form {
	IMMP_MIME,		/* the message as MIME */
	IMMP_JSON		/* as JSON, parts in base64 */
};

struct immp_fetch {
	size_t size;		/* sizeof(struct immp_fetch) */
	const char *target;	/* "/inbox#uuid", "#uuid,uuid", ... */
	enum immp_form form;	/* without part */
	const char *part;	/* the raw octets of this part; NULL: all */
	uint64_t from, count;	/* of a part: count octets from this one on;
				 * count 0: all */
	int peek;		/* do not mark it read */
	int no_data;		/* header or JSON without the parts' octets */
	immp_sink_fn sink;	/* required */
	void *ctx;
};
#define IMMP_FETCH_INIT { sizeof(struct immp_fetch), NULL, IMMP_MIME, NULL, \
	0, 0, 0, 0, NULL, NULL }

/*
 * Fetch messages, or a part of one.  Nothing is held in memory.  A message
 * among several that is gone is left out; if all are, _NOT_FOUND.  When it
 * returns 0 every message that began has come whole.
 */
int immp_fetch(struct immp *c, const struct immp_fetch *f);

#ifdef __cplusplus
}
#endif

#endif
