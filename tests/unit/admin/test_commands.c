/* Every command: good, bad, twins, not found. */
#include "desk.h"

#include <stdio.h>

#include "lib/test.h"

#define STEPS(d, v) desk_steps((d), (v), TEST_COUNT(v))

static const struct desk_step domains[] = {
	{ "domain list", 0, "{\"domain\":\"a.test\",\"own\":true}\n" },
	{ "domain add B.test", 0,
	  "{\"done\":\"added\",\"domain\":\"b.test\"}\n" },
	{ "domain add b.TEST", 1, "why: b.test is hosted already\n" },
	{ "domain add a.test", 1, "why: a.test is hosted already\n" },
	/* One domain, written in two ways. */
	{ "domain add bücher.test", 0,
	  "{\"done\":\"added\",\"domain\":\"xn--bcher-kva.test\"}\n" },
	{ "domain add xn--bcher-kva.test", 1,
	  "why: xn--bcher-kva.test is hosted already\n" },
	{ "domain add no_domain", 2, "why: 'no_domain' is no domain\n" },
	{ "domain add 127.0.0.1", 2, "why: '127.0.0.1' is no domain\n" },
	{ "domain add alice@b.test", 2, NULL },
	{ "domain list", 0,
	  "{\"domain\":\"a.test\",\"own\":true}\n"
	  "{\"domain\":\"b.test\",\"own\":false}\n"
	  "{\"domain\":\"xn--bcher-kva.test\",\"own\":false}\n" },
	{ "account add alice@b.test", 0, NULL },
	{ "domain remove b.test", 2, "why: domain remove wants --yes\n" },
	{ "domain remove b.test --yes", 1,
	  "why: b.test still has accounts (immpctl account list b.test)\n" },
	{ "account remove alice@b.test --yes", 0, NULL },
	{ "domain remove --yes b.test", 0,
	  "{\"done\":\"removed\",\"domain\":\"b.test\"}\n" },
	{ "domain remove b.test --yes", 1,
	  "why: b.test is not hosted here\n" },
	{ "domain remove a.test --yes", 1,
	  "why: a.test is the server's own name (domain in [server])\n" },
};

static void
test_domains(void **state)
{
	struct desk d;

	desk_init(&d);
	STEPS(&d, domains);
	desk_done(&d);
}

static const struct desk_step adding[] = {
	{ "account add Alice@a.test", 0,
	  "{\"done\":\"added\",\"account\":\"Alice@a.test\"}\n" },
	/* Twins: the same key. */
	{ "account add alice@a.test", 1,
	  "why: Alice@a.test exists already\n" },
	{ "account add immp:ALICE@A.test", 1,
	  "why: Alice@a.test exists already\n" },
	{ "account add Ste\xcc\x81phane@a.test", 0,
	  "{\"done\":\"added\",\"account\":\"St\xc3\xa9phane@a.test\"}\n" },
	{ "account add st\xc3\xa9phane@a.test", 1,
	  "why: St\xc3\xa9phane@a.test exists already\n" },
	{ "account add stra\xc3\x9f" "e@a.test", 0, NULL },
	{ "account add strasse@a.test", 1,
	  "why: stra\xc3\x9f" "e@a.test exists already\n" },
	/* Not hosted: says what to do. */
	{ "account add alice@b.test", 1,
	  "why: b.test is not hosted here; first: "
	  "immpctl domain add b.test\n" },
	/* Reserved, also where it only looks different. */
	{ "account add postmaster@a.test", 1,
	  "why: postmaster@a.test is a reserved name\n" },
	{ "account add Po\xc5\xbftmaster@a.test", 1,
	  "why: postmaster@a.test is a reserved name\n" },
	{ "account add MAILER-DAEMON@a.test", 1, NULL },
	{ "account add anonymous-1@a.test", 1, NULL },
	{ "account add anonymou\xc5\xbf-1@a.test", 1, NULL },
	{ "account add anonymous@a.test", 1, NULL },
	{ "account add postmaster/x@a.test", 1, NULL },
	{ "account add 24c17bb6-11ef-4cfa-8c5c-440ceadc8431@a.test", 1, NULL },
	{ "account add 24C17BB6-11EF-4CFA-8C5C-440CEADC8431@a.test", 1, NULL },
	/* No address of an account at all. */
	{ "account add alice", 2, "why: 'alice' is no address of an account "
	  "(NAME@DOMAIN)\n" },
	{ "account add alice+lists@a.test", 2, NULL },
	{ "account add alice@a.test/INBOX", 2, NULL },
	{ "account add a\x1b[2Jb@a.test", 2,
	  "why: 'a?[2Jb@a.test' is no address of an account "
	  "(NAME@DOMAIN)\n" },
	/* A subnode is an account of its own. */
	{ "account add helpdesk/alice@a.test", 0, NULL },
	/* With a quota. */
	{ "account add bob@a.test --quota 10M", 0, NULL },
	{ "account add carol@a.test --quota=1000T", 2,
	  "why: '1000T' is no quota: 1M to 1T, or default\n" },
	{ "account add carol@a.test --quota ten", 2, NULL },
	{ "account show carol@a.test", 1, "why: no account carol@a.test\n" },
};

