"""Labelled sentence pairs as the triples of supervised SimCSE (Gao et al. 2021, arXiv 2104.08821).

Pairs are grouped by premise, and the n-th entailed hypothesis of a premise is paired with its n-th contradicted one,
in file order: no hypothesis is used twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.data import validation
from harness.data.raw_data import NliData
from harness.types import NliTriple

LabelledPair = tuple[str, str, str]
"""Premise, hypothesis, label."""

ENTAILED, CONTRADICTED, NEITHER = "entailed", "contradicted", "neither"


def pair_hypotheses(rows: Iterable[LabelledPair], roles: Mapping[str, str], where: str) -> NliData:
    """Return the triples of labelled pairs; `roles` maps each known label to ENTAILED, CONTRADICTED or NEITHER.

    Left out and counted: pairs with an unknown label (never mapped to another), repeated pairs, hypotheses that are
    both entailed and contradicted, and hypotheses without a partner.
    """
    pairs = list(rows)
    known = dict.fromkeys(pair for pair in pairs if pair[2] in roles)
    unknown = sum(pair[2] not in roles for pair in pairs)
    ambiguous = _with_role(known, roles, ENTAILED) & _with_role(known, roles, CONTRADICTED)
    groups: dict[str, dict[str, list[str]]] = {}
    for premise, hypothesis, label in known:
        if roles[label] != NEITHER and (premise, hypothesis) not in ambiguous:
            groups.setdefault(premise, {ENTAILED: [], CONTRADICTED: []})[roles[label]].append(hypothesis)
    triples = tuple(
        NliTriple(premise, entailed, contradicted)
        for premise, group in groups.items()
        for entailed, contradicted in zip(group[ENTAILED], group[CONTRADICTED], strict=False)
    )
    validation.check_not_empty(triples, where, "premise with an entailed and a contradicting hypothesis")
    grouped = sum(len(hypotheses) for group in groups.values() for hypotheses in group.values())
    return NliData(
        triples,
        {
            "NLI pairs with an unknown label": unknown,
            "NLI pairs that are repeated": len(pairs) - unknown - len(known),
            "NLI hypotheses both entailed and contradicted": len(ambiguous),
            "NLI hypotheses without a partner": grouped - 2 * len(triples),
            "neutral NLI pairs": sum(roles[label] == NEITHER for _, _, label in known),
        },
    )


def _with_role(pairs: Iterable[LabelledPair], roles: Mapping[str, str], role: str) -> set[tuple[str, str]]:
    """Return (premise, hypothesis) of the pairs whose label has that role."""
    return {(premise, hypothesis) for premise, hypothesis, label in pairs if roles[label] == role}
