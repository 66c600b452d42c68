"""The limits of what is read from files and servers of others, with their reasons.

`HARNESS_LIMIT_<NAME>` in the environment replaces one, for input that is as large as it should be. No limit changes a
result: what exceeds one is refused, in one line that names the variable.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from harness.errors import DataError, RequestError, unknown

PREFIX = "HARNESS_LIMIT_"
MIB = 1024**2


@dataclass(frozen=True)
class Limit:
    """A default, what it counts, and why it is as large."""

    value: int
    counts: str
    reason: str


LIMITS: Mapping[str, Limit] = {
    "DOCUMENT_BYTES": Limit(64 * MIB, "bytes of one JSON document", "SQuAD 2.0's training file has 42 MB"),
    "RECORD_BYTES": Limit(4 * MIB, "bytes of one record", "committed ones have 60 kB; 100,000 losses add 2 MB"),
    "RECORDS_MEMORY": Limit(384 * MIB, "bytes of memory of a folder's records together", "10,000 have 260 MB"),
    "TABLE_BYTES": Limit(16 * MIB, "bytes of a table, page or request of results", "the largest committed has 1.4 MB"),
    "RESULT_BYTES": Limit(128 * MIB, "bytes of one cell's scores or ranking", "5 million scores have at most 40 MB"),
    "TOML_BYTES": Limit(4 * MIB, "bytes of one TOML file", "the largest one here has 20 kB"),
    "DEPTH": Limit(64, "nested lists and tables", "records have 7; Python's own readers end at about 1,000"),
    "DIGITS": Limit(40, "digits of an integer", "2**128 has 39; a float holds up to 309"),
    "FILE_BYTES": Limit(2048 * MIB, "bytes of a file that is held whole, hashed or copied", "a large training file"),
    "LINE_BYTES": Limit(32 * MIB, "bytes of one line", "a training row with hundreds of passages has less than 1 MB"),
    "LINES": Limit(500_000_000, "lines or rows of a streamed file", "MS MARCO v2 has 138 million passages"),
    "RATIO": Limit(100, "bytes per compressed byte, above 16 MiB", "texts have 3 to 20, gzip's most is 1,032"),
    "RANKING_LINES": Limit(5_000_000, "lines of one ranking", "50,000 queries; MS MARCO's 6,980 dev queries 700 deep"),
    "RANKING_LINE_BYTES": Limit(1024, "bytes of one line of a ranking", "ids are numbers, titles or addresses"),
    "RANKING_DEPTH": Limit(10_000, "passages of one query of a ranking", "rankings here have 100, TREC's 1,000"),
    "RANKING_BYTES": Limit(256 * MIB, "bytes of one decompressed ranking that is held", "5 million lines of 50 bytes"),
    "SCORE_ROWS": Limit(5_000_000, "rows of one record's scores", "100,000 queries with 50 measures each"),
    "DOWNLOAD_BYTES": Limit(64 * 1024 * MIB, "bytes of a download of unknown size", "BEIR's archives have up to 8 GB"),
    "DOWNLOAD_SECONDS": Limit(12 * 3600, "seconds of one download", "64 GiB at 1.5 MB/s"),
    "ANSWER_BYTES": Limit(4 * MIB, "bytes of one answer of an endpoint", "64 tokens, or the reasoning before them"),
}


class TooLarge(DataError):  # noqa: N818 - a state, as DataChanged
    """Something exceeds a limit."""


def check_environment(environment: Mapping[str, str] = os.environ) -> None:
    """Raise RequestError for a limit in the environment that there is not, or whose value is none."""
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX)
        if name == variable:
            continue
        if name not in LIMITS:
            raise unknown("limit", variable, (PREFIX + known for known in LIMITS))
        limit(name, environment)


def limit(name: str, environment: Mapping[str, str] = os.environ) -> int:
    """Return a limit; raises RequestError where the environment gives it another value than a positive integer."""
    text = environment.get(PREFIX + name, "")
    if not text:
        return LIMITS[name].value
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) > 0):
        raise RequestError(f"{PREFIX}{name}={text[:40]!r} is not a positive integer; export another value")
    return int(text)


def exceeded(name: str, where: object) -> TooLarge:
    """Return the error for what exceeds a limit."""
    return TooLarge(f"{where} has {beyond(name)}")


def beyond(name: str) -> str:
    """Return how a limit is exceeded, and how to raise it.

    >>> beyond("DEPTH")
    'more than 64 nested lists and tables; if that is right, set HARNESS_LIMIT_DEPTH'
    """
    return f"more than {limit(name):,} {LIMITS[name].counts}; if that is right, set {PREFIX}{name}"
