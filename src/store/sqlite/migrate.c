#include "store/sqlite/migrate.h"

#include <stdio.h>

static int
run_one(struct db *db, const struct migration *m)
{
	char set[64];
	int err;

	(void)snprintf(set, sizeof(set), "PRAGMA user_version=%u;",
		       (unsigned)m->version);
	err = db_script(db, "BEGIN IMMEDIATE");
	for (size_t i = 0; err == 0 && m->statements[i]; i++)
		err = db_script(db, m->statements[i]);
	if (err == 0)
		err = db_script(db, set);
	if (err == 0)
		err = db_script(db, "COMMIT");
	if (err < 0)
		db_rollback(db);
	return err;
}

int
migrate_run(struct db *db, bool *ret_fresh)
{
	uint64_t version;
	int err = db_number(db, "PRAGMA user_version", &version);

	if (err < 0)
		return err;
	if (version > migrate_list[migrate_count - 1].version)
		return ERR_VERSION;
	*ret_fresh = version == 0;
	for (size_t i = 0; err == 0 && i < migrate_count; i++)
		if (migrate_list[i].version > version)
			err = run_one(db, &migrate_list[i]);
	return err;
}
