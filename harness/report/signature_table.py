"""signatures.csv: the signature (harness.results.signature) of every row of the leaderboard."""

from __future__ import annotations

from collections.abc import Sequence

from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
from harness.results import signature
from harness.stats.entry_scores import AVERAGE

CSV = "signatures.csv"
COLUMNS = ("suite", "entry", "language", "measure", "signature")


def signatures_csv(board: Leaderboard, rows: Sequence[tuple[str, str, str]]) -> str:
    """Return the signatures of leaderboard rows (entry, language, measure) as CSV, in their order."""
    signatures = signature.row_signatures(rows, board.records, AVERAGE)
    return spreadsheet.to_csv(COLUMNS, ((board.suite, *row, line) for row, line in zip(rows, signatures, strict=True)))
