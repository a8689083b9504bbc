"""tools/packages against stand-ins of dpkg-query, apt-get, sudo and id."""

import os
import subprocess
import tempfile
import unittest

from toolcase import ROOT

STANDINS = {
    'dpkg-query': 'for p; do case " $HAVE " in *" $p "*) echo "ii  $p";; '
                  'esac; done',
    'apt-get': 'echo "${WHO:-root} apt-get $*" >>"$LOG"; exit "${APT:-0}"',
    'sudo': 'WHO=sudo "$@"',
    'id': 'echo "$TESTUID"',
}
TOOLS = ('sh', 'sed', 'grep', 'dirname', 'env')


class PackagesTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix='immp-tools-')
        self.addCleanup(self.dir.cleanup)
        self.log = os.path.join(self.dir.name, 'log')
        self.list = os.path.join(self.dir.name, 'packages.txt')
        with open(self.list, 'w', encoding='utf-8') as f:
            f.write('# a comment\none\n\ntwo # why\nthree\n')
        self.bin = os.path.join(self.dir.name, 'bin')
        os.mkdir(self.bin)
        for name, text in STANDINS.items():
            path = os.path.join(self.bin, name)
            with open(path, 'w', encoding='utf-8') as f:
                f.write(f'#!/bin/sh\n{text}\n')
            os.chmod(path, 0o755)
        for name in TOOLS:
            where = '/bin/' if os.path.exists(f'/bin/{name}') else '/usr/bin/'
            os.symlink(where + name, os.path.join(self.bin, name))

    def run_tool(self, *args, have='', uid='0', apt='0', **more):
        env = {'PATH': self.bin, 'HAVE': have, 'TESTUID': uid, 'APT': apt,
               'LOG': self.log, 'IMMP_PACKAGES_LIST': self.list, **more}
        run = subprocess.run([os.path.join(ROOT, 'tools/packages'), *args],
                             env=env, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, encoding='utf-8',
                             check=False)
        return run.returncode, run.stdout, run.stderr

    def commands(self):
        try:
            with open(self.log, encoding='utf-8') as f:
                return f.read().strip().split('\n')
        except FileNotFoundError:
            return []

    def test_nothing_missing_runs_nothing(self):
        self.assertEqual(self.run_tool(have='one two three')[0], 0)
        self.assertEqual(self.commands(), [])

    def test_says_what_is_missing(self):
        code, out, _ = self.run_tool('--missing', have='two')
        self.assertEqual((code, out), (0, 'one three\n'))
        self.assertEqual(self.commands(), [])

    def test_root(self):
        self.assertEqual(self.run_tool(have='two')[0], 0)
        update, install = self.commands()
        self.assertRegex(update, r'^root apt-get .* update$')
        self.assertRegex(install, r'^root apt-get .* install .* one three$')

    def test_sudo(self):
        self.assertEqual(self.run_tool(have='two', uid='1000')[0], 0)
        for command in self.commands():
            self.assertRegex(command, r'^sudo apt-get ')

    def test_no_sudo(self):
        os.unlink(os.path.join(self.bin, 'sudo'))
        code, _, err = self.run_tool(have='two', uid='1000')
        self.assertEqual(code, 1)
        self.assertIn('apt-get install one three', err)
        self.assertEqual(self.commands(), [])

    def test_apt_fails(self):
        code, _, err = self.run_tool(apt='100')
        self.assertEqual(code, 1)
        self.assertIn('one two three', err)

    def test_not_debian(self):
        os.unlink(os.path.join(self.bin, 'dpkg-query'))
        self.assertEqual(self.run_tool()[0], 1)
        self.assertEqual(self.run_tool(IMMP_PACKAGES='skip')[0], 0)


if __name__ == '__main__':
    unittest.main()
