/*
 * load: drive a server and count what it does.
 *
 * One thread, any number of sessions.  A session keeps up to `window` units
 * under way (a unit is a message, a row, a login); what a unit is on the wire
 * its protocol says.  Sessions are made one after the other, blocking; then all
 * run over epoll.
 *
 * This is a tool of measuring: whatever goes wrong ends it, with a line that
 * says why.
 */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

/* One of its types bears the name of an error of ours. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/ssl.h>
#undef ERR_STATE

#include "base/buf.h"
#include "base/err.h"

struct load;
struct session;

enum load_wait {
	WAIT_WINDOW,	/* units follow each other without waiting */
	WAIT_UNIT,	/* for the end of a unit */
	WAIT_REPLY	/* for each reply */
};

struct load_options {
	const char *what;
	const char *host;
	int port;
	const char *account;	/* who logs in */
	const char *password;
	const char *domain;	/* of the recipients u0@domain, u1@domain... */
	uint64_t mailboxes;	/* how many of them */
	uint64_t recipients;	/* of one message */
	uint64_t size;		/* octets of a body */
	uint64_t sessions;
	uint64_t window;
	uint64_t units;		/* after which to end, or */
	double seconds;		/* how long to go on */
	double warm;		/* seconds before that that do not count */
	const char *folder;	/* what is fetched, listed, checked */
	enum load_wait wait;
	bool hold;		/* idle: until standard input ends */
};

struct protocol {
	const char *name;
	bool tls_first;
	/* Greeting to login, blocking. */
	void (*begin)(struct session *s);
	/* Append to s->out what may be sent now. */
	void (*more)(struct session *s);
	/* Take from s->in what has come. */
	void (*heard)(struct session *s);
};

struct session {
	struct load *l;
	const struct protocol *p;
	int fd;
	SSL *ssl;		/* NULL: in clear */
	bool want_write;
	struct buf in, out;
	size_t index;

	uint64_t under_way;	/* units */
	int step;		/* of a unit, where each reply is waited for */
	uint64_t skip;		/* octets of a block still to come */
	uint64_t serial;
	uint64_t *began;	/* ns; of the units under way */
	bool named;		/* units end in any order, each in a pipeline of
				 * its own; else began is a ring */
	uint64_t busy;		/* bits: the pipelines in use */
	uint64_t first;		/* of the ring */
	uint64_t slot;		/* of the last that was given */
	uint64_t steps;		/* of what the protocol counts */
};

struct load {
	struct load_options o;
	SSL_CTX *tls;
	int epoll;
	struct session *sessions;
	uint64_t given;		/* units */
	uint64_t done;
	uint64_t start, end;	/* ns; end: when no more are given; 0: never */
	uint64_t counted_from;	/* ns */
	uint64_t warm_done;	/* units before that */
	uint64_t last;		/* ns: the last end of a unit */
	uint32_t *times;	/* microseconds of each counted unit */
	size_t ntimes, cap;
	char key[65];		/* of our device, IMMP */
	char device[32];
};

extern const struct protocol load_immp, load_lmtp, load_smtp, load_imap,
	load_mqtt, load_bare;

_Noreturn void load_die(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
uint64_t load_ns(void);

/* --- a connection, blocking: for begin() --- */

void session_open(struct session *s);
void session_close(struct session *s);
void session_tls(struct session *s);
/* One call: what SSL_write() or send(), SSL_read() or recv() returned; buffers
 * have followed.  Also for the loop. */
#define LOAD_PIECE 65536
int session_send(struct session *s);
int session_receive(struct session *s);
/* Send s->out, then wait for more in s->in. */
void session_flush(struct session *s);
void session_fill(struct session *s);
/* The next line without its end, NUL-terminated; valid until the next call. */
char *session_line(struct session *s);
void session_say(struct session *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Wait for a line that begins so; a line that begins with `bad` ends all. */
void session_expect(struct session *s, const char *prefix, const char *bad);

/* --- units --- */

/* May another begin?  Then it has. */
bool load_give(struct session *s);
/* The oldest of the session has ended, or the one in a slot. */
void load_done(struct session *s);
void load_done_at(struct session *s, uint64_t slot);
/* A line of s->in, without its end; false: none is whole. */
bool load_line(struct session *s, struct str *ret);
/* Skip what is left of a block; false: more must come. */
bool load_skip(struct session *s);
uint64_t load_random(uint64_t below);
/* The text of a message with this number, of o.size octets. */
void load_text(struct session *s, uint64_t serial, struct buf *b);

/* Run until all is done. */
void load_run(struct load *l);
/* Sessions one after the other, each only begun and ended. */
void load_logins(struct load *l);
/* Open all and rest. */
void load_idle(struct load *l);

/* --- of the machine --- */

/* Append `size` octets and sync, for so long; how often. */
uint64_t machine_appends(const char *path, uint64_t size, double seconds);
/* A TLS server of our own in a child that only takes handshakes, or that reads
 * all that comes; its port.  Ends with us. */
int machine_tls_server(const char *certificate, const char *key);

#endif
