"""The `data` commands: the files, MTEB tasks and published encoders of a suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.options import Option
from harness.cli.output import say
from harness.request.request import words

if TYPE_CHECKING:
    from harness.request import suite as suites

Suite = Annotated[str, typer.Argument(help="Suite: a name, or the path of a manifest (.toml).")]


def fetch(
    suite: Suite,
    langs: options.Langs = None,
    data_dir: options.DataDir = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Download missing data and published encoders, verifying every file while it streams."""
    from harness.data import hub_encoders, suite_files
    from harness.mteb import task_datasets

    loaded, languages, cache = _selected(suite, langs, data_dir, cache_dir)
    suite_files.fetch(loaded, languages, data_dir=data_dir, cache_dir=cache)
    task_datasets.fetch_tasks(loaded, languages)
    hub_encoders.fetch(loaded)
    _print(loaded, languages, data_dir, cache)


def status(
    suite: Suite,
    langs: options.Langs = None,
    data_dir: options.DataDir = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Show for every file whether it is present, missing or damaged."""
    loaded, languages, cache = _selected(suite, langs, data_dir, cache_dir)
    _print(loaded, languages, data_dir, cache)


def pin(
    suite: Suite,
    langs: options.Langs = None,
    out: Annotated[
        Path | None,
        Option(
            parser=options.folder, metavar="<path>", help="Copy to write in place of the manifest, as of a bundled one."
        ),
    ] = None,
    data_dir: options.DataDir = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Write hashes, sizes and counts of the files as they are now into the suite's manifest (.toml), or a copy."""
    from harness.data.manifest_pins import pin as pinned
    from harness.machine.store import default_root

    changes = pinned(suite, words(langs or ""), out, data_dir=data_dir, cache_dir=cache_dir or default_root())
    for line in changes or ["nothing changed: the manifest has the hashes, sizes and counts of its files"]:
        say(line)
    if out is not None:
        say(f"wrote {out}")


def _selected(
    suite: str, langs: str | None, data_dir: Path | None, cache_dir: Path | None
) -> tuple[suites.Suite, list[str], Path]:
    """Return the suite, the languages (all by default) and the cache."""
    from harness.data.found_hashes import with_found_hashes
    from harness.machine.store import default_root
    from harness.request.suite import load

    cache = cache_dir or default_root()
    loaded = with_found_hashes(load(suite), data_dir=data_dir, cache_dir=cache)
    return loaded, list(words(langs or "") or loaded.languages), cache


def _print(suite: suites.Suite, languages: list[str], data_dir: Path | None, cache: Path) -> None:
    from harness.data import hub_encoders, suite_files
    from harness.mteb import task_datasets

    rows = suite_files.status(suite, languages, data_dir=data_dir, cache_dir=cache)
    for row in (*rows, *task_datasets.tasks_status(suite, languages), *hub_encoders.states(suite)):
        say(row)
