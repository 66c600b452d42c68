"""The leaderboard as a table in the terminal, on the primary measure.

Columns: the languages, the average of several, its difference to the baseline with Holm's p, and ties: two entries
share a letter where they are not shown to differ, as on the page. Languages have their intervals where 80 columns allow
it, else their means only, and are left out where even these do not fit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.evidence.leaderboard import Leaderboard
from harness.report import failures
from harness.report.console import WIDTH, Name, compact_table, table_width
from harness.report.coverage import selected_rows
from harness.report.documents.findings import contrast_findings
from harness.report.numbers import ALPHA_TEXT, hundred, p_value, signed
from harness.report.sections.evidence_section import UNKNOWN
from harness.report.table_view import ONE_SEED, Box, Place, Row, Score, difference_note, tables
from harness.stats.entry_scores import overall

if TYPE_CHECKING:
    from rich.table import Table

P, TIES = "p", "ties"


@dataclass(frozen=True)
class _Line:
    """One entry; a box per language."""

    entry: str
    boxes: tuple[Box, ...]
    average: Score | None  # of one language: its score


def terminal_table(board: Leaderboard) -> Table:
    """Return one row per entry, best average first: scores × 100 with half the width of their 95 % interval.

    The caption has the finding, what the columns are, failed cells with their reasons, and cells without a record.
    """
    rows = tables(board)[0].rows
    lines = [_Line(row.entry, row.boxes, row.average) for row in rows]
    title = f"{board.suite}: {board.primary} × 100"
    below = [*board.results.repeated_lines, *selected_rows(board), *_not_measured(board, rows)]
    return _table(title, board.languages, board.baseline_name, lines, (contrast_findings(board), below))


def stored_table(document: Mapping[str, Any]) -> Table:
    """Return the same table from a leaderboard.json in which every cell is done."""
    primary, languages, entries = document["primary"], document["languages"], document["entries"]
    scores = {
        (row["entry"], row["language"]): _stored_score(row) for row in document["rows"] if row["measure"] == primary
    }
    names = [entry["entry"] for entry in entries]
    lines = [
        _Line(
            name,
            tuple(Box(scores.get((name, language)), ()) for language in languages),
            scores.get((name, overall(languages))),
        )
        for name in names
    ]
    baseline = document["baseline"]
    if document.get("models") and baseline not in names:
        baseline = f"own {baseline}"
    title = f"{document['suite']}: {primary} × 100"
    finding = document["findings"][:1] if document.get("published_contrasts") else []
    below = [*document.get("repeated_seeds", ()), *document.get("selected_rows", ())]
    return _table(title, languages, baseline, lines, (finding, below))


def _stored_score(row: Mapping[str, Any]) -> Score:
    delta = (row["delta_vs_base"], row["delta_ci_low"], row["delta_ci_high"])
    blind = str(row["delta_interval_over"]).endswith(UNKNOWN)
    return Score(
        *(row["mean"], row["ci_low"], row["ci_high"], row["seed_sd"], *delta, row["p_adjusted"]),
        note=difference_note(row["identical"] == "yes", blind),
        n_queries=row["n_queries"],
        n_seeds=row["n_seeds"],
        sources=(),
        place=Place(row["rank_best"], row["rank_worst"], row["letters"]),
    )


def _table(
    title: str,
    languages: Sequence[str],
    baseline: str,
    lines: Sequence[_Line],
    around: tuple[Iterable[str], Iterable[str]],
) -> Table:
    """Return the fullest table that fits; `around` are the lines of the caption above and below the legend."""
    from rich.text import Text

    first, last = around
    wide = [[_box(box, intervals=True) for box in line.boxes] for line in lines]
    means = [[_box(box, intervals=False) for box in line.boxes] for line in lines]
    alone = len(languages) == 1
    levels = [box for (box,) in wide] if alone else [_score(line.average) for line in lines]
    own = [
        (level, _delta(line.average), _p(line.average), _ties(line.average))
        for level, line in zip(levels, lines, strict=True)
    ]
    columns = (overall(languages), f"Δ {baseline}", P, TIES)
    none: tuple[Sequence[str], list[list[str]]] = ((), [[] for _ in lines])
    for heads, boxes in (none,) if alone else ((languages, wide), (languages, means), none):
        rows = [(line.entry, *of_languages, *rest) for line, of_languages, rest in zip(lines, boxes, own, strict=True)]
        if table_width(("entry", *heads, *columns), rows) <= WIDTH:
            break
    hidden = languages and not heads and not alone
    left_out = [f"{', '.join(languages)}: too wide for this table, see the report"] if hidden else []
    caption = ["", *first, *_legend(baseline, own, "" if alone else "of the average, "), *left_out, *last]
    table = compact_table("entry", (*heads, *columns), left=(TIES,), title=title, caption="\n".join(caption))
    for row in rows:
        name, *cells = row
        table.add_row(Name(name), *map(Text, cells))
    return table


def _box(box: Box, *, intervals: bool) -> str:
    if box.score:
        return (_score(box.score) if intervals else hundred(box.score.mean)) + ("!" if box.failed else "")
    return "failed" if box.failed else "-"


def _score(score: Score | None) -> str:
    if score is None or score.low is None or score.high is None:
        return hundred(score.mean) if score else "-"
    return f"{hundred(score.mean)}±{hundred((score.high - score.low) / 2)}"


def _delta(score: Score | None) -> str:
    if score is None or score.delta is None:
        return ""
    if score.delta_low is None or score.delta_high is None:
        return signed(score.delta)
    return f"{signed(score.delta)}±{hundred((score.delta_high - score.delta_low) / 2)}"


def _p(score: Score | None) -> str:
    """Return Holm's p of the difference, or why there is none."""
    return "" if score is None or score.delta is None else score.note or p_value(score.p)


def _ties(score: Score | None) -> str:
    return score.place.letters if score and score.place else ""


def _not_measured(board: Leaderboard, rows: Sequence[Row]) -> list[str]:
    lines = []
    if any(box.score and box.failed for row in rows for box in row.boxes):
        lines.append("! fewer seeds: one or more failed")
    lines += failures.lines(board.results.path, board.failures)
    missing = board.results.absent
    return [*lines, *([f"not measured: {', '.join(missing)}"] if missing else [])]


def _legend(baseline: str, cells: Collection[Sequence[str]], of: str) -> list[str]:
    """Return what the columns are; `cells` are those of level, difference, p and ties."""
    legend = [
        "± half the 95 % interval over queries and seeds (of one seed: over queries)",
        f"Δ {baseline}: {of}paired; p: adjusted over all pairs (Holm)",
        f"ties: two entries share a letter where they are not shown to differ (p > {ALPHA_TEXT})",
    ]
    if any(p == ONE_SEED for _, _, p, _ in cells):
        legend.append("one seed: of a trained entry; its spread over seeds is unknown, nothing is shown")
    return legend
