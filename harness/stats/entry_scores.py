"""The scores of one entry in one language, and the names of the average and the default baseline.

What they show is computed by harness.stats.suite_statistics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.stats.align import Floats
from harness.stats.intervals import seed_mean

AVERAGE = "average"  # over languages, where a language is expected
BASE = "base"  # the entry that others are compared with by default


def overall(languages: Sequence[str]) -> str:
    """Return the language that rows are ordered by and compared in: the average of several, or the only one.

    >>> overall(["ko", "hi"]), overall(["ko"])
    ('average', 'ko')
    """
    return languages[0] if len(languages) == 1 else AVERAGE


@dataclass(frozen=True)
class EntryScores:
    """One entry in one language: seed → [queries, measures]; all entries of a language have the same query order.

    `trained`: the scores depend on a seed, so that one seed leaves their spread over seeds unknown.
    """

    by_seed: Mapping[int, Floats]
    trained: bool = True

    @cached_property
    def values(self) -> Floats:
        return np.stack(list(self.by_seed.values()))  # [seeds, queries, measures]

    @property
    def over_seeds(self) -> Floats:
        """The scores averaged over seeds.  [queries, measures]"""
        return seed_mean(self.values)

    @property
    def means(self) -> dict[int, Floats]:
        """The mean over queries of each seed.  seed → [measures]"""
        return {seed: values.mean(axis=0) for seed, values in self.by_seed.items()}

    @property
    def one_seed(self) -> bool:
        """Whether the entry is trained and has one seed."""
        return self.trained and len(self.by_seed) < 2
