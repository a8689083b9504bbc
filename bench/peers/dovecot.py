"""Dovecot: LMTP in clear and IMAP over TLS, sdbox, with its own durability
(mail_fsync = optimized syncs what is delivered)."""

import os
import shutil

from .common import PASSWORD, Peer, free_port, wait_for_port

CONFIG = '''\
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
protocols = imap lmtp
ssl = required
ssl_cert = <{dir}/cert.pem
ssl_key = <{dir}/key.pem
ssl_min_protocol = TLSv1.2
mail_location = sdbox:~/sdbox
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
auth_mechanisms = plain
disable_plaintext_auth = no
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={dir}/mail/%u allow_all_users=yes
}}
service lmtp {{
  process_min_avail = 10
  process_limit = 200
  vsz_limit = 0
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service imap-login {{
  process_min_avail = 2
  service_count = 0
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 4096
}}
mail_max_userip_connections = 0
'''


class Dovecot(Peer):
    name = 'Dovecot'

    def __init__(self):
        super().__init__()
        self.make_pair()
        self.lmtp, self.imaps = free_port(), free_port()
        os.mkdir(self.path('mail'))
        shutil.chown(self.path('mail'), 'nobody', 'nogroup')
        conf = self.write('dovecot.conf', CONFIG.format(
            dir=self.dir, password=PASSWORD, lmtp=self.lmtp,
            imaps=self.imaps))
        self.start('dovecot', '-F', '-c', conf)
        wait_for_port(self.lmtp, self.proc)
        wait_for_port(self.imaps, self.proc)
        self.lmtp_address = f'127.0.0.1:{self.lmtp}'
        self.imap_address = f'127.0.0.1:{self.imaps}'

    def stored(self):
        """How many messages lie in its mailboxes."""
        n = 0
        for folder, _, files in os.walk(self.path('mail')):
            if folder.endswith('dbox-Mails'):
                n += sum(f.startswith('u.') for f in files)
        return n
