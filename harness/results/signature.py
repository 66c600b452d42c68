"""One line per row of the leaderboard that identifies its number, in the style of sacreBLEU (Post 2018).

    suite:wikiqa@8f3c12ab|entry:clpl@77e0d1c2|language:ko|measure:nDCG@10|seeds:0,1,2|queries:1063|…

Two rows with the same signature come from the same data, model and recipe under the same libraries. Digests are cut to
eight digits; the records hold them in full. If the records of a row differ, their values are joined by "+".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import one_line
from harness.keys import digest
from harness.request.entry import IDENTITY
from harness.results.record import Record

DIGITS = 8
PACKAGES = {"harness": "harness-embeddings", "torch": "torch", "st": "sentence-transformers"}
FIELDS = (
    *("suite", "entry", "language", "measure", "seeds", "queries", "data", "base", "dtype", *PACKAGES),
    *("code", "isa", "threads", "gpu"),
)
RECIPE = (*sorted(IDENTITY), "plugins")  # of an entry: what determines its weights, and its plugins' sources


@dataclass(frozen=True)
class _Cell:
    """What one record contributes: one value per field, and what the fields of its row are made of."""

    entry: str
    language: str
    seed: int
    n_queries: int
    data: str
    fields: Mapping[str, str]


def signature(records: Iterable[Record], language: str, measure: str = "") -> str:
    """Return the signature of a row, the mean of these records; without `measure`, that of all its measures."""
    return _line(_row_fields(list(map(_cell, records)), language), measure)


def row_signatures(rows: Sequence[tuple[str, str, str]], records: Iterable[Record], average: str) -> list[str]:
    """Return the signatures of leaderboard rows (entry, language, measure), in their order.

    `average` is the language of the rows that are the mean over languages.
    """
    groups: dict[tuple[str, str], list[_Cell]] = {}
    for cell in map(_cell, records):
        groups.setdefault((cell.entry, cell.language), []).append(cell)
        groups.setdefault((cell.entry, average), []).append(cell)
    fields = {pair: _row_fields(cells, pair[1]) for pair, cells in groups.items()}
    return [_line(fields.get(row[:2]) or _row_fields([], row[1]), row[2]) for row in rows]


def entry_signatures(records: Iterable[Record]) -> dict[str, str]:
    """Return entry → the signature of all its records, over languages and measures."""
    by_entry: dict[str, list[_Cell]] = {}
    for cell in map(_cell, records):
        by_entry.setdefault(cell.entry, []).append(cell)
    languages = {entry: ",".join(sorted({cell.language for cell in cells})) for entry, cells in by_entry.items()}
    return {entry: _line(_row_fields(cells, languages[entry]), "") for entry, cells in by_entry.items()}


def cell_signatures(records: Iterable[Record]) -> tuple[list[str], str]:
    """Return the signature of each record of an entry, and that of all of them together ("" without records)."""
    cells = list(map(_cell, records))
    each = [_line(_row_fields([cell], cell.language), "") for cell in cells]
    languages = ",".join(sorted({cell.language for cell in cells}))
    return each, _line(_row_fields(cells, languages), "") if cells else ""


def _cell(record: Record) -> _Cell:
    values = {
        "suite": f"{record.suite}{_at(record.suite_digest)}",
        "entry": f"{record.entry}@{digest(recipe(record))[:DIGITS]}",
        "base": _value(record, "base_model_sha256")[:DIGITS],
        "dtype": _value(record, "computation", "encode_dtype"),
        **{name: _value(record, "environment", "packages", package) for name, package in PACKAGES.items()},
        "code": _code(record),
        "isa": _value(record, "environment", "instruction_set"),
        "threads": _value(record, "environment", "threads"),
        "gpu": _value(record, "environment", "gpu"),
    }
    digests = record.value("data", "digests")
    data = digest("" if digests is None else digests)
    fields = {name: plain(value) for name, value in values.items() if value}
    return _Cell(record.entry, record.language, record.seed, record.n_queries, data, fields)


def _row_fields(cells: Sequence[_Cell], language: str) -> dict[str, str]:
    """Return the fields of a row in their order, its measure left empty."""
    values: dict[str, set[str]] = {}
    for cell in cells:
        for name, value in cell.fields.items():
            values.setdefault(name, set()).add(value)
    fields = {name: "+".join(sorted(values.get(name, ()))) for name in FIELDS}
    seeds = ",".join(str(seed) for seed in sorted({cell.seed for cell in cells}))
    queries = str(sum({cell.language: cell.n_queries for cell in cells}.values()))
    data = digest(sorted({(cell.language, cell.data) for cell in cells}))[:DIGITS]
    return fields | {"language": plain(language), "seeds": seeds, "queries": queries, "data": data}


def _line(fields: Mapping[str, str], measure: str) -> str:
    complete = {**fields, "measure": plain(measure)}
    return "|".join(f"{name}:{value}" for name, value in complete.items() if value)


def plain(value: Any) -> str:
    """Return a value on one line, without the separator of the fields."""
    return one_line(value).replace("|", "%7C")


def recipe(record: Record) -> dict[str, Any]:
    """Return what determined an entry's weights: its declaration, its plugins' sources and its training settings."""
    entry = record.table("entry")
    known = {name: entry[name] for name in RECIPE if name in entry}  # a switch that is off may be in no record
    return {**known, "trained with": record.value("training", "settings")}


def _code(record: Record) -> str:
    revision = _value(record, "code", "revision")[:DIGITS]
    dirty = _value(record, "code", "diff_sha256")[:DIGITS]
    return f"{revision}-dirty-{dirty}" if dirty else revision or _value(record, "code", "sources_sha256")[:DIGITS]


def _at(suite_digest: str) -> str:
    return f"@{suite_digest[:DIGITS]}" if suite_digest else ""


def _value(record: Record, *path: str) -> str:
    """Return a value of the provenance as text, "" if there is none."""
    value = record.value(*path)
    return "" if value is None else str(value)
