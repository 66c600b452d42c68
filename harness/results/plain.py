"""Text as one printable line, for the terminal and for Markdown."""

from __future__ import annotations

import re

from harness.errors import one_line

# Control characters and directional formatting characters. Persian needs its direction marks and joiners: they stay.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean_line(value: object) -> str:
    r"""Return a value as one line without control characters and without characters that change the text direction.

    >>> clean_line("out of\nmemory\x1b[31m \u202e!")
    'out of memory[31m !'
    """
    return _INVISIBLE.sub("", one_line(value))
