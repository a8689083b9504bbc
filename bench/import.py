#!/usr/bin/env python3
"""How fast mail comes in and goes out again.

usage: bench/import.py [MESSAGES] [BUILD]

Makes an mbox of MESSAGES (100,000) from the corpus ($IMMP_CORPUS, else
../shared/corpus), each with a Message-ID of its own; imports it into a real
immpd on loopback with its default configuration, on one connection; exports
the folder as a Maildir and as an mbox; and says messages/s and the client's
peak memory of each.  Then imports it into another folder, killed 12 times on
the way, and says how many are there at the end: MESSAGES, or it fails.  Wants a
quiet machine and some 8 GB of disk.
"""

import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
BUILD = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else
                        os.path.join(HERE, '../build'))
os.environ['IMMP_BUILD'] = BUILD
sys.path.insert(0, os.path.join(HERE, '../tests/system'))
from immptest import PASSWORD, Server, ok  # noqa: E402

KILLS = 12
IMMP = os.path.join(BUILD, 'src/immp/immp')
CORPUS = os.environ.get('IMMP_CORPUS') or os.path.join(
    HERE, '../../shared/corpus')
FROM = re.compile(rb'^(>*From )', re.M)


def make_mbox(path):
    """COUNT messages, quoted as mboxrd; octets of all."""
    mails = []
    for name in sorted(glob.glob(os.path.join(CORPUS, '*', '*.eml'))):
        with open(name, 'rb') as f:
            mails.append(f.read())
    ok(mails, 'no message in ' + CORPUS)
    with open(path, 'wb') as f:
        for i in range(COUNT):
            octets = FROM.sub(rb'>\1', mails[i % len(mails)])
            f.write(b'From bench@a.test Thu Oct 17 09:08:07 2013\n'
                    b'X-Number: %d\n' % i)
            f.write(octets)
            f.write(b'\n' if octets.endswith(b'\n') else b'\n\n')
        return f.tell()


def timed(env, *words):
    """(seconds, peak KiB, output) of one immp."""
    start = time.monotonic()
    p = subprocess.Popen([IMMP, *words], env=env, stdout=subprocess.PIPE,
                         stdin=subprocess.DEVNULL)
    out = p.stdout.read().decode().strip()
    _, status, usage = os.wait4(p.pid, 0)
    ok(status == 0, words, status, out)
    return time.monotonic() - start, usage.ru_maxrss, out


def total(env, path):
    out = subprocess.run([IMMP, '--json', 'folders'], env=env, check=True,
                         stdout=subprocess.PIPE).stdout
    for row in json.loads(out):
        if row['path'] == path:
            return row['total']
    return 0


def interrupt(env, mbox):
    """Import, killed at random, until it comes to its end."""
    words = [IMMP, 'import', mbox, '--to', '/interrupted']
    counts = []
    for _ in range(KILLS):
        p = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL,
                             stdin=subprocess.DEVNULL)
        try:
            p.wait(random.uniform(0.1, 2 * COUNT / 2500 / KILLS))
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
        counts.append(total(env, '/interrupted'))
    _, peak, out = timed(env, *words[1:])
    got = total(env, '/interrupted')
    print(f'killed {KILLS} times, with {counts} there; then {out}; '
          f'{got} are there, {peak / 1024:.1f} MiB', flush=True)
    ok(got == COUNT, got)


def main():
    folder = tempfile.mkdtemp(prefix='immp-bench-')
    env = dict(os.environ, XDG_CONFIG_HOME=folder)
    try:
        mbox = os.path.join(folder, 'in.mbox')
        octets = make_mbox(mbox)
        with Server() as s:
            s.start()
            s.account('alice@a.test')
            s.ctl('account', 'quota', 'alice@a.test', '100G')
            subprocess.run([IMMP, 'login', 'alice@a.test', '--server',
                            f'127.0.0.1:{s.port}', '--accept-new',
                            '--password-stdin'], env=env, check=True,
                           input=PASSWORD + '\n', text=True,
                           stdout=subprocess.DEVNULL)
            print(f'{COUNT} messages, {octets / 1e6:.0f} MB')
            for what, words in (
                    ('import', ('import', mbox, '--to', '/bench')),
                    ('import again', ('import', mbox, '--to', '/bench')),
                    ('export maildir', ('export', '/bench', folder + '/md')),
                    ('export mbox', ('export', '/bench',
                                     folder + '/out.mbox'))):
                seconds, peak, out = timed(env, *words)
                print(f'{what:15} {COUNT / seconds:8.0f} messages/s '
                      f'{octets / seconds / 1e6:6.1f} MB/s '
                      f'{seconds:7.1f} s {peak / 1024:6.1f} MiB   {out}',
                      flush=True)
            interrupt(env, mbox)
            s.stop()
    finally:
        shutil.rmtree(folder)


if __name__ == '__main__':
    main()