static void
test_adding(void **state)
{
	struct desk d;

	desk_init(&d);
	STEPS(&d, adding);
	desk_done(&d);
}

/* A password is wanted, and nothing is done without. */
static void
test_secret(void **state)
{
	struct desk d;

	desk_init(&d);
	d.secret.has_kdf = false;
	assert_int_equal(desk_run(&d, "account add alice@a.test"), 2);
	assert_str(buf_str(&d.paper), "why: account add wants a password\n");
	d.secret.has_key = false;
	assert_int_equal(desk_run(&d, "device add alice@a.test phone"), 2);
	assert_str(buf_str(&d.paper), "why: device add wants a key\n");
	assert_int_equal(desk_run(&d, "account show alice@a.test"), 1);
	desk_done(&d);
}

#define SHOWN(name, disabled, password, proof, own, display, login) \
	"{\"account\":\"" name "\",\"disabled\":" disabled ",\"password\":" \
	password ",\"proof_only\":" proof ",\"messages\":0,\"used\":0," \
	"\"quota\":" own ",\"created\":\"2013-10-17T09:08:07.006Z\"," \
	"\"storage\":\"central\",\"name\":\"" display "\"," \
	"\"postmaster\":false,\"login_1_0\":" login ",\"unread\":0," \
	"\"devices\":0,\"account_id\":2,\"mailbox_id\":3}\n"
#define TEMPORARY(retention) \
	"{\"account\":\"bob@a.test\",\"disabled\":false,\"password\":true," \
	"\"proof_only\":false,\"messages\":0,\"used\":0," \
	"\"quota\":1073741824,\"own_quota\":false," \
	"\"created\":\"2013-10-17T09:08:07.006Z\"," \
	"\"storage\":\"temporary\",\"retention\":\"" retention "\"," \
	"\"name\":\"\",\"postmaster\":false,\"login_1_0\":true," \
	"\"unread\":0,\"devices\":0,\"account_id\":2,\"mailbox_id\":3}\n"
#define DEFAULT_QUOTA "1073741824,\"own_quota\":false"

static const struct desk_step storage[] = {
	{ "account add bob@a.test", 0, NULL },
	{ "account storage bob@a.test temporary", 0,
	  "{\"done\":\"storage changed\",\"account\":\"bob@a.test\"}\n" },
	{ "account show bob@a.test", 0, TEMPORARY("30d") },
	{ "account storage bob@a.test temporary 36h", 0, NULL },
	{ "account show bob@a.test", 0, TEMPORARY("36h") },
	{ "account storage bob@a.test temporary 48h", 0, NULL },
	{ "account show bob@a.test", 0, TEMPORARY("2d") },
	{ "account storage bob@a.test temporary 3650d", 0, NULL },
	{ "account storage bob@a.test temporary 3651d", 2,
	  "why: '3651d' is no retention: 1h to 3650d\n" },
	{ "account storage bob@a.test temporary 0d", 2, NULL },
	{ "account storage bob@a.test temporary 0h", 2, NULL },
	{ "account storage bob@a.test temporary 1h", 0, NULL },
	{ "account storage bob@a.test temporary 30", 2, NULL },
	{ "account storage bob@a.test temporary d", 2, NULL },
	{ "account storage bob@a.test temporary 30m", 2, NULL },
	{ "account storage bob@a.test temporary \"\"", 2, NULL },
	{ "account storage bob@a.test central 30d", 2,
	  "why: central storage has no retention\n" },
	{ "account storage bob@a.test elsewhere", 2,
	  "why: 'elsewhere' is neither central nor temporary\n" },
	{ "account storage bob@a.test", 2, NULL },
	{ "account storage nobody@a.test central", 1,
	  "why: no account nobody@a.test\n" },
	{ "account storage bob@a.test central", 0, NULL },
	{ "account show bob@a.test", 0,
	  SHOWN("bob@a.test", "false", "true", "false", DEFAULT_QUOTA, "",
		"true") },
};

