"""How the numbers were made, as (name, text) pairs from run.json and from the records' provenance.

Every key is optional and none is known by name but `entry` (shown with its entry): what all records agree on is
said once, what depends only on the language or only on the entry is said there, the rest is named and left to
the records.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.results import signature
from harness.results.flatten import EMPTY, Facts, flatten, text
from harness.results.record import Record


@dataclass(frozen=True)
class Provenance:
    """What the records say, by how far it is shared; `leaves` holds what each says of what varies, by dotted name."""

    shared: Facts
    by_language: dict[str, Facts]
    by_entry: dict[str, Facts]
    leaves: Mapping[str, Sequence[Any]]  # name → a value a record, None where it says nothing

    @property
    def varying(self) -> list[str]:
        return list(self.leaves)

    def own(self, place: int) -> Facts:
        """Return what the record at a place among the records says of what varies."""
        return [(name, text(values[place])) for name, values in self.leaves.items() if values[place] is not None]


def of_run(run: Mapping[str, Any]) -> Facts:
    """Return what run.json says: the command as typed, then everything else."""
    command = run.get("command")
    first: Facts = []
    if isinstance(command, list | tuple) and command:
        first = [("command", shlex.join(map(str, command)))]
    return first + flatten({name: value for name, value in run.items() if name != "command"})


def of_entries(board: Leaderboard, order: Iterable[str]) -> dict[str, Facts]:
    """Return what the records say of each entry: its paper, method, adapters, settings, departures; its signature."""
    said: dict[str, Facts] = {}
    for record in (*board.records, *board.failures):
        entry = record.provenance.get("entry")
        if isinstance(entry, Mapping):
            told = {name: value for name, value in entry.items() if name not in ("name", "title", "equations")}
            said.setdefault(record.entry, flatten(told))
    for entry, line in signature.of_entries(board.records).items():
        said.setdefault(entry, []).append(("signature", line))
    return {entry: said[entry] for entry in order if said.get(entry)}


def of_records(records: Sequence[Record]) -> Provenance:
    """Return the provenance of done records, each fact where it is constant."""
    tables = [{name: value for name, value in one.provenance.items() if name != "entry"} for one in records]
    return of_tables(records, tables)


def of_tables(records: Sequence[Record], tables: Sequence[Mapping[str, Any]]) -> Provenance:
    """Return what nested tables, one a record, say, each fact where it is constant."""
    shared: Facts = []
    found: dict[str, list[Any]] = {}
    _part(tables, "", shared, found)
    by_language: dict[str, Facts] = {}
    by_entry: dict[str, Facts] = {}
    varying: dict[str, list[Any]] = {}
    for name, values in sorted(found.items()):
        if (languages := _constant([record.language for record in records], values)) is not None:
            _add(by_language, name, languages)
        elif (entries := _constant([record.entry for record in records], values)) is not None:
            _add(by_entry, name, entries)
        else:
            varying[name] = values
    return Provenance(sorted(shared), by_language, by_entry, varying)


def _part(tables: Sequence[Mapping[str, Any]], prefix: str, shared: Facts, varying: dict[str, list[Any]]) -> None:
    """Add what all tables agree on to `shared` and the rest, a value a table, to `varying`, by dotted names."""
    for name in dict.fromkeys(name for table in tables for name in table):
        values = [table.get(name) for table in tables]
        if all(value == values[0] for value in values):
            shared += flatten({name: values[0]}, prefix)
            continue
        inner = [value if isinstance(value, Mapping) else {} for value in values]
        if any(inner):
            _part(inner, f"{prefix}{name}.", shared, varying)
        plain = [None if isinstance(value, Mapping) or value in EMPTY else value for value in values]
        if any(value is not None for value in plain):
            varying[f"{prefix}{name}"] = plain


def _constant(groups: Iterable[str], said: Iterable[Any]) -> dict[str, Any] | None:
    """Return the one value of each group, None where a group has several."""
    values: dict[str, Any] = {}
    for group, value in zip(groups, said, strict=True):
        if values.setdefault(group, value) != value:
            return None
    return values


def _add(facts: dict[str, Facts], name: str, values: Mapping[str, Any]) -> None:
    for group, value in values.items():
        if value is not None:
            facts.setdefault(group, []).append((name, text(value)))
