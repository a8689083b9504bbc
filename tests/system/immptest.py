"""What the tests of the real programs share: a server in a folder of its own,
and a plain client.

The client logs in with the draft's 1.0 key, since Python's ssl module cannot
export keying material; `immp` itself is tested with proofs.
"""

import base64
import ctypes
import ctypes.util
import hashlib
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get('IMMP_BUILD') or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), '..', '..', 'build')
IMMPD = os.path.join(BUILD, 'src/immpd/immpd')
IMMPCTL = os.path.join(BUILD, 'src/immpctl/immpctl')
IMMP = os.path.join(BUILD, 'src/immp/immp')
PASSWORD = 'correct horse'
UUID = r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

_sodium = ctypes.CDLL(ctypes.util.find_library('sodium'))
_sodium.sodium_init()


def kdf(password, salt, t, m):
    """h: the hex of Argon2id."""
    out = ctypes.create_string_buffer(32)
    p = password.encode()
    r = _sodium.crypto_pwhash(
        out, ctypes.c_ulonglong(32), p, ctypes.c_ulonglong(len(p)), salt,
        ctypes.c_ulonglong(t), ctypes.c_size_t(m * 1024), 2)
    assert r == 0
    return out.raw.hex()


def ok(condition, *what):
    """A check that says where it stands when it fails."""
    if not condition:
        frame = sys._getframe(1)
        raise AssertionError(
            f'{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}: '
            + ' '.join(map(str, what)))


class Server:
    """An immpd with its own data folder, on free ports."""

    def __init__(self, domain='a.test', config='', folder=None, tls=False,
                 limits=None, env=None):
        self.dir = folder or tempfile.mkdtemp(prefix='immp-test-')
        self.own = folder is None
        self.conf = os.path.join(self.dir, 'immpd.conf')
        self.proc = None
        self.env = dict(os.environ, **(env or {}))
        self.data = os.path.join(self.dir, 'data')
        lines = ['[server]', f'domain = {domain}', 'data = data',
                 'listen = 127.0.0.1:0']
        if tls:
            lines.append('listen_tls = 127.0.0.1:0')
        lines += config.split('\n')
        if limits:
            lines.append('[limits]')
            lines += [f'{k} = {v}' for k, v in limits.items()]
        with open(self.conf, 'w', encoding='utf-8') as f:
            f.write('\n'.join(lines) + '\n')

    def start(self):
        if self.proc is not None:
            self.log.close()
        self.log = open(os.path.join(self.dir, 'log'), 'ab')
        cmd = [IMMPD, '-c', self.conf]
        if os.getuid() == 0:
            cmd.append('--allow-root')
        at = self.log.tell()
        self.proc = subprocess.Popen(cmd, stderr=self.log, stdout=self.log,
                                     stdin=subprocess.DEVNULL, env=self.env)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            text = self.log_text(at)
            m = re.search(r'^.*immpd ready listen=\S*?:(\d+)(?:,\S+)?'
                          r'(?: listen_tls=\S*?:(\d+))?', text, re.M)
            if m:
                self.port = int(m.group(1))
                self.port_tls = int(m.group(2)) if m.group(2) else None
                return self
            if self.proc.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError('immpd did not start: ' + self.log_text(at))

    def log_text(self, at=0):
        with open(os.path.join(self.dir, 'log'), 'rb') as f:
            f.seek(at)
            return f.read().decode('utf-8', 'replace')

    def kill(self, sig=signal.SIGKILL):
        self.proc.send_signal(sig)
        return self.proc.wait(timeout=30)

    def stop(self):
        if self.proc is not None and self.proc.poll() is None:
            code = self.kill(signal.SIGTERM)
            ok(code == 0, 'exit', code, self.log_text()[-2000:])

    def ctl(self, *args, stdin='', fail=False):
        r = subprocess.run([IMMPCTL, '-c', self.conf, *args], input=stdin,
                           capture_output=True, text=True, env=self.env)
        if not fail:
            ok(r.returncode == 0, args, r.returncode, r.stdout, r.stderr)
        return r

    def account(self, *imids):
        for imid in imids:
            self.ctl('account', 'add', imid, '--password-stdin',
                     stdin=PASSWORD + '\n')

    def connect(self, imid=None, **kw):
        c = Conn(self.port, **kw)
        if imid:
            c.login(imid)
        return c

    def rss(self):
        """Resident octets."""
        with open(f'/proc/{self.proc.pid}/status', encoding='ascii') as f:
            return int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1)) * 1024

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.proc is not None and self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()
        if self.proc is not None:
            self.log.close()
        if exc[0] is not None and self.proc is not None:
            sys.stderr.write(self.log_text()[-3000:])
        if self.own:
            shutil.rmtree(self.dir, ignore_errors=True)


