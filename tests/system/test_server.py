#!/usr/bin/env python3
"""The daemon as its administrator and its enemies meet it."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from immptest import (IMMPD, PASSWORD, Closed, Conn, Server,  # noqa: E402
                      context, ok, run)


def test_greeting():
    with Server(tls=True) as s:
        s.start()
        c = s.connect()
        ok(c.greeting[0] == '100- IMMP/1.0 Server at a.test.', c.greeting)
        ok(c.greeting[-1] == '101 p=IMMP v=1.0 d=a.test', c.greeting)
        ok(c.sock.version() == 'TLSv1.3')
        ok(c.sock.selected_alpn_protocol() == 'immp/1')
        code, lines = c.cmd('HELLO')
        ok(code == 101 and 'max=52428800' in lines[0], lines)
        # TLS from the first octet
        c = Conn(s.port_tls, first=True)
        ok(c.greeting[0].startswith('101 p=IMMP v=1.0 d=a.test'), c.greeting)
        ok(c.cmd('NOOP')[0] == 200)
        ok(c.cmd('QUIT')[0] == 220)
        ok(c.closed())
        # TLS 1.2 where TLS2 was asked for, not behind TLS3
        old = context(maximum_version=ssl.TLSVersion.TLSv1_2)
        c = s.connect(method='TLS2', ctx=old)
        ok(c.sock.version() == 'TLSv1.2')
        try:
            s.connect(method='TLS3', ctx=old)
            ok(False, 'TLS 1.2 behind UPGRADE TLS3')
        except ssl.SSLError:
            pass
        s.stop()


def test_postmaster():
    """Mail to postmaster@ arrives; where nobody gets it that is logged."""
    for config in ('', 'postmaster = alice@a.test'):
        with Server(config=config) as s:
            s.start()
            ok(('event=no-postmaster' in s.log_text()) == (config == ''),
               s.log_text())
            s.account('alice@a.test')
            c = s.connect('alice@a.test')
            code, lines = c.deliver('postmaster@a.test', b'hello\n')
            ok(code == (273 if config else 404), code, lines)
            s.stop()


def test_hostile_handshakes():
    with Server() as s:
        s.start()
        # another ALPN ends the handshake, none is taken
        try:
            s.connect(ctx=context(alpn=('h2', 'http/1.1')))
            ok(False, 'h2 was taken')
        except ssl.SSLError as e:
            ok('ALERT' in str(e).upper() or 'PROTOCOL' in str(e).upper(), e)
        ok(s.connect(ctx=context(alpn=())).cmd('NOOP')[0] == 200)
        # an SSLv3 and an SSLv2 hello
        for hello in (bytes.fromhex('16030000310100002d0300') + b'\x11' * 32 +
                      bytes.fromhex('000006000400050100ff0100'),
                      bytes.fromhex('802e0100020015000000100100800200') +
                      b'\x22' * 31, b'GET / HTTP/1.0\r\n\r\n', b'\0' * 100):
            c = s.connect(tls=False)
            c.send('UPGRADE TLS3\n')
            ok(c.line().startswith('204 '))
            c.send(hello)
            c.sock.settimeout(10)
            try:
                while c.sock.recv(1000):
                    pass
            except OSError:
                pass
        ok(s.connect().cmd('NOOP')[0] == 200)
        s.stop()


def test_behind_upgrade():
    """Octets behind UPGRADE, sent with it and split at every octet."""
    with Server() as s:
        s.start()
        data = b'UPGRADE TLS3\nHELLO\n'
        for cut in range(len(data) + 1):
            c = s.connect(tls=False)
            c.send(data[:cut])
            if cut <= len(b'UPGRADE TLS3\n') - 1:
                time.sleep(0.01)
            if cut < len(data):
                try:
                    c.send(data[cut:])
                except OSError:
                    pass
            c.sock.settimeout(20)
            got = b''
            try:
                while True:
                    more = c.sock.recv(1000)
                    if not more:
                        break
                    got += more
            except ConnectionResetError:
                pass
            # Where they came with the line there is no 204; in no case is
            # HELLO answered.
            ok(b'101' not in got, cut, got)
            if cut < len(b'UPGRADE TLS3\n') or cut == len(data):
                ok(b'204' not in got, cut, got)
            c.close()
        s.stop()


def test_programs():
    with Server() as s:
        # --check, a broken configuration, root
        r = subprocess.run([IMMPD, '-c', s.conf, '--check'],
                           capture_output=True, text=True)
        ok(r.returncode == 0, r.stderr)
        bad = os.path.join(s.dir, 'bad.conf')
        with open(bad, 'w', encoding='utf-8') as f:
            f.write('[server]\ndomain = a.test\nfoo = 1\n[nonsense]\n'
                    '[limits]\nmessage = lots\n')
        r = subprocess.run([IMMPD, '-c', bad, '--check'], capture_output=True,
                           text=True)
        ok(r.returncode == 78, r.returncode)
        for line in (3, 4, 6):
            ok(f'bad.conf:{line}:' in r.stderr, line, r.stderr)
        if os.getuid() == 0:
            r = subprocess.run([IMMPD, '-c', s.conf], capture_output=True,
                               text=True, timeout=20)
            ok(r.returncode != 0 and 'allow-root' in r.stderr, r.stderr)
        s.start()
        ok(os.stat(s.data).st_mode & 0o077 == 0, 'data is open')
        ok(os.stat(os.path.join(s.data, 'server.key')).st_mode & 0o777 ==
           0o600)
        # a second one on the same data
        r = subprocess.run([IMMPD, '-c', s.conf, '--allow-root'],
                           capture_output=True, text=True, timeout=20)
        ok(r.returncode != 0, 'two servers on one folder')
        # it ends in order while sessions are open
        s.account('alice@a.test')
        c = s.connect('alice@a.test')
        begin = time.monotonic()
        ok(s.kill(signal.SIGTERM) == 0)
        ok(time.monotonic() - begin < 12)
        ok(c.line().startswith('710 '))
        ok(c.closed())


def test_reload():
    """SIGHUP takes new certificates; sessions live on."""
    def fingerprint(s):
        c = s.connect()
        der = c.sock.getpeercert(True)
        c.close()
        return der

    with Server(config='[tls]\ncertificate = cert.pem\nkey = key.pem') as s:
        def make(name):
            subprocess.run(
                ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj',
                 f'/CN={name}', '-keyout', os.path.join(s.dir, 'key.pem'),
                 '-out', os.path.join(s.dir, 'cert.pem')],
                check=True, capture_output=True)

        make('one')
        s.start()
        c = s.connect()
        before = fingerprint(s)
        make('two')
        s.proc.send_signal(signal.SIGHUP)
        for _ in range(100):
            if fingerprint(s) != before:
                break
            time.sleep(0.05)
        ok(fingerprint(s) != before, 'the old certificate still')
        # a broken one changes nothing
        with open(os.path.join(s.dir, 'cert.pem'), 'w',
                  encoding='ascii') as f:
            f.write('nonsense\n')
        now = fingerprint(s)
        s.proc.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        ok(fingerprint(s) == now)
        ok(c.cmd('NOOP')[0] == 200)
        s.stop()


def test_never_reads():
    """10,000 commands by a peer that reads nothing: bounded, then gone."""
    with Server(limits={'stall_time': '3s'}) as s:
        s.start()
        s.account('alice@a.test')
        c = s.connect('alice@a.test')
        before = s.rss()
        c.sock.settimeout(2)
        sent = 0
        try:
            for _ in range(10000):
                c.send('HELP\n')
                sent += 1
        except (OSError, ssl.SSLError):
            pass
        ok(s.rss() - before < 4 << 20, s.rss() - before)
        other = s.connect('alice@a.test')
        ok(other.cmd('NOOP')[0] == 200)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            r = s.ctl('--json', 'status')
            if '"sessions":1' in r.stdout.replace(' ', ''):
                break
            time.sleep(0.2)
        c.close()
        s.stop()


def test_lost_anywhere():
    """A connection lost at every step of a delivery leaves nothing."""
    with Server() as s:
        s.start()
        s.account('alice@a.test', 'bob@a.test')
        steps = ['DELIVER TO bob@a.test\n', 'HEADER X-A b\n',
                 'DATA x LENGTH 10\n', 'hello', 'hello']
        for n in range(1, len(steps) + 1):
            c = s.connect('alice@a.test')
            c.send(''.join(steps[:n]))
            time.sleep(0.05)
            c.close()
        c = s.connect('bob@a.test')
        ok(c.cmd('CHECK /inbox')[1] == ['240 /inbox::* u=0 t=0'])
        # DONE without waiting for its answer: once, or not at all
        c = s.connect('alice@a.test')
        c.send(''.join(steps) + 'DONE\n')
        c.close()
        time.sleep(0.3)
        c = s.connect('bob@a.test')
        ok(c.cmd('CHECK /inbox')[1][0] in ('240 /inbox::* u=0 t=0',
                                           '240 /inbox::* u=1 t=1'))
        s.stop()


def test_large():
    """50 MB pass through, in and out, and stop no other sender."""
    size = 49 << 20
    chunk = os.urandom(1 << 20)
    with Server(limits={'message': '50M'}) as s:
        s.start()
        s.account('alice@a.test', 'bob@a.test')
        a, b = s.connect('alice@a.test'), s.connect('bob@a.test')
        b.deliver('bob@a.test', b'x' * 200000)
        before = s.rss()
        peak = [0]
        stop = threading.Event()

        def watch():
            while not stop.is_set():
                peak[0] = max(peak[0], s.rss())
                time.sleep(0.005)

        t = threading.Thread(target=watch)
        t.start()
        a.send(f'DELIVER TO bob@a.test +MULTIPART\n'
               f'DATA t LENGTH 2 +CONTENT\nhiDATA big LENGTH {size}\n')
        for i in range(size >> 20):
            a.send(chunk)
            if i % 10 == 0:     # another sender goes on meanwhile
                ok(b.deliver('alice@a.test', b'hello')[0] == 273)
        a.send('DONE\n')
        for want in (270, 272, 272, 273):
            code, lines = a.reply()
            ok(code == want, lines)
        ident = lines[-1].split(' ')[-1]
        b.send(f'FETCH /inbox#{ident} PART big\n')
        got = 0
        while got < size:
            l = b.line()
            ok(l.startswith('252- '), l)
            n = int(l.split('length=')[1].split(' ')[0])
            data = b.octets(n)
            at = got % (1 << 20)
            ok(data == (chunk + chunk)[at:at + n], 'other octets at', got)
            got += n
        ok(b.line() == '252 n=1')
        b.send(f'FETCH /inbox#{ident}\n')
        code, lines = b.reply()
        ok(code == 251)
        stop.set()
        t.join()
        more = peak[0] - before
        print('resident more:', more >> 10, 'KiB')
        ok(more < 8 << 20, 'resident more:', more)
        s.stop()


def test_kicked():
    """A revoked device and a changed password end sessions within a second."""
    with Server() as s:
        s.start()
        s.account('alice@a.test')
        c = s.connect('alice@a.test')
        d = s.connect('alice@a.test')
        s.ctl('account', 'password', 'alice@a.test', '--password-stdin',
              stdin=PASSWORD + '2\n')
        c.sock.settimeout(2)
        d.sock.settimeout(2)
        ok(c.closed() and d.closed())
        try:
            s.connect('alice@a.test')
            ok(False, 'the old password')
        except AssertionError as e:
            ok('410' in str(e), e)
        log = s.log_text()
        ok('event=auth-fail account=alice@a.test peer=' in log, log)
        s.stop()


def append(c, ident, date):
    """An APPEND to INBOX of that date; it must succeed."""
    code, lines = c.cmd(f'APPEND /inbox ID {ident} DATE {date}')
    ok(code == 270, lines)
    c.send('DATA LENGTH 2\nhiDONE\n')
    ok(c.reply()[0] == 272)
    code, lines = c.reply()
    ok(code == 273, lines)


def test_temporary():
    """Temporary storage: deleted is gone, and old mail goes by itself."""
    ids = ['00000000-0000-4000-8000-00000000000%d' % i for i in range(3)]
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    with Server() as s:
        s.start()
        s.account('alice@a.test', 'bob@a.test')
        a, b = s.connect('alice@a.test'), s.connect('bob@a.test')
        for c in (a, b):
            append(c, ids[0], '2001-01-01T00:00:00Z')
            append(c, ids[1], now)
            append(c, ids[2], now)
        ok('storage changed' in s.ctl('--json', 'account', 'storage',
                                      'alice@a.test', 'temporary',
                                      '12h').stdout)
        shown = s.ctl('--json', 'account', 'show', 'alice@a.test').stdout
        ok('"storage":"temporary","retention":"12h"' in
           shown.replace(': ', ':').replace(', ', ','), shown)
        ok('temporary' in s.ctl('account', 'show', 'alice@a.test').stdout)
        for c, restored in ((a, 404), (b, 200)):
            ok(c.cmd(f'DELETE /inbox#{ids[2]}')[0] == 200)
            ok(c.cmd(f'RESTORE #{ids[2]}')[0] == restored)
        ok(a.cmd('CHECK /trash')[1] == ['240 /trash::* u=0 t=0'])
        # It looks once an hour, and when it starts.
        s.stop()
        s.start()
        a, b = s.connect('alice@a.test'), s.connect('bob@a.test')
        end = time.monotonic() + 30
        while a.cmd('CHECK /inbox')[1] != ['240 /inbox::* u=1 t=1']:
            ok(time.monotonic() < end, 'old mail stays')
            time.sleep(0.1)
        code, lines = a.cmd('INDEX /inbox')
        ok(ids[1] in lines[0], lines)
        ok(b.cmd('CHECK /inbox')[1] == ['240 /inbox::* u=3 t=3'])
        ok('purge messages=2' in s.log_text(), s.log_text()[-500:])
        s.stop()
        ok(s.ctl('verify').returncode == 0)


run(test_temporary, test_greeting, test_postmaster, test_hostile_handshakes, test_behind_upgrade, test_programs,
    test_reload, test_never_reads, test_lost_anywhere, test_large, test_kicked)
