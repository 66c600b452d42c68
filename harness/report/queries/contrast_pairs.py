"""The pairs of entries that published contrasts are about, in the order in which a page of queries offers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.evidence.contrasts.measured import MeasuredContrast
from harness.evidence.leaderboard import Leaderboard

CLAIMED = "Claims that are comparable with this run"
TRAINED = "Published contrasts over a trained control"
UNTRAINED = "Published contrasts over what is not trained"
KINDS = (CLAIMED, TRAINED, UNTRAINED)


@dataclass(frozen=True)
class ContrastPair:
    """An entry and its control by their indices, one of KINDS, and the papers that claim the contrast."""

    entry: int
    control: int
    kind: str
    papers: tuple[str, ...]


def contrast_pairs(board: Leaderboard, language: str, entries: Sequence[str]) -> tuple[ContrastPair, ...]:
    """Return the pairs that are measured in a language, by kind, then in the order of the contrasts; each once."""
    found: dict[tuple[str, str], list[MeasuredContrast]] = {}
    for contrast in board.measured_contrasts:
        if language in contrast.differences:
            found.setdefault((contrast.entry.name, contrast.control.name), []).append(contrast)
    pairs = [
        ContrastPair(
            entries.index(entry),
            entries.index(control),
            _kind(board, language, contrasts),
            tuple(dict.fromkeys(contrast.published.paper for contrast in contrasts)),
        )
        for (entry, control), contrasts in found.items()
    ]
    return tuple(sorted(pairs, key=lambda pair: KINDS.index(pair.kind)))


def _kind(board: Leaderboard, language: str, contrasts: Sequence[MeasuredContrast]) -> str:
    if any(line.claim.language == language for contrast in contrasts for line in contrast.direct):
        return CLAIMED
    return TRAINED if board.results.trains(contrasts[0].control.name) else UNTRAINED
