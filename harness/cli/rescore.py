"""The `rescore` command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.columns import aligned
from harness.cli.output import say
from harness.request.request import words

if TYPE_CHECKING:
    from harness.evidence.rescoring import Moved


def rescore(
    folder: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    measures: Annotated[
        str | None, options.list_option("Comma-separated measures to add, such as nDCG@20,P@5.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Replace the stored scores with the new ones.")] = False,
    suite: options.SuiteHere = None,
    base_model: options.BaseModelHere = None,
    data_dir: options.DataDirHere = None,
    methods_path: options.MethodsPathHere = None,
    train_file: options.TrainFileHere = None,
    negative_queries: options.NegativeQueriesHere = None,
    augment: options.AugmentHere = None,
    write_prompt: options.WritePromptHere = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Score the stored rankings again and show what changed; nothing is trained, or written without --write."""
    from harness.evidence import rescoring
    from harness.evidence.leaderboard import collate
    from harness.evidence.texts import texts_of
    from harness.evidence.verification.rebuild import Elsewhere, rebuild
    from harness.machine.store import default_root
    from harness.report.report_files import write_reports

    elsewhere = Elsewhere(
        *(suite, base_model, data_dir, methods_path, train_file, negative_queries, augment, write_prompt)
    )
    rebuilt = rebuild(folder, cache_dir or default_root(), elsewhere)
    plan = rescoring.widened(rebuilt, words(measures or ""))
    cells = rescoring.rescore(folder, plan)
    changes = list(rescoring.moves(cells))
    for line in table(changes):
        say(line)
    say(f"cells rescored: {len(cells)}; scores changed or added: {len(changes)}")
    if write and changes:
        rescoring.write(folder, rebuilt, plan, cells)
        board = collate(folder)
        texts = texts_of(board.results, plan.place.cache, plan.place.data_dir, manifest=suite)
        say(f"leaderboard: {write_reports(folder, board, texts=texts)}")


def table(changes: Sequence[Moved]) -> Iterator[str]:
    """Yield a header and one line per changed score; nothing if no score changed."""
    if changes:
        head = ("entry", "language", "measure", "old", "new", "largest difference of a query")
        yield from aligned([head, *map(_row, changes)])


def _row(change: Moved) -> tuple[str, ...]:
    old = "new" if change.old is None else f"{change.old:.6f}"
    largest = "" if change.largest is None else f"{change.largest:.2g}"
    return (change.entry, change.language, change.measure, old, f"{change.new:.6f}", largest)
