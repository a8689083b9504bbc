#include "conf/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/fault.h"
#include "lib/test.h"

static const char *const colours[] = { "red", "green", "blue", NULL };

static const char *
no_x(struct str v)
{
	return str_chr(v, 'x', 0) >= 0 ? "holds an x" : NULL;
}

static const struct conf_row rows[] = {
	{ .section = "a", .key = "name", .type = CONF_STRING,
	  .flags = CONF_REQUIRED, .check = no_x },
	{ .section = "a", .key = "file", .type = CONF_PATH, .def = "some.txt",
	  .flags = CONF_RELOAD },
	{ .section = "a", .key = "flag", .type = CONF_BOOL, .def = "yes" },
	{ .section = "a", .key = "size", .type = CONF_SIZE, .num = 2048,
	  .min = 1, .max = 4ull << 30 },
	{ .section = "a", .key = "time", .type = CONF_TIME, .num = 90000,
	  .max = 86400000 },
	{ .section = "a", .key = "count", .type = CONF_COUNT, .num = 5,
	  .min = 2, .max = 10 },
	{ .section = "a", .key = "colour", .type = CONF_ENUM,
	  .words = colours, .def = "green" },
	{ .section = "a", .key = "addrs", .type = CONF_ADDRS,
	  .def = "127.0.0.1:1, [::1]:2" },
};
static const struct conf_row more[] = {
	{ .section = "t", .key = "key", .type = CONF_STRING,
	  .flags = CONF_ARG },
	{ .section = "t", .key = "plain", .type = CONF_STRING },
	{ .section = "r", .key = "to", .type = CONF_STRING,
	  .flags = CONF_ARG_ONLY },
};
static const struct conf_schema schemas[] = {
	{ rows, TEST_COUNT(rows) }, { more, TEST_COUNT(more) },
};

static char dir[] = "/tmp/immp-conf-XXXXXX";
static char path[64];

static void
write_file(struct str text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	assert_int_equal(fclose(f), 0);
}

static struct conf *
load(struct str text)
{
	struct conf *c = NULL;

	write_file(text);
	assert_rc(conf_load(path, schemas, 2, &c), 0);
	return c;
}

static struct conf *
load_good(const char *text)
{
	struct conf *c = load(str_c(text));
	const struct str *p;
	size_t n;

	p = conf_problems(c, &n);
	if (n > 0)
		fail_msg("%s", p[0].p);
	return c;
}

static void
test_defaults(void **state)
{
	struct conf *c = load_good("[a]\nname=n\n");
	const struct conf_value *v;
	char want[80];

	assert_str(conf_text(c, "a", "name"), "n");
	(void)snprintf(want, sizeof(want), "%s/some.txt", dir);
	assert_str(conf_text(c, "a", "file"), want);
	assert_int_equal(conf_num(c, "a", "flag"), 1);
	assert_int_equal(conf_num(c, "a", "size"), 2048);
	assert_str(conf_text(c, "a", "size"), "2K");
	assert_int_equal(conf_num(c, "a", "time"), 90000);
	assert_str(conf_text(c, "a", "time"), "90s");
	assert_int_equal(conf_num(c, "a", "count"), 5);
	assert_int_equal(conf_num(c, "a", "colour"), 1);
	v = conf_get(c, "a", STR(""), "addrs");
	assert_int_equal(v->nlist, 2);
	assert_int_equal(v->line, 0);
	assert_str(v->list[0], "127.0.0.1:1");
	assert_str(v->list[1], "[::1]:2");
	assert_str(conf_text(c, "t", "plain"), "");
	assert_null(conf_arg(c, "t", 0).p);
	assert_null(conf_get(c, "r", STR(""), "to"));
	conf_free(c);
}

