"""Snapshots in the cache of the Hugging Face hub (HF_HOME, HF_HUB_CACHE): their files, and how they are fetched.

The cache names every file by its content (sha256 of a large one, git's sha1 of a small one), so a damaged file is
detected offline.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from harness.data.file_status import FileStatus, hash_state, unreadable
from harness.keys import git_blob_sha1
from harness.machine.file_hashes import file_sha256
from harness.machine.limits import TooLarge, exceeded, limit

Kind = Literal["model", "dataset"]


def fetched(
    repository: str,
    revision: str,
    kind: Kind,
    *,
    only: Sequence[str] | None = None,
    without: Sequence[str] | None = None,
) -> Path:
    """Download the files of a revision that the hub's cache lacks, and return the folder of the snapshot.

    `only` and `without` are patterns of names. Raises TooLarge where more than DOWNLOAD_BYTES arrive, or bytes still do
    after DOWNLOAD_SECONDS: what has arrived whole stays. Raises what the hub's client raises.
    """
    from huggingface_hub import snapshot_download

    request: dict[str, Any] = {"repo_type": kind, "revision": revision, "tqdm_class": limited_bar(repository)}
    patterns = {"allow_patterns": only, "ignore_patterns": without}
    request |= {name: list(values) for name, values in patterns.items() if values is not None}
    return Path(snapshot_download(repository, **request))


def limited_bar(repository: str) -> Any:
    """Return a class of progress bars for one download of the hub's client, which ends it beyond a limit.

    The client reports to them all that arrives, and an exception of one ends the download; a client that ignores it
    gets it again with the next report, at the latest at the end of the file.
    """
    from huggingface_hub.utils.tqdm import tqdm

    most, end = limit("DOWNLOAD_BYTES"), time.monotonic() + limit("DOWNLOAD_SECONDS")
    ended: list[TooLarge] = []

    class Limited(tqdm):
        counted = 0.0

        def update(self, n: float | None = 1) -> bool | None:
            self.counted += n or 0
            if self.counted > most:
                ended.append(exceeded("DOWNLOAD_BYTES", repository))
            if time.monotonic() > end:
                ended.append(exceeded("DOWNLOAD_SECONDS", repository))
            if ended:
                raise ended[0]
            shown: bool | None = super().update(n)
            return shown

    return Limited


def cached_snapshot(repository: str, revision: str, repo_type: Kind = "dataset") -> Path | None:
    """Return the folder of a revision in the hub's cache, None if it is not there; uses no network."""
    from huggingface_hub import snapshot_download

    try:  # no pattern: the client would call a snapshot of some of the files incomplete
        folder = snapshot_download(
            repository, repo_type=repo_type, revision=revision, allow_patterns=[], local_files_only=True
        )
    except OSError:  # among them the client's LocalEntryNotFoundError
        return None
    return Path(folder)


def snapshot_files(folder: Path) -> dict[str, Path]:
    """Return name → path of the files of a snapshot, ascending; a link to a deleted blob is not a file."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return dict(sorted(files.items()))


def status(path: Path, name: str, language: str) -> FileStatus:
    """Return the state of one file of a snapshot; raises DataError if it cannot be read."""
    try:
        expected, actual = hashes(path)
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error
    return FileStatus(language, name, hash_state(expected, actual), size, expected, str(path), actual)


def hashes(path: Path) -> tuple[str, str]:
    """Return the hash by which the hub's cache names a file, and the hash of its content, each as KIND:VALUE.

    A file that is not a link into the cache has no such name: its expected hash is empty.
    """
    blob = path.resolve()
    if re.fullmatch("[0-9a-f]{40}", blob.name):
        return f"git:{blob.name}", f"git:{git_blob_sha1(blob)}"
    expected = f"sha256:{blob.name}" if re.fullmatch("[0-9a-f]{64}", blob.name) else ""
    return expected, f"sha256:{file_sha256(blob)}"
