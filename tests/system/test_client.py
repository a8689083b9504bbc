"""immp against a server that plays scripts (tests/lib/fake_server): what it
sends, what it makes of answers no good server would give, and how it ends."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

BUILD = os.environ['IMMP_BUILD']
IMMP = os.path.join(BUILD, 'src/immp/immp')
FAKE = os.path.join(BUILD, 'tests/lib/fake_server')
KEY = 'a0' * 32
U1 = '01890f2a-0000-7000-8000-000000000001'
U2 = '01890f2a-0000-7000-8000-000000000002'
IN = f'HELLO\nDEVICE alice@a.test {KEY}\n'

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Case:
    """A folder with settings, and a server for each script."""

    def __init__(self, folder):
        self.dir = folder
        self.env = dict(os.environ, XDG_CONFIG_HOME=folder, TZ='UTC',
                        LC_ALL='C', NO_COLOR='1')
        self.keys = os.path.join(folder, 'keys')
        os.mkdir(self.keys)
        self.count = 0
        self.server = None
        self.port = None
        # The first server makes the keys.
        self.play('')
        self.end()
        pub = subprocess.run(['openssl', 'x509', '-noout', '-pubkey', '-in',
                              self.keys + '/cert.pem'],
                             stdout=subprocess.PIPE, check=True).stdout
        der = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'DER'],
                             input=pub, stdout=subprocess.PIPE,
                             check=True).stdout
        self.fingerprint = subprocess.run(
            ['sha256sum'], input=der, stdout=subprocess.PIPE,
            check=True).stdout.decode().split()[0]

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        mode = 'wb' if isinstance(content, bytes) else 'w'
        with open(self.path(name), mode) as f:
            f.write(content)
        return self.path(name)

    def play(self, script):
        self.count += 1
        port = self.path(f'port{self.count}')
        self.server = subprocess.Popen(
            [FAKE, port, self.write(f'script{self.count}', script),
             self.keys], stderr=subprocess.PIPE)
        while not os.path.exists(port):
            if self.server.poll() is not None:
                raise AssertionError(self.server.stderr.read().decode())
            time.sleep(0.01)
        with open(port, encoding='ascii') as f:
            self.port = f.read().strip()

    def end(self):
        """The script has been played to its end."""
        error = self.server.communicate(timeout=60)[1].decode()
        assert self.server.returncode == 0, error

    def account(self, **more):
        """Settings as a login would leave them."""
        rows = {'account': 'alice@a.test', 'server': f'127.0.0.1:{self.port}',
                'fingerprint': self.fingerprint, 'vouched': 'no',
                'device': 'pc', 'key': KEY, 'proof': 'yes'}
        rows.update(more)
        folder = self.path('immp/accounts')
        os.makedirs(folder, mode=0o700, exist_ok=True)
        name = self.write('immp/accounts/' + rows['account'],
                          ''.join(f'{k} = {v}\n' for k, v in rows.items()))
        os.chmod(name, 0o600)

    def start(self, *words):
        return subprocess.Popen(
            [IMMP, *words], env=self.env, cwd=self.dir,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def immp(self, *words, code=0, stdin=b''):
        """Run immp: (what it printed, what it said)."""
        p = self.start(*words)
        out, err = p.communicate(stdin, timeout=120)
        err = err.decode()
        assert p.returncode == code, f'{words}: {p.returncode}: {err}'
        if code:
            assert err.count('\n') == 1 and err.startswith('immp: '), err
        else:
            assert err == '', err
        return out, err

    def run(self, script, *words, code=0, stdin=b''):
        """With a script and the settings of an account."""
        self.play(script)
        self.account()
        result = self.immp(*words, code=code, stdin=stdin)
        self.end()
        return result

    def login(self, script, *words, code=0, accept=True, password=b'geheim\n'):
        self.play(script)
        more = ['--accept-new'] if accept else []
        result = self.immp('login', 'alice@a.test', '--server',
                           f'127.0.0.1:{self.port}', '--password-stdin',
                           *more, *words, code=code, stdin=password)
        self.end()
        return result


def settings(case):
    with open(case.path('immp/accounts/alice@a.test'), encoding='utf-8') as f:
        return dict(line.rstrip('\n').split(' = ', 1) for line in f)


# --- login ---

@test
def login_keeps_a_key_and_no_password(case):
    case.login(f'HELLO\nSECRET alice@a.test geheim\n'
               f'C DEVICE ADD "pc"\nS 212 key={KEY}\nC QUIT\n',
               '--device', 'pc')
    rows = settings(case)
    assert rows['key'] == KEY and rows['device'] == 'pc'
    assert rows['fingerprint'] == case.fingerprint
    assert rows['proof'] == 'yes' and rows['vouched'] == 'no'
    for name, mode in (('immp', 0o700), ('immp/accounts', 0o700),
                       ('immp/accounts/alice@a.test', 0o600)):
        got = stat.S_IMODE(os.stat(case.path(name)).st_mode)
        assert got == mode, f'{name} is {got:o}'
    for here, _, names in os.walk(case.path('immp')):
        for name in names:
            with open(os.path.join(here, name), 'rb') as f:
                assert b'geheim' not in f.read()


@test
def login_refused(case):
    err = case.login('HELLO\nSECRET alice@a.test geheim\nC QUIT\n',
                     password=b'falsch\n', code=1)[1]
    assert '410' in err
    assert not os.path.exists(case.path('immp/accounts/alice@a.test'))


@test
def login_impostor(case):
    """A server that knows the account but not the password."""
    err = case.login('HELLO\nLIE alice@a.test geheim\nWAIT\n', code=1)[1]
    assert 'impostor' in err, err


@test
def login_weak(case):
    n = 'n1=24c17bb6-11ef-4cfa-8c5c-440ceadc8431 n2=1381978910'
    salt = 's=AAECAwQFBgcICQoLDA0ODw=='
    for challenge in (f'{n} kdf=argon2id {salt} t=2 m=8 p=1 proof=1',
                      f'{n} kdf=argon2id {salt} t=2 m=2000000 p=1 proof=1',
                      f'{n} kdf=argon2id {salt} t=2 m=19456 p=1',
                      f'{n} kdf=none proof=1', n):
        case.login('HELLO\nC AUTH SECRET alice@a.test +PROOF\nS 302 .\n'
                   f'S 303 {challenge}\nWAIT\n', code=1)


@test
def login_by_the_old_key(case):
    """Only where it is allowed, and never again after a proof."""
    script = ('HELLO\nC AUTH SECRET alice@a.test +PROOF\nS 406 Unknown.\n')
    case.login(script + 'C QUIT\n', code=1)
    case.login(script + 'OLD alice@a.test geheim\n'
               f'C DEVICE ADD "*"\nS 212 key={KEY}\nC QUIT\n', '--old-key')
    assert settings(case)['proof'] == 'no'
    case.play('')
    case.account()
    case.end()
    err = case.immp('login', 'alice@a.test', '--password-stdin', '--old-key',
                    stdin=b'geheim\n', code=1)[1]
    assert 'proved itself' in err


@test
def login_asks_for_the_fingerprint(case):
    case.play('S 100 TLS3\nS 101 p=IMMP v=1.0 d=a.test\nC UPGRADE TLS3\n'
              'S 204 .\nSHOW\n')
    err = case.immp('login', 'alice@a.test', '--server',
                    f'127.0.0.1:{case.port}', '--password-stdin', code=1,
                    stdin=b'geheim\n')[1]
    case.end()
    assert case.fingerprint in err, err
    case.play('S 100 TLS3\nS 101 p=IMMP v=1.0 d=a.test\nC UPGRADE TLS3\n'
              'S 204 .\nSHOW\n')
    case.immp('login', 'alice@a.test', '--server', f'127.0.0.1:{case.port}',
              '--password-stdin', '--accept', '00' * 32, code=1)
    case.end()
    case.login(f'HELLO\nSECRET alice@a.test geheim\nC DEVICE ADD "*"\n'
               f'S 212 key={KEY}\nC QUIT\n', '--accept', case.fingerprint,
               accept=False)


@test
def login_device_names(case):
    """The host's name may be taken; one that was asked for may not."""
    case.login('HELLO\nSECRET alice@a.test geheim\nC DEVICE ADD "*"\n'
               'S 409 Conflict.\nC DEVICE ADD "*-2"\n'
               f'S 212 key={KEY}\nC QUIT\n')
    shutil.rmtree(case.path('immp'))
    err = case.login('HELLO\nSECRET alice@a.test geheim\n'
                     'C DEVICE ADD "pc"\nS 409 Conflict.\nC QUIT\n',
                     '--device', 'pc', code=1)[1]
    assert '--device' in err