def context(alpn=('immp/1',), **kw):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    if alpn:
        c.set_alpn_protocols(list(alpn))
    for k, v in kw.items():
        setattr(c, k, v)
    return c


class Closed(Exception):
    pass


class Conn:
    def __init__(self, port, tls=True, first=False, method='TLS3', ctx=None,
                 sni=None):
        self.sock = socket.create_connection(('127.0.0.1', port), timeout=60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buf = b''
        self.greeting = []
        if first:
            self.sock = (ctx or context()).wrap_socket(
                self.sock, server_hostname=sni)
            self.greeting = [self.line()]
            return
        while not self.greeting or not self.greeting[-1].startswith('101 '):
            self.greeting.append(self.line())
        if tls:
            self.upgrade(method, ctx, sni)

    def upgrade(self, method='TLS3', ctx=None, sni=None):
        self.send(f'UPGRADE {method}\n')
        r = self.line()
        ok(r.startswith('204 '), r)
        self.sock = (ctx or context()).wrap_socket(self.sock,
                                                   server_hostname=sni)

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def fill(self):
        try:
            got = self.sock.recv(262144)
        except (ConnectionResetError, ssl.SSLEOFError, BrokenPipeError):
            got = b''
        if not got:
            raise Closed()
        self.buf += got

    def line(self):
        while b'\n' not in self.buf:
            self.fill()
        l, self.buf = self.buf.split(b'\n', 1)
        return l.decode('utf-8')

    def octets(self, n):
        while len(self.buf) < n:
            self.fill()
        o, self.buf = self.buf[:n], self.buf[n:]
        return o

    def reply(self):
        """Lines (and blocks, as bytes) of one reply; the last line's code."""
        lines = []
        while True:
            l = self.line()
            lines.append(l)
            m = re.match(r'(?:[\w-]+: )?(\d{3})(-?)(?: (.*))?$', l)
            ok(m, 'no reply line', l)
            code = int(m.group(1))
            b = re.match(r'\S+ (?:part=.* )?offset=\d+ length=(\d+) total=',
                         m.group(3) or '')
            if m.group(2) and code in (250, 251, 252) and b:
                lines.append(self.octets(int(b.group(1))))
            if not m.group(2) and code not in (100, 271, 281, 301, 302):
                return code, lines

    def cmd(self, line, block=b''):
        self.send(line.encode() + b'\n' + block)
        return self.reply()

    def login(self, imid, password=PASSWORD):
        self.send(f'AUTH SECRET {imid}\n')
        ok(self.line().startswith('302 '))
        n = dict(w.split('=', 1) for w in self.line()[4:].split(' '))
        h = kdf(password, base64.b64decode(n['s']), int(n['t']), int(n['m']))
        key = hashlib.sha1((h + n['n1'] + n['n2']).encode()).hexdigest()
        code, lines = self.cmd('AUTH RESPONSE ' + key)
        ok(code == 210, lines)
        return self

    def deliver(self, to, octets, ident=None, subject='test'):
        """One message of one part; the code of DONE, and its lines."""
        self.send(f'DELIVER TO {to} SUBJECT "{subject}"'
                  + (f' ID {ident}' if ident else '')
                  + f'\nDATA x LENGTH {len(octets)}\n')
        self.send(octets)
        self.send('DONE\n')
        code, lines = self.reply()
        data, _ = self.reply()
        done, last = self.reply()
        return (done, last) if code == 270 else (code, lines)

    def closed(self):
        """Has the server ended it, having said nothing more?"""
        try:
            while True:
                self.fill()
                if self.buf:
                    return False
        except (Closed, ssl.SSLError, OSError):
            return not self.buf

    def close(self):
        self.sock.close()


def run(*tests):
    """Run functions as tests, the way meson sees it: the exit status."""
    failed = 0
    for t in tests:
        begin = time.monotonic()
        try:
            t()
            print(f'ok   {t.__name__} ({time.monotonic() - begin:.1f} s)')
        except Exception as e:  # noqa: BLE001: any failure is one
            failed += 1
            import traceback
            traceback.print_exc()
            print(f'FAIL {t.__name__}: {e}')
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
