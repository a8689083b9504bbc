#!/usr/bin/env python3
"""Do we read the messages of the corpus as Python's email does?

usage: compare.py MIME_CAT [DIFFERENCES [FILE...]]

Compared are, for each message: the leaves in their order (type, file name,
decoded octets), the subject, the addresses of From, To and Cc, and the date.
Leaves that come whole, message/* and signed or broken multiparts, are cut
further by Python on both sides, under the type that we give them and at the
place that they have.

A difference that is meant is a row of differences.tsv: file, what differs,
who is right (us, python, both), why.  A row too many is an error, as is one
missing; and no more than 3 of 100 messages may have rows.

What is no difference, because DATA cannot say it otherwise (docs/protocol.md):
a type ends where its tokens end; a file name has no control and no bidi
characters and ends at 255 octets; an empty one is none; a control character
in a subject is U+FFFD; there is no date before 1970.  The address in
`From: <>` is empty, and only the first of several is read.  Where Python
ends with an exception there is nothing to compare.
"""

import email
import email.policy
import glob
import json
import os
import re
import subprocess
import sys
import unicodedata

AT_ONCE = 100
MARK = b'around-what-comes-whole'
BIDI = re.compile('[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]')
TYPE = re.compile(r'[^\x00-\x20()<>@,;:\\"/\[\]?=\x7f-\U0010ffff]+'
                  r'/[^\x00-\x20()<>@,;:\\"/\[\]?=\x7f-\U0010ffff]+')


def is_control(c):
    return unicodedata.category(c) == 'Cc' or c in '\u2028\u2029'


def as_text(value):
    """What Python keeps of octets that are no UTF-8."""
    return str(value).encode('utf-8', 'surrogateescape').decode(
        'utf-8', 'replace')


def clean_type(text):
    found = TYPE.match(text)
    return found.group() if found else 'text/plain'


def clean_name(text):
    if text is None:
        return ''
    text = ''.join(c for c in as_text(text) if not is_control(c))
    text = BIDI.sub('', text).strip(' \t\r\n')
    return text.encode()[:255].decode('utf-8', 'ignore').strip(' \t\r\n')


def python_leaves(part):
    """(type, file name, octets) of each."""
    if part.is_multipart():
        return [x for sub in part.get_payload() for x in python_leaves(sub)]
    return [(clean_type(part.get_content_type()),
             clean_name(part.get_filename()), part.get_payload(decode=True))]


def parse(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def python_people(message, name):
    try:
        field = message[name]
        found = [] if field is None else [
            as_text(a.addr_spec) for a in field.addresses]
    except ValueError:
        return None
    return ['' if a == '<>' else a for a in found]


def python_date(message):
    try:
        seconds = int(message['date'].datetime.timestamp())
    except Exception:
        return None
    return seconds if seconds >= 0 else None


def by_python(octets):
    message = parse(octets)
    subject = message['subject']
    subject = '' if subject is None else as_text(subject)
    return {
        'leaves': python_leaves(message),
        'subject': ''.join('\ufffd' if is_control(c) and c != '\t' else c
                           for c in subject),
        'from': python_people(message, 'from'),
        'to': python_people(message, 'to'),
        'cc': python_people(message, 'cc'),
        'date': python_date(message),
    }


def octets_of(text):
    return text.encode('latin-1')


def our_leaves(part):
    whole = octets_of(part['octets'])
    base = part['type'].split(';')[0]
    if base.startswith('multipart/'):
        return python_leaves(parse(b'Content-Type: %s\n\n%s' % (
            octets_of(part['type']), whole)))
    if base.startswith('message/'):
        whole = b'Content-Type: %s\n\n%s' % (octets_of(part['type']), whole)
        if part['in']:
            # What comes behind it has a say in what Python makes of its end.
            end = b'\r\n' if b'\r\n' in whole else (
                b'\r' if b'\r' in whole else b'\n')
            whole = (b'Content-Type: multipart/mixed; boundary=%s\n\n--%s\n'
                     b'%s%s--%s--\n' % (MARK, MARK, whole, end, MARK))
        return python_leaves(parse(whole))
    return [(base, octets_of(part['file']).decode(), whole)]


def by_us(read):
    for part in read['parts']:
        if not part['container'] and not part['length']:
            raise SystemExit('%s: two lengths' % part['id'])
    texts = {
        name: [octets_of(a).decode() for a in read[name]]
        for name in ('from', 'to', 'cc')}
    return dict(texts, **{
        'leaves': [x for part in read['parts'] if not part['container']
                   for x in our_leaves(part)],
        'subject': octets_of(read['subject']).decode(),
        'date': read['date'],
    })


def differences(theirs, ours):
    """(what, theirs, ours) of each."""
    a, b = theirs['leaves'], ours['leaves']
    if len(a) != len(b):
        yield ('leaves', [(x[0], len(x[2])) for x in a],
               [(x[0], len(x[2])) for x in b])
    else:
        for column, what in enumerate(('type', 'file', 'octets')):
            pairs = [(x[column], y[column]) for x, y in zip(a, b)
                     if x[column] != y[column]]
            if pairs:
                yield (what, [x for x, y in pairs], [y for x, y in pairs])
    for what in ('subject', 'from', 'to', 'cc', 'date'):
        x, y = theirs[what], ours[what]
        if what == 'from' and x is not None:
            x = x[:1] or ['']
        if x != y and (x is not None or what == 'date'):
            yield (what, x, y)


def read_all(mime_cat, files):
    for i in range(0, len(files), AT_ONCE):
        some = files[i:i + AT_ONCE]
        out = subprocess.run([mime_cat, *some], check=True,
                             stdout=subprocess.PIPE).stdout
        lines = out.decode('ascii').splitlines()
        if len(lines) != len(some):
            raise SystemExit('%d messages gave %d lines'
                             % (len(some), len(lines)))
        for path, line in zip(some, lines):
            yield path, json.loads(line)


def read_table(path):
    table = {}
    with open(path, encoding='utf-8') as f:
        for line in f:
            if line.startswith('#') or not line.strip():
                continue
            name, what, who, why = line.rstrip('\n').split('\t')
            if who not in ('us', 'python', 'both') or not why:
                raise SystemExit('%s: a bad row: %s' % (path, line))
            table[name, what] = why
    return table


def main():
    root = os.environ.get('IMMP_CORPUS') or os.path.join(
        os.path.dirname(os.path.abspath(__file__)), '../../../../shared/corpus')
    table = read_table(sys.argv[2]) if len(sys.argv) > 2 else {}
    files = sys.argv[3:] or sorted(glob.glob(os.path.join(root, '*', '*.eml')))
    if not files:
        raise SystemExit('no message in ' + root)
    found, bad = set(), 0
    for path, read in read_all(sys.argv[1], files):
        name = os.path.relpath(path, root)
        with open(path, 'rb') as f:
            theirs = by_python(f.read())
        for what, a, b in differences(theirs, by_us(read)):
            found.add((name, what))
            if (name, what) not in table:
                bad += 1
                print('%s: %s\n  python %.300r\n  us     %.300r'
                      % (name, what, a, b))
    for name, what in sorted(set(table) - found):
        if not sys.argv[3:]:
            bad += 1
            print('%s: %s: no difference any more' % (name, what))
    listed = len({name for name, what in table})
    print('%d messages, %d with differences that are meant' %
          (len(files), listed))
    if not sys.argv[3:] and listed * 100 > len(files) * 3:
        bad += 1
        print('too many')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
