import unittest

from toolcase import ToolCase


class LintTest(ToolCase):
    tool = 'lint'

    def refuses_c(self, text, *words, path='src/mail/x.c'):
        self.write(path, text)
        return self.refuses(*words)

    def accepts_c(self, text, path='src/mail/x.c'):
        self.write(path, text)
        return self.accepts()

    def test_clean(self):
        self.accepts_c('/* strcpy() is banned */\n'
                       'int\nf(void)\n{\n\treturn g("gets(x)");\n}\n')

    def test_banned(self):
        for word in ('strcpy', 'strcat', 'sprintf', 'vsprintf', 'strtok',
                     'atoi', 'atol', 'gets', 'alloca'):
            with self.subTest(word):
                self.refuses_c(f'int x = {word}(a);\n', f'{word}() is banned')

    def test_longer_names_are_others(self):
        self.accepts_c('int a = fgets(b) + my_atoi(c) + snprintf(d);\n')

    def test_heap(self):
        for word in ('malloc', 'calloc', 'realloc', 'free', 'strdup'):
            with self.subTest(word):
                self.refuses_c(f'int x = {word}(a);\n', f'{word}() belongs')

    def test_heap_as_pointer(self):
        self.refuses_c('int x = set(a, free);\n', 'free() belongs')

    def test_heap_home_members_and_attributes(self):
        self.accepts_c('void *p = malloc(1);\n', path='src/base/mem.c')
        self.accepts_c('int x = o->free(p) + o.free(q) + sqlite3_free(r);\n'
                       'void *f(void) __attribute__((malloc, cold));\n')

    def test_reason(self):
        self.accepts_c('/* lint-ok free: utf8proc gave it */\n'
                       'int x = free(a);\n')
        self.refuses_c('/* lint-ok free: */\nint x = free(a);\n')
        self.refuses_c('/* lint-ok malloc: no */\nint x = free(a);\n')

    def test_typedef(self):
        self.refuses_c('typedef struct x x;\n', 'tag visible')
        self.refuses_c('typedef struct {\n\tint a;\n} x;\n', 'tag visible')
        self.refuses_c('typedef enum y { A } y;\n', 'tag visible')
        self.refuses_c('typedef int number;\n', '_fn')
        self.accepts_c('typedef int (*call_fn)(struct x *x);\n'
                       'typedef struct x *make_fn(int a);\n')

    def test_code_in_reply(self):
        self.refuses_c('int x = reply_line(s, 250, "done");\n', '250',
                       path='src/session/x.c')
        self.refuses_c('int x = add("404- none");\n', '404',
                       path='src/session/x.c')
        self.refuses_c('int x = status == 301;\n', '301',
                       path='src/client/x.c')

    def test_other_numbers(self):
        self.accepts_c('int x = reply_line(s, STATUS_DONE, 64, 1000);\n'
                       'int y = grow(250);\n', path='src/session/x.c')

    def test_clock(self):
        self.refuses_c('int x = clock_unix_ms();\n', 'given the time')
        self.write('src/mail/x.c', '')
        self.accepts_c('int x = clock_unix_ms();\n', path='src/net/x.c')

    def test_indentation(self):
        self.refuses_c('int\nf(void)\n{\n        return 0;\n}\n',
                       'x.c:4: indent')
        self.refuses_c('int\nf(void)\n{\n  \treturn 0;\n}\n',
                       'x.c:4: indent')
        self.accepts_c('/*\n * text\n */\nint\nf(int a,\n  int b)\n{\n'
                       '\treturn a &&\n\t       b;\n}\n')

    def test_trailing_blank(self):
        self.refuses_c('int x; \n', 'x.c:1: blank')

    def test_trailing_blank_elsewhere(self):
        self.write('docs/x.md', 'text\t\n')
        self.refuses('docs/x.md:1: blank')

    def test_function_size(self):
        body = '\tg();\n'
        self.accepts_c('int\nf(void)\n{\n' + body * 60 + '}\n')
        text = self.accepts_c('int\nf(void)\n{\n' + body * 61 + '}\n')
        self.assertIn('warning: size: f(): 61 lines', text)
        self.refuses_c('int\nf(void)\n{\n' + body * 121 + '}\n',
                       'f(): 121 lines')

    def test_file_size(self):
        text = self.accepts_c('int x;\n' * 601)
        self.assertIn('warning: size: 601 lines', text)
        self.refuses_c('int x;\n' * 901, '901 lines')


if __name__ == '__main__':
    unittest.main()
