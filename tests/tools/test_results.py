import json
import os
import subprocess
import sys
import tempfile
import unittest

from toolcase import ROOT


def count(*tests):
    """The last line that tools/results prints for a log of tests."""
    with tempfile.NamedTemporaryFile('w', suffix='.json') as f:
        for result, output in tests:
            f.write(json.dumps({'name': 'n', 'result': result,
                                'stdout': output}) + '\n')
        f.flush()
        run = subprocess.run(
            [sys.executable, os.path.join(ROOT, 'tools', 'results'), f.name],
            stdout=subprocess.PIPE, encoding='utf-8', check=True)
    return run.stdout.rstrip('\n').split('\n')[-1]


class ResultsTest(unittest.TestCase):
    def test_counts(self):
        self.assertEqual(count(('OK', ''), ('FAIL', ''), ('EXPECTEDFAIL', ''),
                               ('TIMEOUT', ''), ('ERROR', '')), '2 3')

    def test_skipped_is_failed(self):
        self.assertEqual(count(('SKIP', '')), '0 1')

    def test_skipped_case_is_failed(self):
        for text in ('1..1\nok 1 - a # SKIP no corpus\n',
                     '[  SKIPPED ] test_a\n', 'OK (skipped=2)\n'):
            with self.subTest(text):
                self.assertEqual(count(('OK', text)), '0 1')

    def test_nothing_is_failed(self):
        self.assertEqual(count(), '0 1')


if __name__ == '__main__':
    unittest.main()
