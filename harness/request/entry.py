"""An entry: one named row of the leaderboard, as it is declared and as a suite runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from harness.request.manifest import LocalBase, PinnedBase, Size
from harness.request.suite import Recipe, Settings
from harness.schema import Strict, unset

IDENTITY = {
    *("method", "adapters", "negatives", "settings", "training"),
    *("joined", "mining_rounds", "negative_margin", "minimum_quality", "dimensions"),
}


Rows = Literal["suite", "published"]
"""Training rows: of the suite, or those that the paper's authors published, drawn as their code draws them."""


class Recipes(Strict):
    """What the `published` table of an entry may change."""

    settings: Settings = Field(default_factory=dict)
    training: Mapping[str, Any] = Field(default_factory=dict)
    rows: Rows = "suite"
    departures: tuple[str, ...] = ()
    row_departures: tuple[str, ...] = ()  # further ones where the entry trains on published rows


class Practice(Strict):
    """What practitioners add to a method, as switches of any entry; each is off by default."""

    joined: tuple[str, ...] = ()  # further methods, trained together with the entry's method, batch by batch
    mining_rounds: int = Field(default=1, gt=0)  # each round mines ANCE negatives with the model of the previous one
    negative_margin: float | None = Field(default=None, gt=0, lt=1, exclude_if=unset)  # see stages/false_negatives.py
    minimum_quality: float | None = Field(default=None, allow_inf_nan=False, exclude_if=unset)  # of NLI rows' scores
    dimensions: tuple[Size, ...] = ()  # Matryoshka: loss and scores also at vectors truncated to these dimensions
    folds: int | None = Field(default=None, gt=1)  # cross-validation over the training queries, beside the dev scores


class Declaration(Practice):
    """One table of an entries file."""

    title: str
    about: str
    paper: str = ""
    method: str | None = None
    adapters: tuple[str, ...] = ()
    negatives: Literal["ance", "random"] | None = None
    same_rows_as: str | None = None  # a method: this entry is its control, and trains on the rows that it would
    settings: Settings = Field(default_factory=dict)
    training: Mapping[str, Any] = Field(default_factory=dict)
    departures: tuple[str, ...] = ()
    published: Recipes | None = None
    practice: bool = False  # an example of a practice: not part of `all`
    checkpoint: str = ""  # hub id of published weights to open in place of a training, with {language}


class Entry(Practice):
    """One recipe of one declaration.

    In a sweep, `origin` is the name of the declared entry and `swept` holds the values that make this row.
    `model` is part of the row's name and of nothing that is computed (harness.request.base_models).
    `sources` says which layer each value of `settings` and `training` is from (see harness.request.settings); it is
    not recorded.
    """

    name: str
    title: str
    about: str
    paper: str
    recipe: Recipe
    method: str | None
    adapters: tuple[str, ...]
    negatives: Literal["ance", "random"] | None
    same_rows_as: str | None
    settings: Settings
    training: Mapping[str, Any]
    departures: tuple[str, ...]
    rows: Rows = "suite"
    row_departures: tuple[str, ...] = Field(default=(), exclude=True, repr=False)
    checkpoint: str = ""
    checkpoints: Mapping[str, PinnedBase | LocalBase] = Field(default_factory=dict)  # by language, from --set
    model: str = Field(default="", exclude_if=lambda model: not model)  # the named base model that this row is on
    origin: str = ""
    swept: Mapping[str, Any] = Field(default_factory=dict)
    sources: Mapping[str, str] = Field(default_factory=dict, exclude=True, repr=False)  # NAME.FIELD → layer

    @property
    def plugins(self) -> list[str]:
        """The names of all plugins of this row: methods first, then adapters."""
        return [name for name in (self.method, *self.joined, *self.adapters) if name]

    def identity(self) -> dict[str, Any]:
        """Return what decides the trained weights, without name and prose.

        What `same_rows_as` decides is in the keys of the negatives and their queries (harness.stages.lineage).
        """
        return self.model_dump(mode="json", include=IDENTITY)
