"""The contrasts of one result folder: which two rows measure each published contrast, what differs, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.claims.as_run import FOLDER, Setup, as_run
from harness.evidence.claims.verdicts import Line
from harness.evidence.contrasts.published import PublishedContrast, bare, published_contrasts
from harness.evidence.contrasts.transfer import Difference, Word, family, word_of
from harness.request import entries
from harness.request.base_models import on_model_name, without_model
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
    rows, names = _rows(results), frozenset(entries.names(entries.declared()))
    found = [
        (published, *pair)
        for published in published_contrasts([line.claim for line in lines])
        for pair in _pairs(published, rows, f"{published.control}@published" in names)
    ]
    by_pair = _differences({(entry.name, control.name) for _, entry, control in found}, statistics.by_language)
    contrasts = []
    for published, entry, control in found:
        if differences := by_pair.get((entry.name, control.name)):
            about = _about(published, entry, lines)
            direct = tuple(line for line in about if line.gain is not None and _row_of(line) == entry.name)
            differs = () if direct else tuple(_differing(published, entry, results, about))
            contrasts.append(MeasuredContrast(published, entry, control, differences, direct, differs))
    return tuple(contrasts)


def _rows(results: ResultFolder) -> list[EntryRow]:
    """Return the measured rows in the order of the folder."""
    first: dict[str, Record] = {}
    for record in results.records:
        first.setdefault(record.entry, record)
    return [_row(name, record) for name, record in first.items()]


def _row(name: str, record: Record) -> EntryRow:
    """Return what a row's name and its first record say of it."""
    declared = without_model(name, record.model).partition("[")[0]
    swept = record.table("entry").get("swept") or {}
    return EntryRow(name, bare(declared), entries.recipe_of(declared), swept, record.model)


def _pairs(
    published: PublishedContrast, rows: Sequence[EntryRow], two_recipes: bool
) -> Iterator[tuple[EntryRow, EntryRow]]:
    """Yield each row of the contrast's entry with that of its control: same model, recipe and swept values.

    A control that is not declared with `two_recipes` goes with both of the entry's. It has the entry's value of every
    setting that is swept of it; of what is swept of the entry alone it has none. What is swept of the control alone
    makes several controls of one row, which nobody declared: there is then none.
    """
    for entry in (row for row in rows if row.origin == published.entry):
        controls = [
            row
            for row in rows
            if row.origin == published.control
            and row.model in (entry.model, "")
            and (row.recipe == entry.recipe or not two_recipes)
            and row.swept.items() <= entry.swept.items()
        ]
        if controls:
            yield entry, max(controls, key=lambda row: len(row.swept))


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


def _about(published: PublishedContrast, entry: EntryRow, lines: Sequence[Line]) -> list[Line]:
    """Return the verdicts on the claims that a contrast is made of, on this row's entry and model, of either recipe."""
    contrast = (published.paper, published.entry, published.control)
    row = on_model_name(entry.origin, entry.model)
    return [
        line
        for line in lines
        if (line.claim.paper, bare(line.claim.entry), bare(line.claim.control)) == contrast
        and _row_of(line).replace("@published", "") == row
    ]


def _row_of(line: Line) -> str:
    return line.entry or line.claim.entry


def _differing(
    published: PublishedContrast, entry: EntryRow, results: ResultFolder, about: Sequence[Line]
) -> Iterator[str]:
    """Yield how the setting differs from the published one: data, base model, recipe, swept values.

    On the same data, these are the reasons why the claim with the fewest is not comparable.
    """
    suite = results.suite.partition("@")[0]
    reasons: tuple[str, ...] = ()
    if published.data == suite:
        reasons = min((line.reasons for line in about if line.verdict == "not comparable"), key=len, default=())
        yield from reasons
    else:
        yield f"data ({suite}; there {published.data or 'not public or not stated'})"
    model = base_model_text(entry, results)
    if model and model != published.base_model and not any(reason.startswith("base model") for reason in reasons):
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
