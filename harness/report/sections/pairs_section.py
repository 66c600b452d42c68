"""Every entry against every other in one table: difference, Holm's p, and what is shown of it.

The numbers are those of the page's script (harness.report.script_data), and so of the table, the letters and the
figures. The page has the table of its first view; leaderboard_pairs.js fills it again for every other view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.errors import quantity
from harness.report.figures.captions import entry_limit_note
from harness.report.figures.drawing_rules import RULES
from harness.report.figures.view import View
from harness.report.numbers import hundred, p_value, signed
from harness.report.page_links import pair_link
from harness.stats.rules import direction

Mark = Literal["higher", "lower", "tie"]
MARKS: dict[str, Mark] = {"better": "higher", "worse": "lower", "": "tie"}


@dataclass(frozen=True)
class Cell:
    """The difference of a row's entry less that of a column; `tie`: it is not shown to differ from 0."""

    mark: Mark
    delta: str
    p: str  # or why there is none
    href: str  # of the queries on which the two differ, "" where the page does not link to them


@dataclass(frozen=True)
class Row:
    """One entry; a cell is None where the two were not compared, as on the diagonal, which has the entry's `score`."""

    name: str
    letters: str
    score: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class PairTable:
    """The entries of a view that were measured, in the order of the page."""

    title: str
    rows: tuple[Row, ...]
    caption: str


def has_pairs(view: View) -> bool:
    """Return whether the data hold the differences of every two measured entries, of which there are at least two."""
    measured = [entry for entry, scores in enumerate(view.data["scores"][0]) if any(scores)]
    return len(measured) > 1 and len(view.data["baselines"]) == len(measured)


def pair_table(view: View) -> PairTable:
    """Return the table of a view."""
    entries = [entry for entry in view.entries if view.found(entry, view.scope)]
    shown = entries[: RULES["entries"]]
    rows = tuple(_row(view, entry, shown) for entry in shown)
    title = f"Every two entries in {view.state.measure}, {view.language_label(view.scope)}, × 100"
    return PairTable(title, rows, _caption(rows, len(entries)))


def _row(view: View, entry: int, entries: list[int]) -> Row:
    score = view.found(entry, view.scope)
    assert score is not None
    cells = tuple(None if other == entry else _cell(view, entry, other) for other in entries)
    return Row(view.label(entry), score["letters"] or "", hundred(score["mean"]), cells)


def _cell(view: View, entry: int, other: int) -> Cell | None:
    difference = view.difference(entry, other, view.scope)
    if difference is None or difference["delta"] is None:
        return None
    p, delta = difference["p"], difference["delta"]
    names = [view.data["entries"][each]["name"] for each in (entry, other)]
    return Cell(
        mark=MARKS["" if p is None else direction(p, delta)],
        delta=signed(delta),
        p=difference["note"] or p_value(p),
        href=pair_link(names[0], view.scope, names[1]) if view.scope in view.data["compared"] else "",
    )


def _caption(rows: tuple[Row, ...], count: int) -> str:
    """Return how many pairs are shown to differ."""
    if len(rows) < 2:
        return "Fewer than two entries that are shown were measured."
    above = [cell for i, row in enumerate(rows) for cell in row.cells[i + 1 :] if cell]
    differ = sum(cell.mark != "tie" for cell in above)
    return f"{differ} of {quantity(len(above), 'pair')} shown to differ.{entry_limit_note(count)}"
