/* rig: a whole server in the test's process, on a store in memory. */
#ifndef UNIT_SERVER_RIG_H
#define UNIT_SERVER_RIG_H

#include "lib/wire/wire.h"
#include "server/server.h"
#include "server/server_admin.h"

#define RIG_H \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

struct rig {
	char dir[32];
	struct limits limits;	/* change before rig_start() */
	struct server_options o;
	struct store *store;	/* opened by rig_start(), unless it is set */
	struct server *s;
	char addr[80], addr_tls[80];
};

/* A folder, default limits, two loops, a plain and a TLS listener. */
void rig_init(struct rig *r);
void rig_start(struct rig *r);
/* An account whose h is RIG_H. */
void rig_account(struct rig *r, const char *name, uint64_t *ret_id);
/* A device of it, with RIG_H as its key. */
void rig_device(struct rig *r, uint64_t account_id, const char *name);
/* Stop it if it runs; the folder goes. */
void rig_done(struct rig *r);

#endif
