"""`harness new suite NAME`: a folder with a few texts, the manifest that `harness suite init` writes, and a test."""

from __future__ import annotations

import re
from pathlib import Path

from harness.data import suite_draft
from harness.errors import RequestError
from harness.machine.skeletons import write_skeletons
from harness.request import suite as suites

NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
DATA = {  # file → its template
    "corpus.jsonl": "corpus.jsonl",
    "queries.jsonl": "queries.jsonl",
    "qrels/train.tsv": "train.tsv",
    "qrels/test.tsv": "test.tsv",
}


def write(name: str, folder: Path, cache_dir: Path) -> tuple[list[Path], list[str]]:
    """Write a suite into a new or empty folder; returns its files, the manifest first, and what was guessed in it.

    Raises RequestError for a name that is not one of a suite, or is taken, for a folder with something in it, and for
    what is not a folder.
    """
    if not NAME.fullmatch(name):
        raise RequestError(
            f"suite '{name}': a name has lower-case letters, digits and '-', and begins with a letter; choose another, "
            "such as my-data"
        )
    if name in suites.names():
        raise RequestError(f"suite '{name}': there is a bundled suite of that name; choose another name")
    if folder.is_dir() and any(folder.iterdir()):
        raise RequestError(
            f"{folder} is not an empty folder; name another with --out, or run `harness suite init {folder}` for data "
            "that are there"
        )
    test = folder / f"test_{name.replace('-', '_')}.py"
    files = {**{folder / file: template for file, template in DATA.items()}, test: "test_suite.py"}
    write_skeletons(files, {"name": name})
    wanted = suite_draft.Wanted(out=folder / f"{name}.toml", name=name)
    manifest, notes = suite_draft.write(folder, wanted, cache_dir)
    return [manifest, *files], notes
