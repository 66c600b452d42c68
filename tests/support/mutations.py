"""Damaged and hostile versions of valid content, drawn from a seed: the same number gives the same bytes."""

from __future__ import annotations

import copy
import gzip
import random
from collections.abc import Callable, Sequence
from typing import Any

from support.hostile_values import LEAVES, TOML_ONLY, as_json, as_toml, changed_at, places

TOKENS = (
    *(
        b"\0",
        b"\n",
        b"\r\n",
        b"\t",
        b" ",
        b'"',
        b"\\",
        b",",
        b":",
        b"{",
        b"}",
        b"[",
        b"]",
        b"#",
        b"---\n",
        b"=",
        b"'''",
    ),
    *(b"NaN", b"Infinity", b"1e999", b"null", b"true", b"-1", b"0", b"9" * 50, b"1e-400", b"../../x", b"__proto__"),
    *(b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xc3", b"\x1f\x8b", b"PAR1", b"Q0", b"x" * 5000),
    *(b"[" * 70, b'{"a":' * 70, b'"\\ud800"', b"\\u0000", b"!!python/object", b"&a [*a,*a]", b"1979-05-27", b"\x1b[2J"),
)
Mutation = Callable[[random.Random, bytes], bytes]


def flipped(draw: random.Random, content: bytes) -> bytes:
    """Replace some bytes."""
    edited = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        if edited:
            edited[draw.randrange(len(edited))] = draw.randrange(256)
    return bytes(edited)


def cut(draw: random.Random, content: bytes) -> bytes:
    """Keep a beginning, or leave a part out."""
    start, end = sorted(draw.randrange(len(content) + 1) for _ in range(2))
    return content[:start] if draw.random() < 0.5 else content[:start] + content[end:]


def spliced(draw: random.Random, content: bytes) -> bytes:
    """Repeat a part of the content elsewhere, some of them many times."""
    start, end = sorted(draw.randrange(len(content) + 1) for _ in range(2))
    at, times = draw.randrange(len(content) + 1), draw.choice((1, 1, 1, 2, 30))
    return content[:at] + content[start : min(end, start + 2000)] * times + content[at:]


def with_tokens(draw: random.Random, content: bytes) -> bytes:
    """Insert tokens that mean something to some reader, or put them in the place of as many bytes."""
    for _ in range(draw.choice((1, 1, 2, 5))):
        at, token = draw.randrange(len(content) + 1), draw.choice(TOKENS)
        content = content[:at] + token + content[at + (len(token) if draw.random() < 0.5 else 0) :]
    return content


def wrapped(draw: random.Random, content: bytes) -> bytes:
    """Return the content in another encoding, compressed, or other bytes."""
    others = (
        gzip.compress(content, 1, mtime=0),
        gzip.compress(flipped(draw, content), 1, mtime=0)[: draw.randrange(20, 4000)],
        b"\xef\xbb\xbf" + content,
        content.decode(errors="replace").encode("utf-16"),
        draw.randbytes(draw.randrange(200)),
        b"",
        content * 3,
    )
    return draw.choice(others)


OF_BYTES: Sequence[Mutation] = (flipped, flipped, cut, spliced, with_tokens, with_tokens, wrapped)


def damaged(draw: random.Random, content: bytes) -> bytes:
    """Return content with one or two mutations of its bytes."""
    for _ in range(draw.choice((1, 1, 2))):
        content = draw.choice(OF_BYTES)(draw, content)
    return content


def changed(draw: random.Random, document: Any, *, toml: bool = False) -> Any:
    """Return a document with one to three of its values replaced, removed or renamed."""
    leaves = [leaf for leaf in LEAVES if leaf is not None] + TOML_ONLY if toml else LEAVES
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        leaf = draw.choice([*leaves, ..., copy.deepcopy(document)])
        document = changed_at(document, draw.choice(list(places(document))), leaf)
    return document


def json_mutant(draw: random.Random, document: Any) -> bytes:
    """Return JSON of a changed document, or damaged JSON."""
    if draw.random() < 0.6:
        return as_json(changed(draw, document))
    return damaged(draw, as_json(document))


def row_mutant(draw: random.Random, row: Any) -> bytes:
    """Return lines of JSON of which some are changed or damaged."""
    lines = [as_json(row), json_mutant(draw, row), as_json(row)]
    draw.shuffle(lines)
    content = b"\n".join(lines) + b"\n"
    return damaged(draw, content) if draw.random() < 0.2 else content


def toml_mutant(draw: random.Random, document: Any) -> bytes:
    """Return TOML of a changed document, or damaged TOML."""
    if draw.random() < 0.6:
        return as_toml(changed(draw, document, toml=True))
    return damaged(draw, as_toml(document))
