"""The exceptions of the harness and the exit status of each.

    HarnessError                  1   a measurement went wrong
    ├── RequestError              2   the request is wrong: unknown name, bad seed, folder of another run
    │   └── DataError             2   the data is wrong: hash, encoding, ids, judgments
    │       └── DataChanged       2   a file is not the one that is declared
    ├── CellError                 1   one cell failed; the others continue
    └── NothingMeasured           3   there is nothing to report

A message is one line: what is wrong, where, what to do next. The command line prints it without a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

REASON = 500  # characters of the reason of a failed cell
INTERNAL = 70  # the status of a fault of the harness, EX_SOFTWARE of sysexits.h: 1 says that something was measured


class HarnessError(Exception):
    """Base class of all errors that the harness raises itself."""

    exit_status = 1

    def __str__(self) -> str:
        r"""Return the message as one line: an end of a line in a foreign name is written as `\n`."""
        return "\\n".join(super().__str__().splitlines())


class RequestError(HarnessError):
    """The request cannot be carried out."""

    exit_status = 2


class DataError(RequestError):
    """A data file or a manifest is missing, damaged or inconsistent."""


class DataChanged(DataError):  # noqa: N818 - a state of a file
    """A data file differs from the one that is declared, or from the one that a run has read."""


class CellError(HarnessError):
    """One cell could not be completed."""


class NothingMeasured(HarnessError):  # noqa: N818 - a state, named as its exit status
    """There are no records to report or to compare."""

    exit_status = 3


LISTED = 40  # names in an error message: enough for all entries with their variants, not for all cells of a run


def one_line(value: object) -> str:
    r"""Return a value as one line: every run of white space is one space, and none is left at the ends.

    >>> one_line(" out of\n  memory\n")
    'out of memory'
    """
    return " ".join(str(value).split())


def quantity(count: int, noun: str) -> str:
    """Return a count with its noun in the singular or plural.

    >>> quantity(1, "entry"), quantity(2, "entry"), quantity(3, "step")
    ('1 entry', '2 entries', '3 steps')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def short_reason(error: Exception) -> str:
    """Return an error's message as one line of at most 200 characters, its type if it has none.

    For errors of libraries and of the system, some of which have many lines.
    """
    return one_line(error)[:200] or type(error).__name__


def reason_of(error: Exception) -> str:
    """Return why a cell failed as one line of at most REASON characters; an error of others is named by its type.

    >>> reason_of(CellError("no rows")), reason_of(KeyError("d1"))
    ('no rows', "KeyError: 'd1'")
    """
    reason = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
    return one_line(reason).removesuffix(":")[:REASON]  # some errors have no message


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> RequestError:
    """Return the error for an unknown name, with the most similar name and the first LISTED names.

    >>> str(unknown("method", "cplp", ["clpl", "mnrl"]))
    "unknown method 'cplp'; did you mean 'clpl'? Available: clpl, mnrl"
    """
    choices = sorted(known)
    similar = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)  # at which 'kp' is similar to 'ko'
    hint = f"; did you mean '{similar[0]}'?" if similar else "."
    place = f" in {where}" if where else ""
    return RequestError(f"unknown {kind} '{name}'{place}{hint} Available: {_listed(choices)}")


def _listed(choices: Sequence[str]) -> str:
    """Return the first LISTED names and the number of the others.

    >>> _listed([]), _listed(["a", "b"]), _listed([f"{i:02}" for i in range(99)])[-12:]
    ('none', 'a, b', ' and 59 more')
    """
    more = f" and {len(choices) - LISTED} more" if len(choices) > LISTED else ""
    return f"{', '.join(choices[:LISTED])}{more}" if choices else "none"
