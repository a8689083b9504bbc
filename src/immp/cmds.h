/* cmds: every sub-command, one file each (cmd_NAME.c). */
#ifndef IMMP_CMDS_H
#define IMMP_CMDS_H

#include "immp/app.h"

int cmd_login(struct app *a);
int cmd_logout(struct app *a);
int cmd_passwd(struct app *a);
int cmd_devices(struct app *a);
int cmd_devices_revoke(struct app *a);
int cmd_send(struct app *a);
int cmd_import(struct app *a);
int cmd_folders(struct app *a);
int cmd_list(struct app *a);
int cmd_read(struct app *a);
int cmd_save(struct app *a);
int cmd_export(struct app *a);
int cmd_download(struct app *a);
int cmd_mark(struct app *a);
int cmd_delete(struct app *a);
int cmd_restore(struct app *a);
int cmd_shell(struct app *a);

/* Options of those that have some. */
extern const struct opt cmd_login_opts[];
extern const struct opt cmd_logout_opts[];
extern const struct opt cmd_passwd_opts[];
extern const struct opt cmd_send_opts[];
extern const struct opt cmd_import_opts[];
extern const struct opt cmd_list_opts[];
extern const struct opt cmd_read_opts[];
extern const struct opt cmd_save_opts[];
extern const struct opt cmd_export_opts[];
extern const struct opt cmd_download_opts[];
extern const struct opt cmd_shell_opts[];

#endif
