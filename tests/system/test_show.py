#!/usr/bin/env python3
"""What immp shows in a terminal of the mail of the corpus, at four widths.

Columns are counted here by Unicode's tables as Python has them, not by the
client's own measure.
"""

import base64
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from immptest import IMMP, PASSWORD, UUID, Server, ok, run  # noqa: E402

CORPUS = os.environ.get('IMMP_CORPUS') or os.path.join(
    HERE, '../../../shared/corpus')
WIDTHS = (60, 80, 120, 200)
TEXT = 100      # columns that text is wrapped at, at most
STYLE = re.compile(r'\x1b\[(?:0|1|2|31)m')


def columns(text):
    """Columns that a line takes."""
    n = 0
    for c in text:
        if unicodedata.category(c) in ('Mn', 'Me', 'Cf') \
                or 0x1160 <= ord(c) <= 0x11ff:
            continue
        n += 2 if unicodedata.east_asian_width(c) in 'WF' else 1
    return n


def in_terminal(env, words, width):
    """Exit code, and what a terminal of this width is sent."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack('HHHH', 50, width, 0, 0))
    mode = termios.tcgetattr(its)
    mode[1] &= ~termios.OPOST       # a line end stays what it is
    termios.tcsetattr(its, termios.TCSANOW, mode)
    with subprocess.Popen([IMMP, *words], env=env, stdin=subprocess.DEVNULL,
                          stdout=its, stderr=its) as p:
        os.close(its)
        octets = []
        while True:
            try:
                piece = os.read(ours, 1 << 16)
            except OSError:     # how Linux tells the end
                break
            if not piece:
                break
            octets.append(piece)
        code = p.wait(timeout=60)
    os.close(ours)
    return code, b''.join(octets)


def clean(octets, what):
    """The lines of it, without our own styles; nothing else may be in it."""
    text = STYLE.sub('', octets.decode('utf-8'))
    for c in text:
        ok(c == '\n' or unicodedata.category(c) not in ('Cc', 'Zl', 'Zp', 'Cs'),
           what, 'control', hex(ord(c)))
    ok(text.endswith('\n'), what, 'no line end')
    return text[:-1].split('\n')


def too_long_a_word(line):
    """The one excuse: a single word that nothing may break, behind what a
    line may begin with."""
    words = re.sub(r'^( {2}part\S+ +|[A-Z][a-z ]+: +|[> ]*([*-] |\d+[.] )?)', '',
                   line).split(' ')
    return len(words) == 1 and not any(
        unicodedata.east_asian_width(c) in 'WF' for c in words[0])


class World:
    """A server with the whole corpus in /corpus, and alice's client."""

    def __init__(self, server):
        self.server = server
        self.env = dict(os.environ, XDG_CONFIG_HOME=server.dir, TZ='UTC',
                        LC_ALL='C.UTF-8', TERM='xterm')
        self.env.pop('NO_COLOR', None)
        server.account('alice@a.test')
        self.run('login', 'alice@a.test', '--server',
                 f'127.0.0.1:{server.port}', '--accept-new',
                 '--password-stdin', stdin=(PASSWORD + '\n').encode())
        folders = sorted(e.path for e in os.scandir(CORPUS) if e.is_dir()
                         and any(n.endswith('.eml') for n in
                                 os.listdir(e.path)))
        self.run('import', *folders, '--to', '/corpus')
        rows = self.run('--json', 'list', '/corpus', '-n', '100000')
        self.rows = json.loads(rows)
        ok(len(self.rows) > 400, CORPUS)

    def run(self, *words, stdin=b''):
        p = subprocess.run([IMMP, *words], env=self.env, input=stdin,
                           capture_output=True, timeout=600, check=False)
        ok(p.returncode == 0, words, p.returncode, p.stderr[-2000:])
        return p.stdout

    def show(self, width, *words):
        code, octets = in_terminal(self.env, words, width)
        ok(code == 0, words, code, octets[-2000:])
        return clean(octets, words)


