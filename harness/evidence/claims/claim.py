"""A claim: one published number with its source, and the conditions that it was measured under.

A published and a measured number share no variable and no column (docs/traps.md, T15).
"""

from __future__ import annotations

from harness.evidence.claims.conditions import Conditions, Kind
from harness.schema import Strict


class PublishedRow(Strict):
    """A row of a published table, by the names that the claims file gives."""

    paper: str
    row: str


class Claim(Strict):
    """One published number. `of` holds the languages of an average, `plugins` those of its entry."""

    paper: str
    source: str
    row: str
    entry: str  # empty: not an entry here
    kind: Kind
    plugins: tuple[str, ...]
    control: str
    tuned_from: PublishedRow | None
    suite: str
    tier: str
    language: str
    of: tuple[str, ...] = ()
    measure: str
    value: float  # in [0, 1], as published
    conditions: Conditions
    private: str
    note: str

    @property
    def base_model(self) -> str:
        """The hub id of the base model, "" where there is none or it is unknown."""
        known = self.conditions.base_model
        return known.value if known and self.kind != "ranker" else ""

    @property
    def title(self) -> bool | None:
        """Whether passages had their title, None where it is unknown."""
        return self.conditions.title.value if self.conditions.title else None
