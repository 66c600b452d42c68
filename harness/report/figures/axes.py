"""Axes of a figure: panels in points, rows of entries, text, and marks that the page's script reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.report.figures.labels import MAX_LENGTH, label, text_width
from harness.report.figures.palette import LINE, TEXT, WIDTH

MARK = "mark: "  # prefix of the gid of an artist whose element has attributes of its own


def add_panel(canvas: Any, box: tuple[float, float, float, float]) -> Any:
    """Return new axes that fill `box`: (left, top, width, height) in points from the upper left corner."""
    left, top, width, height = box
    full_height = canvas.get_size_inches()[1] * 72
    return canvas.add_axes((left / WIDTH, 1 - (top + height) / full_height, width / WIDTH, height / full_height))


def set_rows(axes: Any, names: Sequence[str], *, labelled: bool = True) -> None:
    """Make the vertical axis one row per name, row 0 on top, each with a guide line and its name on the left."""
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.hlines(range(len(names)), 0, 1, colors=LINE, linewidth=0.6, transform=axes.get_yaxis_transform(), zorder=0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if labelled:
        for row, name in enumerate(names):
            write_text(axes, (-0.02, row), label(name), ha="right")


def write_text(axes: Any, position: tuple[float, float], text: str, **fields: Any) -> None:
    """Write text at (fraction of the width of the axes, row)."""
    fields = {"va": "center_baseline", "clip_on": False, **fields}
    axes.text(*position, text, transform=axes.get_yaxis_transform(), **fields)


def label_margin(names: Sequence[str], size: float = TEXT) -> float:
    """Return the width that the names beside an axis need."""
    widest = max(text_width(label(name), size) for name in names)
    return min(widest, text_width("n" * (MAX_LENGTH - 4), size)) + 14


def mark_gid(**attributes: str) -> str:
    """Return the `gid` of an artist whose element has these attributes, `data_entry` for data-entry."""
    return MARK + json.dumps({name.replace("_", "-"): value for name, value in attributes.items()})
