"""The files that a cell left: record, scores, run and log with their links, and the hashes of its weights."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import quote

from harness.machine import plain_files
from harness.results.flatten import flatten
from harness.results.record import LOG, PER_QUERY, RECORDS, RUN, Record


@dataclass(frozen=True)
class FileLink:
    """A file of a cell; `href` is "" for a file that is not in the folder."""

    name: str
    href: str
    sha256: str


def file_names(folder: Path, entry: str, language: str) -> frozenset[str]:
    """Return the names of the files in an entry's folder of one language."""
    return frozenset(PurePath(name).name for name in plain_files.files(folder, f"{RECORDS}/{entry}/{language}"))


def file_links(record: Record, names: Collection[str]) -> Iterator[FileLink]:
    """Yield the record, its scores, its run and the log of a failure; `names` are the files in its folder."""
    stem = quote(f"../records/{record.entry}/{record.language}/{record.seed}", safe="/@")
    yield FileLink("record", f"{stem}.json", "")
    titles = {PER_QUERY: "scores of every query", RUN: "run"}
    for suffix, sha256 in sorted(record.files.items()):
        href = f"{stem}.{quote(suffix)}" if f"{record.seed}.{suffix}" in names else ""
        yield FileLink(titles.get(suffix, suffix), href, sha256)
    if record.status == "failed" and f"{record.seed}.{LOG}" in names:
        yield FileLink("traceback", f"{stem}.{LOG}", "")


def weight_hashes(record: Record) -> Iterator[tuple[str, str]]:
    """Yield the name and sha256 of the model folder and of each weight file."""
    for name, sha256 in flatten(record.table("model")):
        yield "model folder" if name == "sha256" else name.removeprefix("weights."), sha256
