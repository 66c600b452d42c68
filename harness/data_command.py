"""The `data` commands: the files, MTEB tasks and published encoders of a suite."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import options

Suite = Annotated[str, typer.Argument(help="Name of a suite.")]


def fetch(
    suite: Suite,
    langs: options.Langs = "",
    data_dir: options.DataDir = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Download what is missing, data and published encoders, verifying every file while it streams."""
    from harness import mteb_data
    from harness.data import files, models
    from harness.store import default_root
    from harness.suite import load

    loaded = load(suite)
    languages = options.words(langs) or list(loaded.languages)
    files.fetch(loaded, languages, data_dir=data_dir, cache_dir=cache_dir or default_root())
    mteb_data.fetch_tasks(loaded, languages)
    models.fetch(loaded)
    status(suite, langs, data_dir, cache_dir)


def status(
    suite: Suite,
    langs: options.Langs = "",
    data_dir: options.DataDir = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Say for every file whether it is present, missing or damaged."""
    from harness import mteb_data
    from harness.data import files, models
    from harness.store import default_root
    from harness.suite import load

    loaded = load(suite)
    languages = options.words(langs) or list(loaded.languages)
    rows = files.status(loaded, languages, data_dir=data_dir, cache_dir=cache_dir or default_root())
    for row in (*rows, *mteb_data.tasks_status(loaded, languages), *models.states(loaded)):
        print(row)
