/* What must hold whatever a test has done. */
#include <stdlib.h>

#include "base/crc32c.h"
#include "contract/world.h"

/* Places are read this many at a time, rows by so many octets. */
#define PAGE 100
#define OCTETS 10000

struct listing {
	struct store_row *v;
	size_t n, cap;
};

/* Rows of places, in as many calls as it takes. */
static void
add_rows(struct world *w, uint64_t mailbox_id, const struct store_pos *pos,
	 size_t n, struct listing *l)
{
	struct store_row rows[PAGE];
	size_t got, used;

	while (n) {
		assert_rc(store_rows(w->r, &w->a, mailbox_id, pos, n, OCTETS,
				     rows, &got, &used), 0);
		assert_true(used > 0 && used <= n && got <= used);
		if (l->n + got > l->cap) {
			struct store_row *v;

			l->cap = (l->n + got) * 2;
			v = ARENA_ARRAY(&w->a, struct store_row, l->cap);
			assert_non_null(v);
			if (l->n)
				memcpy(v, l->v, l->n * sizeof(*v));
			l->v = v;
		}
		for (size_t i = 0; i < got; i++)
			l->v[l->n++] = rows[i];
		pos += used;
		n -= used;
	}
}

struct store_row *
world_rows(struct world *w, uint64_t mailbox_id, uint32_t folder_id,
	   size_t *ret_n)
{
	struct store_list q = {
		.mailbox_id = mailbox_id,
		.folder_id = folder_id,
		.from = STORE_AFTER_POS,
		.limit = PAGE,
	};
	struct listing l = { 0 };
	struct store_pos pos[PAGE];
	bool more = true;

	while (more) {
		size_t n;

		assert_rc(store_list(w->r, &q, pos, &n, &more), 0);
		assert_true(n <= PAGE && (n || !more));
		if (!n)
			break;
		add_rows(w, mailbox_id, pos, n, &l);
		q.pos = pos[n - 1];
	}
	*ret_n = l.n;
	return l.v;
}

