"""Rows of texts in aligned columns: whole in a pipe, wrapped in a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from harness.cli.output import console, say, say_all


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield one line per row, every column as wide as its longest cell, two spaces between columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def print_columns(rows: Sequence[Sequence[str]], whole: Collection[int] = ()) -> None:
    """Print rows. Where they are wrapped, the columns `whole` are not: names and numbers."""
    from harness.report.console import has_width

    terminal = console()
    if not has_width(terminal):
        for line in aligned(rows):
            say(line)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for i in range(len(rows[0])):
        table.add_column(overflow="fold", no_wrap=i in whole)
    for row in rows:
        table.add_row(*map(Text, row))
    with terminal.capture() as captured:
        terminal.print(table)
    say_all("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))  # no blanks at the ends of lines
