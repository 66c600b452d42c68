"""File systems that lock as some network file systems do: `flock` of the C library is replaced (no_flock.c)."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import REPOSITORY

SOURCE = Path(__file__).with_name("no_flock.c")
WITHOUT_FLOCK = [
    {"NO_FLOCK": str(errno.ENOLCK)},  # NFS without its lock daemon
    {"NO_FLOCK": str(errno.ENOSYS)},  # Lustre without the option flock
    {"NO_FLOCK": str(errno.ENOTSUP)},
]
LIKE_NFS = {"NFS_FLOCK": "1"}


def preloaded(folder: Path) -> dict[str, str]:
    """Return the environment of a process whose `flock` is replaced; the library is compiled into `folder`."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("no C compiler for Linux, to replace flock")
    library = folder / "no_flock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SOURCE], check=True, capture_output=True)
    return {"LD_PRELOAD": str(library), "PYTHONPATH": str(REPOSITORY)}
