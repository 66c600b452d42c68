"""The contrasts of one result folder: which two rows measure each published contrast, what differs, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.claims.as_run import FOLDER, Setup, as_run
from harness.evidence.claims.verdicts import Line
from harness.evidence.contrasts.published import PublishedContrast, bare, published_contrasts
from harness.evidence.contrasts.transfer import Difference, Word, family, word_of
from harness.results.folder import ResultFolder
from harness.results.model_names import base_text, model_names
from harness.results.record import Record
from harness.stats.contrasts import Contrasts
from harness.stats.suite_statistics import SuiteStatistics


@dataclass(frozen=True)
class EntryRow:
    """One row of a folder: the declared entry that it comes from, its recipe, its swept values, its base model."""

    name: str
    origin: str
    recipe: str
    swept: Mapping[str, Any]
    model: str


@dataclass(frozen=True)
class MeasuredContrast:
    """One published contrast and the two rows that measure it.

    `differences` has, by language and for the average, one difference per measure of the folder, and none where a side
    was not measured. `direct` are the claims on it that are comparable with the run, each with its own verdict.
    `differs` says how the setting differs from the published one, as far as that is known.
    """

    published: PublishedContrast
    entry: EntryRow
    control: EntryRow
    differences: Mapping[str, tuple[Difference, ...]]
    direct: tuple[Line, ...]
    differs: tuple[str, ...]

    def word(self, language: str, measure: int) -> Word:
        """The transfer verdict of a language, or of the average, and a measure by its place."""
        return word_of(self.published.claimed, self.differences[language][measure])


def measured_contrasts(
    results: ResultFolder, statistics: SuiteStatistics, lines: Sequence[Line]
) -> tuple[MeasuredContrast, ...]:
    """Return the contrasts that the folder measures, in the order of the published ones, then of the rows.

    `lines` are the verdicts on the claims, `statistics` those of the folder.
    """
    rows = _rows(results)
    found = [
        (published, *pair)
        for published in published_contrasts([line.claim for line in lines])
        for pair in _pairs(published, rows)
    ]
    by_pair = _differences({(entry.name, control.name) for _, entry, control in found}, statistics.by_language)
    contrasts = []
    for published, entry, control in found:
        if differences := by_pair.get((entry.name, control.name)):
            direct = tuple(_direct(published, entry, lines))
            differs = () if direct else tuple(_differing(published, entry, results))
            contrasts.append(MeasuredContrast(published, entry, control, differences, direct, differs))
    return tuple(contrasts)


def _rows(results: ResultFolder) -> list[EntryRow]:
    """Return the measured rows in the order of the folder."""
    first: dict[str, Record] = {}
    for record in results.records:
        first.setdefault(record.entry, record)
    return [_row(name, record) for name, record in first.items()]


def _row(name: str, record: Record) -> EntryRow:
    """Return what a record says of its row; of a record without it, what its name says."""
    said = record.table("entry")
    swept = said.get("swept") or {}
    own = name.removesuffix(f"@{record.model}") if record.model else name
    declared = own.partition("[")[0]
    recipe = str(said.get("recipe") or declared.partition("@")[2] or "corrected")
    return EntryRow(name, bare(str(said.get("origin") or declared)), recipe, swept, record.model)


def _pairs(published: PublishedContrast, rows: Sequence[EntryRow]) -> Iterator[tuple[EntryRow, EntryRow]]:
    """Yield each row of the contrast's entry with that of its control: same model, then same recipe and swept values.

    What is swept of the control alone makes several controls of one row, which nobody declared: there is then none.
    """
    for entry in rows:
        if entry.origin == published.entry:
            controls = [row for row in rows if row.origin == published.control and row.model in (entry.model, "")]
            of_recipe = [row for row in controls if row.recipe == entry.recipe] or controls
            same = [row for row in of_recipe if row.swept == entry.swept]
            fixed = [row for row in of_recipe if not row.swept]
            chosen = same or fixed
            if len(chosen) == 1:
                yield entry, chosen[0]


def _differences(
    pairs: set[tuple[str, str]], by_language: Sequence[Contrasts]
) -> dict[tuple[str, str], dict[str, tuple[Difference, ...]]]:
    """Return pair → language → differences; the p of a language are corrected among all pairs, each counted once."""
    found: dict[tuple[str, str], dict[str, tuple[Difference, ...]]] = {}
    for contrasts in by_language:
        places = {
            pair: (contrasts.entries.index(pair[0]), contrasts.entries.index(pair[1]))
            for pair in sorted(pairs)
            if set(pair) <= set(contrasts.entries)
        }
        differences = family(
            [contrasts.estimate.at(place) for place in places.values()],
            [bool(contrasts.blind[place]) for place in places.values()],
            [contrasts.identical[place].tolist() for place in places.values()],
        )
        for pair, values in zip(places, differences, strict=True):
            found.setdefault(pair, {})[contrasts.language] = values
    return found


def _direct(published: PublishedContrast, entry: EntryRow, lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the claims on a contrast that are comparable with this run and measured by this row."""
    for line in lines:
        claim = line.claim
        about = (claim.paper, bare(claim.entry), bare(claim.control)) == (
            published.paper,
            published.entry,
            published.control,
        )
        if about and line.gain is not None and (line.entry or claim.entry) == entry.name:
            yield line


def _differing(published: PublishedContrast, entry: EntryRow, results: ResultFolder) -> Iterator[str]:
    """Yield how the setting differs from the published one: data, base model, recipe, swept values."""
    suite = results.suite.partition("@")[0]
    if published.data != suite:
        yield f"data ({suite}; there {published.data or 'not public or not stated'})"
    if (model := base_model_text(entry, results)) and model != published.base_model:
        yield f"base model ({model}; there {published.base_model or 'not stated'})"
    if entry.recipe != published.recipe:
        yield f"recipe ({entry.recipe}; there {published.recipe})"
    if entry.swept:
        yield f"settings ({', '.join(f'{name} {value}' for name, value in entry.swept.items())})"


def base_model_text(entry: EntryRow, results: ResultFolder) -> str:
    """Return the base model of a row in short: its hub id, the name of its folder, or that the run built it."""
    records = [record for record in results.records if record.entry == entry.name]
    base = records[0].table("base_model")
    setup = Setup(records[0].language, records[0], results.run.suite_content_on(entry.model))
    found = as_run("base_model", setup)
    return base_text(base, model_names(records)) if found == FOLDER else str(found or "")