@test
def login_again(case):
    """The key of before is given up."""
    case.login(f'HELLO\nSECRET alice@a.test geheim\nC DEVICE ADD "pc"\n'
               f'S 212 key={KEY}\nC QUIT\n', '--device', 'pc')
    again = ('HELLO\nSECRET alice@a.test geheim\n'
             'C DEVICE REVOKE "pc"\nS 404 Gone.\nC DEVICE ADD "pc"\n'
             f'S 212 key={KEY}\nC QUIT\n')
    case.login(again)
    case.login(again, '--device', 'pc')
    case.login('HELLO\nSECRET alice@a.test geheim\nC DEVICE ADD "mac"\n'
               f'S 212 key={KEY}\nC DEVICE REVOKE "pc"\nS 200 Done.\n'
               'C QUIT\n', '--device', 'mac')
    assert settings(case)['device'] == 'mac'


@test
def changed_key(case):
    case.play('S 100 TLS3\nS 101 p=IMMP v=1.0 d=a.test\nC UPGRADE TLS3\n'
              'S 204 .\nSHOW\n')
    case.account(fingerprint='11' * 32)
    err = case.immp('list', code=1)[1]
    assert 'has changed' in err and case.fingerprint in err
    case.end()


@test
def settings_of_others(case):
    case.play('')
    case.account()
    case.end()
    os.chmod(case.path('immp/accounts/alice@a.test'), 0o644)
    assert 'others' in case.immp('list', code=1)[1]
    os.chmod(case.path('immp/accounts/alice@a.test'), 0o600)
    case.account(account='bob@b.test')
    assert 'several' in case.immp('list', code=2)[1]
    assert 'not set up' in case.immp('-a', 'x@y', 'list', code=1)[1]
    shutil.rmtree(case.path('immp'))
    assert 'login' in case.immp('list', code=1)[1]


