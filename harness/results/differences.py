"""The differences between two provenances, as dotted names with both values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.results.flatten import EMPTY, flatten
from harness.results.record import Record

NONE = "none"
_SHORT = 64  # a sha256; characters of a value in a message


@dataclass(frozen=True)
class Differing:
    """One value that two folders do not share."""

    name: str
    old: str
    new: str

    def __str__(self) -> str:
        old, new = _short(self.old), _short(self.new)
        if old == new:  # what differs was cut off
            start = max(0, _first_difference(self.old, self.new) - _SHORT // 4)
            old, new = (f"…{_short(text[start:])}" for text in (self.old, self.new))
        return f"{self.name} {old} → {new}"


def differing(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[Differing]:
    """Return the differences between two nested mappings, by dotted name; empty values count as absent.

    >>> [str(item) for item in differing({"a": {"b": 1}, "c": ""}, {"a": {"b": 2}})]
    ['a.b 1 → 2']
    """
    left, right = dict(flatten(old, prefix)), dict(flatten(new, prefix))
    names = dict.fromkeys([*left, *right])
    return [
        Differing(name, left.get(name, NONE), right.get(name, NONE))
        for name in names
        if left.get(name) != right.get(name)
    ]


def gaps(old: Mapping[str, Any], new: Mapping[str, Any], chosen: Collection[str] = (), prefix: str = "") -> list[str]:
    """Return the dotted names of fields that only one of two nested mappings has, and that are not empty there.

    Such a field is of another version of the format, and its value on the other side is unknown. Tables named in
    `chosen` hold what the user wrote: there a missing name is a difference in content.

    >>> gaps({"a": {"b": 1}, "s": {}}, {"a": {"b": 2, "c": 3}, "s": {"d": 4}}, ["s"])
    ['a.c']
    """
    names: list[str] = []
    for name in dict.fromkeys([*old, *new]):
        dotted = f"{prefix}{name}"
        if name not in old or name not in new:
            names += [dotted] if old.get(name, new.get(name)) not in EMPTY else []
        elif dotted not in chosen and isinstance(old[name], Mapping) and isinstance(new[name], Mapping):
            names += gaps(old[name], new[name], chosen, f"{dotted}.")
    return names


def without(differences: Iterable[Differing], unknown: Iterable[str]) -> list[Differing]:
    """Return the differences that are not in one of the tables or values with these dotted names."""
    beginnings = tuple(f"{name}." for name in unknown)
    return [item for item in differences if not f"{item.name}.".startswith(beginnings)]


def shared(records: Iterable[Record], *path: str) -> dict[str, Any]:
    """Return a table of the records' provenance; a name on which they disagree has all of their values."""
    tables = [dict(flatten(record.table(*path))) for record in records]
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: " / ".join(sorted({table[name] for table in tables if name in table})) for name in names}


def listed(differences: Sequence[Differing], most: int = 3) -> str:
    """Return the first differences in one line, and the number of the others."""
    text = ", ".join(map(str, differences[:most]))
    return text + (f" and {len(differences) - most} more" if len(differences) > most else "")


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"


def _first_difference(old: str, new: str) -> int:
    """Return the place of the first character that differs, the end of the shorter text where none does."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((i for i, (left, right) in pairs if left != right), min(len(old), len(new)))
