#!/usr/bin/env python3
"""What another program makes of our MIME: Python's email package.

usage: test_render_mime.py RENDER_CAT

Each case is a message as we store it (envelope and parts).  It is rendered,
parsed, and structure, charset, names, headers and octets are compared.
"""

import base64
import email
import email.policy
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest
from email.errors import NonASCIILocalPartDefect, UndecodableBytesDefect
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime

RENDER = None    # the process that renders
FOLDER = None    # where it finds its files
ID = '619b982c-f9b4-7263-bbc7-755afc7710dd'
REPLY = '716e9a9e-7a48-7fd0-aa80-a1ac52f13cb2'


def part(name, octets, type='text/plain', **more):
    if isinstance(octets, str):
        octets = octets.encode()
    return dict(more, id=name, type=type, octets=octets)


def container(name, type='multipart/mixed', **more):
    return part(name, b'', type, **more)


def message(*parts, **envelope):
    """A message; the first part that is no container is the content unless
    another says so."""
    m = {'v': 1, 'id': ID, 'from': 'alice@a.test', 'date': 1381978910006,
         'received': 1381978911000, 'multipart': len(parts) > 1}
    m.update(envelope)
    if not any(p.get('content') for p in parts):
        next(p for p in parts
             if p['octets'] or len(parts) == 1)['content'] = True
    m['parts'] = list(parts)
    return m


def render(m, kind='mime'):
    body, parts = b'', []
    for p in m['parts']:
        q = {k: v for k, v in p.items() if k != 'octets'}
        q.setdefault('shape', 3)
        q.update(offset=len(body), length=len(p['octets']),
                 sha256=hashlib.sha256(p['octets']).hexdigest())
        body += p['octets']
        parts.append(q)
    paths = [os.path.join(FOLDER, n) for n in ('manifest', 'body', 'output')]
    with open(paths[0], 'w', encoding='utf-8') as f:
        json.dump(dict(m, parts=parts), f, ensure_ascii=False)
    with open(paths[1], 'wb') as f:
        f.write(body)
    RENDER.stdin.write(' '.join([kind] + paths) + '\n')
    RENDER.stdin.flush()
    answer = RENDER.stdout.readline()
    if answer != 'ok\n':
        raise RuntimeError(answer)
    with open(paths[2], 'rb') as f:
        return f.read()


def utf8(text):
    """Text in which Python left octets undecoded."""
    return text.encode('utf-8', 'surrogateescape').decode()


def crlf(octets):
    return octets if b'\r\n' in octets else octets.replace(b'\n', b'\r\n')


class Case(unittest.TestCase):
    def parse(self, m):
        """The parsed message, after what must hold for any."""
        raw = render(m)
        self.assertEqual(render(m), raw)
        head = render(m, 'headers')
        self.assertTrue(raw.startswith(head) and head.endswith(b'\r\n\r\n'))
        self.assertNotIn(b'\r\n\r\n', head[:-4])
        for line in head.split(b'\r\n'):
            self.assertLessEqual(len(line), 998)
            self.assertNotIn(b'\n', line)
            self.assertNotIn(b'\r', line)
            for word in re.findall(rb'=\?[^ ]*\?=', line):
                self.assertLessEqual(len(word), 75)
                self.assertLessEqual(len(line), 76)
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        for p in parsed.walk():
            self.assertEqual(p.defects, [])
            for name, value in p.items():
                # An address in UTF-8 (RFC 6532) is none to Python alone.
                defects = [d for d in value.defects if not isinstance(
                    d, (NonASCIILocalPartDefect, UndecodableBytesDefect))]
                self.assertEqual(defects, [], (name, value))
        self.assertEqual(parsed['MIME-Version'], '1.0')
        return parsed

    def one(self, parsed, p, octets=None):
        """The one part that is p, octet for octet."""
        self.assertEqual(parsed.get_content_type(), p['type'].split(';')[0])
        got = parsed.get_payload(decode=True)
        self.assertEqual(got, p['octets'] if octets is None else octets)

    def shape(self, parsed):
        """Types as a tree."""
        if parsed.is_multipart():
            return [parsed.get_content_type(),
                    [self.shape(p) for p in parsed.iter_parts()]]
        return parsed.get_content_type()


