#!/usr/bin/env python3
"""immp import: mail of others into a real immpd, and out of it again.

What Python's email reads from each message of the corpus must be what it
reads from our JSON and from the MIME that is given back; cases that differ
are rows of tests/unit/mime/differences.tsv, with their reason.
"""

import base64
import csv
import datetime
import glob
import hashlib
import json
import mailbox
import os
import random
import re
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, '../unit/mime'))
import compare  # noqa: E402
from immptest import BUILD, PASSWORD, UUID, Server, ok, run  # noqa: E402
from mutt import mutt  # noqa: E402

IMMP = os.path.join(BUILD, 'src/immp/immp')
CORPUS = os.environ.get('IMMP_CORPUS') or os.path.join(
    HERE, '../../../shared/corpus')
TABLE = os.path.join(HERE, '../unit/mime/differences.tsv')


# Permissions hold for root, too, without these.
UNPRIVILEGED = [] if os.getuid() else [
    'setpriv', '--bounding-set', '-dac_override,-dac_read_search']


class Client:
    """immp with settings of its own, logged in."""

    def __init__(self, server, imid='alice@a.test'):
        self.server = server
        self.imid = imid
        self.env = dict(os.environ, XDG_CONFIG_HOME=server.dir, TZ='UTC',
                        LC_ALL='C.UTF-8', NO_COLOR='1')
        server.account(imid)
        self.run('login', imid, '--server', f'127.0.0.1:{server.port}',
                 '--accept-new', '--password-stdin', stdin=PASSWORD + '\n')

    def start(self, *words, **kw):
        return subprocess.Popen([IMMP, '-a', self.imid, *words], env=self.env,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **kw)

    def run(self, *words, code=0, stdin=''):
        p = self.start(*words)
        out, err = p.communicate(stdin, timeout=600)
        ok(p.returncode == code, words, p.returncode, out[-2000:], err[-2000:])
        return out if code == 0 else out + err

    def total(self, path):
        rows = json.loads(self.run('--json', 'folders'))
        for row in rows:
            if row['path'].lower() == path.lower():
                return row['total']
        raise AssertionError(path + ' is not there')


MARKS = re.compile(
    rb'(?im)^(?:Status|X-Status|X-Keywords|X-UID|X-IMAP|X-IMAPbase|'
    rb'Content-Length|Lines)[ \t]*:.*\n(?:[ \t].*\n)*')


def import_id(octets, folder, n=0, mbox=False):
    """The UUID of an imported message, as immp(1) says."""
    h = hashlib.sha256
    if mbox:
        octets = without_own(octets)
    key = h(h(octets).digest() + folder.encode()).digest()
    b = bytearray(h(key + n.to_bytes(8, 'big')).digest()[:16])
    b[6] = b[6] & 0x0f | 0x80
    b[8] = b[8] & 0x3f | 0x80
    x = b.hex()
    return f'{x[:8]}-{x[8:12]}-{x[12:16]}-{x[16:20]}-{x[20:]}'


def fetch_all(server, imid, path, how):
    """uuid -> octets, of every message of a folder."""
    c = server.connect(imid)
    c.send(f'MBOX FETCH {path}::* {how} -READ\n')
    found = {}
    while True:
        line = c.line()
        if line[3] != '-':
            ok(line.startswith('250 n=') or line.startswith('251 n=')
               or line.startswith('252 n='), line)
            break
        ok(not line.startswith('404-'), line)
        words = line[5:].split(' ')
        fields = dict(w.split('=', 1) for w in words[1:])
        found.setdefault(words[0], []).append(c.octets(int(fields['length'])))
    c.close()
    return {uuid: b''.join(v) for uuid, v in found.items()}


def export_all(c, path, form):
    """uuid -> octets, of every message of a folder that was exported."""
    where = os.path.join(c.server.dir, form)
    c.run('export', path, where, '--format', form)
    found = {}
    for name in glob.glob(f'{where}/**/*.{form}', recursive=True):
        with open(name, 'rb') as f:
            found[os.path.basename(name).split('.')[0]] = f.read()
    return found


def from_json(octets):
    """What our JSON says, in the form of compare.by_python()."""
    m = json.loads(octets)
    envelope = m['envelope']
    leaves = []
    holders = {p.get('in') for p in m['parts']}
    for p in m['parts']:
        if p['id'] == 'header' or p['id'] in holders:
            continue
        data = base64.b64decode(p['data'])
        ok(len(data) == p['length'], p['id'])
        ok(hashlib.sha256(data).hexdigest() == p['sha256'], p['id'])
        leaves += compare.our_leaves({
            'id': p['id'], 'type': p['type'], 'in': p.get('in', ''),
            'file': p.get('file', '').encode().decode('latin-1'),
            'octets': data.decode('latin-1')})
    return {'leaves': leaves, 'subject': envelope['subject'],
            'from': [envelope['from']], 'to': envelope['to'],
            'cc': envelope['cc'], 'date': envelope['date'],
            'headers': envelope['headers']}


