"""etc/immpd.conf.sample shows every limit of src/base/limits.def with its
default, and no other."""

import os
import re
import unittest

from toolcase import ROOT

UNITS = {'': 1, 'KIB_': 1 << 10, 'MIB_': 1 << 20, 'GIB_': 1 << 30}
SIZES = {'': 1, 'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}
TIMES = {'ms': 1, '': 1000, 's': 1000, 'm': 60000, 'h': 3600000,
         'd': 86400000}
ROW = re.compile(r'^IMMP_LIMIT\((\w+), (\w+), (\d+) ?(\w*),', re.M)
LINE = re.compile(r'^;?(\w+) = (\d+)([A-Za-z]*)', re.M)


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as f:
        return f.read()


class SampleTest(unittest.TestCase):
    def test_limits(self):
        rows = {name: (kind, int(n) * UNITS[unit]) for name, kind, n, unit
                in ROW.findall(read('src/base/limits.def'))}
        self.assertGreater(len(rows), 10)
        text = read('etc/immpd.conf.sample')
        section = re.search(r'^;?\[limits\]\n(.*?)(?=^;?\[|\Z)', text,
                            re.M | re.S).group(1)
        lines = {name: (int(n), unit)
                 for name, n, unit in LINE.findall(section)}
        self.assertEqual(sorted(lines), sorted(rows))
        for name, (kind, value) in rows.items():
            n, unit = lines[name]
            units = {'SIZE': SIZES, 'TIME': TIMES, 'COUNT': {'': 1}}[kind]
            with self.subTest(name):
                self.assertEqual(n * units[unit], value)


if __name__ == '__main__':
    unittest.main()