# --- servers that are no good ---

@test
def bad_servers(case):
    plain = 'S 100 TLS3\nS 101 p=IMMP v=1.0 d=a.test\nC UPGRADE TLS3\n'
    for script, code in (
            ('S 220 mail.example.org ESMTP\nWAIT\n', 1),
            ('S 421 Too many at once.\n', 75),
            ('S 101 p=IMMP v=1.0 d=a.test\nWAIT\n', 75),
            ('S 100 TLS SSLv3\nS 101 p=IMMP\nWAIT\n', 75),
            ('ACCEPT\nDROP\n', 75),
            (plain + 'S 701 No.\nWAIT\n', 75),
            (plain + 'DROP\n', 75),
            (plain + 'S 204 .\nDROP\n', 75),
            (plain + 'S 204 .\nS 101 p=IMMP\nWAIT\n', 75),
            (plain + 'S 204 .\nTLS\nC HELLO\nS 101 p=IMMP v=1.0 '
             'methods=TLS2,TLS3\nWAIT\n', 1),
            (plain + 'S 204 .\nTLS\nC HELLO\nFILL 70000 a\nWAIT\n', 1),
            (IN + 'C MBOX INDEX*\nGIVE \\0\\n\nWAIT\n', 1),
            (IN + 'C MBOX INDEX*\nS 250 n=0\\r\nS 250 n=0\nWAIT\n', 1),
            (IN + 'C MBOX INDEX*\nS 710 Shutting down.\n', 75),
            (IN + 'C MBOX INDEX*\nS 420 Slow down. retry=5\nWAIT\n', 75),
            (IN + 'C MBOX INDEX*\nS 403 Not permitted.\nWAIT\n', 1),
            (IN + 'C MBOX INDEX*\nDROP\n', 75)):
        if script.count('GIVE') == 0 and 'n=0\\r' in script:
            script = script.replace('S 250 n=0\\r\n', 'GIVE 250 \\e[2J\\n\n')
        case.run(script, 'list', code=code)
    case.play('')
    case.account()
    case.end()
    assert 'connect' in case.immp('list', code=75)[1]


# --- list ---

def row(uuid=U1, **more):
    rest = ''.join(f',"{k}":{v}' for k, v in more.items())
    return ('S 250- {"_id":"%s","flags":["read"],"from":"bob@b.test",'
            '"to":["alice@a.test"],"size":4200,"parts":1%s}\n' % (uuid, rest))


