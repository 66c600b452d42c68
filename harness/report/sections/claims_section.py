"""Published numbers beside measured ones, in separate columns (docs/traps.md, T15), with verdicts and reasons.

The states of `level` and `gain` and the meaning of `reach` are defined in harness.evidence.claims.judging, the
conditions in harness.evidence.claims.conditions. An empty condition is unknown; `unknown` and `assumed` name those that
a comparison with this run rests on, and `basis` has the source of, or the reason for, each known one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.evidence.claims.conditions import QUOTED, Conditions, label, shown
from harness.evidence.claims.verdicts import Line
from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
from harness.report.sections.published_tunings import number_of, tuning_gains

CSV = "claims.csv"
ABOUT = ("paper", "row", "entry", "control", "suite", "tier", "language", "measure")
CONDITIONS = tuple(Conditions.model_fields)
COMPARED = ("unknown", "assumed")
TUNING = ("tuned_from", "tuning_gain")
LEVEL = ("published", "measured", "reach", "level")
GAIN = (
    "claimed_gain",
    "measured_gain",
    "gain_ci_low",
    "gain_ci_high",
    "gain_reach",
    "effect_ratio",
    "minimum_detectable",
    "gain",
)
COLUMNS = (*ABOUT, *LEVEL, *GAIN, "verdict", "reason", *COMPARED, "source", "note", *TUNING, *CONDITIONS, "basis")


@dataclass(frozen=True)
class ComparedClaims:
    """All claims, and those about the run's suite; `suite` is its name without a variant."""

    suite: str
    lines: tuple[Line, ...]
    suite_lines: tuple[Line, ...]


def compare_claims(board: Leaderboard) -> ComparedClaims:
    """Return every published claim, with the measured number where the run measured the same thing."""
    suite = board.suite.partition("@")[0]
    return ComparedClaims(suite, board.lines, tuple(line for line in board.lines if line.claim.suite == suite))


def source_url(text: str) -> str:
    """Return the URL of a paper or source from the start of its description, "" if it does not start with one.

    >>> source_url("arXiv 2412.17364"), source_url("pyserini.org/2cr.html: dev"), source_url("the summary")
    ('https://arxiv.org/abs/2412.17364', 'https://pyserini.org/2cr.html', '')
    >>> source_url("owner/name at 9904714, imgs/table4.PNG: one run")
    'https://github.com/owner/name/blob/9904714/imgs/table4.PNG'
    """
    if paper := re.match(r"arXiv (\d{4}\.\d{4,5})\b", text):
        return f"https://arxiv.org/abs/{paper[1]}"
    if file := re.match(r"([\w.-]+/[\w.-]+) at ([0-9a-f]{7,40})(?:, ([\w./-]+))?(?=[:,]|$)", text):
        path = f"blob/{file[2]}/{file[3]}" if file[3] else f"tree/{file[2]}"
        return f"https://github.com/{file[1]}/{path}"
    if site := re.match(r"(?:[a-z0-9-]+\.)+[a-z]{2,}/[\w./-]+", text):
        return f"https://{site[0]}"
    return ""


def csv(lines: Iterable[Line]) -> str:
    """Return every claim as CSV, numbers unrounded, missing numbers as empty fields."""
    return spreadsheet.to_csv(COLUMNS, rows(lines))


def rows(lines: Iterable[Line]) -> Iterator[list[object]]:
    """Yield every claim in the order of COLUMNS, "" for a missing number."""
    lines = list(lines)
    gains = tuning_gains(line.claim for line in lines)
    for line in lines:
        claim = line.claim
        known = claim.conditions.known()
        yield [
            *(getattr(claim, name) for name in ABOUT),
            *_level(line),
            *_gain(line),
            line.verdict,
            line.reason,
            *("; ".join(getattr(line.comparison, name)) for name in COMPARED),
            claim.source,
            claim.note,
            f"{claim.tuned_from.paper}, {claim.tuned_from.row}" if claim.tuned_from else "",
            gains.get(number_of(claim), ""),
            *(_condition(name, known[name].value) if name in known else "" for name in CONDITIONS),
            "; ".join(f"{label(name)} {condition.basis}" for name, condition in known.items()),
        ]


def _condition(name: str, value: object) -> object:
    """Return the value of a condition as a field, prompts and joins as JSON: an empty one is not an unknown one."""
    return shown(name, value) if name in QUOTED else value


def _level(line: Line) -> list[object]:
    level = line.level
    return [line.claim.value, *((level.measured, level.reach, level.judged()) if level else ("", "", ""))]


def _gain(line: Line) -> list[object]:
    gain = line.gain
    if gain is None:
        return [""] * len(GAIN)
    ratio = "" if gain.ratio is None else gain.ratio
    return [gain.claimed, gain.measured, gain.low, gain.high, gain.reach, ratio, gain.detectable, gain.judged()]
