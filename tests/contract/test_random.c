/*
 * Thousands of random jobs in random batches, each outcome foretold by the
 * oracle, with random listings in between and a full comparison now and then.
 * The seed is printed; CONTRACT_SEED=n runs another one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "contract/oracle.h"

#define OPERATIONS 2000
#define BATCH 5

static uint64_t rng;

/* 0 to n - 1. */
static unsigned
any(unsigned n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (unsigned)((rng * 2685821657736338717u >> 33) % n);
}

static bool
chance(unsigned percent)
{
	return any(100) < percent;
}

/* The _id of some message: mostly a late one, now and then one that never
 * was. */
static struct uuid
any_id(struct oracle *o, int box)
{
	struct oracle_box *b = &o->boxes[box];
	size_t near = b->n < 40 || chance(30) ? b->n : 40;

	if (!near || chance(3))
		return world_uuid(o->w);
	return b->msgs[b->n - 1 - any((unsigned)near)].uuid;
}

static int
any_folder(struct oracle *o, int box)
{
	return chance(50) ? F_NONE :
	       (int)any((unsigned)o->boxes[box].nfolders);
}

static struct filter
any_filter(struct oracle *o, int box)
{
	struct filter f = { .bits = chance(50) ? 0 : any(16) };

	if (chance(10)) {
		f.bits |= FILTER_THREAD;
		f.thread = any_id(o, box);
	}
	return f;
}

/* --- steps --- */

static void
any_recipients(struct oracle *o, struct oracle_step *s)
{
	struct store_deliver *d = &s->job.deliver;
	unsigned skip = any(ORACLE_BOXES), sender = any(ORACLE_BOXES * 2);

	d->to = s->to;
	for (int b = 0; b < ORACLE_BOXES; b++) {
		struct oracle_box *box = &o->boxes[b];
		struct store_deliver_to to = letter_to(&box->p);
		int folder = F_INBOX;

		if ((unsigned)b == sender)
			to = chance(50) ? letter_sent(&box->p) :
			     letter_self(&box->p);
		else if ((unsigned)b == skip)
			continue;
		if (to.folder_key.n && chance(40)) {
			folder = (int)any((unsigned)box->nfolders);
			if (folder == F_TRASH || folder == F_SENT)
				folder = F_INBOX;
			to.folder_key = str_c(box->folders[folder].key);
		} else if (to.folder_key.n && chance(10)) {
			to.folder_key = STR("not/there");
		}
		s->to_box[d->nto] = b;
		s->to_folder[d->nto] = folder;
		s->to[d->nto++] = to;
	}
}

static void
any_delivery(struct oracle *o, struct oracle_step *s)
{
	static const char *const from[] = { "alice@a.test", "bob@b.test",
					    "eve@c.test" };
	static const char *const origins[] = { "a.test", "b.test" };
	static const char *const texts[] = { "hello", "something else" };
	unsigned f = any(3), t = any(3), origin = any(2), text = chance(3);
	struct uuid reply = any_id(o, (int)any(ORACLE_BOXES));
	struct letter l = {
		.from = from[f], .to = from[t], .text = texts[text],
		.origin = origins[origin],
		.once = chance(60), .important = chance(10),
		.size = chance(5) ? 100000 + any(300000) : 1 + any(1000),
		.received = o->w->now + any(10),
		.reply = chance(50) ? &reply : NULL,
	};

	/* An ID again, often of the same origin. */
	if (chance(25))
		l.id = any_id(o, (int)any(ORACLE_BOXES));
	s->job.deliver = letter_job(o->w, l);
	s->origin = (int)origin;
	s->from = 1u << f;
	s->parties = 1u << f | 1u << t;
	s->text = texts[text];
	any_recipients(o, s);
}

static size_t
any_ids(struct oracle *o, struct oracle_step *s)
{
	size_t n = 1 + any(ORACLE_IDS);

	for (size_t i = 0; i < n; i++) {
		s->ids[i] = any_id(o, s->box);
		s->missing[i] = chance(50);	/* is to be set */
	}
	return n;
}

static size_t
keyword_list(unsigned mask, struct str *ret)
{
	static const char *const names[] = { "$a", "$b", "$c", "$d" };
	size_t n = 0;

	for (int k = ORACLE_KEYWORDS - 1; k >= 0; k--)
		if (mask >> k & 1)
			ret[n++] = str_c(names[k]);
	return n;
}

static void
any_append(struct oracle *o, struct oracle_step *s)
{
	static const char *const from[] = { "alice@a.test", "bob@b.test",
					    "eve@c.test" };
	struct oracle_box *box = &o->boxes[s->box];
	unsigned f = any(3), t = any(3);
	struct uuid reply = any_id(o, s->box);
	struct letter l = {
		.from = from[f], .to = from[t],
		.size = chance(5) ? 100000 + any(300000) : 1 + any(1000),
		.received = o->w->now - any(100) * WORLD_DAY,
		.reply = chance(50) ? &reply : NULL,
	};

	if (chance(20))
		l.id = any_id(o, s->box);
	s->folder = chance(10) ? F_NONE : (int)any((unsigned)box->nfolders);
	s->add = any(16);
	s->from = 1u << f;
	s->parties = 1u << f | 1u << t;
	s->job.append = letter_append(o->w, &box->p, l);
	s->job.append.folder_key =
		s->folder == F_NONE ? STR("not/there") :
		str_c(box->folders[s->folder].key);
	s->job.append.flags = any(FLAG_ALL + 1);
	s->job.append.keywords = str_c(oracle_keywords(o->w, s->add));
}

