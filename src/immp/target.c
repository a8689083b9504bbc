#include "immp/target.h"

#include "base/uuid.h"

int
target_text(struct buf *b, const char *word)
{
	struct str s = str_c(word);
	struct uuid u;
	int rc = 0;

	if (uuid_parse(s, &u) == 0)
		rc = buf_add_c(b, '#');
	else if (str_chr(s, '#', 0) < 0 && str_find(s, STR("::")) < 0)
		return ERR_VALUE;
	if (rc == 0)
		rc = buf_add_str(b, s);
	return rc == 0 ? buf_add_c(b, '\0') : rc;
}

bool
target_is_one(const char *word)
{
	struct str s = str_c(word);
	ptrdiff_t hash = str_rchr(s, '#');
	struct uuid u;

	return uuid_parse(str_from(s, (size_t)(hash + 1)), &u) == 0;
}
