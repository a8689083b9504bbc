"""immp export, download, read and save against the real server: what other
programs find in the files, that a run killed at any moment can be run again,
and what a reader sees of mail as others send it."""

import email
import json
import mailbox
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time

from immptest import IMMP, PASSWORD, UUID, Server, ok, run
from mutt import mutt

MANY = 500
BARE = b'Subject: inner\n\nline one\r\nline two\nFrom me\n'


def address(imid, folder=''):
    return imid.replace('@', '+' + folder + '@') if folder else imid


def small_files(octets):
    """For the child: no file may become larger than this."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
    return limit


class World:
    """A server, and alice's settings of immp."""

    def __init__(self):
        self.server = Server()
        self.dir = tempfile.mkdtemp(prefix='immp-export-')
        self.env = dict(os.environ, XDG_CONFIG_HOME=self.dir, TZ='UTC',
                        LC_ALL='C.UTF-8', NO_COLOR='1')

    def __enter__(self):
        self.server.start()
        self.server.account('alice@a.test', 'bob@a.test')
        self.immp('login', 'alice@a.test', '--server',
                  f'127.0.0.1:{self.server.port}', '--accept-new',
                  '--password-stdin', stdin=PASSWORD + '\n')
        return self

    def __exit__(self, *exc):
        self.server.__exit__(*exc)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def start(self, *words, **kw):
        return subprocess.Popen([IMMP, *words], env=self.env, cwd=self.dir,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **kw)

    def immp(self, *words, code=0, stdin=''):
        r = subprocess.run([IMMP, *words], env=self.env, cwd=self.dir,
                           input=stdin, capture_output=True, text=True,
                           timeout=120)
        ok(r.returncode == code, words, r.returncode, r.stdout, r.stderr)
        ok((r.stderr == '') == (code == 0), words, r.stderr)
        return r.stderr if code else r.stdout

    def counts(self, *words, code=0):
        """What --json says, and an error just where there is one."""
        r = subprocess.run([IMMP, *words, '--json'], env=self.env,
                           cwd=self.dir, capture_output=True, text=True,
                           timeout=120)
        ok(r.returncode == code, words, r.returncode, r.stdout, r.stderr)
        counts = json.loads(r.stdout)
        error = counts.pop('error', None)
        ok((f'immp: {error}\n' if error else '') == r.stderr, error, r.stderr)
        ok((code == 0) == (error is None), counts, error)
        return counts


def fill(world):
    """Mail of all kinds in three folders; {uuid: (folder, subject, flags)}."""
    alice = world.server.connect('alice@a.test')
    bob = world.server.connect('bob@a.test')
    for path in ('/inbox/lists', '/inbox/sub.dot', '/Größe x'):
        code, lines = alice.cmd(f'CREATE "{path}"')
        ok(code == 200, lines)
    made = {}
    flags = ['', '+READ', '+FLAGGED', '+READ +ANSWERED', '+READ +FLAGGED']
    for i in range(20):
        folder = ['', 'lists'][i % 2]
        subject = f'subject {i} Größe'
        body = b'From me %d\r\n>From you\r\nblank\r\n\r\n' % i
        if i == 4:
            body = b'no line end'
        if i == 6:
            body = os.urandom(700000)
        code, lines = bob.deliver(address('alice@a.test', folder), body,
                                  subject=subject)
        ok(code == 273, lines)
        ident = re.search(UUID, lines[-1]).group(0)
        made[ident] = (folder or 'inbox', subject, flags[i % len(flags)])
        if flags[i % len(flags)]:
            code, lines = alice.cmd(f'MARK #{ident} {flags[i % 5]}')
            ok(code == 200, lines)
    # A message inside, with line ends of every kind: kept as it is.
    bob.send('DELIVER TO alice@a.test SUBJECT bare +MULTIPART\n'
             'DATA text LENGTH 3 +CONTENT\nhi.'
             f'DATA inner TYPE message/rfc822 LENGTH {len(BARE)}\n')
    bob.send(BARE + b'DONE\n')
    for want in (270, 272, 272, 273):
        code, lines = bob.reply()
        ok(code == want, lines)
    made[re.search(UUID, lines[-1]).group(0)] = ('inbox', 'bare', '')
    for c in (alice, bob):
        c.close()
    return made


