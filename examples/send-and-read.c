/*
 * send-and-read: the whole of libimmp in one small program.
 *
 * It logs in, sends a message with an attachment, and reads the newest message
 * of the inbox.  Compile and run it like this:
 *
 *	cc send-and-read.c $(pkg-config --cflags --libs immp) -o send-and-read
 *	./send-and-read mail.example.org 1025 alice@example.org bob@example.org
 *
 * The password is read from standard input.  A server that no authority
 * vouches for is refused, unless its fingerprint is given as fifth argument;
 * the error message says what it is.
 *
 * Nothing but libimmp and the C library is used, and nothing here is clever:
 * take from it what you need.
 */
#include <immp/immp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Say what went wrong.  immp_message() is one line that names the cause; for a
 * refusal it is the server's own words. */
static int
fail(struct immp *c, const char *what)
{
	fprintf(stderr, "%s: %s\n", what, immp_message(c));
	return 1;
}

/*
 * Step 1: connect.  The options start from IMMP_OPTIONS_INIT and say only what
 * is not as usual.  The domain behind the @ is the name that the certificate
 * must have, whatever machine `host` is.
 */
static int
do_connect(struct immp *c, char **argv)
{
	struct immp_options o = IMMP_OPTIONS_INIT;
	const char *at = strchr(argv[3], '@');

	o.host = argv[1];
	o.port = (uint16_t)strtoul(argv[2], NULL, 10);
	o.domain = at ? at + 1 : NULL;
	o.pin = argv[5];	/* NULL where it is not given */
	return immp_connect(c, &o);
}

/*
 * Step 2: log in.  The password does not leave this machine.  A program that
 * stays would now call immp_device_add() once, keep the key it is given, and
 * never ask for the password again.
 */
static int
do_login(struct immp *c, const char *account)
{
	struct immp_login l = IMMP_LOGIN_INIT;
	char password[1024];

	if (!fgets(password, sizeof(password), stdin))
		password[0] = '\0';
	password[strcspn(password, "\n")] = '\0';
	l.account = account;
	l.password = password;
	l.device = "send-and-read";	/* only a label here */
	return immp_login(c, &l);
}

/* Called for every recipient that is taken (code 273 or 274) or refused. */
static void
show_recipient(void *ctx, const char *imid, int code, const char *text)
{
	printf("  %s: %d\n", imid, code);
	(void)ctx;
	(void)text;
}

/*
 * Step 3: send.  A message is parts, one of which is the text itself.  These
 * come from memory; a part can as well come from a file (fd) or from a function
 * of yours (read), and is then never whole in memory.
 */
static int
do_send(struct immp *c, const char *to, struct immp_sent *sent)
{
	static const char text[] = "Hello!\n\nThe picture is attached.\n";
	static const char picture[] = "P1 4 2 1 0 1 0 0 1 0 1\n";
	const char *people[] = { to, NULL };
	struct immp_part parts[2] = {
		{ .type = "text/plain; charset=utf-8", .content = 1,
		  .data = text, .length = sizeof(text) - 1 },
		{ .name = "picture", .type = "image/x-portable-bitmap",
		  .file = "checks.pbm", .data = picture,
		  .length = sizeof(picture) - 1 },
	};
	struct immp_mail m = IMMP_MAIL_INIT;

	m.to = people;
	m.subject = "From a small program";
	m.parts = parts;
	m.nparts = 2;
	m.recipient = show_recipient;
	return immp_send(c, &m, sent);
}

/* Any command can be given as text.  This is called for each line that
 * answers; the rows of an index are JSON. */
static int
find_id(void *ctx, const struct immp_reply *r)
{
	char *id = ctx;
	const char *at = strstr(r->text, "\"_id\":\"");

	if (r->text[0] == '{' && at && strlen(at) > 7 + 36) {
		memcpy(id, at + 7, 36);
		id[36] = '\0';
	}
	return 0;	/* go on */
}

/* A message comes in pieces, so that none is too large for us. */
static int
print(void *ctx, const struct immp_piece *p)
{
	fwrite(p->octets, 1, p->noctets, stdout);
	(void)ctx;
	return 0;	/* go on */
}

/* Step 4: read the newest message. */
static int
do_read(struct immp *c)
{
	struct immp_fetch f = IMMP_FETCH_INIT;
	char id[IMMP_UUID_SIZE] = "", target[IMMP_UUID_SIZE + 16];
	int rc = immp_command(c, "MBOX INDEX /inbox LIMIT 1 +JSON", find_id, id);

	if (rc < 0 || !id[0])
		return rc;
	snprintf(target, sizeof(target), "/inbox#%s", id);
	f.target = target;
	f.form = IMMP_MIME;
	f.sink = print;
	return immp_fetch(c, &f);
}

int
main(int argc, char **argv)
{
	struct immp_sent sent;
	struct immp *c;
	int rc = 0;

	if (argc != 5 && argc != 6) {
		fprintf(stderr, "usage: %s HOST PORT ACCOUNT RECIPIENT "
				"[FINGERPRINT] <password\n", argv[0]);
		return 2;
	}
	c = immp_new();
	if (do_connect(c, argv) < 0) {
		rc = fail(c, "connect");
	} else if (do_login(c, argv[3]) < 0) {
		rc = fail(c, "login");
	} else if (do_send(c, argv[4], &sent) < 0) {
		rc = fail(c, "send");
	} else {
		printf("sent %s\n", sent.id);
		if (do_read(c) < 0)
			rc = fail(c, "read");
	}
	/* Says QUIT, closes, frees. */
	immp_free(c);
	return rc;
}
