"""Where the manifests, the templates and the committed results are: in the wheel, or in the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def _folder(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def manifests() -> Path:
    """Return the folder of the suites' manifests and of the bundled data."""
    return _folder("datasets_manifest")


def results() -> Path:
    """Return the folder of the committed results; a wheel has the published claims alone."""
    return _folder("results")


def templates() -> Path:
    """Return the folder of the report templates."""
    return _folder("report_templates")
