#!/usr/bin/env python3
"""What an idle, logged-in session costs the server in memory.

usage: bench/idle.py [SESSIONS]      (after a build in build/)

Opens SESSIONS (1,000) TLS sessions of one account to an immpd of its own, lets
them rest, and divides what its proportional set size has grown by.
"""

import functools
import os
import re
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '..', 'tests', 'system'))
import immptest  # noqa: E402

immptest.kdf = functools.lru_cache(immptest.kdf)


def pss(pid):
    with open(f'/proc/{pid}/smaps_rollup', encoding='ascii') as f:
        return int(re.search(r'Pss:\s+(\d+)', f.read()).group(1))


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, n + 200), hard))
    with immptest.Server() as s:
        s.start()
        s.account('alice@a.test')
        warm = [s.connect('alice@a.test') for _ in range(20)]
        time.sleep(1)
        before = pss(s.proc.pid)
        rest = [s.connect('alice@a.test') for _ in range(n)]
        time.sleep(3)
        after = pss(s.proc.pid)
        print(f'{n} idle sessions: {(after - before) / n:.1f} KiB each '
              f'(PSS {before} KiB with {len(warm)}, {after} KiB with '
              f'{len(warm) + len(rest)})')
        s.stop()


main()