def raw(world, path):
    """MIME of the messages of a folder: {uuid: octets}."""
    c = world.server.connect('alice@a.test')
    code, lines = c.cmd(f'FETCH {path} -READ')
    ok(code in (251, 404), lines[-1])
    got = {}
    for at, l in enumerate(lines):
        if isinstance(l, bytes):
            ident = re.search(UUID, lines[at - 1]).group(0)
            got[ident] = got.get(ident, b'') + l
    c.close()
    return got


def unread(world):
    c = world.server.connect('alice@a.test')
    code, lines = c.cmd('CHECK /inbox')
    ok(code == 240, lines)
    c.close()
    return lines[-1]


def on_disk(octets):
    """What a message is on disk: LF, unless a line ends otherwise."""
    plain = octets.replace(b'\r\n', b'')
    if b'\r' in plain or b'\n' in plain:
        return octets
    return octets.replace(b'\r\n', b'\n')


def subject_of(m):
    return str(email.header.make_header(
        email.header.decode_header(m['subject'])))


def letters(switches):
    table = {'+READ': 'S', '+FLAGGED': 'F', '+ANSWERED': 'R'}
    return ''.join(sorted(table[w] for w in switches.split()))


def ids_of(folder):
    """UUIDs of the names in new/ and cur/."""
    return sorted(re.search(UUID, n).group(0) for sub in ('new', 'cur')
                  for n in os.listdir(os.path.join(folder, sub)))


def subjects_in_mutt(world, box, pattern):
    """Subjects that mutt finds in a mailbox by a pattern."""
    return sorted(subject_of(email.message_from_bytes(o))
                  for o in mutt(world.dir, box, pattern))


def check_maildir(world, made):
    out = world.immp('export', 'md')
    ok(out == f'exported {len(made)} messages\n', out)
    box = mailbox.Maildir(world.path('md'), create=False)
    lists = box.get_folder('INBOX.lists')
    ok(sorted(box.list_folders()) ==
       sorted(['DRAFTS', 'JUNK', 'SENT', 'TRASH', 'INBOX.lists',
               'INBOX.sub%2Edot', 'Größe x']), box.list_folders())
    want = raw(world, '/inbox')
    want.update(raw(world, '/inbox/lists'))
    seen = {}
    for folder, md in (('inbox', box), ('lists', lists)):
        for key in md.keys():
            ident = re.search(UUID, key).group(0)
            seen[ident] = (folder, subject_of(md[key]),
                           ''.join(sorted(md[key].get_flags())),
                           md[key].get_subdir())
            ok(md.get_bytes(key) == on_disk(want[ident]), ident)
    for ident, (folder, subject, switches) in made.items():
        flags = letters(switches)
        ok(seen[ident] == (folder, subject, flags, 'cur' if flags else 'new'),
           seen[ident])
    ok(len(seen) == len(made))
    for name in os.listdir(world.path('md/new')):
        st = os.stat(world.path('md/new', name))
        ok(f',S={st.st_size}' in name and st.st_mode & 0o77 == 0, name)
        ok(int(st.st_mtime) == int(name.split('.')[0]), name)
    # Whatever was done with a file since, it is there.
    moved = [n for n in os.listdir(world.path('md/new'))][0]
    os.rename(world.path('md/new', moved),
              world.path('md/cur', moved + ':2,S'))
    ok(world.counts('export', 'md') ==
       {'exported': 0, 'skipped': len(made)})
    found = subjects_in_mutt(world, world.path('md'), '~A')
    ok(found == sorted(s for f, s, _ in made.values() if f == 'inbox'), found)


