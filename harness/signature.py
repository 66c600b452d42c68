"""One line for each row of the leaderboard that says what its number is of, in the manner of sacreBLEU (Post 2018).

    suite:wikiqa@8f3c12ab|entry:clpl@77e0d1c2|language:ko|measure:nDCG@10|seeds:0,1,2|queries:1063|…

Two rows of one signature are numbers of the same data, model and recipe under the same libraries. Digests are cut to
eight digits; the records have them whole. Where records of one row differ, their values stand side by side.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.keys import digest
from harness.record import Record

CSV = "signatures.csv"
COLUMNS = ("suite", "entry", "language", "measure", "signature")
DIGITS = 8
PACKAGES = {"harness": "harness-embeddings", "torch": "torch", "st": "sentence-transformers"}
# Of an entry, what decides its weights (harness.entries.IDENTITY) and the versions of its plugins.
RECIPE = (
    *("method", "adapters", "negatives", "settings", "training", "joined", "mining_rounds", "dimensions"),
    "plugins",
)


def signature(records: Sequence[Record], language: str, measure: str = "") -> str:
    """Return the line of the records that a row is the mean of; without `measure`, that of all its measures."""
    fields: dict[str, Iterable[str]] = {
        "suite": (f"{one.suite}{_at(one.provenance.get('suite_digest'))}" for one in records),
        "entry": (f"{one.entry}@{digest(_recipe(one))[:DIGITS]}" for one in records),
        "language": [language],
        "measure": [measure],
        "seeds": [",".join(str(seed) for seed in sorted({one.seed for one in records}))],
        "queries": [str(sum({one.language: one.n_queries for one in records}.values()))],
        "data": [digest(sorted({(one.language, digest(_get(one, "data", "digests"))) for one in records}))[:DIGITS]],
        "base": (str(one.provenance.get("base_model_sha256") or "")[:DIGITS] for one in records),
        "dtype": (_get(one, "computation", "encode_dtype") for one in records),
        **{
            name: [_get(one, "environment", "packages", package) for one in records]
            for name, package in PACKAGES.items()
        },
        "code": (_code(one) for one in records),
        "isa": (_get(one, "environment", "instruction_set") for one in records),
        "threads": (_get(one, "environment", "threads") for one in records),
        "gpu": (_get(one, "environment", "gpu") for one in records),
    }
    said = {name: "+".join(sorted({plain(value) for value in values if value})) for name, values in fields.items()}
    return "|".join(f"{name}:{value}" for name, value in said.items() if value)


def plain(value: Any) -> str:
    """Return a value without what parts the fields."""
    return " ".join(str(value).split()).replace("|", "%7C")


def of_rows(suite: str, rows: Iterable[tuple[str, str, str]], records: Iterable[Record], average: str) -> str:
    """Return the signatures of leaderboard rows (entry, language, measure) as CSV, in their order.

    `average` is the language of the rows that are the mean of all languages.
    """
    groups = _groups(records, average)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry, language, measure in rows:
        own = groups.get((entry, language), [])
        writer.writerow((suite, entry, language, measure, signature(own, language, measure)))
    return buffer.getvalue()


def of_entries(records: Iterable[Record]) -> dict[str, str]:
    """Return entry → the line of all its records, whatever the language and the measure."""
    by_entry: dict[str, list[Record]] = {}
    for one in records:
        by_entry.setdefault(one.entry, []).append(one)
    return {entry: signature(own, ",".join(sorted({one.language for one in own}))) for entry, own in by_entry.items()}


def _groups(records: Iterable[Record], average: str) -> dict[tuple[str, str], list[Record]]:
    groups: dict[tuple[str, str], list[Record]] = {}
    for one in records:
        groups.setdefault((one.entry, one.language), []).append(one)
        groups.setdefault((one.entry, average), []).append(one)
    return groups


def _recipe(one: Record) -> dict[str, Any]:
    entry = one.provenance.get("entry") or {}
    training = (one.provenance.get("training") or {}).get("settings")
    return {**{name: entry.get(name) for name in RECIPE}, "trained with": training}


def _code(one: Record) -> str:
    revision = str(_get(one, "code", "revision"))[:DIGITS]
    dirty = str(_get(one, "code", "diff_sha256"))[:DIGITS]
    return f"{revision}-dirty-{dirty}" if dirty else revision or str(_get(one, "code", "sources_sha256"))[:DIGITS]


def _at(found: Any) -> str:
    return f"@{str(found)[:DIGITS]}" if found else ""


def _get(one: Record, *names: str) -> Any:
    """Return what the provenance says at a path of names, "" where it says nothing."""
    value: Any = one.provenance
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else value
