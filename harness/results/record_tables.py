"""What the open tables of a record hold at least: who reads those of a stranger need not ask. More may follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from harness.schema import explain

Table = Mapping[str, Any]


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Vectors(_Open):
    uniformity: float
    alignment: float
    anisotropy: float


class Geometry(_Open):
    """Of the vectors under the untuned base and under the cell's model (harness.stages.vector_geometry)."""

    before: _Vectors
    after: _Vectors


class Agreement(_Open):
    """Of the experts, over the pairs that they scored (harness.stats.agreement); records before p_by_query lack it."""

    experts: Sequence[str]
    pairs: int = Field(ge=0)
    W: float | None
    p: float | None
    p_by_query: float | None = None
    tau: Mapping[str, Mapping[str, float | None]]


class _Folds(_Open):
    mean: float
    per_fold: Sequence[float]


class CrossValidation(_Open):
    """Of the training queries (harness.stages.folds)."""

    folds: int = Field(ge=0)
    queries: Sequence[int]
    measures: Mapping[str, _Folds]


class Pairs(_Open):
    """Of held-out queries with relevant and sampled passages (harness.stages.labelled_pairs)."""

    AUPRC: float
    queries: int = Field(ge=0)
    relevant: int = Field(ge=0)
    sampled: int = Field(ge=0)


class Task(_Open):
    """What mteb measured on one task, and how (harness.stages.tasks)."""

    type: str
    subset: str
    split: str
    revision: str
    main_score: str
    mteb: str
    value: float


def holding(shape: type[BaseModel]) -> AfterValidator:
    """Return the check that a table which is not empty holds what `shape` declares; the table stays as it is."""

    def check(table: Table) -> Table:
        if table:
            try:
                shape.model_validate(table)
            except ValidationError as error:
                raise ValueError(explain(error)) from None
        return table

    return AfterValidator(check)
