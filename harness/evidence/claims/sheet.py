"""The tables of the claims file, as they are written: suites, papers and the rows of their tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.evidence.claims.claim import PublishedRow
from harness.evidence.claims.conditions import Conditions
from harness.request.manifest import Measure
from harness.schema import Strict


class About(Strict):
    """A suite that claims are about; the tests hold it against the suite's manifest."""

    tier: str
    languages: tuple[str, ...]


class Paper(BaseModel):
    """A table of rows; its other keys hold for all of them, and its conditions for those that they apply to."""

    model_config = ConfigDict(extra="allow", frozen=True)

    conditions: Mapping[str, Any] = Field(default_factory=dict)
    rows: tuple[Mapping[str, Any], ...] = Field(min_length=1)


class Sheet(Strict):
    """The whole file."""

    suites: Mapping[str, About]
    papers: tuple[Paper, ...] = Field(min_length=1)


class Row(Strict):
    """One row of a published table, with the keys that its paper gives for all rows."""

    paper: str
    source: str
    row: str
    entry: str
    control: str = ""
    tuned_from: PublishedRow | None = None  # the row of the checkpoint that this one was tuned from
    suite: str = ""
    private: str = ""  # why it cannot be measured here
    note: str = ""
    conditions: Conditions
    values: Mapping[Measure, Mapping[str, float]] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Row:
        if not (self.suite or self.private):
            raise ValueError("a claim needs a suite, or the reason why it is private")
        if not (self.entry or self.private):
            raise ValueError("a claim needs an entry, or the reason why it is private")
        for measure, values in self.values.items():
            for language, value in values.items():
                if not 0 <= value <= 1:
                    raise ValueError(f"{measure} {language} is {value}; values are between 0 and 1")
        return self
