"""What the checking tools know about C source: files, and a mask that tells
code, comments and strings apart without parsing more than that."""

import os
import re

C_FOLDERS = ('src', 'include', 'tests', 'bench', 'examples')


def walk(root, folders, suffixes):
    """Paths below the folders of root that end in one of suffixes, relative
    to root and sorted."""
    found = []
    for folder in folders:
        for here, dirs, files in os.walk(os.path.join(root, folder)):
            dirs[:] = [d for d in dirs if d != '__pycache__']
            for name in files:
                if name.endswith(suffixes):
                    path = os.path.join(here, name)
                    found.append(os.path.relpath(path, root))
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8',
              errors='surrogateescape', newline='') as f:
        return f.read()


TOKEN = re.compile(
    r'''(?P<comment>/\*.*?(?:\*/|\Z)|//(?:\\\n|[^\n])*)'''
    r'''|(?P<text>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)''',
    re.S)


def blank(text):
    """text with everything but line ends turned into blanks."""
    return re.sub(r'[^\n]', ' ', text)


class Source:
    """One file.  raw is what it holds; code has comments blanked and the
    insides of strings too; strings has only comments blanked; comments has
    only comments.  All four are of one length, so offsets are shared."""

    def __init__(self, root, path):
        self.path = path
        self.raw = read(root, path)
        code, strings, comments = [], [], []
        at = 0
        for m in TOKEN.finditer(self.raw):
            plain = self.raw[at:m.start()]
            code.append(plain)
            strings.append(plain)
            comments.append(blank(plain))
            token = m.group(0)
            if m.group('comment'):
                code.append(blank(token))
                strings.append(blank(token))
                comments.append(token)
            else:
                inside = blank(token[1:-1])
                code.append(token[0] + inside + token[-1:]
                            if len(token) > 1 else token)
                strings.append(token)
                comments.append(blank(token))
            at = m.end()
        plain = self.raw[at:]
        self.code = ''.join(code) + plain
        self.strings = ''.join(strings) + plain
        self.comments = ''.join(comments) + blank(plain)

    def line(self, offset):
        """The number of the line that holds an offset, from 1."""
        return self.raw.count('\n', 0, offset) + 1

    def includes(self):
        """Yield (line, opening mark, path) of every #include."""
        pattern = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]*)',
                             re.M)
        for m in pattern.finditer(self.strings):
            yield self.line(m.start(1)), m.group(1), m.group(2)


class Report:
    """Collects findings and prints them as path:line: rule: text."""

    def __init__(self, tool):
        self.tool = tool
        self.errors = 0
        self.warnings = 0

    def error(self, path, line, rule, text):
        self.errors += 1
        print(f'{path}:{line}: {rule}: {text}')

    def warning(self, path, line, rule, text):
        self.warnings += 1
        print(f'{path}:{line}: warning: {rule}: {text}')

    def end(self, files):
        """Print the sum; the exit code of the tool."""
        print(f'{self.tool}: {files} files, {self.errors} errors, '
              f'{self.warnings} warnings')
        return 1 if self.errors else 0
