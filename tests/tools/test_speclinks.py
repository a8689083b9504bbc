import unittest

from toolcase import ToolCase

DOCUMENT = '''# Protocol
## 1. Counted blocks
### 1.2 `AUTH SECRET` (with `+PROOF`)
## Reply
```
# Not a heading
```
'''


class SpeclinksTest(ToolCase):
    tool = 'speclinks'

    def setUp(self):
        super().setUp()
        self.write('docs/protocol.md', DOCUMENT)

    def test_good(self):
        self.write('src/a/x.c', '/* spec: Counted blocks */\n'
                   '/* spec: 1. Counted blocks; Reply. */\n'
                   '/* as it says (spec: Reply), twice */\n'
                   '/* (spec: AUTH SECRET (with +PROOF)) */\n'
                   '/*\n * spec: Reply\n * More text.\n */\n'
                   '/* over a line (spec: Counted\n * blocks). */\n')
        self.accepts()

    def test_unknown(self):
        self.write('src/a/x.c', '\n/* spec: Nothing */\n')
        self.refuses('src/a/x.c:2: spec', '"Nothing"')

    def test_code_block_is_no_heading(self):
        self.write('src/a/x.h', '/* spec: Not a heading */\n')
        self.refuses('"Not a heading"')

    def test_tables_too(self):
        self.write('src/a/x.def', '/* (spec: Nowhere) */\n')
        self.refuses('"Nowhere"')

    def test_strings_are_not_citations(self):
        self.write('src/a/x.c', 'const char *s = "spec: Nothing";\n')
        self.accepts()

    def test_list(self):
        self.write('src/a/x.c', '/* spec: Reply */\n')
        text = self.accepts('--list')
        self.assertEqual(text.split('\n')[:-1], [
            'Protocol', '1. Counted blocks', '1.2 AUTH SECRET (with +PROOF)'])


class NoDocumentTest(ToolCase):
    tool = 'speclinks'

    def test_missing(self):
        self.refuses('docs/protocol.md')


if __name__ == '__main__':
    unittest.main()
