"""The manual page and the completion words of immpctl know every command of
src/admin/admin_commands.def with its parameters and options, and no other."""

import os
import re
import subprocess
import unittest

from toolcase import ROOT

ROW = re.compile(r'^IMMP_ADMIN(?:_LOCAL)?\(\w+, "([^"]*)", "([^"]*)", '
                 r'"([^"]*)", (.*), "([^"]*)"\)$', re.M)


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as f:
        return f.read()


def rows():
    """(words, params, options) of each command."""
    return [(m[0], m[1], m[2]) for m in
            ROW.findall(read('src/admin/admin_commands.def'))]


def option_names(options):
    return [one.split('=')[0] for one in re.split(r'[ |]', options) if one]


def page_items():
    """The commands of the page: {words: text of the whole line}."""
    items = {}
    for line in read('man/immpctl.8').splitlines():
        if not line.startswith('.It Cm '):
            continue
        words = []
        for word in line.split()[2:]:
            if word in ('Ar', 'Op', 'Oo', 'Fl', 'Oc'):
                break
            words.append(word)
        text = re.sub(r'\b(Cm|Ar|Op|Oo|Oc|Fl) ', '', line[len('.It '):])
        items[' '.join(words)] = text.replace('\\-', '--', 1)
    return items


def complete(*words):
    """What bash offers behind these words (the last one is being typed)."""
    script = '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
             '_immpctl; printf "%s\\n" "${COMPREPLY[@]}"'
    run = subprocess.run(
        ['bash', '-c', script,
         os.path.join(ROOT, 'etc/completion/immpctl.bash'), 'immpctl',
         *words], stdout=subprocess.PIPE, encoding='utf-8', check=True)
    return sorted(word for word in run.stdout.split() if word)


class ImmpctlTest(unittest.TestCase):
    def test_table(self):
        text = read('src/admin/admin_commands.def')
        self.assertEqual(len(rows()),
                         len(re.findall(r'^IMMP_ADMIN', text, re.M)))
        self.assertGreater(len(rows()), 20)

    def test_page(self):
        items = page_items()
        self.assertEqual(sorted(items), sorted(row[0] for row in rows()))
        for words, params, options in rows():
            with self.subTest(words):
                line = items[words].replace('\\-', '-')
                for param in params.split():
                    for name in re.split(r'[|]', param.strip('[]')):
                        self.assertRegex(line, r'(?<!\w)%s\b' % name)
                for name in option_names(options):
                    self.assertIn(name.lstrip('-'), line)

    def test_completion(self):
        first = sorted({row[0].split()[0] for row in rows()})
        self.assertEqual(complete(''), first)
        self.assertEqual(complete('-c', 'file', '--json', ''), first)
        for word in first:
            second = sorted(row[0].split()[1] for row in rows()
                            if row[0].startswith(word + ' '))
            with self.subTest(word):
                self.assertEqual(complete(word, ''), second)

    def test_completion_options(self):
        for words, params, options in rows():
            with self.subTest(words):
                self.assertEqual(
                    complete(*words.split(), '--'),
                    sorted(option_names(options) + ['--help', '--json']))
                if '|' in params:
                    words_of = params.split()[-1].strip('[]').split('|')
                    self.assertEqual(
                        complete(*words.split(), 'a@b.test', ''),
                        sorted(words_of))


if __name__ == '__main__':
    unittest.main()
