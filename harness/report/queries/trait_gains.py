"""What kind of query an entry helps: the difference of two entries in groups of queries, for the page and its script.

The page holds, for every pair, the difference and the half-width of its interval, group by group in the order of the
traits, as integers of UNIT, so that a page of many pairs stays small; a half-width that does not exist is null.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.numbers import signed, signed_interval
from harness.report.queries.entry_pairs import UNIT, EntryScores, Pair
from harness.report.queries.query_traits import Trait
from harness.stats.query_groups import Group, group_difference

LIMITS = (100, 200, 500, 1000, 2000, 5000, 10_000)  # half-widths of the axis, in UNIT

Row = tuple[int, int | None]  # difference, half-width of its interval


@dataclass(frozen=True)
class GroupGain:
    """One group of queries as a row: its values, its number of queries, the difference, and marks on the axis in %."""

    label: str
    queries: int
    difference: str
    interval: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Panel:
    """One trait as a small multiple; without groups, `reason` says why."""

    title: str
    unit: str
    reason: str
    groups: tuple[GroupGain, ...]


@dataclass(frozen=True)
class Panels:
    """The panels of one pair on one axis; `overall` is the mark of the difference over all queries."""

    limit: float  # in units of the measure
    overall: float
    panels: tuple[Panel, ...]


def compared(traits: Sequence[Trait]) -> list[Trait]:
    """Return the traits that make more than one group."""
    return [trait for trait in traits if len(trait.groups) > 1]


def trait_gains(scores: EntryScores, traits: Sequence[Trait], selected: Iterable[Pair]) -> dict[str, list[int | None]]:
    """Return the numbers of every selected pair, by its two indices."""
    groups = [group for trait in compared(traits) for group in trait.groups]

    def numbers(i: int, j: int) -> list[int | None]:
        gains = [group_difference(scores.by_seed[i], scores.by_seed[j], group) for group in groups]
        return [None if math.isnan(number) else round(number / UNIT) for gain in gains for number in gain]

    return {f"{i}-{j}": numbers(i, j) for i, j in selected if groups}


def panels(content: Mapping[str, Any], traits: Sequence[Trait], a: int, b: int) -> Panels | None:
    """Return the panels of entry `a` against entry `b`, None where the page has no numbers of them."""
    numbers = content["gains"].get(f"{min(a, b)}-{max(a, b)}")
    if numbers is None:
        return None
    sign = -1 if a > b else 1
    rows = [(sign * value, half) for value, half in zip(numbers[::2], numbers[1::2], strict=True)]
    limit = axis_limit(rows)
    overall = (content["entries"][a]["mean"] - content["entries"][b]["mean"]) / UNIT
    remaining = iter(rows)
    return Panels(limit * UNIT, _place(overall, limit), tuple(_panel(trait, remaining, limit) for trait in traits))


def _panel(trait: Trait, remaining: Iterator[Row], limit: int) -> Panel:
    if len(trait.groups) == 1:
        return Panel(trait.name, trait.unit, one_group(trait), ())
    groups = tuple(_gain(trait, group, next(remaining), limit) for group in trait.groups)
    return Panel(trait.name, trait.unit, "", groups)


def axis_limit(rows: Iterable[Row]) -> int:
    """Return the half-width of the axis, in UNIT: the smallest that holds all intervals, else the largest."""
    reach = max(abs(value) + (half or 0) for value, half in rows)
    return next((limit for limit in LIMITS if reach <= limit), LIMITS[-1])


def one_group(trait: Trait) -> str:
    """Return why a trait is no comparison."""
    values = f"{trait.label(trait.groups[0])} {trait.unit}".strip()
    return f"All queries are one group ({values})." if "–" in values else f"All queries have {values}."


def _gain(trait: Trait, group: Group, row: Row, limit: int) -> GroupGain:
    value, half = row
    low, high = value - (half or 0), value + (half or 0)
    return GroupGain(
        label=trait.label(group),
        queries=len(group),
        difference=signed(value * UNIT),
        interval="" if half is None else signed_interval(low * UNIT, high * UNIT),
        value=_place(value, limit),
        low=_place(low, limit),
        high=_place(high, limit),
    )


def _place(number: float, limit: int) -> float:
    """Return a position on the axis, in percent of its width from its low end."""
    return round(50 + 50 * max(-limit, min(limit, number)) / limit, 2)
