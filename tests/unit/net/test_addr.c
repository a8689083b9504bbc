#include "lib/test.h"

#include "net/net.h"

static const struct {
	const char *text;
	int want;
	const char *host;
	int port;
	const char *again;
	const char *prefix;
} cases[] = {
	{ "1.2.3.4:1025", 0, "1.2.3.4", 1025, "1.2.3.4:1025", "1.2.3.4/32" },
	{ "0.0.0.0:0", 0, "0.0.0.0", 0, "0.0.0.0:0", "0.0.0.0/32" },
	{ "255.255.255.255:65535", 0, "255.255.255.255", 65535,
	  "255.255.255.255:65535", "255.255.255.255/32" },
	{ "[::1]:1025", 0, "::1", 1025, "[::1]:1025", "::/64" },
	{ "[::]:1026", 0, "::", 1026, "[::]:1026", "::/64" },
	{ "[2001:DB8:0:1:0:2:3:4]:7", 0, "2001:db8:0:1:0:2:3:4", 7,
	  "[2001:db8:0:1:0:2:3:4]:7", "2001:db8:0:1::/64" },
	{ "[2001:db8:1:2:ffff:ffff:ffff:ffff]:7", 0,
	  "2001:db8:1:2:ffff:ffff:ffff:ffff", 7,
	  "[2001:db8:1:2:ffff:ffff:ffff:ffff]:7", "2001:db8:1:2::/64" },
	{ "[::ffff:192.0.2.1]:25", 0, "::ffff:192.0.2.1", 25,
	  "[::ffff:192.0.2.1]:25", "192.0.2.1/32" },
	{ "1.2.3.4", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "1.2.3.4:", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "1.2.3.4:65536", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "1.2.3.4:-1", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "1.2.3.4:1 ", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "1.2.3:1", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "1.2.3.256:1", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "[1.2.3.4]:1", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "::1:1025", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "[::1]", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "[::1]1025", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "[]:1", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "localhost:1025", ERR_VALUE, NULL, 0, NULL, NULL },
	{ ":1025", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "", ERR_VALUE, NULL, 0, NULL, NULL },
	{ "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:"
	  "0000:0000]:1",
	  ERR_VALUE, NULL, 0, NULL, NULL },
};

static void
test_parse(void **state)
{
	TEST_EACH(c, cases) {
		struct net_addr a = { "untouched", 1 };
		char text[80];

		CHECK_RC(c->text, net_addr_parse(str_c(c->text), &a), c->want);
		if (c->want < 0) {
			CHECK_STR(c->text, str_c(a.host), "untouched");
			continue;
		}
		CHECK_STR(c->text, str_c(a.host), c->host);
		CHECK(c->text, a.port == c->port);
		net_addr_format(&a, text);
		CHECK_STR(c->text, str_c(text), c->again);
		net_addr_prefix(&a, text);
		CHECK_STR(c->text, str_c(text), c->prefix);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests_name("net/addr", tests, NULL, NULL);
}