static const struct desk_step life[] = {
	{ "account add bob@a.test", 0, NULL },
	{ "account show BOB@a.test", 0,
	  SHOWN("bob@a.test", "false", "true", "false", DEFAULT_QUOTA, "",
		"true") },
	{ "account disable bob@a.test", 0,
	  "kick 2\n{\"done\":\"disabled\",\"account\":\"bob@a.test\"}\n" },
	{ "account quota bob@a.test 2G", 0,
	  "{\"done\":\"quota changed\",\"account\":\"bob@a.test\"}\n" },
	{ "account quota bob@a.test 1", 2, NULL },
	{ "account quota bob@a.test -- -1", 2, NULL },
	{ "account proof-only bob@a.test", 0,
	  "{\"done\":\"proof only\",\"account\":\"bob@a.test\"}\n" },
	{ "account proof-only bob@a.test maybe", 2,
	  "why: 'maybe' is not one of yes|no\n" },
	{ "account show bob@a.test", 0,
	  SHOWN("bob@a.test", "true", "true", "true",
		"2147483648,\"own_quota\":true", "", "false") },
	/* A new password of a proof-only account is not kept sealed. */
	{ "account password bob@a.test", 0,
	  "kick 2\n{\"done\":\"password changed\","
	  "\"account\":\"bob@a.test\"}\n" },
	{ "account enable bob@a.test", 0,
	  "{\"done\":\"enabled\",\"account\":\"bob@a.test\"}\n" },
	{ "account quota bob@a.test default", 0, NULL },
	{ "account proof-only bob@a.test no", 0,
	  "{\"done\":\"not proof only\",\"account\":\"bob@a.test\"}\n"
	  "note: 1.0 logins work again after the next change of its "
	  "password\n" },
	{ "account show bob@a.test", 0,
	  SHOWN("bob@a.test", "false", "true", "false", DEFAULT_QUOTA, "",
		"false") },
	{ "account password bob@a.test", 0, NULL },
	{ "account proof-only bob@a.test no", 0,
	  "{\"done\":\"not proof only\",\"account\":\"bob@a.test\"}\n" },
	{ "account show bob@a.test", 0,
	  SHOWN("bob@a.test", "false", "true", "false", DEFAULT_QUOTA, "",
		"true") },
	{ "account remove bob@a.test", 2, NULL },
	{ "account remove bob@a.test --yes", 0,
	  "kick 2\n{\"done\":\"removed\",\"account\":\"bob@a.test\"}\n" },
	{ "account remove bob@a.test --yes", 1,
	  "why: no account bob@a.test\n" },
	{ "account show bob@a.test", 1, NULL },
	{ "account password bob@a.test", 1, NULL },
	{ "account disable bob@a.test", 1, NULL },
	{ "account enable bob@a.test", 1, NULL },
	{ "account quota bob@a.test 1G", 1, NULL },
	{ "account proof-only bob@a.test", 1, NULL },
	{ "account rename bob@a.test rob@a.test", 1, NULL },
};

static void
test_life(void **state)
{
	struct desk d;

	desk_init(&d);
	STEPS(&d, life);
	desk_done(&d);
}

static void
test_storage(void **state)
{
	struct desk d;

	desk_init(&d);
	STEPS(&d, storage);
	desk_done(&d);
}

