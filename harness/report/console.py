"""Tables and lines in a terminal: a table has 80 columns at most, no number in it is cut, and no name inside a word."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    from harness.machine.clean_console import CleanConsole

SAME_COLOUR = ""  # of what needs no attention
WIDTH = 80  # of a table, at most
_SHORTEST_NAME = 12  # columns that a name is wrapped to where the other columns need the width and its words allow it
_PIECE = re.compile(r".+?(?:[\[,=/@_\s]+|[-.](?!\d)|$)", re.DOTALL)  # up to a separator; 0.5 and 1e-05 are whole


@dataclass(frozen=True)
class Name:
    """A name in a table: it is broken after its separators only, and inside a word where that is longer than a line."""

    text: str

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        from rich.cells import cell_len
        from rich.measure import Measurement

        return Measurement(longest_piece(self.text), cell_len(self.text))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        from rich.text import Text

        yield Text("\n".join(name_lines(self.text, options.max_width)), overflow="fold")


def name_lines(name: str, width: int) -> list[str]:
    """Return the lines of a name, each as long as its separators and the width allow.

    >>> name_lines("clpl[clpl.penalty_weight=0.5]", 12), name_lines("infonce-random", 14)
    (['clpl[clpl.', 'penalty_', 'weight=0.5]'], ['infonce-random'])
    """
    from rich.cells import cell_len

    lines = [""]
    for piece in _PIECE.findall(name):
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return lines


def longest_piece(name: str) -> int:
    """Return the columns of the longest part of a name that is not broken."""
    from rich.cells import cell_len

    return max((cell_len(piece.rstrip()) for piece in _PIECE.findall(name)), default=0)


def compact_table(
    first: str, heads: Sequence[str], *, left: Collection[str], title: str = "", caption: str = ""
) -> Table:
    """Return an empty table. The first column, of names (Name), is wrapped where the width demands it; no other is.

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

    names, *columns = zip(heads, *rows, strict=True)
    first = min(max(map(cell_len, names)), max(_SHORTEST_NAME, *map(longest_piece, names)))
    others = [max(map(cell_len, column)) for column in columns]
    return first + 2 * len(others) + sum(others) + 1


def has_width(console: Console) -> bool:
    """Return whether output has a width to fit: that of a terminal, or of COLUMNS."""
    return console.is_terminal or "COLUMNS" in os.environ


def print_lines(console: CleanConsole, lines: Iterable[str]) -> None:
    """Print lines: wrapped between words where there is a width to fit, whole in a pipe."""
    for line in lines:
        console.print_line(line, wrap=has_width(console))
