r"""Text of others, made printable before a terminal, a log or a CI annotation sees it.

A character that would move the cursor, begin a line or change the direction of text is written as its escape: `\x1b`,
`\n`, `\u202e`. Persian needs its direction marks and joiners: they stay. What GitHub's runner would take for a command
is not one any more.
"""

from __future__ import annotations

import re

CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # all but tabs and ends of lines
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_UNPRINTABLE = re.compile(f"{INVISIBLE.pattern}|[\ud800-\udfff]")
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#\[)")  # `::error::` at the start of a line, `##[error]` anywhere


def printable(value: object) -> str:
    r"""Return a value as one line in which nothing acts on what shows it.

    >>> printable("out of\nmemory\x1b[31m"), printable("::error::a"), printable("  a  b")
    ('out of\\nmemory\\x1b[31m', '\\x3a:error::a', '  a  b')
    """
    return _COMMAND.sub(_without_command, _UNPRINTABLE.sub(_escaped, str(value)))


def printable_lines(text: str) -> str:
    r"""Return a text of several lines, each of them printable.

    >>> printable_lines("a\nb\r\n::stop-commands::c\n")
    'a\nb\\r\n\\x3a:stop-commands::c\n'
    """
    return "\n".join(map(printable, text.split("\n")))


def without_controls(text: str) -> str:
    r"""Return the text of a page, where markup isolates directions: control characters are escapes, white space stays.

    >>> without_controls("out of\nmemory\x1b[31m")
    'out of\nmemory\\x1b[31m'
    """
    return CONTROLS.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _without_command(match: re.Match[str]) -> str:
    return "\\x23" if match[0] == "#" else f"{match[1]}\\x3a"
