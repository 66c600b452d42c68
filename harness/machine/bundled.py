"""Methods, manifests, templates, committed results and CITATION.cff, in an installed wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def _path(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.exists() else _PACKAGE.parent / name


def methods() -> Path:
    """Return the folder of the bundled methods."""
    return _path("methods")


def manifests() -> Path:
    """Return the folder of the suite manifests and of the bundled data."""
    return _path("datasets_manifest")


def results() -> Path:
    """Return the folder of the committed results; a wheel contains only the published claims and contrasts."""
    return _path("results")


def templates() -> Path:
    """Return the folder of the report templates."""
    return _path("report_templates")


def citation() -> Path:
    """Return the file that says how this software is cited."""
    return _path("CITATION.cff")
