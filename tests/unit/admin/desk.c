#include "desk.h"

#include "lib/test.h"

/* 2013-10-17T09:08:07.006Z */
#define DESK_NOW 1382000887006ull

static void
write_down(struct desk *d, const char *what, struct str text)
{
	assert_rc(buf_addf(&d->paper, "%s%.*s\n", what, STR_ARG(text)), 0);
}

static int
put(void *ctx, enum admin_kind kind, struct str text)
{
	static const char *const what[] = { "", "", "note: ", "progress: " };
	struct desk *d = ctx;
	int err = d->put_err;

	d->put_err = 0;
	if (err < 0)
		return err;
	write_down(d, what[kind], text);
	return 0;
}

static int
write_job(void *ctx, struct store_job *job)
{
	struct desk *d = ctx;
	int err = store_write(d->store, &job, 1);

	return err < 0 ? err : job->err;
}

static void
kick(void *ctx, uint64_t account_id, struct str device)
{
	struct desk *d = ctx;

	d->kicks++;
	assert_rc(buf_addf(&d->paper, "kick %llu%s%.*s\n",
			   (unsigned long long)account_id,
			   device.n > 0 ? " " : "", STR_ARG(device)), 0);
}

static void
live(void *ctx, struct json *j)
{
	json_kv_u64(j, "sessions", 3);
}

void
desk_init(struct desk *d)
{
	memset(d, 0, sizeof(*d));
	assert_rc(crypt_init(), 0);
	limits_init(&d->limits);
	d->limits.devices = 3;
	assert_rc(mem_store_open(&d->limits, &d->store), 0);
	assert_rc(store_reader_new(d->store, &d->reader), 0);
	d->key = server_key_random();
	assert_non_null(d->key);
	buf_init(&d->paper, 1u << 20);
	d->env = (struct admin_env){
		.reader = d->reader,
		.limits = &d->limits,
		.key = d->key,
		.domain = STR("a.test"),
		.postmaster = STR("admin@a.test"),
		.now = DESK_NOW,
		.write = write_job,
		.kick = kick,
		.live = live,
		.ctx = d,
	};
	d->secret = (struct admin_secret){
		.has_kdf = true,
		.kdf = { .t = KDF_T, .m = KDF_M },
		.has_key = true,
		.key.hex = "000102030405060708090a0b0c0d0e0f"
			   "101112131415161718191a1b1c1d1e1f",
	};
	assert_rc(admin_own_domain(&d->env), 0);
}

void
desk_done(struct desk *d)
{
	buf_done(&d->paper);
	server_key_free(d->key);
	store_reader_free(d->reader);
	store_close(d->store);
}

size_t
desk_words(const char *words, struct str *ret, size_t max)
{
	struct str rest = str_c(words), word;
	size_t n = 0;

	while (str_next(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		assert_true(n < max);
		ret[n++] = word;
	}
	return n;
}

int
desk_run(struct desk *d, const char *words)
{
	struct str v[ADMIN_WORDS];
	const struct admin_out out = { put, d };
	struct admin_fail fail = { "" };
	struct admin_call call;
	int rc;

	buf_clear(&d->paper);
	rc = admin_match(v, desk_words(words, v, ADMIN_WORDS), &call, &fail);
	if (rc == ADMIN_DONE)
		rc = admin_run(&d->env, &call, &d->secret, &out, &fail);
	if (rc != ADMIN_DONE)
		write_down(d, "why: ", str_c(fail.why));
	return rc;
}

void
desk_steps(struct desk *d, const struct desk_step *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = desk_run(d, v[i].words);

		if (rc != v[i].code)
			fail_msg("%s: exit %d, not %d: %.*s", v[i].words, rc,
				 v[i].code, STR_ARG(buf_str(&d->paper)));
		if (v[i].paper)
			CHECK_STR(v[i].words, buf_str(&d->paper), v[i].paper);
	}
}
