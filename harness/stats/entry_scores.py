"""The scores of one entry in one language, and the names of the average and the default baseline.

What they show is computed by harness.stats.suite_statistics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.stats.align import Floats

AVERAGE = "average"  # over languages, where a language is expected
BASE = "base"  # the entry that others are compared with by default


@dataclass(frozen=True)
class EntryScores:
    """One entry in one language: seed → [queries, measures]; all entries of a language have the same query order."""

    by_seed: Mapping[int, Floats]

    @cached_property
    def values(self) -> Floats:
        return np.stack(list(self.by_seed.values()))  # [seeds, queries, measures]

    @property
    def over_seeds(self) -> Floats:
        mean: Floats = self.values.mean(axis=0)  # [queries, measures]
        return mean

    @property
    def means(self) -> dict[int, Floats]:
        """The mean over queries of each seed.  seed → [measures]"""
        return {seed: values.mean(axis=0) for seed, values in self.by_seed.items()}
