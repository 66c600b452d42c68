"""Snapshots in the cache of the Hugging Face hub (HF_HOME, HF_HUB_CACHE), and their files, without a network.

The cache names every file by its content (sha256 of a large one, git's sha1 of a small one), so a damaged file is
detected offline.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from harness.data.file_status import FileStatus, hash_state, unreadable
from harness.keys import git_blob_sha1
from harness.machine.file_hashes import file_sha256


def cached_snapshot(repository: str, revision: str, repo_type: Literal["model", "dataset"] = "dataset") -> Path | None:
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