static int
compare_strs(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

const char *
world_folders(struct world *w, const struct store_row *row)
{
	struct str *v = ARENA_ARRAY(&w->a, struct str, row->nfolders);
	struct str text = STR("");

	assert_non_null(v);
	for (size_t i = 0; i < row->nfolders; i++)
		v[i] = row->folders[i];
	qsort(v, row->nfolders, sizeof(*v), compare_strs);
	for (size_t i = 0; i < row->nfolders; i++)
		text = arena_fmt(&w->a, "%.*s%s%.*s", STR_ARG(text),
				 i ? " " : "", STR_ARG(v[i]));
	assert_non_null(text.p);
	return text.p;
}

/* --- counters --- */

/* Sums over rows. */
struct sums {
	uint64_t total, unread, flagged, octets, modseq;
};

static struct sums
sum_rows(struct world *w, uint64_t mailbox_id, uint32_t folder_id)
{
	struct sums s = { 0 };
	size_t n;
	struct store_row *v = world_rows(w, mailbox_id, folder_id, &n);

	for (size_t i = 0; i < n; i++) {
		s.total++;
		s.unread += !(v[i].flags & FLAG_READ);
		s.flagged += !!(v[i].flags & FLAG_FLAGGED);
		s.octets += v[i].size;
		if (v[i].modseq > s.modseq)
			s.modseq = v[i].modseq;
		assert_true(v[i].nfolders > 0);
	}
	return s;
}

static void
check_count(struct world *w, uint64_t mailbox_id, uint32_t folder_id,
	    const struct sums *s)
{
	struct filter all = { 0 }, flagged = { .bits = FILTER_FLAGGED };
	struct filter unread = { .bits = FILTER_UNREAD };
	uint64_t t, u;

	assert_rc(store_count(w->r, mailbox_id, folder_id, &all, &t, &u), 0);
	assert_int_equal(t, s->total);
	assert_int_equal(u, s->unread);
	assert_rc(store_count(w->r, mailbox_id, folder_id, &unread, &t, &u), 0);
	assert_int_equal(t, s->unread);
	assert_int_equal(u, s->unread);
	assert_rc(store_count(w->r, mailbox_id, folder_id, &flagged, &t, &u),
		  0);
	assert_int_equal(t, s->flagged);
}

static void
check_mailbox(struct world *w, const struct store_account *acc)
{
	struct sums s = sum_rows(w, acc->mailbox_id, 0);
	struct store_mailbox box;
	struct store_folder *folders;
	size_t n;

	assert_rc(store_mailbox_get(w->r, &w->a, acc->mailbox_id, &box), 0);
	assert_int_equal(box.total, s.total);
	assert_int_equal(box.unread, s.unread);
	assert_int_equal(box.used, s.octets);
	assert_int_equal(acc->total, s.total);
	assert_int_equal(acc->used, s.octets);
	assert_true(box.modseq >= s.modseq);
	check_count(w, acc->mailbox_id, 0, &s);

	assert_rc(store_folder_list(w->r, &w->a, acc->mailbox_id, STR(""),
				    &folders, &n), 0);
	for (size_t i = 0; i < n; i++) {
		const struct store_folder *f = &folders[i];

		s = sum_rows(w, acc->mailbox_id, f->folder_id);
		CHECK(f->key.p, f->total == s.total);
		CHECK(f->key.p, f->unread == s.unread);
		CHECK(f->key.p, f->flagged == s.flagged);
		CHECK(f->key.p, f->octets == s.octets);
		CHECK(f->key.p, f->modseq >= s.modseq);
		CHECK(f->key.p, f->modseq <= box.modseq);
		check_count(w, acc->mailbox_id, f->folder_id, &s);
	}
}

static void
say(void *ctx, struct str line)
{
	++*(int *)ctx;
	print_error("verify: %.*s\n", STR_ARG(line));
}

void
world_check(struct world *w)
{
	struct store_account *accounts;
	int lines = 0;
	size_t n;

	assert_rc(store_account_list(w->r, &w->a, STR(""), STR(""), 1000,
				     &accounts, &n), 0);
	for (size_t i = 0; i < n; i++)
		check_mailbox(w, &accounts[i]);
	assert_int_equal(store_verify(w->r, say, &lines), 0);
	assert_int_equal(lines, 0);
}

/* --- everything, as text --- */

static void
add(struct buf *b, const char *name, struct str text)
{
	assert_rc(buf_addf(b, " %s='%.*s'", name, STR_ARG(text)), 0);
}

static void
add_number(struct buf *b, const char *name, uint64_t v)
{
	assert_rc(buf_addf(b, " %s=", name), 0);
	assert_rc(buf_add_u64(b, v), 0);
}

static void
add_sum(struct buf *b, const char *name, const void *p, size_t n)
{
	add_number(b, name, crc32c(0, p, n));
}

static void
add_uuid(struct buf *b, const char *name, const struct uuid *id)
{
	char text[UUID_TEXT + 1];

	uuid_format(id, text);
	add(b, name, str_c(text));
}

static void
add_line(struct buf *b, const char *what)
{
	assert_rc(buf_addf(b, "\n%s", what), 0);
}

static void
dump_body(struct world *w, struct buf *b, uint64_t body_id)
{
	struct store_body body;
	struct buf octets;

	buf_init(&octets, SIZE_MAX);
	assert_rc(store_body_open(w->r, body_id, &body), 0);
	assert_rc(store_body_load(w->r, &body, &octets), 0);
	assert_int_equal(octets.n, body.len);
	add_sum(b, "body", buf_data(&octets), octets.n);
	buf_done(&octets);
}

static void
dump_row(struct world *w, struct buf *b, const struct store_row *row)
{
	add_line(b, "  message");
	add_uuid(b, "_id", &row->uuid);
	if (row->has_origin)
		add_uuid(b, "origin", &row->origin);
	add_uuid(b, "thread", &row->thread);
	add_number(b, "ord", row->pos.ord);
	add_number(b, "no", row->pos.no);
	add_number(b, "flags", row->flags);
	add(b, "keywords", row->keywords);
	add_number(b, "modseq", row->modseq);
	add_number(b, "size", row->size);
	add(b, "folders", str_c(world_folders(w, row)));
	add_sum(b, "env", row->env.p, row->env.n);
	dump_body(w, b, row->body_id);
}

static void
dump_mailbox(struct world *w, struct buf *b, uint64_t mailbox_id)
{
	struct store_mailbox box;
	struct store_folder *folders;
	struct store_row *rows;
	size_t n;

	assert_rc(store_mailbox_get(w->r, &w->a, mailbox_id, &box), 0);
	add_line(b, " mailbox");
	add_number(b, "id", mailbox_id);
	add(b, "name", box.name);
	add_number(b, "modseq", box.modseq);
	add_number(b, "quota", box.quota);
	assert_rc(store_folder_list(w->r, &w->a, mailbox_id, STR(""), &folders,
				    &n), 0);
	for (size_t i = 0; i < n; i++) {
		add_line(b, "  folder");
		add_number(b, "id", folders[i].folder_id);
		add_number(b, "role", folders[i].role);
		add(b, "path", folders[i].path);
		add(b, "key", folders[i].key);
		add_number(b, "modseq", folders[i].modseq);
	}
	rows = world_rows(w, mailbox_id, 0, &n);
	for (size_t i = 0; i < n; i++)
		dump_row(w, b, &rows[i]);
}

static void
dump_devices(struct world *w, struct buf *b, uint64_t account_id)
{
	struct store_device *v;
	size_t n;

	assert_rc(store_device_list(w->r, &w->a, account_id, &v, &n), 0);
	for (size_t i = 0; i < n; i++) {
		add_line(b, " device");
		add(b, "name", v[i].name);
		add(b, "key", v[i].key);
		add_number(b, "scopes", v[i].scopes);
		add_sum(b, "stored", v[i].stored, sizeof(v[i].stored));
		add_sum(b, "server", v[i].server, sizeof(v[i].server));
		add_number(b, "created", v[i].created);
	}
}

static void
dump_account(struct world *w, struct buf *b, const struct store_account *acc)
{
	add_line(b, "account");
	add_number(b, "id", acc->account_id);
	add_number(b, "domain", acc->domain_id);
	add(b, "name", acc->name);
	add(b, "key", acc->key);
	add(b, "display", acc->display);
	add_number(b, "disabled", acc->disabled);
	add_number(b, "proof_only", acc->proof_only);
	add_sum(b, "salt", acc->salt, sizeof(acc->salt));
	add_number(b, "t", acc->kdf_t);
	add_number(b, "m", acc->kdf_m);
	add_sum(b, "stored", acc->stored, sizeof(acc->stored));
	add_sum(b, "server", acc->server, sizeof(acc->server));
	if (acc->has_sealed)
		add_sum(b, "sealed", acc->sealed, sizeof(acc->sealed));
	add_number(b, "created", acc->created);
	add_number(b, "quota", acc->quota);
	dump_devices(w, b, acc->account_id);
	dump_mailbox(w, b, acc->mailbox_id);
}

struct str
world_dump(struct world *w)
{
	struct store_account *accounts;
	struct str *domains, text;
	struct buf b;
	size_t n;

	buf_init(&b, SIZE_MAX);
	assert_rc(store_domain_list(w->r, &w->a, &domains, &n), 0);
	for (size_t i = 0; i < n; i++)
		add(&b, "domain", domains[i]);
	assert_rc(store_account_list(w->r, &w->a, STR(""), STR(""), 1000,
				     &accounts, &n), 0);
	for (size_t i = 0; i < n; i++)
		dump_account(w, &b, &accounts[i]);
	text = arena_str(&w->a, buf_str(&b));
	assert_non_null(text.p);
	buf_done(&b);
	return text;
}
