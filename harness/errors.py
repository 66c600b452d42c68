"""The exceptions of the harness and the exit status that each one stands for.

    HarnessError                  1   something measured went wrong
    ├── RequestError              2   the request is wrong: unknown name, bad seed, foreign folder
    │   └── DataError             2   the data is wrong: hash, encoding, ids, judgments
    ├── CellError                 1   one cell failed; the others go on
    └── NothingMeasured           3   there is nothing to report

A message is one line that says what is wrong, where, and what to do next. The command line prints it
without a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class HarnessError(Exception):
    """Base of all errors that the harness raises on purpose."""

    exit_status = 1


class RequestError(HarnessError):
    """The request cannot be carried out as it was given."""

    exit_status = 2


class DataError(RequestError):
    """A data file or a manifest is missing, damaged or inconsistent."""


class CellError(HarnessError):
    """One cell could not be finished."""


class NothingMeasured(HarnessError):  # noqa: N818 - a state, and the word of the exit status
    """A report or a comparison was asked for where there is no record."""

    exit_status = 3


LISTED = 40  # names that an error lists: all entries, with their variants, and not all cells of a run


def one_line(value: object) -> str:
    r"""Return a value as one line: every run of white space is one space, and none is left at the ends.

    >>> one_line(" out of\n  memory\n")
    'out of memory'
    """
    return " ".join(str(value).split())


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> RequestError:
    """Return the error for a name that does not exist, with the nearest one and the list, of which LISTED are named.

    >>> str(unknown("method", "cplp", ["clpl", "mnrl"]))
    "unknown method 'cplp'; did you mean 'clpl'? Available: clpl, mnrl"
    """
    choices = sorted(known)
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)  # 'kp' is near 'ko'
    hint = f"; did you mean '{near[0]}'?" if near else "."
    place = f" in {where}" if where else ""
    return RequestError(f"unknown {kind} '{name}'{place}{hint} Available: {_listed(choices)}")


def _listed(choices: Sequence[str]) -> str:
    """Return names as a line that can still be read.

    >>> _listed([]), _listed(["a", "b"]), _listed([f"{i:02}" for i in range(99)])[-12:]
    ('none', 'a, b', ' and 59 more')
    """
    more = f" and {len(choices) - LISTED} more" if len(choices) > LISTED else ""
    return f"{', '.join(choices[:LISTED])}{more}" if choices else "none"
