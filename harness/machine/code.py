"""The version of the code that computes: a digest of its files and, in a checkout, the revision."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from harness.keys import digest, file_sha256
from harness.machine import bundled


@cache
def code() -> dict[str, Any]:
    """Return the version of the code: a digest of this package's files and, in a checkout, the revision, the day on
    which it was committed, and the dirty flag.

    A dirty checkout also has `diff_sha256`: of the changes to tracked files, and of the names and contents of the
    untracked ones.
    """
    root = Path(__file__).resolve().parents[2]
    sources = {"sources_sha256": digest({name: file_sha256(path) for name, path in _sources(root).items()})}
    if not (root / ".git").exists():
        return sources
    try:
        return sources | _revision(root)
    except (OSError, subprocess.CalledProcessError):
        return sources


def _revision(root: Path) -> dict[str, Any]:
    commit, day = _git(root, "show", "--no-show-signature", "--no-patch", "--format=%H %cs", "HEAD").split()
    revision = {"revision": commit, "revision_date": day, "dirty": bool(_git(root, "status", "--porcelain"))}
    if revision["dirty"]:
        untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
        files = {name: file_sha256(root / name) for name in untracked if (root / name).is_file()}
        revision["diff_sha256"] = digest([_git(root, "diff", "--binary", "HEAD"), files])
    return revision


def _sources(root: Path) -> dict[str, Path]:
    """Return the files of the engine and of the methods by their path in a checkout, wherever they are installed."""
    methods = bundled.methods()
    engine = [path for path in (root / "harness").rglob("*.py") if not path.is_relative_to(methods)]
    return {
        **{path.relative_to(root).as_posix(): path for path in engine},
        **{f"methods/{path.relative_to(methods).as_posix()}": path for path in methods.rglob("*.py")},
    }


def _git(root: Path, *arguments: str) -> str:
    """Return what git prints; it does not refresh its index, whose lock a killed run would leave in the checkout."""
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    completed = subprocess.run(command, capture_output=True, check=True)
    return completed.stdout.decode(errors="replace").strip()
