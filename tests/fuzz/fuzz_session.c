/* A whole session over arbitrary octets.  The first octet says how: bit 0 logs
 * in first, bits 1-3 the size of the pieces, bit 4 jobs come back late. */
#include <stdlib.h>

#include "base/mem.h"
#include "lib/engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const size_t pieces[8] = { 0, 1, 2, 3, 7, 64, 500, 4096 };
	int64_t held = mem_held();
	struct engine *e;
	struct peer *p;
	uint8_t how;

	if (n == 0)
		return 0;
	how = data[0];
	e = engine_new();
	check(e != NULL);
	check(engine_account_h(e, "a@a.test", ENGINE_H) == 0);
	check(engine_account_h(e, "b@b.test", ENGINE_H) == 0);
	engine_limits(e)->inline_part = 4096;
	engine_limits(e)->message = 65536;
	check(peer_new(e, true, &p) == 0);
	if (how & 1)
		check(peer_login_h(p, "a@a.test", ENGINE_H) == 0);
	engine_hold_jobs(e, how & 16);
	peer_send(p, str_n(data + 1, n - 1), pieces[how >> 1 & 7]);
	engine_hold_jobs(e, false);
	peer_send(p, STR("\n"), 0);
	/* Nobody made us keep more than we allow. */
	if (peer_session(p) != NULL)
		check(session_output(peer_session(p)).n <= 1u << 20);
	engine_pass(e, 40ull * 60 * 1000);
	check(peer_closed(p));
	peer_free(p);
	check(*engine_env(e)->inline_octets == 0);
	engine_free(e);
	check(mem_held() == held);
	return 0;
}