@test
def list_fields(case):
    out = case.run(
        IN + 'C MBOX INDEX "/inbox" +JSON\n'
        + row(subject='"a\\u001b[31mb\\tc\\u202ed"',
              date='"2026-11-24T03:00:00.000Z"')
        + 'S 250- {"_id":broken\nS 250 n=1\nC QUIT\n', 'list')[0]
    assert out == (f'{U1}\tread\t2026-11-24T03:00:00.000Z\t4200\t'
                   'bob@b.test\ta[31mb cd\n').encode(), out
    out = case.run(IN + 'C MBOX INDEX "/in \\\\"box::unread" LIMIT 5 '
                   f'BEFORE "{U2}" +JSON\n' + row() + 'S 250 n=1\nC QUIT\n',
                   '--json', 'list', '/in "box', '-u', '-n5', '--before',
                   U2)[0]
    assert [r['_id'] for r in json.loads(out)] == [U1], out
    out = case.run(IN + 'C MBOX INDEX*\n' + row(U1) + row(U2)
                   + 'S 250 n=2\nC QUIT\n', '--json', 'list')[0]
    assert [r['_id'] for r in json.loads(out)] == [U1, U2], out
    out = case.run(IN + 'C MBOX INDEX*\nS 250 n=0\nC QUIT\n', '--json',
                   'list')[0]
    assert out == b'[]\n', out


@test
def list_pages(case):
    """More messages than the server gives at a time, the newest last."""
    u = [U1[:-1] + str(i) for i in range(6)]

    def page(limit, before, *rows, more=''):
        where = f' BEFORE "{before}"' if before else ''
        return (f'C MBOX INDEX "/inbox" LIMIT {limit}{where} +JSON\n'
                + ''.join(row(x) for x in rows)
                + f'S 250 n={len(rows)}{more and " more=" + more}\n')

    script = (IN + page(5, '', u[4], u[5], more=u[4])
              + page(3, u[4], u[2], u[3], more=u[2])
              + page(1, u[2], u[1], more=u[1])
              + page(4294967295, u[4], u[2], u[3], more=u[2]) + 'C QUIT\n')
    out = case.run(script, 'list', '-n', '5')[0].decode()
    assert [l.split('\t')[0] for l in out.splitlines()] == u[1:], out
    out = case.run(script, '--json', 'list', '-n', '5')[0]
    assert [r['_id'] for r in json.loads(out)] == u[1:], out
    # It ends where there are no more, or where the server gives none.
    for last in (page(7, u[4], u[3]), page(7, u[4], more=u[3])):
        out = case.run(IN + page(9, '', u[4], u[5], more=u[4]) + last
                       + 'C QUIT\n', '--json', 'list', '-n9')[0]
        want = u[3:] if 'n=1' in last else u[4:]
        assert [r['_id'] for r in json.loads(out)] == want, out


@test
def list_ten_thousand(case):
    out = case.run(IN + 'C MBOX INDEX*\n' + row() * 10000
                   + 'S 250 n=10000\nC QUIT\n', 'list')[0]
    assert out.count(b'\n') == 10000


# --- read and save ---

def describe(*parts):
    text = ('{"_id":"%s","flags":[],"envelope":{"from":"bob@b.test",'
            '"to":["alice@a.test"],"subject":"s\\u001b[1m",'
            '"date":"2026-11-24T03:00:00.000Z",'
            '"names":{"bob@b.test":"Bob\\u0007 B"}},"parts":[%s]}'
            % (U1, ','.join(parts)))
    return (f'C MBOX FETCH "#{U1}" +JSON -READ -DATA\n'
            f'S 250- {U1} offset=0 length={len(text)} total={len(text)}\n'
            f'GIVE {text.replace(chr(92), chr(92) * 2)}\nS 250 n=1\n')


def part(name, kind, length, **more):
    rest = ''.join(f',"{k}":"{v}"' for k, v in more.items())
    return f'{{"id":"{name}","type":"{kind}","length":{length}{rest}}}'


TEXT = part('text', 'text/plain; charset=iso-8859-1', 12,
            **{'class': 'content'})


@test
def read_shows_clean_text(case):
    out = case.run(
        IN + describe(TEXT, part('p2', 'image/png', 5000, file='a b.png'))
        + f'C MBOX FETCH "#{U1}" PART "text"\n'
        f'S 252- {U1} part=text offset=0 length=7 total=7\n'
        'GIVE Hi \\e[1m\nS 252 n=1\nC QUIT\n', 'read', U1)[0].decode()
    assert 'From:    Bob B <bob@b.test>\n' in out, out
    assert 'Subject: s[1m\n' in out and '\nHi [1m\n' in out, out
    assert '  p2  a b.png (image/png, 4.9K)\n' in out, out
    assert '\x1b' not in out and '\x07' not in out


@test
def read_octets_as_they_are(case):
    out = case.run(
        IN + describe(TEXT) + f'C MBOX FETCH "#{U1}" PART "text" -READ\n'
        f'S 252- {U1} part=text offset=0 length=4 total=6\nGIVE a\\0\\e\\r\n'
        f'S 252- {U1} part=text offset=4 length=2 total=6\nGIVE \\nb\n'
        'S 252 n=1\nC QUIT\n', 'read', U1, '--raw', '--peek')[0]
    assert out == b'a\0\x1b\r\nb', out