static const struct desk_step renaming[] = {
	{ "domain add b.test", 0, NULL },
	{ "account add alice@a.test", 0, NULL },
	{ "account add bob@a.test", 0, NULL },
	{ "account rename bob@a.test ALICE@a.test", 1,
	  "why: alice@a.test exists already\n" },
	{ "account rename bob@a.test rob@c.test", 1,
	  "why: c.test is not hosted here; first: "
	  "immpctl domain add c.test\n" },
	{ "account rename bob@a.test postmaster@a.test", 1, NULL },
	{ "account rename bob@a.test rob", 2, NULL },
	{ "account rename bob@a.test", 2, "why: account rename wants NEW\n" },
	{ "account rename bob@a.test Bob@a.test", 0,
	  "kick 5\n{\"done\":\"renamed\",\"account\":\"Bob@a.test\"}\n" },
	{ "account rename bob@a.test rob@b.test", 0,
	  "kick 5\n{\"done\":\"renamed\",\"account\":\"rob@b.test\"}\n" },
	{ "account show bob@a.test", 1, NULL },
	{ "account show rob@b.test", 0, NULL },
	{ "account add admin@a.test", 0, NULL },
	{ "account rename admin@a.test root@a.test", 0,
	  "kick 7\n{\"done\":\"renamed\",\"account\":\"root@a.test\"}\n"
	  "note: admin@a.test was the postmaster: change postmaster in "
	  "[server]\n" },
	{ "account rename root@a.test admin@a.test", 0, NULL },
	{ "account remove admin@a.test --yes", 0,
	  "kick 7\n{\"done\":\"removed\",\"account\":\"admin@a.test\"}\n"
	  "note: admin@a.test was the postmaster (postmaster in [server]): "
	  "name another\n" },
};

static void
test_renaming(void **state)
{
	struct desk d;

	desk_init(&d);
	STEPS(&d, renaming);
	desk_done(&d);
}

#define DEVICE(name, scope) "{\"device\":\"" name "\",\"scope\":[" scope \
	"],\"created\":\"2013-10-17T09:08:07.006Z\"}\n"

#define THREE_DEVICES \
	DEVICE("Phone", "\"read\",\"send\"") \
	DEVICE("tablet", "\"read\",\"send\",\"push\"") \
	DEVICE("watch", "\"push\"")

static const struct desk_step devices[] = {
	{ "account add bob@a.test", 0, NULL },
	{ "device list bob@a.test", 0, "" },
	{ "device add bob@a.test Phone --scope read,SEND", 0,
	  "{\"done\":\"added\",\"device\":\"Phone\","
	  "\"account\":\"bob@a.test\"}\n" },
	{ "device add bob@a.test phone", 1,
	  "why: bob@a.test has a device phone already\n" },
	{ "device add bob@a.test tablet --scope read,fly", 2,
	  "why: 'read,fly' is no list of read,send,push\n" },
	{ "device add bob@a.test tablet --scope=", 2, NULL },
	{ "device add bob@a.test tab\x7flet", 2, NULL },
	{ "device add carol@a.test tablet", 1, NULL },
	{ "device add bob@a.test tablet", 0, NULL },
	{ "device add bob@a.test watch --scope push", 0, NULL },
	{ "device add bob@a.test fridge", 1,
	  "why: bob@a.test has 3 devices: no more (devices in [limits])\n" },
	{ "device list bob@a.test", 0,
	  THREE_DEVICES },
	{ "device revoke bob@a.test PHONE", 0,
	  "kick 2 phone\n{\"done\":\"revoked\",\"device\":\"PHONE\","
	  "\"account\":\"bob@a.test\"}\n" },
	{ "device revoke bob@a.test phone", 1,
	  "why: bob@a.test has no device phone\n" },
	{ "device revoke carol@a.test phone", 1, NULL },
	{ "device list carol@a.test", 1, NULL },
};

static void
test_devices(void **state)
{
	struct desk d;

	desk_init(&d);
	STEPS(&d, devices);
	desk_done(&d);
}

