#include "proto/status.h"

const char *
status_text(enum status st)
{
	switch (st) {
	case ST_NONE:
		break;
#define IMMP_STATUS(name, number, text) \
	case ST_##name: \
		return text;
#include "proto/status.def"
#undef IMMP_STATUS
	}
	return "";
}

enum status
status_of_err(int err)
{
	if (err >= 0)
		return ST_DONE;
	switch (err) {
#define IMMP_ERR(name, text, status) \
	case ERR_##name: \
		return ST_##status;
#include "base/err.def"
#undef IMMP_ERR
	default:
		return ST_INTERNAL;
	}
}

bool
status_temporary(int code)
{
	int tens = code / 10;

	return tens == 42 || tens == 45 || tens == 71 || tens == 72;
}

/* spec: Reply */
bool
status_closes(int code)
{
	switch (code / 100) {
	case 1:
		return code == ST_SERVER;
	case 3:
		return code == ST_NONCES;
	default:
		return code != ST_TAKING_PART && code != ST_ITEM;
	}
}