def check_mbox(world, made):
    out = world.immp('export', 'all.mbox')
    ok(out == f'exported {len(made)} messages\n', out)
    box = mailbox.mbox(world.path('all.mbox'), create=False)
    table = {'S': 'R', 'F': 'F', 'R': 'A'}
    seen = sorted((subject_of(m), ''.join(sorted(set(m.get_flags()) - {'O'})))
                  for m in box)
    ok(seen == sorted((s, ''.join(sorted(table[x] for x in letters(f))))
                      for _, s, f in made.values()), seen)
    with open(world.path('all.mbox'), 'rb') as f:
        octets = f.read()
    ok(octets.count(b'\n>From me ') == octets.count(b'\n>>From you\n') > 10)
    ok(octets.startswith(b'From bob@a.test ') and octets.endswith(b'\n\n'))
    for pattern in ('~A', '~F', '~U'):
        want = sorted(
            s for _, s, f in made.values() if pattern == '~A' or
            ('FLAGGED' in f if pattern == '~F' else 'READ' not in f))
        found = subjects_in_mutt(world, world.path('all.mbox'), pattern)
        ok(found == want, pattern, found)
    ok(world.counts('export', 'all.mbox') ==
       {'exported': 0, 'skipped': len(made)})
    with open(world.path('all.mbox'), 'rb') as f:
        ok(f.read() == octets)
    ok(world.counts('export', 'boxes', '-f', 'mbox')['exported'] == len(made))
    ok(len(mailbox.mbox(world.path('boxes/INBOX.mbox'))) +
       len(mailbox.mbox(world.path('boxes/INBOX/lists.mbox'))) == len(made))
    ok(os.path.exists(world.path('boxes/INBOX/sub.dot.mbox')))


def check_files(world, made):
    world.immp('export', 'eml', '--format', 'eml')
    world.immp('export', 'json', '--format', 'json')
    for path, folder in (('/inbox', 'INBOX'), ('/inbox/lists', 'INBOX/lists')):
        for ident, octets in raw(world, path).items():
            with open(world.path('eml', folder, ident + '.eml'), 'rb') as f:
                ok(f.read() == octets, ident)
            with open(world.path('json', folder, ident + '.json'),
                      encoding='utf-8') as f:
                m = json.load(f)
            ok(m['_id'] == ident and m['parts'][0]['data'], ident)
            ok(m['envelope']['subject'] == made[ident][1])
    for form in ('eml', 'json'):
        ok(world.counts('export', form, '-f', form) ==
           {'exported': 0, 'skipped': len(made)})
    # One folder, in whatever case it was written.
    ok(world.counts('export', '/Inbox/LISTS', 'eml2', '-f', 'eml')['exported'] == 10)
    ok(len(os.listdir(world.path('eml2/INBOX/lists'))) == 10)
    ok(world.counts('export', '/inbox/lists', 'md2')['exported'] == 10)
    ok(len(ids_of(world.path('md2'))) == 10)


def test_forms():
    with World() as world:
        made = fill(world)
        before = unread(world)
        check_maildir(world, made)
        check_mbox(world, made)
        check_files(world, made)
        ok(unread(world) == before, 'nothing is marked read')