def plain_ends(read):
    """Line ends of text as a file has them: a message has CRLF."""
    leaves = [(t, f, o.replace(b'\r\n', b'\n')) for t, f, o in read['leaves']]
    people = read['from']
    return dict(read, leaves=leaves,
                **{'from': people and people[:1] or ['']})


def unix(date):
    t = datetime.datetime.fromisoformat(date.replace('Z', '+00:00'))
    return int(t.timestamp())


def messages():
    for path in sorted(glob.glob(os.path.join(CORPUS, '*', '*.eml'))):
        with open(path, 'rb') as f:
            yield os.path.relpath(path, CORPUS), f.read()


def test_corpus():
    """Everything comes along, once, and is the same in JSON and in MIME."""
    table = compare.read_table(TABLE)
    corpus = dict(messages())
    ok(len(corpus) > 400, CORPUS)
    folders = sorted({os.path.join(CORPUS, n.split('/')[0]) for n in corpus})
    with Server() as s:
        s.start()
        c = Client(s)
        out = c.run('import', *folders, '--to', '/corpus')
        ok(out == f'imported {len(corpus)} messages\n', out)
        out = c.run('import', *folders, '--to', '/corpus')
        ok(out == f'imported 0 messages, {len(corpus)} were there already\n',
           out)
        as_json = export_all(c, '/corpus', 'json')
        as_mime = export_all(c, '/corpus', 'eml')
        ok(len(as_json) == len(as_mime) == len(corpus), len(as_json))
        bad, named = [], set()
        for name, octets in corpus.items():
            uuid = import_id(octets, '/corpus')
            theirs = compare.by_python(octets)
            ours = from_json(as_json[uuid])
            if theirs['date'] is not None:
                ours['date'] = unix(ours['date'])
            else:
                ours['date'] = None
            back = compare.by_python(as_mime[uuid])
            checks = [('JSON', theirs, ours),
                      ('MIME', plain_ends(theirs), plain_ends(back))]
            for where, a, b in checks:
                for what, x, y in compare.differences(a, b):
                    if (name, what) in table:
                        named.add(name)
                    else:
                        bad.append(f'{name}: {where}: {what}\n'
                                   f'  python {x!r:.300}\n'
                                   f'  us     {y!r:.300}')
        print('\n'.join(bad))
        print(f'{len(corpus)} messages, {len(named)} listed')
        ok(not bad, len(bad), 'differences that are not listed')
        ok(len(named) * 100 <= len(corpus) * 3, len(named))
        s.stop()


def lf(octets):
    return octets.replace(b'\r\n', b'\n')


def digest(octets):
    """Of a message, however many empty lines end it (a reader of an mbox
    cannot know)."""
    return hashlib.sha256(lf(octets).rstrip(b'\n')).hexdigest()


def unquote(octets):
    return re.sub(rb'(?m)^>(>*From )', rb'\1', octets)


def without_own(octets):
    """Without the fields of a header that are an mbox's own."""
    end = re.search(rb'\n\r?\n', octets)
    head = octets[:end.start() + 1] if end else octets
    return MARKS.sub(b'', head) + octets[len(head):]


def test_other_programs():
    """Python's mailbox and mutt find in a Maildir and an mbox what was
    exported, octet for octet; an mbox leaves its own fields out."""
    corpus = dict(messages())
    folders = sorted({os.path.join(CORPUS, n.split('/')[0]) for n in corpus})
    with Server() as s:
        s.start()
        c = Client(s)
        c.run('import', *folders, '--to', '/corpus')
        wanted = export_all(c, '/corpus', 'eml')
        digests = sorted(digest(o) for o in wanted.values())
        maildir = os.path.join(s.dir, 'maildir')
        mbox = os.path.join(s.dir, 'out.mbox')
        c.run('export', '/corpus', maildir)
        c.run('export', '/corpus', mbox)
        s.stop()
        box = mailbox.Maildir(maildir, create=False)
        found = {re.search(UUID, k).group(0): box.get_bytes(k)
                 for k in box.keys()}
        ok(set(found) == set(wanted))
        for uuid, octets in found.items():
            ok(lf(octets) == lf(wanted[uuid]), uuid)
        ok(sorted(map(digest, mutt(s.dir, maildir, '~A'))) == digests)
        digests = sorted(digest(without_own(o)) for o in wanted.values())
        box = mailbox.mbox(mbox, create=False)
        ok(sorted(digest(unquote(box.get_bytes(k))) for k in box.keys())
           == digests)
        ok(sorted(digest(unquote(o.split(b'\n', 1)[1]))
                  for o in mutt(s.dir, mbox, '~A')) == digests)