def check_wide(lines, rows, width):
    """A message a line: UUID, marks, date, size, sender, subject."""
    ok(len(lines) == len(rows), width, len(lines))
    for line, row in zip(lines, rows):
        fields = re.fullmatch(f'({UUID}) (.)(.)(.)(.) ([^|]{{10}}) '
                              r'([ 0-9.KMG]{6}) (.*)', line)
        ok(fields and fields[1] == row['_id'], width, line)
        ok(fields[5] == ('@' if row['attachments'] else ' '), line)
        # The sender is padded: the subject begins in one column.
        at, n = 0, 0
        while n < 22:
            n += columns(fields[8][at])
            at += 1
        while at < len(fields[8]) and columns(fields[8][at]) == 0:
            at += 1
        ok(n == 22 and fields[8][at:at + 1] == ' ', width, line)
        ok(fields[8][at + 1:].strip(), 'no subject', line)


def check_narrow(lines, rows, width):
    """Two lines: marks, sender and subject; UUID, date and size."""
    ok(len(lines) == 2 * len(rows), width, len(lines))
    for first, second, row in zip(lines[::2], lines[1::2], rows):
        ok(re.fullmatch(f'     {row["_id"]} [^|]{{10}} [ 0-9.KMG]{{6}}',
                        second), width, second)
        ok(columns(second) == 59, second)
        ok(first[3] == ('@' if row['attachments'] else ' '), first)
        at, n = 5, 5
        while n < 5 + width // 3:
            n += columns(first[at])
            at += 1
        while columns(first[at]) == 0:
            at += 1
        ok(n == 5 + width // 3 and first[at] == ' ', width, first)


def check_list(world):
    for width in WIDTHS:
        lines = world.show(width, 'list', '/corpus', '-n', '100000')
        for line in lines:
            ok(columns(line) <= width, width, columns(line), line)
        check = check_wide if width >= 110 else check_narrow
        check(lines, world.rows, width)


def check_read(world):
    """Every message where there is little room, some at the other widths."""
    bad = []
    for i, row in enumerate(world.rows):
        for width in WIDTHS:
            if width != 60 and i % 10:
                continue
            try:
                lines = world.show(width, 'read', row['_id'])
                for line in lines:
                    n = columns(line)
                    ok(n <= min(width, TEXT) or too_long_a_word(line),
                       n, 'columns:', line)
                    ok(line == line.rstrip(' '), 'blanks at the end', line)
            except AssertionError as e:
                bad.append(f'{width} {row["_id"]} {row["subject"]}: {e}')
    print('\n'.join(bad))
    ok(not bad, len(bad), 'bad screens')


def check_save(world):
    saved = 0
    os.mkdir(os.path.join(world.server.dir, 'saved'))
    for i, row in enumerate(world.rows):
        # Without any, but perhaps inside what is signed: a look at some.
        if row['attachments'] == 0 and i % 5:
            continue
        where = os.path.join(world.server.dir, 'saved', row['_id'])
        p = subprocess.run([IMMP, '--json', 'save', row['_id'], where],
                           env=world.env, capture_output=True, check=False,
                           timeout=60)
        ok(p.returncode == 0 or b'has no attachments' in p.stderr,
           row['_id'], p.returncode, p.stderr)
        ok(p.returncode == 0 or row['attachments'] == 0, row)
        if p.returncode:
            ok(os.listdir(where) == [], where)
            continue
        files = json.loads(p.stdout)
        names = [os.path.basename(f['file']) for f in files]
        ok(sorted(names) == sorted(os.listdir(where)), names)
        message = json.loads(world.run('--json', 'read', '--peek',
                                       row['_id']))
        data = {x['id']: base64.b64decode(x['data'])
                for x in message['parts']}
        plain = [f for f in files if '/' not in f['part']]
        ok(len(plain) == row['attachments'], row['_id'], files)
        for f, name in zip(files, names):
            ok(f['file'] == os.path.join(where, name), f)
            ok(name and name[0] not in '.-' and len(name.encode()) <= 255
               and not re.search('[/\\x00-\\x1f\\x7f-\\x9f]', name), f)
            with open(f['file'], 'rb') as o:
                octets = o.read()
            ok(len(octets) == f['length'], f)
            if '/' not in f['part']:
                ok(octets == data[f['part']], f)
            saved += 1
    print(saved, 'attachments')
    ok(saved > 50, saved)


def test_corpus():
    with Server() as s:
        s.start()
        world = World(s)
        check_list(world)
        check_save(world)
        check_read(world)
        s.stop()


if __name__ == '__main__':
    run(test_corpus)
