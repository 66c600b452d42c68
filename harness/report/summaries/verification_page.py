"""What `harness verify` found, as one page of Markdown and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.evidence.verification.grade import BOUND
from harness.evidence.verification.rerun import Verified
from harness.report.templating import markdown
from harness.results.checksums import Difference
from harness.stats.rules import ALPHA, MARGIN

NAMED = 200  # differences of files that the page names; the JSON has all


@dataclass(frozen=True)
class Verification:
    """The whole result. `cells` is None where nothing was run again; `skipped` names cells without a done record.

    `unpublished` counts records whose ranking is neither there nor in the folder's list of files.
    """

    folder: Path
    files: int
    differences: Sequence[Difference]
    cells: Sequence[Verified] | None = None
    skipped: Sequence[str] = ()
    margin: float = MARGIN
    changed_settings: dict[str, str] = field(default_factory=dict)
    unpublished: int = 0

    @property
    def passed(self) -> bool:
        """Whether every file is as it was written and no grade is `failed`."""
        return not self.differences and not any(cell.grade.word == "failed" for cell in self.cells or ())

    @property
    def shared(self) -> dict[str, tuple[str, str]]:
        """What differs in the same way for all cells."""
        cells = list(self.cells or ())
        if not cells:
            return {}
        return {
            name: both
            for name, both in cells[0].differences.items()
            if all(cell.differences.get(name) == both for cell in cells)
        }


def as_json(found: Verification) -> str:
    """Return everything, as JSON."""
    cells = None if found.cells is None else [_cell(cell) for cell in found.cells]
    value = {
        "folder": str(found.folder),
        "passed": found.passed,
        "files": found.files,
        "differences": [asdict(difference) for difference in found.differences],
        "unpublished": found.unpublished,
        "bound": BOUND,
        "margin": found.margin,
        "changed_settings": found.changed_settings,
        "cells": cells,
        "skipped": list(found.skipped),
    }
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _cell(cell: Verified) -> dict[str, Any]:
    differs = {name: {"then": then, "now": now} for name, (then, now) in cell.differences.items()}
    return {"cell": cell.cell, **asdict(cell.grade), "differences": differs}


def as_markdown(found: Verification) -> str:
    """Return the page."""
    lines = [f"# Verification of {markdown(found.folder)}", ""]
    if not found.differences:
        lines.append(f"{found.files} files are as they were written.")
    else:
        lines.append(f"{len(found.differences)} files are not as they were written ({found.files} are there):")
        lines += ["", *(f"- {one.what}: {markdown(one.file)}" for one in found.differences[:NAMED])]
        if len(found.differences) > NAMED:
            lines.append(f"- and {len(found.differences) - NAMED} more")
    if found.unpublished:
        lines += ["", f"{found.unpublished} rankings are not in this folder; their records name the sha256 of each."]
    if found.cells is None:
        return "\n".join([*lines, "", "No cell was run again.", ""])
    counts = Counter(cell.grade.word for cell in found.cells)
    tally = ", ".join(f"{counts[word]} {word}" for word in ("bitwise", "numerical", "statistical", "failed"))
    lines += ["", f"{len(found.cells)} cells were run again: {tally}.", ""]
    lines += ["| cell | grade | why | differs |", "|:--|:--|:--|:--|"]
    shared = found.shared
    for cell in sorted(found.cells, key=lambda cell: cell.cell):
        own = {name: both for name, both in cell.differences.items() if name not in shared}
        differs = "; ".join(_change(name, both) for name, both in own.items())
        lines.append(
            f"| {markdown(cell.cell)} | {cell.grade.word} | {markdown(cell.grade.why)} | {markdown(differs)} |"
        )
    lines += ["", *_said_of_all(found)]
    return "\n".join([*lines, ""])


def _said_of_all(found: Verification) -> list[str]:
    lines = [f"- of all cells: {markdown(_change(name, both))}" for name, both in found.shared.items()]
    lines += [f"- run again with another {name}: {value}" for name, value in found.changed_settings.items()]
    if not lines:
        lines = ["- Machine, libraries and code are those of the records, as far as all of them agree."]
    if found.skipped:
        lines.append(f"- without a done record, and so not run again: {markdown(', '.join(found.skipped))}")
    lines += [
        "",
        "bitwise: weights, ranking and scores are equal; numerical: no passage's score differs by more than "
        f"{BOUND:g}; statistical: every measure's mean is shown to be within {found.margin:g} (two one-sided tests, "
        f"α {ALPHA:g}); failed: none of these.",
    ]
    return lines


def _change(name: str, both: tuple[str, str]) -> str:
    then, now = (value or "absent" for value in both)
    return f"{name}: then {then}, now {now}"
