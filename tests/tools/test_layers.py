import os
import unittest

from toolcase import ToolCase


class LayersTest(ToolCase):
    tool = 'layers'

    def setUp(self):
        super().setUp()
        for path in ('base/str.h', 'base/log.h', 'mail/imid.h', 'net/net.h',
                     'store/store.h', 'store/sqlite/backend.h',
                     'store/sqlite/sql_priv.h', 'session/session.h',
                     'immp/immp.h', 'immp/verb.h'):
            self.write(f'src/{path}', '')
        self.write('include/immp/immp.h', '#include <stddef.h>\n')

    def include(self, path, *headers):
        self.write(path, ''.join(f'#include {h}\n' for h in headers))

    def test_good_tree(self):
        self.include('src/crypt/x.c', '"mail/imid.h"', '"base/str.h"',
                     '<sodium.h>', '<openssl/evp.h>', '<string.h>')
        self.include('src/store/sqlite/x.c', '"store/store.h"',
                     '"store/sqlite/sql_priv.h"', '"sql_priv.h"',
                     '<sqlite3.h>')
        self.include('src/net/x.c', '<uv.h>', '<sys/socket.h>')
        self.include('src/client/x.c', '<immp/immp.h>')
        self.include('src/immp/x.c', '"immp/verb.h"', '<immp/immp.h>',
                     '<histedit.h>')
        self.include('tests/unit/x.c', '"mail/imid.h"', '<cmocka.h>')
        self.accepts()

    def test_upward(self):
        self.include('src/mail/x.c', '"session/session.h"')
        self.refuses('src/mail/x.c:1: layer', 'mail may not include session')

    def test_sideways(self):
        self.include('src/mail/x.c', '"net/net.h"')
        self.refuses('mail may not include net')

    def test_base_is_lowest(self):
        self.include('src/base/x.c', '"mail/imid.h"')
        self.refuses('base may not include mail')

    def test_server_knows_no_backend(self):
        self.include('src/server/x.c', '"store/store.h"')
        self.accepts()
        self.include('src/server/x.c', '"store/sqlite/backend.h"')
        self.refuses('server may not include store/sqlite')

    def test_store_knows_no_backend(self):
        self.include('src/store/x.c', '"store/sqlite/backend.h"')
        self.refuses('store may not include store/sqlite')

    def test_private(self):
        self.include('src/store/x.c', '"store/sqlite/sql_priv.h"')
        self.refuses('belongs to store/sqlite alone')
        self.include('src/store/x.c')
        self.include('tests/unit/store/x.c', '"store/sqlite/sql_priv.h"')
        self.refuses('tests/unit/store/x.c:1: private')
        self.include('tests/unit/store/x.c')
        self.include('tests/unit/store/sqlite/x.c',
                     '"store/sqlite/sql_priv.h"')
        self.accepts()

    def test_third_party(self):
        for path, header in (('mail', 'uv.h'), ('net', 'openssl/ssl.h'),
                             ('crypt', 'openssl/ssl.h'),
                             ('store', 'sqlite3.h'), ('auth', 'sodium.h'),
                             ('session', 'jansson.h'), ('conf', 'idn2.h'),
                             ('mail', 'ini.h'), ('client', 'histedit.h')):
            with self.subTest(f'{path} {header}'):
                self.include(f'src/{path}/x.c', f'<{header}>')
                self.refuses(f'src/{path}/x.c:1: library')
                os.unlink(os.path.join(self.root, f'src/{path}/x.c'))

    def test_unknown_library(self):
        self.include('src/mail/x.c', '<glib.h>')
        self.refuses('<glib.h> is not in the table')

    def test_quotes_do_not_hide_a_library(self):
        self.include('src/mail/x.c', '"uv.h"')
        self.refuses('src/mail/x.c:1: library')

    def test_without(self):
        self.include('src/mail/x.c', '<unistd.h>', '"base/log.h"')
        self.refuses('mail does without unistd.h',
                     'mail does without base/log.h')

    def test_public_header(self):
        self.include('include/immp/immp.h', '"base/str.h"')
        self.refuses('public may not include base')

    def test_public_is_not_for_the_server(self):
        self.include('src/session/x.c', '<immp/immp.h>')
        self.refuses('session may not include public')

    def test_unknown_folder(self):
        self.include('src/misc/x.c')
        self.refuses('src/misc/x.c:1: folder')

    def test_comments_and_odd_spelling(self):
        self.write('src/mail/x.c', '/* #include "net/net.h" */\n'
                   '#  include  "session/session.h"\n')
        text = self.refuses('x.c:2: layer')
        self.assertNotIn('x.c:1', text)

    def test_circle(self):
        table = self.write('t', '[layers]\nbase:\na: b\nb: a\n')
        code, text = self.run_tool('--table', table)
        self.assertEqual(code, 1)
        self.assertIn('a circle', text)


if __name__ == '__main__':
    unittest.main()
