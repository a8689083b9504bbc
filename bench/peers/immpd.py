"""immpd with its default configuration."""

import os
import re
import subprocess
import time

from .common import PASSWORD, Peer

CONFIG = '''\
[server]
domain = a.test
data = {data}
listen = 127.0.0.1:0
{more}
'''


class Immpd(Peer):
    name = 'immpd'

    def __init__(self, build, mailboxes=20, more=''):
        super().__init__()
        self.build = build
        self.more = more
        subprocess.run(
            [os.path.join(build, 'bench/immp-bench-people'),
             self.path('data'), 'a.test', str(mailboxes)],
            check=True, env=dict(os.environ, IMMP_BENCH_PASSWORD=PASSWORD))
        self.run()

    def run(self, more=None):
        """Start, or start again with other settings."""
        if more is not None:
            self.more = more
        conf = self.write('immpd.conf', CONFIG.format(data=self.path('data'),
                                                      more=self.more))
        open(self.path('log'), 'wb').close()
        self.start(os.path.join(self.build, 'src/immpd/immpd'), '-c', conf,
                   '--allow-root')
        for _ in range(600):
            with open(self.path('log'), encoding='utf-8') as f:
                found = re.search(r'ready listen=(\S+)', f.read())
            if found:
                self.address = found.group(1)
                return
            time.sleep(0.05)
        raise SystemExit('immpd does not start')

    def ctl(self, *words):
        subprocess.run(
            [os.path.join(self.build, 'src/immpctl/immpctl'), '-c',
             self.path('immpd.conf'), *words], check=True,
            stdout=subprocess.DEVNULL)
