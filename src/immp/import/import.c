#include "immp/import/import_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"
#include "base/mem.h"
#include "crypt/crypt.h"
#include "immp/import/mapped.h"
#include "mime/mime.h"

/* Octets gathered before they are sent. */
#define BATCH_OCTETS ((size_t)4 << 20)
/* A message of more is not copied: it is sent at once, from where it lies. */
#define COPY_MAX ((size_t)1 << 20)
/* An encoded octet can stand for less than one; but for hardly less than a
 * fourth, of the whole. */
#define ENCODED 4

/* --- beginning and end --- */

int
import_init(struct import *im, const struct app *a, struct immp *c)
{
	*im = (struct import){ .a = a, .c = c,
			       .progress = { .what = "importing" } };
	map_init(&im->folders);
	map_init(&im->seen);
	map_init(&im->ids);
	arena_init(&im->names, (size_t)1 << 30, 16384);
	buf_init(&im->failures, (size_t)4 << 20);
	im->items = mem_calloc(IMPORT_BATCH, sizeof(*im->items));
	if (!im->items)
		return app_error(APP_REFUSED, "out of memory");
	mime_init();
	return 0;
}

static void
item_done(struct import_item *it)
{
	mem_free(it->copy);
	mem_free(it->where);
	mem_free(it->flags);
	*it = (struct import_item){ 0 };
}

static void
forget_ids(struct import *im)
{
	struct str key;
	void *value;
	size_t pos = 0;

	while (map_next(&im->ids, &pos, &key, &value))
		mem_free(value);
	map_done(&im->ids);
}

void
import_done(struct import *im)
{
	for (size_t i = 0; im->items && i < im->nitems; i++)
		item_done(&im->items[i]);
	mem_free(im->items);
	sha256_free(im->hash);
	map_done(&im->folders);
	map_done(&im->seen);
	forget_ids(im);
	arena_done(&im->names);
	buf_done(&im->failures);
	term_progress_end(&im->progress);
}

int
import_end(struct import *im, enum app_exit code, const char *fmt, ...)
{
	va_list ap;

	if (im->rc)
		return im->rc;
	va_start(ap, fmt);
	vsnprintf(im->why, sizeof(im->why), fmt, ap);
	va_end(ap);
	term_progress_end(&im->progress);
	im->rc = app_error(code, "%s", im->why);
	return im->rc;
}

int
import_no_memory(struct import *im)
{
	return import_end(im, APP_LATER, "out of memory");
}

int
import_lost(struct import *im, int error)
{
	const char *said = immp_message(im->c);

	if (im->rc == 0) {
		import_end(im, app_exit_of(error), "%s",
			   said[0] ? said : immp_strerror(error));
		app_error((enum app_exit)im->rc,
			  "run it again: it goes on where it was");
	}
	return im->rc;
}

void
import_refuse(struct import *im, const char *where, const char *why)
{
	size_t before = im->failures.n;
	struct json w;

	im->refused++;
	im->found++;
	if (!im->a->json) {
		term_progress_end(&im->progress);
		(void)app_error(APP_REFUSED, "%s: %s", where, why);
		return;
	}
	if (before && buf_add_c(&im->failures, ',') < 0)
		return;
	json_init(&w, &im->failures);
	json_object_begin(&w);
	json_kv_str(&w, "where", str_c(where));
	json_kv_str(&w, "why", str_c(why));
	json_object_end(&w);
	/* Without room for more, a list that ends earlier. */
	if (json_err(&w) < 0)
		buf_truncate(&im->failures, before);
}

/* --- folders --- */

/* Make sure that a folder is there; *ret lives as long as the run. */
static int
need_folder(struct import *im, const char *folder, const char **ret)
{
	char quoted[4200], line[4300];
	struct str name;
	int rc;

	name.p = map_get(&im->folders, str_c(folder));
	if (!name.p) {
		name = arena_str(&im->names, str_c(folder));
		if (!name.p)
			return import_no_memory(im);
		if (immp_quote(folder, quoted, sizeof(quoted)) < 0)
			return import_end(im, APP_USAGE, "%s is no folder",
					  folder);
		snprintf(line, sizeof(line), "MBOX CREATE %s", quoted);
		rc = immp_command(im->c, line, NULL, NULL);
		if (rc == IMMP_E_REFUSED && immp_code(im->c) == 409)
			rc = 0; /* it is there */
		if (rc < 0 && immp_code(im->c))
			return import_end(im, app_exit_of(rc), "%s: %s",
					  folder, immp_message(im->c));
		if (rc < 0)
			return import_lost(im, rc);
		if (map_put(&im->folders, str_c(folder),
			    (void *)(uintptr_t)name.p, NULL) < 0)
			return import_no_memory(im);
	}
	*ret = name.p;
	return 0;
}