SAVE = f'C MBOX FETCH "#{U1}" PART "p2" -READ\n'


@test
def save_names(case):
    for peer, safe in (('../../etc/passwd', 'passwd'), ('.bashrc', '_bashrc'),
                       ('C:\\\\\\\\x.exe', 'x.exe'), ('-rf', '_rf'),
                       ('a\\\\u0000b', 'a_b')):
        name = peer.replace('\\\\', '\\')
        out = case.run(
            IN + describe(TEXT, part('p2', 'image/png', 3, file=name)) + SAVE
            + f'S 252- {U1} part=p2 offset=0 length=3 total=3\nGIVE abc\n'
            'S 252 n=1\nC QUIT\n', 'save', U1, 'out')[0].decode()
        assert out == f'out/{safe}\n', (peer, out)
    # Nothing is replaced.
    case.write('out/x.png', 'mine')
    for n in (1, 2):
        out = case.run(
            IN + describe(TEXT, part('p2', 'image/png', 3, file='x.png'))
            + SAVE + f'S 252- {U1} part=p2 offset=0 length=0 total=0\n'
            'S 252 n=1\nC QUIT\n', 'save', U1, 'out')[0].decode()
        assert out == f'out/x-{n}.png\n', out
    with open(case.path('out/x.png'), encoding='ascii') as f:
        assert f.read() == 'mine'


@test
def save_whole_or_not_at_all(case):
    os.mkdir(case.path('out'))
    begin = (IN + describe(TEXT, part('p2', 'image/png', 9, file='x')) + SAVE)
    line = f'S 252- {U1} part=p2 '
    for rest, code in (
            (line + 'offset=0 length=5 total=9\nGIVE abc\nDROP\n', 75),
            (line + 'offset=0 length=3 total=9\nGIVE abc\nS 252 n=1\nWAIT\n',
             1),
            (line + 'offset=3 length=3 total=9\nGIVE abc\nWAIT\n', 1),
            (line + 'offset=0 length=3 total=9\nGIVE abc\n' + line
             + 'offset=2 length=3 total=9\nGIVE abc\nWAIT\n', 1),
            (line + 'offset=0 length=3 total=9\nGIVE abc\n' + line
             + 'offset=3 length=3 total=8\nGIVE abc\nWAIT\n', 1),
            (line + 'offset=0 length=3 total=9\nGIVE abc\n'
             f'S 252- {U2} part=p2 offset=3 length=6 total=9\nGIVE abcdef\n'
             'WAIT\n', 1),
            (line + 'offset=0 length=99999 total=99999\nWAIT\n', 1),
            ('S 404 No such thing here.\nWAIT\n', 1)):
        case.run(begin + rest, 'save', U1, 'out', code=code)
        assert os.listdir(case.path('out')) == [], rest


# --- send ---

SEND = (IN + 'C DELIVER TO "bob@b.test" ID "*"\nS 270 Ok.\n'
        'C DATA NAME "text" TYPE "text/plain; charset=utf-8" LENGTH 3 '
        '+CONTENT\nTAKE 3\nS 271 text Saving content part\n'
        'S 272 text Part saved\nC DONE\n')


@test
def send_text(case):
    out = case.run(SEND + f'S 273- bob@b.test\nS 273 Delivered {U1}\n'
                   'C QUIT\n', 'send', 'bob@b.test', stdin=b'abc')[0]
    assert re.fullmatch(rb'[0-9a-f-]{36}\n', out), out
    out = case.run(SEND + f'S 274- bob@b.test\nS 274 Queued {U1}\nC QUIT\n',
                   '--json', 'send', 'bob@b.test', '--id', U2,
                   stdin=b'abc')[0]
    assert out == f'{{"uuid":"{U2}","queued":true}}\n'.encode(), out


