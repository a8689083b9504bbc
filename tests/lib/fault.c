#include "lib/fault.h"

#include "base/mem.h"
#include "lib/test.h"

unsigned
fault_each(fault_fn *fn, void *arg)
{
	unsigned refused = 0;

	for (unsigned nth = 1;; nth++) {
		int64_t held = mem_held();
		int rc, hit;

		mem_fail_at(nth);
		rc = fn(arg);
		hit = mem_fail_hit();
		mem_fail_at(0);

		if (mem_held() != held)
			fail_msg("allocation %u: %lld blocks left", nth,
				 (long long)(mem_held() - held));
		if (rc < 0 && (!hit || rc != ERR_NOMEM))
			fail_msg("allocation %u: gave %s", nth, err_name(rc));
		if (!hit)
			return refused;
		refused += rc < 0;
	}
}
