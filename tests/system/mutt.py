"""mutt as its user has it, in a terminal."""

import os
import pty
import select
import subprocess
import time

from immptest import ok

END = '=-=-= end of a message =-=-='
SETTINGS = '''\
set wait_key=no pipe_decode=no pipe_split=no pipe_sep="{sep}" auto_tag=yes
set quit=yes move=no read_only=yes header_cache="" charset=utf-8 folder=~
push "<tag-pattern>{pattern}<enter><pipe-message>cat >> {out}<enter><exit>"
'''


def wait(p, master, seconds):
    """Until it ends, reading what it draws; the screen."""
    screen = b''
    end = time.monotonic() + seconds
    while p.poll() is None and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            try:
                screen += os.read(master, 65536)
            except OSError:
                break
    try:
        p.wait(timeout=10)
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
        raise AssertionError(f'mutt hangs: {screen[-300:]}') from None
    return screen


def mutt(folder, box, pattern):
    """The octets of each message of a mailbox that a pattern finds, as mutt
    hands them to a program.  folder: for files of mutt's."""
    out = os.path.join(folder, 'mutt.out')
    settings = os.path.join(folder, 'muttrc')
    with open(settings, 'w', encoding='utf-8') as f:
        f.write(SETTINGS.format(pattern=pattern, out=out, sep=END))
    if os.path.exists(out):
        os.unlink(out)
    master, slave = pty.openpty()
    p = subprocess.Popen(
        ['mutt', '-n', '-F', settings, '-R', '-f', box],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env=dict(os.environ, TERM='vt100', HOME=folder, LC_ALL='C.UTF-8'))
    os.close(slave)
    try:
        screen = wait(p, master, 60)
    finally:
        os.close(master)
    ok(p.returncode == 0, 'mutt', screen[-300:])
    with open(out, 'rb') as f:
        return f.read().split(END.encode())[:-1]
