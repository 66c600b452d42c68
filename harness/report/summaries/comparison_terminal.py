"""A comparison in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.evidence.comparison import Compared
from harness.report.console import SAME_COLOUR, Name, compact_table, print_lines
from harness.report.summaries.comparison_words import basis, cells, headline, notes, sections

if TYPE_CHECKING:
    from rich.table import Table

    from harness.machine.clean_console import CleanConsole

COLOURS = {"better": "green", "worse": "red"}
HEADS = ("lang", "A", "B", "B − A", "95 % interval", "p", "verdict")


def show(console: CleanConsole, compared: Compared) -> None:
    """Print the table, the differences in request, environment and data, and the finding."""
    print_lines(console, [f"A: {compared.a}", f"B: {compared.b}", ""])
    console.print(comparison_table(compared))
    print_lines(console, lines(compared))


def comparison_table(compared: Compared) -> Table:
    """Return one row per entry and language."""
    from rich.text import Text

    table = compact_table("entry", HEADS, left=("lang", "verdict"))
    for row in compared.rows:
        name, *texts, verdict = cells(row)
        table.add_row(Name(name), *map(Text, texts), Text(verdict, style=COLOURS.get(row.verdict, SAME_COLOUR)))
    return table


def lines(compared: Compared) -> Iterator[str]:
    """Yield the lines below the table, the finding last."""
    yield from (f"* {note}" for note in notes(compared))
    for title, differences in sections(compared):
        yield from ("", title, *(f"  {difference}" for difference in differences))
    yield from ("", f"{basis(compared)}; p: Holm over all rows", headline(compared))
