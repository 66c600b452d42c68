"""Datasets of the Hugging Face hub at a pinned revision, in the hub's own cache (HF_HOME, HF_HUB_CACHE).

A running benchmark reads the snapshot folder of the revision and never the network; `harness data fetch` downloads,
with the hub's client, which goes on where a download was cut. The cache names every file by its content (sha256 of a
large one, git's sha1 of a small one), so that a damaged file is found without a network.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from harness.data.file_status import FileStatus, State, Where, usable
from harness.errors import DataError, one_line
from harness.keys import file_sha256
from harness.request.manifest import Hub

_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.")


def states(hub: Hub, language: str, where: Where) -> Iterator[FileStatus]:
    """Yield the state of every file that a pattern finds, ascending; a pattern or a shard without a file is missing.

    No network is used. `where.data_dir` plays no part: the hub's cache is the place of its files.
    """
    folder = snapshot(hub)
    there = {path.relative_to(folder).as_posix(): path for path in _files(folder)} if folder else {}
    for pattern in hub.files:
        names = sorted(name for name in there if fnmatch(name, pattern))
        for name in names:
            yield _state(hub, name, there[name], language)
        for name in [pattern] if not names else _absent(names):
            place = f"https://huggingface.co/datasets/{hub.id}/tree/{hub.revision}"
            yield FileStatus(language, f"{hub.id}/{name}", "missing", None, "", place)


def _state(hub: Hub, name: str, path: Path, language: str) -> FileStatus:
    try:
        expected, found = hashes(path)
        size = path.stat().st_size
    except OSError as error:
        raise DataError(f"data file {path} cannot be read: {error.strerror}; check its permissions") from error
    state: State = "present" if expected in ("", found) else "damaged"
    return FileStatus(language, f"{hub.id}/{name}", state, size, expected, str(path), found)


def hashes(path: Path) -> tuple[str, str]:
    """Return the hash that the hub's cache names a file by, and that of its content, each as KIND:VALUE.

    A copy that is no link into the cache has no name to be held against: its expected hash is empty.
    """
    blob = path.resolve()
    if re.fullmatch("[0-9a-f]{40}", blob.name):
        content = blob.read_bytes()
        found = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        return f"git:{blob.name}", f"git:{found}"
    expected = f"sha256:{blob.name}" if re.fullmatch("[0-9a-f]{64}", blob.name) else ""
    return expected, f"sha256:{file_sha256(blob)}"


def snapshot(hub: Hub) -> Path | None:
    """Return the folder of the revision in the hub's cache, None where there is none; uses no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    request: dict[str, Any] = {"repo_type": "dataset", "revision": hub.revision, "local_files_only": True}
    try:  # no pattern: the client would call a snapshot of some files of the dataset incomplete
        return Path(snapshot_download(hub.id, allow_patterns=[], **request))
    except LocalEntryNotFoundError:
        return None


def locate(hub: Hub, language: str, where: Where) -> list[Path]:
    """Return the verified files, pattern by pattern; raises DataError for the first that is missing or damaged."""
    remedy = f"run `harness data fetch {where.suite}` with a network, or set HF_HOME to a cache that holds it"
    return [usable(row, where, remedy) for row in states(hub, language, where)]


def fetch(hub: Hub, language: str, where: Where) -> None:
    """Download what is missing or damaged into the hub's cache; raises DataError where it cannot be had."""
    rows = list(states(hub, language, where))
    if all(row.state == "present" for row in rows):
        return
    for row in rows:
        if row.state == "damaged":
            path = Path(row.place)
            blob = path.resolve()
            path.unlink()
            blob.unlink(missing_ok=True)
    _download(hub)
    wrong = [row for row in states(hub, language, where) if row.state != "present"]
    if wrong:
        raise DataError(f"{wrong[0].file} is {wrong[0].state} after its download; correct the manifest's list of files")


def _download(hub: Hub) -> None:
    from huggingface_hub import snapshot_download

    request: dict[str, Any] = {"repo_type": "dataset", "revision": hub.revision, "allow_patterns": list(hub.files)}
    try:
        snapshot_download(hub.id, **request)
    except Exception as error:  # the hub's client raises errors of its transport, of the system and its own
        reason = one_line(error)[:160] or type(error).__name__
        raise DataError(
            f"dataset {hub.id} at {hub.revision} cannot be fetched: {type(error).__name__}: {reason}; check the "
            "network and HF_ENDPOINT, accept its terms on the hub where it has any, or set HF_HOME"
        ) from error


def _files(folder: Path) -> list[Path]:
    """Return the files of a snapshot; a link to a blob that is gone is none."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _absent(names: list[str]) -> list[str]:
    """Return the shards that the names of the others say there are: `a-00000-of-00002.x` speaks of two."""
    wanted = set()
    for name in names:
        if shard := _SHARD.search(name):
            start, end = shard.span()
            wanted |= {f"{name[:start]}-{i:05d}-of-{shard[2]}.{name[end:]}" for i in range(int(shard[2]))}
    return sorted(wanted - set(names))
