"""Which rows of an NLI set are read: those whose score, such as COMET's of their translation, is at least a minimum.

A row is what the set's file has one of per score: a labelled pair, or a triple. Scores are a file's
(harness.data.readers.quality_files), or those of rows that are damaged here, as a stand-in for machine translation of
varying quality where no translation model is at hand:

    Each row is damaged with probability `share`, at a severity s drawn uniformly from [0, 1). Of the n words of a
    hypothesis, round(s n) are drawn; each of them is dropped with probability 1/2, and the others exchange their places
    at random. A hypothesis keeps at least one word. The score of the row is 1 - s, that of an undamaged row 1.

The draws are those of the seed, the language and the number of the row: a threshold changes no other row.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from harness.errors import DataError, quantity
from harness.keys import derive
from harness.request.data_sources import Degradation

T = TypeVar("T")
Change = Callable[[str], str]  # of a hypothesis
Changed = Callable[[T, Change], T]  # a row with its hypotheses changed


@dataclass(frozen=True)
class Selection:
    """What is read of an NLI set; by default every row as it is.

    `scores` has one number per row, in the order of the rows. `minimum` needs scores or a degradation. `counts` is
    filled by `of`: the rows of the set and those that are kept, of a selection by a minimum.
    """

    language: str = ""
    scores: Sequence[float] | None = None
    degradation: Degradation | None = None
    minimum: float | None = None
    counts: dict[str, int] = field(default_factory=dict, compare=False)

    def of(self, rows: Sequence[T], changed: Changed[T], path: Path) -> list[T]:
        """Return the rows to read; raises DataError where scores and rows differ in number, or no row is left."""
        scores = self.scores
        if scores is not None and len(scores) != len(rows):
            raise DataError(
                f"{path} has {quantity(len(rows), 'row')} and its nli_quality {quantity(len(scores), 'score')}; "
                "give one score per row, in the order of the rows"
            )
        if self.degradation is not None:
            damage = [_damage(self.degradation, self.language, number) for number in range(len(rows))]
            rows = [changed(row, each.of) if each.severity else row for row, each in zip(rows, damage, strict=True)]
            scores = [1 - each.severity for each in damage]
        if self.minimum is None or scores is None:
            return list(rows)
        kept = [row for row, score in zip(rows, scores, strict=True) if score >= self.minimum]
        if not kept:
            raise DataError(
                f"{path}: no row has a quality of at least {self.minimum:g} (nli.minimum_quality); "
                f"the highest of {quantity(len(scores), 'row')} is {max(scores, default=0):g}: use at most that"
            )
        self.counts.update(rows=len(rows), kept=len(kept))
        return kept

    def where(self, path: Path) -> str:
        """Return what is read, for an error."""
        return str(path) if self.minimum is None else f"{path}, rows of a quality of at least {self.minimum:g},"


EVERY_ROW = Selection()


def kept_line(minimum: float, kept: Mapping[str, str]) -> str:
    """Return how many rows of each language a minimum quality leaves.

    >>> kept_line(0.5, {"ko": "74 of 88", "hi": "68 of 88"})
    'NLI rows of a quality of at least 0.5: 74 of 88 (ko), 68 of 88 (hi)'
    """
    languages = ", ".join(f"{rows} ({language})" for language, rows in kept.items())
    return f"NLI rows of a quality of at least {minimum:g}: {languages}"


@dataclass(frozen=True)
class Damage:
    """The damage of one row: the same severity for each of its hypotheses."""

    severity: float
    rng: random.Random

    def of(self, hypothesis: str) -> str:
        """Return a hypothesis with some of its words dropped and some out of place."""
        words = hypothesis.split()
        drawn = sorted(self.rng.sample(range(len(words)), round(self.severity * len(words))))
        dropped = {place for place in drawn if self.rng.random() < 0.5}
        if words and len(dropped) == len(words):
            dropped.remove(min(dropped))
        moved = [place for place in drawn if place not in dropped]
        order = self.rng.sample(moved, len(moved))
        exchanged = dict(zip(moved, (words[place] for place in order), strict=True))
        return " ".join(exchanged.get(i, word) for i, word in enumerate(words) if i not in dropped)


def _damage(degradation: Degradation, language: str, row: int) -> Damage:
    rng = random.Random(derive(degradation.seed, "nli", "degraded", language, row))
    return Damage(rng.random() if rng.random() < degradation.share else 0.0, rng)
