#include "conf/immpd_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/fault.h"
#include "lib/test.h"

static char dir[] = "/tmp/immp-conf-XXXXXX";
static char path[64];

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static const char *
with_dot(struct str v)
{
	return str_chr(v, '.', 0) < 0 ? "is no domain name" : NULL;
}

static const char *
with_at(struct str v)
{
	return str_chr(v, '@', 0) < 0 ? "is no IMID" : NULL;
}

static const struct immpd_conf_checks checks = { with_dot, with_at };

static struct immpd_conf *
load(const char *text)
{
	struct immpd_conf *c = NULL;

	write_file(text);
	assert_rc(immpd_conf_load(path, &checks, &c), 0);
	return c;
}

static void
test_least(void **state)
{
	struct immpd_conf *c = load("[server]\ndomain = a.test\n");
	struct limits defaults;
	size_t n;

	(void)conf_problems(c->conf, &n);
	assert_int_equal(n, 0);
	assert_str(c->domain, "a.test");
	assert_string_equal(c->data, "/var/lib/immp");
	assert_string_equal(c->control, "/var/lib/immp/control.sock");
	assert_string_equal(c->key, "/var/lib/immp/server.key");
	assert_int_equal(c->nlisten, 2);
	assert_int_equal(c->nlisten_tls, 0);
	assert_false(c->listen_written);
	assert_str(c->postmaster, "");
	assert_int_equal(c->workers, 0);
	assert_int_equal(c->log, IMMPD_LOG_INFO);
	assert_int_equal(c->npairs, 1);
	assert_string_equal(c->pairs[0].certificate, "");
	assert_int_equal(c->minimum, IMMPD_TLS2);
	assert_true(c->allow_1_0);
	limits_init(&defaults);
	assert_memory_equal(&defaults, &c->limits, sizeof(defaults));
	immpd_conf_free(c);
}

static void
test_full(void **state)
{
	struct immpd_conf *c = load(
		"[server]\ndomain = a.test\ndata = d\ncontrol = /run/c\n"
		"listen = 127.0.0.1:0\nlisten_tls = 127.0.0.1:0\n"
		"postmaster = p@a.test\nkey = k\nworkers = 3\n"
		"store = sqlite\nlog = warn\n"
		"[tls]\ncertificate = c.pem\nkey = k.pem\nminimum = TLS3\n"
		"[tls b.test]\ncertificate = b.pem\nkey = bk.pem\n"
		"[auth]\nallow_1_0 = no\n"
		"[limits]\nmessage = 1M\nidle_time = 5m\nreaders = 2\n");
	char want[80];
	size_t n;

	(void)conf_problems(c->conf, &n);
	assert_int_equal(n, 0);
	(void)snprintf(want, sizeof(want), "%s/d", dir);
	assert_string_equal(c->data, want);
	assert_string_equal(c->control, "/run/c");
	(void)snprintf(want, sizeof(want), "%s/k", dir);
	assert_string_equal(c->key, want);
	assert_true(c->listen_written);
	assert_int_equal(c->nlisten_tls, 1);
	assert_int_equal(c->workers, 3);
	assert_int_equal(c->log, IMMPD_LOG_WARN);
	assert_int_equal(c->npairs, 2);
	(void)snprintf(want, sizeof(want), "%s/b.pem", dir);
	assert_str(c->pairs[1].domain, "b.test");
	assert_string_equal(c->pairs[1].certificate, want);
	assert_int_equal(c->minimum, IMMPD_TLS3);
	assert_false(c->allow_1_0);
	assert_int_equal(c->limits.message, 1 << 20);
	assert_int_equal(c->limits.idle_time, 300000);
	assert_int_equal(c->limits.readers, 2);
	immpd_conf_free(c);
}

static const struct {
	const char *name, *text, *want;
} bad[] = {
	{ "domain", "[server]\ndomain=a\n",
	  ":2: [server] domain: is no domain name" },
	{ "postmaster", "[server]\ndomain=a.test\npostmaster=p\n",
	  ":3: [server] postmaster: is no IMID" },
	{ "half a pair", "[server]\ndomain=a.test\n[tls]\ncertificate=c\n",
	  ": [tls] key: is missing" },
	{ "the other half", "[server]\ndomain=a.test\n[tls]\nkey=c\n",
	  ": [tls] certificate: is missing" },
	{ "SNI", "[server]\ndomain=a.test\n[tls b]\ncertificate=c\nkey=k\n",
	  ":4: [tls b] certificate: is no domain name" },
	{ "no listener", "[server]\ndomain=a.test\nlisten=\n",
	  ": [server]: listen and listen_tls are both empty" },
	{ "no folder", "[server]\ndomain=a.test\ndata=\n",
	  ": [server] data: may not be empty" },
	{ "other store", "[server]\ndomain=a.test\nstore=postgresql://x\n",
	  ":3: [server] store: must be sqlite" },
	{ "not in this version", "[server]\ndomain=a.test\n[relay]\nfor=x\n",
	  ":3: [relay]: unknown section" },
	{ "nor this", "[server]\ndomain=a.test\n[route b.test]\n",
	  ":3: [route b.test]: unknown section" },
	{ "limit", "[server]\ndomain=a.test\n[limits]\nreaders=0\n",
	  ":4: [limits] readers: must be 1 to 256" },
	{ "unit", "[server]\ndomain=a.test\n[limits]\nreaders=1s\n",
	  ":4: [limits] readers: is no number" },
	{ "WAL", "[server]\ndomain=a.test\n[limits]\nwal_soft=100M\n",
	  ":4: [limits] wal_soft: is more than wal_hard" },
};

static void
test_bad(void **state)
{
	struct immpd_conf *c;
	const struct str *p;
	size_t n;

	TEST_EACH(b, bad) {
		c = load(b->text);
		p = conf_problems(c->conf, &n);
		CHECK(b->name, n == 1);
		CHECK_STR(b->name, str_from(p[0], strlen(path)), b->want);
		immpd_conf_free(c);
	}
}

/* Every default is in its own range and right by its own type. */
static void
test_schema(void **state)
{
	struct conf_schema s[IMMPD_SCHEMAS];
	size_t limits;

	immpd_conf_schemas(s);
	(void)limits_rows(&limits);
	assert_int_equal(s[1].n, limits);
	for (size_t i = 0; i < IMMPD_SCHEMAS; i++)
		for (size_t k = 0; k < s[i].n; k++) {
			assert_non_null(s[i].rows[k].doc);
			assert_true(s[i].rows[k].min <= s[i].rows[k].num ||
				    s[i].rows[k].def != NULL);
		}
}

static int
load_and_free(void *arg)
{
	struct immpd_conf *c;
	int rc = immpd_conf_load(path, &checks, &c);

	if (rc == 0)
		immpd_conf_free(c);
	return rc;
}

static void
test_memory(void **state)
{
	write_file("[server]\ndomain=a.test\n[tls]\ncertificate=c\nkey=k\n");
	assert_true(fault_each(load_and_free, NULL) > 3);
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
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