def test_mbox():
    """mboxrd comes out as it went in, octet for octet, when that is asked."""
    with open(os.path.join(CORPUS, 'sample.mbox.tsv'), encoding='utf-8') as f:
        wanted = sorted(r['sha256'] for r in csv.DictReader(f, delimiter='\t'))
    path = os.path.join(CORPUS, 'sample.mbox')
    with Server() as s:
        s.start()
        c = Client(s)
        out = c.run('import', path, '--to', '/mbox', '--keep-original')
        ok(out == f'imported {len(wanted)} messages\n', out)
        out = c.run('import', path, '--to', '/mbox')
        ok('imported 0 messages' in out, out)
        found = fetch_all(s, 'alice@a.test', '/mbox', 'PART original')
        ok(sorted(hashlib.sha256(o).hexdigest() for o in found.values())
           == wanted)
        # The MIME of such a message is the original itself.
        mime = fetch_all(s, 'alice@a.test', '/mbox', '')
        for uuid, octets in found.items():
            ok(mime[uuid] == octets or mime[uuid].replace(b'\r\n', b'\n')
               == octets.replace(b'\r\n', b'\n'), uuid)
        # One message twice in a source is two; in two sources it is one.
        twice = os.path.join(s.dir, 'twice.mbox')
        one = ('From a@b Thu Oct 17 09:08:07 2013\nSubject: twice\n\nx\n\n')
        with open(twice, 'w', encoding='ascii') as f:
            f.write(one * 2)
        out = c.run('import', twice, twice, '--to', '/twice')
        ok(out == 'imported 2 messages, 2 were there already\n', out)
        ok(c.total('/twice') == 2)
        s.stop()


def test_marks():
    """What a reader of an mbox writes into it makes no other message of it."""
    head = 'From a@b Thu Oct 17 09:08:07 2013\n'
    plain = 'Subject: one\nTo: a@b\n\nStatus: of the text\n'
    marked = ('Status: RO\nSubject: one\nX-Keywords: a\n b\nX-UID: 3\n'
              'To: a@b\nX-Status: AF\nContent-Length: 20\nLines: 1\n\n'
              'Status: of the text\n')
    with Server() as s:
        s.start()
        c = Client(s)
        path = os.path.join(s.dir, 'in.mbox')
        for i, text in enumerate((plain, marked)):
            with open(path, 'w', encoding='ascii') as f:
                f.write(head + text + '\n')
            out = c.run('import', path, '--to', '/a')
            ok(out == ('imported 0 messages, 1 were there already\n' if i else
                       'imported 1 message\n'), out)
            # As a file of its own it is what it is.
            out = c.run('import', path, '--to', f'/b{i}')
            rows = fetch_all(s, 'alice@a.test', f'/b{i}', '+JSON -DATA')
            uuid = import_id(text.encode(), f'/b{i}', mbox=True)
            ok(uuid in rows, uuid, list(rows))
            flags = set(json.loads(rows[uuid])['flags'])
            ok(flags == ({'read', 'answered', 'flagged', '$a', '$b'} if i
                         else set()), flags)
        # Nor does one that was deleted meanwhile come again.
        c.run('import', path, '--to', '/c')
        uuid = import_id(marked.encode(), '/c', mbox=True)
        k = s.connect('alice@a.test')
        k.send(f'MBOX DELETE /c#{uuid}\n')
        ok(k.line().startswith('200'))
        k.close()
        with open(path, 'w', encoding='ascii') as f:
            f.write(head + plain + '\n')
        out = c.run('import', path, '--to', '/c')
        ok(out == 'imported 0 messages, 1 were there already\n', out)
        s.stop()


def test_counts():
    """New mail before and among what is there, and mail that was deleted: the
    numbers are right."""
    with Server() as s:
        s.start()
        c = Client(s)
        folder = os.path.join(s.dir, 'in')
        os.mkdir(folder)

        def write(name, n):
            for i in range(n):
                with open(f'{folder}/{name}{i:04}.eml', 'w',
                          encoding='ascii') as f:
                    f.write(f'Subject: {name} {i}\n\nx\n')
        write('m', 300)
        out = c.run('import', folder, '--to', '/in')
        ok(out == 'imported 300 messages\n', out)
        write('a', 200)
        out = c.run('import', folder, '--to', '/in')
        ok(out == 'imported 200 messages, 300 were there already\n', out)
        k = s.connect('alice@a.test')
        for i in range(3):
            uuid = import_id(f'Subject: a {i}\n\nx\n'.encode(), '/in')
            k.send(f'MBOX DELETE /in#{uuid}\n')
            ok(k.line().startswith('200'))
        k.close()
        for _ in range(2):
            out = c.run('import', folder, '--to', '/in')
            ok(out == 'imported 0 messages, 500 were there already\n', out)
        ok(c.total('/in') == 497)
        s.stop()


