#include "lib/test.h"

void
test_fail(const char *name, const char *what, const char *file, int line)
{
	print_error("case \"%s\": not so: %s\n", name ? name : "", what);
	_fail(file, line);
}

void
test_rc(const char *name, int rc, int want, const char *what,
	const char *file, int line)
{
	if (rc == want)
		return;
	print_error("case \"%s\": %s is %d (%s), wanted %d (%s)\n",
		    name ? name : "", what, rc, err_name(rc), want,
		    err_name(want));
	_fail(file, line);
}

void
test_str(const char *name, struct str s, struct str want, const char *file,
	 int line)
{
	if (str_eq(s, want))
		return;
	print_error("case \"%s\": got \"%.*s\" (%zu), wanted \"%.*s\"\n",
		    name ? name : "", STR_ARG(s), s.n, STR_ARG(want));
	_fail(file, line);
}