@test
def send_all_options(case):
    case.write('a "b".txt', 'xyz')
    case.write('empty', '')
    case.run(
        IN + 'C DELIVER TO "bob@b.test" "carol@c.test" CC "d@d" "e@e" '
        'BCC "f@f" FROM "help@a.test" SUBJECT "+READ \\\\"x\\\\\\\\" ID "*" '
        f'REPLY "{U2}" +IMPORTANT +MULTIPART +SECURE\nS 270 Ok.\n'
        'C DATA NAME "text" TYPE "text/html; charset=utf-8" LENGTH 1 '
        '+CONTENT\nTAKE 1\nS 272 text\n'
        'C DATA NAME "file1" TYPE "text/plain; charset=utf-8" '
        'FILE "a \\\\"b\\\\".txt" LENGTH 3\nTAKE 3 xyz\nS 272 file1\n'
        'C DATA NAME "file2" TYPE "application/octet-stream" FILE "empty" '
        f'LENGTH 0\nS 272 file2\nC DONE\nS 273 Delivered {U1}\nC QUIT\n',
        'send', 'bob@b.test', 'carol@c.test', '--cc', 'd@d', '--cc=e@e',
        '--bcc', 'f@f', '--from', 'help@a.test', '-s', '+READ "x\\',
        '--reply', f'/inbox#{U2}', '--html', '--important', '--secure', '-a',
        'a "b".txt', '-aempty', stdin=b'x')


@test
def send_refused(case):
    err = case.run(
        IN + 'C DELIVER*\nS 404- bob@b.test\nS 430- "c d@b"\n'
        'S 404 No such thing here.\nC DATA*\nTAKE 3\nS 402 No.\nC DONE\n'
        'S 402 No.\nWAIT\n', 'send', 'bob@b.test', stdin=b'abc', code=1)[1]
    assert 'bob@b.test, c d@b' in err and '404' in err, err
    err = case.run(SEND.replace('S 272 text Part saved', 'S 430 Over quota.')
                   + 'S 430 Over quota.\nWAIT\n', 'send', 'bob@b.test',
                   stdin=b'abc', code=1)[1]
    assert '430' in err
    case.run(SEND + 'S 720 Later.\nWAIT\n', 'send', 'bob@b.test',
             stdin=b'abc', code=75)
    err = case.run(IN + 'C DELIVER* +ANONYMOUS\nS 406 Unknown parameter.\n'
                   'C DATA*\nTAKE 3\nS 402 No.\nC DONE\nS 402 No.\nWAIT\n',
                   'send', '--anonymous', 'bob@b.test', stdin=b'abc',
                   code=1)[1]
    assert 'anonymous' in err, err
    case.immp('send', 'bob', code=2)
    case.immp('send', 'bob@b.test', '-a', 'missing', code=1)
    case.immp('send', 'bob@b.test', '-a', '.', code=1)
    assert 'UTF-8' in case.immp('send', 'bob@b.test', stdin=b'\xff',
                                code=1)[1]


@test
def send_lost_behind_done(case):
    err = case.run(SEND + 'DROP\n', 'send', 'bob@b.test', stdin=b'abc',
                   code=75)[1]
    assert re.search(r'--id [0-9a-f-]{36}\n', err), err
    # Lost before: nothing can have been delivered.
    err = case.run(IN + 'C DELIVER*\nDROP\n', 'send', '--id', U1,
                   'bob@b.test', '-a', case.write('x', b'x' * 9000000),
                   stdin=b'abc', code=75)[1]
    assert '--id' not in err, err


def changing_file(case, change):
    """A file that changes while it is sent spoils that message and nothing
    else: its block is made up, and RESET forgets it."""
    size = 20000000
    big = case.write('big', b'x' * size)
    go = case.path('go')
    case.play(IN + 'C DELIVER*\nS 270 Ok.\nC DATA*\nTAKE 3\nS 272 text\n'
              f'C DATA* LENGTH {size}\nUNTIL {go}\nTAKE {size}\nS 272 file1\n'
              'C RESET\nS 200 Done.\nC QUIT\n')
    case.account()
    p = case.start('send', 'bob@b.test', '-a', 'big')
    p.stdin.write(b'abc')
    p.stdin.close()
    time.sleep(1)
    change(big)
    case.write('go', '')
    err = p.stderr.read().decode()
    assert p.wait(60) == 1 and 'big changed' in err, err
    case.end()
    os.unlink(go)


@test
def send_changing_file(case):
    changing_file(case, lambda path: os.truncate(path, 10))

    def grow(path):
        with open(path, 'ab') as f:
            f.write(b'more')
    changing_file(case, grow)


@test
def send_reads_while_it_writes(case):
    """A server that answers more than fits into any buffer while we send."""
    size = 8000000
    case.write('big', b'x' * size)
    case.run(IN + 'C DELIVER*\nS 270 Ok.\nC DATA*\nTAKE 3\nS 272 text\n'
             'C DATA*\n' + 'S 199 and on and on and on and on\n' * 300000
             + f'TAKE {size}\nS 272 file1\nC DONE\nS 273 Delivered {U1}\n'
             'C QUIT\n', 'send', 'bob@b.test', '-a', 'big', stdin=b'abc')


# --- the rest ---

