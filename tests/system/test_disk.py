#!/usr/bin/env python3
"""A full disk, and a sync that fails."""

import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from immptest import BUILD, Server, ok, run  # noqa: E402


class Tmpfs:
    """A small file system of our own (wants root: CI has it)."""

    def __init__(self, size):
        self.dir = tempfile.mkdtemp(prefix='immp-tmpfs-')
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}', 'none',
                        self.dir], check=True)

    def __enter__(self):
        return self.dir

    def __exit__(self, *exc):
        subprocess.run(['umount', self.dir], check=True)
        os.rmdir(self.dir)


def test_full():
    """720 when the disk is full, nothing lost, on again when there is room."""
    with Tmpfs('48m') as d:
        ballast = os.path.join(d, 'ballast')
        with open(ballast, 'wb') as f:
            f.write(b'\0' * (8 << 20))
        with Server(folder=d, limits={'segment': '4M'}) as s:
            s.start()
            s.account('alice@a.test', 'bob@a.test')
            c = s.connect('alice@a.test')
            acked, code = [], 273
            for i in range(10000):
                ident = f'00000000-0000-4000-8000-{i:012d}'
                code, lines = c.deliver('bob@a.test', b'%08d' % i * 2500,
                                        ident)
                if code != 273:
                    break
                acked.append(ident)
            ok(code == 720, lines)
            ok(len(acked) > 100, len(acked))
            # large ones too
            ok(c.deliver('bob@a.test', b'x' * (1 << 20))[0] == 720)
            # reading goes on
            b = s.connect('bob@a.test')
            ok(b.cmd('CHECK /inbox')[1][0] ==
               f'240 /inbox::* u={len(acked)} t={len(acked)}')
            os.unlink(ballast)
            for _ in range(50):
                code, lines = c.deliver('bob@a.test', b'again')
                if code == 273:
                    break
                time.sleep(0.1)
            ok(code == 273, lines)
            code, lines = b.cmd(f'FETCH #{acked[-1]} PART x')
            ok(code == 252 and lines[1] == b'%08d' % (len(acked) - 1) * 2500)
            s.ctl('verify')
            s.stop()


def test_failed_sync():
    """A failed sync: nothing more is acknowledged, and the process stops."""
    with tempfile.TemporaryDirectory() as d:
        trigger = os.path.join(d, 'fail')
        env = {'LD_PRELOAD': os.path.join(BUILD, 'tests/system/libfailsync.so'),
               'IMMP_FAIL_SYNC': trigger}
        with Server(env=env) as s:
            s.start()
            s.account('alice@a.test', 'bob@a.test')
            c = s.connect('alice@a.test')
            ok(c.deliver('bob@a.test', b'one')[0] == 273)
            open(trigger, 'w', encoding='ascii').close()
            try:
                code, lines = c.deliver('bob@a.test', b'two')
                ok(code == 720, lines)
            except Exception as e:  # noqa: BLE001: closed is as good
                ok('Closed' in type(e).__name__ or 'SSL' in type(e).__name__
                   or 'Reset' in type(e).__name__ or 'Pipe' in
                   type(e).__name__, repr(e))
            ok(s.proc.wait(timeout=20) != 0)
            os.unlink(trigger)
            s.start()
            b = s.connect('bob@a.test')
            code, lines = b.cmd('FETCH /inbox PART x')
            ok([l for l in lines if isinstance(l, bytes)] == [b'one'], lines)
            s.ctl('verify')
            s.stop()


run(test_full, test_failed_sync)
