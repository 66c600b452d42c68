"""Sweeps: one entry for every combination of the values that are given for an entry's settings.

`--set clpl.penalty_weight=0.1,0.5 --set moe.experts=2,4` makes four entries of clpl-moe, named
`clpl-moe[clpl.penalty_weight=0.1,moe.experts=2]` and so on, with the values as typed and in the order of the settings,
and two of clpl. Entries that do not take the setting stay as they are.

The name of an entry is also the name of a folder and the tag of a TREC run: a value with white space or a slash is
rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import RequestError
from harness.request.entry import Entry

LONGEST = 200  # bytes of an entry's name; file systems take 255
_OPENING, _CLOSING = "[{(", "]})"


@dataclass(frozen=True)
class Setting:
    """One `--set`, parsed."""

    text: str  # as given
    name: str
    field: str
    raw: tuple[str, ...]  # the values as typed

    @property
    def target(self) -> str:
        return f"{self.name}.{self.field}"


def split(raw: str) -> tuple[str, ...]:
    """Return the comma-separated parts of a text; commas inside brackets, braces, parentheses and quotes are kept.

    >>> split("1,2"), split("[1,2]"), split('"a,b",c')
    (('1', '2'), ('[1,2]',), ('"a,b"', 'c'))
    """
    parts, depth, quoted = [""], 0, False
    for before, letter in zip(f" {raw}", raw, strict=False):
        if letter == '"' and before != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (letter in _OPENING) - (letter in _CLOSING)
        if letter == "," and depth <= 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return tuple(parts)


def check(settings: Sequence[Setting]) -> None:
    """Raise RequestError for a target that is given twice, and for a sweep that has an empty or unfit value."""
    targets = [setting.target for setting in settings]
    for setting in settings:
        if targets.count(setting.target) > 1:
            problem = "is given twice; give one value, or all values of a sweep in one --set"
            raise RequestError(f"--set {setting.text}: {setting.target} {problem}")
    for sweep in (setting for setting in settings if len(setting.raw) > 1):
        where = f"--set {sweep.text}"
        if sweep.name in ("evaluate", "text", "checkpoint"):
            raise RequestError(f"{where}: {sweep.target} holds for all entries; write a list as [{sweep.raw[0]},…]")
        for raw in sweep.raw:
            _check_value(raw, where)


def _check_value(raw: str, where: str) -> None:
    if not raw:
        raise RequestError(f"{where}: a value is empty; remove the comma, or give the value")
    if "/" in raw or any(letter.isspace() or not letter.isprintable() for letter in raw):
        raise RequestError(
            f"{where}: value '{raw}' becomes part of a folder's name; write it without white space and '/'"
        )


Change = Callable[[Entry, Setting, Any], Entry]


def spread(
    setting: Setting, values: Sequence[tuple[str, Any]], entries: Sequence[tuple[Entry, bool]], change: Change
) -> list[Entry]:
    """Return the entries, each one that takes the setting replaced by one entry per value.

    `values` are (as typed, as read), `entries` are (entry, whether it takes the setting). Raises RequestError where two
    values are equal, or a name becomes too long.
    """
    _check_distinct(setting, values)
    swept: list[Entry] = []
    for entry, takes in entries:
        swept += [_with_value(entry, setting, value, change) for value in values] if takes else [entry]
    return swept


def _check_distinct(setting: Setting, values: Sequence[tuple[str, Any]]) -> None:
    for i, (raw, value) in enumerate(values):
        for earlier_raw, earlier in values[:i]:
            if value == earlier and isinstance(value, bool) == isinstance(earlier, bool):
                raise RequestError(f"--set {setting.text}: values '{earlier_raw}' and '{raw}' are equal; give one")


def _with_value(entry: Entry, setting: Setting, value: tuple[str, Any], change: Change) -> Entry:
    raw, read = value
    part = f"{setting.target}={raw}"
    name = f"{entry.name.removesuffix(']')},{part}]" if entry.swept else f"{entry.name}[{part}]"
    if len(name.encode()) > LONGEST:
        raise RequestError(f"--set {setting.text}: the entry's name '{name}' is longer than {LONGEST} bytes")
    origin, swept = entry.origin or entry.name, {**entry.swept, setting.target: read}
    return change(entry, setting, read).model_copy(update={"name": name, "origin": origin, "swept": swept})