@test
def change(case):
    case.run(IN + f'C MBOX MARK "#{U1}" +read -flagged +$word\nS 200 n=1\n'
             f'C MBOX MARK "/inbox#{U2}" +read -flagged +$word\nS 200 n=0\n'
             'C QUIT\n', 'mark', U1, '+read', f'/inbox#{U2}', '-flagged',
             '+$word')
    out = case.run(IN + f'C MBOX DELETE "#{U1}"\nS 200 n=1\nC QUIT\n',
                   '--json', 'delete', U1)[0]
    assert out == b'{"n":1}\n'
    # One that is gone does not keep the others from their turn.
    case.run(IN + f'C MBOX RESTORE "#{U1}"\nS 404 No.\n'
             f'C MBOX RESTORE "#{U2}"\nS 200 n=1\nC QUIT\n', 'restore', U1,
             U2, code=1)
    for words in (['mark', U1], ['mark', '+read'], ['delete', '/inbox'],
                  ['delete', U1[:8]], ['mark', U1, '+a b'], ['mark', U1, '+']):
        case.immp(*words, code=2)


@test
def devices(case):
    out = case.run(
        IN + 'C DEVICE LIST\nS 281 {"name":"my\\u001b pc","scope":["read",'
        '"send"],"created":"2020-01-01T00:00:00.000Z"}\nS 282 1 devices.\n'
        'C QUIT\n', 'devices')[0].decode()
    assert re.match(r'my pc +read,send +2020-01-01\n', out), out
    case.run(IN + 'C DEVICE REVOKE "my pc"\nS 200 Done.\nC QUIT\n',
             'devices', 'revoke', 'my pc')
    case.run(IN + 'C DEVICE REVOKE "x"\nS 404 No.\nC QUIT\n', 'devices',
             'revoke', 'x', code=1)


@test
def passwd(case):
    script = ('HELLO\nSECRET alice@a.test alt\n'
              'C PASSWD kdf=argon2id s=*== t=2 m=19456 h=*\nS 200 Done.\n'
              'C QUIT\n')
    case.run(script, 'passwd', '--password-stdin', stdin=b'alt\nneu\n')
    case.run('HELLO\nSECRET alice@a.test alt\nC QUIT\n', 'passwd',
             '--password-stdin', stdin=b'x\nneu\n', code=1)
    case.immp('passwd', '--password-stdin', stdin=b'alt\n\n', code=1)
    case.immp('passwd', '--password-stdin', stdin=b'alt\n', code=2)


@test
def logout(case):
    script = IN + 'C DEVICE REVOKE "pc"\n'
    for end in ('S 200 Done.\nC QUIT\n', 'DROP\n', 'S 404 Gone.\nC QUIT\n'):
        case.run(script + end, 'logout')
        assert not os.path.exists(case.path('immp/accounts/alice@a.test'))
    # The key is refused: it is gone already.
    case.run('HELLO\nDEVICE alice@a.test ' + 'b0' * 32 + '\nC QUIT\n',
             'logout')
    case.run('ACCEPT\nDROP\n', 'logout', code=75)
    assert os.path.exists(case.path('immp/accounts/alice@a.test'))


@test
def shell(case):
    block = bytes(range(256))
    out = case.run(
        IN + 'C NOOP\nS 200 Done.\nC DATA LENGTH 256\nTAKE 256\n'
        'GIVE 251- x offset=0 length=3 total=3\\na\\0b251 n=1\\n\n'
        'C DONE\nS 402 No.\nC QUIT\nS 220 Closing.\nDROP\n', 'shell',
        stdin=b'NOOP\nDATA LENGTH 256\n' + block + b'DONE')[0]
    assert out == (b'200 Done.\n251- x offset=0 length=3 total=3\na\0b'
                   b'251 n=1\n402 No.\n220 Closing.\n'), out
    case.play('HELLO\nC HELP\nS 200\nC QUIT\nDROP\n')
    case.immp('shell', '--server', f'127.0.0.1:{case.port}', '--accept',
              case.fingerprint, stdin=b'HELP\n')
    case.end()
    # The server goes away first.
    case.run(IN + 'C NOOP\nDROP\n', 'shell', stdin=b'NOOP\n', code=0)


MAIL = (b'From: Bob <b@b.test>\nTo: a@a.test\nSubject: hello\n'
        b'Date: Thu, 17 Oct 2013 09:08:07 +0000\n\ntext\n')
BEGIN = (IN + 'C MBOX CREATE "/inbox"\nS 409 There.\n'
         'C MBOX FETCH "#*" +JSON -READ -DATA\nS 404 None.\n')
