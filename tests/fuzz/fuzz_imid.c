/*
 * fuzz_imid: IMIDs, targets and folder paths: what was parsed, written and
 * parsed again is the same, and keys are their own keys.
 */
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "mail/imid.h"

/* Fold of a fold is itself, and in normal form. */
static void
check_key(struct arena *a, struct str key)
{
	struct str again = text_fold(a, key), nfc = text_nfc(a, key);

	FUZZ_CHECK(key.p && again.p && nfc.p);
	FUZZ_CHECK(str_eq(again, key) && str_eq(nfc, key));
}

static void
check_address(struct arena *a, const struct imid *i)
{
	struct str text = imid_text_folder(a, i), key = imid_key(a, i);
	struct imid again;

	FUZZ_CHECK(text.p && key.p && utf8_valid(text));
	FUZZ_CHECK(text.n <= LIMIT_IMID && !utf8_has_unsafe(text));
	FUZZ_CHECK(imid_parse_address(a, text, &again) == 0);
	FUZZ_CHECK(str_eq(imid_text_folder(a, &again), text));
	FUZZ_CHECK(str_eq(again.folder, i->folder));
	FUZZ_CHECK(str_eq(imid_key(a, &again), key));
	FUZZ_CHECK(imid_may_be_account(&again) == imid_may_be_account(i));

	/* A key is an address, of the same account. */
	FUZZ_CHECK(imid_parse_address(a, key, &again) == 0 ||
		   key.n > LIMIT_IMID);
	FUZZ_CHECK(key.n > LIMIT_IMID || str_eq(imid_key(a, &again), key));
	check_key(a, imid_local_key(a, i));
}

static void
check_path(struct arena *a, struct str path)
{
	struct str again, key = folder_key(a, path);

	if (path.n == 0)
		return;
	FUZZ_CHECK(utf8_valid(path) && !utf8_has_unsafe(path));
	FUZZ_CHECK(folder_path(a, path, &again) == 0);
	FUZZ_CHECK(str_eq(again, path));
	check_key(a, key);
	FUZZ_CHECK(str_chr(path, ':', 0) < 0 && str_chr(path, '?', 0) < 0 &&
		   str_chr(path, '#', 0) < 0);
}

static void
check_target(struct arena *a, const struct target *t)
{
	struct target again;

	check_path(a, t->path);
	FUZZ_CHECK(str_eq(t->key, folder_key(a, t->path)));
	FUZZ_CHECK((t->lead == 0) == (t->asked.n == t->prefix.n));
	FUZZ_CHECK(str_starts(t->asked, t->prefix));
	FUZZ_CHECK(target_parse(a, t->asked, &again) == 0);
	FUZZ_CHECK(str_eq(again.path, t->path) && again.lead == t->lead);
	FUZZ_CHECK(again.nids == 0 && !again.has_filter);
	if (t->has_account)
		check_address(a, &t->account);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = str_n(p, n), out, again;
	struct arena a;
	struct imid i;
	struct target t;

	arena_init(&a, 16 << 20, 4096);
	if (imid_parse(&a, in, &i) == 0) {
		check_address(&a, &i);
		check_path(&a, i.path);
	}
	if (imid_parse_address(&a, in, &i) == 0)
		FUZZ_CHECK(i.path.n == 0 && i.nids == 0 && !i.has_filter &&
			   i.options.n == 0);
	if (target_parse(&a, in, &t) == 0)
		check_target(&a, &t);
	if (folder_path(&a, in, &out) == 0)
		check_path(&a, out);
	if (folder_name(&a, in, &out) == 0) {
		FUZZ_CHECK(str_chr(out, '/', 0) < 0);
		FUZZ_CHECK(folder_name(&a, out, &again) == 0);
		FUZZ_CHECK(str_eq(out, again));
	}
	if (imid_domain(&a, in, &out) == 0) {
		FUZZ_CHECK(out.n > 0 && out.n <= 253);
		FUZZ_CHECK(imid_domain(&a, out, &again) == 0);
		FUZZ_CHECK(str_eq(out, again));
	}
	out = text_fold(&a, in);
	FUZZ_CHECK((out.p != NULL) == utf8_valid(in));
	if (out.p)
		check_key(&a, out);
	arena_done(&a);
	return 0;
}
