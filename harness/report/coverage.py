"""How complete a run is: judged queries per language, results without a record, data that differ from the manifest."""

from __future__ import annotations

from harness.evidence.leaderboard import Leaderboard
from harness.results.record import records_by_pair
from harness.stats.entry_scores import AVERAGE


def queries(board: Leaderboard) -> dict[str, int]:
    """Return the number of judged queries by language; collate requires it to be the same for all entries."""
    rows = board.rows[board.rows["language"] != AVERAGE]
    return {language: int(n) for language, n in zip(rows["language"], rows["n_queries"], strict=True)}


def absent(board: Leaderboard) -> list[str]:
    """Return what was requested or started and has no record.

    The form is `entry/language` where no record exists, `entry/language/seed` where a trained entry lacks a seed.
    """
    resolved = board.run.resolved
    records_of = records_by_pair((*board.records, *board.failures))
    entries = dict.fromkeys([*resolved.entries, *sorted({entry for entry, _ in records_of})])
    missing: list[str] = []
    for entry in entries:
        for language in board.languages:
            records = records_of.get((entry, language), [])
            seeds = {record.seed for record in records}
            if not records:
                missing.append(f"{entry}/{language}")
            elif any(record.trained for record in records):
                missing += [f"{entry}/{language}/{seed}" for seed in resolved.seeds or () if seed not in seeds]
    return missing


def unverified(board: Leaderboard) -> list[str]:
    """Return the languages whose data differ from the manifest and were accepted."""
    languages = {record.language for record in board.records if record.value("data", "unverified")}
    return [language for language in board.languages if language in languages]
