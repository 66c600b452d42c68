"""Content keys and derived seeds: all identity in the harness comes from here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def canonical(value: Any) -> str:
    """Return the canonical JSON of `value`: sorted keys, no spaces, no NaN, no escapes for non-ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def key(stage: str, version: int, inputs: Iterable[str] = (), settings: Any = None) -> str:
    """Return the sha256 that identifies the output of a stage.

    `inputs` are the keys of the outputs that the stage reads, in order; `settings` is everything else that it reads.
    `version` is raised when the meaning of the stage changes.
    """
    return digest([stage, version, list(inputs), settings])


def digest(value: Any) -> str:
    """Return the sha256 of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_blob_sha1(path: Path) -> str:
    """Return the hash under which git stores the content of a file: the sha1 of `blob <bytes>\\0` and the content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def folder_sha256(folder: Path) -> str:
    """Return one sha256 of the relative names and the bytes of all files below `folder`.

    Hidden files are excluded: they contain times and paths (the store's manifest, a hub's download records).
    """
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return digest({name: file_sha256(path) for name, path in files.items() if "/." not in f"/{name}"})


def texts_sha256(texts: Mapping[str, str]) -> str:
    """Return one sha256 of id → text, independent of the order of the mapping.

    A mapping that has computed it before (a corpus on disk) provides it as `sha256`.
    """
    if known := getattr(texts, "sha256", ""):
        return str(known)
    hasher = hashlib.sha256()
    for name in sorted(texts):
        hasher.update(canonical([name, texts[name]]).encode())
    return hasher.hexdigest()


def derive(seed: int, *names: str | int) -> int:
    """Return the seed (0 ≤ s < 2**32) of a named draw, derived from a cell's root seed."""
    return int(digest([seed, *names])[:8], 16)