FLAGS = {'S': 'read', 'F': 'flagged', 'R': 'answered', 'D': 'draft',
         'T': '$deleted', 'P': '$forwarded'}


def make_folder(path, *messages_):
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(path, sub))
    for i, (name, text) in enumerate(messages_):
        with open(os.path.join(path, name), 'w', encoding='utf-8') as f:
            f.write(f'Subject: {text}\n\n{i}\n')


def test_maildir():
    """Flags, keywords and folders of a Maildir."""
    with Server() as s:
        s.start()
        c = Client(s)
        out = c.run('import', os.path.join(CORPUS, 'Maildir'), '--to', '/md')
        ok(out == 'imported 50 messages\n', out)
        rows = fetch_all(s, 'alice@a.test', '/md', '+JSON -DATA')
        with open(os.path.join(CORPUS, 'Maildir.tsv'), encoding='utf-8') as f:
            table = list(csv.DictReader(f, delimiter='\t'))
        for r in table:
            with open(os.path.join(CORPUS, 'Maildir', r['file']), 'rb') as f:
                uuid = import_id(f.read(), '/md')
            flags = json.loads(rows[uuid])['flags']
            wanted = {FLAGS.get(x, '$maildir-' + x) for x in r['flags']
                      if r['file'].startswith('cur/')}
            ok(set(flags) == wanted, r['file'], flags, wanted)
        # Folders: roles, levels, names in modified UTF-7.
        top = os.path.join(s.dir, 'Mail')
        make_folder(top, ('cur/1.a:2,S', 'top'), ('new/2.a', 'new'))
        make_folder(top + '/.Sent', ('cur/1.b:2,S', 'sent'))
        make_folder(top + '/.Lists.c', ('cur/1.c:2,', 'list'))
        make_folder(top + '/.Entw&APw-rfe', ('cur/1.d:2,ab', 'entwurf'))
        with open(top + '/.Entw&APw-rfe/dovecot-keywords', 'w',
                  encoding='ascii') as f:
            f.write('0 $Work\n1 later\n')
        out = c.run('import', top)
        ok(out == 'imported 5 messages\n', out)
        for path, n in (('/inbox', 2), ('/sent', 1), ('/Lists/c', 1),
                        ('/Entw\u00fcrfe', 1)):
            ok(c.total(path) == n, path)
        rows = fetch_all(s, 'alice@a.test', '/Entw\u00fcrfe', '+JSON -DATA')
        ok(set(json.loads(*rows.values())['flags']) == {'$work', '$later'})
        # A folder without mail of its own may hold some that have.
        make_folder(top + '/plain/sub', ('cur/1.e:2,', 'sub'))
        out = c.run('import', top)
        ok(out == 'imported 1 message, 5 were there already\n', out)
        ok(c.total('/plain/sub') == 1)
        # One that cannot be read is told of, and the others come.
        make_folder(top + '/.Open', ('cur/1.f:2,', 'open'))
        make_folder(top + '/.Closed', ('cur/1.g:2,', 'closed'))
        os.chmod(top + '/.Closed', 0)
        r = subprocess.run([*UNPRIVILEGED, IMMP, '-a', c.imid, 'import', top],
                           env=c.env, capture_output=True, text=True,
                           check=False)
        os.chmod(top + '/.Closed', 0o700)
        ok(r.returncode == 1, r.returncode, r.stdout, r.stderr)
        ok(r.stdout == 'imported 1 message, 6 were there already, 1 refused\n',
           r.stdout)
        ok(r.stderr == f'immp: {top}/.Closed: cannot be read\n', r.stderr)
        s.stop()


def make_mbox(path, count):
    mails = [o for _, o in messages()]
    box = mailbox.mbox(path, create=True)
    box.close()
    with open(path, 'wb') as f:
        for i in range(count):
            octets = mails[i % len(mails)].replace(b'\nFrom ', b'\n>From ')
            if octets.startswith(b'From '):
                octets = b'>' + octets
            f.write(b'From a@b Thu Oct 17 09:08:07 2013\nX-Number: %d\n' % i)
            f.write(octets)
            f.write(b'\n' if octets.endswith(b'\n') else b'\n\n')


