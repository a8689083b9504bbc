"""What all of them share."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PASSWORD = 'bench-password'


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def wait_for_port(port, proc=None, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if proc and proc.poll() is not None:
            raise SystemExit(f'{proc.args[0]} ended at once')
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f'nothing listens on port {port}')


def pss(pid):
    """KiB, of a process and all that it started."""
    total = 0
    for p in family(pid):
        try:
            with open(f'/proc/{p}/smaps_rollup', encoding='ascii') as f:
                total += int(re.search(r'Pss:\s+(\d+)', f.read()).group(1))
        except (OSError, AttributeError):
            pass
    return total


def family(pid):
    """A process and its descendants."""
    parents = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open(f'/proc/{name}/stat', encoding='utf-8') as f:
                    fields = f.read().rsplit(')', 1)[1].split()
                parents.setdefault(int(fields[1]), []).append(int(name))
            except OSError:
                pass
    found, rest = [], [pid]
    while rest:
        p = rest.pop()
        found.append(p)
        rest += parents.get(p, [])
    return found


class Peer:
    """One server; with it, it runs."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='immp-bench-')
        os.chmod(self.dir, 0o755)
        self.proc = None

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as f:
            f.write(text)
        return self.path(name)

    def make_pair(self):
        """A P-256 certificate, as ours is."""
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj',
             '/CN=a.test', '-keyout', self.path('key.pem'), '-out',
             self.path('cert.pem')], check=True, capture_output=True)
        os.chmod(self.path('key.pem'), 0o644)

    def start(self, *words, **kw):
        log = open(self.path('log'), 'ab')
        self.proc = subprocess.Popen(words, stdout=log, stderr=log, **kw)
        log.close()

    def stop(self):
        if self.proc and self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
            try:
                self.proc.wait(30)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
        self.proc = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
