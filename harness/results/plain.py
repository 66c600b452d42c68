"""Text as one printable line, for the terminal and for Markdown."""

from __future__ import annotations

from harness.errors import one_line
from harness.machine.printable import INVISIBLE


def clean_line(value: object) -> str:
    r"""Return a value as one line without control characters and without characters that change the text direction.

    >>> clean_line("out of\nmemory\x1b[31m \u202e!")
    'out of memory[31m !'
    """
    return INVISIBLE.sub("", one_line(value))
