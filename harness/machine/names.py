"""Names that become parts of paths: each is one part, wherever it was read.

An entry, a language, a measure or a suffix in a record names a file or a folder of the report, the export and the
cache. What could lead elsewhere (a slash, `..`) is refused when the record is read, before any path is made of it.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

LONGEST = 240  # bytes; file systems allow 255, and the name of a page or of a temporary file is longer than its entry's
_TAG = re.compile(r"[A-Za-z0-9]+([-_][A-Za-z0-9]+)*")
_LONGEST_TAG = 64
AVERAGE = "average"  # the rows of all languages together


def path_name(name: str) -> str:
    """Return a name that is one part of a path; raises ValueError for one that is not."""
    if not name or name[0] == "." or any(letter in name for letter in "/\0"):
        raise ValueError(f"{name[:80]!r} cannot be part of a path: it is empty, begins with '.', or holds '/' or NUL")
    if len(name.encode(errors="surrogatepass")) > LONGEST:
        raise ValueError(f"{name[:80]!r}… cannot be part of a path: it is longer than {LONGEST} bytes")
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise ValueError(f"{name[:80]!r} cannot be part of a path: it is not valid Unicode")
    return name


def language_tag(name: str) -> str:
    """Return the name of a language; raises ValueError for one that cannot name a folder and a column."""
    if not _TAG.fullmatch(name) or name == AVERAGE or len(name) > _LONGEST_TAG:
        raise ValueError(
            f"language {name[:80]!r} is not a language tag; use letters and digits, joined by '-' or '_', such as pt-BR"
        )
    return name


PathName = Annotated[str, AfterValidator(path_name)]
OptionalName = Annotated[str, AfterValidator(lambda name: path_name(name) if name else name)]
LanguageTag = Annotated[str, AfterValidator(language_tag)]
Suffix = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]  # run.gz
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$")]  # a stage, or its key
Seed = Annotated[int, Field(ge=0, lt=1 << 63)]
