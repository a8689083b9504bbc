/*
 * server_admin: what the administrator's control socket sees of a server.
 *
 * All may be called from any thread but the loops', while the server runs.
 */
#ifndef SERVER_SERVER_ADMIN_H
#define SERVER_SERVER_ADMIN_H

#include "base/limits.h"
#include "store/store.h"

struct server;
struct server_key;

struct store *server_admin_store(struct server *s);
const struct limits *server_admin_limits(const struct server *s);
/* For sealing what the store keeps of passwords. */
const struct server_key *server_admin_key(const struct server *s);
struct str server_admin_domain(const struct server *s);
/* The key of the postmaster's account; empty: none. */
struct str server_admin_postmaster(const struct server *s);

/* Have a job done by the writer, among those of the sessions, and wait for it.
 * Returns job->err; ERR_STOPPING if the server ends (the job was not run). */
int server_admin_write(struct server *s, struct store_job *job) WARN_UNUSED;

/* End all sessions of an account, or of a device of it (its key; empty: all),
 * within a second. */
void server_admin_kick(struct server *s, uint64_t account_id,
		       struct str device_key);

struct server_counters {
	uint64_t started;	/* Unix ms */
	uint64_t uptime;	/* ms */
	/* connections now, by state */
	uint64_t plain;		/* not (yet) encrypted */
	uint64_t secured;	/* encrypted, nobody logged in */
	uint64_t logged_in;
	/* since the start */
	uint64_t accepted, refused, logins, auth_failures;
	uint64_t messages;	/* deliveries committed */
	uint64_t copies;	/* recipients that got one */
	uint64_t write_batches, write_jobs, write_failed;
	/* now */
	uint64_t write_queue;	/* jobs waiting for the writer */
	uint64_t read_jobs;	/* jobs with the readers */
	uint64_t inline_octets;	/* of unfinished messages in memory */
	uint64_t loops;		/* loop threads */
};
void server_admin_counters(struct server *s, struct server_counters *ret);

#endif
