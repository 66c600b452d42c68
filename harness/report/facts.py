"""How the numbers were made, as (name, text) pairs from run.json and from the records' provenance.

Every key is optional and none is known by name but `entry` (shown with its entry): what all records agree on is
said once, what depends only on the language or only on the entry is said there, the rest is named and left to
the records.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness import signature
from harness.collate import Leaderboard
from harness.record import Record

Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Provenance:
    """What the records say, by how far it is shared."""

    shared: Facts
    by_language: dict[str, Facts]
    by_entry: dict[str, Facts]
    varying: list[str]


def flatten(value: Mapping[str, Any], prefix: str = "") -> Facts:
    """Return nested settings as dotted names with their values as text, sorted; empty values are left out."""
    facts: Facts = []
    for name, item in sorted(value.items()):
        if isinstance(item, Mapping):
            facts += flatten(item, f"{prefix}{name}.")
        elif item not in (None, "", [], ()):
            facts.append((f"{prefix}{name}", text(item)))
    return facts


def text(value: Any) -> str:
    """Return a value as it is read: strings bare, lists of plain values with commas, all else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and not any(isinstance(item, list | tuple | Mapping) for item in value):
        return ", ".join(map(text, value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


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
            said.setdefault(record.entry, [fact for fact in flatten(entry) if fact[0] not in ("name", "title")])
    for entry, line in signature.of_entries(board.records).items():
        said.setdefault(entry, []).append(("signature", line))
    return {entry: said[entry] for entry in order if said.get(entry)}


def of_records(records: Sequence[Record]) -> Provenance:
    """Return the provenance of done records, each fact where it is constant."""
    flat = [
        (record, dict(flatten({name: value for name, value in record.provenance.items() if name != "entry"})))
        for record in records
    ]
    shared: Facts = []
    by_language: dict[str, Facts] = {}
    by_entry: dict[str, Facts] = {}
    varying: list[str] = []
    for name in sorted({name for _, facts in flat for name in facts}):
        said = [(record, facts.get(name, "")) for record, facts in flat]
        if len({value for _, value in said}) == 1:
            shared.append((name, said[0][1]))
        elif (languages := _constant(said, lambda record: record.language)) is not None:
            _add(by_language, name, languages)
        elif (entries := _constant(said, lambda record: record.entry)) is not None:
            _add(by_entry, name, entries)
        else:
            varying.append(name)
    return Provenance(shared, by_language, by_entry, varying)


def _constant(said: Iterable[tuple[Record, str]], group: Callable[[Record], str]) -> dict[str, str] | None:
    """Return the one value of each group, None where a group has several."""
    values: dict[str, str] = {}
    for record, value in said:
        if values.setdefault(group(record), value) != value:
            return None
    return values


def _add(facts: dict[str, Facts], name: str, values: Mapping[str, str]) -> None:
    for group, value in values.items():
        if value:
            facts.setdefault(group, []).append((name, value))
