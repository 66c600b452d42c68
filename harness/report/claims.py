"""Published numbers beside measured ones, in columns of their own (trap T15), or the reason why not."""

from __future__ import annotations

import csv as csv_format
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from harness.claims import Claim, comparable, load
from harness.collate import Leaderboard

CSV = "claims.csv"
ABOUT = ("paper", "row", "entry", "control", "suite", "tier", "language", "measure")
MODEL = ("base_model", "revision", "title")
COLUMNS = (*ABOUT, *MODEL, "published", "measured", "reason", "source", "note")
UNMEASURED = "not measured in this run"


@dataclass(frozen=True)
class Line:
    """One claim; `measured` is the run's own mean, None with the `reason` why there is none to hold against it."""

    claim: Claim
    measured: float | None
    reason: str


@dataclass(frozen=True)
class Elsewhere:
    """Claims of one paper that are about something else than this run."""

    paper: str
    count: int
    reason: str


@dataclass(frozen=True)
class Compared:
    """All claims, those about the run's suite, and the others by paper and reason."""

    lines: tuple[Line, ...]
    here: tuple[Line, ...]
    elsewhere: tuple[Elsewhere, ...]


def of_board(board: Leaderboard) -> Compared:
    """Return every published claim with what the run measured where it measured the same."""
    rows = zip(*(board.rows[name] for name in ("entry", "language", "measure", "mean")), strict=True)
    means = {(entry, language, measure): float(mean) for entry, language, measure, mean in rows}
    lines = []
    for claim in load():
        reason = comparable(claim, board)
        measured = None if reason else means.get((claim.entry, claim.language, claim.measure))
        lines.append(Line(claim, measured, reason or ("" if measured is not None else UNMEASURED)))
    bare = board.suite.partition("@")[0]
    others = Counter((line.claim.paper, line.reason) for line in lines if line.claim.suite != bare)
    elsewhere = tuple(Elsewhere(paper, count, reason) for (paper, reason), count in others.items())
    return Compared(tuple(lines), tuple(line for line in lines if line.claim.suite == bare), elsewhere)


def csv(lines: Iterable[Line]) -> str:
    """Return every claim as CSV, numbers unrounded, an empty field where there is none."""
    text = io.StringIO()
    writer = csv_format.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        claim = line.claim
        said = [getattr(claim, name) for name in (*ABOUT, *MODEL)]
        measured = "" if line.measured is None else line.measured
        writer.writerow([*said, claim.value, measured, line.reason, claim.source, claim.note])
    return text.getvalue()
