"""Published numbers beside measured ones, in columns of their own (trap T15), with the verdict or why there is none."""

from __future__ import annotations

import csv as csv_format
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from harness.collate import Leaderboard
from harness.verdicts import Line

CSV = "claims.csv"
ABOUT = ("paper", "row", "entry", "control", "suite", "tier", "language", "measure")
MODEL = ("base_model", "revision", "title")
LEVEL = ("published", "measured", "reach", "level")
GAIN = ("claimed_gain", "measured_gain", "gain_ci_low", "gain_ci_high", "effect_ratio", "minimum_detectable", "gain")
COLUMNS = (*ABOUT, *MODEL, *LEVEL, *GAIN, "verdict", "reason", "source", "note")


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
    bare = board.suite.partition("@")[0]
    others = Counter((line.claim.paper, line.reason) for line in board.lines if line.claim.suite != bare)
    elsewhere = tuple(Elsewhere(paper, count, reason) for (paper, reason), count in others.items())
    return Compared(board.lines, tuple(line for line in board.lines if line.claim.suite == bare), elsewhere)


def csv(lines: Iterable[Line]) -> str:
    """Return every claim as CSV, numbers unrounded, an empty field where there is none.

    `reach` and the states of `level` and `gain` are those of harness.verdicts.
    """
    text = io.StringIO()
    writer = csv_format.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        claim = line.claim
        said = [getattr(claim, name) for name in (*ABOUT, *MODEL)]
        numbers = [*_level(line), *_gain(line)]
        writer.writerow([*said, *numbers, line.verdict, line.reason, claim.source, claim.note])
    return text.getvalue()


def _level(line: Line) -> list[object]:
    level = line.level
    return [line.claim.value, *((level.measured, level.reach, level.judged()) if level else ("", "", ""))]


def _gain(line: Line) -> list[object]:
    gain = line.gain
    if gain is None:
        return [""] * len(GAIN)
    ratio = "" if gain.ratio is None else gain.ratio
    return [gain.claimed, gain.measured, gain.low, gain.high, ratio, gain.detectable, gain.judged()]