def test_refusals():
    with World() as world:
        fill(world)
        for words in (('export', 'x', '-f', 'tar'),
                      ('export', '/inbox::unread', 'x'),
                      ('export', 'x', '-f', 'maildir', 'y', 'z')):
            world.immp(*words, code=2)
        world.immp('export', 'nowhere/deep/x', code=1)
        r = world.start('export', '/nope', 'x')
        ok(b'no folder' in r.communicate()[1] and r.returncode == 1)
        ok(not os.path.exists(world.path('x')), 'nothing is left behind')
        # A folder of the mailbox is no place here.
        for words in (('export', '/inbox'), ('export', '/Inbox/Lists/'),
                      ('export', '/inbox', '-f', 'eml'),
                      ('download', '/inbox')):
            error = world.immp(*words, code=2)
            ok('folder of the mailbox' in error and 'DIR' in error, error)
            ok(not os.path.exists('/inbox') and not os.path.exists('/Inbox'))
        # A file of another program is never touched.
        with open(world.path('mine.mbox'), 'w', encoding='ascii') as f:
            f.write('From me\n\nhello\n')
        for log in (None, '', 'something else\n'):
            if log is not None:
                with open(world.path('mine.mbox.immp'), 'w',
                          encoding='ascii') as f:
                    f.write(log)
            r = world.start('export', 'mine.mbox')
            ok(b'mine.mbox' in r.communicate()[1] and r.returncode == 1)
            with open(world.path('mine.mbox'), encoding='ascii') as f:
                ok(f.read() == 'From me\n\nhello\n')
        # Nor one that another program has changed since.
        world.immp('export', 'all.mbox')
        with open(world.path('all.mbox'), 'a', encoding='ascii') as f:
            f.write('From me\n\nhello\n')
        size = os.stat(world.path('all.mbox')).st_size
        r = world.start('export', 'all.mbox')
        ok(b'changed' in r.communicate()[1] and r.returncode == 1)
        ok(os.stat(world.path('all.mbox')).st_size == size)


def many(world):
    """MANY messages; {uuid: octets}."""
    bob = world.server.connect('bob@a.test')
    rng = random.Random(7)
    texts = [b'From line %d\r\n' % i + b'some text of some mail\r\n' *
             rng.randint(20, 400) for i in range(MANY)]

    for at in range(0, MANY, 20):
        some = list(enumerate(texts))[at:at + 20]
        bob.send(b''.join(
            b'DELIVER TO alice@a.test SUBJECT "m %d"\nDATA LENGTH %d\n%sDONE\n'
            % (i, len(text), text) for i, text in some))
        for want in (270, 272, 273) * len(some):
            code, lines = bob.reply()
            ok(code == want, lines)
    bob.close()
    want = raw(world, '/inbox')
    ok(len(want) == MANY)
    return want


def killed(world, words, steps):
    """Run and kill, later each time, until a run comes to its end."""
    kills = 0
    for delay in steps:
        p = world.start(*words)
        try:
            p.communicate(timeout=delay)
            ok(p.returncode == 0, words, p.returncode)
            break
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()
            kills += 1
    else:
        out = world.immp(*words)
        ok(out.startswith(('exported ', 'downloaded ')), out)
    ok(kills > 2, 'killed only', kills)


STEPS = [0.02, 0.05, 0.08, 0.1, 0.12, 0.13, 0.15, 0.17, 0.2, 0.22]


def test_kill_maildir():
    with World() as world:
        want = many(world)
        killed(world, ('export', 'md'), STEPS)
        ok(ids_of(world.path('md')) == sorted(want))
        ok(os.listdir(world.path('md/tmp')) == [])
        for name in os.listdir(world.path('md/new')):
            with open(world.path('md/new', name), 'rb') as f:
                ok(f.read() ==
                   on_disk(want[re.search(UUID, name).group(0)]), name)


def test_kill_mbox():
    with World() as world:
        want = many(world)
        killed(world, ('export', 'all.mbox'), STEPS)
        with open(world.path('all.mbox'), 'rb') as f:
            octets = f.read()
        pieces = re.split(rb'(?m)^From bob@a\.test .{24}\n', octets)
        ok(pieces[0] == b'' and len(pieces) == MANY + 1, len(pieces))
        got = sorted(re.sub(rb'(?m)^>(>*From )', rb'\1', p[:-1])
                     for p in pieces[1:])
        ok(got == sorted(on_disk(o) for o in want.values()))