def test_interrupted():
    """Killed at random and run again it ends with each message once."""
    count = 1500
    with Server() as s:
        s.start()
        c = Client(s)
        path = os.path.join(s.dir, 'in.mbox')
        make_mbox(path, count)
        seed = random.randrange(1 << 32)
        print('seed', seed)
        rnd = random.Random(seed)
        kills = 0
        for _ in range(6):
            p = c.start('import', path, '--to', '/all')
            try:
                p.communicate(timeout=rnd.uniform(0.05, 0.5))
                break
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGKILL)
                p.communicate()
                kills += 1
        ok(kills > 0, 'it was never interrupted')
        c.run('import', path, '--to', '/all')
        ok(c.total('/all') == count, c.total('/all'))
        heads = fetch_all(s, 'alice@a.test', '/all', 'PART header')
        numbers = sorted(int(o.split(b'X-Number: ')[1].split()[0])
                         for o in heads.values())
        ok(numbers == list(range(count)))
        out = c.run('import', path, '--to', '/all')
        ok(out == f'imported 0 messages, {count} were there already\n', out)
        s.ctl('verify')
        s.stop()


# A child's peak is at least what its parent had when it was born: let that be
# little.
PEAK = ('import os, resource, sys\n'
        'code = os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:])\n'
        'print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)')


def peak(c, *words):
    """Exit code, what was said, and the peak memory in KiB, of one immp."""
    r = subprocess.run([sys.executable, '-S', '-c', PEAK, IMMP, '-a', c.imid,
                        *words], env=c.env, capture_output=True, text=True,
                       check=True)
    out, last = r.stdout.rstrip('\n').rsplit('\n', 1)
    code, kib = last.split()
    return int(code), out + r.stderr, int(kib)


