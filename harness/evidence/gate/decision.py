"""The gate: which cells are compared, which are missing, and what harness.stats.regressions decides on the rest.

A cell is missing where the baseline has its entry and language and this folder has no score of them, and where this
folder's own request names a seed that has no score (the baseline's seeds, where there is no run.json). Fewer seeds than
the baseline's, asked for, are no missing cells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import NothingMeasured, one_line
from harness.evidence.gate import comparability
from harness.evidence.leaderboard import resolved
from harness.results.differences import Differing, differing, shared
from harness.results.folder import Pair, Results, check_margin, chosen, paired
from harness.stats.regressions import MARGIN, Comparison, Decision, decide


@dataclass(frozen=True)
class Wanted:
    """What is to be checked: all of the baseline, or a part of it; by the primary measure where none is named.

    `margin` is in units of the measure. `allowed`: parts of the suite's definition that may differ.
    """

    margin: float = MARGIN
    measures: Sequence[str] = ()
    methods: Sequence[str] = ()
    languages: Sequence[str] = ()
    allowed: Collection[str] = ()


@dataclass(frozen=True)
class Line:
    """One comparison as it is shown; numbers in units of the measure."""

    entry: str
    language: str
    measure: str
    old: float
    new: float
    seeds: tuple[int, int]  # old, new
    queries: int
    decision: Decision

    @property
    def name(self) -> str:
        return f"{self.entry}/{self.language}"


@dataclass(frozen=True)
class Missing:
    """A cell that the baseline has, or that was asked for, and that has no score; why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """What a check found. `added` are entries and languages that the baseline has not, and so are not compared."""

    new: str
    old: str
    suite: str
    margin: float
    lines: tuple[Line, ...]
    missing: tuple[Missing, ...]
    added: tuple[str, ...]
    differences: tuple[Differing, ...]  # entries, code and environment

    @property
    def red(self) -> bool:
        return bool(self.missing or self.of("regression"))

    def of(self, verdict: str) -> list[Line]:
        """Return the comparisons of one verdict."""
        return [line for line in self.lines if line.decision.verdict == verdict]


def check(new: Results, old: Results, wanted: Wanted | None = None) -> Checked:
    """Return the decisions on every entry and language of the baseline.

    Raises RequestError or DataError where the two cannot be compared, and NothingMeasured where they have no cell in
    common.
    """
    wanted = wanted or Wanted()
    check_margin(wanted.margin)
    allowed = comparability.check_allowed(wanted.allowed)
    pairs = _pairs(old, wanted)
    common = [pair for pair in pairs if pair in new.of]
    comparability.refuse(new, old, common, allowed)
    measures = chosen(wanted.measures, old.measures, "measure", str(old.folder)) if wanted.measures else (old.primary,)
    if not common:
        raise NothingMeasured(
            f"{new.folder} has none of the {len(pairs)} entries and languages of {old.folder} that were to be checked; "
            "run them first"
        )
    return Checked(
        new=str(new.folder),
        old=str(old.folder),
        suite=new.suite,
        margin=wanted.margin,
        lines=tuple(_lines(new, old, common, measures, wanted.margin)),
        missing=tuple(_missing(new, old, pairs)),
        added=tuple("/".join(pair) for pair in new.of if pair not in old.of),
        differences=tuple(_differences(new, old, common)),
    )


def _pairs(old: Results, wanted: Wanted) -> list[Pair]:
    """Return the entries and languages of the baseline that are to be checked."""
    entries = chosen(wanted.methods, list(dict.fromkeys(pair[0] for pair in old.of)), "method", str(old.folder))
    known = list(dict.fromkeys(pair[1] for pair in old.of))
    languages = chosen(wanted.languages, known, "language", str(old.folder))
    return [pair for pair in old.of if pair[0] in entries and pair[1] in languages]


def _lines(
    new: Results, old: Results, common: Sequence[Pair], measures: Sequence[str], margin: float
) -> Iterator[Line]:
    lines, comparisons = [], []
    for measure in measures:
        for pair in common:
            ours, theirs = paired(new, old, pair, measure)
            trained = any(record.trained for record in (*new.of[pair], *old.of[pair]))
            comparisons.append(Comparison("/".join((*pair, measure)), ours, theirs, trained))
            counts = (len(theirs), len(ours))
            lines.append((*pair, measure, float(theirs.mean()), float(ours.mean()), counts, ours.shape[1]))
    for line, decision in zip(lines, decide(comparisons, margin), strict=True):
        yield Line(*line, decision)


def _missing(new: Results, old: Results, pairs: Sequence[Pair]) -> Iterator[Missing]:
    failed = {(record.entry, record.language, record.seed): record.reason for record in new.failures}
    asked = resolved(new.run).get("seeds")
    for pair in pairs:
        name, done = "/".join(pair), {record.seed for record in new.of.get(pair, ())}
        trained = any(record.trained for record in old.of[pair])
        if not done:
            reasons = [reason for cell, reason in failed.items() if cell[:2] == pair]
            yield Missing(name, _why(reasons[0]) if reasons else "the baseline has it, this folder has no record of it")
            continue
        seeds = asked if isinstance(asked, list) else [record.seed for record in old.of[pair]]
        expected = {*(seeds if trained else ()), *(seed for *cell, seed in failed if tuple(cell) == pair)}
        for seed in sorted(expected - done):
            reason = failed.get((*pair, seed))
            yield Missing(f"{name}/{seed}", "no record of this seed" if reason is None else _why(reason))


def _why(reason: str) -> str:
    return f"failed: {one_line(reason) or 'no reason recorded'}"


def _differences(new: Results, old: Results, common: Sequence[Pair]) -> Iterator[Differing]:
    """Yield in what code, environment and the entries themselves differ: what may have moved a score."""
    for name in ("code", "environment"):
        yield from differing(shared(old.records, name), shared(new.records, name), f"{name}.")
    for entry in dict.fromkeys(pair[0] for pair in common):
        left, right = (_described(results, entry) for results in (old, new))
        yield from differing(left, right, f"{entry}: ")


def _described(results: Results, entry: str) -> dict[str, Any]:
    """Return what the records of an entry say of it, but for the equations: the plugins' versions stand for these."""
    said = shared([record for record in results.records if record.entry == entry], "entry")
    return {name: value for name, value in said.items() if not name.startswith("equations.")}