/* --- ids --- */

void
import_source(struct import *im)
{
	im->source++;
}

/* What is known of equal messages. */
struct equals {
	uint64_t source, n;	/* how many of them that source had so far */
	uint64_t sent;		/* how many have been sent, of all sources */
};

/* Those of a key; new ones if there are none yet.  NULL without memory. */
static struct equals *
equals_of(struct import *im, struct str key)
{
	struct equals *e = map_get(&im->seen, key);

	if (e)
		return e;
	e = ARENA_NEW(&im->names, struct equals);
	return e && map_put(&im->seen, key, e, NULL) == 0 ? e : NULL;
}

/* Which of the equal messages of its source and folder is it, and is it one
 * that another source had?  hash becomes that of octets and folder. */
static int
count_equal(struct import *im, uint8_t hash[static 32], const char *folder,
	    uint64_t *ret_n, bool *ret_sent)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct equals *e;

	buf_init(&b, 8192);
	if (buf_add(&b, hash, 32) < 0 || buf_add_cstr(&b, folder) < 0)
		return ERR_NOMEM;
	sha256_once(buf_data(&b), b.n, hash);
	e = equals_of(im, str_n(hash, 16));
	if (!e)
		return ERR_NOMEM;
	if (e->source != im->source) {
		e->source = im->source;
		e->n = 0;
	}
	*ret_n = e->n++;
	*ret_sent = e->n <= e->sent;
	if (!*ret_sent)
		e->sent = e->n;
	return 0;
}

static void
hash_run(void *ctx, struct str run)
{
	sha256_update(ctx, run.p, run.n);
}

static int
hash_octets(struct import *im, const struct import_message *m,
	    uint8_t ret[static 32])
{
	/* Connecting has made the library ready for it. */
	if (!im->hash)
		im->hash = sha256_new();
	if (!im->hash)
		return ERR_NOMEM;
	sha256_reset(im->hash);
	if (m->mbox)
		mbox_unmarked(m->octets, hash_run, im->hash);
	else
		hash_run(im->hash, m->octets);
	sha256_final(im->hash, ret);
	return 0;
}

/*
 * A UUID of version 8, from SHA-256 over
 *
 *	SHA-256(SHA-256(octets) | folder) | number as 8 octets, big-endian
 *
 * where number counts equal messages of one source, from 0, and octets are
 * without marks if they are out of an mbox.
 */
static int
make_id(struct import *im, const struct import_message *m,
	struct import_item *it)
{
	uint8_t hash[40];
	struct uuid u;
	uint64_t n;

	if (hash_octets(im, m, hash) < 0 ||
	    count_equal(im, hash, m->folder, &n, &it->present) < 0)
		return ERR_NOMEM;
	for (int i = 0; i < 8; i++)
		hash[32 + i] = (uint8_t)(n >> (56 - 8 * i));
	sha256_once(hash, sizeof(hash), hash);
	memcpy(u.b, hash, sizeof(u.b));
	u.b[6] = (u.b[6] & 0x0f) | 0x80;
	u.b[8] = (u.b[8] & 0x3f) | 0x80;
	uuid_format(&u, it->id);
	return 0;
}

/* --- batches --- */

static int
hear_present(void *ctx, const struct immp_piece *p)
{
	struct import *im = ctx;

	for (size_t i = 0; i < im->nitems; i++)
		if (strcmp(im->items[i].id, p->id) == 0)
			im->items[i].present = true;
	return 0;
}

/* Ask which of the batch are there: of those no octets are sent. */
static int
find_present(struct import *im)
{
	CLEANUP_BUF struct buf target = { 0 };
	struct immp_fetch f = IMMP_FETCH_INIT;
	int rc = 0;

	buf_init(&target, 8192);
	for (size_t i = 0; i < im->nitems && rc == 0; i++)
		rc = buf_addf(&target, "%c%s", i ? ',' : '#', im->items[i].id);
	if (rc < 0 || buf_add_c(&target, '\0') < 0)
		return import_no_memory(im);
	f.target = buf_data(&target);
	f.form = IMMP_JSON;
	f.peek = 1;
	f.no_data = 1;
	f.sink = hear_present;
	f.ctx = im;
	rc = immp_fetch(im->c, &f);
	if (rc < 0 && rc != IMMP_E_NOT_FOUND)
		return import_lost(im, rc);
	return 0;
}

