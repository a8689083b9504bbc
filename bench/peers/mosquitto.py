"""mosquitto over TLS, with a password."""

import os
import subprocess

from .common import PASSWORD, Peer, free_port, wait_for_port

CONFIG = '''\
listener {port} 127.0.0.1
certfile {dir}/cert.pem
keyfile {dir}/key.pem
tls_version tlsv1.3
set_tcp_nodelay true
allow_anonymous false
password_file {dir}/passwords
user root
persistence false
log_dest none
'''


class Mosquitto(Peer):
    name = 'mosquitto'

    def __init__(self):
        super().__init__()
        self.make_pair()
        self.port = free_port()
        subprocess.run(['mosquitto_passwd', '-b', '-c', self.path('passwords'),
                        'u0@a.test', PASSWORD], check=True)
        os.chmod(self.path('passwords'), 0o600)
        conf = self.write('mosquitto.conf', CONFIG.format(dir=self.dir,
                                                          port=self.port))
        self.start('mosquitto', '-c', conf)
        wait_for_port(self.port, self.proc)
        self.address = f'127.0.0.1:{self.port}'