static void
test_written(void **state)
{
	struct conf *c = load_good(
		"\xef\xbb\xbf; a comment\r\n"
		"# another\n"
		"\n"
		"   \t\n"
		"[a]  ; of a section\n"
		"name =  two words ; and why\n"
		"file=/abs;olute\n"
		"flag = off\n"
		"size = 3G\n"
		"time = 10m\n"
		"count=10\n"
		"colour = blue\n"
		"addrs = [fe80::1]:65535\n"
		"[ t ]\n"
		"key =\n"
		"plain = a=b:c\n"
		"[t  b.test]\n"
		"key = of b\n"
		"[t c.test]\n"
		"[r *]\n"
		"to = there");

	assert_str(conf_text(c, "a", "name"), "two words");
	assert_int_equal(conf_get(c, "a", STR(""), "name")->line, 6);
	assert_str(conf_text(c, "a", "file"), "/abs;olute");
	assert_int_equal(conf_num(c, "a", "flag"), 0);
	assert_int_equal(conf_num(c, "a", "size"), 3ull << 30);
	assert_int_equal(conf_num(c, "a", "time"), 600000);
	assert_int_equal(conf_num(c, "a", "count"), 10);
	assert_int_equal(conf_num(c, "a", "colour"), 2);
	assert_str(conf_get(c, "a", STR(""), "addrs")->list[0],
		   "[fe80::1]:65535");
	assert_str(conf_text(c, "t", "key"), "");
	assert_str(conf_text(c, "t", "plain"), "a=b:c");
	assert_str(conf_arg(c, "t", 0), "b.test");
	assert_str(conf_arg(c, "t", 1), "c.test");
	assert_null(conf_arg(c, "t", 2).p);
	assert_str(conf_get(c, "t", STR("b.test"), "key")->text, "of b");
	assert_str(conf_get(c, "t", STR("c.test"), "key")->text, "");
	assert_str(conf_get(c, "r", STR("*"), "to")->text, "there");
	conf_free(c);
}

