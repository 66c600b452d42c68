"""Published numbers beside measured ones, in columns of their own (trap T15), with the verdict or why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.evidence.claims.verdicts import Line
from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet

CSV = "claims.csv"
ABOUT = ("paper", "row", "entry", "control", "suite", "tier", "language", "measure")
MODEL = ("base_model", "revision", "title")
LEVEL = ("published", "measured", "reach", "level")
GAIN = ("claimed_gain", "measured_gain", "gain_ci_low", "gain_ci_high", "effect_ratio", "minimum_detectable", "gain")
COLUMNS = (*ABOUT, *MODEL, *LEVEL, *GAIN, "verdict", "reason", "source", "note")


@dataclass(frozen=True)
class Compared:
    """All claims, and those about the run's suite (its name without a variant)."""

    suite: str
    lines: tuple[Line, ...]
    here: tuple[Line, ...]


def of_board(board: Leaderboard) -> Compared:
    """Return every published claim with what the run measured where it measured the same."""
    bare = board.suite.partition("@")[0]
    return Compared(bare, board.lines, tuple(line for line in board.lines if line.claim.suite == bare))


def address(text: str) -> str:
    """Return the web address that a paper's name or a source begins with, "" where it begins with none.

    >>> address("arXiv 2412.17364"), address("pyserini.org/2cr.html: dev"), address("the summary")
    ('https://arxiv.org/abs/2412.17364', 'https://pyserini.org/2cr.html', '')
    >>> address("owner/name at 9904714, imgs/table4.PNG: one run")
    'https://github.com/owner/name/blob/9904714/imgs/table4.PNG'
    """
    if found := re.match(r"arXiv (\d{4}\.\d{4,5})\b", text):
        return f"https://arxiv.org/abs/{found[1]}"
    if found := re.match(r"([\w.-]+/[\w.-]+) at ([0-9a-f]{7,40})(?:, ([\w./-]+))?(?=[:,]|$)", text):
        where = f"blob/{found[2]}/{found[3]}" if found[3] else f"tree/{found[2]}"
        return f"https://github.com/{found[1]}/{where}"
    if found := re.match(r"(?:[a-z0-9-]+\.)+[a-z]{2,}/[\w./-]+", text):
        return f"https://{found[0]}"
    return ""


def csv(lines: Iterable[Line]) -> str:
    """Return every claim as CSV, numbers unrounded, an empty field where there is none.

    `reach` and the states of `level` and `gain` are those of harness.evidence.claims.verdicts.
    """
    return spreadsheet.written(COLUMNS, rows(lines))


def rows(lines: Iterable[Line]) -> Iterator[list[object]]:
    """Yield every claim in the order of COLUMNS, "" where there is no number."""
    for line in lines:
        claim = line.claim
        said = [getattr(claim, name) for name in (*ABOUT, *MODEL)]
        numbers = [*_level(line), *_gain(line)]
        yield [*said, *numbers, line.verdict, line.reason, claim.source, claim.note]


def _level(line: Line) -> list[object]:
    level = line.level
    return [line.claim.value, *((level.measured, level.reach, level.judged()) if level else ("", "", ""))]


def _gain(line: Line) -> list[object]:
    gain = line.gain
    if gain is None:
        return [""] * len(GAIN)
    ratio = "" if gain.ratio is None else gain.ratio
    return [gain.claimed, gain.measured, gain.low, gain.high, ratio, gain.detectable, gain.judged()]
