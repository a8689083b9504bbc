"""immpctl as an administrator has it: on a store, and on a running server.

usage: immpctl.py IMMPCTL [IMMPD]

The same commands must give the same answers in both cases.
"""

import hashlib
import json
import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

IMMPCTL = IMMPD = None
MADE = re.compile(r'\b([a-z2-7]{24}|[0-9a-f]{64})\b')
TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z')
KEY = '0f' * 32


class Place:
    """A folder with a configuration, and perhaps a server."""

    def __init__(self, test, more='', listen='127.0.0.1:0'):
        self.folder = tempfile.mkdtemp(prefix='immp-ctl-')
        test.addCleanup(shutil.rmtree, self.folder)
        self.conf = self.path('immpd.conf')
        self.data = self.path('data')
        self.server = None
        self.lines = []
        with open(self.conf, 'w', encoding='utf-8') as f:
            f.write(f'[server]\ndomain = a.test\ndata = data\n'
                    f'listen = {listen}\n{more}')

    def path(self, name):
        return os.path.join(self.folder, name)

    def ctl(self, *args, text='', conf=None):
        """(exit code, standard output, standard error)"""
        run = subprocess.run(
            [IMMPCTL, '-c', conf or self.conf, *args], input=text,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding='utf-8', timeout=120, check=False,
            start_new_session=True)
        return run.returncode, run.stdout, run.stderr

    def start(self, test):
        args = [IMMPD, '-c', self.conf]
        if os.geteuid() == 0:
            args.append('--allow-root')
        self.server = subprocess.Popen(args, stderr=subprocess.PIPE,
                                       encoding='utf-8')
        test.addCleanup(self.end)
        ready = None
        for line in self.server.stderr:
            self.lines.append(line)
            ready = re.search(r'immpd ready listen=127\.0\.0\.1:(\d+)', line)
            if ready:
                break
        test.assertTrue(ready, ''.join(self.lines))
        self.port = int(ready.group(1))
        self.reader = threading.Thread(target=self.read_log)
        self.reader.start()

    def read_log(self):
        for line in self.server.stderr:
            self.lines.append(line)

    def end(self, how=signal.SIGTERM):
        if self.server is None:
            return None
        self.server.send_signal(how)
        code = self.server.wait(30)
        self.reader.join()
        self.server.stderr.close()
        self.server = None
        said = ''.join(self.lines)
        for trouble in ('Sanitizer', 'runtime error:'):
            assert trouble not in said, said
        return code

    def ask(self, octets, patience=20):
        """Octets to the control socket, and what it says: a list of objects
        and lines that are none."""
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(patience)
        s.connect(os.path.join(self.data, 'control.sock'))
        try:
            s.sendall(octets)
        except BrokenPipeError:
            pass
        got = b''
        try:
            while part := s.recv(65536):
                got += part
        except ConnectionResetError:    # what it left unread
            pass
        s.close()
        return [json.loads(line) for line in got.decode().splitlines()]

    def request(self, *words, secret=None):
        what = {'v': 1, 'words': words}
        if secret:
            what['secret'] = secret
        return self.ask(json.dumps(what).encode() + b'\n')


def mask(text):
    return TIME.sub('TIME', MADE.sub('MADE', text))


