"""How the change of the geometry in training goes with the gain in the primary measure, over entries.

Seeds of one entry are no independent observations, and neither are its languages: an entry counts once, with its mean
over seeds, and in the correlation over all languages with the mean of these over languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.evidence.leaderboard import Leaderboard
from harness.report.numbers import coefficient
from harness.results.record import Record, records_by_pair
from harness.stats.agreement import spearman
from harness.stats.entry_scores import BASE
from harness.stats.sphere import QUANTITIES


@dataclass(frozen=True)
class Correlation:
    """Spearman's ρ of the change in each quantity with the gain, over `entries` in one language or in all."""

    language: str  # empty: all languages
    entries: int
    rho: tuple[float | None, ...]  # one per quantity


@dataclass(frozen=True)
class EntryChange:
    """One trained entry in one language, or in all: mean change of each quantity, mean gain over the untuned base."""

    entry: str
    language: str  # empty: all languages
    change: dict[str, float]
    gain: float


def gain(board: Leaderboard, record: Record) -> float | None:
    """Return the primary measure of a trained record minus that of the base in its language, None without a base."""
    base = board.records_by_pair.get((board.results.baseline_of(record.entry, BASE), record.language))
    if not (record.trained and base):
        return None
    return record.measures[board.primary] - base[0].measures[board.primary]


def change(record: Record, quantity: str) -> float:
    """Return a quantity after training minus the quantity before."""
    return record.geometry["after"][quantity] - record.geometry["before"][quantity]


def entry_changes(board: Leaderboard, records: Iterable[Record]) -> list[EntryChange]:
    """Return the mean over seeds of each entry and language whose records have a gain."""
    changes = []
    for (entry, language), group in records_by_pair(records).items():
        gains = [record_gain for record in group if (record_gain := gain(board, record)) is not None]
        if gains:
            means = {quantity: fmean(change(record, quantity) for record in group) for quantity in QUANTITIES}
            changes.append(EntryChange(entry, language, means, fmean(gains)))
    return changes


def correlations(languages: Sequence[str], changes: Sequence[EntryChange]) -> list[Correlation]:
    """Return the correlation over the entries that all languages have, then that of each language if there are several.

    >>> correlations(["ko"], [])
    [Correlation(language='', entries=0, rho=(None, None, None))]
    """
    whole = _correlation("", _over_languages(languages, changes))
    if len(languages) == 1:
        return [whole]
    by_language = {name: [item for item in changes if item.language == name] for name in languages}
    return [whole, *(_correlation(name, group) for name, group in by_language.items())]


def _over_languages(languages: Sequence[str], changes: Sequence[EntryChange]) -> list[EntryChange]:
    groups: dict[str, list[EntryChange]] = {}
    for item in changes:
        groups.setdefault(item.entry, []).append(item)
    return [
        EntryChange(
            entry,
            "",
            {quantity: fmean(item.change[quantity] for item in group) for quantity in QUANTITIES},
            fmean(item.gain for item in group),
        )
        for entry, group in groups.items()
        if len(group) == len(languages)
    ]


def _correlation(language: str, changes: Sequence[EntryChange]) -> Correlation:
    gains = [item.gain for item in changes]
    rho = tuple(spearman([item.change[quantity] for item in changes], gains) for quantity in QUANTITIES)
    return Correlation(language, len(changes), rho)


def findings(whole: Correlation, changes: Sequence[EntryChange], measure: str) -> list[str]:
    """Return in sentences the direction of the correlations, beside the findings of the papers."""
    rho = dict(zip(QUANTITIES, whole.rho, strict=True))
    paper = "arXiv 2308.03103 found that uniformity, not alignment, went with retrieval quality"
    uniformity, alignment = rho["uniformity"], rho["alignment"]
    if uniformity is None or alignment is None:
        first = f"Over {whole.entries} trained entries beside a base, these correlations are not defined; {paper}."
    else:
        stronger = "uniformity" if abs(uniformity) > abs(alignment) else "alignment"
        rhos = f"{coefficient(uniformity)} for uniformity and {coefficient(alignment)} for alignment"
        first = (
            f"Over {whole.entries} trained entries, ρ with the gain in {measure} is {rhos} (below 0: larger gains "
            f"where it fell), stronger for {stronger}; {paper}."
        )
    fell = sum(item.change["anisotropy"] < 0 for item in changes)
    pairs = "entries and languages"
    second = f"Anisotropy fell in {fell} of {len(changes)} {pairs}; arXiv 2408.11868 leaves open whether it does."
    return [first, second] if changes else [first]
