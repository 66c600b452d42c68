"""The manifest of `mini` with the MTEB tasks of the hub's stand-in."""

from __future__ import annotations

from pathlib import Path

from support.hub_standin import TASKS

from harness.machine.bundled import manifests


def manifest(folder: Path) -> Path:
    """Write mini's manifest with TASKS listed for Korean."""
    rows = [
        f'[[languages.ko.tasks]]\nname = "{task.name}"\nrevision = "{task.revision}"\n'
        f'subset = "{task.subset}"\nsplit = "{task.split}"\n'
        for task in TASKS
    ]
    path = folder / "with-tasks.toml"
    path.write_text((manifests() / "mini.toml").read_text(encoding="utf-8") + "\n" + "\n".join(rows), encoding="utf-8")
    return path