int
import_flush(struct import *im)
{
	if (im->nitems && im->rc == 0)
		(void)find_present(im);
	for (size_t i = 0; i < im->nitems; i++) {
		if (im->rc == 0) {
			im->present += im->items[i].present;
			(void)import_send(im, &im->items[i]);
		}
		item_done(&im->items[i]);
	}
	im->nitems = 0;
	im->octets = 0;
	term_progress(&im->progress, im->done, im->total);
	return im->rc;
}

static bool
has_word(const char *const *words, const char *word)
{
	for (; words && *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

/* A copy of a list of words, the words behind it; with `more`, if it is not
 * NULL, at its end. */
static const char **
copy_words(const char *const *words, const char *more)
{
	size_t n = 0, octets = more ? strlen(more) + 1 : 0, len;
	const char **ret;
	char *text;

	while (words && words[n])
		octets += strlen(words[n++]) + 1;
	ret = mem_alloc((n + 2) * sizeof(*ret) + octets);
	if (!ret)
		return NULL;
	text = (char *)(ret + n + 2);
	for (size_t i = 0; i <= n; i++) {
		const char *word = i < n ? words[i] : more;

		ret[i] = word;
		if (!word)
			continue;
		len = strlen(word) + 1;
		ret[i] = memcpy(text, word, len);
		text += len;
	}
	ret[n + 1] = NULL;
	return ret;
}

/* The octets: a copy, or where they lie. */
static int
take_octets(const struct import_message *m, struct import_item *it)
{
	it->octets = m->octets;
	it->file = m->file;
	if (m->octets.n > COPY_MAX)
		return 0;
	it->file = NULL;
	it->copy = mem_strndup(m->octets.p, m->octets.n);
	it->octets = str_n(it->copy, m->octets.n);
	return it->copy ? 0 : ERR_NOMEM;
}

static int
fill(struct import *im, const struct import_message *m, struct import_item *it)
{
	if (need_folder(im, m->folder, &it->folder) != 0)
		return im->rc;
	if (make_id(im, m, it) < 0)
		return import_no_memory(im);
	it->received = m->received;
	it->where = mem_strndup(m->where, strlen(m->where));
	it->flags = copy_words(m->flags, im->all_read &&
			       !has_word(m->flags, "read") ? "read" : NULL);
	if (!it->where || !it->flags || take_octets(m, it) < 0)
		return import_no_memory(im);
	return 0;
}

/* Why it cannot be taken, whatever is in it; NULL: it may be. */
static const char *
unfit(const struct import *im, const struct import_message *m)
{
	const struct immp_server *server = immp_server(im->c);
	uint64_t max = server ? server->max : 0;

	if (m->octets.n == 0)
		return "is empty";
	if (max && (im->original ? m->octets.n > max
				 : m->octets.n / ENCODED > max))
		return "is larger than the server takes";
	return NULL;
}

int
import_add(struct import *im, const struct import_message *m)
{
	const char *why = unfit(im, m);
	struct import_item *it;

	if (im->rc)
		return im->rc;
	if (why) {
		import_refuse(im, m->where, why);
		return im->rc;
	}
	if (im->nitems == IMPORT_BATCH ||
	    (im->nitems && im->octets + m->octets.n > BATCH_OCTETS))
		(void)import_flush(im);
	if (im->rc)
		return im->rc;
	im->found++;
	it = &im->items[im->nitems++];
	im->octets += m->octets.n;
	(void)fill(im, m, it);
	/* Asked last: what was read before then is the file's. */
	if (im->rc == 0 && m->file && !mapped_whole(m->file)) {
		import_refuse(im, m->where, IMPORT_TORN);
		item_done(it);
		im->nitems--;
	} else if (!it->copy) {
		/* Its owner keeps the octets no longer than this call. */
		(void)import_flush(im);
	}
	return im->rc;
}

int
import_finish(struct import *im)
{
	int rc;

	if (im->rc == 0)
		(void)import_flush(im);
	rc = immp_finish(im->c);
	if (rc == 0)
		rc = im->broken;
	return rc < 0 ? import_lost(im, rc) : im->rc;
}