# Commands and their exit codes, from basic to exotic.
SCRIPT = [
    (0, 'domain add b.test'),
    (0, 'domain list'),
    (1, 'domain add B.test'),
    (2, 'domain add b_test'),
    (0, '--json domain list'),
    (0, 'account add alice@a.test --generate'),
    (0, '--json account add Bob@b.test --generate --quota 10M'),
    (0, 'account add carol@a.test --password-stdin'),
    (1, 'account add bob@b.test --generate'),
    (1, 'account add dave@c.test --generate'),
    (1, 'account add postmaster@a.test --generate'),
    (2, 'account add dave --generate'),
    (2, 'account add dave@a.test'),
    (2, 'account add dave@a.test --generate --password-stdin'),
    (0, 'account list'),
    (0, '--json account list'),
    (0, 'account list b.test'),
    (1, 'account list c.test'),
    (0, 'account show bob@b.test'),
    (0, '--json account show bob@b.test'),
    (1, 'account show dave@a.test'),
    (0, 'account quota bob@b.test 2M'),
    (2, 'account quota bob@b.test 2X'),
    (0, 'account quota bob@b.test default'),
    (0, 'account storage bob@b.test temporary'),
    (0, 'account show bob@b.test'),
    (0, 'account storage bob@b.test temporary 12h'),
    (2, 'account storage bob@b.test temporary 12'),
    (0, '--json account show bob@b.test'),
    (0, 'account storage bob@b.test central'),
    (1, 'account storage dave@a.test central'),
    (0, 'account disable bob@b.test'),
    (0, 'account enable bob@b.test'),
    (0, 'account proof-only bob@b.test'),
    (0, 'account proof-only bob@b.test no'),
    (2, 'account proof-only bob@b.test perhaps'),
    (0, 'account password bob@b.test --generate'),
    (1, 'account password dave@b.test --generate'),
    (0, 'account rename bob@b.test robert@a.test'),
    (1, 'account rename robert@a.test Alice@a.test'),
    (0, 'device add alice@a.test phone --scope read,send'),
    (0, '--json device add alice@a.test Laptop'),
    (1, 'device add alice@a.test PHONE'),
    (0, 'device list alice@a.test'),
    (0, '--json device list alice@a.test'),
    (0, 'device revoke alice@a.test laptop'),
    (1, 'device revoke alice@a.test laptop'),
    (0, '--json device list carol@a.test'),
    (2, 'domain remove b.test'),
    (1, 'domain remove a.test --yes'),
    (1, 'domain remove a.test --yes'),
    (0, 'domain remove b.test --yes'),
    (1, 'domain remove b.test --yes'),
    (2, 'account remove robert@a.test'),
    (0, 'account remove robert@a.test --yes'),
    (1, 'account remove robert@a.test --yes'),
    (0, 'limits'),
    (0, '--json limits'),
    (0, 'verify'),
    (0, '--json verify'),
    (2, 'foo'),
    (2, 'account'),
    (2, 'status now'),
]


def run_script(test, place):
    told = []
    for code, line in SCRIPT:
        words = line.split()
        got = place.ctl(*words, text='correct horse battery\n')
        with test.subTest(line):
            test.assertEqual(got[0], code, got)
            # One line says why, and wrong usage also how.
            if code == 1:
                test.assertEqual(got[2].count('\n'), 1, got)
                test.assertTrue(got[2].startswith('immpctl: '), got)
                test.assertEqual(got[1], '', got)
            if words[0] == '--json' and code == 0:
                value = json.loads(got[1])
                test.assertIsInstance(
                    value, list if 'list' in words or
                    words[1] in ('limits', 'verify') else dict)
        told.append((line, got[0], mask(got[1]), mask(got[2])))
    return told


