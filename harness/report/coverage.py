"""How complete a run is: judged queries per language, data that differ from the manifest."""

from __future__ import annotations

from harness.data.nli_selection import kept_line
from harness.evidence.leaderboard import Leaderboard
from harness.stats.entry_scores import AVERAGE


def queries(board: Leaderboard) -> dict[str, int]:
    """Return the number of judged queries by language; collate requires it to be the same for all entries."""
    rows = board.rows[board.rows["language"] != AVERAGE]
    return {language: int(n) for language, n in zip(rows["language"], rows["n_queries"], strict=True)}


def unverified(board: Leaderboard) -> list[str]:
    """Return the languages whose data differ from the manifest and were accepted."""
    languages = {record.language for record in board.records if record.value("data", "unverified")}
    return [language for language in board.languages if language in languages]


def selected_rows(board: Leaderboard) -> list[str]:
    """Return one line per minimum quality of NLI rows: how many of them each language trained on."""
    counts: dict[float, dict[str, str]] = {}
    for record in board.records:
        if rows := record.table("data", "nli_selected"):
            kept = f"{rows.get('kept')} of {rows.get('rows')}"
            counts.setdefault(rows.get("minimum", 0.0), {})[record.language] = kept
    return [
        kept_line(minimum, {language: kept[language] for language in board.languages if language in kept})
        for minimum, kept in sorted(counts.items())
    ]