/* Lines, and the one problem they are, without the file's name. */
static const struct {
	const char *name, *text, *want;
} bad[] = {
	{ "unknown section", "[b]\n[a]\nname=n\n", "1: [b]: unknown section" },
	{ "its keys are not told of", "[b]\nx=1\nrubbish\n[a]\nname=n\n",
	  "1: [b]: unknown section" },
	{ "unknown key", "[a]\nname=n\nnames=n\n",
	  "3: [a] names: unknown key" },
	{ "key of another section", "[a]\nname=n\nkey=1\n",
	  "3: [a] key: unknown key" },
	{ "key without section", "name=n\n[a]\nname=n\n",
	  "1: name: stands before the first section" },
	{ "no argument", "[a x]\nname=n\n[a]\nname=n\n",
	  "1: [a x]: the section takes no argument" },
	{ "argument wanted", "[r]\nto=1\n[a]\nname=n\n",
	  "1: [r]: the section needs an argument" },
	{ "key not with argument", "[a]\nname=n\n[t x]\nplain=1\n",
	  "4: [t x] plain: unknown key" },
	{ "missing", "[a]\n", " [a] name: is missing" },
	{ "missing with the section", "", " [a] name: is missing" },
	{ "required and empty", "[a]\nname = ; nothing\n",
	  "2: [a] name: may not be empty" },
	{ "check", "[a]\nname=xyz\n", "2: [a] name: holds an x" },
	{ "twice", "[a]\nname=n\nname=m\n",
	  "3: [a] name: is given twice, first on line 2" },
	{ "twice over sections", "[a]\nname=n\n[t]\n[a]\nname=n\n",
	  "5: [a] name: is given twice, first on line 2" },
	{ "continued", "[a]\nname=n\n more\n",
	  "3: the line begins with blanks (values cannot be continued)" },
	{ "no word", "[a]\nname=n\nrubbish\n",
	  "3: neither a section nor KEY = VALUE" },
	{ "no word at the end", "[a]\nname=n\nrubbish",
	  "3: neither a section nor KEY = VALUE" },
	{ "open bracket", "[a\n[a]\nname=n\n", "1: the section has no ]" },
	{ "behind the bracket", "[a] x\n[a]\nname=n\n",
	  "1: text behind the section's ]" },
	{ "control", "[a]\nname=n\n[t]\nplain=a\001b\n",
	  "4: the line holds a control character" },
	{ "CR inside", "[a]\nname=n\n[t]\nplain=a\rb\n",
	  "4: the line holds a control character" },
	{ "not UTF-8", "[a]\nname=n\n[t]\nplain=\xff\n",
	  "4: the line is not UTF-8" },
	{ "bool", "[a]\nname=n\nflag=1\n",
	  "3: [a] flag: is neither yes nor no" },
	{ "size", "[a]\nname=n\nsize=1T\n",
	  "3: [a] size: is no size such as 10, 10K, 10M or 10G" },
	{ "size empty", "[a]\nname=n\nsize=\n",
	  "3: [a] size: is no size such as 10, 10K, 10M or 10G" },
	{ "size zero", "[a]\nname=n\nsize=01\n",
	  "3: [a] size: is no size such as 10, 10K, 10M or 10G" },
	{ "size small", "[a]\nname=n\nsize=0\n",
	  "3: [a] size: must be 1 to 4G" },
	{ "size large", "[a]\nname=n\nsize=5G\n",
	  "3: [a] size: must be 1 to 4G" },
	{ "size past 64 bits", "[a]\nname=n\nsize=18446744073709551616K\n",
	  "3: [a] size: must be 1 to 4G" },
	{ "size past 64 bits by its unit",
	  "[a]\nname=n\nsize=18446744073709551615K\n",
	  "3: [a] size: must be 1 to 4G" },
	{ "time", "[a]\nname=n\ntime=1w\n",
	  "3: [a] time: is no time such as 500ms, 10s, 10m, 10h or 10d" },
	{ "time long", "[a]\nname=n\ntime=2d\n",
	  "3: [a] time: must be 0ms to 1d" },
	{ "count", "[a]\nname=n\ncount=1K\n", "3: [a] count: is no number" },
	{ "count small", "[a]\nname=n\ncount=1\n",
	  "3: [a] count: must be 2 to 10" },
	{ "enum", "[a]\nname=n\ncolour=pink\n",
	  "3: [a] colour: must be red or green or blue" },
	{ "address", "[a]\nname=n\naddrs=1.2.3.4:1, localhost:2\n",
	  "3: [a] addrs: localhost:2 is no address with a port, such as "
	  "192.0.2.1:1025 or [::1]:1025" },
	{ "address without port", "[a]\nname=n\naddrs=1.2.3.4\n",
	  "3: [a] addrs: 1.2.3.4 is no address with a port, such as "
	  "192.0.2.1:1025 or [::1]:1025" },
	{ "address without brackets", "[a]\nname=n\naddrs=::1:25\n",
	  "3: [a] addrs: ::1:25 is no address with a port, such as "
	  "192.0.2.1:1025 or [::1]:1025" },
	{ "port", "[a]\nname=n\naddrs=1.2.3.4:65536\n",
	  "3: [a] addrs: 1.2.3.4:65536 is no address with a port, such as "
	  "192.0.2.1:1025 or [::1]:1025" },
	{ "address list's end", "[a]\nname=n\naddrs=1.2.3.4:1,\n",
	  "3: [a] addrs:  is no address with a port, such as "
	  "192.0.2.1:1025 or [::1]:1025" },
};

static void
check_one(const char *name, struct str text, const char *want)
{
	struct conf *c = load(text);
	const struct str *p;
	char line[300];
	size_t n;

	p = conf_problems(c, &n);
	CHECK(name, n > 0);
	(void)snprintf(line, sizeof(line), "%s:%s", path, want);
	CHECK_STR(name, p[0], line);
	CHECK(name, n == 1);
	conf_free(c);
}