def test_download():
    with World() as world:
        want = many(world)
        ok(world.counts('download', 'md') ==
           {'exported': MANY, 'skipped': 0})
        out = world.immp('download', 'md')
        ok(out == f'downloaded 0 messages, {MANY} were here already\n', out)
        ok(len(raw(world, '/inbox')) == MANY, 'nothing is deleted unasked')
        # A file that is not whole is no reason to delete anything.
        name = os.listdir(world.path('md/new'))[0]
        short = re.search(UUID, name).group(0)
        os.truncate(world.path('md/new', name), 100)
        n = world.counts('download', 'md', '--delete', code=1)
        ok(n == {'exported': 0, 'skipped': MANY, 'deleted': MANY - 1}, n)
        ok(list(raw(world, '/inbox')) == [short])
        ok(len(raw(world, '/trash')) == MANY - 1)
        p = world.start('download', 'md', '--delete')
        out = p.communicate()[0]
        ok(p.returncode == 1 and out == b'not finished: downloaded 0 messages, '
           b'deleted 0 on the server, 1 was here already\n', out)
        os.unlink(world.path('md/new', name))
        out = world.immp('download', 'md', '--delete')
        ok(out == 'downloaded 1 message, deleted 1 on the server\n', out)
        ok(ids_of(world.path('md')) == sorted(want))
        ok(raw(world, '/inbox') == {})


def test_kill_download():
    with World() as world:
        want = many(world)
        killed(world, ('download', 'md', '--delete'), STEPS)
        ok(raw(world, '/inbox') == {})
        ok(ids_of(world.path('md')) == sorted(want))
        for name in os.listdir(world.path('md/new')):
            with open(world.path('md/new', name), 'rb') as f:
                ok(f.read() ==
                   on_disk(want[re.search(UUID, name).group(0)]), name)


def test_one_at_a_time():
    """Two exports to one folder: one has to wait."""
    with World() as world:
        many(world)
        first = world.start('export', 'md')
        while not os.path.exists(world.path('md/tmp')):
            ok(first.poll() is None)
            time.sleep(0.002)
        first.send_signal(19)
        second = world.start('export', 'md')
        error = second.communicate()[1]
        first.send_signal(18)
        ok(first.wait(timeout=60) == 0)
        first.communicate()
        ok(second.returncode == 75 and b'in use' in error, error)


OLD = b'''From x@b.test Mon Jan  5 10:00:00 2026
From: x@b.test
Subject: once read
Status: RO
X-Status: AF
X-Keywords: $old
Lines: 1
Content-Length: 3

hi

'''


def test_mbox_again():
    """What the mbox said where the mail came from is not said once more."""
    with World() as world:
        with open(world.path('old.mbox'), 'wb') as f:
            f.write(OLD)
        world.immp('import', 'old.mbox')
        own = ('Status', 'X-Status', 'X-Keywords', 'Lines', 'Content-Length')
        ident = world.immp('list').split('\t')[0]
        for i, switches in enumerate((('-answered', '-flagged'),
                                      ('-read',), ('+answered',))):
            world.immp('mark', ident, *switches)
            world.immp('export', f'new{i}.mbox')
            m, = mailbox.mbox(world.path(f'new{i}.mbox'), create=False)
            ok(m['subject'] == 'once read' and m.get_payload() == 'hi\n', m)
            ok([m.get_all(name, []) for name in own[:2]] ==
               [[['RO'], []], [['O'], []], [['O'], ['A']]][i], i, m)
            ok(not any(name in m for name in own[3:]), m)


