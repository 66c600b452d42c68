"""Datasets of the Hugging Face hub at a pinned revision, in the hub's own cache.

A benchmark reads the snapshot folder of the revision and never uses the network; `harness data fetch` downloads with
the hub's client, which resumes interrupted downloads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from harness.data.file_status import FileStatus, Lookup, verified_path
from harness.data.hub_problems import problem
from harness.data.hub_snapshots import cached_snapshot, fetched, snapshot_files, status
from harness.errors import DataError
from harness.request.data_sources import Hub

_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.")


def states(hub: Hub, language: str) -> Iterator[FileStatus]:
    """Yield the state of every file that matches a pattern, ascending; uses no network.

    A pattern without a match and a shard that is not there are missing.
    """
    folder = cached_snapshot(hub.id, hub.revision)
    files = snapshot_files(folder) if folder else {}
    for pattern in hub.files:
        names = [name for name in files if fnmatch(name, pattern)]
        for name in names:
            yield status(files[name], f"{hub.id}/{name}", language)
        for name in _missing_shards(names) if names else [pattern]:
            url = f"https://huggingface.co/datasets/{hub.id}/tree/{hub.revision}"
            yield FileStatus(language, f"{hub.id}/{name}", "missing", None, "", url)


def _missing_shards(names: Sequence[str]) -> list[str]:
    """Return the shards that the names of the others imply: `a-00000-of-00002.x` is one of two."""
    shards = set()
    for name in names:
        if match := _SHARD.search(name):
            start, end = match.span()
            shards |= {f"{name[:start]}-{i:05d}-of-{match[2]}.{name[end:]}" for i in range(int(match[2]))}
    return sorted(shards - set(names))


def paths(hub: Hub, language: str, lookup: Lookup) -> list[Path]:
    """Return the verified files, pattern by pattern; raises DataError for the first that is missing or damaged.

    They are in the hub's cache: `lookup` has no other folder for them.
    """
    remedy = f"run `harness data fetch {lookup.argument}` with a network, or set HF_HOME to a cache that holds it"
    return [verified_path(row, lookup, remedy) for row in states(hub, language)]


def fetch(hub: Hub, language: str) -> None:
    """Download missing and damaged files into the hub's cache; raises DataError if that is not possible."""
    rows = list(states(hub, language))
    if all(row.state == "present" for row in rows):
        return
    for row in rows:
        if row.state == "damaged":
            _remove(Path(row.location))
    _download(hub)
    incomplete = [row for row in states(hub, language) if row.state != "present"]
    if incomplete:
        raise DataError(
            f"{incomplete[0].file} is {incomplete[0].state} after its download; correct the manifest's list of files"
        )


def _remove(link: Path) -> None:
    blob = link.resolve()
    link.unlink()
    blob.unlink(missing_ok=True)


def _download(hub: Hub) -> None:
    try:
        fetched(hub.id, hub.revision, "dataset", only=hub.files)
    except Exception as error:  # see short_reason
        raise DataError(
            f"dataset {hub.id} at {hub.revision} cannot be fetched: {problem(error, hub.id, 'dataset')}; "
            "check the network and HF_ENDPOINT, or set HF_HOME to a cache that holds it"
        ) from error
