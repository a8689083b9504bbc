import unittest

from toolcase import ToolCase


class FormatTest(ToolCase):
    tool = 'format'

    def accepts_c(self, text):
        self.write('src/x.c', text)
        code, out = self.run_tool('--check')
        self.assertEqual(code, 0, out)

    def becomes(self, text, wanted):
        path = self.write('src/x.c', text)
        code, out = self.run_tool('--check')
        self.assertEqual(code, 1, out)
        self.accepts()
        with open(path, encoding='utf-8') as f:
            self.assertEqual(f.read(), wanted)
        self.accepts_c(wanted)

    def test_layout(self):
        self.becomes('int f( int a ) { return a; }\n',
                     'int\nf(int a)\n{\n\treturn a;\n}\n')

    def test_braces_and_depth(self):
        self.becomes('int\nf(void)\n{\n    if(a) return 1;\n'
                     '\tfor (;;)\n\t{\n\tg();\n\t}\n\treturn 0;}\n',
                     'int\nf(void)\n{\n\tif (a)\n\t\treturn 1;\n'
                     '\tfor (;;) {\n\t\tg();\n\t}\n\treturn 0;\n}\n')

    def test_choices_of_a_human(self):
        self.accepts_c('enum e { A, B,\n\t C };\n'
                       'struct s {\n\tint a;\t/* one */\n'
                       '\tlong bbb;\t/* two */\n};\n')
        self.accepts_c('const int t[] = {\n\t1, 2, 3,\n\t4,\n};\n')
        self.accepts_c('#define M(a) { \\\n\t.x = a, \\\n}\n')
        self.accepts_c('int\nf(int a)\n{\n\tswitch (a) {\n'
                       '\tcase 1: return 2;\n\tdefault: return 3;\n\t}\n}\n')
        self.accepts_c('struct s {\n\tint aaa;\n\t\t/* below */\n};\n')
        self.accepts_c('int\nf(int a,\n  int b)\n{\n'
                       '\treturn a ? g("x"\n\t\t\t"y") :\n\t       b;\n}\n')


if __name__ == '__main__':
    unittest.main()
