"""The leaderboard as a table in the terminal, on the primary measure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.evidence.leaderboard import Leaderboard
from harness.report import failures
from harness.report.console import compact_table
from harness.report.coverage import selected_rows
from harness.report.documents.findings import ALPHA_TEXT, contrast_findings
from harness.report.numbers import hundred, signed
from harness.report.sections.evidence_section import UNKNOWN
from harness.report.table_view import ONE_SEED, Box, Row, Score, difference_note, tables
from harness.stats.entry_scores import AVERAGE
from harness.stats.rules import ALPHA

if TYPE_CHECKING:
    from rich.table import Table


MARK = "*"  # of a difference without a test
SHOWN = "†"  # of a difference with an adjusted p of at most ALPHA, as in LaTeX


def terminal_table(board: Leaderboard) -> Table:
    """Return one row per entry, best average first: scores × 100 with half the width of their 95 % interval.

    The last column is the average's difference to the baseline, marked where it is shown. The caption names failed
    cells with their reasons, and cells without a record.
    """
    rows = tables(board)[0].rows
    lines = [(row.entry, *map(_box, row.boxes), _score(row.average), _delta(row.average)) for row in rows]
    title = f"{board.suite}: {board.primary} × 100"
    return _table(title, (*board.languages, "average", f"Δ {board.baseline_name}"), lines, _caption(board, rows, lines))


def stored_table(document: Mapping[str, Any]) -> Table:
    """Return the same table from a leaderboard.json in which every cell is done."""
    primary, languages, entries = document["primary"], document["languages"], document["entries"]
    scores = {(row["entry"], row["language"]): row for row in document["rows"] if row["measure"] == primary}
    names = [entry["entry"] for entry in entries]
    lines = []
    for name in names:
        boxes = [_stored_score(scores.get((name, language))) for language in (*languages, AVERAGE)]
        lines.append((name, *map(_score, boxes), _delta(boxes[-1])))
    baseline = document["baseline"]
    if document.get("models") and baseline not in names:
        baseline = f"own {baseline}"
    title = f"{document['suite']}: {primary} × 100"
    finding = document["findings"][:1] if document.get("published_contrasts") else []
    caption = [
        "",
        *finding,
        *_legend(baseline, lines),
        *document.get("repeated_seeds", ()),
        *document.get("selected_rows", ()),
    ]
    return _table(title, (*languages, "average", f"Δ {baseline}"), lines, "\n".join(caption))


def _stored_score(row: Mapping[str, Any] | None) -> Score | None:
    if row is None:
        return None
    delta = (row["delta_vs_base"], row["delta_ci_low"], row["delta_ci_high"])
    blind = str(row["delta_interval_over"]).endswith(UNKNOWN)
    return Score(
        *(row["mean"], row["ci_low"], row["ci_high"], row["seed_sd"], *delta, row["p_adjusted"]),
        note=difference_note(row["identical"] == "yes", blind),
        n_queries=row["n_queries"],
        n_seeds=row["n_seeds"],
        sources=(),
    )


def _table(title: str, columns: Sequence[str], lines: Iterable[Sequence[str]], caption: str) -> Table:
    from rich.text import Text

    table = compact_table("entry", columns, left=(), title=title, caption=caption)
    for line in lines:
        table.add_row(*map(Text, line))
    return table


def _box(box: Box) -> str:
    if box.score:
        return _score(box.score) + ("!" if box.failed else "")
    return "failed" if box.failed else "-"


def _score(score: Score | None) -> str:
    if score is None or score.low is None or score.high is None:
        return hundred(score.mean) if score else "-"
    return f"{hundred(score.mean)}±{hundred((score.high - score.low) / 2)}"


def _delta(score: Score | None) -> str:
    if score is None or score.delta is None:
        return ""
    mark = MARK if score.note == ONE_SEED else SHOWN if score.p is not None and score.p <= ALPHA else " "
    if score.delta_low is None or score.delta_high is None:
        return signed(score.delta) + mark
    return f"{signed(score.delta)}±{hundred((score.delta_high - score.delta_low) / 2)}{mark}"


def _caption(board: Leaderboard, rows: Sequence[Row], cells: Collection[Sequence[str]]) -> str:
    lines = ["", *contrast_findings(board), *_legend(board.baseline_name, cells), *board.results.repeated_lines]
    lines += selected_rows(board)
    if any(box.score and box.failed for row in rows for box in row.boxes):
        lines.append("! fewer seeds: one or more failed")
    lines += failures.lines(board.results.path, board.failures)
    missing = board.results.absent
    return "\n".join([*lines, *([f"not measured: {', '.join(missing)}"] if missing else [])])


def _legend(baseline: str, cells: Collection[Sequence[str]]) -> list[str]:
    """Return what the columns are; `cells` are the rows of the table."""
    shown = f"; {SHOWN} p ≤ {ALPHA_TEXT} (Holm)" if any(row[-1].endswith(SHOWN) for row in cells) else ""
    legend = [
        "± half the 95 % interval over queries and seeds (of one seed: over queries)",
        f"Δ {baseline}: of the average, paired{shown}",
    ]
    if any(row[-1].endswith(MARK) for row in cells):
        legend.append(f"{MARK} one seed of a trained entry: its spread over seeds is unknown, nothing is shown")
    return legend
