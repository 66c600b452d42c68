"""How far the experts agree on the order of the pairs that they scored, by language.

Entries that train on the same pairs share their experts' scores, so each set of pairs counts once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.keys import digest

Taus = tuple[tuple[str, tuple[float | None, ...]], ...]  # expert → τ-b with every expert, None below the diagonal


@dataclass(frozen=True)
class ExpertAgreement:
    """One language and one list of experts; W and τ are means over the sets of pairs, each p is the largest.

    `p` takes pairs as independent, `p_by_query` permutes whole queries (harness.stats.agreement).
    """

    language: str
    experts: tuple[str, ...]
    sets: int
    pairs: int
    w: float | None
    lowest: float | None
    highest: float | None
    p: float | None
    p_by_query: float | None  # None also where a record has none
    tau: Taus


def expert_agreements(board: Leaderboard) -> list[ExpertAgreement]:
    """Return the agreement of the experts in the records, in the order of the languages."""
    groups: dict[tuple[str, tuple[str, ...]], dict[str, Mapping[str, Any]]] = {}
    for language in board.languages:
        for record in board.records:
            if record.language == language and record.agreement:
                experts = tuple(record.agreement["experts"])
                groups.setdefault((language, experts), {})[digest(record.agreement)] = record.agreement
    return [_mean_agreement(language, experts, list(sets.values())) for (language, experts), sets in groups.items()]


def _mean_agreement(language: str, experts: tuple[str, ...], sets: Sequence[Mapping[str, Any]]) -> ExpertAgreement:
    ws = [agreement["W"] for agreement in sets if agreement["W"] is not None]
    return ExpertAgreement(
        language=language,
        experts=experts,
        sets=len(sets),
        pairs=round(sum(agreement["pairs"] for agreement in sets) / len(sets)),
        w=_mean(ws),
        lowest=min(ws, default=None),
        highest=max(ws, default=None),
        p=max((agreement["p"] for agreement in sets if agreement["p"] is not None), default=None),
        p_by_query=_largest([agreement.get("p_by_query") for agreement in sets]),
        tau=tuple((left, tuple(_tau(sets, left, right) for right in experts)) for left in experts[:-1]),
    )


def _tau(sets: Sequence[Mapping[str, Any]], left: str, right: str) -> float | None:
    taus = [agreement["tau"].get(left, {}).get(right) for agreement in sets]
    return _mean([tau for tau in taus if tau is not None])


def _largest(values: Sequence[float | None]) -> float | None:
    """Return the largest value, None where one is missing."""
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
