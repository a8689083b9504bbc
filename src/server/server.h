/*
 * server: everything between the sockets and the store, as one object.
 *
 * Loop threads own sessions and never wait; a pool of threads reads the store;
 * one thread writes it; one takes care of it.  Programs start a server with
 * options they have read and a store they have opened, and end it.
 *
 * The server ignores SIGPIPE and has no other business with signals: whoever
 * starts it blocks those it waits for before (threads inherit that).
 * When a sync of the store fails, or memory for what cannot fail is missing,
 * the process ends at once with SERVER_DIED: what was not acknowledged by then
 * never will be.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/limits.h"
#include "base/str.h"
#include "store/store.h"

struct server;

/* How a process ends that must not go on (EX_SOFTWARE). */
#define SERVER_DIED 70

/* A certificate chain and its key in PEM. */
struct server_pair {
	const char *domain;	/* SNI; NULL: the default pair */
	const char *certificate, *key;	/* of the default one both empty: a
					 * self-signed pair in `data`/tls */
};

struct server_listen {
	struct str addr;	/* "192.0.2.1:1025", "[::1]:0" */
	bool tls;		/* TLS from the first octet */
	bool optional;		/* skipped, with a warning, on a machine that
				 * lacks the address */
};

/* All is copied but what is said to outlive the server. */
struct server_options {
	struct store *store;	/* outlives it */
	const struct limits *limits;	/* outlive it */
	struct str domain;	/* its own name; hosted if it is not yet */
	struct str postmaster;	/* IMID, or empty */
	const char *data;	/* folder for a self-signed pair */
	const char *key;	/* path of the server key, made if missing */
	const struct server_pair *pairs;	/* the default one is first */
	size_t npairs;
	bool tls2;		/* TLS 1.2 is offered beside 1.3 */
	bool allow_1_0;
	size_t workers;		/* loop threads; 0: one a core */
	const struct server_listen *listen;
	size_t nlisten;
	uint64_t drain;		/* ms that sessions get to end; 0: 6 s */
};

/*
 * Start.  Returns 0 and a server that takes connections, or an error and one
 * line in reterr (cap octets).
 */
int server_start(const struct server_options *o, struct server **ret,
		 char *reterr, size_t cap) WARN_UNUSED;
/* The address that listener i of the options is bound to, as text; false if it
 * was skipped. */
bool server_bound(const struct server *s, size_t i, char dst[static 80]);

/* Take other certificates for handshakes from now on.  On an error the old
 * ones stay, and reterr says why.  One thread at a time. */
int server_reload(struct server *s, const struct server_pair *pairs, size_t n,
		  char *reterr, size_t cap) WARN_UNUSED;

/* Any thread: take no more connections, let sessions finish what they do.
 * More than once is as once. */
void server_stop(struct server *s);
/*
 * Wait until a stopped server has ended, and free it.  Sessions that have not
 * ended after `drain` are cut off; then what they have in the store is waited
 * for, 1.5 s: if that is not enough ERR_TIMEOUT is returned, threads still
 * run, and all the caller may do is end the process.  Nothing is lost by that
 * but answers nobody has had.
 */
int server_wait(struct server *s) WARN_UNUSED;

/* For the schema of a configuration: NULL if v is a domain (an account's
 * address), else why it is not. */
const char *server_check_domain(struct str v);
const char *server_check_imid(struct str v);
/* Can these pairs be loaded?  reterr says why not. */
int server_check_pairs(const struct server_pair *pairs, size_t n,
		       char *reterr, size_t cap) WARN_UNUSED;

#endif
