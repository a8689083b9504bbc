#!/usr/bin/env python3
"""kill -9 under load, again and again: what got its 273 is there, once, whole.

IMMP_KILLS says how often (default 20).  At the end the index is deleted, and
rebuild gives every body back to its owners.
"""

import hashlib
import os
import random
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from immptest import Closed, Server, ok, run  # noqa: E402

KILLS = int(os.environ.get('IMMP_KILLS', '20'))
SENDERS = 6
USERS = [f'u{i}@a.test' for i in range(4)]


def body(ident, size):
    """Octets that only this message has."""
    seed = hashlib.sha256(ident.encode()).digest()
    return (seed * (size // 32 + 1))[:size]


class Load(threading.Thread):
    """Sends until the connection breaks."""

    def __init__(self, server, rng):
        super().__init__(daemon=True)
        self.server = server
        self.rng = rng
        self.sent = {}     # id -> (recipients, size): may be there
        self.acked = set()

    def run(self):
        try:
            c = self.server.connect(self.rng.choice(USERS))
            while True:
                batch = []
                for _ in range(self.rng.randint(1, 8)):
                    ident = str(uuid.uuid4())
                    to = self.rng.sample(USERS, self.rng.randint(1, 3))
                    size = self.rng.choice([0, 5, 900, 4096, 30000, 400000])
                    self.sent[ident] = (to, size)
                    batch.append(ident)
                    c.send(f'DELIVER TO {" ".join(to)} ID {ident}\n'
                           f'DATA x LENGTH {size}\n')
                    c.send(body(ident, size))
                    c.send('DONE\n')
                for ident in batch:
                    c.reply()
                    c.reply()
                    code, lines = c.reply()
                    if code == 273:
                        ok(ident in lines[-1], lines)
                        self.acked.add(ident)
        except (Closed, OSError):
            pass


def inbox(server, user):
    """id -> sha256 of its part, with a check that none is there twice."""
    found = {}
    c = server.connect(user)
    c.send('FETCH /inbox PART x -READ\n')
    code, lines = c.reply()
    ok(code == 252, lines[-1:])
    at = None
    for l in lines[:-1]:
        if isinstance(l, str):
            ident = l.split(' ')[1]
            offset = int(l.split('offset=')[1].split(' ')[0])
            if offset == 0:
                ok(ident not in found, 'twice', ident)
                found[ident] = hashlib.sha256()
            at = found[ident]
        else:
            at.update(l)
    c.close()
    return {k: v.hexdigest() for k, v in found.items()}


def check(server, sent, acked, where):
    for user in USERS:
        have = where(server, user)
        for ident in acked:
            if user in sent[ident][0]:
                ok(ident in have, 'lost', ident, 'of', user)
        for ident, sha in have.items():
            ok(ident in sent, 'never sent', ident)
            ok(user in sent[ident][0], 'not for', user)
            want = hashlib.sha256(body(ident, sent[ident][1])).hexdigest()
            ok(sha == want, 'other octets', ident)


def test_kill():
    seed = int(os.environ.get('IMMP_SEED', time.time_ns() % 10**9))
    print('seed', seed)
    rng = random.Random(seed)
    sent, acked = {}, set()
    with Server(limits={'segment': '4M', 'inline_part': '256K'}) as s:
        s.start()
        s.account(*USERS)
        for k in range(KILLS):
            load = [Load(s, random.Random(rng.random()))
                    for _ in range(SENDERS)]
            for t in load:
                t.start()
            # at a random moment of the work, however fast the machine is
            want = rng.randint(0, 60)
            end = time.monotonic() + 60
            while (sum(len(t.acked) for t in load) < want
                   and time.monotonic() < end):
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.02))
            s.kill()
            for t in load:
                t.join(60)
                sent.update(t.sent)
                acked |= t.acked
            s.start()
            if k % 5 == 4 or k == KILLS - 1:
                r = s.ctl('verify')
                ok(r.returncode == 0, r.stdout, r.stderr)
                check(s, sent, acked, inbox)
        print(len(sent), 'sent', len(acked), 'acknowledged', KILLS, 'kills')
        ok(len(acked) > KILLS, 'hardly any load')
        check_rebuild(s, sent, acked)


def recovered(server, user):
    found = {}
    c = server.connect(user)
    code, lines = c.cmd('FETCH /recovered PART x -READ')
    ok(code == 252, lines[-1:])
    at = None
    for l in lines[:-1]:
        if isinstance(l, str):
            ident = l.split(' ')[1]
            if 'offset=0 ' in l:
                found.setdefault(ident, hashlib.sha256())
            at = found[ident]
        else:
            at.update(l)
    c.close()
    return {k: v.hexdigest() for k, v in found.items()}


def check_rebuild(s, sent, acked):
    """The index is gone: every body comes back to its owners."""
    s.stop()
    for name in ('index.db', 'index.db-wal', 'index.db-shm'):
        path = os.path.join(s.data, name)
        if os.path.exists(path):
            os.unlink(path)
    r = s.ctl('rebuild', '--yes')
    print(r.stdout.strip()[-300:])
    r = s.ctl('verify')
    for user in USERS:
        s.ctl('account', 'password', user, '--password-stdin',
              stdin='correct horse\n')
    s.start()
    for user in USERS:
        have = recovered(s, user)
        for ident in acked:
            if user in sent[ident][0]:
                ok(ident in have, 'not rebuilt', ident, 'of', user)
                want = hashlib.sha256(
                    body(ident, sent[ident][1])).hexdigest()
                ok(have[ident] == want, 'other octets', ident)
    s.stop()


run(test_kill)