class OfflineTest(unittest.TestCase):
    def test_script(self):
        place = Place(self)
        run_script(self, place)
        self.assertEqual(stat.S_IMODE(os.stat(place.data).st_mode), 0o700)
        key = os.path.join(place.data, 'server.key')
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)

    def test_many_at_once(self):
        """One after the other has the store; all have their turn."""
        place = Place(self)
        self.assertEqual(place.ctl('domain', 'add', 'b.test')[0], 0)
        codes = []

        def work(n):
            codes.append(place.ctl('domain', 'add', f'd{n}.test')[0])
        threads = [threading.Thread(target=work, args=(n,))
                   for n in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertTrue(all(code in (0, 75) for code in codes), codes)
        self.assertGreater(codes.count(0), 0)
        self.assertEqual(place.ctl('domain', 'list')[1].count('\nd'),
                         codes.count(0))

    def test_no_store_yet(self):
        place = Place(self)
        for words in (['account', 'list'], ['status'], ['verify']):
            code, out, err = place.ctl(*words)
            self.assertEqual((code, out), (1, ''))
            self.assertIn('no store yet', err)
        self.assertFalse(os.path.exists(os.path.join(place.data, 'index.db')))
        # What needs none does without.
        self.assertEqual(place.ctl('limits')[0], 0)

    def test_verify_and_rebuild(self):
        place = Place(self)
        index = os.path.join(place.data, 'index.db')
        place.ctl('account', 'add', 'alice@a.test', '--generate')
        code, out, err = place.ctl('verify')
        self.assertEqual((code, out), (0, ''))
        self.assertIn('nothing wrong', err)

        # A count that is not what it counts.
        db = sqlite3.connect(index)
        db.execute('UPDATE mailbox SET total = 5')
        db.commit()
        db.close()
        code, out, err = place.ctl('verify')
        self.assertEqual(code, 1)
        self.assertGreaterEqual(out.count('\n'), 1)
        self.assertRegex(err, r'\d+ findings?$')
        code, out, err = place.ctl('--json', 'verify')
        self.assertEqual(code, 1)
        self.assertIn('finding', json.loads(out)[0])

        self.assertEqual(place.ctl('rebuild')[0], 2)
        code, out, err = place.ctl('rebuild', '--yes')
        self.assertEqual(code, 0, err)
        self.assertTrue(os.path.exists(index + '.lost-1'))
        self.assertEqual(place.ctl('verify')[0], 0)
        # Where there is nothing at all.
        os.unlink(index)
        os.unlink(index + '.lost-1')
        self.assertEqual(place.ctl('status')[0], 1)
        self.assertEqual(place.ctl('rebuild', '--yes')[0], 0)
        self.assertEqual(place.ctl('status')[0], 0)

    def test_limits_of_the_file(self):
        place = Place(self, '[limits]\nmessage = 1M\nidle_time = 90s\n')
        rows = {row['limit']: row for row in
                json.loads(place.ctl('--json', 'limits')[1])}
        self.assertEqual(rows['message']['value'], 1 << 20)
        self.assertEqual(rows['idle_time']['value'], 90000)
        text = place.ctl('limits')[1]
        self.assertRegex(text, r'(?m)^message +1M +50M ')
        self.assertRegex(text, r'(?m)^idle_time +90s +30m ')

    def test_bad_configuration(self):
        place = Place(self, 'nonsense = 1\n')
        code, out, err = place.ctl('limits')
        self.assertEqual((code, out), (1, ''))
        self.assertIn('nonsense', err)
        code, out, err = place.ctl('limits', conf=place.path('none'))
        self.assertEqual((code, out), (1, ''))
        self.assertIn('none', err)

    def test_passwords(self):
        place = Place(self)
        add = ('account', 'add', 'alice@a.test', '--password-stdin')
        for text, code in (('', 2), ('\n', 1), ('a\tb c d e f\n', 1),
                           ('x' * 1025 + '\n', 1), ('a\u202eb\n', 1)):
            with self.subTest(text[:10]):
                got = place.ctl(*add, text=text)
                self.assertEqual(got[0], code, got)
                self.assertNotIn('x' * 20, got[2])
        self.assertEqual(place.ctl(*add, text='p\u00e4ssword1\nrest')[0], 0)
        code, _, err = place.ctl('account', 'add', 'bob@a.test',
                                 '--password-stdin', text='short')
        self.assertEqual(code, 0)
        self.assertIn('short password', err)
        # Without a terminal nobody is asked.
        code, out, err = place.ctl('account', 'add', 'carol@a.test')
        self.assertEqual((code, out), (2, ''))
        self.assertIn('--password-stdin', err)

    def test_help(self):
        place = Place(self)
        code, out, _ = place.ctl('--help')
        self.assertEqual(code, 0)
        self.assertIn('account add IMID [--quota SIZE]', out)
        code, out, _ = place.ctl('account', 'add', '--help')
        self.assertEqual(code, 0)
        self.assertIn('--generate', out)
        self.assertEqual(place.ctl('device', '--help')[1]
                         .count('immpctl device '), 3)
        self.assertEqual(place.ctl('foo', '--help')[0], 2)
        self.assertRegex(place.ctl('--version')[1], r'^immpctl \d+\.\d+')
        self.assertEqual(place.ctl()[0], 2)
        self.assertEqual(place.ctl('--frobnicate', 'status')[0], 2)


class Terminal:
    """immpctl at a terminal of its own."""

    def __init__(self, place, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(IMMPCTL, [IMMPCTL, '-c', place.conf, *args])
        self.seen = ''

    def until(self, text):
        """Read until text comes."""
        while text not in self.seen:
            self.read()
        self.seen = self.seen.split(text, 1)[1]

    def read(self):
        self.seen += os.read(self.fd, 4096).decode()

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        """(exit code, or minus the signal; the rest of what it said)"""
        try:
            while True:
                self.read()
        except OSError:
            pass
        os.close(self.fd)
        status = os.waitpid(self.pid, 0)[1]
        return os.waitstatus_to_exitcode(status), self.seen


class TerminalTest(unittest.TestCase):
    def setUp(self):
        self.place = Place(self)

    def ask_password(self, first, second):
        t = Terminal(self.place, 'account', 'add', 'alice@a.test')
        t.until('New password: ')
        t.type(first + '\n')
        t.until('Once more: ')
        t.type(second + '\n')
        return t.end()

    def test_password(self):
        code, said = self.ask_password('hunter hunter', 'hunter huntet')
        self.assertEqual(code, 1)
        self.assertIn('two different passwords', said)
        code, said = self.ask_password('hunter hunter', 'hunter hunter')
        self.assertEqual(code, 0)
        self.assertIn('account alice@a.test: added', said)
        self.assertNotIn('hunter', said)

    def test_interrupt(self):
        t = Terminal(self.place, 'account', 'add', 'alice@a.test')
        t.until('New password: ')
        self.assertFalse(termios.tcgetattr(t.fd)[3] & termios.ECHO)
        # It ends by the signal, with echo on again.
        t.type('hun\x03')
        for _ in range(100):
            if termios.tcgetattr(t.fd)[3] & termios.ECHO:
                break
            time.sleep(0.1)
        self.assertTrue(termios.tcgetattr(t.fd)[3] & termios.ECHO)
        self.assertEqual(t.end()[0], -signal.SIGINT)
        self.assertFalse(os.path.exists(self.place.data))

    def test_confirm(self):
        self.assertEqual(self.place.ctl('account', 'add', 'alice@a.test',
                                        '--generate')[0], 0)
        t = Terminal(self.place, 'account', 'remove', 'alice@a.test')
        t.until('Type alice@a.test to go on: ')
        t.type('alice\n')
        code, said = t.end()
        self.assertEqual(code, 1)
        self.assertIn('not confirmed', said)
        self.assertEqual(self.place.ctl('account', 'show', 'alice@a.test')[0],
                         0)
        t = Terminal(self.place, '--json', 'account', 'remove',
                     'alice@a.test')
        t.until('to go on: ')
        t.type('alice@a.test\n')
        code, said = t.end()
        self.assertEqual(code, 0)
        self.assertIn('{"done":"removed"', said)


@unittest.skipIf(os.geteuid() != 0, 'not root')
class RootTest(unittest.TestCase):
    """Root works as who owns the data."""

    OWNER = 65534

    def test_owner(self):
        place = Place(self)
        os.chmod(place.folder, 0o755)
        os.mkdir(place.data, 0o700)
        os.chown(place.data, self.OWNER, self.OWNER)
        self.assertEqual(place.ctl('account', 'add', 'alice@a.test',
                                   '--generate')[0], 0)
        self.assertEqual(place.ctl('verify')[0], 0)
        names = [place.data]
        for where, folders, files in os.walk(place.data):
            names += [os.path.join(where, n) for n in folders + files]
        self.assertGreater(len(names), 4)
        for name in names:
            self.assertEqual(os.stat(name).st_uid, self.OWNER, name)

    def test_quickstart(self):
        folder = tempfile.mkdtemp(prefix='immp-quick-')
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        data = os.path.join(folder, 'data')
        os.mkdir(data, 0o700)
        os.chown(data, self.OWNER, self.OWNER)
        run = subprocess.run([IMMPCTL, '-c', os.path.join(folder, 'conf'),
                              'quickstart', 'a.test'],
                             stdout=subprocess.PIPE, check=True)
        self.assertIn(b'password: ', run.stdout)
        for name, owner in (('conf', 0), ('data/index.db', self.OWNER),
                            ('data/server.key', self.OWNER),
                            ('data/tls/key.pem', self.OWNER)):
            self.assertEqual(os.stat(os.path.join(folder, name)).st_uid,
                             owner, name)


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='immp-quick-')
        self.addCleanup(shutil.rmtree, self.folder)
        self.conf = os.path.join(self.folder, 'new', 'immpd.conf')

    def ctl(self, *args, text=''):
        return Place.ctl(self, *args, text=text)

    def test_quickstart(self):
        code, out, err = self.ctl('quickstart', 'A.test')
        self.assertEqual((code, err), (0, ''))
        self.assertRegex(out, r'(?m)^password: +[a-z2-7]{24}$')
        spki = re.search(r'(?m)^fingerprint: +([0-9a-f]{64})$', out).group(1)
        self.assertIn('_immp._tcp.a.test. SRV 0 0 1025 a.test.', out)
        self.assertIn(f'_1025._tcp.a.test. TLSA 3 1 1 {spki}', out)
        self.assertNotIn('_immps', out)
        with open(self.conf, encoding='utf-8') as f:
            text = f.read()
        for line in ('domain = a.test', 'data = data',
                     'listen = 0.0.0.0:1025, [::]:1025',
                     'postmaster = admin@a.test'):
            self.assertIn(line + '\n', text)
        data = os.path.join(self.folder, 'new', 'data')
        for name, mode in (('.', 0o700), ('tls', 0o700),
                           ('server.key', 0o600), ('tls/key.pem', 0o600)):
            self.assertEqual(stat.S_IMODE(os.stat(
                os.path.join(data, name)).st_mode), mode, name)
        shown = json.loads(self.ctl('--json', 'account', 'show',
                                    'admin@a.test')[1])
        self.assertTrue(shown['postmaster'])
        self.assertTrue(shown['password'])

        if IMMPD is not None:
            subprocess.run([IMMPD, '-c', self.conf, '--check'], check=True)

        # Never twice, and never over a store.
        code, out, err = self.ctl('quickstart', 'a.test')
        self.assertEqual((code, out), (1, ''))
        self.assertIn('immpd.conf', err)
        os.unlink(self.conf)
        code, out, err = self.ctl('quickstart', 'a.test')
        self.assertEqual((code, out), (1, ''))
        self.assertIn('index.db', err)

    def test_words(self):
        code, out, _ = self.ctl('--json', 'quickstart', 'a.test',
                                'root@a.test', '--listen-tls',
                                '--password-stdin', text='long enough\n')
        self.assertEqual(code, 0)
        told = json.loads(out)
        self.assertEqual(told['account'], 'root@a.test')
        self.assertNotIn('password', told)
        self.assertIn({'name': '_immps._tcp.a.test.', 'type': 'SRV',
                       'value': '0 0 1026 a.test.'}, told['records'])
        with open(self.conf, encoding='utf-8') as f:
            self.assertIn('listen_tls = 0.0.0.0:1026, [::]:1026\n', f.read())

    def test_refused(self):
        for words in (['nodomain_'], ['a.test', 'admin@b.test'],
                      ['a.test', 'admin']):
            self.assertEqual(self.ctl('quickstart', *words)[0], 2)
        self.assertEqual(self.ctl('quickstart', 'a.test',
                                  'postmaster@a.test')[0], 1)
        self.assertFalse(os.path.exists(self.conf))


def log_in(place, h):
    """A TLS session of alice with the 1.0 key of h."""
    raw = socket.create_connection(('127.0.0.1', place.port), timeout=20)
    f = raw.makefile('rb')
    while not f.readline().startswith(b'101 '):
        pass
    raw.sendall(b'UPGRADE TLS3\n')
    while not f.readline().startswith(b'204'):
        pass
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    tls = context.wrap_socket(raw, server_hostname='a.test')
    f = tls.makefile('rb')
    tls.sendall(b'AUTH SECRET alice@a.test\n')
    f.readline()
    line = f.readline().decode()
    n1, n2 = re.search(r'n1=(\S+) n2=(\S+)', line).groups()
    key = hashlib.sha1((h + n1 + n2).encode()).hexdigest()
    tls.sendall(f'AUTH RESPONSE {key}\n'.encode())
    return tls, f, f.readline().decode()


class OnlineTest(unittest.TestCase):
    def setUp(self):
        if IMMPD is None:
            self.skipTest('no immpd')

    def test_same_answers(self):
        offline, online = Place(self), Place(self)
        online.start(self)
        want, got = run_script(self, offline), run_script(self, online)
        for a, b in zip(want, got):
            with self.subTest(a[0]):
                self.assertEqual(a, b)
        self.assertEqual(online.end(), 0)
        # It is durable, and the store can be opened by itself now.
        self.assertEqual(mask(online.ctl('account', 'list')[1]),
                         mask(offline.ctl('account', 'list')[1]))
        self.assertIn(' command="account remove" on=robert@a.test ',
                      ''.join(online.lines))
        self.assertNotIn('correct horse', ''.join(online.lines))

    def test_status(self):
        place = Place(self)
        place.start(self)
        told = json.loads(place.ctl('--json', 'status')[1])
        self.assertTrue(told['running'])
        self.assertEqual(told['pid'], place.server.pid)
        self.assertEqual(told['sessions'], 0)
        self.assertEqual(told['domains'], 1)
        place.end()
        told = json.loads(place.ctl('--json', 'status')[1])
        self.assertFalse(told['running'])

    def test_rebuild_refused(self):
        place = Place(self)
        place.start(self)
        code, out, err = place.ctl('rebuild', '--yes')
        self.assertEqual((code, out), (75, ''))
        self.assertIn('the server runs', err)

    def test_socket(self):
        place = Place(self)
        path = os.path.join(place.data, 'control.sock')
        place.start(self)
        self.assertEqual(os.stat(path).st_mode, stat.S_IFSOCK | 0o600)
        # Killed: the socket stays, and is nobody's.
        place.end(signal.SIGKILL)
        self.assertTrue(os.path.exists(path))
        self.assertEqual(place.ctl('domain', 'add', 'b.test')[0], 0)
        place.start(self)
        self.assertIn('b.test', place.ctl('domain', 'list')[1])
        self.assertTrue(json.loads(place.ctl('--json', 'status')[1])
                        ['running'])
        self.assertEqual(os.stat(path).st_mode, stat.S_IFSOCK | 0o600)
        place.end()
        self.assertFalse(os.path.exists(path))

    def test_no_answer(self):
        """A server whose socket is not where immpctl looks."""
        place = Place(self)
        place.start(self)
        other = place.path('other.conf')
        with open(place.conf, encoding='utf-8') as f:
            text = f.read()
        with open(other, 'w', encoding='utf-8') as f:
            f.write(text + 'control = elsewhere.sock\n')
        code, out, err = place.ctl('domain', 'list', conf=other)
        self.assertEqual((code, out), (75, ''))
        self.assertIn('the server runs but its control socket does not '
                      'answer', err)

    def test_second_server(self):
        place = Place(self)
        place.start(self)
        args = [IMMPD, '-c', place.conf]
        if os.geteuid() == 0:
            args.append('--allow-root')
        run = subprocess.run(args, stderr=subprocess.PIPE, timeout=30,
                             check=False)
        self.assertNotEqual(run.returncode, 0)
        # The first one's socket is untouched.
        self.assertEqual(place.ctl('domain', 'list')[0], 0)

    def test_bad_requests(self):
        place = Place(self)
        place.start(self)
        for octets in (b'\n', b'{}\n', b'nonsense\n', b'[' * 5000 + b'\n',
                       b'{"v":1,"words":["status"],"secret":1}\n',
                       b'\x00\xff\n'):
            with self.subTest(octets[:20]):
                self.assertEqual(place.ask(octets)[-1]['end'], 1)
        self.assertEqual(place.ask(b'{"v":9,"words":["status"]}\n')[-1],
                         {'end': 1, 'why': 'immpctl is newer than the '
                          'running server: restart it'})
        self.assertEqual(place.ask(b'x' * 20000)[-1]['end'], 75)
        self.assertEqual(place.ask(b'{"v":1')[-1],
                         {'end': 75, 'why': 'the request: too slow'})
        self.assertEqual(place.request('foo')[-1]['end'], 2)
        self.assertEqual(place.request('rebuild', '--yes')[-1]['end'], 1)
        self.assertEqual(place.request('account', 'remove', 'a@a.test')
                         [-1]['end'], 2)
        self.assertEqual(place.request('account', 'add', 'alice@a.test')
                         [-1], {'end': 2,
                                'why': 'account add wants a password'})
        self.assertEqual(place.request('domain', 'list')[-1], {'end': 0})

    def test_many_at_once(self):
        """More than run at once: the rest is told to come again."""
        place = Place(self)
        place.start(self)
        waiting = []
        for _ in range(12):
            s = socket.socket(socket.AF_UNIX)
            s.connect(os.path.join(place.data, 'control.sock'))
            waiting.append(s)
        time.sleep(0.5)
        code, out, err = place.ctl('domain', 'list')
        self.assertEqual((code, out), (75, ''))
        self.assertIn('too many at once', err)
        for s in waiting:
            s.close()
        for _ in range(50):
            code = place.ctl('domain', 'list')[0]
            if code == 0:
                break
            time.sleep(0.1)
        self.assertEqual(code, 0)

        codes = []

        def work(n):
            codes.append(place.ctl('domain', 'add', f'd{n}.test')[0])
        threads = [threading.Thread(target=work, args=(n,))
                   for n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertTrue(all(code in (0, 75) for code in codes), codes)
        added = place.ctl('domain', 'list')[1].count('\nd')
        self.assertEqual(added, codes.count(0))

    def test_silent_one_does_not_stop_the_end(self):
        place = Place(self)
        place.start(self)
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.path.join(place.data, 'control.sock'))
        time.sleep(0.2)
        before = time.monotonic()
        self.assertEqual(place.end(), 0)
        self.assertLess(time.monotonic() - before, 6)
        s.close()

    def check_ended(self, place, *words, secret=None, again):
        tls, f, line = log_in(place, KEY)
        self.assertTrue(line.startswith('210 '), line)
        tls.sendall(b'NOOP\n')
        self.assertTrue(f.readline().startswith(b'200'))
        before = time.monotonic()
        self.assertEqual(place.request(*words, secret=secret)[-1]['end'], 0)
        try:
            while f.readline():
                pass
        except (ConnectionError, ssl.SSLError):
            pass
        self.assertLess(time.monotonic() - before, 5)
        tls.close()
        tls, f, line = log_in(place, KEY)
        self.assertEqual(line[:3], again)
        tls.close()

    def test_sessions_end(self):
        place = Place(self)
        place.start(self)
        secret = {'key': KEY, 'salt': '00' * 16, 't': 2, 'm': 19456}
        told = place.request('account', 'add', 'alice@a.test', secret=secret)
        self.assertEqual(told, [{'object': {'done': 'added', 'account':
                                            'alice@a.test'}}, {'end': 0}])
        self.check_ended(place, 'account', 'disable', 'alice@a.test',
                         again='410')
        place.request('account', 'enable', 'alice@a.test')
        self.check_ended(place, 'account', 'password', 'alice@a.test',
                         secret=secret, again='210')
        self.check_ended(place, 'account', 'rename', 'alice@a.test',
                         'alice2@a.test', again='410')
        place.request('account', 'rename', 'alice2@a.test', 'alice@a.test')
        self.check_ended(place, 'account', 'remove', 'alice@a.test', '--yes',
                         again='410')


if __name__ == '__main__':
    IMMPCTL = os.path.abspath(sys.argv[1])
    if len(sys.argv) > 2:
        IMMPD = os.path.abspath(sys.argv[2])
    unittest.main(argv=sys.argv[:1])
