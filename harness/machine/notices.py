"""Lines that a stage prints for whoever watches a run, from whichever process it is in."""

from __future__ import annotations

import sys
from contextlib import suppress

from harness.machine.printable import printable


def notice(text: object) -> None:
    """Print one line on standard error; nobody reading it is no failure of the stage."""
    with suppress(OSError):
        print(f"harness: {printable(text)}", file=sys.stderr, flush=True)
