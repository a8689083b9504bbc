#include "immp/export/words.h"

#define TEXT_MAX (64u << 10)

void
export_words_init(struct export_words *w)
{
	*w = (struct export_words){ 0 };
	buf_init(&w->text, TEXT_MAX);
}

void
export_words_done(struct export_words *w)
{
	buf_done(&w->text);
}

int
export_words_set(struct export_words *w, struct str text)
{
	int rc;

	buf_clear(&w->text);
	w->changed = false;
	rc = buf_add_str(&w->text, text);
	if (rc == 0 && text.n && !str_ends(text, STR("\n")))
		rc = buf_add_c(&w->text, '\n');
	maildir_keywords(text, w->words);
	return rc;
}

/* The place of a word, or where it goes; MAILDIR_LETTERS: nowhere. */
static size_t
place(const struct export_words *w, struct str word)
{
	size_t i, end = MAILDIR_LETTERS;

	for (i = 0; i < MAILDIR_LETTERS; i++)
		if (str_eq(str_c(w->words[i]), word))
			return i;
	/* Behind the last: one that is free between them was some word's. */
	while (end && !w->words[end - 1][0])
		end--;
	return end;
}

int
export_words_letters(struct export_words *w, struct str words,
		     char dst[static MAILDIR_LETTERS + 1])
{
	bool has[MAILDIR_LETTERS] = { false };
	struct str word;
	size_t n = 0;
	int rc = 0;

	while (rc == 0 && str_next(&words, ' ', &word)) {
		size_t i = place(w, word);

		if (i == MAILDIR_LETTERS || word.n == 0)
			continue;
		if (!w->words[i][0]) {
			if (str_copy(word, w->words[i], MAILDIR_WORD) < 0)
				continue;
			rc = buf_addf(&w->text, "%zu %.*s\n", i, STR_ARG(word));
			w->changed = true;
		}
		has[i] = true;
	}
	for (size_t i = 0; i < MAILDIR_LETTERS; i++)
		if (has[i])
			dst[n++] = (char)('a' + i);
	dst[n] = '\0';
	return rc;
}
