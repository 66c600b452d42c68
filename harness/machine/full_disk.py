"""Whether a disk is full, where a library's error does not say so.

Those that write weights and tokenizers raise errors of their own kinds, some of which name only a position in a file.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

ROOM = 1 << 16  # bytes: a write that failed for want of room has left less


def no_room(folder: Path) -> OSError | None:
    """Return the error of the system that writing ROOM bytes in a folder raises, None if they can be written."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(ROOM))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None