def test_flags():
    """All that the formats can tell, and keywords."""
    with World() as world:
        bob = world.server.connect('bob@a.test')
        given = [[], ['$forwarded'], ['$deleted', 'read'], ['$work'],
                 ['$later', '$work', 'flagged'], ['$maildir-a', 'answered']]
        for i, flags in enumerate(given):
            ident = re.search(UUID, bob.deliver(
                'alice@a.test', b'x\r\n', subject=f'm{i}')[1][-1]).group(0)
            if flags:
                world.immp('mark', ident, *('+' + f for f in flags))
        bob.close()
        world.immp('export', 'md')
        with open(world.path('md/dovecot-keywords'), 'rb') as f:
            first = f.read()
        # A second run goes on with the same letters.
        for name in os.listdir(world.path('md/cur'))[:2]:
            os.unlink(world.path('md/cur', name))
        ok(world.counts('export', 'md')['exported'] == 2)
        with open(world.path('md/dovecot-keywords'), 'rb') as f:
            ok(f.read() == first, first)
        words = dict(l.split(' ') for l in first.decode().splitlines())
        ok(sorted(words.values()) == ['$later', '$maildir-a', '$work'], words)
        table = {'P': '$forwarded', 'T': '$deleted', 'S': 'read',
                 'F': 'flagged', 'R': 'answered'}
        table.update((chr(ord('a') + int(n)), w) for n, w in words.items())
        box = mailbox.Maildir(world.path('md'), create=False)
        found = sorted((m['subject'],
                        sorted(table[c] for c in m.get_flags()))
                       for m in box)
        ok(found == [(f'm{i}', f) for i, f in enumerate(given)], found)
        for name in os.listdir(world.path('md/cur')):
            flags = name.split(':2,')[1]
            ok(flags == ''.join(sorted(flags)), name)
        world.immp('export', 'all.mbox')
        table = {'R': 'read', 'F': 'flagged', 'A': 'answered',
                 'D': '$deleted'}
        found = sorted((m['subject'],
                        sorted([table[c] for c in m.get_flags() if c != 'O'] +
                               (m['X-Keywords'] or '').split()))
                       for m in mailbox.mbox(world.path('all.mbox')))
        ok(found == [(f'm{i}', f) for i, f in enumerate(given)], found)


def test_no_room():
    """Nothing more can be written: it says so, and does not wait for what is
    still under way."""
    with World() as world:
        want = many(world)
        for to, room in (('md', 5000), ('all.mbox', 100000)):
            p = world.start('export', to, preexec_fn=small_files(room))
            out, error = p.communicate(timeout=60)
            ok(p.returncode == 1, to, p.returncode, out, error)
            ok(out.startswith(b'not finished: exported '), out)
            ok(re.fullmatch(rb'immp: cannot write \S+: .*too large\n', error),
               error)
            n = world.counts('export', to)
            ok(n['exported'] > 0 and n['exported'] + n['skipped'] == MANY, n)
        ok(ids_of(world.path('md')) == sorted(want))
        ok(len(mailbox.mbox(world.path('all.mbox'))) == MANY)


SIGNED = b'''--x
Content-Type: multipart/mixed; boundary=y

--y
Content-Type: text/plain; charset=iso-8859-1; format=flowed
Content-Transfer-Encoding: quoted-printable

Signed gr=FC=DFe that go=20
on here.
--y
Content-Type: application/octet-stream; name="a b.bin"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="a b.bin"

aGVsbG8=
--y--

--x
Content-Type: application/pgp-signature; name=signature.asc

SIG
--x--
'''.replace(b'\n', b'\r\n')


def deliver(bob, *parts):
    """A message of (TYPE, FILE, octets), the first its content; its UUID."""
    bob.send('DELIVER TO alice@a.test SUBJECT "x" +MULTIPART\n')
    for i, (kind, name, octets) in enumerate(parts):
        kind = kind.replace('"', '\\"')
        bob.send(f'DATA p{i} TYPE "{kind}" '
                 + (f'FILE "{name}" ' if name else '')
                 + f'LENGTH {len(octets)}' + ('' if i else ' +CONTENT') + '\n')
        bob.send(octets)
    bob.send('DONE\n')
    for want in [270] + [272] * len(parts) + [273]:
        code, lines = bob.reply()
        ok(code == want, lines)
    return re.search(UUID, lines[-1]).group(0)


