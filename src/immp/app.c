#include "immp/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "immp/text.h"

bool
app_has(const struct app *a, const char *name)
{
	for (size_t i = 0; i < a->ngiven; i++)
		if (strcmp(a->given[i].opt->name, name) == 0)
			return true;
	return false;
}

const char *
app_value(const struct app *a, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < a->ngiven; i++)
		if (strcmp(a->given[i].opt->name, name) == 0)
			value = a->given[i].value;
	return value;
}

const char *
app_next(const struct app *a, const char *name, size_t *at)
{
	while (*at < a->ngiven) {
		const struct app_given *g = &a->given[(*at)++];

		if (strcmp(g->opt->name, name) == 0)
			return g->value;
	}
	return NULL;
}

/* One thread, one command, one reason. */
static char said[1024];

const char *
app_said(void)
{
	return said;
}

int
app_error(enum app_exit code, const char *fmt, ...)
{
	CLEANUP_BUF struct buf line = { 0 };
	char text[sizeof(said)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_init(&line, 4 * sizeof(text));
	/* One line, whatever a peer or a file name brought into it. */
	if (text_line(&line, str_c(text)) < 0)
		buf_clear(&line);
	snprintf(said, sizeof(said), "%.*s", STR_ARG(buf_str(&line)));
	fflush(stdout);
	fprintf(stderr, "immp: %.*s\n", STR_ARG(buf_str(&line)));
	return code;
}

enum app_exit
app_exit_of(int error)
{
	switch (error) {
	case IMMP_OK:
		return APP_DONE;
	case IMMP_E_USAGE:
		return APP_USAGE;
	case IMMP_E_MEMORY:
	case IMMP_E_CONNECT:
	case IMMP_E_TIMEOUT:
	case IMMP_E_CLOSED:
	case IMMP_E_TLS:
	case IMMP_E_LATER:
	case IMMP_E_UNKNOWN:
		return APP_LATER;
	default:
		return APP_REFUSED;
	}
}

int
app_fail(const struct immp *c, int error)
{
	const char *why = immp_message(c);

	return app_error(app_exit_of(error), "%s",
			 *why ? why : immp_strerror(error));
}
