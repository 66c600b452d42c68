"""The `cache` commands: what the cache of stage outputs holds, and removing from it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.columns import print_columns
from harness.cli.output import say
from harness.errors import RequestError, unknown

if TYPE_CHECKING:
    from harness.machine.cache_contents import Output

MODELS = "train"  # the stage whose outputs are trained models
DATE = "%Y-%m-%d %H:%M"


def status(cache_dir: options.CacheDir = None) -> None:
    """Show what the cache holds: outputs and bytes of every stage, the oldest and the newest."""
    from harness.machine.byte_text import byte_text
    from harness.machine.cache_contents import other_bytes, outputs, totals

    root = _root(cache_dir)
    rows = [("stage", "outputs", "size", "oldest", "newest")]
    total = 0
    for stage in totals(outputs(root)):
        oldest, newest = (time.strftime(DATE, time.localtime(made)) for made in (stage.oldest, stage.newest))
        rows.append((stage.stage, str(stage.outputs), byte_text(stage.bytes), oldest, newest))
        total += stage.bytes
    for name, size in other_bytes(root).items():
        rows.append((name, "", byte_text(size), "", ""))
        total += size
    print_columns(rows, whole=range(1, len(rows[0])))
    say(f"{byte_text(total)} in {root}")


def prune(
    stage: Annotated[
        str | None, options.list_option("Comma-separated stages, as `harness cache status` names them.", "--stage")
    ] = None,
    models: Annotated[bool, typer.Option("--models", help="Remove trained models.")] = False,
    older_than: Annotated[
        float | None, typer.Option(min=0, help="Only what was made more than this number of days ago.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be removed, and remove nothing.")] = False,
    cache_dir: options.CacheDir = None,
) -> None:
    """Remove outputs of stages from the cache; they are made again when needed.

    At least one of --models, --stage and --older-than says which. What a running process makes or uses stays, and
    so do downloaded data and answers of writers.
    """
    from harness.machine.byte_text import byte_text
    from harness.machine.cache_contents import outputs, remove
    from harness.machine.in_use import is_used

    root = _root(cache_dir)
    chosen = _chosen(list(outputs(root)), stage, models, older_than)
    removed = kept = 0
    for output in chosen:
        free = not is_used(root / ".locks", output.key) if dry_run else remove(root, output)
        removed, kept = removed + output.bytes * free, kept + (not free)
        verb = ("would be removed" if dry_run else "removed") if free else "kept, a running process uses it"
        say(f"{verb}: {output.stage}/{output.key[:12]} {byte_text(output.bytes)}")
    also = f"; {kept} in use and kept" if kept else ""
    say(f"{byte_text(removed)} {'would be ' if dry_run else ''}removed from {root}{also}")


def _root(cache_dir: Path | None) -> Path:
    from harness.machine.store import default_root

    root = cache_dir or default_root()
    if not root.is_dir():
        raise RequestError(f"there is no cache at {root}; name one with --cache-dir or HARNESS_CACHE")
    return root


def _chosen(found: list[Output], stage: str | None, models: bool, older_than: float | None) -> list[Output]:
    """Return the outputs that the options name; raises RequestError where they name none."""
    from harness.machine.cache_contents import UNFINISHED
    from harness.request.request import words

    if stage is None and not models and older_than is None:
        raise RequestError("say what to remove: --models, --stage NAME, or --older-than DAYS (0 for everything)")
    stages = {*words(stage or ""), *([MODELS] if models else [])}
    known = {output.stage for output in found} | {MODELS, UNFINISHED}
    for name in stages:
        if name not in known:
            raise unknown("stage", name, known, where="the cache")
    if stages:
        found = [output for output in found if output.stage in stages]
    return [output for output in found if older_than is None or output.days > older_than]
