"""The gate: which cells are compared, which are missing, and what harness.stats.regressions decides on them.

A cell is missing if the baseline has its entry and language and this folder has no score of them, or if this folder's
own request names a seed that has no score (the baseline's seeds, if there is no run.json). Fewer seeds than the
baseline, as requested, are not missing cells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import NothingMeasured, one_line
from harness.evidence.gate import comparability
from harness.evidence.pairing import check_margin, paired_scores, select
from harness.results.differences import Differing, differing, shared
from harness.results.folder import ResultFolder
from harness.results.record import Pair
from harness.stats.regressions import Comparison, Decision, decide
from harness.stats.rules import MARGIN


@dataclass(frozen=True)
class Scope:
    """What is checked: the whole baseline, or a part of it, by the primary measure unless measures are named.

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
        """ENTRY/LANGUAGE."""
        return f"{self.entry}/{self.language}"


@dataclass(frozen=True)
class Missing:
    """A cell that the baseline has, or that was requested, without a score, and the reason."""

    name: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """The result of a check. `added` are entries and languages that the baseline lacks: they are not compared."""

    new: str
    old: str
    suite: str
    margin: float
    lines: tuple[Line, ...]
    missing: tuple[Missing, ...]
    added: tuple[str, ...]
    differences: tuple[Differing, ...]  # entries, code and environment
    unknown: tuple[str, ...]  # what only one of the two folders holds, and which is therefore not compared

    @property
    def red(self) -> bool:
        """Whether the gate fails: a regression, or a missing cell."""
        return bool(self.missing or self.lines_with("regression"))

    def lines_with(self, verdict: str) -> list[Line]:
        """Return the comparisons with one verdict."""
        return [line for line in self.lines if line.decision.verdict == verdict]


def check(new: ResultFolder, old: ResultFolder, scope: Scope | None = None) -> Checked:
    """Return the decisions on every entry and language of the baseline.

    Raises RequestError or DataError where the two cannot be compared, and NothingMeasured where they have no cell in
    common.
    """
    scope = scope or Scope()
    check_margin(scope.margin)
    allowed = comparability.check_allowed(scope.allowed)
    pairs = _pairs(old, scope)
    common = [pair for pair in pairs if pair in new.records_by_pair]
    unknown = comparability.check_comparable(new, old, common, allowed)
    measures = select(scope.measures, old.measures, "measure", str(old.path)) if scope.measures else (old.primary,)
    if not common:
        raise NothingMeasured(
            f"{new.path} has none of the entries and languages of {old.path} that are checked ({len(pairs)} together); "
            "run them first"
        )
    return Checked(
        new=str(new.path),
        old=str(old.path),
        suite=new.suite,
        margin=scope.margin,
        lines=tuple(_lines(new, old, common, measures, scope.margin)),
        missing=tuple(missing for pair in pairs for missing in _missing(new, old, pair)),
        added=tuple("/".join(pair) for pair in new.records_by_pair if pair not in old.records_by_pair),
        differences=tuple(_differences(new, old, common)),
        unknown=unknown,
    )


def _pairs(old: ResultFolder, scope: Scope) -> list[Pair]:
    """Return the entries and languages of the baseline that are checked."""
    entry_names, language_names = (list(dict.fromkeys(names)) for names in zip(*old.records_by_pair, strict=True))
    entries = select(scope.methods, entry_names, "method", str(old.path))
    languages = select(scope.languages, language_names, "language", str(old.path))
    return [pair for pair in old.records_by_pair if pair[0] in entries and pair[1] in languages]


def _lines(
    new: ResultFolder, old: ResultFolder, common: Sequence[Pair], measures: Sequence[str], margin: float
) -> Iterator[Line]:
    scores = {(pair, measure): paired_scores(new, old, pair, measure) for measure in measures for pair in common}
    comparisons = [
        Comparison("/".join((*pair, measure)), *values, any(folder.trains_pair(pair) for folder in (new, old)))
        for (pair, measure), values in scores.items()
    ]
    for ((pair, measure), (new_scores, old_scores)), decision in zip(
        scores.items(), decide(comparisons, margin), strict=True
    ):
        yield Line(
            *pair,
            measure,
            old=float(old_scores.mean()),
            new=float(new_scores.mean()),
            seeds=(len(old_scores), len(new_scores)),
            queries=new_scores.shape[1],
            decision=decision,
        )


def _missing(new: ResultFolder, old: ResultFolder, pair: Pair) -> Iterator[Missing]:
    """Yield the missing cells of one entry and language."""
    name, done = "/".join(pair), {record.seed for record in new.records_by_pair.get(pair, ())}
    failures = {record.seed: _failure(record.reason) for record in new.failures if record.pair == pair}
    if not done:
        yield Missing(name, next(iter(failures.values()), "the baseline has it, this folder has no record of it"))
        return
    seeds = new.run.resolved.seeds
    if seeds is None:
        seeds = tuple(record.seed for record in old.records_by_pair[pair])
    expected = {*(seeds if old.trains_pair(pair) else ()), *failures}
    for seed in sorted(expected - done):
        yield Missing(f"{name}/{seed}", failures.get(seed, "no record of this seed"))


def _failure(reason: str) -> str:
    return f"failed: {one_line(reason) or 'no reason recorded'}"


def _differences(new: ResultFolder, old: ResultFolder, common: Sequence[Pair]) -> Iterator[Differing]:
    """Yield the differences in code, environment and the entries themselves: what may have moved a score."""
    for name in ("code", "environment"):
        yield from differing(shared(old.records, name), shared(new.records, name), f"{name}.")
    for entry in dict.fromkeys(pair[0] for pair in common):
        yield from differing(_declaration(old, entry), _declaration(new, entry), f"{entry}: ")


def _declaration(folder: ResultFolder, entry: str) -> dict[str, Any]:
    """Return an entry as its records hold it, without equations: the sources of its plugins stand for these."""
    table = shared([record for record in folder.records if record.entry == entry], "entry")
    return {name: value for name, value in table.items() if not name.startswith("equations.")}
