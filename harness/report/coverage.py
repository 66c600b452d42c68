"""How complete a run is: judged queries per language, results without a record, data that differ from the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from harness.evidence.leaderboard import Leaderboard, resolved
from harness.results.record import Record
from harness.stats.summary import AVERAGE

_T = TypeVar("_T")


def queries(board: Leaderboard) -> dict[str, int]:
    """Return the number of judged queries by language; collate requires it to be the same for all entries."""
    rows = board.rows[board.rows["language"] != AVERAGE]
    return {language: int(n) for language, n in zip(rows["language"], rows["n_queries"], strict=True)}


def absent(board: Leaderboard) -> list[str]:
    """Return what was requested or started and has no record.

    The form is `entry/language` where no record exists, `entry/language/seed` where a trained entry lacks a seed.
    """
    resolution = resolved(board.run)
    records_of = records_by_pair((*board.records, *board.failures))
    entries = dict.fromkeys([*_items(resolution, "entries", str), *sorted({entry for entry, _ in records_of})])
    missing: list[str] = []
    for entry in entries:
        for language in board.languages:
            records = records_of.get((entry, language), [])
            seeds = {record.seed for record in records}
            if not records:
                missing.append(f"{entry}/{language}")
            elif any(record.trained for record in records):
                missing += [f"{entry}/{language}/{n}" for n in _items(resolution, "seeds", int) if n not in seeds]
    return missing


def unverified(board: Leaderboard) -> list[str]:
    """Return the languages whose data differ from the manifest and were accepted."""
    languages = {record.language for record in board.records if record.provenance.get("data", {}).get("unverified")}
    return [language for language in board.languages if language in languages]


def records_by_pair(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    """Return (entry, language) → its records, in their order."""
    rows: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        rows.setdefault((record.entry, record.language), []).append(record)
    return rows


def _items(resolution: Mapping[str, Any], name: str, kind: type[_T]) -> list[_T]:
    value = resolution.get(name)
    return [item for item in value if isinstance(item, kind)] if isinstance(value, list | Mapping) else []