/* More accounts than one page: each once, in order, of one domain or all. */
static void
test_list(void **state)
{
	struct desk d;
	char words[80];
	size_t lines = 0;

	desk_init(&d);
	assert_int_equal(desk_run(&d, "account list"), 0);
	assert_str(buf_str(&d.paper), "");
	assert_int_equal(desk_run(&d, "account list b.test"), 1);
	assert_str(buf_str(&d.paper), "why: b.test is not hosted here\n");
	assert_int_equal(desk_run(&d, "domain add b.test"), 0);
	assert_int_equal(desk_run(&d, "account list b.test"), 0);
	assert_str(buf_str(&d.paper), "");
	for (int i = 0; i < 1001; i++) {
		(void)snprintf(words, sizeof(words),
			       "account add u%04d@%c.test", i,
			       i % 1000 == 7 ? 'b' : 'a');
		assert_int_equal(desk_run(&d, words), 0);
	}
	assert_int_equal(desk_run(&d, "account list"), 0);
	for (size_t i = 0; i < d.paper.n; i++)
		lines += buf_data(&d.paper)[i] == '\n';
	assert_int_equal(lines, 1001);
	assert_true(str_find(buf_str(&d.paper), STR("u0007@b.test")) <
		    str_find(buf_str(&d.paper), STR("u0008@a.test")));
	assert_int_equal(desk_run(&d, "account list B.test"), 0);
	assert_true(str_starts(buf_str(&d.paper),
			       STR("{\"account\":\"u0007@b.test\",")));
	assert_int_equal(str_find(str_from(buf_str(&d.paper), 2),
				  STR("u0008")), -1);
	desk_done(&d);
}

static void
test_store(void **state)
{
	struct desk d;
	size_t n, lines = 0;

	desk_init(&d);
	assert_int_equal(desk_run(&d, "account add alice@a.test"), 0);
	assert_int_equal(desk_run(&d, "status"), 0);
	assert_true(str_starts(buf_str(&d.paper),
			       STR("{\"version\":\"" IMMP_VERSION "\","
				   "\"domain\":\"a.test\",\"running\":true,"
				   "\"sessions\":3,\"domains\":1,"
				   "\"accounts\":1,")));
	d.env.live = NULL;
	assert_int_equal(desk_run(&d, "status"), 0);
	assert_true(str_find(buf_str(&d.paper), STR("\"running\":false")) > 0);
	assert_int_equal(desk_run(&d, "verify"), 0);
	assert_true(str_find(buf_str(&d.paper), STR("note: nothing wrong: 1 "
						    "accounts, ")) > 0);
	assert_int_equal(desk_run(&d, "limits"), 0);
	(void)limits_rows(&n);
	for (size_t i = 0; i < d.paper.n; i++)
		lines += buf_data(&d.paper)[i] == '\n';
	assert_int_equal(lines, n);
	assert_true(str_find(buf_str(&d.paper),
			     STR("{\"limit\":\"devices\",\"value\":3,"
				 "\"default\":100,\"min\":1,\"max\":10000,"
				 "\"unit\":\"count\",")) > 0);
	/* immpctl's own are not the server's. */
	assert_int_equal(desk_run(&d, "rebuild --yes"), 1);
	assert_int_equal(desk_run(&d, "quickstart c.test"), 1);
	desk_done(&d);
}

/* What is kept of a password is what a login is checked against. */
static void
test_password(void **state)
{
	struct desk d;
	struct arena a;
	struct store_account acc;
	struct proof_keys keys;
	uint8_t raw[32];

	desk_init(&d);
	memset(d.secret.kdf.salt, 7, sizeof(d.secret.kdf.salt));
	assert_int_equal(desk_run(&d, "account add alice@a.test"), 0);
	arena_init(&a, 65536, 0);
	assert_rc(store_account_find(d.reader, &a, STR("alice@a.test"), &acc),
		  0);
	proof_keys_of(&d.secret.key, &keys);
	assert_memory_equal(acc.stored, keys.stored, 32);
	assert_memory_equal(acc.server, keys.server, 32);
	assert_memory_equal(acc.salt, d.secret.kdf.salt, 16);
	assert_int_equal(acc.kdf_t, KDF_T);
	assert_int_equal(acc.kdf_m, KDF_M);
	assert_true(acc.has_sealed);
	/* Not in the clear. */
	for (int i = 0; i < 32; i++)
		raw[i] = (uint8_t)i;
	assert_int_equal(str_find(str_n(acc.sealed, sizeof(acc.sealed)),
				  str_n(raw, sizeof(raw))), -1);
	arena_done(&a);
	desk_done(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_adding),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_storage),
		cmocka_unit_test(test_renaming),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
