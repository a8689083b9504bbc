"""A test case that makes a small source tree and runs a tool over it."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


class ToolCase(unittest.TestCase):
    tool = None

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix='immp-tools-')
        self.addCleanup(shutil.rmtree, self.root)

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, 'w', encoding='utf-8') as f:
            f.write(text)
        return full

    def run_tool(self, *args):
        """Run the tool over the tree: (exit code, what it printed)."""
        run = subprocess.run(
            [sys.executable, os.path.join(ROOT, 'tools', self.tool),
             '--root', self.root, *args],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding='utf-8', check=False)
        return run.returncode, run.stdout

    def accepts(self, *args):
        code, text = self.run_tool(*args)
        self.assertEqual(code, 0, text)
        return text

    def refuses(self, *words):
        """The tool must fail, and say each of words."""
        code, text = self.run_tool()
        self.assertEqual(code, 1, text)
        for word in words:
            self.assertIn(word, text)
        return text
