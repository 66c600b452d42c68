"""The values of a swept setting as curves: one curve per declared entry and setting.

A curve has one line for each combination of the values of the other swept settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.sweep_names import setting_symbols, setting_text, swept_settings, value_text
from harness.report.table_view import Box, Row, Score

SortKey = tuple[int, float, str]


@dataclass(frozen=True)
class Point:
    """One value of the setting, with the leaderboard's row of the entry that has it."""

    value: Any
    row: Row
    label: str  # such as `λ = 0.5`

    @property
    def text(self) -> str:
        return value_text(self.value)

    @property
    def boxes(self) -> tuple[Box, ...]:
        return self.row.boxes

    @property
    def average(self) -> Score | None:
        return self.row.average


@dataclass(frozen=True)
class Line:
    """The values of one setting in order, with the other swept settings fixed."""

    others: str  # such as `moe.experts=2`; empty if no other setting is swept
    points: tuple[Point, ...]
    label: str  # such as `experts = 2`
    sort_key: tuple[SortKey, ...]  # that of the values of the other settings


@dataclass(frozen=True)
class Curve:
    """One declared entry and one of its swept settings."""

    origin: str
    target: str
    symbol: str
    lines: tuple[Line, ...]
    languages: tuple[str, ...]
    measure: str
    figure: str = field(default="", repr=False)  # an SVG element


def is_number(value: Any) -> bool:
    """Return whether a value is a number; booleans are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def value_order(value: Any) -> SortKey:
    """Return the sort key of a value: numbers by size, then all other values by their text."""
    return (0, float(value), "") if is_number(value) else (1, 0.0, value_text(value))


def curves_without_figures(board: Leaderboard, rows: Sequence[Row]) -> list[Curve]:
    """Return the curves of the settings with at least two values; `rows` are those of the primary measure."""
    symbols = setting_symbols(board)
    row_by_entry = {row.entry: row for row in rows}
    groups: dict[tuple[str, str], dict[str, Line]] = {}
    for entry, (origin, values) in sorted(swept_settings(board).items()):
        for target, value in values.items():
            fixed = {name: setting for name, setting in values.items() if name != target}
            others = ",".join(f"{name}={value_text(setting)}" for name, setting in fixed.items())
            label = ", ".join(setting_text(symbols[name], setting) for name, setting in fixed.items())
            lines = groups.setdefault((origin, target), {})
            line = lines.get(others) or Line(others, (), label, tuple(map(value_order, fixed.values())))
            points = (*line.points, Point(value, row_by_entry[entry], setting_text(symbols[target], value)))
            lines[others] = replace(line, points=tuple(sorted(points, key=lambda point: value_order(point.value))))
    return [
        Curve(origin, target, symbols[target], _sorted_lines(lines), board.languages, board.primary)
        for (origin, target), lines in groups.items()
        if max(len(line.points) for line in lines.values()) > 1
    ]


def _sorted_lines(lines: Mapping[str, Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines.values(), key=lambda line: line.sort_key))
