"""One line for each row of the leaderboard that says what its number is of, in the manner of sacreBLEU (Post 2018).

    suite:wikiqa@8f3c12ab|entry:clpl@77e0d1c2|language:ko|measure:nDCG@10|seeds:0,1,2|queries:1063|…

Two rows of one signature are numbers of the same data, model and recipe under the same libraries. Digests are cut to
eight digits; the records have them whole. Where records of one row differ, their values stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import one_line
from harness.keys import digest
from harness.results.record import Record

DIGITS = 8
PACKAGES = {"harness": "harness-embeddings", "torch": "torch", "st": "sentence-transformers"}
FIELDS = (
    *("suite", "entry", "language", "measure", "seeds", "queries", "data", "base", "dtype", *PACKAGES),
    *("code", "isa", "threads", "gpu"),
)
# Of an entry, what decides its weights (harness.request.entries.IDENTITY) and the versions of its plugins.
RECIPE = (
    *("method", "adapters", "negatives", "settings", "training", "joined", "mining_rounds", "dimensions"),
    "plugins",
)


@dataclass(frozen=True)
class _Said:
    """What one record says: a word a field, and what its row's fields are made of."""

    entry: str
    language: str
    seed: int
    n_queries: int
    data: str
    words: Mapping[str, str]


def signature(records: Iterable[Record], language: str, measure: str = "") -> str:
    """Return the line of the records that a row is the mean of; without `measure`, that of all its measures."""
    return _line(_fields(list(map(_said, records)), language), measure)


def _said(one: Record) -> _Said:
    words = {
        "suite": f"{one.suite}{_at(one.provenance.get('suite_digest'))}",
        "entry": f"{one.entry}@{digest(_recipe(one))[:DIGITS]}",
        "base": str(one.provenance.get("base_model_sha256") or "")[:DIGITS],
        "dtype": _get(one, "computation", "encode_dtype"),
        **{name: _get(one, "environment", "packages", package) for name, package in PACKAGES.items()},
        "code": _code(one),
        "isa": _get(one, "environment", "instruction_set"),
        "threads": _get(one, "environment", "threads"),
        "gpu": _get(one, "environment", "gpu"),
    }
    data = digest(_get(one, "data", "digests"))
    said = {name: plain(word) for name, word in words.items() if word}
    return _Said(one.entry, one.language, one.seed, one.n_queries, data, said)


def _fields(said: Sequence[_Said], language: str) -> dict[str, str]:
    """Return the fields of a row in their order, its measure left open."""
    words: dict[str, set[str]] = {}
    for one in said:
        for name, word in one.words.items():
            words.setdefault(name, set()).add(word)
    fields = {name: "+".join(sorted(words.get(name, ()))) for name in FIELDS}
    seeds = ",".join(str(seed) for seed in sorted({one.seed for one in said}))
    queries = str(sum({one.language: one.n_queries for one in said}.values()))
    data = digest(sorted({(one.language, one.data) for one in said}))[:DIGITS]
    return fields | {"language": plain(language), "seeds": seeds, "queries": queries, "data": data}


def _line(fields: Mapping[str, str], measure: str) -> str:
    whole = {**fields, "measure": plain(measure)}
    return "|".join(f"{name}:{value}" for name, value in whole.items() if value)


def plain(value: Any) -> str:
    """Return a value without what parts the fields."""
    return one_line(value).replace("|", "%7C")


def of_rows(rows: Sequence[tuple[str, str, str]], records: Iterable[Record], average: str) -> list[str]:
    """Return the signatures of leaderboard rows (entry, language, measure), in their order.

    `average` is the language of the rows that are the mean of all languages.
    """
    groups: dict[tuple[str, str], list[_Said]] = {}
    for one in map(_said, records):
        groups.setdefault((one.entry, one.language), []).append(one)
        groups.setdefault((one.entry, average), []).append(one)
    fields = {name: _fields(said, name[1]) for name, said in groups.items()}
    return [_line(fields.get(row[:2]) or _fields([], row[1]), row[2]) for row in rows]


def of_entries(records: Iterable[Record]) -> dict[str, str]:
    """Return entry → the line of all its records, whatever the language and the measure."""
    by_entry: dict[str, list[_Said]] = {}
    for one in map(_said, records):
        by_entry.setdefault(one.entry, []).append(one)
    languages = {entry: ",".join(sorted({one.language for one in said})) for entry, said in by_entry.items()}
    return {entry: _line(_fields(said, languages[entry]), "") for entry, said in by_entry.items()}


def of_cells(records: Iterable[Record]) -> tuple[list[str], str]:
    """Return the line of each record of an entry by itself, and that of all of them, "" where there is none."""
    said = list(map(_said, records))
    each = [_line(_fields([one], one.language), "") for one in said]
    languages = ",".join(sorted({one.language for one in said}))
    return each, _line(_fields(said, languages), "") if said else ""


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
