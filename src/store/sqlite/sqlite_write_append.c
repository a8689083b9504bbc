/* A message that the owner of a mailbox files: look first, then give. */
#include "store/sqlite/sqlite_write_priv.h"

static int
look(struct sqlite_writer *w, const struct store_append *j,
     struct sqlite_file *f)
{
	int err = ledger_mailbox(&w->ledger, j->mailbox_id, &f->mb);

	if (err == 0)
		err = sqlite_has_id(w, j->mailbox_id, &j->id);
	if (err > 0)
		err = ERR_EXISTS;
	if (err == 0)
		err = ledger_folder_key(&w->ledger, f->mb, j->folder_key,
					&f->folders[0]);
	if (err == 0)
		err = sqlite_quota_check(f->mb, j->size);
	if (err == 0 && j->has_reply)
		err = sqlite_thread_find(w, j->mailbox_id, &j->reply, j->from,
					 &f->thread);
	return err;
}

int
sqlite_append(struct sqlite_writer *w, struct store_append *j)
{
	struct sqlite_file f = {
		.nfolders = 1, .id = j->id, .received = j->received,
		.size = j->size, .flags = j->flags, .at = j->at,
		.actor = j->account_id, .keywords = j->keywords, .env = j->env,
	};
	struct str owners;
	struct uuid uuid;
	int err;

	if (j->big && !((struct bigfile *)j->big)->linked)
		return ERR_STATE;	/* it was not finished */
	err = look(w, j, &f);
	if (err < 0)
		return err;
	owners = arena_fmt(&w->arena, "%.*s\n", STR_ARG(j->name));
	if (!owners.p)
		return ERR_NOMEM;
	err = sqlite_body_add(w, j->body, j->big, owners, 1, &f.body_id);
	if (err == 0)
		err = sqlite_file_message(w, &f, &uuid);
	if (err == 0)
		j->modseq = f.mb->modseq;
	return err;
}