static void
test_bad(void **state)
{
	TEST_EACH(b, bad)
		check_one(b->name, str_c(b->text), b->want);
	check_one("NUL", STR("[a]\nname=n\nna\0me=n\n"),
		  "3: the line holds a control character");
}

static void
test_long(void **state)
{
	char text[400], value[200];
	struct conf *c;

	memset(value, 'v', sizeof(value));
	/* "name=" and 193 octets: 198 */
	(void)snprintf(text, sizeof(text), "[a]\r\nname=%.193s\r\n", value);
	c = load_good(text);
	assert_int_equal(conf_text(c, "a", "name").n, 193);
	conf_free(c);
	(void)snprintf(text, sizeof(text), "[a]\nname=n\n[t]\nplain=%.193s\n",
		       value);
	check_one("long", str_c(text), "4: the line is too long (198 octets)");
	/* inih keeps 49 octets of a section or a key */
	(void)snprintf(text, sizeof(text),
		       "[a]\nname=n\n[t %.60s]\nkey=1\n[t %.59s]\nkey=2\n",
		       value, value);
	c = load_good(text);
	assert_int_equal(conf_arg(c, "t", 0).n, 60);
	assert_str(conf_get(c, "t", str_n(value, 60), "key")->text, "1");
	assert_str(conf_get(c, "t", str_n(value, 59), "key")->text, "2");
	conf_free(c);
}

static void
test_all_problems(void **state)
{
	struct conf *c = load(STR("[a]\nflag=x\nrubbish\n[b]\n[t]\nu=1\n"));
	size_t n;

	(void)conf_problems(c, &n);
	assert_int_equal(n, 5);
	conf_problem(c, "and so on");
	conf_problem_at(c, conf_get(c, "a", STR(""), "flag"), "is wrong");
	assert_true(str_ends(conf_problems(c, &n)[5], STR(": and so on")));
	assert_true(str_ends(conf_problems(c, &n)[6],
			     STR(":2: [a] flag: is wrong")));
	assert_int_equal(n, 7);
	conf_free(c);
}

static void
test_no_file(void **state)
{
	struct conf *c = NULL;
	size_t n;

	assert_rc(conf_load("/nowhere/x.conf", schemas, 2, &c), 0);
	assert_str(conf_problems(c, &n)[0],
		   "/nowhere/x.conf: cannot be opened: not found");
	assert_int_equal(n, 1);
	conf_free(c);
	assert_rc(conf_load(dir, schemas, 2, &c), 0);
	(void)conf_problems(c, &n);
	assert_int_equal(n, 1);
	conf_free(c);
}

static void
count_diff(void *ctx, const struct conf_value *v)
{
	unsigned *seen = ctx;

	seen[v->row->flags & CONF_RELOAD ? 1 : 0]++;
}

static void
test_diff(void **state)
{
	struct conf *a = load_good("[a]\nname=n\nsize=2K\n[t x]\nkey=1\n");
	struct conf *b = load_good("[a]\nname=m\nsize=2048\nfile=f\n");
	unsigned seen[2] = { 0 };

	conf_diff(a, a, count_diff, seen);
	assert_int_equal(seen[0] + seen[1], 0);
	conf_diff(a, b, count_diff, seen);
	assert_int_equal(seen[1], 1);	/* file */
	assert_int_equal(seen[0], 2);	/* name, [t x] key */
	conf_free(a);
	conf_free(b);
}

static int
load_and_free(void *arg)
{
	struct conf *c;
	int rc = conf_load(path, schemas, 2, &c);

	if (rc == 0)
		conf_free(c);
	return rc;
}

static void
test_memory(void **state)
{
	write_file(STR("[a]\nname=n\naddrs=1.2.3.4:5\ncolour=x\n[t x]\n"));
	assert_true(fault_each(load_and_free, NULL) > 2);
}

static int
make_dir(void **state)
{
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/x.conf", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_all_problems),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
