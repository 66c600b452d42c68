"""Commands run as two users of one group, in folders that they can see. Only root can do so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.commands import REPOSITORY, Result

GROUP = 54_321
FIRST, SECOND = 54_322, 54_323  # users without an entry in /etc/passwd, as in containers

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run commands as other users")


@contextmanager
def public_folder() -> Iterator[Path]:
    """Yield a new folder that all users can enter and only root can change; pytest's are root's alone."""
    folder = Path(tempfile.mkdtemp(prefix="harness-users-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def folder_of(top: Path, uid: int, mode: int = 0o755) -> Path:
    """Return the folder of a user below `top`, made if it is not there."""
    folder = top / str(uid)
    folder.mkdir(exist_ok=True)
    os.chown(folder, uid, GROUP)
    folder.chmod(mode)
    return folder


def run_as(uid: int, *arguments: str | Path, cwd: Path, umask: int = 0o002, **environment: str) -> Result:
    """Run `python ARGUMENTS` as a user of GROUP, with a home at `cwd`."""
    inherited = {name: os.environ[name] for name in ("PATH", "HF_HUB_OFFLINE") if name in os.environ}
    variables = {**inherited, "PYTHONPATH": str(REPOSITORY), "HOME": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return _completed(uid, arguments, cwd, umask, {**variables, **environment})
    except PermissionError:
        pytest.skip("other users cannot run this Python")


def _completed(
    uid: int, arguments: Sequence[str | Path], cwd: Path, umask: int, variables: Mapping[str, str]
) -> Result:
    completed = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=variables,
        user=uid,
        group=GROUP,
        extra_groups=[],
        umask=umask,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return Result(completed.returncode, completed.stdout, completed.stderr)