def test_limits():
    """Hostile messages are handled or refused, in bounded memory."""
    def nested(n):
        out = []
        for i in range(n):
            out.append(f'Content-Type: multipart/mixed; boundary=b{i}\n\n'
                       f'--b{i}\n')
        out.append('\ntext\n')
        out += [f'--b{i}--\n' for i in reversed(range(n))]
        return ''.join(out)

    hostile = {
        'addresses': 'From: a@b.test\nTo: ' + ',\n '.join(
            f'user{i}@example.test' for i in range(100000)) +
        '\nSubject: many\n\ntext\n',
        'nested': 'Subject: nested\n' + nested(1000),
        'parts': 'Content-Type: multipart/mixed; boundary=b\n\n' +
        '--b\n\nx\n' * 100000 + '--b--\n',
        'parties': 'From: Daemon <>\nTo: Foo <>, a <<<>, "b<c>d"@e, <f>g@h,'
        ' x\ty <z\t@w>\nCc: =?utf-8?q?a=09b?= <a@b>\nSubject: a\tb\n\ntext\n',
        'rfc822': 'Content-Type: message/rfc822\n\n' * 1000 + 'x\n',
        'header': 'X-Long: ' + 'x' * 3000000 + '\n\ntext\n',
    }
    line = 'A' * 76 + '\n'
    large = {
        'large': line * (44000000 // 77),
        'toolarge': line * (85000000 // 77),
    }
    with Server() as s:
        s.start()
        c = Client(s)
        base = peak(c, 'import', os.devnull)[2]
        for name, text in hostile.items():
            path = os.path.join(s.dir, name + '.eml')
            with open(path, 'w', encoding='ascii') as f:
                f.write(text)
            code, out, kib = peak(c, 'import', path)
            print(name, code, kib, out.strip()[-150:])
            ok(kib < 64 * 1024, name, kib, base)
            ok(code == (1 if name == 'parts' else 0), name, code, out)
        ok(c.total('/inbox') == len(hostile) - 1)
        mime = fetch_all(s, 'alice@a.test', '/inbox', '')
        for uuid, octets in mime.items():
            ok(b'text' in octets or b'x\r\n' in octets)
            code, out, kib = peak(c, 'read', uuid)
            print('read', code, kib, len(out))
            ok(code == 0 and kib < 64 * 1024, out[-2000:], kib)
            ok(out.rstrip().endswith(('text', 'x', 'read --mime)')) or
               'part1/part1 ' in out, out[-2000:])
        # The file itself is in memory, and no copy of it.
        for name, body in large.items():
            path = os.path.join(s.dir, name + '.eml')
            with open(path, 'w', encoding='ascii') as f:
                f.write('Subject: large\nContent-Type: image/png\n'
                        'Content-Transfer-Encoding: base64\n\n' + body)
            code, out, kib = peak(c, 'import', path, '--to', '/large')
            print(name, code, kib, out.strip()[-150:])
            ok(kib < len(body) // 1024 + 32 * 1024, name, kib)
            ok(code == (1 if name == 'toolarge' else 0), name, code, out)
        code, out, kib = peak(c, 'import', path, '--to', '/large',
                              '--keep-original')
        ok(code == 1 and 'larger than the server takes' in out, code, out)
        ok(kib < 32 * 1024, kib)
        s.stop()


def test_own_export():
    """What was exported comes back into the folders it came from."""
    folders = ['/inbox', '/inbox/a.b', '/Tom &Jerry-Co', '/Tom &Jerry-Co/c',
               '/sent', '/trash', '/drafts', '/junk', '/50%25', '/.x/y.mbox',
               '/Entw\u00fcrfe &APw-', '/inbox/inbox']
    with Server() as s:
        s.start()
        c = Client(s)
        for i, folder in enumerate(folders):
            path = os.path.join(s.dir, f'{i}.eml')
            with open(path, 'w', encoding='ascii') as f:
                f.write(f'Subject: {i}\n\nx\n')
            c.run('import', path, '--to', folder)

        def listing(client, below=''):
            rows = json.loads(client.run('--json', 'folders'))
            return {r['path'].lower()[len(below):]: r['total'] for r in rows
                    if r['total'] and r['path'].lower().startswith(below)}
        wanted = listing(c)
        ok(len(wanted) == len(folders), wanted)
        for form in ('maildir', 'mbox', 'eml'):
            where = os.path.join(s.dir, form)
            c.run('export', where, '--format', form)
            d = Client(s, f'{form}@a.test')
            out = d.run('import', where)
            ok(out == f'imported {len(folders)} messages\n', out)
            ok(listing(d) == wanted, form, listing(d), wanted)
            if form == 'maildir':
                continue
            d.run('import', where, '--to', '/new')
            ok(listing(d, '/new') == wanted, form, listing(d, '/new'))
        # What is not ours goes to one folder, as always.
        other = os.path.join(s.dir, 'other')
        os.makedirs(other + '/deep/er')
        for name in ('one.eml', 'deep/two.eml', 'deep/er/three.eml'):
            with open(f'{other}/{name}', 'w', encoding='ascii') as f:
                f.write(f'Subject: {name}\n\nx\n')
        c.run('import', other, '--to', '/other')
        ok(c.total('/other') == 3)
        s.stop()


def flags_by_subject(c, path):
    rows = json.loads(c.run('--json', 'list', path, '-n', '1000'))
    return {r['subject']: sorted(r.get('flags', [])) for r in rows}


def lines_of(octets):
    """The lines, without order, for the fields that we make stand behind those
    that a message came with; boundaries, made anew each time, by number."""
    for i, b in enumerate(re.findall(rb'(?i)\bboundary="([^"\n]+)"', octets)):
        octets = octets.replace(b, b'boundary-%d' % i)
    lines = lf(without_own(octets)).rstrip(b'\n').split(b'\n')
    return b'\n'.join(sorted(lines))


def test_round_trip():
    """What was exported and is imported again is what it was: octets, folders
    and flags."""
    folders = sorted({os.path.join(CORPUS, n.split('/')[0])
                      for n, _ in messages()})
    given = [[], ['read'], ['answered', 'read'], ['draft'], ['flagged'],
             ['$forwarded', '$work'], ['$deleted', '$later', '$work', 'read']]
    with Server() as s:
        s.start()
        c = Client(s)
        c.run('import', *folders, '--to', '/corpus')
        s.account('bob@a.test')
        bob = s.connect('bob@a.test')
        for i, flags in enumerate(given):
            code, lines = bob.deliver('alice@a.test', b'From me\r\n',
                                      subject=f'flags {i}')
            ok(code == 273, lines)
            if flags:
                c.run('mark', re.search(UUID, lines[-1]).group(0),
                      *('+' + f for f in flags))
        bob.close()
        wanted = flags_by_subject(c, '/inbox')
        ok(len(wanted) == len(given), wanted)
        for form in ('maildir', 'mbox'):
            where = os.path.join(s.dir, form)
            c.run('export', where, '--format', form)
            d = Client(s, f'{form}@a.test')
            d.run('import', where)
            ok(flags_by_subject(d, '/inbox') == wanted, form,
               flags_by_subject(d, '/inbox'))
            for path in ('/corpus', '/inbox'):
                mine, theirs = (
                    sorted(digest(lines_of(o)) for o in
                           fetch_all(s, x.imid, path, '').values())
                    for x in (c, d))
                ok(mine == theirs, form, path, len(mine), len(theirs),
                   len(set(mine) - set(theirs)))
        s.stop()


def test_said():
    """What is said at the end, in words and in JSON."""
    with Server() as s:
        s.start()
        c = Client(s)
        empty = os.path.join(s.dir, 'empty')
        os.mkdir(empty)
        out = c.run('import', empty, code=1)
        ok(f'immp: no mail in {empty}\n' in out, out)
        out = c.run('--json', 'import', empty, code=1)
        ok(json.loads(out) == {'imported': 0, 'present': 0, 'refused': [],
                               'error': 'no mail'}, out)
        one = os.path.join(s.dir, 'one.eml')
        with open(one, 'w', encoding='ascii') as f:
            f.write('Subject: one\n\nx\n')
        c.run('import', one, empty)
        # A slash at the end.
        out = c.run('import', one, '-t', '/inbox//')
        ok(out == 'imported 0 messages, 1 were there already\n', out)
        c.run('import', one, '-t', '/', code=2)
        p = c.start('import', one, '--keep-original')
        out, err = p.communicate(timeout=60)
        ok(p.returncode == 0 and 'stays as it is' in err, err)
        bad = os.path.join(s.dir, 'bad"\u00fc.eml')
        with open(bad, 'w', encoding='ascii'):
            pass
        out = c.run('--json', 'import', bad, bad, one, code=1)
        entry = {'where': bad, 'why': 'is empty'}
        ok(json.loads(out) == {'imported': 0, 'present': 1,
                               'refused': [entry, entry]}, out)
        # The run ends: the folder cannot be made.
        out = c.run('--json', 'import', one, '--to', '/a' * 40, code=1)
        said = json.loads(out.split('\n')[0])
        ok(said['imported'] == 0 and said['error'], said)
        s.stop()


def test_shortened():
    """A file that gets shorter while it is read is said to be, and what came
    of it is whole."""
    with Server() as s:
        s.start()
        c = Client(s)
        path = os.path.join(s.dir, 'in.mbox')
        large = 'A' * 70 + '\n'

        def write():
            with open(path, 'w', encoding='ascii') as f:
                for i in range(4000):
                    f.write('From a@b Thu Oct 17 09:08:07 2013\n'
                            f'Subject: {i}\n\n'
                            + large * (300000 if i == 2000 else 100) + '\n')
        write()
        size = os.path.getsize(path)
        for i, keep in enumerate((size * 6 // 10, size // 10 + 5, 0)):
            write()
            folder = f'/short{i}'
            p = c.start('import', path, '--to', folder)
            k = s.connect('alice@a.test')
            while True:
                k.send(f'MBOX CHECK {folder}\n')
                line = k.line()
                if line.startswith('240') and ' t=0' not in line:
                    break
            k.close()
            p.send_signal(signal.SIGSTOP)
            os.truncate(path, keep)
            p.send_signal(signal.SIGCONT)
            out, err = p.communicate(timeout=60)
            print(keep, p.returncode, out, err)
            ok(p.returncode == 1, p.returncode, out, err)
            ok('in.mbox: was changed while it was read' in err, err)
            for row in fetch_all(s, 'alice@a.test', folder,
                                 'PART part1').values():
                ok(row.strip(b'A\n') == b'', folder)
        s.stop()


def test_long_lines():
    """What is too long for a line is shown cut, and the mail behind it comes,
    too."""
    long = {
        'Subject: ' + 's' * 10000: 998,
        'Subject: ' + '\u00fc' * 40000: 998,
        'Subject: ' + '"' * 70000: 499,
        'From: "' + 'n' * 100000 + '" <a@b.test>': None,
        'From: ' + 'a' * 5000 + '@b.test': None,
        'Subject: x\nReferences: ' + '<a@b.test> ' * 7000: None,
        'Subject: x\nMessage-ID: <' + 'm' * 20000 + '@b.test>': None,
        'To: ' + ', '.join(f'"{"t" * 300}{i}" <t{i}@b.test>'
                           for i in range(50)) + '\nSubject: ' + 'x' * 2000:
        998,
    }
    with Server() as s:
        s.start()
        c = Client(s)
        path = os.path.join(s.dir, 'long.mbox')
        with open(path, 'w', encoding='utf-8') as f:
            for head in long:
                f.write(f'From a@b Thu Oct 17 09:08:07 2013\n{head}\n\nx\n\n')
            f.write('From a@b Thu Oct 17 09:08:07 2013\nSubject: last\n\nx\n')
        out = c.run('import', path, '--to', '/long')
        ok(out == f'imported {len(long) + 1} messages\n', out)
        rows = fetch_all(s, 'alice@a.test', '/long', '+JSON -DATA')
        heads = fetch_all(s, 'alice@a.test', '/long', 'PART header')
        for head, octets in long.items():
            text = f'{head}\n\nx\n'.encode()
            uuid = import_id(text, '/long', mbox=True)
            ok(heads[uuid].strip() == head.strip().encode(), head[:40])
            envelope = json.loads(rows[uuid])['envelope']
            if octets:
                ok(len(envelope['subject'].encode()) == octets,
                   head[:40], len(envelope['subject'].encode()))
        s.stop()


def tool(*words, **kw):
    r = subprocess.run(words, capture_output=True, check=False, **kw)
    ok(r.returncode == 0, words, r.returncode, r.stderr[-500:])
    return r.stdout


def sign_smime(folder):
    """A mail signed by OpenSSL, and how to see that it still is."""
    key, cert = folder + '/key.pem', folder + '/cert.pem'
    tool('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout',
         key, '-out', cert, '-days', '2', '-subj', '/CN=alice@a.test')
    text = folder + '/text'
    with open(text, 'w', encoding='utf-8') as f:
        f.write('Content-Type: text/plain; charset=utf-8\n\n'
                'Sign\u00e9 \n\n-- \nalice\n')
    signed = tool('openssl', 'smime', '-sign', '-in', text, '-signer', cert,
                  '-inkey', key, '-from', 'alice@a.test', '-to', 'bob@b.test',
                  '-subject', 'signed with OpenSSL')

    def verify(path):
        tool('openssl', 'smime', '-verify', '-in', path, '-CAfile', cert,
             '-out', os.devnull)
    return signed, verify


def sign_pgp(folder):
    """The same with GnuPG, as PGP/MIME (RFC 3156)."""
    home = folder + '/gnupg'
    os.mkdir(home, 0o700)
    env = dict(os.environ, GNUPGHOME=home)
    gpg = ('gpg', '--batch', '--quiet', '--pinentry-mode', 'loopback',
           '--passphrase', '')
    tool(*gpg, '--quick-generate-key', 'alice@a.test', 'ed25519', 'sign',
         'never', env=env)
    inner = ('Content-Type: text/plain; charset=us-ascii\r\n\r\n'
             'From here on it is signed.\r\n\r\ntrailing blank \r\n')
    signature = tool(*gpg, '--armor', '--detach-sign',
                     input=inner.encode(), env=env).decode()
    mail = ('From: alice@a.test\nTo: bob@b.test\n'
            'Subject: signed with GnuPG\nMIME-Version: 1.0\n'
            'Content-Type: multipart/signed; micalg=pgp-sha512;\n'
            ' protocol="application/pgp-signature"; boundary="sig"\n\n'
            'preamble\n--sig\n' + inner.replace('\r', '') + '\n--sig\n'
            'Content-Type: application/pgp-signature; name=signature.asc\n\n'
            + signature + '\n--sig--\n')

    def verify(path):
        with open(path, 'rb') as f:
            octets = f.read()
        boundary = b'--sig'
        body = octets.split(boundary)[1:3]
        signed = body[0].replace(b'\r\n', b'\n')[1:-1]
        sig = body[1].replace(b'\r\n', b'\n').split(b'\n\n', 1)[1]
        for name, what in (('signed', signed.replace(b'\n', b'\r\n')),
                           ('sig', sig)):
            with open(f'{folder}/{name}', 'wb') as f:
                f.write(what)
        tool(*gpg, '--verify', f'{folder}/sig', f'{folder}/signed', env=env)
        tool('gpgconf', '--kill', 'gpg-agent', env=env)
    return mail.encode(), verify


def test_signatures():
    """Signed mail is signed when it comes out again."""
    with Server() as s:
        s.start()
        c = Client(s)
        for name, sign in (('smime', sign_smime), ('pgp', sign_pgp)):
            folder = os.path.join(s.dir, name)
            os.mkdir(folder)
            octets, verify = sign(folder)
            path = folder + '/in.eml'
            with open(path, 'wb') as f:
                f.write(octets)
            verify(path)
            c.run('import', path, '--to', '/' + name)
            out = fetch_all(s, 'alice@a.test', '/' + name, '')
            back = folder + '/out.eml'
            with open(back, 'wb') as f:
                f.write(*out.values())
            verify(back)
            # The reader sees the text, not the wrapping.
            shown = c.run('read', *out)
            ok('here on it is signed' in shown or 'Sign\u00e9' in shown, shown)
            # And a changed one is found out.
            with open(back, 'wb') as f:
                f.write(list(out.values())[0].replace(b'alice', b'al1ce')
                        .replace(b'here on', b'here 0n'))
            try:
                verify(back)
            except AssertionError:
                continue
            ok(False, name, 'a changed text verifies')
        s.stop()


run(test_corpus, test_other_programs, test_mbox, test_marks, test_counts,
    test_maildir, test_interrupted, test_limits, test_own_export,
    test_round_trip, test_said, test_shortened, test_long_lines,
    test_signatures)
