"""Postfix, handing everything to a Dovecot by LMTP."""

import os
import shutil
import subprocess

from .common import Peer, free_port, wait_for_port

MAIN = '''\
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = a.test
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
local_recipient_maps =
alias_maps =
maillog_file = {dir}/maillog
maillog_file_prefixes = {dir}
smtputf8_enable = no
'''

MASTER = '''\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
'''


class Postfix(Peer):
    name = 'Postfix'

    def __init__(self, lmtp):
        super().__init__()
        self.port = free_port()
        os.mkdir(self.path('conf'))
        self.write('conf/main.cf', MAIN.format(dir=self.dir, lmtp=lmtp))
        self.write('conf/master.cf', MASTER.format(port=self.port))
        os.mkdir(self.path('queue'))
        os.mkdir(self.path('data'))
        shutil.chown(self.path('data'), 'postfix', 'root')
        self.command('start')
        wait_for_port(self.port)
        self.address = f'127.0.0.1:{self.port}'

    def command(self, word):
        subprocess.run(['postfix', '-c', self.path('conf'), word], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.command('stop')
