"""The scores of one entry in one language, and what they are called where languages and entries stand side by side.

What they show is in harness.stats.analysis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.stats.align import Floats

AVERAGE = "average"
BASE = "base"


@dataclass(frozen=True)
class Scored:
    """One entry in one language: seed → [queries, measures], every entry of the language in one query order."""

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
