"""How far the experts agree on the order of the pairs that they scored, by language.

Entries that train on the same pairs share their experts' scores: each set of pairs counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.keys import digest

Taus = tuple[tuple[str, tuple[float | None, ...]], ...]  # expert → τ-b with each other one, None below the diagonal


@dataclass(frozen=True)
class Agreed:
    """One language and one list of experts; W and τ are means over the sets of pairs, p is the largest."""

    language: str
    experts: tuple[str, ...]
    sets: int
    pairs: int
    w: float | None
    lowest: float | None
    highest: float | None
    p: float | None
    tau: Taus


def of_board(board: Leaderboard) -> list[Agreed]:
    """Return what the records say of their experts' agreement, in the order of the languages."""
    groups: dict[tuple[str, tuple[str, ...]], dict[str, Mapping[str, Any]]] = {}
    for language in board.languages:
        for record in board.records:
            if record.language == language and record.agreement:
                experts = tuple(record.agreement["experts"])
                groups.setdefault((language, experts), {})[digest(record.agreement)] = record.agreement
    return [_agreed(language, experts, list(found.values())) for (language, experts), found in groups.items()]


def _agreed(language: str, experts: tuple[str, ...], found: list[Mapping[str, Any]]) -> Agreed:
    ws = [one["W"] for one in found if one["W"] is not None]
    return Agreed(
        language=language,
        experts=experts,
        sets=len(found),
        pairs=round(sum(one["pairs"] for one in found) / len(found)),
        w=_mean(ws),
        lowest=min(ws, default=None),
        highest=max(ws, default=None),
        p=max((one["p"] for one in found if one["p"] is not None), default=None),
        tau=tuple((left, tuple(_tau(found, left, right) for right in experts)) for left in experts[:-1]),
    )


def _tau(found: list[Mapping[str, Any]], left: str, right: str) -> float | None:
    taus = [one["tau"].get(left, {}).get(right) for one in found]
    return _mean([tau for tau in taus if tau is not None])


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
