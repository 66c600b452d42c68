"""Sweeps: one entry for every combination of the values that are given for an entry's settings.

`--set clpl.penalty_weight=0.1,0.5 --set moe.experts=2,4` makes four entries of clpl-moe, named
`clpl-moe[clpl.penalty_weight=0.1,moe.experts=2]` and so on, with the values as they were typed and in the order of the
settings, and two of clpl. An entry that no sweep concerns stays as it is.

Such a name is that of a folder and the tag of a TREC run: a value with white space or a slash is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import RequestError
from harness.request.entries import Entry

LONGEST = 200  # bytes of an entry's name; file systems take 255
_OPENING, _CLOSING = "[{(", "]})"


@dataclass(frozen=True)
class Setting:
    """One `--set`, read."""

    text: str  # as it was given
    name: str
    field: str
    raw: tuple[str, ...]  # the values as they were typed

    @property
    def target(self) -> str:
        return f"{self.name}.{self.field}"


def split(raw: str) -> tuple[str, ...]:
    """Return the parts of a text between commas that stand outside brackets, braces, parentheses and quotes.

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
    """Raise RequestError for a sweep that has no meaning: an empty or unfit value, one target twice."""
    swept = [setting for setting in settings if len(setting.raw) > 1]
    for setting in swept:
        where = f"--set {setting.text}"
        if setting.name in ("evaluate", "text"):
            raise RequestError(f"{where}: this is one for all entries; write a list as [{setting.raw[0]},…]")
        if [other.target for other in settings].count(setting.target) > 1:
            raise RequestError(f"{where}: {setting.target} is given twice; name all its values in one --set")
        for raw in setting.raw:
            if not raw:
                raise RequestError(f"{where}: a value is empty; take the comma away, or name the value")
            if "/" in raw or any(letter.isspace() or not letter.isprintable() for letter in raw):
                raise RequestError(
                    f"{where}: value '{raw}' becomes part of a folder's name; write it without white space or '/'"
                )


Change = Callable[[Entry, Setting, Any], Entry]


def spread(
    setting: Setting, values: Sequence[tuple[str, Any]], rows: Sequence[tuple[Entry, bool]], change: Change
) -> list[Entry]:
    """Return the rows with an entry for each value in place of every one that the setting concerns.

    `values` are (as typed, as read). Raises RequestError where two values are one, or a name becomes too long.
    """
    for i, (raw, value) in enumerate(values):
        for other, earlier in values[:i]:
            if value == earlier and isinstance(value, bool) == isinstance(earlier, bool):
                raise RequestError(f"--set {setting.text}: values '{other}' and '{raw}' are one; name it once")
    found: list[Entry] = []
    for row, concerned in rows:
        if not concerned:
            found.append(row)
            continue
        for raw, value in values:
            name = _named(row, f"{setting.target}={raw}")
            if len(name.encode()) > LONGEST:
                raise RequestError(f"--set {setting.text}: the entry's name '{name}' is longer than {LONGEST} bytes")
            swept = {"name": name, "origin": row.origin or row.name, "swept": {**row.swept, setting.target: value}}
            found.append(change(row, setting, value).model_copy(update=swept))
    return found


def _named(row: Entry, part: str) -> str:
    """Return the name of a row with one more value in its brackets."""
    return f"{row.name.removesuffix(']')},{part}]" if row.swept else f"{row.name}[{part}]"
