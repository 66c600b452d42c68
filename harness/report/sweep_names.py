"""Short names for what varies in a sweep: `λ = 0.5` for clpl.penalty_weight=0.5, `clpl λ = 0.5` for the entry.

The symbol of a setting is the one that its plugin's equation gives it in a line such as `λ   penalty_weight (0.1 unless
set)`, as the records hold it; without one it is the field's name, or the whole setting where two swept settings would
have the same symbol.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.results.record import Record

Swept = tuple[str, Mapping[str, Any]]  # the declared entry, and setting → value


def value_text(value: Any) -> str:
    """Return a value as it is typed after --set."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def swept_settings(board: Leaderboard) -> dict[str, Swept]:
    """Return for each swept entry the declared entry it comes from, and its swept values, from the records.

    On named base models a declared entry is one of each model.
    """
    settings: dict[str, Swept] = {}
    for record in (*board.records, *board.failures):
        entry = record.provenance.get("entry")
        if isinstance(entry, Mapping) and isinstance(entry.get("swept"), Mapping) and entry["swept"]:
            origin = f"{entry.get('origin', '')}{f'@{record.model}' if record.model else ''}"
            settings.setdefault(record.entry, (origin, entry["swept"]))
    return settings


def setting_symbols(board: Leaderboard) -> dict[str, str]:
    """Return the symbol of each swept setting."""
    targets = list(dict.fromkeys(target for _, values in swept_settings(board).values() for target in values))
    symbols = {target: _symbol(board.records, target) for target in targets}
    counts = Counter(symbols.values())
    return {target: symbol if counts[symbol] == 1 else target for target, symbol in symbols.items()}


def _symbol(records: Iterable[Record], target: str) -> str:
    plugin, _, field = target.partition(".")
    line = re.compile(rf"(\S+)\s{{2,}}{re.escape(field)}\b")
    for record in records:
        equations = record.value("entry", "equations")
        equation = equations.get(plugin) if isinstance(equations, Mapping) else None
        if isinstance(equation, str):
            matches = (line.match(text) for text in equation.splitlines())
            return next((match[1] for match in matches if match), field)
    return field


def setting_text(symbol: str, value: Any) -> str:
    """Return a setting with its value, such as `λ = 0.5`."""
    return f"{symbol} = {value_text(value)}"


def entry_names(board: Leaderboard) -> dict[str, str]:
    """Return the short name of each swept entry, such as `clpl λ = 0.5`; entries that would share one are left out."""
    symbols = setting_symbols(board)
    names = {
        entry: f"{origin} {', '.join(setting_text(symbols[target], value) for target, value in values.items())}"
        for entry, (origin, values) in swept_settings(board).items()
    }
    counts = Counter(names.values())
    return {entry: name for entry, name in names.items() if counts[name] == 1}


class EntryNames(dict[str, str]):
    """The name of each entry for readers: the short name of a swept entry, else the entry itself."""

    def __missing__(self, entry: str) -> str:
        return entry


def names_for_readers(board: Leaderboard) -> EntryNames:
    return EntryNames(entry_names(board))


def sweep_title(varying: Sequence[tuple[str, str]]) -> str:
    """Return what varies, from (entry, symbol) of each curve.

    >>> sweep_title([("clpl", "λ")]), sweep_title([("clpl-moe", "λ"), ("clpl-moe", "experts"), ("mnrl", "τ")])
    ('clpl λ', 'clpl-moe λ, experts; mnrl τ')
    """
    by_entry: dict[str, list[str]] = {}
    for entry, symbol in varying:
        by_entry.setdefault(entry, []).append(symbol)
    return "; ".join(f"{entry} {', '.join(symbols)}" for entry, symbols in by_entry.items())
