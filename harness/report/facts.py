"""How the results were made, as (name, text) pairs from run.json and the records' provenance.

All keys are optional and only `entry` is known by name. A value that all records share is stated once; a value that
depends only on the language, or only on the entry, is stated per language or per entry; the names of all other values
are listed and the values left to the records.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.machine_hours import machine
from harness.results import signature
from harness.results.flatten import EMPTY, Facts, flatten, text
from harness.results.record import Record
from harness.results.run_file import RunFile

SHORT = 12  # digits of a digest in a line
DAY = 10  # characters of 2026-11-30


@dataclass(frozen=True)
class Provenance:
    """The provenance of several records, by what it depends on."""

    shared: Facts
    by_language: dict[str, Facts]
    by_entry: dict[str, Facts]
    leaves: Mapping[str, Sequence[Any]]  # dotted name of a varying value → the value of each record, None if absent

    @property
    def varying(self) -> list[str]:
        return list(self.leaves)

    def varying_facts(self, index: int) -> Facts:
        """Return the varying values of the record at an index."""
        return [(name, text(values[index])) for name, values in self.leaves.items() if values[index] is not None]


def run_facts(run: RunFile) -> Facts:
    """Return the contents of run.json: the command as typed, then everything else."""
    command = [("command", shlex.join(run.command))] if run.command else []
    return command + flatten({name: value for name, value in run.content.items() if name != "command"})


def made_by(board: Leaderboard) -> str:
    """Return what made the records in one line: revisions and their days, machines, digests of the suite."""
    revisions = dict.fromkeys(map(_revision, board.records))
    suites = dict.fromkeys(record.suite_digest[:SHORT] for record in board.records if record.suite_digest)
    parts = [
        *filter(None, revisions),
        *machines(board),
        *(f"suite {digest}" for digest in suites),
    ]
    return ", ".join(parts)


def _revision(record: Record) -> str:
    """Return the revision of the code that made a record, and its day where that is recorded."""
    revision, day = (record.value("code", name) for name in ("revision", "revision_date"))
    if not revision:
        return ""
    return f"code {str(revision)[:SHORT]}" + (f" of {str(day)[:DAY]}" if day else "")


def machines(board: Leaderboard) -> list[str]:
    """Return the names of what computed the records, GPUs or processors."""
    return list(dict.fromkeys(filter(None, map(machine, board.records))))


def entry_facts(board: Leaderboard, order: Iterable[str]) -> dict[str, Facts]:
    """Return entry → its declaration (paper, method, adapters, settings, departures) and its signature."""
    facts: dict[str, Facts] = {}
    for record in (*board.records, *board.failures):
        if table := record.table("entry"):
            declaration = {name: value for name, value in table.items() if name not in ("name", "title", "equations")}
            facts.setdefault(record.entry, flatten(declaration))
    for entry, line in signature.entry_signatures(board.records).items():
        facts.setdefault(entry, []).append(("signature", line))
    return {entry: facts[entry] for entry in order if facts.get(entry)}


def provenance_facts(records: Sequence[Record]) -> Provenance:
    """Return the provenance of done records, without declarations of entries and makers of single outputs."""
    shown = [record.provenance.items() for record in records]
    tables = [{name: value for name, value in items if name not in ("entry", "makers")} for items in shown]
    return shared_facts(records, tables)


def shared_facts(records: Sequence[Record], tables: Sequence[Mapping[str, Any]]) -> Provenance:
    """Return the values of nested tables, one table per record, by what they depend on."""
    shared: Facts = []
    differing: dict[str, list[Any]] = {}
    _split(tables, "", shared, differing)
    by_language: dict[str, Facts] = {}
    by_entry: dict[str, Facts] = {}
    varying: dict[str, list[Any]] = {}
    for name, values in sorted(differing.items()):
        if (languages := _value_by_group([record.language for record in records], values)) is not None:
            _add(by_language, name, languages)
        elif (entries := _value_by_group([record.entry for record in records], values)) is not None:
            _add(by_entry, name, entries)
        else:
            varying[name] = values
    return Provenance(sorted(shared), by_language, by_entry, varying)


def _split(tables: Sequence[Mapping[str, Any]], prefix: str, shared: Facts, differing: dict[str, list[Any]]) -> None:
    """Add values that all tables share to `shared`, and all others, one per table, to `differing`, by dotted names."""
    for name in dict.fromkeys(name for table in tables for name in table):
        values = [table.get(name) for table in tables]
        if all(value == values[0] for value in values):
            shared += flatten({name: values[0]}, prefix)
            continue
        inner = [value if isinstance(value, Mapping) else {} for value in values]
        if any(inner):
            _split(inner, f"{prefix}{name}.", shared, differing)
        plain = [None if isinstance(value, Mapping) or value in EMPTY else value for value in values]
        if any(value is not None for value in plain):
            differing[f"{prefix}{name}"] = plain


def _value_by_group(groups: Iterable[str], values: Iterable[Any]) -> dict[str, Any] | None:
    """Return the value of each group, None where a group has several."""
    by_group: dict[str, Any] = {}
    for group, value in zip(groups, values, strict=True):
        if by_group.setdefault(group, value) != value:
            return None
    return by_group


def _add(facts: dict[str, Facts], name: str, values: Mapping[str, Any]) -> None:
    for group, value in values.items():
        if value is not None:
            facts.setdefault(group, []).append((name, text(value)))
