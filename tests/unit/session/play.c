/* play: feed standard input to a session on a store in memory, for a look by
 * hand.  `play [IMID]` logs in as IMID first (alice@a.test or bob@b.test,
 * password "secret"). */
#include <stdio.h>

#include "lib/engine/engine.h"

int
main(int argc, char **argv)
{
	static char in[1 << 20];
	struct engine *e = engine_new();
	struct peer *p;
	size_t n;

	if (e == NULL || engine_account(e, "alice@a.test", "secret") < 0 ||
	    engine_account(e, "bob@b.test", "secret") < 0 ||
	    peer_new(e, argc > 1, &p) < 0)
		return 1;
	if (argc > 1 && peer_login(p, argv[1], "secret") < 0)
		return 1;
	n = fread(in, 1, sizeof(in), stdin);
	peer_send(p, str_n(in, n), 0);
	(void)fwrite(buf_data(peer_output(p)), 1, peer_output(p)->n, stdout);
	(void)fprintf(stderr, "closed=%d unsent=%zu jobs=%zu\n",
		      peer_closed(p), peer_unsent(p), engine_jobs(e));
	peer_free(p);
	engine_free(e);
	return 0;
}
