"""Rows of texts in aligned columns, and lines: whole in a pipe, wrapped in a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from harness.cli.output import say, say_all
from harness.machine.printable import printable

if TYPE_CHECKING:
    from rich.console import RenderableType


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield one line per row, every column as wide as its longest cell, two spaces between columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def in_terminal() -> bool:
    """Return whether output has a width to fit: that of the terminal, or of COLUMNS."""
    return sys.stdout.isatty() or "COLUMNS" in os.environ


def print_columns(rows: Sequence[Sequence[str]], whole: Collection[int] = ()) -> None:
    """Print rows. Where they are wrapped, the columns `whole` are not: names and numbers."""
    if not in_terminal():
        for line in aligned(rows):
            say(line)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for i in range(len(rows[0])):
        table.add_column(overflow="fold", no_wrap=i in whole)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    _print_fitted([table])


def print_wrapped(lines: Iterable[str]) -> None:
    """Print lines, wrapped between words where there is a width to fit."""
    if in_terminal():
        _print_fitted(map(printable, lines))
    else:
        for line in lines:
            say(line)


def _print_fitted(renderables: Iterable[RenderableType]) -> None:
    """Print what fits the width, without blanks at the ends of lines."""
    from rich.console import Console

    console = Console()
    with console.capture() as captured:
        for renderable in renderables:
            console.print(renderable, highlight=False, markup=False)
    say_all("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