FILE = ('C AS f0 MBOX APPEND "/inbox" TO "a@a.test" FROM "Bob <b@b.test>" '
        'SUBJECT "hello" DATE "2013-10-17T09:08:07.000Z" ID "*" +MULTIPART\n'
        'C AS f0 DATA NAME "header" TYPE "text/rfc822-headers" LENGTH 87\n'
        'TAKE 87\n'
        'C AS f0 DATA NAME "part1" TYPE "text/plain" LENGTH 5 +CONTENT\n'
        'TAKE 5\n'
        'C AS f0 DONE\n')


@test
def import_mail(case):
    path = case.write('a.eml', MAIL)
    good = ('S f0: 270 Go.\nS f0: 271 header Saving part\n'
            'S f0: 272 header Part saved\nS f0: 271 part1 Saving\n'
            'S f0: 272 part1 Part saved\nS f0: 273 Delivered ' + U1 + '\n')
    out = case.run(BEGIN + FILE + good + 'C QUIT\nDROP\n', 'import', path)[0]
    assert out == b'imported 1 message\n', out
    # The first refusal is the reason of the others.
    case.play(BEGIN + FILE + 'S f0: 413 Too large.\nS f0: 402 No.\n'
              'S f0: 402 No.\nS f0: 402 No.\nC QUIT\nDROP\n')
    case.account()
    p = case.start('import', path)
    out, err = p.communicate(timeout=60)
    case.end()
    assert p.returncode == 1 and out == b'imported 0 messages, 1 refused\n'
    assert err == f'immp: {path}: 413 Too large.\n'.encode(), err
    # Over quota nothing more is tried; what may pass later is told by 75.
    for code, status in ((430, 1), (450, 75)):
        case.play(BEGIN + FILE + f'S f0: {code} No.\nS f0: 402 No.\n'
                  'S f0: 402 No.\nS f0: 402 No.\nC QUIT\nDROP\n')
        case.account()
        p = case.start('import', path)
        out, err = p.communicate(timeout=60)
        case.end()
        assert p.returncode == status, (code, p.returncode, err)
    # The connection is lost before it is said to be durable.
    case.play(BEGIN + FILE + 'S f0: 270 Go.\nDROP\n')
    case.account()
    p = case.start('import', path)
    out, err = p.communicate(timeout=60)
    case.end()
    assert p.returncode in (1, 75) and b'imported 0 messages' in out, out
    assert b'run it again' in err, err
    # What is no mail, and what cannot be read.
    for words, status in (((case.write('empty.eml', b''),), 1),
                          ((case.path('nothing'),), 1)):
        case.play(IN + 'C QUIT\nDROP\n')
        case.account()
        p = case.start('import', *words)
        p.communicate(timeout=60)
        case.end()
        assert p.returncode == status, (words, p.returncode)
    for words in (['import'], ['import', path, '--to', 'x'],
                  ['import', path, '--mbox', 'mmdf'],
                  ['import', path, '--to', '/a#b']):
        case.immp(*words, code=2)


@test
def usage(case):
    for words in ([], ['nonsense'], ['list', 'a', 'b'], ['read'],
                  ['--nonsense'], ['send'], ['read', 'x'], ['save', U1[:8]],
                  ['list', '-n', 'x'], ['devices', 'revoke'],
                  ['read', U1, '--raw', '--mime']):
        case.immp(*words, code=2)
    out = case.immp('--version')[0]
    assert re.fullmatch(rb'immp \d+\.\d+\.\d+\n', out)
    out = case.immp('--help')[0].decode()
    names = re.findall(r'^  ([a-z]+)', out, re.M)
    assert {'login', 'send', 'shell', 'restore'} <= set(names), out
    for name in names:
        out = case.immp(name, '--help')[0].decode()
        assert out.startswith('usage: immp'), out
        assert b'immp ' in case.immp(name, '--version')[0]


def main():
    wanted = sys.argv[1:]
    failed = 0
    for function in TESTS:
        if wanted and function.__name__ not in wanted:
            continue
        folder = tempfile.mkdtemp(prefix='immp-client-')
        case = None
        began = time.time()
        try:
            case = Case(folder)
            function(case)
            word = 'ok'
        except Exception as e:  # every test has its turn
            failed += 1
            word = f'FAILED: {type(e).__name__}: {e}'
            if case and case.server and case.server.poll() is None:
                case.server.kill()
                word += ' | ' + case.server.stderr.read().decode()
        print(f'{function.__name__}: {word} ({time.time() - began:.1f} s)')
        shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
