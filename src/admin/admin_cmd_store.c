/* status, limits, verify: how server and store are. */
#include "admin/admin_priv.h"

int
admin_cmd_STATUS(struct admin_run *r)
{
	struct store_stats st;
	struct json *j;
	int err = store_stats_get(r->env->reader, &st);

	if (err < 0)
		return admin_no_err(r, err);
	j = admin_begin(r);
	json_key(j, "version");
	json_cstr(j, IMMP_VERSION);
	json_kv_str(j, "domain", r->env->domain);
	json_kv_bool(j, "running", r->env->live != NULL);
	if (r->env->live)
		r->env->live(r->env->ctx, j);
	json_kv_u64(j, "domains", st.domains);
	json_kv_u64(j, "accounts", st.accounts);
	json_kv_u64(j, "messages", st.messages);
	json_kv_u64(j, "bodies", st.bodies);
	json_kv_u64(j, "body_octets", st.body_octets);
	json_kv_u64(j, "segments", st.segments);
	json_kv_u64(j, "big_files", st.big_files);
	json_kv_u64(j, "wal_octets", st.wal_octets);
	json_kv_u64(j, "batches", st.batches);
	json_kv_u64(j, "jobs", st.jobs);
	return admin_end(r, ADMIN_OBJECT);
}

int
admin_cmd_LIMITS(struct admin_run *r)
{
	static const char *const units[] = {
		[LIMIT_SIZE] = "octets", [LIMIT_COUNT] = "count",
		[LIMIT_TIME] = "ms",
	};
	size_t n;
	const struct limit_row *rows = limits_rows(&n);
	int rc = ADMIN_DONE;

	for (size_t i = 0; rc == ADMIN_DONE && i < n; i++) {
		struct json *j = admin_begin(r);
		uint64_t v;

		memcpy(&v, (const char *)r->env->limits + rows[i].offset,
		       sizeof(v));
		json_key(j, "limit");
		json_cstr(j, rows[i].name);
		json_kv_u64(j, "value", v);
		json_kv_u64(j, "default", rows[i].def);
		json_kv_u64(j, "min", rows[i].min);
		json_kv_u64(j, "max", rows[i].max);
		json_key(j, "unit");
		json_cstr(j, units[rows[i].kind]);
		json_key(j, "reason");
		json_cstr(j, rows[i].reason);
		rc = admin_end(r, ADMIN_ITEM);
	}
	return rc;
}

struct verify {
	struct admin_run *r;
	int rc;		/* of giving the findings */
};

static void
finding(void *ctx, struct str line)
{
	struct verify *v = ctx;
	struct json *j;

	if (v->rc != ADMIN_DONE)
		return;
	j = admin_begin(v->r);
	json_kv_str(j, "finding", line);
	v->rc = admin_end(v->r, ADMIN_ITEM);
}

int
admin_cmd_VERIFY(struct admin_run *r)
{
	struct verify v = { .r = r, .rc = ADMIN_DONE };
	struct store_stats st;
	int n, err = store_stats_get(r->env->reader, &st);

	if (err < 0)
		return admin_no_err(r, err);
	v.rc = admin_progress(r, "checking every body, this may take a while");
	if (v.rc != ADMIN_DONE)
		return v.rc;
	n = store_verify(r->env->reader, finding, &v);
	if (v.rc != ADMIN_DONE)
		return v.rc;
	if (n < 0)
		return admin_no_err(r, n);
	if (n > 0)
		return admin_no(r, ADMIN_REFUSED, "%d finding%s", n,
				n == 1 ? "" : "s");
	return admin_note(r, "nothing wrong: %llu accounts, %llu messages, "
			  "%llu bodies", (unsigned long long)st.accounts,
			  (unsigned long long)st.messages,
			  (unsigned long long)st.bodies);
}
