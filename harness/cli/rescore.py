"""The `rescore` command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options

if TYPE_CHECKING:
    from harness.evidence.rescoring import Moved


def rescore(
    folder: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    measures: Annotated[str, typer.Option(help="Measures to add, parted by commas, such as nDCG@20,P@5.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Put the new scores in the place of the old.")] = False,
    suite: options.SuiteNow = None,
    base_model: options.BaseModelNow = None,
    data_dir: options.DataDirNow = None,
    methods_path: options.MethodsPathNow = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Score the stored rankings again and say what moved; nothing is trained, and nothing written without --write."""
    from harness.evidence import rescoring
    from harness.evidence.leaderboard import collate
    from harness.evidence.texts import of_board
    from harness.evidence.verification.rebuild import Elsewhere, rebuild
    from harness.machine.store import default_root
    from harness.report.report_files import write_reports

    places = [path.absolute() if path else None for path in (data_dir, methods_path)]
    place = Elsewhere(suite, base_model, places[0], places[1])
    rebuilt = rebuild(folder, (cache_dir or default_root()).absolute(), place)
    plan = rescoring.widened(rebuilt, options.words(measures))
    cells = rescoring.rescore(folder, plan)
    moved = list(rescoring.moves(cells))
    for line in table(moved):
        print(line)
    print(f"{len(cells)} cells scored again, {len(moved)} scores moved or were added")
    if write and moved:
        rescoring.write(folder, rebuilt, plan, cells)
        board = collate(folder)
        texts = of_board(board, rebuilt.request.place.cache, rebuilt.request.place.data_dir)
        print(f"leaderboard: {write_reports(folder, board, texts=texts)}")


def table(moved: Sequence[Moved]) -> Iterator[str]:
    """Yield a line for every score that moved, under a head."""
    if not moved:
        return
    head = ("entry", "language", "measure", "old", "new", "largest difference of a query")
    rows = [head, *map(_row, moved)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(one: Moved) -> tuple[str, ...]:
    old = "new" if one.old is None else f"{one.old:.6f}"
    largest = "" if one.largest is None else f"{one.largest:.2g}"
    return (one.entry, one.language, one.measure, old, f"{one.new:.6f}", largest)
