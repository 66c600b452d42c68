"""The folders of manifests, templates and committed results, in an installed wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def _folder(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def manifests() -> Path:
    """Return the folder of the suite manifests and of the bundled data."""
    return _folder("datasets_manifest")


def results() -> Path:
    """Return the folder of the committed results; a wheel contains only the published claims and contrasts."""
    return _folder("results")


def templates() -> Path:
    """Return the folder of the report templates."""
    return _folder("report_templates")
