"""What writes a report: sources, templates, claims, citation file and libraries that its bytes depend on."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import harness
from harness.keys import digest, file_sha256
from harness.machine import bundled
from harness.machine.hardware import environment

LIBRARIES = ("jinja2", "numpy", "pandas", "scipy", "statsmodels")  # that compute or write what a report shows


@cache
def generator() -> dict[str, str]:
    """Return what writes reports here, by name: two equal generators write the same bytes from the same records.

    The instruction set belongs to it: numpy and SciPy choose by it how sums are rounded.
    """
    package = Path(harness.__file__).parent
    files = {path.relative_to(package).as_posix(): file_sha256(path) for path in sorted(package.rglob("*.py"))}
    folders = {"templates": bundled.templates(), "claims": bundled.results()}
    patterns = {"templates": "*", "claims": "*.toml"}
    digests = {
        name: digest({path.name: file_sha256(path) for path in folder.glob(patterns[name]) if path.is_file()})
        for name, folder in folders.items()
    }
    machine = environment()
    return {
        "sources": digest(files),
        **digests,
        "citation": file_sha256(bundled.citation()),
        "python": str(machine["python"]),
        "instructions": ",".join(machine["cpu_instructions"]),
        **{name: _version(name) for name in LIBRARIES},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
