"""libimmp as a stranger gets it: installed, found by pkg-config, exporting
immp_* alone, with an example that compiles and runs."""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..')
BUILD = os.environ['IMMP_BUILD']
EXAMPLE = os.path.join(ROOT, 'examples', 'send-and-read.c')
KEY_WORD = 'geheim'
UUID = '01890f2a-0000-7000-8000-000000000001'

SCRIPT = f'''
HELLO
SECRET alice@a.test {KEY_WORD}
C DELIVER TO "bob@a.test" SUBJECT "From a small program" ID "*" +MULTIPART
S 270 Ok.
C DATA TYPE "text/plain; charset=utf-8" LENGTH 33 +CONTENT
TAKE 33
S 271 part1 Saving content part
S 272 part1 Part saved
C DATA NAME "picture" TYPE "image/x-portable-bitmap" FILE "checks.pbm" LENGTH 23
TAKE 23
S 271 picture Saving part
S 272 picture Part saved
C DONE
S 273- bob@a.test
S 273 Delivered {UUID}
C MBOX INDEX /inbox LIMIT 1 +JSON
S 250- {{"_id":"{UUID}","from":"bob@a.test"}}
S 250 n=1
C MBOX FETCH "/inbox#{UUID}"
S 251- {UUID} offset=0 length=5 total=8
GIVE ab\\ncd
S 251- {UUID} offset=5 length=3 total=8
GIVE ef\\n
S 251 n=1
C QUIT
S 220 Closing.
'''


def run(*args, **more):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE,
                          universal_newlines=True, **more).stdout


def check_symbols(library):
    names = [line.split()[-1].split('@')[0]
             for line in run('nm', '-D', '--defined-only', library)
             .splitlines()]
    bad = [n for n in names if not n.startswith('immp_') and n != 'IMMP_0']
    assert not bad, f'exports {bad}'
    with open(os.path.join(ROOT, 'include/immp/immp.h'),
              encoding='utf-8') as f:
        header = f.read()
    for name in names:
        assert name + '(' in header or name == 'IMMP_0', \
            f'{name} is not in the header'
    for name in ('immp_connect', 'immp_send', 'immp_fetch'):
        assert name in names, f'{name} is not exported'


def serve(work):
    script = os.path.join(work, 'script')
    port = os.path.join(work, 'port')
    with open(script, 'w', encoding='utf-8') as f:
        f.write(SCRIPT)
    server = subprocess.Popen(
        [os.path.join(BUILD, 'tests/lib/fake_server'), port, script, work])
    while not os.path.exists(port):
        assert server.poll() is None, 'the server did not start'
    with open(port, encoding='ascii') as f:
        return server, f.read().strip()


def main(work):
    tree = os.path.join(work, 'tree')
    run('meson', 'install', '--no-rebuild', '-C', BUILD, '--destdir', tree)
    prefix = None
    for here, _, names in os.walk(tree):
        if 'immp.pc' in names:
            prefix = here
    assert prefix, 'no immp.pc was installed'
    library = os.path.join(os.path.dirname(prefix), 'libimmp.so.0')
    assert os.path.exists(library), 'no libimmp.so.0 was installed'
    check_symbols(library)

    env = dict(os.environ, PKG_CONFIG_PATH=prefix, PKG_CONFIG_SYSROOT_DIR=tree,
               LD_LIBRARY_PATH=os.path.dirname(library))
    shutil.copy(EXAMPLE, work)
    flags = run('pkg-config', '--cflags', '--libs', 'immp', env=env).split()
    for cc in ('gcc', 'clang'):
        if shutil.which(cc):
            run(cc, '-std=c99', '-Wall', '-Wextra', '-pedantic', '-Werror',
                'send-and-read.c', *flags, '-o', 'send-and-read', cwd=work,
                env=env)

    server, port = serve(work)
    example = os.path.join(work, 'send-and-read')
    words = [example, '127.0.0.1', port, 'alice@a.test', 'bob@a.test']
    der = run('openssl', 'x509', '-in', os.path.join(work, 'cert.pem'),
              '-noout', '-pubkey')
    der = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'DER'],
                         input=der.encode(), stdout=subprocess.PIPE,
                         check=True).stdout
    words.append(subprocess.run(['sha256sum'], input=der, check=True,
                                stdout=subprocess.PIPE)
                 .stdout.decode().split()[0])
    out = run(*words, input=KEY_WORD + '\n', env=env, timeout=60)
    assert server.wait(60) == 0, 'the server heard something else'
    lines = out.splitlines()
    assert lines[0] == '  bob@a.test: 273', out
    assert lines[1].startswith('sent '), out
    assert lines[2:] == ['ab', 'cdef'], out


if __name__ == '__main__':
    folder = tempfile.mkdtemp(prefix='immp-library-')
    try:
        main(folder)
    finally:
        shutil.rmtree(folder)
    sys.exit(0)