static void
any_mark(struct oracle *o, struct oracle_step *s)
{
	struct store_mark *j = &s->job.mark;

	s->folder = any_folder(o, s->box);
	s->add = chance(60) ? 0 : any(16);
	s->del = chance(60) ? 0 : any(16) & ~s->add;
	*j = (struct store_mark){
		.job.op = STORE_MARK,
		.mailbox_id = o->boxes[s->box].p.mailbox_id,
		.account_id = o->boxes[s->box].p.account_id,
		.folder_id = s->folder == F_NONE ? 0 :
			     o->boxes[s->box].folders[s->folder].id,
		.set = any(FLAG_ALL + 1),
		.add = s->adds, .nadd = keyword_list(s->add, s->adds),
		.del = s->dels, .ndel = keyword_list(s->del, s->dels),
		.at = o->w->now,
	};
	j->clear = any(FLAG_ALL + 1) & ~j->set;
	if (chance(15)) {
		j->by_filter = true;
		j->filter = any_filter(o, s->box);
		j->limit = 1 + any(20);
	} else {
		j->ids = s->ids;
		j->missing = s->missing;
		j->nids = any_ids(o, s);
	}
}

static void
any_remove(struct oracle *o, struct oracle_step *s)
{
	s->folder = s->op == STORE_RESTORE ? F_NONE : any_folder(o, s->box);
	s->job.remove = (struct store_remove){
		.job.op = s->op,
		.mailbox_id = o->boxes[s->box].p.mailbox_id,
		.account_id = o->boxes[s->box].p.account_id,
		.folder_id = s->folder == F_NONE ? 0 :
			     o->boxes[s->box].folders[s->folder].id,
		.ids = s->ids, .nids = any_ids(o, s),
		.missing = s->missing,
		.at = o->w->now,
	};
}

static void
any_create(struct oracle *o, struct oracle_step *s)
{
	static const char *const paths[] = { "A", "B", "A/A", "A/B", "B/A",
					     "B/B/A", "A/B/A", "A/B/B", "INBOX",
					     "INBOX/A", "SENT/B/A" };
	struct str path = str_c(paths[any(TEST_COUNT(paths))]);

	s->job.create = (struct store_folder_create){
		.job.op = STORE_FOLDER_CREATE,
		.mailbox_id = o->boxes[s->box].p.mailbox_id,
		.account_id = o->boxes[s->box].p.account_id,
		.path = path, .key = world_fold(o->w, path),
		.at = o->w->now,
	};
}

static void
any_step(struct oracle *o, struct oracle_step *s)
{
	unsigned what = any(100);

	*s = (struct oracle_step){ .box = (int)any(ORACLE_BOXES) };
	if (what < 36) {
		s->op = STORE_DELIVER;
		any_delivery(o, s);
	} else if (what < 45) {
		s->op = STORE_APPEND;
		any_append(o, s);
	} else if (what < 67) {
		s->op = STORE_MARK;
		any_mark(o, s);
	} else if (what < 85) {
		s->op = STORE_DELETE;
		any_remove(o, s);
	} else if (what < 94) {
		s->op = STORE_RESTORE;
		any_remove(o, s);
	} else if (what < 98) {
		s->op = STORE_FOLDER_CREATE;
		any_create(o, s);
	} else {
		s->op = STORE_PURGE;
		s->job.purge = (struct store_purge){
			.job.op = STORE_PURGE, .now = o->w->now,
			.limit = 100000,
		};
	}
}

static void
any_listing(struct oracle *o)
{
	static const enum store_list_from froms[] = { STORE_NEWEST,
						      STORE_BEFORE_UUID,
						      STORE_AFTER_UUID,
						      STORE_AFTER_POS };
	int box = (int)any(ORACLE_BOXES);
	struct store_list q = {
		.filter = any_filter(o, box),
		.from = froms[any(4)],
		.anchor = any_id(o, box),
		.limit = 1 + any(30),
	};

	oracle_check_list(o, box, any_folder(o, box), q);
}

/* --- the test --- */

static size_t
run_batch(struct oracle *o)
{
	struct oracle_step steps[BATCH];
	struct store_job *jobs[BATCH];
	size_t n = 1 + any(BATCH);

	for (size_t i = 0; i < n; i++) {
		any_step(o, &steps[i]);
		jobs[i] = &steps[i].job.head;
	}
	world_write(o->w, jobs, n);
	for (size_t i = 0; i < n; i++)
		oracle_apply(o, &steps[i]);
	return n;
}

static void
run(struct world *w, uint64_t seed)
{
	struct oracle *o = oracle_new(w);
	size_t done = 0, checked = 0;

	print_message("seed %llu\n", (unsigned long long)seed);
	rng = seed * 0x9e3779b97f4a7c15u + 1;
	while (done < OPERATIONS) {
		done += run_batch(o);
		for (int i = 0; i < 3; i++)
			any_listing(o);
		w->now += any(5);
		if (chance(3))
			w->now += WORLD_DAY;
		if (done - checked < 100)
			continue;
		checked = done;
		oracle_check(o);
		if (w->backend->durable && chance(20))
			world_reopen(w);
	}
	oracle_check(o);
}

static void
test_first(void **state)
{
	const char *seed = getenv("CONTRACT_SEED");

	run(*state, seed ? strtoull(seed, NULL, 10) : 1);
}

static void
test_second(void **state)
{
	run(*state, 2);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_first),
		WORLD_TEST(test_second),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
