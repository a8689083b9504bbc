/*
 * fuzz_mbox: any octets are an mbox of any kind, whose messages lie in it one
 * behind the other; and any name is one of a Maildir.
 */
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "immp/format/maildir.h"
#include "immp/format/mbox.h"

#define ROOM (16u << 20)

static void
check_mbox(struct str all, enum mbox_kind kind)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct str from, octets, plain;
	const char *at = all.p;
	struct mbox m;

	buf_init(&b, ROOM);
	mbox_init(&m, all, kind);
	while (mbox_next(&m, &from, &octets)) {
		FUZZ_CHECK(from.p >= at && octets.p >= from.p + from.n);
		at = octets.p + octets.n;
		FUZZ_CHECK(at <= all.p + all.n);
		FUZZ_CHECK(mbox_unquote(&m, octets, &b, &plain) == 0);
		FUZZ_CHECK(plain.n <= octets.n);
		(void)mbox_from_time(from);
	}
}

static void
check_folder(struct str name)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, ROOM);
	FUZZ_CHECK(maildir_folder(name, &b) == 0);
	FUZZ_CHECK(utf8_valid(buf_str(&b)));
	buf_clear(&b);
	FUZZ_CHECK(maildir_folder_name(name, &b) == 0);
	FUZZ_CHECK(utf8_valid(buf_str(&b)));
}

static void
check_flags(struct str name, struct str list)
{
	char keywords[MAILDIR_LETTERS][MAILDIR_WORD];
	char words[MAILDIR_FLAGS][MAILDIR_WORD];
	const char *flags[MAILDIR_FLAGS + 1];
	size_t n = 0;

	maildir_keywords(list, keywords);
	maildir_flags(maildir_info(name), keywords, words, flags);
	while (flags[n]) {
		FUZZ_CHECK(n < MAILDIR_FLAGS && strlen(flags[n]) < 40);
		n++;
	}
	(void)maildir_time(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str s = str_n(p, n), name, rest = s;

	for (int kind = MBOX_AUTO; kind <= MBOX_CL2; kind++)
		check_mbox(s, (enum mbox_kind)kind);
	if (str_next(&rest, '\n', &name)) {
		check_folder(name);
		check_flags(name, rest);
	}
	return 0;
}
