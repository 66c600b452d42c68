"""Tables and lines in a terminal: a table has 80 columns at most, and no number in it is cut."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from harness.machine.clean_console import CleanConsole

SAME_COLOUR = ""  # of what needs no attention
WIDTH = 80  # of a table, at most
_SHORTEST_NAME = 12  # columns that a name is wrapped to where the other columns need the width


def compact_table(
    first: str, heads: Sequence[str], *, left: Collection[str], title: str = "", caption: str = ""
) -> Table:
    """Return an empty table. The names of the first column are wrapped where the width demands it, no other column is.

    The columns `left` are of words, all others of numbers.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(title) if title else None,
        caption=Text(caption) if caption else None,
        caption_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column(first, overflow="fold")
    for head in heads:
        table.add_column(Text(head), justify="left" if head in left else "right", no_wrap=True)
    return table


def table_width(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Return the least width of a compact table in which no column but that of the names is wrapped."""
    from rich.cells import cell_len

    first, *others = (max(map(cell_len, column)) for column in zip(heads, *rows, strict=True))
    return min(first, _SHORTEST_NAME) + 2 * len(others) + sum(others) + 1


def has_width(console: Console) -> bool:
    """Return whether output has a width to fit: that of a terminal, or of COLUMNS."""
    return console.is_terminal or "COLUMNS" in os.environ


def print_lines(console: CleanConsole, lines: Iterable[str]) -> None:
    """Print lines: wrapped between words where there is a width to fit, whole in a pipe."""
    for line in lines:
        console.print_line(line, wrap=has_width(console))
