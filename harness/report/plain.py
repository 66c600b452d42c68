"""Text as one line of a terminal or of Markdown."""

from __future__ import annotations

import re

from harness.errors import one_line

# Controls, and what turns the direction of the text that follows; the marks and joiners of Persian stay.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def line(value: object) -> str:
    r"""Return a value as one line that neither moves a terminal's cursor nor turns the text beside it around.

    >>> line("out of\nmemory\x1b[31m \u202e!")
    'out of memory[31m !'
    """
    return _UNSEEN.sub("", one_line(value))