def test_reading():
    with World() as world:
        bob = world.server.connect('bob@a.test')
        signed = deliver(bob, ('multipart/signed; boundary=x; protocol='
                               '"application/pgp-signature"', '', SIGNED),
                         ('text/plain', '', b'To leave this list\r\n'))
        out = world.immp('read', '--peek', signed)
        ok('\nSigned grüße that go on here.\n\nTo leave this list\n\n'
           in out, out)
        ok(re.search(r'p0/(\S+)  a b\.bin \(application/octet-stream, 5\)',
                     out), out)
        ok('signature.asc (application/pgp-signature' in out, out)
        world.immp('save', signed, 'saved')
        with open(world.path('saved/a b.bin'), 'rb') as f:
            ok(f.read() == b'hello')
        ok(sorted(os.listdir(world.path('saved'))) ==
           ['a b.bin', 'signature.asc'])
        name = re.search(r'(p0/\S+)  a b', out).group(1)
        row = json.loads(world.immp('save', '--json', '-p', name, signed,
                                    'saved'))[0]
        ok(row['part'] == name and row['length'] == 5 and
           row['file'] == 'saved/a b-1.bin', row)
        ok(world.immp('read', '-p', name, signed) == 'hello')
        ok('\tread\t' in world.immp('list'), 'reading all of it marks it')
        world.immp('read', '-p', 'p0/nothing', signed, code=1)
        for form in ('--part=p1', '--raw', '--mime'):
            error = world.immp('read', '--json', form, signed, code=2)
            ok('one of' in error, error)
        for bad in ('xyz', signed + '0', ''):
            error = world.immp('list', '--before', bad, code=2)
            ok('is no UUID' in error, error)
        ok(world.immp('list', '--before', signed) == '')

        text = 'テキスト' * 30
        other = deliver(
            bob, ('text/plain; charset=shift_jis', '', text.encode('sjis')),
            ('text/rfc822-headers', '', b'X: y\r\n'),
            ('message/rfc822', 'fwd.eml', b'Subject: z\r\n\r\nhi\r\n'))
        out = world.immp('read', other)
        ok(text in out.replace('\n', ''), out)
        ok(max(len(l) for l in out.split('\n')) <= 60, 'wrapped')
        ok('fwd.eml (message/rfc822' in out, out)
        ok('Subject: z' in world.immp('read', '-p', 'p2', other))

        only = deliver(bob, (
            'message/rfc822', '', 'From: Jörg <j@b.test>\r\nSubject: =?utf-8?Q?'
            'gr=C3=BC=C3=9Fe?=\r\nContent-Type: multipart/mixed; boundary=q\r\n'
            '\r\n--q\r\n\r\nforwarded text\r\n--q\r\nContent-Type: image/png\r\n'
            '\r\nPNG\r\n--q--\r\n'.encode()))
        out = world.immp('read', only)
        ok('\n\nFrom:    Jörg <j@b.test>\nSubject: grüße\n\nforwarded text\n'
           in out and re.search(r'p0/\S+ +\(image/png, 3\)', out), out)
        files = json.loads(world.immp('save', '--json', only, 'only'))
        ok([f['type'] for f in files] == ['message/rfc822', 'image/png'], files)

        # It says it has parts, but not where.
        broken = deliver(bob, ('multipart/signed', '', b'--x\r\n\r\nhello\r\n'))
        ok(world.immp('read', broken).endswith('\n\n--x\n\nhello\n'))

        deep = deliver(bob, ('text/html', '', b'<div>' * 100000 + b'end'))
        ok(world.immp('read', deep).endswith('\nend\n'))
        bob.close()


if __name__ == '__main__':
    run(test_reading, test_forms, test_refusals, test_kill_maildir, test_kill_mbox,
        test_download, test_kill_download, test_one_at_a_time, test_no_room,
        test_mbox_again, test_flags)