class Headers(Case):
    SUBJECTS = [
        'Hi', 'a' * 60, 'word ' * 40 + 'end', 'x' * 950, 'x' * 2000,
        'two  blanks   three', ' leading', 'trailing ', ' ', '\u00fcber',
        'Gr\u00fc\u00dfe aus K\u00f6ln', '\u00e9' * 100,
        '\u65e5\u672c\u8a9e' * 30, '\U0001f600' * 40,
        'ASCII with =?utf-8?q?fake?= word', '=?', '?=', 'a_b=c?d"e\\f(g)',
        'mostly ascii with one \u20ac sign and a long tail of words ' * 3,
        'a: b; c, <d@e>', '\u202eabc', 'a' * 70 + ' b', 'a' * 66 + ' bb c',
    ]

    def test_subject(self):
        for s in self.SUBJECTS:
            with self.subTest(s):
                m = self.parse(message(part('a', 'x'), subject=s))
                self.assertEqual(m['Subject'], s)

    def test_controls(self):
        raw = render(message(part('a', 'x'), subject='a\r\nX-Evil: b\n\nc',
                             headers=[['X-A', 'b\r\nX-Evil: c'],
                                      ['X-B\r\nX-Evil', 'c']],
                             names=[['alice@a.test', 'A\r\nX-Evil: d']]))
        m = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertNotIn('X-Evil', m)
        self.assertEqual(m['Subject'], 'a??X-Evil: b??c')
        self.assertEqual(m.get_payload(decode=True), b'x')

    NAMES = [
        'Alice', 'Alice A.', 'A "quoted" \\ name', 'J\u00f6rg', 'a, b; <c>',
        '\u65e5\u672c\u8a9e' * 20, 'x' * 200, 'word ' * 30 + 'end', '=?a?=',
        'two  blanks', ' lead', '(comment)', 'a@b', '\U0001f600',
    ]

    def test_display_names(self):
        for n in self.NAMES:
            with self.subTest(n):
                m = self.parse(message(
                    part('a', 'x'), to=['bob@b.test', 'carol@c.test'],
                    names=[['alice@a.test', n], ['carol@c.test', n]]))
                a = m['From'].addresses[0]
                self.assertEqual(a.addr_spec, 'alice@a.test')
                bob, carol = m['To'].addresses
                self.assertEqual((bob.display_name, bob.addr_spec),
                                 ('', 'bob@b.test'))
                self.assertEqual(carol.addr_spec, 'carol@c.test')
                if a.display_name == n:
                    self.assertEqual(carol.display_name, n)
                    continue
                # This parser keeps the blanks between encoded words of a
                # phrase; the older one does not.
                raw = email.message_from_bytes(render(message(
                    part('a', 'x'), names=[['alice@a.test', n]])))
                self.assertEqual(str(make_header(decode_header(raw['From']))),
                                 f'{n} <alice@a.test>')

    def test_addresses(self):
        for local in ['a', 'helpdesk/alice', 'a.b_c-d', 'a+lists',
                      'j\u00f6rg', 'a..b', 'a.', 'x' * 64, 'a+b%2Fc']:
            with self.subTest(local):
                addr = local + '@b.test'
                m = self.parse(message(part('a', 'x'), to=[addr],
                                       **{'from': addr, 'by': 's@b.test'}))
                got = m['To'].addresses[0]
                self.assertEqual((utf8(got.username), got.domain),
                                 (local, 'b.test'))
                self.assertEqual(utf8(m['From'].addresses[0].username), local)
                self.assertEqual(m['Sender'].address.addr_spec, 's@b.test')

    def test_many_recipients(self):
        to = ['user%d@some.domain.test' % i for i in range(100)]
        m = self.parse(message(part('a', 'x'), to=to, cc=to[:3]))
        self.assertEqual([a.addr_spec for a in m['To'].addresses], to)
        self.assertEqual([a.addr_spec for a in m['Cc'].addresses], to[:3])
        for line in render(message(part('a', 'x'), to=to)).split(b'\r\n'):
            self.assertLessEqual(len(line), 78)

    def test_envelope(self):
        m = self.parse(message(part('a', 'x'), reply=REPLY, important=1,
                               to=['bob@b.test']))
        self.assertEqual(m['Message-ID'], f'<{ID}@a.test>')
        self.assertEqual(m['In-Reply-To'], f'<{REPLY}@b.test>')
        self.assertEqual(m['Importance'], 'high')
        self.assertEqual(m['X-Priority'], '1')
        self.assertEqual(m['Date'], 'Thu, 17 Oct 2013 03:01:50 +0000')
        m = self.parse(message(part('a', 'x'), important=-1))
        self.assertEqual((m['Importance'], m['X-Priority']), ('low', '5'))
        self.assertIsNone(m['In-Reply-To'])

    def test_date(self):
        for ms in [0, 951782399000, 951782400000, 1709164800000,
                   4102444799999, 253402300799999]:
            m = self.parse(message(part('a', 'x'), date=ms))
            self.assertEqual(
                int(parsedate_to_datetime(m['Date']).timestamp()), ms // 1000)
        raw = render(message(part('a', 'x'), date=2**63 - 1))
        self.assertIn(b'Date: Fri, 31 Dec 9999 23:59:59 +0000\r\n', raw)

    def test_extra(self):
        m = self.parse(message(part('a', 'x'), subject='mine', headers=[
            ['Reply-To', 'J\u00f6rg <j\u00f6rg@a.test>'],
            ['X-Note', 'gr\u00fc\u00df dich'], ['X-Empty', ''],
            ['Via', 'a.test'], ['Via', 'b.test'],
            ['References', ' '.join(f'<{i}@x.test>' for i in range(50))],
            ['Subject', 'theirs'], ['From', 'evil@x.test'],
            ['MIME-Version', '2.0'], ['Content-Type', 'text/x'],
            ['To', 'shown@x.test']]))
        reply_to = m['Reply-To'].addresses[0]
        self.assertEqual(utf8(reply_to.addr_spec), 'j\u00f6rg@a.test')
        self.assertEqual(m['X-Note'], 'gr\u00fc\u00df dich')
        self.assertEqual(m['X-Empty'], '')
        self.assertEqual(m.get_all('Via'), ['a.test', 'b.test'])
        self.assertEqual(len(m['References'].split()), 50)
        self.assertEqual(m.get_all('Subject'), ['mine'])
        self.assertEqual(len(m.get_all('From')), 1)
        self.assertEqual(m.get_all('To'), ['shown@x.test'])
        self.assertEqual(m.get_content_type(), 'text/plain')

    def test_imported_identity(self):
        m = self.parse(message(part('a', 'x'), reply=REPLY, headers=[
            ['Message-ID', '<old@x.test>'], ['In-Reply-To', '<a@x.test>']]))
        self.assertEqual(m.get_all('Message-ID'), ['<old@x.test>'])
        self.assertEqual(m.get_all('In-Reply-To'), ['<a@x.test>'])


class Parts(Case):
    def test_text(self):
        for octets in [b'', b'x', b'a\nb\n', b'a\r\nb\r\n', b'\n', b'\n\n\n',
                       'gr\u00fc\u00df\n'.encode(), b'From a\n.\n..\n--x\n',
                       b'x' * 998 + b'\n', b'a\n' * 50000]:
            with self.subTest(octets[:20]):
                p = part('a', octets)
                m = self.parse(message(p))
                self.one(m, p, crlf(octets))
                self.assertIn(m['Content-Transfer-Encoding'],
                              ('7bit', '8bit'))
                self.assertEqual(m.get_content(), crlf(octets).decode())

    def test_binary_text(self):
        for octets in [b'a\0b', b'a\rb', b'a\nb\r\n', b'x' * 999, b'\r',
                       'ü'.encode() * 600]:
            with self.subTest(octets[:20]):
                p = part('a', octets)
                m = self.parse(message(p))
                self.assertEqual(m['Content-Transfer-Encoding'], 'base64')
                self.one(m, p)

    def test_charset(self):
        for type, want in [('text/plain', 'utf-8'),
                           ('text/plain; charset=iso-8859-1', 'iso-8859-1'),
                           ('text/html;charset="UTF-8"', 'utf-8')]:
            m = self.parse(message(part('a', b'gr\xc3\xbc\n', type)))
            self.assertEqual(m.get_content_charset(), want)
        m = self.parse(message(part('a', 'ascii')))
        self.assertIsNone(m.get_content_charset())

    def test_attachments(self):
        octets = random.Random(1).randbytes(100000)
        pdf = part('part2', octets, 'application/pdf', file='Rechnung.pdf')
        m = self.parse(message(
            part('image.jpg', b'\xff\xd8', 'image/jpeg'), pdf,
            part('body', 'Hello\n', 'text/html', content=True),
            part('part3', b'{}', 'application/json')))
        self.assertEqual(self.shape(m), ['multipart/mixed', [
            'text/html', 'image/jpeg', 'application/pdf',
            'application/json']])
        body, image, got, last = m.iter_parts()
        self.assertIsNone(body.get_content_disposition())
        self.assertEqual(image.get_filename(), 'image.jpg')
        self.assertEqual(got.get_filename(), 'Rechnung.pdf')
        self.assertEqual(got.get_content_disposition(), 'attachment')
        self.assertEqual(last.get_content_disposition(), 'attachment')
        self.assertIsNone(last.get_filename())
        self.one(got, pdf)

    FILES = [
        'a.txt', 'with blank.txt', 'q"uote\\.txt', '\u00fc.png',
        '\u65e5\u672c\u8a9e' * 20 + '.pdf', "it's 100%*.txt", 'x' * 200,
        '\u00e4' * 120, "UTF-8''a.txt", '\U0001f600.gif', 'a;b=c.txt',
        '=?utf-8?q?x?=',
    ]

    def test_file_names(self):
        for name in self.FILES:
            with self.subTest(name):
                m = self.parse(message(
                    part('a', 'x'),
                    part('b', b'\0', 'image/png', file=name)))
                for line in render(message(
                        part('a', b'\0', 'image/png', file=name))
                        ).split(b'\r\n'):
                    if b'*' in line:
                        self.assertLessEqual(len(line), 78)
                _, b = m.iter_parts()
                self.assertEqual(b.get_filename(), name)

    def test_related(self):
        m = self.parse(message(
            container('alt', 'multipart/alternative; boundary=old'),
            part('text', 'Hi\n', **{'in': 'alt'}, content=True),
            container('rel', 'multipart/related; type="text/html"',
                      **{'in': 'alt'}),
            part('html', '<img src="cid:logo@a.test">', 'text/html',
                 **{'in': 'rel'}),
            part('logo', b'\x89PNG', 'image/png', cid='logo@a.test',
                 inline=True, **{'in': 'rel'})))
        self.assertEqual(self.shape(m), ['multipart/alternative', [
            'text/plain', ['multipart/related', ['text/html',
                                                 'image/png']]]])
        self.assertNotEqual(m.get_boundary(), 'old')
        text, rel = m.iter_parts()
        self.assertEqual(rel.get_param('type'), 'text/html')
        html, logo = rel.iter_parts()
        self.assertEqual(logo['Content-ID'], '<logo@a.test>')
        self.assertEqual(logo.get_content_disposition(), 'inline')
        for p in (text, html):
            self.assertIsNone(p.get_content_disposition())
        self.assertEqual(logo.get_content(), b'\x89PNG')

    def test_alternative_and_attachment(self):
        m = self.parse(message(
            part('a.pdf', b'%PDF\0', 'application/pdf'),
            container('alt', 'multipart/alternative'),
            part('text', 'Hi\n', **{'in': 'alt'}, content=True),
            part('html', '<p>Hi', 'text/html', **{'in': 'alt'})))
        self.assertEqual(self.shape(m), ['multipart/mixed', [
            ['multipart/alternative', ['text/plain', 'text/html']],
            'application/pdf']])

    def test_nested_message(self):
        inner = (b'Subject: inner\nContent-Type: text/plain\n\n'
                 b'gr\xc3\xbc\xc3\x9f\n')
        m = self.parse(message(
            part('a', 'see below'),
            part('mail', inner, 'message/rfc822', file='mail.eml')))
        self.assertEqual(m['Content-Transfer-Encoding'], '8bit')
        _, mail = m.iter_parts()
        self.assertEqual(mail['Content-Transfer-Encoding'], '8bit')
        self.assertEqual(mail.get_content()['Subject'], 'inner')
        self.assertIn(crlf(inner), render(message(
            part('a', 'x'), part('m', inner, 'message/rfc822'))))

    def test_binary_message(self):
        inner = b'Subject: x\r\n\r\n' + b'y' * 2000 + b'\0\n'
        raw = render(message(part('a', 'x'),
                             part('m', inner, 'message/rfc822')))
        self.assertIn(b'Content-Transfer-Encoding: binary\r\n', raw)
        self.assertIn(b'\r\n\r\n' + inner + b'\r\n--', raw)

    def test_signed_as_a_whole(self):
        inner = (b'--b\r\nContent-Type: text/plain\r\n\r\nsigned text\r\n'
                 b'--b\r\nContent-Type: application/pgp-signature\r\n\r\n'
                 b'-----BEGIN\r\n--b--\r\n')
        m = self.parse(message(part(
            'a', inner, 'multipart/signed; boundary=b; micalg=pgp-sha256')))
        self.assertEqual(self.shape(m), ['multipart/signed', [
            'text/plain', 'application/pgp-signature']])
        self.assertTrue(render(message(part(
            'a', inner, 'multipart/signed; boundary=b'))).endswith(inner))

    def test_original_headers(self):
        m = self.parse(message(
            part('header', 'Received: x\n', 'text/rfc822-headers'),
            part('body', 'Hi\n', content=True)))
        self.assertEqual(self.shape(m), 'text/plain')
        # Another one of that type is an attachment like any.
        m = self.parse(message(
            part('body', 'Hi\n', content=True),
            part('h', 'Received: x\n', 'text/rfc822-headers')))
        self.assertEqual(self.shape(m), ['multipart/mixed', [
            'text/plain', 'text/rfc822-headers']])

    def test_whole_multipart(self):
        """A multipart that came broken is kept as it is."""
        inner = b'no boundary here\r\n'
        m = message(part('a', 'Hi\n', content=True),
                    part('b', inner, 'multipart/mixed; boundary="x y"; c=d',
                         ends_lf=True),
                    part('c', b'', 'multipart/mixed; boundary=x',
                         ends_lf=True),
                    imported=True)
        raw = render(m)
        self.assertIn(b'Content-Type: multipart/mixed; boundary="x y"; c=d\r\n'
                      b'Content-Transfer-Encoding: 7bit\r\n\r\n' + inner, raw)
        # Its last line end is its own: none is put before the delimiter.
        self.assertIn(inner + b'--', raw)
        # One that is empty is a leaf, too.
        self.assertIn(b'multipart/mixed; boundary=x\r\n'
                      b'Content-Transfer-Encoding: 7bit\r\n\r\n--', raw)
        raw = render(message(part('c', b'', 'multipart/mixed; boundary=x',
                                  content=True), imported=True))
        self.assertIn(b'multipart/mixed; boundary=x\r\n', raw)

    def test_original(self):
        """What was kept of an imported message is its MIME."""
        octets = b'Subject: old\nContent-Type: text/x-odd\n\nHi\n'
        lines = {'shape': 1, 'ends_lf': True}
        parts = (part('header', octets[:38], 'text/rfc822-headers',
                      bare_lf=2, **lines),
                 part('original', octets, 'message/rfc822', bare_lf=4,
                      **lines),
                 part('a', 'Hi\n', content=True))
        m = message(*parts, imported=True)
        self.assertEqual(render(m), octets.replace(b'\n', b'\r\n'))
        self.assertEqual(render(m, 'headers'),
                         octets[:38].replace(b'\n', b'\r\n') + b'\r\n')
        # Only its owner may say so.
        raw = render(message(*parts))
        self.assertIn(b'From: alice@a.test\r\n', raw)
        self.assertIn(b'Content-Type: message/rfc822\r\n', raw)

    def test_whole_message_parameters(self):
        raw = render(message(part('a', 'Hi\n', content=True),
                             part('b', b'A: b\n\nc\n',
                                  'message/partial; id="x@y"; boundary=z')))
        self.assertIn(b'message/partial; id="x@y"; boundary=z\r\n', raw)

    def test_empty_container(self):
        m = self.parse(message(part('body', 'Hi\n', content=True),
                               container('none')))
        self.assertEqual(self.shape(m)[1][0], 'text/plain')

    def test_digest(self):
        m = self.parse(message(
            part('body', 'Hi\n', content=True),
            container('d', 'multipart/digest'),
            part('m1', 'Subject: 1\n\nx', 'message/rfc822', **{'in': 'd'}),
            part('m2', 'Subject: 2\n\nx', 'message/rfc822', **{'in': 'd'})))
        _, digest = m.iter_parts()
        self.assertEqual([p.get_content()['Subject']
                          for p in digest.iter_parts()], ['1', '2'])

    def test_many(self):
        parts = [part(f'p{i}', os.urandom(i), 'image/png')
                 for i in range(1, 300)]
        m = self.parse(message(part('body', 'Hi\n', content=True), *parts))
        got = list(m.iter_parts())[1:]
        self.assertEqual(len(got), len(parts))
        for g, p in zip(got, parts):
            self.one(g, p)

    def test_random(self):
        r = random.Random(7)
        kinds = ['text/plain', 'text/html', 'image/png', 'text/csv',
                 'application/octet-stream']
        for _ in range(60):
            parts = [container('m0')]
            names = ['m0']
            for i in range(r.randrange(1, 8)):
                under = r.choice(names)
                if r.random() < 0.25:
                    names.append(f'm{i + 1}')
                    parts.append(container(names[-1], **{'in': under}))
                octets = r.choice([
                    r.randbytes(r.randrange(1, 5000)),
                    b''.join(r.choice([b'ab', b'\n', b'x\n', b'\xc3\xa4'])
                             for _ in range(r.randrange(1, 400)))])
                parts.append(part(f'p{i}', octets, r.choice(kinds),
                                  **{'in': under}))
            r.shuffle(parts)
            m = self.parse(message(*parts))
            want = sorted(p['octets'] if b'\0' in p['octets'] or
                          not p['type'].startswith('text/')
                          else crlf(p['octets'])
                          for p in parts if p['octets'])
            got = [p.get_payload(decode=True) for p in m.walk()
                   if not p.is_multipart()]
            for octets in want:
                # Text that had to go as base64 kept its own line ends.
                self.assertTrue(octets in got or any(
                    crlf(g) == octets for g in got if g))


class Replay(Case):
    """The header that an imported message came with, once more."""

    def replay(self, block, **more):
        """The fields that are given for a header block, each with its end,
        after what must hold of any."""
        m = message(part('header', block, 'text/rfc822-headers'),
                    part('body', 'Hi\n', content=True), imported=True,
                    subject='of the envelope', **more)
        raw, head = render(m), render(m, 'headers')
        self.assertEqual(render(m), raw)
        end = (b'MIME-Version: 1.0\r\nContent-Type: text/plain\r\n'
               b'Content-Transfer-Encoding: 7bit\r\n\r\n')
        self.assertTrue(head.endswith(end), head)
        self.assertEqual(raw, head + b'Hi\r\n')
        head = head[:-len(end)]
        self.assertNotIn(b'of the envelope', head)
        self.assertIsNone(re.search(rb'[\0-\x08\x0b\x0c\x0e-\x1f\x7f]', head))
        self.assertEqual(head.count(b'\r'), head.count(b'\r\n'))
        self.assertEqual(head.count(b'\n'), head.count(b'\r\n'))
        self.assertNotIn(b'\r\n\r\n', b'\r\n' + head)
        return head

    CASES = [
        ('as it is', b'Subject:  a\r\nX-A:b\r\n', b'Subject:  a\r\nX-A:b\r\n'),
        ('nothing', b'', b''),
        ('LF', b'A: b\n c\nD: e', b'A: b\r\n c\r\nD: e\r\n'),
        ('order and doubles', b'B: 1\nA: 2\nB: 3\n',
         b'B: 1\r\nA: 2\r\nB: 3\r\n'),
        ('MIME goes', b'A: b\nMIME-Version: 1.0 (x)\nContent-Type: a/b;\n'
         b'\tboundary=c\nCONTENT-Length: 3\nmime-version: 1\nD: e\n f\n'
         b'Content-Transfer-Encoding : x\n\tContent-Type: a\n',
         b'A: b\r\nD: e\r\n f\r\n'),
        ('what else a part has stays', b'Content-Language: en\nA: b\n'
         b'content-description: x\n y\n', b'Content-Language: en\r\n'
         b'A: b\r\ncontent-description: x\r\n y\r\n'),
        ('Content alone stays', b'Content: a\nContents: b\n',
         b'Content: a\r\nContents: b\r\n'),
        ('From_', b'From a@b Thu Jan  1 00:00:00 1970\nA: b\n', b'A: b\r\n'),
        ('quoted From_', b'>From a@b Thu\n c\nA: b\n', b'A: b\r\n'),
        ('no field', b'A: b\nno field: at all\n of it\n: x\nC: d\n',
         b'A: b\r\nC: d\r\n'),
        ('an empty line ends it', b'A: b\r\r\nC: d\n\nE: f\n',
         b'A: b\r\n'),
        ('so does the first', b'\nA: b\n', b''),
        ('begins with a fold', b' x\nA: b\n', b'A: b\r\n'),
        ('old syntax', b'Subject : a\nFrom\t: b\n',
         b'Subject: a\r\nFrom: b\r\n'),
        ('Content-Type of old syntax', b'Content-Type : a/b\nA: b\n',
         b'A: b\r\n'),
        ('blank fold', b'A: b\n \n c\n', b'A: b\r\n \r\n c\r\n'),
        ('CR only', b'A: b\r c\rContent-Type: x\r y\rD: e\r',
         b'A: b\r\n c\r\nD: e\r\n'),
        ('bare CR', b'A: b\rC: d\r e\r\nf\rG: h\r\r\n',
         b'A: b\r\nC: d\r\n e\r\nG: h\r\n'),
        ('controls', b'A: \0\x01\x1b\x7f\tb\xc2\x85\xe2\x80\xa8\n',
         b'A: ????\tb??\r\n'),
        ('UTF-8', 'A: gr\u00fc\u00df \U0001f600\n'.encode(),
         'A: gr\u00fc\u00df \U0001f600\r\n'.encode()),
        ('a charset of its own', b'A: Gr\xfc\xdfe\x00 \x85\n \xc2\x85\n',
         b'A: Gr\xfc\xdfe? \x85\r\n ?\r\n'),
        ('two octets that are UTF-8 in a line that is not',
         b'A: \xc2\x85\xe0\xb0 \x1b\n', b'A: \xc2\x85\xe0\xb0 ?\r\n'),
    ]

    def test_cases(self):
        for name, block, want in self.CASES:
            with self.subTest(name):
                self.assertEqual(self.replay(block), want)

    def test_bad_utf8(self):
        """What is none stays as it is."""
        leads = [0x41, 0x80, 0x8f, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff]
        r = random.Random(3)
        texts = [bytes([a, b]) for a in leads for b in leads]
        texts += [bytes(r.choices(leads, k=r.randrange(1, 12)))
                  for _ in range(3000)]
        # U+0080 to U+009F are control characters and another matter.
        texts = [t for t in texts if not re.search(
            '[\x80-\x9f]', t.decode(errors='ignore'))]
        got = self.replay(b'\n'.join(b'A: ' + t for t in texts))
        self.assertEqual(got.split(b'\r\n')[:-1], [b'A: ' + t for t in texts])

    def test_long_lines(self):
        word = b'x' * 99 + b' '
        for n in (997, 998, 999, 1500, 5000):
            with self.subTest(n):
                block = (b'A: ' + word * 60)[:n].rstrip(b' ')
                got = self.replay(block)
                self.assertEqual(got.replace(b'\r\n', b''), block)
                for line in got.split(b'\r\n'):
                    self.assertLessEqual(len(line), 998)
                    self.assertTrue(not line or line.strip())
        # Where there is no blank it stays one line; behind it there may be.
        block = b'A:' + b'x' * 2000
        self.assertEqual(self.replay(block), block + b'\r\n')
        self.assertEqual(self.replay(block + b' y\tz'),
                         block + b'\r\n y\tz\r\n')
        self.assertEqual(self.replay(block + b' ' * 1000),
                         block + b' ' * 1000 + b'\r\n')
        block = b'A: b\n' + b' ' * 2000 + b'c' + b' ' * 3
        self.assertEqual(self.replay(block).replace(b'\r\n', b'\n'),
                         block + b'\n')
        # The name of a field stays with its colon.
        block = b'Subject : ' + b'x' * 2000
        self.assertEqual(self.replay(block),
                         b'Subject:\r\n ' + b'x' * 2000 + b'\r\n')
        block = b'X' * 600 + b' ' * 500 + b':y'
        self.assertEqual(self.replay(block), b'X' * 600 + b':y\r\n')
        # The length counts octets.
        for n, end in ((993, b' \xff\r\n'), (994, b'\r\n \xff\r\n')):
            self.assertEqual(self.replay(b'A: ' + b'\xff' * n + b' \xff'),
                             b'A: ' + b'\xff' * n + end)

    def test_large(self):
        """Up to 1 MiB; past it the envelope speaks."""
        field = b'X-A: ' + b'b' * 57 + b'\n'
        block = field * (2 ** 20 // len(field))
        block += b'Y: ' + b'z' * (2 ** 20 - len(block) - 3)
        self.assertEqual(len(block), 2 ** 20)
        self.assertEqual(self.replay(block).replace(b'\r\n', b'\n'),
                         block + b'\n')
        m = message(part('header', block + b'z', 'text/rfc822-headers'),
                    part('body', 'Hi\n', content=True), imported=True,
                    subject='of the envelope')
        self.assertIn(b'Subject: of the envelope\r\n', render(m))
        self.assertNotIn(b'X-A', render(m))

    def test_not_imported(self):
        """What somebody else sent has no From of its own."""
        raw = render(message(
            part('header', 'From: eve@e.test\n', 'text/rfc822-headers'),
            part('body', 'Hi\n', content=True)))
        self.assertNotIn(b'eve@e.test', raw)
        self.assertIn(b'From: alice@a.test\r\n', raw)

    def test_other_parts(self):
        for id, type in (('Header', 'text/rfc822-headers'),
                         ('header', 'text/plain')):
            raw = render(message(part(id, 'From: eve@e.test\n', type),
                                 part('body', 'Hi\n', content=True),
                                 imported=True))
            self.assertIn(b'From: alice@a.test\r\n',
                          raw.split(b'\r\n\r\n')[0] + b'\r\n')

    def test_structure(self):
        """The fields of MIME are those of what is there now."""
        m = self.parse(message(
            part('header', 'Subject: =?utf-8?q?=C3=BC?=\nFrom: eve@e.test\n'
                 'Date: Thu, 1 Jan 1970 00:00:00 +0000\n'
                 'Content-Type: text/html\n', 'text/rfc822-headers'),
            part('text', 'Hi\n', content=True),
            part('logo', b'\x89PNG', 'image/png'), imported=True))
        self.assertEqual(self.shape(m), ['multipart/mixed', [
            'text/plain', 'image/png']])
        self.assertEqual(m['Subject'], '\u00fc')
        self.assertEqual(m['From'], 'eve@e.test')


    def test_charset(self):
        """Text of others is not called UTF-8 if they did not."""
        for octets in (b'gr\xfc\xdf\n', b'gr\xfc\0'):
            p = part('text', octets, content=True)
            head = part('header', 'A: b\n', 'text/rfc822-headers')
            m = self.parse(message(head, p, imported=True))
            self.assertEqual(m['Content-Type'], 'text/plain')
            m = self.parse(message(p, imported=True))
            self.assertEqual(m.get_content_charset(), 'utf-8')

    def test_first_line(self):
        """No reader takes a first field for the line of an mbox."""
        self.assertEqual(self.replay(b'Content-Length: 1\nFrom : a@b\n'),
                         b'From: a@b\r\n')


class Blocks(Case):
    """The fields that the parts of an imported message came with."""

    TOP = b'A: b\nContent-Type: multipart/mixed; boundary=x\n'

    def one_part(self, block, type='text/plain', **more):
        """The fields of a single part."""
        raw = render(message(part('header', block, 'text/rfc822-headers'),
                             part('a', 'Hi\n', type, content=True, **more),
                             imported=True))
        head, body = raw.split(b'\r\n\r\n', 1)
        self.assertIn(b'MIME-Version: 1.0\r\n', head)
        end = b'\r\nContent-Transfer-Encoding: '
        self.assertEqual(head.count(end), 1)
        return re.sub(end + b'[0-9a-z]+', b'', head).replace(
            b'MIME-Version: 1.0', b'*')

    def inner(self, *blocks, count=2, separator=b'\r\n', **more):
        """The fields of the last of so many parts in a multipart/mixed."""
        more.setdefault('type', 'text/plain')
        m = message(
            part('header', separator.join((self.TOP,) + blocks),
                 'text/rfc822-headers'),
            container('m'),
            *(part(f'p{i}', 'x\n', **{'in': 'm'}) for i in range(count - 1)),
            part('last', b'\x89', **{'in': 'm'}, **more), imported=True)
        raw, head = render(m), render(m, 'headers')
        self.assertTrue(raw.startswith(head))
        # Whatever they are, these are the parts.
        parsed = email.message_from_bytes(raw)
        self.assertEqual(parsed['A'], 'b')
        self.assertEqual(parsed.get_content_type(), 'multipart/mixed')
        self.assertEqual([p.get_payload(decode=True) for p in
                          parsed.get_payload()],
                         [b'x\r\n'] * (count - 1) + [b'\x89'])
        delimiter = b'--' + parsed.get_boundary().encode() + b'\r\n'
        return raw.split(delimiter)[-1].split(b'\r\n\r\n')[0] + b'\r\n'

    OURS = b'Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n'

    def test_type(self):
        for value, type, kept in (
                (b'text/plain', 'text/plain', True),
                (b' TEXT/Plain ; Charset=\"UTF-8\";\n\tname=\xfc.txt; ;x',
                 'text/plain; charset=utf-8', True),
                (b'text/plain; charset=a; charset=b', 'text/plain; charset=a',
                 True),
                (b'text/x', 'text/plain', False),
                (b'text/plainer', 'text/plain', False),
                (b'text/plain x', 'text/plain', False),
                (b'text/plain\x00', 'text/plain', False),
                (b'text/plain', 'text/plain; charset=utf-8', False),
                (b'text/plain; charset=x', 'text/plain', False),
                (b'text/plain; x=\"; charset=y\"', 'text/plain; charset=y',
                 False),
                (b'text/plain; charset=\"x', 'text/plain; charset=x', True),
                (b'text/plain; charset*=us-ascii\'\'x',
                 'text/plain; charset=x', False),
                (b'multipart/x; boundary=b', 'multipart/x; boundary=B',
                 False),
                (b'', 'text/plain', False)):
            with self.subTest(value):
                field = b'Content-Type:' + value
                got = self.one_part(b'B: c\n' + field + b'\nC: d\n', type)
                if kept:
                    field = field.replace(b'\n', b'\r\n')
                    want = b'B: c\r\n' + field + b'\r\nC: d\r\n*'
                else:
                    want = (b'B: c\r\nC: d\r\n*\r\nContent-Type: ' +
                            type.encode())
                self.assertEqual(got, want)

    def test_file(self):
        """A file name is somewhere."""
        cd = b'Content-Disposition: '
        ours = b'*\r\n' + cd + b'inline; filename="f"'
        for block, want in (
                (b'Content-Type: a/b; name*=f\n',
                 b'Content-Type: a/b; name*=f\r\n*'),
                (b'Content-Type: a/b\n', b'Content-Type: a/b\r\n' + ours),
                (b'Content-Type: a/b; name=f\n' + cd + b'x; size=7\n',
                 b'Content-Type: a/b; name=f\r\n' + cd + b'x; size=7\r\n*'),
                (cd + b'x; filename=f\n' + cd + b'y; filename=g\n',
                 cd + b'x; filename=f\r\n*\r\nContent-Type: a/b'),
                (cd + b'x; filename=\x01\n' + cd + b'y; filename=g\n',
                 ours.replace(b'*', b'*\r\nContent-Type: a/b')),
                (b'Content-Type: a/c; name=f\n' + cd + b'x; size=7\n',
                 ours.replace(b'*', b'*\r\nContent-Type: a/b'))):
            with self.subTest(block):
                self.assertEqual(self.one_part(block, 'a/b', file='f'), want)

    def test_no_file(self):
        """Where the disposition said that there is no name, there is none."""
        self.assertEqual(
            self.one_part(b'Content-Type: a/b; name=f\n'
                          b'Content-Disposition: x; filename=""; \x01\n',
                          'a/b'), b'*\r\nContent-Type: a/b')

    def test_id(self):
        for block, want in (
                (b'Content-ID:<c> (x)\nContent-ID: <e>\n',
                 b'Content-ID:<c> (x)\r\n*\r\nContent-Type: text/plain'),
                (b'Content-ID: <\x01>\nContent-ID: <e>\n',
                 b'*\r\nContent-Type: text/plain\r\nContent-ID: <c>'),
                (b'', b'*\r\nContent-Type: text/plain\r\nContent-ID: <c>')):
            with self.subTest(block):
                self.assertEqual(self.one_part(block, cid='c'), want)

    def test_inner(self):
        type = b'Content-Type: text/plain; name=\xfc\n'
        more = (b'Content-Description: x\n y\nX-Attachment-Id: z\n'
                b'Content-Disposition: attachment; size=1\n')
        cte = b'Content-Transfer-Encoding: 8bit\r\n'
        for separator in b'\r\n', b'\n':
            self.assertEqual(
                self.inner(b'', more + b'MIME-Version: 2\n' + type +
                           b'Content-Transfer-Encoding: base64\n'
                           b'Content-Length: 3\n', separator=separator),
                crlf(more + type) + cte)
        # Nothing is added to what has no fields, but how to read it.
        self.assertEqual(self.inner(b'', b''), self.OURS)
        self.assertEqual(self.inner(b'', b'', inline=True), self.OURS)
        # All or none.
        for blocks in ((more,), (b'', more, b''), (b'', more, more), ()):
            self.assertEqual(
                self.inner(*blocks), self.OURS +
                b'Content-Disposition: attachment; filename="last"\r\n')
        # CR alone is a line's end, also before the empty line.
        self.assertEqual(self.inner(b'', b'B: c\r d\rE: f\r'),
                         b'B: c\r\n d\r\nE: f\r\n' + self.OURS)

    def test_hostile(self):
        for line in (b' Content-Type: multipart/mixed; boundary=y',
                     b'\tContent-Transfer-Encoding: base64',
                     b'--y', b'no field', b': x', b'\x00: x',
                     b'Content-Transfer-Encoding\t: base64',
                     b'CONTENT-TRANSFER-ENCODING:base64',
                     b'Content-Type: message/rfc822',
                     b'Content-Type: text/plain\nContent-Type: a/b',
                     b'Content-Type: text/plain\x0b\n\tx',
                     b'X: ' + b'y ' * 2000, b'X:' + b' ' * 5000,
                     b'X' * 5000 + b':'):
            for block in (line + b'\n', b'B: c\n' + line, line + b'\r'):
                with self.subTest(block):
                    got = self.inner(b'', block)
                    self.assertEqual(
                        len(re.findall(rb'(?mi)^content-type:', got)), 1)
                    self.assertEqual(len(re.findall(
                        rb'(?mi)^content-transfer-encoding:', got)), 1)
                    self.assertNotIn(b'message/rfc822', got)

    def test_containers(self):
        """They have our boundary, and what else they came with."""
        block = (b'Content-Type: multipart/alternative; boundary=y; name=z\n'
                 b'Content-Description: x\nContent-ID: <c> x\n')
        m = message(
            part('header', self.TOP + b'Content-Language: en\n\n' + block +
                 b'\nB: c\n\nD: e\n', 'text/rfc822-headers'),
            container('m'),
            container('n', 'multipart/alternative', cid='c', **{'in': 'm'}),
            part('a', 'Hi\n', **{'in': 'n'}, content=True),
            part('b', 'Ho\n', **{'in': 'm'}), imported=True)
        parsed = self.parse(m)
        self.assertEqual(parsed['Content-Language'], 'en')
        n, b = parsed.iter_parts()
        self.assertEqual(n['Content-Description'], 'x')
        self.assertEqual(n.get_all('Content-ID'), ['<c> x'])
        self.assertEqual(n.get_all('Content-Type')[0].params['boundary'],
                         n.get_boundary())
        self.assertNotEqual(n.get_boundary(), 'y')
        self.assertEqual((list(n.iter_parts())[0]['B'], b['D']), ('c', 'e'))

    def test_made_up_root(self):
        """Several parts at the top: none of them has the top block."""
        m = self.parse(message(
            part('header', b'A: b\nContent-Language: en\n\nB: c\n\nD: e\n',
                 'text/rfc822-headers'),
            part('a', 'Hi\n', content=True), part('b', 'Ho\n'),
            imported=True))
        self.assertEqual(m['A'], 'b')
        self.assertIsNone(m['Content-Language'])
        self.assertEqual([p.items()[0] for p in m.iter_parts()],
                         [('B', 'c'), ('D', 'e')])

    def test_original(self):
        """The header alone is that of the message."""
        octets = b'A: b\n\nx\n'
        head = part('header', b'A: b\n\r\nC: d\n', 'text/rfc822-headers')
        m = message(head, part('original', octets, 'message/rfc822', shape=1,
                               bare_lf=3, ends_lf=True),
                    container('m'), part('a', 'Hi\n', content=True,
                                         **{'in': 'm'}), imported=True)
        self.assertEqual(render(m, 'headers'), b'A: b\r\n\r\n')


class Once(Case):
    """No field comes twice that may come once."""

    def test_doubles(self):
        m = self.parse(message(
            part('a', 'x'), **{'from': ''}, headers=[
                ['From', 'a@a'], ['From', 'b@b'], ['Subject', 'one'],
                ['subject', 'two'], ['Message-ID', '<1@a>'],
                ['message-id', '<2@a>'], ['References', '<3@a>'],
                ['References', '<4@a>'], ['Received', 'x'],
                ['Received', 'y'], ['Date', 'x'], ['MIME-Version', '2'],
                ['Content-Type', 'x']]))
        self.assertEqual([v for k, v in m.items() if k == 'Received'],
                         ['x', 'y'])
        for name, value in (('From', 'a@a'), ('Subject', 'one'),
                            ('Message-ID', '<1@a>'), ('References', '<3@a>')):
            self.assertEqual(m.get_all(name), [value])
        self.assertEqual(len(m.get_all('Date')), 1)

    def test_no_addresses(self):
        """What stands in the place of an address is one word of a header."""
        raw = render(message(part('a', 'x'), **{
            'from': 'a, b@c', 'to': ['nobody', 'x y', 'a@b, c@d', 'a@b c',
                                     '"q"@d', '<e', '@x', 'a\\@b']}))
        head = raw.split(b'\r\n\r\n')[0].replace(b'\r\n ', b' ')
        self.assertIn(b'\r\nTo: nobody, "x y", "a@b, c"@d, "a@b c", '
                      b'"\\"q\\""@d, "<e", ""@x, "a\\\\"@b\r\n', head)
        self.assertIn(b'From: "a, b"@c\r\n', head)


class Json(Case):
    def test_same(self):
        parts = [container('m'),
                 part('a', 'Hi "\u00fc"\n', **{'in': 'm'}),
                 part('b', os.urandom(70000), 'image/png', file='\u00fc.png',
                      cid='x@y', inline=True, **{'in': 'm'})]
        m = message(*parts, subject='"\\\u202e\x7f\u00fc', to=['bob@b.test'],
                    cc=['c@d'], reply=REPLY, secure=True, important=1,
                    headers=[['Via', 'a.test'], ['X-A', 'b']],
                    names=[['bob@b.test', 'Bob']], by='s@a.test')
        plain, pretty = render(m, 'json'), render(m, 'pretty')
        self.assertNotIn(b'\n', plain)
        self.assertIn(b'\n', pretty)
        for text in (plain, pretty):
            got = json.loads(text)
            self.assertEqual(got['_id'], 'x')
            e = got['envelope']
            self.assertEqual(e['subject'], m['subject'])
            self.assertEqual(e['from'], 'alice@a.test')
            self.assertEqual(e['by'], 's@a.test')
            self.assertEqual((e['to'], e['cc']), (['bob@b.test'], ['c@d']))
            self.assertEqual(e['date'], '2013-10-17T03:01:50.006Z')
            self.assertEqual(e['hops'], ['a.test'])
            self.assertEqual(e['headers'], [['X-A', 'b']])
            self.assertEqual(e['names'], {'bob@b.test': 'Bob'})
            self.assertEqual((e['reply'], e['secure'], e['important']),
                             (REPLY, True, 1))
            self.assertEqual([p['id'] for p in got['parts']],
                             ['m', 'a', 'b'])
            self.assertEqual(got['parts'][1]['class'], 'content')
            self.assertNotIn('class', got['parts'][2])
            for g, p in zip(got['parts'], parts):
                self.assertEqual(g['encoding'], 'base64')
                self.assertEqual(g['length'], len(p['octets']))
                self.assertEqual(base64.b64decode(g['data']), p['octets'])
                self.assertEqual(g['sha256'],
                                 hashlib.sha256(p['octets']).hexdigest())
            b = got['parts'][2]
            self.assertEqual((b['file'], b['cid'], b['in'], b['inline']),
                             ('\u00fc.png', 'x@y', 'm', True))


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as FOLDER, subprocess.Popen(
            [sys.argv.pop(1)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True) as RENDER:
        result = unittest.main(exit=False).result
        RENDER.stdin.close()
        if RENDER.wait() != 0:
            sys.exit('render_cat failed')
    sys.exit(not result.wasSuccessful())
